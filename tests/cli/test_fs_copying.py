"""``belay fs cp``, ``get`` and ``put``."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from patience import SOON

from belay.cli.fs import host

from .conftest import Belay, Start, files_in, write_files

RANDOM = random.Random(6).randbytes(100_000)
ODD = ('it\'s "q".py', "ü b", "a\\b" if os.name != "nt" else "ab", "[x]*", "n" * 255)
HERE = Path()
MOUNT = """
import vfs
class Disk:
    def __init__(self): self.data = bytearray(32 * 1024)
    def readblocks(self, n, buf, off=0): buf[:] = self.data[n * 512 + off:][:len(buf)]
    def writeblocks(self, n, buf, off=0): self.data[n * 512 + off:n * 512 + off + len(buf)] = buf
    def ioctl(self, op, arg): return {4: 64, 5: 512, 6: 0}.get(op)
disk = Disk()
vfs.VfsFat.mkfs(disk)
vfs.mount(vfs.VfsFat(disk), '/fixed', readonly=True)
"""


@pytest.mark.parametrize("kind", ["lfs2", "fat"])
def test_there_and_back(belay: Belay, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the file systems of real boards."""
    image = tmp_path / "image"
    monkeypatch.setenv("BELAY_DEVICE", f"virtual:?heap=128k&fs={kind}:256k&image={image}")
    monkeypatch.chdir(tmp_path)
    Path("src/lib").mkdir(parents=True)
    Path("src/a b.py").write_bytes(RANDOM)
    Path("src/lib/ü.py").write_bytes(b"# comment\n")
    Path("src/empty").mkdir()
    assert belay("fs", "put", "-r", "src").err == ""
    assert belay("fs", "cp", "-r", ":src", ":copy").err == ""
    assert belay("fs", "mv", ":copy/a b.py", ":copy/lib/ü.py").err == ""
    assert belay("fs", "get", "-r", ":", "back").err == ""
    assert files_in(tmp_path / "back") == {
        "copy/lib/ü.py": RANDOM, "src/a b.py": RANDOM, "src/lib/ü.py": b"# comment\n",
    }  # fmt: skip
    assert Path("back/src/empty").is_dir()


def test_files_go_where_they_are_meant_to(belay: Belay, board: Path) -> None:
    write_files(HERE, {"a.py": "1", "b.py": "# 2", "lib/c.py": "3"})
    for words in (
        ["cp", "a.py", ":"], ["cp", "a.py", "b.py", ":lib"], ["cp", "a.py", ":/x"], ["put", "b.py"],
        ["put", "a.py", "b.py", ":lib/"], ["cp", ":a.py", ":lib/a.bak"], ["cp", ":*.py", ":lib/"],
    ):  # fmt: skip
        result = belay("fs", *words)
        assert (result.code, result.out, result.err) == (0, "", "")
    assert files_in(board) == {
        "a.py": b"1", "b.py": b"# 2", "x": b"1", "lib/a.py": b"1", "lib/b.py": b"# 2", "lib/a.bak": b"1",
    }  # fmt: skip
    for words in (
        ["get", ":x"], ["get", "x", "y"], ["get", ":lib/*.py", "lib"], ["cp", ":x", "lib/."],
        ["cp", ":lib/a.bak", str(Path("lib").absolute())],
    ):  # fmt: skip
        assert belay("fs", *words).code == 0
    assert files_in(HERE) == {
        "a.py": b"1", "b.py": b"# 2", "lib/c.py": b"3", "x": b"1", "y": b"1", "lib/a.py": b"1",
        "lib/b.py": b"# 2", "lib/x": b"1", "lib/a.bak": b"1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("src", ":", {"src/x", "src/in/y"}),
        ("src", ":lib", {"lib/src/x", "lib/src/in/y"}),
        ("src/", ":lib", {"lib/src/x", "lib/src/in/y"}),
        ("src/.", ":lib", {"lib/x", "lib/in/y"}),
        ("src", ":new", {"new/x", "new/in/y"}),
    ],
)
def test_folders(belay: Belay, board: Path, source: str, target: str, expected: set[str]) -> None:
    write_files(HERE, {"src/x": "1", "src/in/y": "2", "src/in/__pycache__/z": "3"})
    (HERE / "src/in/__pycache__/z").unlink()
    assert belay("fs", "cp", "-r", source, target).err == ""
    assert files_in(board).keys() == expected
    # Nothing is recorded of it, so that no sync deletes it.
    assert not (board / ".belay").exists()
    back = target.removeprefix(":") or "src"
    assert belay("fs", "get", "-r", f":{back}/.", "back/").code == 7
    (HERE / "back").mkdir()
    assert belay("fs", "get", "-r", f":{back}/.", "back/").err == ""
    assert set(files_in(HERE / "back")) == {path.removeprefix(f"{back}/") for path in expected}


