"""Paths of a board, beside those of this computer."""

from __future__ import annotations

import gc
import hashlib
import io
import shutil
import stat
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from belay import Device
from belay.exceptions import (
    BoardFileError,
    BoardFileExistsError,
    BoardFileNotFoundError,
    BoardFolderNotEmptyError,
    BoardIsAFolderError,
    BoardNotAFolderError,
    NoRoomError,
)
from belay.files.path import BoardPath
from tests.files.boards import KINDS, address, mount

# What is in them need not be told by way of the agent alone.
PLAIN = "plain"


@pytest.fixture(scope="module", params=[*KINDS, PLAIN])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    kind = "lfs2" if request.param == PLAIN else request.param
    place = tmp_path_factory.mktemp("board") / "image"
    if kind == "host":
        place.mkdir()
    with Device(address(kind, place), agent=request.param != PLAIN) as device:
        yield device


@pytest.fixture
def top(shared: Device) -> Iterator[BoardPath]:
    """An empty folder on a board."""
    place = shared.files / "a test"
    if place.exists():
        place.remove_tree()
    place.mkdir()
    yield place
    assert list(shared.files.rglob(".belay.*")) == []


# --- what is there ---------------------------------------------------------------------------------


def test_files(top: BoardPath) -> None:
    path = top / "ä file.txt"
    assert not path.exists()
    assert not path.is_file()
    assert path.write_bytes(b"12345") == 5
    assert path.read_bytes() == b"12345"
    assert path.exists()
    assert path.is_file()
    assert not path.is_dir()
    assert path.size() == path.stat().st_size == 5
    assert path.sha256() == hashlib.sha256(b"12345").hexdigest()
    assert path.write_bytes(memoryview(b"")) == 0
    assert path.read_bytes() == b""
    path.unlink()
    assert not path.exists()


def test_folders(top: BoardPath) -> None:
    assert top.is_dir()
    assert not top.is_file()
    (top / "a/b").mkdir(parents=True)
    (top / "a" / "x").write_bytes(b"123")
    (top / "a/b/y").write_bytes(b"1234")
    assert list(top.iterdir()) == [top / "a"]
    assert list((top / "a").iterdir()) == [top / "a/b", top / "a/x"]
    assert top.size() == 7
    (top / "a").remove_tree()
    assert list(top.iterdir()) == []
    top.rmdir()
    assert not top.exists()
    top.mkdir()


def test_the_top(shared: Device) -> None:
    files = shared.files
    assert str(files) == "/"
    assert files == shared.files
    assert files.filesystem is shared.filesystem
    assert files.is_dir()
    assert stat.S_ISDIR(files.stat().st_mode)
    with pytest.raises(BoardFileExistsError):
        files.mkdir()
    files.mkdir(exist_ok=True)
    for change in (lambda: files.write_bytes(b""), files.touch, files.unlink):
        with pytest.raises(BoardIsAFolderError):
            change()
    with pytest.raises(BoardFileError):
        files.replace("/elsewhere")


def test_what_it_is_told_by_stat(top: BoardPath) -> None:
    before = time.time()
    (top / "x").write_bytes(b"12")
    found = (top / "x").stat()
    assert stat.S_ISREG(found.st_mode)
    assert found.st_size == 2
    # FAT counts in steps of 2 s, and virtual boards have this computer's clock, in its time zone or none.
    assert abs(found.st_mtime - before) % 900 < 60 or abs(found.st_mtime - before) % 900 > 840
    assert stat.S_ISDIR(top.stat().st_mode)


def test_a_board_that_counts_from_2000(tmp_path: Path) -> None:
    with Device(address("lfs2", tmp_path / "image")) as device:
        (device.files / "x").write_bytes(b"")
        before = (device.files / "x").stat().st_mtime
        device("import sys")
        device("class time: gmtime = lambda _: (2000, 1, 1)")
        device("sys.modules['time'] = time")
        assert (device.files / "x").stat().st_mtime == before + 946684800
        device("class time: localtime = lambda _: (1970, 1, 1)")
        device("sys.modules['time'] = time")
        assert (device.files / "x").stat().st_mtime == before


