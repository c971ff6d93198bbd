from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from servers.git_hosts import GitHost
from servers.web import WebServer

from belay.exceptions import (
    FetchError,
    ManifestError,
    PackageNotFoundError,
    RequirementError,
    UnsafePathError,
)
from belay.packages.fetch import Fetcher, Limits
from belay.packages.hosting import Host
from belay.packages.logins import Logins, variable_for
from belay.packages.model import Candidate, FromHost, FromIndex
from belay.packages.requirement import parse_source
from belay.packages.store import Store
from belay.packages.supply import Supply

from .conftest import GitHosts
from .test_archive import packed

QUICK = Limits(read=5.0, pause=0.01)
Make = Callable[[], Supply]


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def make(git_hosts: GitHosts, tmp_path: Path, warnings: list[str]) -> Iterator[Make]:
    """A supply as a new process would make it; the store stays."""
    made = []

    def make(*, offline: bool = False) -> Supply:
        supply = Supply(
            Store(tmp_path / "cache"),
            Fetcher(QUICK, proxies={}),
            offline=offline,
            warn=warnings.append,
            hosts=git_hosts.known,
        )
        made.append(supply)
        return supply

    yield make
    for supply in made:
        supply.close()


def place(text: str) -> FromHost:
    source = parse_source(text)
    assert isinstance(source, FromHost)
    return source


def read(supply: Supply, text: str, key: str = "sensor", **options: bool) -> Candidate:
    return supply.repositories.read(key, place(text), **options)


def layout(candidate: Candidate) -> dict[str, str]:
    """Destinations and where they come from, without the server."""
    return {file.destination: file.url.split("/", 3)[3] for file in candidate.files}


@contextmanager
def refused(kind: type[Exception], text: str) -> Iterator[None]:
    with pytest.raises(kind) as caught:
        yield
    assert text in str(caught.value)


# --- what is at a place --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "file", "refs"),
    [
        ("github", "raw/o/r/{}/lib/a.py", "/hub/o/r.git/info/refs"),
        ("gitlab", "lab/o/r/-/raw/{}/lib/a.py", "/lab/o/r.git/info/refs"),
        ("codeberg", "berg/api/v1/repos/o/r/raw/lib/a.py?ref={}", "/berg/o/r.git/info/refs"),
    ],
)
def test_a_file_is_that_of_the_commit(
    git_hosts: GitHosts, make: Make, host: str, file: str, refs: str
) -> None:
    commit = git_hosts.repository().commit({"lib/a.py": "a = 1"})
    supply = make()
    found = read(supply, f"{host}:o/r/lib/a.py", "a")
    assert (found.version, found.source) == (commit, f"{host}:o/r/lib/a.py")
    assert layout(found) == {"a/__init__.py": file.format(commit)}
    assert supply.store.read(supply.file(found.files[0]).sha256) == b"a = 1"
    assert [path.split("?service")[0] for path in git_hosts.paths()] == [refs, "/" + file.format(commit)]


@pytest.mark.parametrize("host", ["github", "gitlab", "codeberg"])
def test_a_folder_without_a_manifest_is_its_files(git_hosts: GitHosts, make: Make, host: str) -> None:
    files = {"lib/__init__.py": "i", "lib/deep/b.py": "b", "other.py": "o", "library/x.py": "x"}
    commit = git_hosts.repository().commit(files)
    supply = make()
    found = read(supply, f"{host}:o/r/lib", "my-lib")
    assert found.version == commit
    assert [file.destination for file in found.files] == ["my_lib/__init__.py", "my_lib/deep/b.py"]
    contents = [supply.store.read(supply.file(file).sha256) for file in found.files]
    assert contents == [b"i", b"b"]
    # One question for the refs, one for the manifest, and one archive.
    assert len(git_hosts.paths()) == 3


