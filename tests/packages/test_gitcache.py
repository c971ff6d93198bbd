"""Repositories of git in the cache, from real ones: by path, by smart HTTP, by what git takes for ssh."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import trustme
from servers.repositories import GitServer, Remote, isolate, ssh_program

from belay.exceptions import FetchError, PackageError, UnsafePathError
from belay.packages import gitrepository
from belay.packages.gitcache import Repositories, kept, remove
from belay.packages.gitlisting import Listed, read_listing, read_refs
from belay.packages.gitprogram import GitProgram
from belay.packages.gittalk import GitLimits

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")

MOST = 1 << 20
LONG = 30.0
"""Seconds in which whatever is waited for has long happened."""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return isolate(tmp_path / "home", monkeypatch)


@pytest.fixture
def remote(tmp_path: Path, config: Path) -> Remote:
    return Remote(tmp_path / "served" / "remote")


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Repositories]:
    made = Repositories(tmp_path / "cache")
    yield made
    made.close()


@pytest.fixture
def server(tmp_path: Path, config: Path) -> Iterator[GitServer]:
    (tmp_path / "served").mkdir(exist_ok=True)
    with GitServer(tmp_path / "served").running() as running:
        yield running


def failing(call: Callable[[], object]) -> FetchError:
    with pytest.raises(FetchError) as caught:
        call()
    return caught.value


# --- refs ------------------------------------------------------------------------------------------


def test_a_ref_is_a_commit(remote: Remote, cache: Repositories) -> None:
    first = remote.commit(x_py="X = 1\n")
    remote.git("tag", "--annotate", "--message=one", "v1")
    remote.git("branch", "feature/x")
    second = remote.commit(x_py="X = 2\n")
    remote.git("tag", "v2")
    wanted = {
        "HEAD": second,
        "main": second,
        "refs/heads/main": second,
        "v1": first,
        "refs/tags/v1": first,
        "v2": second,
        "feature/x": first,
        first: first,
        first[:10]: first,
        first[:12].upper(): first,
    }
    for ref, commit in wanted.items():
        assert cache.get(f"{remote.url}@{ref}", MOST).decode() == commit
    assert cache.get(f"{remote.url}@{first}#x.py", MOST) == b"X = 1\n"
    third = remote.commit(x_py="X = 3\n")
    assert cache.get(f"{remote.url}@main", MOST).decode() == third
    assert cache.get(f"{remote.url}@v2", MOST).decode() == second


def test_a_ref_that_is_not_there(remote: Remote, cache: Repositories) -> None:
    assert "is empty" in failing(lambda: cache.get(f"{remote.url}@HEAD", MOST)).reason
    remote.commit(x_py="")
    error = failing(lambda: cache.get(f"{remote.url}@mian", MOST))
    assert (error.kind, error.hint) == ("not-found", "did you mean main?")
    assert "'mian'" in error.reason
    for ref in ("refs/tags/main", "abcdef12"):
        assert failing(lambda ref=ref: cache.get(f"{remote.url}@{ref}", MOST)).kind == "not-found"
    error = failing(lambda: cache.get(f"{remote.url}@{'0' * 40}", MOST))
    assert error.kind == "not-found"
    assert "not there, or no longer" in error.reason


def test_a_branch_and_a_tag_of_one_name(remote: Remote, cache: Repositories) -> None:
    first = remote.commit(x_py="1")
    remote.git("tag", "v1")
    remote.git("branch", "v1")
    assert cache.get(f"{remote.url}@v1", MOST).decode() == first
    second = remote.commit(x_py="2")
    remote.git("branch", "--force", "v1", "main")
    assert "is a branch, and a tag" in failing(lambda: cache.get(f"{remote.url}@v1", MOST)).reason
    assert cache.get(f"{remote.url}@refs/heads/v1", MOST).decode() == second
    assert cache.get(f"{remote.url}@refs/tags/v1", MOST).decode() == first


def test_the_refs(remote: Remote, cache: Repositories) -> None:
    assert read_refs(cache.get(remote.url, MOST)).commits == {}
    first = remote.commit(x_py="1")
    remote.git("tag", "--annotate", "--message=one", "v1")
    second = remote.commit(x_py="2")
    remote.git("tag", "v2")
    refs = read_refs(cache.get(remote.url, MOST))
    assert refs.tags() == {"v1": first, "v2": second}
    assert (refs.branches(), refs.find("main")) == (["main"], second)
    assert failing(lambda: cache.get(remote.url, MOST, offline=True)).kind == "offline"


def test_a_repository_that_is_not_there(server: GitServer, tmp_path: Path, cache: Repositories) -> None:
    error = failing(lambda: cache.get(f"git+{(tmp_path / 'nothing').as_uri()}@HEAD", MOST))
    assert (error.kind, error.hint) == ("not-found", None)
    error = failing(lambda: cache.get(f"{server.url}/nothing@HEAD", MOST))
    assert error.kind == "not-found"
    assert error.hint is not None
    assert f"`git ls-remote {server.url.removeprefix('git+')}/nothing` shows it" in error.hint


def test_a_commit_of_the_past_is_found_where_only_the_ends_of_branches_are_given(
    remote: Remote, cache: Repositories, config: Path
) -> None:
    # The protocol's old version allows no more, unless a server is configured otherwise.
    config.write_text(config.read_text() + "[protocol]\n    version = 0\n")
    first = remote.commit(x_py="1")
    remote.commit(x_py="2")
    remote.commit(x_py="3")
    assert cache.get(f"{remote.url}@{first}#x.py", MOST) == b"1"


def test_a_commit_whose_history_was_rewritten(remote: Remote, cache: Repositories) -> None:
    remote.commit(x_py="1")
    gone = remote.commit(x_py="2")
    remote.git("reset", "--quiet", "--hard", "HEAD~1")
    remote.git("reflog", "expire", "--expire=now", "--all")
    remote.git("gc", "--quiet", "--prune=now")
    error = failing(lambda: cache.get(f"{remote.url}@{gone}#x.py", MOST))
    assert error.kind == "not-found"
    assert error.hint is not None
    assert "rewritten" in error.hint


# --- files -----------------------------------------------------------------------------------------


def test_lists_and_files(remote: Remote, cache: Repositories) -> None:
    names = {
        "a.py": b"A\n",
        "lib/b c.py": b"B\r\n",
        "lib/\u00e9.py": b"\xff\x00",
        "lib/sub/d.py": b"",
        "library.py": b"L",
    }
    commit = remote.commit_files(names)
    every = read_listing(cache.get(f"{remote.url}@{commit}#/", MOST))
    assert {file.path: file.size for file in every} == {name: len(data) for name, data in names.items()}
    assert Listed("a.py", "100644", 2) in every
    below = read_listing(cache.get(f"{remote.url}@{commit}#lib/", MOST))
    assert [file.path for file in below] == ["lib/b c.py", "lib/sub/d.py", "lib/\u00e9.py"]
    alone = read_listing(cache.get(f"{remote.url}@{commit}#a.py/", MOST))
    assert [file.path for file in alone] == ["a.py"]
    assert cache.get(f"{remote.url}@{commit}#lib/b%20c.py", MOST) == b"B\r\n"
    assert cache.get(f"{remote.url}@{commit}#lib/%C3%A9.py", MOST) == b"\xff\x00"
    assert cache.get(f"{remote.url}@{commit}#lib/sub/d.py", MOST) == b""
    for path in ("nothing.py", "lib", "nothing/"):
        assert failing(lambda path=path: cache.get(f"{remote.url}@{commit}#{path}", MOST)).kind == "not-found"
    assert failing(lambda: cache.get(f"{remote.url}@{commit}#lib/b%20c.py", 2)).kind == "too-large"
    assert failing(lambda: cache.get(f"{remote.url}@{commit}#/", 10)).kind == "too-large"
    for address in (f"{remote.url}@main#a.py", f"{remote.url}@{commit}#../a.py", "git+ext::sh@main"):
        assert failing(lambda address=address: cache.get(address, MOST)).kind == "address"


def test_many_threads_read_one_repository(remote: Remote, cache: Repositories) -> None:
    commit = remote.commit_files({f"m{number}.py": str(number).encode() * number for number in range(60)})
    with ThreadPoolExecutor(16) as pool:
        found = pool.map(lambda number: cache.get(f"{remote.url}@{commit}#m{number}.py", MOST), range(60))
        assert list(found) == [str(number).encode() * number for number in range(60)]


def test_a_link_is_not_followed(remote: Remote, cache: Repositories) -> None:
    (remote.path / "link.py").symlink_to("/etc/passwd")
    (remote.path / "up").symlink_to("..")
    commit = remote.commit(x_py="")
    with pytest.raises(UnsafePathError, match="is a link"):
        cache.get(f"{remote.url}@{commit}#link.py", MOST)
    with pytest.raises(PackageError, match="in the link 'up'"):
        cache.get(f"{remote.url}@{commit}#up/x.py", MOST)


def test_a_submodule_is_not_followed(remote: Remote, cache: Repositories) -> None:
    commit = remote.commit(x_py="")
    remote.git("update-index", "--add", "--cacheinfo", f"160000,{commit},sub")
    remote.git("commit", "--quiet", "--message=a submodule")
    commit = remote.git("rev-parse", "HEAD")
    listed = read_listing(cache.get(f"{remote.url}@{commit}#/", MOST))
    assert [(file.path, file.mode) for file in listed] == [("sub", "160000"), ("x.py", "100644")]
    for path in ("sub", "sub/y.py"):
        with pytest.raises(PackageError, match="submodule 'sub'"):
            cache.get(f"{remote.url}@{commit}#{path}", MOST)


def test_a_pointer_of_lfs_is_no_content(remote: Remote, cache: Repositories) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 5\n"
    commit = remote.commit_files({"model.bin": pointer, "about.txt": b"# " + pointer})
    with pytest.raises(PackageError, match="Git LFS"):
        cache.get(f"{remote.url}@{commit}#model.bin", MOST)
    assert cache.get(f"{remote.url}@{commit}#about.txt", MOST) == b"# " + pointer


def test_nothing_of_the_repository_or_the_users_own_is_run(
    remote: Remote, cache: Repositories, config: Path, tmp_path: Path
) -> None:
    trap, hooks = tmp_path / "trap", tmp_path / "hooks"
    hooks.mkdir()
    for name in ("reference-transaction", "post-checkout", "post-merge"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch '{trap}'\n")
        (hooks / name).chmod(0o755)
    commit = remote.commit_files({".gitattributes": b"*.py filter=evil diff=evil\n", "x.py": b"X\n"})
    config.write_text(
        f"{config.read_text()}[core]\n    hooksPath = {hooks}\n    fsmonitor = touch '{trap}'\n"
        f"[filter \"evil\"]\n    smudge = touch '{trap}'\n[diff \"evil\"]\n    textconv = touch '{trap}'\n"
    )
    assert cache.get(f"{remote.url}@main", MOST).decode() == commit
    assert cache.get(f"{remote.url}@{commit}#x.py", MOST) == b"X\n"
    assert not trap.exists()


def test_no_transport_that_runs_programs(tmp_path: Path, config: Path, cache: Repositories) -> None:
    trap = tmp_path / "trap"
    config.write_text(
        f'{config.read_text()}[url "ext::touch {trap} "]\n    insteadOf = https://evil.example/\n'
        "[protocol]\n    allow = always\n"
    )
    assert failing(lambda: cache.get("git+https://evil.example/x@HEAD", MOST)).kind == "insecure"
    assert not trap.exists()


def test_what_the_users_configuration_says_of_addresses_counts(
    remote: Remote, cache: Repositories, config: Path
) -> None:
    commit = remote.commit(x_py="")
    config.write_text(
        f'{config.read_text()}[url "{remote.path.parent.as_uri()}/"]\n    insteadOf = https://mirrored.example/\n'
    )
    assert cache.get("git+https://mirrored.example/remote@HEAD", MOST).decode() == commit


def test_a_repository_around_is_not_meant(
    remote: Remote, cache: Repositories, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = remote.commit(x_py="")
    other = Remote(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    monkeypatch.setenv("GIT_TRACE", "1")
    monkeypatch.chdir(other.path)
    assert cache.get(f"{remote.url}@HEAD", MOST).decode() == commit


# --- the cache -------------------------------------------------------------------------------------


def test_what_is_here_is_not_asked_for(server: GitServer, remote: Remote, tmp_path: Path) -> None:
    commit = remote.commit(x_py="X\n")
    url = f"{server.url}/remote"
    for _ in range(2):
        cache = Repositories(tmp_path / "cache")
        assert cache.get(f"{url}@{commit}", MOST).decode() == commit
        assert cache.get(f"{url}@{commit}#x.py", MOST) == b"X\n"
        cache.close()
    assert server.requests.count("/remote/info/refs") == 1
    server.requests.clear()
    cache = Repositories(tmp_path / "cache")
    assert cache.get(f"{url}@main", MOST).decode() == commit
    assert server.requests.count("/remote/info/refs") == 1
    cache.close()


def test_offline(server: GitServer, remote: Remote, cache: Repositories) -> None:
    commit = remote.commit(x_py="X\n")
    url = f"{server.url}/remote"
    assert failing(lambda: cache.get(f"{url}@{commit}#x.py", MOST, offline=True)).kind == "offline"
    cache.get(f"{url}@main", MOST)
    server.requests.clear()
    assert cache.get(f"{url}@{commit}#x.py", MOST, offline=True) == b"X\n"
    assert failing(lambda: cache.get(f"{url}@main", MOST, offline=True)).kind == "offline"
    assert server.requests == []


@pytest.mark.parametrize("damage", ["packs", "config", "HEAD", "empty", "locks"])
@pytest.mark.parametrize("first", ["the old one", "the new one"])
def test_a_damaged_cache_is_mended(remote: Remote, tmp_path: Path, damage: str, first: str) -> None:
    old = remote.commit(x_py="1")
    cache = Repositories(tmp_path / "cache")
    cache.get(f"{remote.url}@main", MOST)
    cache.close()
    (kept,) = (tmp_path / "cache").glob("git-*/*.git")
    if damage == "packs":
        spoil(kept)
    elif damage == "locks":
        for name in ("shallow.lock", "config.lock", f"refs/belay/{old}.lock", "objects/pack/tmp_pack_x"):
            (kept / name).touch()
    elif damage == "empty":
        shutil.rmtree(kept)
        kept.mkdir()
    else:
        (kept / damage).write_text("[x")
    new = remote.commit(x_py="2")
    cache = Repositories(tmp_path / "cache")
    if first == "the old one":
        assert cache.get(f"{remote.url}@{old}#x.py", MOST) == b"1"
    assert cache.get(f"{remote.url}@main", MOST).decode() == new
    assert cache.get(f"{remote.url}@{new}#x.py", MOST) == b"2"
    assert cache.get(f"{remote.url}@{old}#x.py", MOST) == b"1"
    cache.close()


def spoil(kept: Path) -> None:
    """Damages all content of a repository."""
    for path in kept.rglob("*.pack"):
        path.chmod(0o600)
        path.write_bytes(b"x" * 100)


def test_content_that_is_damaged_meanwhile_is_mended(remote: Remote, tmp_path: Path) -> None:
    commit = remote.commit(x_py="1", y_py="2")
    cache = Repositories(tmp_path / "cache")
    cache.get(f"{remote.url}@{commit}#/", MOST)
    (kept,) = (tmp_path / "cache").glob("git-*/*.git")
    spoil(kept)
    assert cache.get(f"{remote.url}@{commit}#x.py", MOST) == b"1"
    reader = cache._repository(remote.url.removeprefix("git+"))._reader
    assert reader is not None
    reader.kill()
    reader.wait()
    assert cache.get(f"{remote.url}@{commit}#y.py", MOST) == b"2"
    cache.close()


@pytest.mark.skipif(sys.platform == "win32", reason="a script is no program there")
def test_what_cannot_be_read_is_fetched_anew_once(
    remote: Remote, cache: Repositories, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = remote.commit(x_py="1")
    broken = tmp_path / "bin" / "git"
    broken.parent.mkdir()
    broken.write_text(f'#!/bin/sh\ncase "$*" in *ls-tree*) exit 1;; esac\nexec {shutil.which("git")} "$@"\n')
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{broken.parent}{os.pathsep}{os.environ['PATH']}")
    error = failing(lambda: cache.get(f"{remote.url}@{commit}#x.py", MOST))
    assert error.kind == "git"
    assert "though it was fetched anew" in error.reason


def test_too_many_files_are_refused(
    remote: Remote, cache: Repositories, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = remote.commit(a_py="", b_py="", c_py="")
    monkeypatch.setattr(gitrepository, "MAX_ENTRIES", 2)
    assert failing(lambda: cache.get(f"{remote.url}@{commit}#a.py", MOST)).kind == "too-large"


def test_what_is_in_a_cache(remote: Remote, tmp_path: Path) -> None:
    assert kept(tmp_path / "cache") == []
    remote.commit(x_py="1")
    cache = Repositories(tmp_path / "cache")
    cache.get(f"{remote.url}@main", MOST)
    cache.close()
    (found,) = kept(tmp_path / "cache")
    assert found.address == remote.url
    assert found.size > 100
    (tmp_path / "cache" / "git-1" / ("0" * 32 + ".git")).symlink_to(remote.path)
    (tmp_path / "cache" / "git-1" / "other.git").mkdir()
    (found.path / "belay-remote").write_text("not an address")
    (again,) = kept(tmp_path / "cache")
    assert (again.address, again.path) == ("", found.path)
    remove(found.path)
    assert kept(tmp_path / "cache") == []
    assert remote.git("rev-parse", "HEAD")


def test_a_cache_that_cannot_be_written_to(remote: Remote, tmp_path: Path) -> None:
    commit = remote.commit(x_py="X")
    (tmp_path / "file").touch()
    cache = Repositories(tmp_path / "file")
    assert cache.get(f"{remote.url}@{commit}#x.py", MOST) == b"X"
    place = cache._temporary
    assert place is not None
    assert place.is_dir()
    cache.close()
    assert not place.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps users apart by itself")
def test_a_cache_that_others_can_write_to_is_not_used(remote: Remote, tmp_path: Path) -> None:
    remote.commit(x_py="X")
    folder = tmp_path / "cache"
    with closing(Repositories(folder)) as cache:
        commit = cache.get(f"{remote.url}@HEAD", MOST).decode()
    assert folder.stat().st_mode & 0o077 == 0
    (repository,) = kept(folder)
    # What a neighbour would write: git runs it.
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n", encoding="utf-8")
    program.chmod(0o755)
    with (repository.path / "config").open("a", encoding="utf-8") as config:
        config.write('[url "ssh://git@127.0.0.1"]\n\tinsteadOf = file://\n')
        config.write(f"[core]\n\tsshCommand = {program}\n")
    folder.chmod(0o777)
    with closing(Repositories(folder)) as cache:
        assert cache.get(f"{remote.url}@HEAD", MOST).decode() == commit
    assert not (tmp_path / "ran").exists()
    folder.chmod(0o700)
    with closing(Repositories(folder)) as cache, pytest.raises(FetchError):
        cache.get(f"{remote.url}@HEAD", MOST)
    assert (tmp_path / "ran").exists(), "it would have been run"


SCRIPT = """
import sys
from pathlib import Path
from belay.packages import gitrepository
from belay.packages.gitcache import Repositories, kept, remove
cache = Repositories(Path(sys.argv[1]), say=lambda text: print(text, flush=True))
print(cache.get(sys.argv[2], 1 << 20).decode(), flush=True)
cache.close()
"""


def start(cache: Path, address: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(cache), address], stdout=subprocess.PIPE, text=True
    )


def test_processes_wait_for_each_other(server: GitServer, remote: Remote, tmp_path: Path) -> None:
    commit = remote.commit(x_py="X")
    started = [start(tmp_path / "cache", f"{server.url}/remote@{commit}#x.py") for _ in range(3)]
    said = [process.communicate(timeout=LONG * 2)[0] for process in started]
    assert [text.splitlines()[-1] for text in said] == ["X"] * 3
    assert server.requests.count("/remote/info/refs") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="a lock of Windows ends with its process")
def test_whoever_is_killed_leaves_a_cache_that_works(
    server: GitServer, remote: Remote, tmp_path: Path
) -> None:
    commit = remote.commit(x_py="X")
    address = f"{server.url}/remote@{commit}#x.py"
    server.stalled = True
    killed = start(tmp_path / "cache", address)
    assert server.waiting.wait(LONG)
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=LONG)
    # The killed one's git runs on, and nobody may come in its way.
    server.stalled = False
    other = start(tmp_path / "cache", address)
    assert other.stdout is not None
    assert other.stdout.readline() == f"waiting for another belay that fetches {server.url}/remote\n"
    server.go.set()
    assert other.communicate(timeout=LONG)[0] == "X\n"


# --- the network -----------------------------------------------------------------------------------


def test_https(tmp_path: Path, config: Path, remote: Remote, ca_file: Path, authority: trustme.CA) -> None:
    commit = remote.commit(x_py="X")
    pem = tmp_path / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(pem)
    with GitServer(tmp_path / "served", pem).running() as server:
        cache = Repositories(tmp_path / "cache")
        error = failing(lambda: cache.get(f"{server.url}/remote@HEAD", MOST))
        assert error.kind == "tls"
        config.write_text(f"{config.read_text()}[http]\n    sslCAInfo = {ca_file}\n")
        assert cache.get(f"{server.url}/remote@HEAD", MOST).decode() == commit
        assert failing(lambda: cache.get(f"{server.url}/nothing@HEAD", MOST)).kind == "not-found"
        cache.close()


def test_a_server_that_knows_nothing_of_git(server: GitServer, remote: Remote, cache: Repositories) -> None:
    old = remote.commit(x_py="1")
    new = remote.commit(x_py="2")
    remote.git("update-server-info")
    server.dumb = True
    assert cache.get(f"{server.url}/remote/.git@main", MOST).decode() == new
    assert cache.get(f"{server.url}/remote/.git@{old}#x.py", MOST) == b"1"


def test_a_login_is_gits_own_business(
    server: GitServer, remote: Remote, cache: Repositories, config: Path, tmp_path: Path
) -> None:
    commit = remote.commit(x_py="X")
    server.login = "me:s3cret"
    error = failing(lambda: cache.get(f"{server.url}/remote@HEAD", MOST))
    assert error.kind == "denied"
    assert error.hint is not None
    (tmp_path / "logins").write_text(f"{server.url.removeprefix('git+').replace('//', '//me:s3cret@')}\n")
    config.write_text(f"{config.read_text()}[credential]\n    helper = store --file={tmp_path / 'logins'}\n")
    assert cache.get(f"{server.url}/remote@HEAD", MOST).decode() == commit


def test_a_login_is_not_shown(server: GitServer, cache: Repositories, config: Path) -> None:
    server.login = "other:login"
    url = server.url.removeprefix("git+")
    config.write_text(
        f'{config.read_text()}[url "{url.replace("//", "//me:s3cret@")}/"]\n    insteadOf = {url}/\n'
    )
    error = failing(lambda: cache.get(f"{server.url}/remote@HEAD", MOST))
    assert error.kind == "denied"
    assert "s3cret" not in f"{error} {error.hint}"


def test_ssh(remote: Remote, cache: Repositories, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = remote.commit(x_py="X")
    command, told = ssh_program(tmp_path)
    monkeypatch.setenv("GIT_SSH_COMMAND", command)
    monkeypatch.setenv("GIT_SSH_VARIANT", "simple")
    assert cache.get(f"git+ssh://git@board.example{remote.path}@main", MOST).decode() == commit
    assert f"['git@board.example', \"git-upload-pack '{remote.path}'\"]" in told.read_text().splitlines()


def test_plain_http_is_for_this_machine_and_for_hosts_that_are_named(tmp_path: Path, config: Path) -> None:
    cache = Repositories(tmp_path / "cache", http_hosts=["Lab.invalid:8080"])
    error = failing(lambda: cache.get("git+http://example.com/r@main", MOST))
    assert error.kind == "insecure"
    assert error.hint is not None
    assert '["example.com"]' in error.hint
    assert failing(lambda: cache.get("git+http://lab.invalid:8080/r@main", MOST)).kind == "dns"
    assert failing(lambda: cache.get("git+http://lab.invalid/r@main", MOST)).kind == "insecure"
    assert failing(lambda: cache.get("git+http://127.0.0.1:1/r@main", MOST)).kind == "refused"
    cache.close()


def test_a_busy_server_is_asked_again(server: GitServer, remote: Remote, tmp_path: Path) -> None:
    commit = remote.commit(x_py="X")
    cache = Repositories(tmp_path / "cache", GitProgram(GitLimits(pause=0.01)))
    server.refusals = [503, 500]
    assert cache.get(f"{server.url}/remote@main", MOST).decode() == commit
    server.refusals = [503] * 3
    error = failing(lambda: cache.get(f"{server.url}/remote@main", MOST))
    assert (error.kind, server.refusals) == ("status", [])
    # Nothing is wrong with what is here, whatever the server says.
    server.refusals = [418]
    assert failing(lambda: cache.get(f"{server.url}/remote@main", MOST)).kind == "git"
    assert server.refusals == []
    assert cache.get(f"{server.url}/remote@{commit}#x.py", MOST, offline=True) == b"X"
    cache.close()


def test_silence_has_an_end(server: GitServer, remote: Remote, tmp_path: Path) -> None:
    commit = remote.commit(x_py="X")
    server.stalled = True
    cache = Repositories(tmp_path / "cache", GitProgram(GitLimits(silent=0.5)))
    error = failing(lambda: cache.get(f"{server.url}/remote@{commit}", MOST))
    assert (error.kind, error.reason) == ("timeout", "git said nothing for 0 s")
    cache.close()


def test_too_much_is_refused(server: GitServer, remote: Remote, tmp_path: Path) -> None:
    commit = remote.commit_files({"large.bin": os.urandom(1 << 20)})
    cache = Repositories(tmp_path / "cache", GitProgram(GitLimits(received=1 << 18)))
    assert failing(lambda: cache.get(f"{server.url}/remote@{commit}", MOST)).kind == "too-large"
    cache.close()


def test_closing_ends_git(server: GitServer, remote: Remote, tmp_path: Path) -> None:
    commit = remote.commit(x_py="X")
    server.stalled = True
    cache = Repositories(tmp_path / "cache")
    errors: list[FetchError] = []
    waiting = threading.Thread(
        target=lambda: errors.append(failing(lambda: cache.get(f"{server.url}/remote@{commit}", MOST)))
    )
    waiting.start()
    assert server.waiting.wait(LONG)
    cache.close()
    waiting.join(LONG)
    assert [error.kind for error in errors] == ["interrupted"]
    assert failing(lambda: cache.get(f"{server.url}/remote@{commit}", MOST)).kind == "interrupted"


def test_closing_damages_nothing(remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = remote.commit(x_py="1", y_py="2")
    cache = Repositories(tmp_path / "cache")
    cache.get(f"{remote.url}@{commit}#x.py", MOST)
    cache.close()
    assert failing(lambda: cache.get(f"{remote.url}@{commit}#y.py", MOST)).kind == "interrupted"
    # As it is for a thread that was reading then.
    repository = cache._repository(remote.url.removeprefix("git+"))
    repository._reader = subprocess.Popen(["git", "--version"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with monkeypatch.context() as patch:
        patch.setattr(repository._reader, "poll", lambda: None)
        assert failing(lambda: cache.get(f"{remote.url}@{commit}#y.py", MOST)).kind == "interrupted"
    repository.close()
    cache = Repositories(tmp_path / "cache")
    assert cache.get(f"{remote.url}@{commit}#y.py", MOST, offline=True) == b"2"
    cache.close()


def test_without_git_it_says_how_to_get_it(
    remote: Remote, cache: Repositories, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.commit(x_py="X")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PackageError, match="needs the git program") as caught:
        cache.get(f"{remote.url}@main", MOST)
    assert caught.value.hint is not None
    assert "install it" in caught.value.hint