@pytest.mark.parametrize("path", ["x/y", "none/y", "n" * 300])
def test_what_cannot_be_is_not_there(top: BoardPath, path: str) -> None:
    (top / "x").write_bytes(b"")
    assert not (top / path).exists()
    assert not (top / path).is_file()
    assert not (top / path).is_dir()
    assert list((top / path).glob("*")) == []


# --- text ------------------------------------------------------------------------------------------


def test_text_is_utf_8_with_the_newlines_as_they_are(top: BoardPath) -> None:
    path = top / "x.txt"
    assert path.write_text("grün\n1\r\n") == 8
    assert path.read_bytes() == "grün\n1\r\n".encode()
    assert path.read_text() == "grün\n1\n"
    assert path.read_text(newline="") == "grün\n1\r\n"
    assert path.write_text("é\n", "latin-1", newline="\r\n") == 2
    assert path.read_bytes() == b"\xe9\r\n"
    assert path.read_text("latin-1") == "é\n"
    with pytest.raises(UnicodeDecodeError):
        path.read_text()
    assert path.read_text(errors="replace") == "\ufffd\n"
    with pytest.raises(UnicodeEncodeError):
        path.write_text("ю", "latin-1")
    assert path.read_bytes() == b"\xe9\r\n"
    assert path.write_text("ю", "latin-1", "ignore") == 1
    assert path.read_bytes() == b""


# --- open files ------------------------------------------------------------------------------------


def test_reading_line_by_line(top: BoardPath) -> None:
    path = top / "log.csv"
    path.write_text("".join(f"{number},ä\n" for number in range(4000)))
    with path.open() as file:
        assert file.name == str(path)
        assert [int(line.partition(",")[0]) for line in file] == list(range(4000))
    with path.open("rb") as file:
        assert file.readline() == b"0,\xc3\xa4\n"
        assert file.seek(-5, io.SEEK_END) == path.size() - 5
        assert file.read() == b"9,\xc3\xa4\n"
        assert file.seek(2) == 2
        assert file.seek(1, io.SEEK_CUR) == file.tell() == 3
        assert file.read(3) == b"\xa4\n1"
        with pytest.raises(ValueError, match="before"):
            file.seek(-1)
        with pytest.raises(ValueError, match="whence"):
            file.seek(0, 7)
    with pytest.raises(ValueError, match="closed"):
        file.read()
    with path.open("rb") as file, pytest.raises(io.UnsupportedOperation):
        file.write(b"")


def test_writing_is_done_at_the_end(top: BoardPath) -> None:
    path = top / "x"
    with path.open("wb") as file:
        assert file.write(b"12") == 2
        assert not path.exists()
        file.seek(0)
        file.write(b"3")
        assert file.tell() == 1
        file.flush()
        with pytest.raises(io.UnsupportedOperation):
            file.read()
    assert path.read_bytes() == b"32"
    file.close()
    with path.open("w") as text:
        print("a", "ü", file=text)
    assert path.read_bytes() == "a ü\n".encode()


def test_nothing_is_written_after_an_error(top: BoardPath) -> None:
    path = top / "x"
    path.write_bytes(b"old")
    for mode in ("w", "wb", "a", "ab"):
        with pytest.raises(ZeroDivisionError), path.open(mode) as file:  # noqa: PT012
            file.write("new" if "b" not in mode else b"new")  # type: ignore[arg-type]
            raise ZeroDivisionError
        assert file.closed
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("mode", ["w", "wb"])
def test_a_file_that_nobody_closes_is_not_written(top: BoardPath, mode: str) -> None:
    file = (top / "x").open(mode)
    file.write("new" if "b" not in mode else b"new")  # type: ignore[arg-type]
    with pytest.warns(ResourceWarning, match="not written"):  # noqa: PT031
        del file
        gc.collect()
    assert not (top / "x").exists()