def test_a_folder_with_a_manifest_is_what_that_says(git_hosts: GitHosts, make: Make) -> None:
    manifest = {
        "urls": [["s.py", "src/s.py"], ["t.py", "../t.py"]],
        "deps": [["logging", "1.0"], ["github:o/other", "v2"]],
        "version": "3.1",
    }
    commit = git_hosts.repository().commit({"pkg/package.json": json.dumps(manifest)})
    found = read(make(), "codeberg:o/r/pkg")
    assert layout(found) == {
        "s.py": f"berg/api/v1/repos/o/r/raw/pkg/src/s.py?ref={commit}",
        "t.py": f"berg/api/v1/repos/o/r/raw/t.py?ref={commit}",
    }
    assert [need.key for need in found.dependencies] == ["logging", "other"]
    assert found.dependencies[1].sources == (FromHost("github", "o", "other", "", "v2"),)


def test_a_manifest_leads_to_nothing_outside_of_its_repository(git_hosts: GitHosts, make: Make) -> None:
    git_hosts.repository().commit(
        {"package.json": json.dumps({"urls": [["s.py", "a/../../../x/main/s.py"]]})}
    )
    with refused(ManifestError, "leads out of the repository"):
        read(make(), "github:o/r")


def test_an_absolute_source_of_a_manifest_keeps_its_own_ref(git_hosts: GitHosts, make: Make) -> None:
    other = git_hosts.repository("o/other")
    first = other.commit({"x.py": "1"})
    other.tag("v1.0")
    second = other.commit({"x.py": "2"})
    urls = [["x.py", "github:o/other/x.py@v1.0"], ["y.py", "github:o/other/x.py"]]
    git_hosts.repository("o/r", "v1.0").commit({"package.json": json.dumps({"urls": urls})})
    found = read(make(), "github:o/r@v1.0")
    assert layout(found) == {"x.py": f"raw/o/other/{first}/x.py", "y.py": f"raw/o/other/{second}/x.py"}


def test_a_manifest_that_is_named_is_read(git_hosts: GitHosts, make: Make) -> None:
    git_hosts.repository().commit({"a/mip.json": json.dumps({"urls": [["s.py", "s.py"]]})})
    (file,) = read(make(), "github:o/r/a/mip.json").files
    assert file.url.endswith("/a/s.py")


def test_a_whole_repository(git_hosts: GitHosts, make: Make) -> None:
    git_hosts.repository().commit(
        {"__init__.py": "", "README.md": "r", ".gitignore": "*", ".github/x.yml": ""}
    )
    found = read(make(), "gitlab:o/r")
    assert [file.destination for file in found.files] == ["sensor/README.md", "sensor/__init__.py"]


@pytest.mark.parametrize(
    ("files", "destinations"),
    [
        (["sensor.py", "README.md", "manifest.py"], ["sensor/__init__.py"]),
        (["sensor/__init__.py", "sensor/b.py", "setup.py"], ["sensor/__init__.py", "sensor/b.py"]),
        (["__init__.py", "sensor.py"], ["sensor/__init__.py", "sensor/sensor.py"]),
        (["other.py"], ["sensor/other.py"]),
        (["sensor.mpy"], ["sensor.mpy"]),
    ],
)
def test_what_a_folder_means_can_be_imported(
    git_hosts: GitHosts, make: Make, files: list[str], destinations: list[str]
) -> None:
    git_hosts.repository().commit({f"deep/{name}": name for name in files})
    found = read(make(), "github:o/r/deep")
    assert [file.destination for file in found.files] == destinations


def test_a_manifest_py_says_what_a_folder_is(git_hosts: GitHosts, make: Make, warnings: list[str]) -> None:
    said = 'metadata(version="1.2")\nrequire("logging", odd=1)\nmodule("sensor.py")\n'
    said += 'package("extra", base_path="src")\n'
    files = {
        "manifest.py": said,
        "sensor.py": "s",
        "src/extra/__init__.py": "e",
        "test.py": "t",
    }
    commit = git_hosts.repository().commit({f"deep/{name}": content for name, content in files.items()})
    for supply in (make(), make()):
        found = read(supply, "gitlab:o/r/deep")
        assert (found.version, found.source) == (commit, "gitlab:o/r/deep")
        assert [file.destination for file in found.files] == ["sensor.py", "extra/__init__.py"]
        assert [need.sources for need in found.dependencies] == [(FromIndex("logging"),)]
        assert [supply.store.read(supply.file(file).sha256) for file in found.files] == [b"s", b"e"]
    assert len(warnings) == 2
    assert "require: odd is not used" in warnings[0]
    assert sum("/archive/" in path for path in git_hosts.paths()) == 1


