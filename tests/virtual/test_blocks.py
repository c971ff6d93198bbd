"""A board's files, on the host's folder and on file systems of the board's own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from belay.exceptions import BoardCrashedError

from .conftest import PROMPT, RAW_PROMPT, Keyboard, MakeBoard

OWN = ["lfs2:128k", "fat:128k"]
EVERY = ["host", *OWN]
MORE = ["lfs2:128k:512", "fat:256k:4096"]

TOOLS = """
import os
def write(name, data):
    with open(name, 'wb') as file: return file.write(data)
def read(name):
    with open(name, 'rb') as file: return file.read()
def attempt(function, *values):
    try: return function(*values)
    except OSError as error: return error.errno
"""
ENOENT, EIO, EEXIST, ENOSPC = 2, 5, 17, 28


@pytest.fixture(params=EVERY)
def board(request: pytest.FixtureRequest, make_board: MakeBoard) -> Keyboard:
    """A small board in raw mode that has what the tests use."""
    keyboard = make_board(f"?heap=128k&fs={request.param}")
    keyboard.run(TOOLS)
    return keyboard


def own(make_board: MakeBoard, kind: str, image: Path, *, raw: bool = True) -> Keyboard:
    keyboard = make_board(f"?heap=128k&fs={kind}&image={image}", raw=raw)
    if raw:
        keyboard.run(TOOLS)
    return keyboard


def soft_reset(keyboard: Keyboard) -> None:
    keyboard.type(b"\x04")
    keyboard.until(RAW_PROMPT)


def test_writing_and_reading(board: Keyboard) -> None:
    assert board.text("print(write('/a', b'one'), read('/a'), write('/a', b'2'), read('/a'))") == (
        "3 b'one' 1 b'2'"
    )
    assert board.text("print(write('/none', b''), read('/none'), os.stat('/none')[6])") == "0 b'' 0"
    board.run("data = bytes(range(256)) * 40; write('/large', data)")
    assert board.text("print(read('/large') == data, os.stat('/large')[6])") == "True 10240"
    board.run("file = open('/large', 'r+b'); file.seek(1000); file.write(b'middle'); file.close()")
    assert board.text("print(read('/large') == data[:1000] + b'middle' + data[1006:])") == "True"
    board.run("file = open('/a', 'a'); file.write('added'); file.close()")
    assert board.text("print(read('/a'), attempt(read, '/b'))") == f"b'2added' {ENOENT}"


def test_folders(board: Keyboard) -> None:
    board.run("for name in ('/d', '/d/e', '/d/e/f'): os.mkdir(name)\nwrite('/d/e/f/g', b'deep')")
    assert board.text("print(read('/d/e/f/g'), attempt(os.mkdir, '/d'))") == f"b'deep' {EEXIST}"
    assert board.text("print([entry[:2] + entry[3:] for entry in os.ilistdir('/d/e/f')])") == (
        "[('g', 32768, 4)]"
    )
    assert board.text("print(attempt(os.rmdir, '/d/e/f') in (13, 39), os.listdir('/d/e'))") == "True ['f']"
    board.run("os.chdir('/d/e'); write('here', b''); os.remove('f/g'); os.rmdir('f')")
    assert board.text("print(os.getcwd(), os.listdir(), attempt(os.remove, 'f'))") == (
        f"/d/e ['here'] {ENOENT}"
    )


def test_renaming_over_a_file(board: Keyboard) -> None:
    board.run("os.mkdir('/d'); write('/old', b'old'); write('/d/new', b'new')")
    board.run("os.rename('/d/new', '/old')")
    assert board.text("print(read('/old'), os.listdir('/d'), attempt(os.rename, '/x', '/y'))") == (
        f"b'new' [] {ENOENT}"
    )
    board.run("os.rename('/d', '/moved')")
    assert board.text("print(os.stat('/moved')[0] & 0x4000, attempt(os.stat, '/d'))") == f"16384 {ENOENT}"


def test_names(board: Keyboard) -> None:
    # How long a name may be on a host's folder is the host's business.
    names = ["a b", "grüße.txt", "日本.py", "MiXed", "no.dot.s", "x" * (255 if board.board.flash else 200)]
    board.run(
        f"os.mkdir('/names'); names = {names!r}\nfor name in names: write('/names/' + name, name.encode())"
    )
    assert board.text("print(sorted(os.listdir('/names')) == sorted(names))") == "True"
    assert board.text("print(all(read('/names/' + name).decode() == name for name in names))") == "True"
    assert board.text("print(attempt(write, '/' + 'x' * 256, b'') in (22, 36))") == "True"


def test_importing(board: Keyboard) -> None:
    board.run("write('/mine.py', b'word = 1')\nif 'lib' not in os.listdir('/'): os.mkdir('/lib')")
    board.run("os.mkdir('/lib/pack'); write('/lib/pack/__init__.py', b'from .part import word')")
    board.run("write('/lib/pack/part.py', b'word = 2')")
    assert board.text("import mine, pack; print(mine.word, pack.word)") == "1 2"


def test_the_heap_is_left_to_programs(board: Keyboard) -> None:
    """Measured of 128 KiB: 113 on the host's folder, 111.5 with LittleFS, 110 with FAT."""
    assert int(board.text("import gc; gc.collect(); print(gc.mem_free())")) > 107_000