def test_of_a_folder_only_what_differs_is_sent(belay: Belay, board: Path) -> None:
    write_files(HERE, {"src/a": "1", "src/b": "2"})
    write_files(board, {"src/a": "1", "src/b": "x", "src/c": "3"})
    before = (board / "src/a").stat().st_ino
    assert belay("fs", "cp", "-r", "src", ":").err == ""
    assert files_in(board) == {"src/a": b"1", "src/b": b"2", "src/c": b"3"}
    assert (board / "src/a").stat().st_ino == before
    assert belay("fs", "cp", "-rf", "src", ":").err == ""
    assert (board / "src/a").stat().st_ino != before
    assert files_in(board) == {"src/a": b"1", "src/b": b"2", "src/c": b"3"}


@pytest.mark.parametrize("name", ODD, ids=range(len(ODD)))
def test_odd_names(belay: Belay, board: Path, name: str) -> None:
    (HERE / name).write_bytes(RANDOM[:5000])
    quoted = name.replace("[", "[[]").replace("*", "[*]")
    assert belay("fs", "put", f"./{name}").err == ""
    assert files_in(board) == {name: RANDOM[:5000]}
    (HERE / name).unlink()
    assert belay("fs", "get", f":{quoted}").err == ""
    assert files_in(HERE) == {name: RANDOM[:5000]}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["cp", "no", ":"], "no: there is no such file or folder"),
        (["cp", ":no", "."], ":no: there is no such file or folder on the board"),
        (["cp", "src", ":"], "src: it is a folder\nhint: -r copies it with all that is in it"),
        (["cp", "a", "src", ":lib"], "src: it is a folder"),
        (["cp", ":lib", "."], ":lib: it is a folder"),
        (
            ["cp", "a", "src/b", ":new"],
            ":new: there is no such folder on the board\nhint: `belay fs mkdir",
        ),
        (["cp", "a", ":new/x"], ":new: there is no such folder on the board"),
        (["cp", "a", ":new/"], ":new/: there is no such folder on the board"),
        (["cp", "a", "src/b", ":x"], ":x: it is a file on the board"),
        (["cp", "a", "src/a", ":lib"], "a and src/a would both become :lib/a"),
        (["cp", "a", ":lib/d"], None),
        (["cp", ":x", ":/x"], ":/x and :/x are the same file"),
        (["cp", "-r", ":lib", ":lib/d"], ":lib cannot be copied to :lib/d/lib, which lies in it"),
        (["cp", "-r", ":", ":new"], ":/ cannot be copied to :new, which lies in it"),
        (["get", ":x", "no/y"], "no: there is no such folder\nhint: make it first"),
        (["get", ":x", "no/"], "no/: there is no such folder\nhint: make it first"),
        (["get", ":x", ":lib", "a"], ":lib: it is a folder"),
        (["get", "-r", ":lib", "a"], "a: File exists"),
        (["put", "-r", "src", ":x"], "/x: it is a file on the board"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_copied(belay: Belay, board: Path, words: list[str], message: str | None) -> None:
    write_files(HERE, {"a": "1", "src/a": "2", "src/b": "3"})
    write_files(board, {"x": "4", "lib/d/a/y": "5"})
    before = files_in(board), files_in(HERE)
    result = belay("fs", *words)
    assert result.code == 7
    assert result.err.startswith(f"error: {message or ''}")
    assert (files_in(board), files_in(HERE)) == before


def test_names_that_this_computer_cannot_have(
    belay: Belay, board: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows a backslash separates folders: this one would lead out."""
    if os.name == "nt":
        pytest.skip("the virtual board's files are this computer's")
    monkeypatch.setattr(host, "IS_WINDOWS", True)
    write_files(board, {"ok": "1", "..\\out": "2", "lib/..\\..\\out": "3"})
    Path("into").mkdir()
    for words in (["get", ":.*out", "into"], ["get", "-r", ":lib", "into"], ["cp", "-r", ":", "new"]):
        result = belay("fs", *words)
        assert result.code == 7
        assert "\\' in it, which Windows does not allow\nhint: copy it by itself" in result.err
    assert belay("fs", "get", ":..\\out", "mine").code == 0
    assert files_in(HERE) == {"mine": b"2"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["cp", "a", "b"],
            "Both sides are this computer's; a path of the board begins with a colon.\n",
        ),
        (["cp", ":a", "b", "c"], "Both sides"),
        (["cp", "a"], "Missing argument 'SOURCE TARGET'."),
        (["cp", "a0", ":"], "Missing argument 'SOURCE TARGET'."),
        (["put", ":a"], "The files that are put on a board are this computer's"),
        (["put", ":a", ":b"], "The files that are put on a board are this computer's"),
        (["put", "a0"], "Missing argument 'SOURCE': 'a0' names a board.\nhint: ./a0 would be"),
        (["get"], "Missing argument 'SOURCE'."),
        (["get", ":x", "/dev/ttyACM0"], "'/dev/ttyACM0' names a board: that is the first word.\nhint: belay"),
        (["cp", "x", "/dev/ttyACM0", ":"], "'/dev/ttyACM0' names a board"),
        (["put", "x", "a0"], "'a0' names a board: that is the first word.\nhint: ./a0 would be"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use(belay: Belay, words: list[str], message: str) -> None:
    result = belay("fs", *words)
    assert (result.code, result.out) == (2, "")
    assert f"\nerror: {message}" in result.err


def test_a_full_board_keeps_what_it_had(
    belay: Belay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BELAY_DEVICE", f"virtual:?fs=lfs2:64k&image={tmp_path / 'image'}")
    write_files(tmp_path, {"src/main.py": "old"})
    assert belay("fs", "put", "src/main.py").code == 0
    Path("src/main.py").write_bytes(RANDOM)
    for words in (["put", "src/main.py"], ["put", "-r", "src"], ["cp", "-rf", "src/.", ":"]):
        result = belay("fs", *words)
        assert result.code == 7
        assert result.err.count("error: ") == result.err.count("hint: ") == 1
    assert belay("fs", "tree", "-s").out == ":/\n└── [3]  main.py\n"
    assert belay("fs", "cat", "main.py").out == "old"


def test_what_cannot_be_written_says_so(belay: Belay, board: Path) -> None:
    """The interpreter goes on from command to command, and so does what is mounted in it."""
    assert belay("exec", "--no-reset", MOUNT).err == ""
    (HERE / "x").write_bytes(b"new")
    try:
        for words in (["put", "x", ":fixed"], ["put", "-r", ".", ":fixed"], ["touch", ":fixed/y"]):
            result = belay("fs", *words)
            assert result.code == 7
            assert "the board's file system is read-only\nhint: CircuitPython" in result.err
        assert belay("fs", "ls", ":fixed").out == ""
    finally:
        assert belay("exec", "--no-reset", "vfs.umount('/fixed')").err == ""


@pytest.fixture
def interrupt(start: Start) -> Callable[..., bytes]:
    """Runs a command until something begins in a folder, and stops it with Ctrl-C."""

    def run(folder: Path, *words: str) -> bytes:
        process = start("fs", *words)
        end = time.monotonic() + SOON
        while not any(path.stat().st_size for path in folder.iterdir() if path.name.startswith(".belay")):
            assert time.monotonic() < end
            with suppress(subprocess.TimeoutExpired):
                raise AssertionError(process.wait(0.01))
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr is not None
        errors: bytes = process.stderr.read()
        return errors

    return run


@pytest.mark.skipif(os.name == "nt", reason="there are no such signals")
def test_ctrl_c_leaves_nothing_of_what_was_half_done(interrupt: Callable[..., bytes], tmp_path: Path) -> None:
    folder, here = tmp_path / "board", tmp_path / "here"
    write_files(folder, {"x": "old", "lib/x": "other"})
    write_files(here, {"x": "mine"})
    with (folder / "big").open("wb") as file:
        file.truncate(4 << 30)
    port = f"virtual:{folder}"
    assert interrupt(here, "get", port, ":big", str(here / "x")).strip() == b"interrupted"
    assert files_in(here) == {"x": b"mine"}
    (tmp_path / "big").write_bytes(RANDOM * 300)
    assert interrupt(folder, "put", port, str(tmp_path / "big"), ":x").strip() == b"interrupted"
    (folder / "big").unlink()
    assert files_in(folder) == {"x": b"old", "lib/x": b"other"}