def test_a_file_that_is_neither_python_nor_a_manifest(git_hosts: GitHosts, make: Make) -> None:
    git_hosts.repository().commit({"fonts/font.bin": b"\x00\xff"})
    supply = make()
    (file,) = read(supply, "github:o/r/fonts/font.bin", "fonts").files
    assert file.destination == "fonts/font.bin"
    assert supply.store.read(file.hash_prefix) == b"\x00\xff"


@pytest.mark.parametrize("place", ["github:o/r/nosuch", "github:o/r/nosuch.json"])
def test_what_is_not_there_is_named(git_hosts: GitHosts, make: Make, place: str) -> None:
    git_hosts.repository().commit({"a.py": ""})
    with refused(PackageNotFoundError, "there is no 'nosuch"):
        read(make(), place)


def test_links_are_refused_where_they_would_be_vendored(git_hosts: GitHosts, make: Make) -> None:
    git_hosts.repository().commit({"a/__init__.py": "", "b/__init__.py": ""}, links={"a/x.py": "/etc/passwd"})
    with refused(UnsafePathError, "is a link, which is not followed"):
        read(make(), "github:o/r/a")
    assert read(make(), "github:o/r/b").files


def test_names_that_are_unsafe_are_refused(git_hosts: GitHosts, make: Make) -> None:
    git_hosts.repository().commit({"a/__init__.py": "", "a/con.py": ""})
    with refused(UnsafePathError, "names a device of Windows"):
        read(make(), "github:o/r/a")


# --- refs ----------------------------------------------------------------------------------------


def test_each_kind_of_ref(git_hosts: GitHosts, make: Make) -> None:
    repository = git_hosts.repository()
    first = repository.commit({"a.py": "1"})
    repository.tag("v1.0", annotated=True)
    repository.tag("light")
    second = repository.commit({"a.py": "2"}, "feature/x")
    third = repository.commit({"a.py": "3"})
    supply = make()
    refs = {"v1.0": first, "light": first, "feature/x": second, "main": third, "": third, third[:9]: third}
    refs |= {"refs/heads/feature/x": second, "tags/v1.0": first}
    found = {ref: read(supply, "github:o/r/a.py" + (f"@{ref}" if ref else "")).version for ref in refs}
    assert found == refs
    # However many refs are asked for, the repository is asked once.
    assert len(git_hosts.paths()) == 1


def test_a_commit_needs_no_question(git_hosts: GitHosts, make: Make) -> None:
    commit = git_hosts.repository().commit({"a.py": "1"})
    assert read(make(), f"github:o/r/a.py@{commit.upper()}").version == commit
    assert git_hosts.paths() == []


@pytest.mark.parametrize(
    ("path", "destination"),
    [
        ("https://github.com/o/r/tree/feature/x/lib", "lib/b.py"),
        ("https://github.com/o/r/blob/feature/x/lib/b.py", "lib/__init__.py"),
        ("https://github.com/o/r/tree/feature/x", "lib/lib/b.py"),
        ("https://gitlab.com/o/r/-/blob/feature/x/lib/b.py", "lib/__init__.py"),
        ("https://codeberg.org/o/r/src/branch/feature/x/lib/b.py", "lib/__init__.py"),
        ("https://raw.githubusercontent.com/o/r/refs/heads/feature/x/lib/b.py", "lib/__init__.py"),
    ],
)
def test_branches_with_slashes_in_addresses_of_a_browser(
    git_hosts: GitHosts, make: Make, path: str, destination: str
) -> None:
    repository = git_hosts.repository()
    repository.commit({"x/lib/b.py": "main"})
    commit = repository.commit({"lib/b.py": "b"}, "feature/x")
    # A tag, so that the shorter ref exists as well.
    repository.git("tag", "feature", "main")
    found = read(make(), path, "lib")
    assert found.version == commit
    assert [file.destination for file in found.files] == [destination]