def test_appending(top: BoardPath) -> None:
    path = top / "x"
    with path.open("a") as text:
        text.write("1\n")
    with path.open("ab") as file:
        assert file.tell() == 2
        file.write(b"2")
        file.seek(0)
        file.write(b"3")
        assert file.truncate(3) == 3
    assert path.read_bytes() == b"1\n2"


def test_only_a_file_that_is_not_there(top: BoardPath) -> None:
    path = top / "x"
    with path.open("x") as file:
        file.write("1")
    with pytest.raises(BoardFileExistsError), path.open("x"):
        pass
    with pytest.raises(BoardFileExistsError), (top / "y").open("xb") as late:  # noqa: PT012
        late.write(b"2")
        (top / "y").write_bytes(b"somebody else's")
        late.close()
    assert path.read_bytes() == b"1"
    assert (top / "y").read_bytes() == b"somebody else's"


@pytest.mark.parametrize("mode", ["", "b", "r+", "rw", "rbt", "w+b", "U", "rr"])
def test_modes_that_are_not_there(shared: Device, mode: str) -> None:
    with pytest.raises(ValueError, match="mode cannot be"):
        (shared.files / "x").open(mode)


def test_an_encoding_that_is_not_there(top: BoardPath) -> None:
    (top / "x").write_bytes(b"old")
    for mode in ("r", "w"):
        with pytest.raises(LookupError):
            (top / "x").open(mode, encoding="nonsense")
    assert (top / "x").read_bytes() == b"old"


# --- errors ----------------------------------------------------------------------------------------