@pytest.mark.parametrize("kind", OWN + MORE)
def test_a_fresh_file_system(make_board: MakeBoard, kind: str) -> None:
    board = make_board(f"?fs={kind}")
    size, block = ([int(part.rstrip("k")) for part in kind.split(":")[1:]] + [0])[:2]
    block = block or (4096 if kind.startswith("lfs2") else 512)
    assert board.text("import os, sys; print(os.listdir(), os.getcwd(), sys.path)") == (
        "[] / ['', '.frozen', '/lib']"
    )
    facts = [int(fact) for fact in board.text("print(*os.statvfs('/'))").split()]
    assert facts[0] == block
    assert (
        size * 1024 * 0.8 < facts[0] * facts[3] < facts[0] * facts[2] <= size * 1024 or facts[3] == facts[2]
    )
    assert facts[9] == 255


@pytest.mark.parametrize("kind", OWN + MORE)
def test_a_full_disk(make_board: MakeBoard, tmp_path: Path, kind: str) -> None:
    board = own(make_board, kind, tmp_path / "image")
    board.run("write('/keep', b'k' * 5000)")
    board.run(
        "def fill(name):\n with open(name, 'wb') as file:\n  while True: file.write(bytes(1000))\n"
        "def free():\n facts = os.statvfs('/')\n return facts[0] * facts[3]\n"
    )
    assert board.text("print(free() > 100_000, attempt(fill, '/big'))") == f"True {ENOSPC}"
    board.run("os.remove('/big')")
    assert board.text("print(read('/keep') == b'k' * 5000, free() > 100_000)") == "True True"
    assert board.text("print(write('/again', bytes(50_000)))") == "50000"


@pytest.mark.parametrize("kind", OWN)
def test_files_stay_over_resets_and_boards(make_board: MakeBoard, tmp_path: Path, kind: str) -> None:
    image = tmp_path / "image"
    board = own(make_board, kind, image)
    board.run("write('/a', b'1')")
    soft_reset(board)
    board.run(TOOLS + "write('/b', read('/a') + b'2')")
    board.type(b"import machine; machine.reset()\x04")
    board.prompt()
    board.raw()
    board.run(TOOLS + "write('/c', read('/b') + b'3')")
    board.board.close()
    again = own(make_board, kind.partition(":")[0], image)
    assert again.text("print(os.listdir(), read('/c'))") == "['a', 'b', 'c'] b'123'"


@pytest.mark.parametrize("kind", OWN)
@pytest.mark.parametrize("reset", ["", "import sys; sys.exit()", "import machine; machine.soft_reset()"])
def test_a_soft_reset_closes_files(make_board: MakeBoard, kind: str, reset: str) -> None:
    board = make_board(f"?fs={kind}")
    board.run("file = open('/log', 'w'); file.write('last words')")
    board.type(reset.encode() + b"\x04")
    board.until(RAW_PROMPT)
    assert board.text("print(open('/log').read())") == "last words"


@pytest.mark.parametrize("kind", OWN)
def test_a_hard_reset_does_not(make_board: MakeBoard, kind: str) -> None:
    board = make_board(f"?fs={kind}")
    board.run("file = open('/log', 'w'); file.write('last words')")
    board.type(b"import machine; machine.reset()\x04")
    board.prompt()
    board.raw()
    assert board.text("print(open('/log').read())") == ""