def test_a_ref_that_is_not_there_is_refused_with_what_is(git_hosts: GitHosts, make: Make) -> None:
    git_hosts.repository().commit({"a.py": ""})
    git_hosts.repository("o/empty")
    with pytest.raises(PackageNotFoundError) as caught:
        read(make(), "github:o/r/a.py@mian")
    assert "has no branch, tag or commit 'mian'" in str(caught.value)
    assert caught.value.hint == "did you mean main?"
    with refused(PackageNotFoundError, "the repository is empty"):
        read(make(), "github:o/empty/a.py")


def test_a_name_that_is_a_branch_and_a_tag_must_be_told_which(git_hosts: GitHosts, make: Make) -> None:
    repository = git_hosts.repository()
    first = repository.commit({"a.py": "1"})
    repository.tag("v1")
    repository.tag("same")
    repository.commit({"a.py": "1"}, "same")
    repository.git("branch", "-f", "same", first)
    second = repository.commit({"a.py": "2"}, "v1")
    supply = make()
    with pytest.raises(RequirementError, match="is a branch and a tag of different commits") as caught:
        read(supply, "github:o/r/a.py@v1")
    assert caught.value.hint == "write @refs/heads/v1 or @refs/tags/v1"
    found = [
        read(supply, f"github:o/r/a.py@{ref}").version for ref in ("refs/heads/v1", "refs/tags/v1", "same")
    ]
    assert found == [second, first, first]


def test_where_no_commit_can_be_known_what_is_there_is_taken(
    git_hosts: GitHosts, make: Make, warnings: list[str]
) -> None:
    git_hosts.repository().commit({"a.py": "1", "lib/__init__.py": ""})
    git_hosts.web.fault("status", "/hub/o/r.git/info/refs", status=404)
    supply = make()
    found = read(supply, "github:o/r/a.py")
    assert (found.version, layout(found)) == ("", {"sensor/__init__.py": "raw/o/r/HEAD/a.py"})
    assert read(supply, "github:o/r/lib@main").files[0].url.endswith("/archive/main.tar.gz#lib/__init__.py")
    assert warnings == [
        "github:o/r: which commit HEAD is cannot be known; what is there now is locked by its SHA-256",
        "github:o/r@main: which commit main is cannot be known; what is there now is locked by its SHA-256",
    ]


def test_the_beginning_of_a_commit_that_no_branch_is_at(
    git_hosts: GitHosts, make: Make, warnings: list[str]
) -> None:
    repository = git_hosts.repository()
    first = repository.commit({"a.py": "1"})
    repository.commit({"a.py": "2"})
    found = read(make(), f"github:o/r/a.py@{first[:10]}")
    assert layout(found) == {"sensor/__init__.py": f"raw/o/r/{first[:10]}/a.py"}
    assert len(warnings) == 1


def test_an_unknown_repository_is_told_from_a_wrong_answer(git_hosts: GitHosts, make: Make) -> None:
    git_hosts.web.fault("status", "/hub/o/closed.git", status=401)
    with pytest.raises(PackageNotFoundError) as caught:
        read(make(), "github:o/closed")
    assert "there is no such repository, or it is private (401)" in str(caught.value)
    assert "BELAY_TOKEN_127_0_0_1_" in (caught.value.hint or "")
    git_hosts.web.page("/lab/o/portal.git/info/refs?service=git-upload-pack", "<html>please log in</html>")
    with refused(FetchError, "is no list of refs"):
        read(make(), "gitlab:o/portal")
    with refused(PackageNotFoundError, "there is no such commit or repository"):
        read(make(), "gitlab:o/nosuch")


