from __future__ import annotations

import io
import os
import zlib
from pathlib import Path

import pytest

from belay import Device
from belay.cache.made import Made
from belay.exceptions import BoardError, CompileError, FilesError
from belay.files.content import Contents, Form, contents
from belay.files.folder import read_folder
from belay.files.tree import FOLDER, File

LARGE = bytes(range(250)) * 12000
SOURCE = b'"""A module."""\n\ndef f(x: int) -> int:\n    return x + 1  # more\n'


@pytest.fixture
def top(tmp_path: Path) -> Path:
    return tmp_path / "top"


def put(top: Path, path: str, content: bytes) -> Path:
    place = top / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    return place


def look(top: Path, form: Form, **options: object) -> Contents:
    cache = Made(top.parent / "cache")
    return contents(read_folder(top), form, cache=cache, **options)  # type: ignore[arg-type]


def whole(found: Contents) -> dict[str, bytes]:
    files = [path for path, entry in found.tree.items() if isinstance(entry, File)]
    content = {path: found.read(path) for path in files}
    assert all(found.tree[path] == File(len(data), zlib.crc32(data)) for path, data in content.items())
    return content


def test_files_as_they_are(top: Path) -> None:
    put(top, "lib/x.py", SOURCE)
    put(top, "large.bin", LARGE)
    put(top, "empty", b"")
    found = look(top, Form.RAW)
    assert list(found.tree) == ["empty", "large.bin", "lib", "lib/x.py"]
    assert found.tree["lib"] == FOLDER
    assert whole(found) == {"empty": b"", "large.bin": LARGE, "lib/x.py": SOURCE}
    assert found.words == ()
    assert not (top.parent / "cache").exists()
    with pytest.raises(KeyError):
        found.open("lib")


@pytest.mark.parametrize("form", list(Form))
def test_other_files_are_never_changed(top: Path, form: Form) -> None:
    put(top, "x.pyi", SOURCE)
    put(top, "x.txt", SOURCE)
    put(top, "x.mpy", b"M")
    assert set(whole(look(top, form)).values()) == {SOURCE, b"M"}


def test_files_are_made_smaller(top: Path) -> None:
    put(top, "x.py", SOURCE)
    put(top, "x.txt", SOURCE)
    found = look(top, Form.MINIFY)
    assert whole(found) == {"x.py": b"\n\ndef f(x):\n return x+1", "x.txt": SOURCE}
    assert found.words == ()


def test_a_large_file_by_pieces(top: Path) -> None:
    put(top, "large.bin", LARGE)
    with look(top, Form.RAW).open("large.bin") as file:
        assert file.read(300_000) == LARGE[:300_000]
        assert file.seek(0) == 0
        pieces = list(iter(lambda: file.read(70_001), b""))
        assert b"".join(pieces) == LARGE
        assert file.seek(0) == 0
        assert file.read() == LARGE
        with pytest.raises(io.UnsupportedOperation):
            file.seek(5, os.SEEK_END)


