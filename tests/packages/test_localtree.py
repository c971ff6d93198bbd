from __future__ import annotations

from pathlib import Path

import pytest

from belay.exceptions import ManifestError, UnsafePathError
from belay.packages.local import path_of, read_local
from belay.packages.model import FromIndex, FromPath


@pytest.fixture
def root(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    project.mkdir()
    return project


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_folder_with_a_manifest_is_what_that_says(root: Path) -> None:
    lib = root.parent / "lib"
    write(lib / "manifest.py", 'metadata(version="2.0")\npackage("sensor")\nrequire("logging")\nprint(1)')
    for name in ("sensor/__init__.py", "sensor/data.txt", "sensor/__pycache__/x.py", "tests/t.py"):
        write(lib / name)
    said: list[str] = []
    found = read_local("key", FromPath("../lib"), root, warn=said.append)
    assert (found.name, found.version, found.source) == ("key", "2.0", "path+../lib")
    (file,) = found.files
    assert (file.destination, path_of(file.url)) == ("sensor/__init__.py", lib / "sensor/__init__.py")
    assert [need.sources for need in found.dependencies] == [(FromIndex("logging"),)]
    assert said == ["path+../lib: manifest.py, line 4: 'print' is not called"]


def test_a_package_json_counts_more(root: Path) -> None:
    write(root / "lib/manifest.py", 'module("a.py")')
    write(root / "lib/package.json", '{"version": "1", "urls": [["b.py", "b.py"]]}')
    write(root / "lib/b.py")
    found = read_local("key", FromPath("lib"), root)
    assert (found.version, [file.destination for file in found.files]) == ("1", ["b.py"])


def test_a_module_that_is_called_manifest_is_a_file(root: Path) -> None:
    write(root / "lib/manifest.py", "VERSION = 1\n")
    found = read_local("key", FromPath("lib"), root)
    assert [file.destination for file in found.files] == ["key/manifest.py"]


def test_files_may_be_anywhere_in_the_repository_and_nowhere_else(root: Path) -> None:
    write(root.parent / "repository/drivers/x/manifest.py", 'module("a.py", base_path="../../src")')
    write(root.parent / "repository/src/a.py")
    with pytest.raises(ManifestError, match="leads out of the repository"):
        read_local("key", FromPath("../repository/drivers/x"), root)
    # A .git is a folder, or a file in a submodule and another working tree.
    write(root.parent / "repository/.git", "gitdir: elsewhere")
    found = read_local("key", FromPath("../repository/drivers/x"), root)
    assert [path_of(file.url) for file in found.files] == [root.parent / "repository/src/a.py"]


def test_links_are_not_followed_out(root: Path) -> None:
    secret = write(root.parent / "secret.py", "SECRET = 1")
    write(root / "lib/manifest.py", 'module("a.py")')
    (root / "lib/a.py").symlink_to(secret)
    with pytest.raises(UnsafePathError, match="leads out of the repository"):
        read_local("key", FromPath("lib"), root)
    (root / "lib/a.py").unlink()
    (root / "lib/a.py").symlink_to("b.py")
    write(root / "lib/b.py")
    assert len(read_local("key", FromPath("lib"), root).files) == 1
    write(root / "lib/manifest.py", 'package("p")')
    write(root / "other/x.py")
    (root / "lib/p").symlink_to(root / "other")
    with pytest.raises(UnsafePathError, match="leads out"):
        read_local("key", FromPath("lib"), root)
    (root / "lib/p").unlink()
    write(root / "lib/p/__init__.py")
    (root / "lib/p/sub").symlink_to(root / "other")
    with pytest.raises(UnsafePathError, match="not followed"):
        read_local("key", FromPath("lib"), root)


def test_a_manifest_behind_a_link_that_leads_out(root: Path) -> None:
    outside = write(root.parent / "manifest.py", 'module("a.py")')
    write(root / "lib/a.py")
    (root / "lib/manifest.py").symlink_to(outside)
    with pytest.raises(UnsafePathError, match="leads out"):
        read_local("key", FromPath("lib"), root)


@pytest.mark.parametrize(
    "says",
    [
        'package("..", base_path="..", files=["config"])',
        'package(".secret", base_path="../..")',
        'module("a.py", base_path="../../.secret")',
        'include("../../.secret/manifest.py")',
        'package("repository", base_path="../..", files=[".git/config", ".env"])',
    ],
)
def test_what_is_hidden_in_a_repository_is_no_package_s(root: Path, says: str) -> None:
    home = root.parent
    for name in (".git/config", ".secret/a.py", "project/.git/config", "project/.env"):
        write(home / name, "secret")
    write(home / ".secret/manifest.py", 'module("a.py")')
    write(root / "lib/manifest.py", f'metadata(version="1")\n{says}\n')
    try:
        found = read_local("key", FromPath("lib"), root)
    except ManifestError:
        return
    assert found.files == ()


def test_what_is_hidden_is_no_file_of_a_package_json(root: Path) -> None:
    write(root / ".git/config", "token")
    write(root / "package.json", '{"urls": [["x.txt", ".git/config"]]}')
    for path in (".", "package.json"):
        with pytest.raises(UnsafePathError, match="is hidden"):
            read_local("key", FromPath(path), root)