def test_an_unknown_host_is_refused(make: Make) -> None:
    with refused(RequirementError, "there is no host 'work'"):
        make().repositories.read("x", FromHost("work", "o", "r"))


# --- what is known already -----------------------------------------------------------------------


def test_what_was_had_once_is_not_asked_for_again(git_hosts: GitHosts, make: Make) -> None:
    manifest = json.dumps({"urls": [["s.py", "s.py"]]})
    repository = git_hosts.repository()
    repository.commit({"a.py": "a", "lib/__init__.py": "", "pkg/package.json": manifest, "pkg/s.py": "s"})
    for supply in (make(), make()):
        git_hosts.paths()
        for path in ("a.py", "lib", "pkg"):
            supply.files(read(supply, f"github:o/r/{path}").files)
    assert [path.partition("?")[0] for path in git_hosts.paths()] == ["/hub/o/r.git/info/refs"]
    offline = make(offline=True)
    assert [len(read(offline, f"github:o/r/{path}").files) for path in ("a.py", "lib", "pkg")] == [1, 1, 1]


def test_a_manifest_that_was_none_is_asked_for_again(git_hosts: GitHosts, make: Make) -> None:
    commit = git_hosts.repository().commit(
        {"package.json": json.dumps({"urls": [["a.py", "a.py"]]}), "a.py": ""}
    )
    path = f"/raw/o/r/{commit}/package.json"
    git_hosts.web.page(path, "<html>please log in</html>")
    with refused(ManifestError, "is a web page"):
        read(make(), "github:o/r")
    git_hosts.web.remove(path)
    assert read(make(), "github:o/r").files
    git_hosts.paths()
    assert read(make(), "github:o/r").files
    assert len(git_hosts.paths()) == 1


def test_two_folders_of_one_commit_need_one_archive(git_hosts: GitHosts, make: Make) -> None:
    git_hosts.repository().commit({"a/__init__.py": "a", "b/__init__.py": "b"})
    supply = make()
    for name in "ab":
        read(supply, f"github:o/r/{name}", name)
    assert sum("/archive/" in path for path in git_hosts.paths()) == 1


def test_an_archive_of_another_commit_is_refused(git_hosts: GitHosts, make: Make) -> None:
    repository = git_hosts.repository()
    first = repository.commit({"a/__init__.py": "1"})
    second = repository.commit({"a/__init__.py": "2"})
    archive = repository.git("archive", "--format=tar.gz", "--prefix=r/", "-o", "../../../old.tar.gz", first)
    assert archive == ""
    content = (git_hosts.folder.parent / "old.tar.gz").read_bytes()
    git_hosts.web.page(f"/hub/o/r/archive/{second}.tar.gz", content)
    with refused(FetchError, f"is of the commit {first}"):
        read(make(), "github:o/r/a")


@pytest.mark.parametrize(
    "name",
    [
        "../../x.py",
        "/etc/x.py",
        "a/../../x.py",
        "C:x.py",
        "a\\x.py",
        "nul.py",
        "a//x.py",
        "x.py.",
        "é\u202e.py",
    ],
)
def test_no_name_in_an_archive_leads_out(git_hosts: GitHosts, make: Make, name: str) -> None:
    commit = git_hosts.repository().commit({"lib/__init__.py": ""})
    content = packed(("r/lib/__init__.py", b""), (f"r/lib/{name}", b"evil"), (f"r/{name}", b"evil"))
    git_hosts.web.page(f"/hub/o/r/archive/{commit}.tar.gz", content.getvalue())
    with pytest.raises(UnsafePathError):
        read(make(), "github:o/r/lib")
    content = packed(("r/lib/__init__.py", b""), (f"r/lib/x{name}", "../../../etc/passwd"))
    git_hosts.web.page(f"/hub/o/r/archive/{commit}.tar.gz", content.getvalue())
    with pytest.raises(UnsafePathError):
        read(make(), "github:o/r/lib")


