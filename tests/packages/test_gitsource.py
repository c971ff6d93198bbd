from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.repositories import GitServer, Remote, isolate

from belay.exceptions import FetchError, ManifestError, PackageError, RequirementError, UnsafePathError
from belay.packages import gitsource
from belay.packages.fetch import Fetcher
from belay.packages.gitplace import Address, is_commit, parse_git
from belay.packages.gitsource import read_git
from belay.packages.manifest import parse_manifest
from belay.packages.model import Candidate, FromGit, FromIndex, LockedFile
from belay.packages.store import Store
from belay.packages.supply import Supply

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")


@pytest.fixture
def remote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Remote:
    isolate(tmp_path / "home", monkeypatch)
    return Remote(tmp_path / "served" / "remote")


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supply(tmp_path: Path, said: list[str]) -> Iterator[Supply]:
    with Supply(Store(tmp_path / "cache"), Fetcher(), warn=said.append) as made:
        yield made


def read(supply: Supply, text: str, key: str = "key", *, alone: bool = True) -> Candidate:
    source = parse_git(text)
    return read_git(key, source, supply, alone=alone)


def layout(candidate: Candidate) -> dict[str, str]:
    """The path in the repository, by destination."""
    return {file.destination: file.url.partition("#")[2] for file in candidate.files}


def test_a_file(remote: Remote, supply: Supply) -> None:
    commit = remote.commit(lib__led_py="LED = 1\n")
    text = f"{remote.url}#subdirectory=lib/led.py"
    found = read(supply, text)
    assert (found.name, found.version, found.source) == ("key", commit, text)
    (file,) = found.files
    assert file.destination == "key/__init__.py"
    assert file.url == f"{remote.url}@{commit}#lib/led.py"
    assert layout(read(supply, text, "led")) == {"led/__init__.py": "lib/led.py"}
    assert layout(read(supply, text, alone=False)) == {"key/led.py": "lib/led.py"}


def test_a_folder_without_a_description(remote: Remote, supply: Supply) -> None:
    remote.commit_files(
        dict.fromkeys(("lib/__init__.py", "lib/sub/x.py", "lib/data.bin", "other.py", "lib/.gitignore"), b"")
    )
    assert layout(read(supply, f"{remote.url}#subdirectory=lib")) == {
        "key/__init__.py": "lib/__init__.py",
        "key/data.bin": "lib/data.bin",
        "key/sub/x.py": "lib/sub/x.py",
    }


def test_a_folder_with_a_package_json(remote: Remote, supply: Supply) -> None:
    page = {
        "version": "3",
        "urls": [["p/a.py", "a.py"], ["p/b.py", "../src/b b.py"], ["p/c.py", "https://example.com/c.py"]],
        "deps": [["logging", "1.0"], ["git+https://example.com/o/dep@v1", ""]],
    }
    commit = remote.commit_files(
        {"lib/package.json": json.dumps(page).encode(), "lib/a.py": b"", "src/b b.py": b""}
    )
    for place in ("lib", "lib/package.json"):
        found = read(supply, f"{remote.url}#subdirectory={place}")
        assert found.version == commit
        assert layout(found) == {"p/a.py": "lib/a.py", "p/b.py": "src/b%20b.py", "p/c.py": ""}
        assert [(need.key, need.sources) for need in found.dependencies] == [
            ("logging", (FromIndex("logging", "1.0"),)),
            ("dep", (FromGit("https://example.com/o/dep", "", "v1"),)),
        ]


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ({"urls": [["a.py", "../../a.py"]]}, "leads out of the repository"),
        ({"urls": [["a.py", "git+file:///etc/x@main"]]}, "no address of a file"),
        ({"deps": [["git+file:///srv/secret", ""]]}, "only git\\+https"),
        ({"deps": [["git+ssh://git@example.com/r", ""]]}, "only git\\+https"),
    ],
)
def test_what_a_package_json_must_not_name(
    page: dict[str, object], reason: str, remote: Remote, supply: Supply
) -> None:
    remote.commit(lib__package_json=json.dumps(page))
    with pytest.raises(ManifestError, match=reason):
        read(supply, f"{remote.url}#subdirectory=lib")