ERRORS: list[tuple[str, Callable[[BoardPath], object], type[BoardFileError], type[OSError]]] = [
    ("read-none", lambda top: (top / "none").read_bytes(), BoardFileNotFoundError, FileNotFoundError),
    ("read-folder", lambda top: (top / "d").read_bytes(), BoardIsAFolderError, IsADirectoryError),
    ("open-none", lambda top: (top / "none").open(), BoardFileNotFoundError, FileNotFoundError),
    ("open-folder", lambda top: (top / "d").open(), BoardIsAFolderError, IsADirectoryError),
    ("open-write-nowhere", lambda top: (top / "none/x").open("w"), BoardFileNotFoundError, FileNotFoundError),
    ("open-write-folder", lambda top: (top / "d").open("w"), BoardIsAFolderError, IsADirectoryError),
    ("hash-none", lambda top: (top / "none").sha256(), BoardFileNotFoundError, FileNotFoundError),
    ("hash-folder", lambda top: (top / "d").sha256(), BoardIsAFolderError, IsADirectoryError),
    ("stat-none", lambda top: (top / "none").stat(), BoardFileNotFoundError, FileNotFoundError),
    ("size-none", lambda top: (top / "none").size(), BoardFileNotFoundError, FileNotFoundError),
    (
        "write-nowhere",
        lambda top: (top / "none/x").write_bytes(b""),
        BoardFileNotFoundError,
        FileNotFoundError,
    ),
    ("write-folder", lambda top: (top / "d").write_bytes(b""), BoardIsAFolderError, IsADirectoryError),
    ("touch-nowhere", lambda top: (top / "none/x").touch(), BoardFileNotFoundError, FileNotFoundError),
    ("touch-folder", lambda top: (top / "d").touch(), BoardIsAFolderError, IsADirectoryError),
    ("touch-new", lambda top: (top / "f").touch(exist_ok=False), BoardFileExistsError, FileExistsError),
    ("list-none", lambda top: (top / "none").iterdir(), BoardFileNotFoundError, FileNotFoundError),
    ("list-file", lambda top: (top / "f").iterdir(), BoardNotAFolderError, NotADirectoryError),
    ("walk-none", lambda top: (top / "none").walk(), BoardFileNotFoundError, FileNotFoundError),
    ("mkdir-there", lambda top: (top / "d").mkdir(), BoardFileExistsError, FileExistsError),
    ("mkdir-file", lambda top: (top / "f").mkdir(exist_ok=True), BoardFileExistsError, FileExistsError),
    ("mkdir-nowhere", lambda top: (top / "none/d").mkdir(), BoardFileNotFoundError, FileNotFoundError),
    ("rmdir-none", lambda top: (top / "none").rmdir(), BoardFileNotFoundError, FileNotFoundError),
    ("rmdir-file", lambda top: (top / "f").rmdir(), BoardNotAFolderError, NotADirectoryError),
    ("rmdir-full", lambda top: (top / "d").rmdir(), BoardFolderNotEmptyError, OSError),
    ("remove-tree-none", lambda top: (top / "none").remove_tree(), BoardFileNotFoundError, FileNotFoundError),
    ("remove-tree-file", lambda top: (top / "f").remove_tree(), BoardNotAFolderError, NotADirectoryError),
    ("unlink-none", lambda top: (top / "none").unlink(), BoardFileNotFoundError, FileNotFoundError),
    ("unlink-folder", lambda top: (top / "d").unlink(True), BoardIsAFolderError, IsADirectoryError),
    ("rename-none", lambda top: (top / "none").rename(top / "x"), BoardFileNotFoundError, FileNotFoundError),
    ("rename-there", lambda top: (top / "f").rename(top / "d/g"), BoardFileExistsError, FileExistsError),
    ("replace-folder", lambda top: (top / "f").replace(top / "d"), BoardFileExistsError, FileExistsError),
    ("replace-by-folder", lambda top: (top / "d").replace(top / "f"), BoardFileExistsError, FileExistsError),
    (
        "rename-nowhere",
        lambda top: (top / "f").rename(top / "no/x"),
        BoardFileNotFoundError,
        FileNotFoundError,
    ),
    ("rename-into-itself", lambda top: (top / "d").rename(top / "d/e"), BoardFileError, OSError),
    ("copy-none", lambda top: (top / "none").copy(top / "x"), BoardFileNotFoundError, FileNotFoundError),
    ("copy-folder", lambda top: (top / "d").copy(top / "x"), BoardIsAFolderError, IsADirectoryError),
    ("copy-to-folder", lambda top: (top / "f").copy(top / "d"), BoardIsAFolderError, IsADirectoryError),
    ("copy-nowhere", lambda top: (top / "f").copy(top / "no/x"), BoardFileNotFoundError, FileNotFoundError),
    ("nul", lambda top: (top / "a\0b").exists(), BoardFileError, OSError),
    ("out-of-the-board", lambda top: (top / "../../x").read_bytes(), BoardFileError, OSError),
]


@pytest.mark.parametrize(("do", "error", "builtin"), [pytest.param(*rest, id=name) for name, *rest in ERRORS])
def test_errors_are_those_of_files(
    top: BoardPath, do: Callable[[BoardPath], object], error: type[BoardFileError], builtin: type[OSError]
) -> None:
    (top / "d").mkdir()
    (top / "d/g").write_bytes(b"g")
    (top / "f").write_bytes(b"f")
    with pytest.raises(builtin) as caught:
        do(top)
    assert type(caught.value) is error
    assert error is BoardFileError or caught.value.path.startswith("/a test/")  # type: ignore[attr-defined]
    assert [str(path) for path in top.rglob("*")] == ["/a test/d", "/a test/d/g", "/a test/f"]
    assert ((top / "d/g").read_bytes(), (top / "f").read_bytes()) == (b"g", b"f")


# --- names -----------------------------------------------------------------------------------------