@pytest.mark.parametrize("kind", OWN)
def test_boot_and_main_run_from_it(make_board: MakeBoard, tmp_path: Path, kind: str) -> None:
    board = own(make_board, kind, tmp_path / "image")
    board.run("write('/boot.py', b'print(\"boot\")'); write('/main.py', b'print(\"main\", __name__)')")
    board.type(b"\x04")
    assert b"boot\r\nraw REPL" in board.until(RAW_PROMPT)
    board.type(b"\x02")
    board.prompt()
    board.type(b"\x04")
    assert b"boot\r\nmain __main__\r\nMicroPython " in board.prompt()


@pytest.mark.parametrize("kind", OWN)
def test_interrupts_leave_the_file_system_whole(make_board: MakeBoard, tmp_path: Path, kind: str) -> None:
    """Ctrl-C comes between two calls of the file system and never inside of one."""
    board = own(make_board, kind, tmp_path / "image")
    board.run("write('/keep', b'k' * 9000)")
    for _ in range(20):
        board.start("print('go')\nwhile True: write('/new', b'n' * 9000); os.rename('/new', '/old')")
        board.until(b"go\r\n")
        board.type(b"\x03")
        assert b"KeyboardInterrupt" in board.finish()[1]
    check = (
        "print(read('/keep') == b'k' * 9000, len(read('/old')), write('/x', b'x'), os.listdir().count('old'))"
    )
    assert board.text(check) == "True 9000 1 1"
    board.board.close()
    assert own(make_board, kind, tmp_path / "image").text(check) == "True 9000 1 1"


@pytest.mark.parametrize("kind", OWN)
def test_an_image_that_is_something_else(make_board: MakeBoard, tmp_path: Path, kind: str) -> None:
    """It is told, and left alone."""
    image = tmp_path / "image"
    content = b"a diary" * 2**14 + bytes(2**14)
    image.write_bytes(content)
    board = make_board(f"?fs={kind}&image={image}", raw=False)
    board.until_gone()
    error = board.board.death(20)
    assert isinstance(error, BoardCrashedError)
    assert f"image holds no whole {kind.partition(':')[0]} with blocks of" in str(error)
    board.board.close()
    assert image.read_bytes() == content


def test_an_image_that_is_cut_off_while_the_board_runs(make_board: MakeBoard, tmp_path: Path) -> None:
    board = own(make_board, "fat:128k", tmp_path / "image")
    board.run("write('/a', bytes(20_000)); file = open('/a', 'rb')")
    os.truncate(tmp_path / "image", 1024)
    assert board.text("print(attempt(file.read))") == str(EIO)


def test_the_image_in_the_boards_folder(make_board: MakeBoard, root: Path) -> None:
    board = make_board(f"{root}?fs=lfs2:128k")
    assert board.board.flash is not None
    assert board.board.flash.image == root / "flash.lfs2"
    assert [path.name for path in root.iterdir()] == ["flash.lfs2"]
    assert board.text("import os; print(os.listdir())") == "[]"


def test_a_board_without_a_folder_leaves_nothing(make_board: MakeBoard) -> None:
    board = make_board("?fs=fat:128k")
    assert board.board.flash is not None
    image = board.board.flash.image
    assert image.exists()
    board.board.close()
    assert not image.parent.exists()


def test_the_unique_id_belongs_to_the_image(make_board: MakeBoard, tmp_path: Path) -> None:
    ask = "import machine; print(machine.unique_id().hex())"
    ids = []
    for name in ("one", "two", "one"):
        board = make_board(f"?fs=lfs2&image={tmp_path / name}")
        ids.append(board.text(ask))
        board.board.close()
    assert ids[0] == ids[2] != ids[1]


def test_the_program_does_not_see_the_host(make_board: MakeBoard) -> None:
    board = make_board("?fs=lfs2")
    assert board.text("import os, sys, vfs; print([place for _, place in vfs.mount()], os.listdir('/'))") == (
        "['/'] []"
    )
    assert board.text("print('_blocks' in sys.modules, '_flash' in sys.modules)") == "False False"
    board.type(b"\x02")
    assert board.until(PROMPT)
