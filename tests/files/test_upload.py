from __future__ import annotations

import sys
import types
from pathlib import Path
from zlib import crc32

import pytest

from belay.board.firmware import Implementation
from belay.exceptions import FilesError, SourceMissingError
from belay.files.making import Form
from belay.files.sync import Progress
from belay.files.tree import FOLDER, File
from belay.files.upload import folders_in, form_of, told, wish_for

BOARD = Implementation("micropython")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("one", "two/deep"):
        (tmp_path / "package_to_send" / name).mkdir(parents=True)
    (tmp_path / "package_to_send" / "__init__.py").write_text("here = 1\n")
    (tmp_path / "module_to_send.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path / "package_to_send"


def test_folders_of_a_package(package: Path) -> None:
    assert folders_in("package_to_send", []) == [package]
    assert folders_in("package_to_send", ["one", Path("two/deep")]) == [package / "one", package / "two/deep"]
    # Finding it does not import it.
    assert "package_to_send" not in sys.modules
    module = types.ModuleType("package_to_send")
    module.__path__ = [str(package)]
    assert folders_in(module, ["two"]) == [package / "two"]


def test_a_package_in_several_places(tmp_path: Path) -> None:
    module = types.ModuleType("spread")
    module.__path__ = [str(tmp_path / "a"), str(tmp_path / "b")]
    (tmp_path / "b" / "x").mkdir(parents=True)
    assert folders_in(module, ["x", "y"]) == [tmp_path / "b/x", tmp_path / "a/y"]


@pytest.mark.parametrize("name", ["module_to_send", "no_such_package", "no_such.package", "sys", "..", ""])
def test_no_package(package: Path, name: str) -> None:
    with pytest.raises(SourceMissingError, match="no package") as caught:
        folders_in(name, [])
    assert caught.value.hint


@pytest.mark.parametrize("name", ["..", "one/../../x", "/etc"])
def test_no_folder_leads_out(package: Path, name: str) -> None:
    with pytest.raises(FilesError, match="leads out of the package"):
        folders_in("package_to_send", [name])


def test_a_folder_that_is_not_there(package: Path) -> None:
    with pytest.raises(SourceMissingError):
        wish_for(folders_in("package_to_send", ["three"]), BOARD)


def test_a_wish(package: Path) -> None:
    (package / "one" / "a.txt").write_bytes(b"123456789")
    (package / "one" / "gone.pyc").touch()
    (package / "two" / "b.py").write_text("x  =  1\n")
    wish = wish_for(
        [package / "one", package / "two"], BOARD, dst="lib/./x/", keep="mine", ignore=["*.pyc", "deep"]
    )
    assert (wish.top, wish.keep, wish.by) == ("/lib/x", "mine", "sync")
    assert wish.contents.tree == {"a.txt": File(9, 0xCBF43926), "b.py": File(3, crc32(b"x=1"))}
    raw = wish_for([package / "two"], BOARD, form=Form.RAW)
    assert raw.contents.tree["deep"] == FOLDER
    assert raw.contents.open("b.py").read() == b"x  =  1\n"


def test_forms() -> None:
    assert form_of(minify=True, mpy=False) is Form.MINIFY
    assert form_of(minify=False, mpy=False) is Form.RAW
    assert form_of(minify=True, mpy=True) is form_of(minify=False, mpy=True) is Form.MPY


def test_what_is_told() -> None:
    got: list[dict[str, object]] = []
    tell = told(lambda **named: got.append(named))
    assert tell
    tell(Progress("lib/a", 5, 20))
    assert got == [{"total": 20, "completed": 5, "description": "lib/a"}]
    assert told(None) is None