def test_a_server_of_this_machine_is_for_what_is_of_this_machine() -> None:
    page = json.dumps({"deps": [["git+https://127.0.0.1/o/r", ""]]}).encode()
    for place in ("git+https://example.com/o/r", "https://example.com/r"):
        with pytest.raises(ManifestError, match="on this machine"):
            parse_manifest(page, name="key", place=f"{place}@{'0' * 40}#package.json", source="x")
    for place in ("git+file:///srv/r", "git+https://127.0.0.1/r"):
        found = parse_manifest(page, name="key", place=f"{place}@{'0' * 40}#package.json", source="x")
        assert len(found.dependencies) == 1


def test_a_folder_with_a_manifest_py(remote: Remote, supply: Supply, said: list[str]) -> None:
    commit = remote.commit_files(
        {
            "drivers/led/manifest.py": (
                b'metadata(version="0.1")\nmodule("led.py")\npackage("common", base_path="../../src")\n'
                b'include("../more")\nrequire("logging")\nprint("x")\n'
            ),
            "drivers/more/manifest.py": b'module("more.py")\n',
            "drivers/more/more.py": b"",
            "drivers/led/led.py": b"",
            "src/common/__init__.py": b"",
        }
    )
    found = read(supply, f"{remote.url}@main#subdirectory=drivers/led")
    assert found.version == commit
    assert layout(found) == {
        "led.py": "drivers/led/led.py",
        "common/__init__.py": "src/common/__init__.py",
        "more.py": "drivers/more/more.py",
    }
    assert [need.sources for need in found.dependencies] == [(FromIndex("logging"),)]
    (remark,) = said
    assert f"{commit[:12]}): drivers/led/manifest.py, line 6: 'print' is not called" in remark
    for file in found.files:
        assert supply.file(file).size == 0


def test_a_manifest_py_that_leads_out(remote: Remote, supply: Supply) -> None:
    remote.commit(lib__manifest_py='include("../../x")')
    with pytest.raises(ManifestError, match=r"lib/manifest\.py, line 1: .* leads out"):
        read(supply, f"{remote.url}#subdirectory=lib")


def test_what_is_not_there(remote: Remote, supply: Supply) -> None:
    commit = remote.commit(x_py="")
    with pytest.raises(RequirementError, match=f"no 'lib' in the commit {commit[:12]}"):
        read(supply, f"{remote.url}#subdirectory=lib")
    with pytest.raises(FetchError, match="no branch, tag or commit 'v9'"):
        read(supply, f"{remote.url}@v9")


def test_a_link_in_a_folder(remote: Remote, supply: Supply) -> None:
    (remote.path / "lib").mkdir()
    (remote.path / "lib" / "link.py").symlink_to("/etc/passwd")
    remote.commit(lib__a_py="", other_py="")
    with pytest.raises(UnsafePathError, match="link"):
        read(supply, f"{remote.url}#subdirectory=lib")
    assert len(read(supply, f"{remote.url}#subdirectory=other.py").files) == 1


def test_a_submodule_in_a_folder_is_left_out_and_named(
    remote: Remote, supply: Supply, said: list[str]
) -> None:
    commit = remote.commit(lib__a_py="", other__b_py="")
    remote.git("update-index", "--add", "--cacheinfo", f"160000,{commit},lib/vendor")
    remote.git("commit", "--quiet", "--message=a submodule")
    assert layout(read(supply, f"{remote.url}#subdirectory=lib")) == {"key/a.py": "lib/a.py"}
    assert said == [f"{remote.url}#subdirectory=lib: lib/vendor is a submodule, and left out"]
    said.clear()
    read(supply, f"{remote.url}#subdirectory=other")
    assert said == []
    with pytest.raises(PackageError, match="submodule"):
        read(supply, f"{remote.url}#subdirectory=lib/vendor/deep")