CHANGES = {
    "first": b"X" + LARGE[1:],
    "last": LARGE[:-1] + b"X",
    "longer": LARGE + b"X",
    "shorter": LARGE[:-1],
    "empty": b"",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_large_file_that_changes_is_never_complete(top: Path, change: str) -> None:
    place = put(top, "large.bin", LARGE)
    found = look(top, Form.RAW)
    place.write_bytes(CHANGES[change])
    got: list[bytes] = []
    with found.open("large.bin") as file:
        pieces = iter(lambda: file.read(100_000), b"")
        with pytest.raises(FilesError, match=r"large\.bin was changed") as caught:
            got.extend(pieces)
    assert len(b"".join(got)) < len(LARGE)
    assert caught.value.hint


def test_a_large_file_that_changes_while_it_is_sent(top: Path) -> None:
    place = put(top, "large.bin", LARGE)
    with look(top, Form.RAW).open("large.bin") as file:
        file.read(300_000)
        with place.open("r+b") as writer:
            writer.seek(2_000_000)
            writer.write(b"X" * 20)
        with pytest.raises(FilesError, match="was changed"):
            file.read()


@pytest.mark.parametrize("content", [b"after", b"befor", b"before and more", b"", None])
def test_a_file_that_changes_is_not_sent(top: Path, content: bytes | None) -> None:
    place = put(top, "x.txt", b"before")
    found = look(top, Form.RAW)
    if content is None:
        place.unlink()
    else:
        place.write_bytes(content)
    with pytest.raises(FilesError, match="cannot be read" if content is None else "was changed"):
        found.open("x.txt")


def test_what_was_made_is_what_was_read(top: Path) -> None:
    place = put(top, "x.py", SOURCE)
    found = look(top, Form.MINIFY)
    place.write_bytes(b"other")
    assert whole(found) == {"x.py": b"\n\ndef f(x):\n return x+1"}


def test_a_file_that_is_gone_before_it_was_read(top: Path) -> None:
    place = put(top, "x.py", SOURCE)
    tree = read_folder(top)
    place.unlink()
    for form in (Form.RAW, Form.MINIFY):
        with pytest.raises(FilesError, match=r"x\.py cannot be read: No such file"):
            contents(tree, form, cache=Made(top.parent / "cache"))


def test_source_and_its_compiled_form_exclude_each_other(top: Path, device: Device) -> None:
    put(top, "lib/x.py", SOURCE)
    put(top, "lib/x.mpy", b"M")
    with pytest.raises(FilesError, match=r"^lib/x\.py is compiled to lib/x\.mpy, which is there") as caught:
        look(top, Form.MPY, board=device.implementation)
    assert "ignore one" in (caught.value.hint or "")
    assert len(whole(look(top, Form.MINIFY))) == 2
    # What is not compiled is no trouble.
    put(top, "main.py", SOURCE)
    put(top, "main.mpy", b"M")
    (top / "lib" / "x.mpy").unlink()
    found = look(top, Form.MPY, board=device.implementation)
    assert list(found.tree) == ["lib", "lib/x.mpy", "main.mpy", "main.py"]


NATIVE = b"""import micropython
@micropython.native
def double(x):
    return x * 2

def refuse(x):
    raise ValueError(x)
"""


def test_the_board_imports_what_was_compiled(top: Path, device: Device) -> None:
    put(top, "main.py", SOURCE)
    put(top, "package/__init__.py", b"from package.native import double, refuse\n" + SOURCE)
    put(top, "package/native.py", b"\xef\xbb\xbf# \xc3\xbc\r\n" + NATIVE)
    found = look(top, Form.MPY, board=device.implementation, dst="/lib/../there")
    device("import os, sys; os.mkdir('there'); sys.path.append('/there')")
    for path, entry in found.tree.items():
        if entry == FOLDER:
            device(f"os.mkdir('/there/{path}')")
        else:
            device(f"open('/there/{path}', 'wb').write({found.read(path)!r})")
    assert list(found.tree) == ["main.mpy", "package", "package/__init__.mpy", "package/native.mpy"]
    assert found.words == ()
    device("import package, main")
    assert device("package.double(21), package.f(1), main.f(2)") == (42, 2, 3)
    with pytest.raises(BoardError) as caught:
        device("package.refuse(13)")
    assert '"/there/package/native.py", line 8, in refuse' in caught.value.board_traceback
    assert str(top.parent).encode() not in b"".join(whole(found).values())


def test_a_mistake_is_found_before_anything_is_sent(top: Path, device: Device) -> None:
    for number in range(20):
        put(top, f"m{number:02}.py", b"x = 1\nif x\n" if number in (7, 8) else SOURCE)
    with pytest.raises(CompileError, match=r"^m07\.py, line 2: SyntaxError"):
        look(top, Form.MPY, board=device.implementation)