def test_rename_replace_and_copy(top: BoardPath) -> None:
    a, b = top / "a", top / "b"
    a.write_bytes(b"a")
    assert a.rename(b) == b
    assert not a.exists()
    assert b.copy(str(a)) == a
    assert (a.read_bytes(), b.read_bytes()) == (b"a", b"a")
    b.write_bytes(b"b")
    assert b.replace(a) == a
    assert a.read_bytes() == b"b"
    assert a.copy(a) == a.replace(a) == a
    assert a.read_bytes() == b"b"
    (top / "d").mkdir()
    assert (top / "d").rename(top / "e") == top / "e"
    (top / "e").replace(top / "e")
    a.rename(top / "e/a")
    assert list(top.rglob("*")) == [top / "e", top / "e/a"]


def test_another_board_is_no_target(shared: Device) -> None:
    with Device("virtual:") as other, pytest.raises(ValueError, match="another board"):
        (shared.files / "x").rename(other.files / "x")


def test_missing_ok(top: BoardPath) -> None:
    (top / "none").unlink(missing_ok=True)
    (top / "d").mkdir()
    (top / "d").mkdir(exist_ok=True)
    (top / "d/e/f").mkdir(parents=True, exist_ok=True)
    (top / "d/x").touch()
    (top / "d/x").write_bytes(b"1")
    (top / "d/x").touch()
    assert (top / "d/x").read_bytes() == b"1"


# --- what is in folders ----------------------------------------------------------------------------


@contextmanager
def planted(top: BoardPath) -> Iterator[list[str]]:
    names = ["a.py", "lib", "lib/b.py", "lib/deep", "lib/deep/c.py", "lib/deep/c.txt", "lib/empty"]
    for name in names:
        if "." in name:
            (top / name).write_text(name)
        else:
            (top / name).mkdir()
    yield names


def relative(top: BoardPath, found: Iterator[BoardPath]) -> list[str]:
    return [str(path.relative_to(top)) for path in found]


def test_patterns(top: BoardPath) -> None:
    with planted(top) as names:
        assert relative(top, top.rglob("*")) == names
        assert relative(top, top.glob("**/*.py")) == relative(top, top.rglob("*.py"))
        assert relative(top, top.rglob("*.py")) == ["a.py", "lib/b.py", "lib/deep/c.py"]
        assert relative(top, top.glob("lib/*/")) == ["lib/deep", "lib/empty"]
        assert relative(top, top.glob("lib/deep/c.*")) == ["lib/deep/c.py", "lib/deep/c.txt"]
        assert relative(top, top.glob("**/")) == [".", "lib", "lib/deep", "lib/empty"]
        assert relative(top, top.glob("a.py/*")) == relative(top, top.glob("none/*")) == []
        with pytest.raises(NotImplementedError):
            top.rglob("/a")


def test_walking(top: BoardPath) -> None:
    with planted(top):
        found = [(str(path.relative_to(top)), folders, files) for path, folders, files in top.walk()]
        assert found == [
            (".", ["lib"], ["a.py"]),
            ("lib", ["deep", "empty"], ["b.py"]),
            ("lib/deep", [], ["c.py", "c.txt"]),
            ("lib/empty", [], []),
        ]
        inner_first = [str(path.relative_to(top)) for path, _, _ in top.walk(top_down=False)]
        assert inner_first == ["lib/deep", "lib/empty", "lib", "."]
        seen = []
        for path, folders, _ in top.walk():
            seen.append(path.name)
            folders[:] = [name for name in folders if name != "deep"]
        assert seen == ["a test", "lib", "empty"]


def test_a_tree_is_seen_at_one_look(top: BoardPath, monkeypatch: pytest.MonkeyPatch) -> None:
    with planted(top):
        asked = []
        ask = top.filesystem._ask_board

        def counted(*args: Any, **more: Any) -> Any:
            asked.append(args)
            return ask(*args, **more)

        monkeypatch.setattr(top.filesystem, "_ask_board", counted)
        for look in (top.iterdir, lambda: top.rglob("*"), top.walk, lambda: top.glob("lib/*/*")):
            list(look())
        assert len(asked) == 4


