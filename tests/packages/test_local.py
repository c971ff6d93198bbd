from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from belay.exceptions import ManifestError, PackageError, RequirementError, UnsafePathError
from belay.packages import folders, local
from belay.packages.local import locate, path_of, read_local
from belay.packages.model import Candidate, FromPath


@pytest.fixture
def root(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    project.mkdir()
    return project


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def destinations(candidate: Candidate) -> list[str]:
    return [file.destination for file in candidate.files]


def test_a_file(root: Path) -> None:
    path = write(root.parent / "my lib" / "a#b.py", "x = 1")
    found = read_local("sensor", FromPath("../my lib/a#b.py"), root)
    assert (found.name, found.version, found.source) == ("sensor", "", "path+../my lib/a#b.py")
    (file,) = found.files
    assert file.destination == "sensor/__init__.py"
    assert path_of(file.url) == path
    assert destinations(read_local("s", FromPath("../my lib/a#b.py"), root, alone=False)) == ["s/a#b.py"]


def test_a_folder(root: Path) -> None:
    for name in (
        "__init__.py",
        "sub/b.py",
        "data.bin",
        "a.pyc",
        "__pycache__/a.pyc",
        ".git/config",
        ".DS_Store",
    ):
        write(root / "lib" / name)
    (root / "lib" / "empty").mkdir()
    found = read_local("umqtt.simple", FromPath("lib"), root)
    assert destinations(found) == [
        "umqtt/simple/__init__.py",
        "umqtt/simple/data.bin",
        "umqtt/simple/sub/b.py",
    ]


@pytest.mark.parametrize(
    ("names", "destinations"),
    [
        (["x.py", "README.md"], ["x/__init__.py"]),
        (["x/__init__.py", "x/b.py", "setup.py"], ["x/__init__.py", "x/b.py"]),
        (["__init__.py", "x.py", ".gitignore"], ["x/__init__.py", "x/x.py"]),
    ],
)
def test_what_a_folder_means_can_be_imported(root: Path, names: list[str], destinations: list[str]) -> None:
    for name in names:
        write(root / "lib" / name)
    found = read_local("x", FromPath("lib"), root)
    assert [file.destination for file in found.files] == destinations


def test_a_folder_with_a_manifest(root: Path) -> None:
    write(root / "lib" / "src" / "x.py")
    page = {"urls": [["x.py", "src/x.py"]], "version": "1.2", "deps": [["aiohttp", ""]]}
    write(root / "lib" / "package.json", json.dumps(page))
    for path in ("lib", "lib/package.json"):
        found = read_local("sensor", FromPath(path), root)
        assert (destinations(found), found.version) == (["x.py"], "1.2")
        assert [need.key for need in found.dependencies] == ["aiohttp"]
        assert path_of(found.files[0].url) == root / "lib" / "src" / "x.py"


def test_what_is_not_there(root: Path) -> None:
    with pytest.raises(RequirementError, match="no such file") as caught:
        read_local("x", FromPath("../nowhere"), root)
    assert caught.value.hint == f"it would be {root.parent / 'nowhere'}"
    (root / "empty").mkdir()
    with pytest.raises(RequirementError, match="empty folder"):
        read_local("x", FromPath("empty"), root)
    write(root / "lib" / "package.json", json.dumps({"urls": [["x.py", "x.py"]]}))
    with pytest.raises(UnsafePathError, match="is no file"):
        read_local("x", FromPath("lib"), root)


def test_home_directories(root: Path) -> None:
    assert locate(FromPath("~/lib"), root) == Path.home() / "lib"
    with pytest.raises(RequirementError, match="home"):
        locate(FromPath("~nobody-has-this-name/lib"), root)


@pytest.mark.skipif(os.name == "nt", reason="links need a right on Windows")
def test_links_out_of_the_folder_are_not_followed(root: Path) -> None:
    secret = write(root.parent / "secret", "key")
    write(root / "lib" / "a.py")
    (root / "lib" / "b.py").symlink_to("a.py")
    assert len(read_local("x", FromPath("lib"), root).files) == 2
    (root / "lib" / "c.py").symlink_to(secret)
    with pytest.raises(UnsafePathError, match="leads out"):
        read_local("x", FromPath("lib"), root)
    write(root / "lib" / "package.json", json.dumps({"urls": [["c.py", "c.py"]]}))
    with pytest.raises(UnsafePathError, match="leads out"):
        read_local("x", FromPath("lib"), root)


@pytest.mark.skipif(os.name == "nt", reason="links need a right on Windows")
def test_links_to_folders_are_refused(root: Path) -> None:
    write(root / "lib" / "a.py")
    (root / "lib" / "loop").symlink_to(".")
    with pytest.raises(UnsafePathError, match="link to a folder"):
        read_local("x", FromPath("lib"), root)


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot have such a file")
def test_names_that_are_unsafe_elsewhere(root: Path) -> None:
    write(root / "lib" / "aux.py")
    with pytest.raises(UnsafePathError, match="device"):
        read_local("x", FromPath("lib"), root)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_a_pipe_is_no_file(root: Path) -> None:
    write(root / "lib" / "a.py")
    os.mkfifo(root / "lib" / "pipe")
    with pytest.raises(UnsafePathError, match="is no file"):
        read_local("x", FromPath("lib"), root)


def test_what_is_too_large(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(root / "package.json", " " * (local.manifest.MAX_BYTES + 1))
    with pytest.raises(ManifestError, match="larger"):
        read_local("x", FromPath("package.json"), root)
    for name in ("a.py", "b.py", "c.py"):
        write(root / "lib" / name)
    for place, name in ((folders, "MAX_FILES"), (local, "MAX_ENTRIES")):
        with monkeypatch.context() as patch:
            patch.setattr(place, name, 2)
            with pytest.raises(PackageError, match="more than 2 files"):
                read_local("x", FromPath("lib"), root)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="everything can be read")
def test_what_cannot_be_read(root: Path) -> None:
    write(root / "lib" / "sub" / "a.py")
    (root / "lib" / "sub").chmod(0)
    try:
        with pytest.raises(PermissionError):
            read_local("x", FromPath("lib"), root)
    finally:
        (root / "lib" / "sub").chmod(0o700)


@pytest.mark.parametrize(
    "path", ["~/.ssh", "~/.netrc", "../.aws/credentials", ".git/config", ".env", "lib/.secret/a.py"]
)
def test_what_is_hidden_is_no_package(root: Path, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(root.parent / "home"))
    monkeypatch.setenv("USERPROFILE", str(root.parent / "home"))
    place = locate(FromPath(path), root)
    write(place / "id_rsa" if path == "~/.ssh" else place, "secret")
    with pytest.raises(UnsafePathError, match="is hidden"):
        read_local("x", FromPath(path), root)


def test_how_one_gets_to_the_project_does_not_count(root: Path) -> None:
    write(root.parent / ".work" / "lib" / "a.py")
    (root.parent / ".work" / "project").mkdir()
    assert read_local("a", FromPath("../lib/a.py"), root.parent / ".work" / "project").files
    with pytest.raises(UnsafePathError, match=r"is hidden: \.work"):
        read_local("a", FromPath("../.work/lib/a.py"), root)


@pytest.mark.skipif(os.name == "nt", reason="links need a right on Windows")
def test_a_link_to_what_is_hidden_is_no_package(root: Path) -> None:
    write(root.parent / ".ssh" / "id_rsa", "secret")
    (root / "lib").symlink_to(root.parent / ".ssh")
    for path in ("lib", "lib/id_rsa"):
        with pytest.raises(UnsafePathError, match="is hidden"):
            read_local("x", FromPath(path), root)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="there is nothing of the system's here")
@pytest.mark.parametrize("path", ["/proc/self/environ", "/proc/self/cwd", "/dev/null", "/sys", "/proc"])
def test_what_the_system_tells_is_no_package(root: Path, path: str) -> None:
    with pytest.raises(UnsafePathError, match="is the system's own"):
        read_local("x", FromPath(path), root)