def test_a_bomb_of_an_archive_is_an_error(git_hosts: GitHosts, make: Make) -> None:
    commit = git_hosts.repository().commit({"lib/__init__.py": ""})
    content = packed(("r/lib/__init__.py", b""), ("r/zeros", bytes(64 << 20)))
    git_hosts.web.page(f"/hub/o/r/archive/{commit}.tar.gz", content.getvalue())
    with refused(FetchError, "bytes when it is unpacked"):
        read(make(), "github:o/r/lib")


def test_an_archive_that_is_elsewhere_gets_no_token(git_hosts: GitHosts, tmp_path: Path) -> None:
    """As github.com sends to codeload.github.com, with a key in the address if need be."""
    commit = git_hosts.repository().commit({"lib/__init__.py": "l"})
    web = git_hosts.web
    content = GitHost(git_hosts.folder, "github").get(f"o/r/archive/{commit}.tar.gz")
    assert content is not None
    found = Logins(environment={variable_for(web.url): "s3cret", "NETRC": str(tmp_path / "nosuch")})
    with WebServer() as elsewhere:
        elsewhere.page("/codeload?key=1", content)
        web.fault("redirect", "/hub/o/r/archive/", to=elsewhere.url + "/codeload?key=1")
        fetcher = Fetcher(QUICK, proxies={}, logins=found)
        with Supply(Store(tmp_path / "cache"), fetcher, hosts=git_hosts.known) as supply:
            (file,) = read(supply, "github:o/r/lib").files
        assert file.url == f"{web.url}/hub/o/r/archive/{commit}.tar.gz#lib/__init__.py"
        (request,) = elsewhere.counts().requests
        assert "authorization" not in request.headers
        assert all("authorization" in request.headers for request in web.counts().requests)


@pytest.mark.parametrize("fault", ["truncate", "drop"])
def test_an_archive_that_breaks_off_is_asked_for_again(git_hosts: GitHosts, make: Make, fault: str) -> None:
    git_hosts.repository().commit({"lib/__init__.py": "l"})
    git_hosts.web.fault(fault, "/hub/o/r/archive/", times=1)
    assert read(make(), "github:o/r/lib").files
    git_hosts.web.fault(fault, "/lab/o/r/-/archive/")
    with pytest.raises(FetchError) as caught:
        read(make(), "gitlab:o/r/lib")
    assert caught.value.kind in {"truncated", "dropped"}


def test_what_is_needed_next_is_fetched_ahead(git_hosts: GitHosts, make: Make) -> None:
    manifest = json.dumps({"urls": [["x.py", "gitlab:o/other/x.py"]]})
    git_hosts.repository().commit({"pkg/package.json": manifest, "lib/__init__.py": ""})
    git_hosts.repository("o/other").commit({"x.py": ""})
    supply = make()
    steps: dict[str, list[str]] = {}
    for name in ("pkg", "lib"):
        while futures := supply.repositories.soon(place(f"github:o/r/{name}"), "sensor"):
            supply.gather(futures, lambda _: ())
            steps.setdefault(name, []).extend(path.split("/")[-1] for path in git_hosts.paths())
        before = len(git_hosts.web.counts().requests)
        assert read(supply, f"github:o/r/{name}").files
        assert before == len(git_hosts.web.counts().requests) == 0
    refs = "refs?service=git-upload-pack"
    assert steps["pkg"] == [refs, "package.json", refs]
    assert [step.partition(".")[2] for step in steps["lib"]] == ["json", "tar.gz"]


def test_a_host_of_one_s_own(git_hosts: GitHosts, tmp_path: Path) -> None:
    commit = git_hosts.repository("group/sub/r").commit({"lib/__init__.py": ""})
    work = Host("work", "gitlab", git_hosts.web.url + "/lab")
    with Supply(Store(tmp_path / "cache"), Fetcher(QUICK, proxies={}), hosts={"work": work}) as supply:
        source = parse_source(f"{work.url}/group/sub/r/-/tree/main/lib", own=[work])
        assert isinstance(source, FromHost)
        found = supply.repositories.read("lib", source)
    assert (found.version, found.source) == (commit, "work:group/sub/r//lib@main")