def test_what_is_mounted_is_seen_and_left_alone(tmp_path: Path) -> None:
    with Device(address("lfs2", tmp_path / "image")) as device:
        mount(device, "lfs2", "/sd")
        (device.files / "sd/x").write_bytes(b"1")
        (device.files / "y").write_bytes(b"2")
        assert {device.files / "sd", device.files / "sd/x"} <= {*device.files.rglob("*")}
        device.files.remove_tree()
        assert (device.files / "sd/x").read_bytes() == b"1"
        assert not (device.files / "y").exists()


def test_a_full_board_keeps_what_it_had(tmp_path: Path) -> None:
    with Device(address("lfs2", tmp_path / "image", size="64k")) as device:
        path = device.files / "x"
        path.write_bytes(b"old" * 1000)
        with pytest.raises(NoRoomError):
            path.write_bytes(bytes(100_000))
        with pytest.raises(NoRoomError):
            deque(path.copy(f"/copy{count}") for count in range(50))
        assert path.read_bytes() == b"old" * 1000
        assert list(device.files.rglob(".belay*")) == []


# --- beside pathlib --------------------------------------------------------------------------------

PLACES = st.lists(st.sampled_from(["a", "b c", "ü"]), min_size=1, max_size=3).map("/".join)
SIZES = st.integers(0, 5) | st.just(900)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write_bytes"), PLACES, SIZES),
        st.tuples(st.just("mkdir"), PLACES),
        st.tuples(st.just("make_all"), PLACES),
        st.tuples(st.sampled_from(["read_bytes", "unlink", "rmdir", "exists", "is_dir", "is_file"]), PLACES),
        st.tuples(st.just("touch"), PLACES),
        st.tuples(st.just("replace"), PLACES, PLACES),
    ),
    max_size=12,
)
NAMES_OF_ERRORS = (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError, OSError)


def outcome(step: tuple[Any, ...], top: Any) -> object:
    name, path, *more = step
    if name == "replace":
        more = [top / more[0]]
    elif name == "write_bytes":
        more = [b"123456789" * more[0]]
    options = {}
    if name == "make_all":
        name, options = "mkdir", {"parents": True, "exist_ok": True}
    try:
        found = getattr(top / path, name)(*more, **options)
    except OSError as error:
        return next(kind for kind in NAMES_OF_ERRORS if isinstance(error, kind))
    return None if name == "replace" else found


def differs(step: tuple[Any, ...], host: Path) -> bool:
    """Whether a board does something else on purpose: it never replaces folders, and cannot touch them."""
    if step[0] == "replace":
        return (host / step[2]).is_dir() or (host / step[1]).is_dir()
    return step[0] == "touch" and (host / step[1]).is_dir()


def contents(top: Any) -> dict[str, bytes | None]:
    return {
        path.relative_to(top).as_posix(): path.read_bytes() if path.is_file() else None
        for path in top.rglob("*")
    }


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_the_same_as_pathlib(shared: Device, tmp_path: Path, steps: list[tuple[Any, ...]]) -> None:
    host, board = tmp_path / "host", shared.files / "same"
    shutil.rmtree(host, ignore_errors=True)
    with suppress(FileNotFoundError):
        board.remove_tree()
    host.mkdir()
    board.mkdir()
    for step in steps:
        if differs(step, host):
            continue
        theirs, ours = outcome(step, host), outcome(step, board)
        if isinstance(theirs, type):
            # FAT knows no more than that there is nothing of the kind.
            assert isinstance(ours, type)
            assert ours is theirs or {ours, theirs} == {FileNotFoundError, NotADirectoryError}
        else:
            assert ours == theirs, step
    assert contents(board) == contents(host)
    board.remove_tree()