def test_names_that_are_not_safe(remote: Remote, supply: Supply) -> None:
    remote.commit_files({"lib/a.py": b"", "lib/aux.py": b""})
    with pytest.raises(UnsafePathError, match="device"):
        read(supply, f"{remote.url}#subdirectory=lib")
    remote.git("rm", "--quiet", "lib/aux.py")
    (remote.path / "lib").mkdir(exist_ok=True)
    with open(bytes(remote.path / "lib") + b"/\xff.py", "wb"):  # noqa: PTH123 - a name that is no text
        pass
    commit = remote.commit(x_py="")
    with pytest.raises(UnsafePathError, match="cannot be seen or written"):
        read(supply, f"{remote.url}@{commit}#subdirectory=lib")


def test_too_much_is_refused(remote: Remote, supply: Supply, monkeypatch: pytest.MonkeyPatch) -> None:
    remote.commit(lib__a_py="x" * 60, lib__b_py="x" * 60)
    monkeypatch.setattr(gitsource, "MAX_TOTAL", 100)
    with pytest.raises(PackageError, match="is larger than"):
        read(supply, f"{remote.url}#subdirectory=lib")
    assert read(supply, f"{remote.url}#subdirectory=lib/a.py").files


# --- the store -------------------------------------------------------------------------------------


def test_what_the_store_has_is_not_asked_for_again(remote: Remote, tmp_path: Path) -> None:
    commit = remote.commit(lib__a_py="A = 1\n")
    with GitServer(tmp_path / "served").running() as server:
        text = f"{server.url}/remote@{commit}#subdirectory=lib"
        with Supply(Store(tmp_path / "cache"), Fetcher()) as supply:
            first = read(supply, text)
            held = supply.files(first.files)
        shutil.rmtree(tmp_path / "cache" / "git-1")
        server.requests.clear()
        for offline in (False, True):
            with Supply(Store(tmp_path / "cache"), Fetcher(), offline=offline) as supply:
                assert read(supply, text) == first
                assert supply.files(first.files) == held
        assert server.requests == []


def test_offline_a_branch_is_what_it_was(remote: Remote, tmp_path: Path) -> None:
    commit = remote.commit(lib__a_py="A = 1\n")
    text = f"{remote.url}@main#subdirectory=lib"
    with Supply(Store(tmp_path / "cache"), Fetcher()) as supply:
        supply.files(read(supply, text).files)
    remote.commit(lib__a_py="A = 2\n")
    with Supply(Store(tmp_path / "cache"), Fetcher(), offline=True) as supply:
        assert read(supply, text).version == commit
        # The repository itself is in the cache, too.
        assert layout(read(supply, f"{remote.url}@main#subdirectory=lib/a.py")) == {
            "key/__init__.py": "lib/a.py"
        }
        with pytest.raises(FetchError, match="what other is now is not known") as caught:
            read(supply, f"{remote.url}@other")
        assert caught.value.kind == "offline"


def test_a_locked_file_comes_from_its_commit(remote: Remote, tmp_path: Path) -> None:
    commit = remote.commit_files({"a #1.py": b"A = 1\n"})
    remote.commit_files({"a #1.py": b"A = 2\n"})
    with Supply(Store(tmp_path / "cache"), Fetcher()) as supply:
        digits = supply.store.add(b"A = 1\n")
    shutil.rmtree(tmp_path / "cache")
    address = str(Address(remote.url.removeprefix("git+"), commit, "a #1.py"))
    with Supply(Store(tmp_path / "cache"), Fetcher()) as supply:
        file = LockedFile("a.py", 6, digits, address)
        supply.bring([file])
        assert supply.content(file) == b"A = 1\n"
        wrong = LockedFile("a.py", 6, "0" * 64, address)
        with pytest.raises(FetchError, match="SHA-256") as caught:
            supply.content(wrong)
        assert caught.value.kind == "mismatch"


def test_a_version_is_a_commit(remote: Remote, supply: Supply) -> None:
    remote.commit(x_py="")
    assert is_commit(read(supply, f"{remote.url}#subdirectory=x.py").version)
