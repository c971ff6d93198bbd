"""``belay sync``."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest
from patience import SOON

from .conftest import Belay, Start, files_in, write_files

SOURCE = {"main.py": "print(1)  # one\n", "lib/a.py": "A = 1\n", "data.txt": "# stays\n", "x.pyc": "no"}


@pytest.fixture
def source(board: Path) -> Path:
    (board / "lib").rmdir()
    write_files(Path("src"), SOURCE)
    return Path("src")


def test_a_folder(belay: Belay, board: Path, source: Path) -> None:
    result = belay("sync", "src")
    assert (result.code, result.out) == (0, "")
    assert result.err.startswith("sent: 3 files (19 B); ")
    assert result.err.endswith(" free\n")
    found = {path: data.strip() for path, data in files_in(board).items()}
    assert found == {"main.py": b"print(1)", "lib/a.py": b"A=1", "data.txt": b"# stays"}
    result = belay("sync", "src")
    assert result.err.startswith("sent: 0 files (0 B); skipped: 3; ")


def test_what_was_put_there_and_is_gone_here_is_deleted(belay: Belay, board: Path, source: Path) -> None:
    write_files(board, {"theirs.py": "1", "own/log": "2"})
    assert belay("sync", "src").err.endswith(
        "2 files on the board are not from here (--delete removes them)\n"
    )
    (source / "lib/a.py").unlink()
    result = belay("sync", "src", "-v", "--keep-all")
    assert "deleted" not in result.err
    result = belay("sync", "src", "-v")
    assert "\ndeleted: lib/a.py\n" in result.err
    assert "; deleted: 1; " in result.err
    assert files_in(board).keys() == {"main.py", "data.txt", "theirs.py", "own/log"}


def test_dry_run(belay: Belay, board: Path, source: Path) -> None:
    result = belay("sync", "src", "--dst", "/app", "-n")
    assert (result.code, result.out) == (0, "+ data.txt\n+ lib/\n+ lib/a.py\n+ main.py\n")
    assert result.err == "would send: 3 files (19 B)\n"
    assert not (board / "app").exists()
    assert belay("sync", "src", "--dst", ":app").code == 0
    before = files_in(board)
    write_files(source, {"main.py": "print(2)", "lib/b.py": "B = 1"})
    (source / "data.txt").unlink()
    write_files(board, {"app/old/x": "", "app/y": ""})
    result = belay("sync", "src", "--dst", "app", "--delete", "--keep", "y", "--dry-run")
    assert result.out == "+ lib/b.py\n~ main.py\n- data.txt\n- old/\n- old/x\n"
    assert result.err.startswith("would send: 2 files (")
    assert result.err.endswith("; would skip: 1; would delete: 3\n")
    assert files_in(board) == {**before, "app/old/x": b"", "app/y": b""}


def test_delete_asks_first(belay: Belay, board: Path, source: Path) -> None:
    write_files(board, {"theirs.py": "1", "boot.py": "2", "own/log": "3"})
    for options in (["--delete", "--keep", "boot.py"], ["--keep", "boot.py"], ["--keep=/boot.py", "--json"]):
        result = belay("sync", "src", *options)
        assert (result.code, result.out) == (2, "")
        assert "error: On the board own/, own/log, theirs.py would be deleted, and nobody" in result.err
    assert files_in(board).keys() == {"theirs.py", "boot.py", "own/log"}
    result = belay("sync", "src", "--delete", "--keep", "boot.py", "--yes")
    assert result.code == 0
    assert "deleted: 3" in result.err
    assert files_in(board).keys() == {"main.py", "data.txt", "lib/a.py", "boot.py"}
    # There is nothing more to be asked about.
    assert belay("sync", "src", "--keep", "boot.py").code == 0


@pytest.mark.skipif(os.name == "nt", reason="there are no pseudo-terminals")
@pytest.mark.parametrize("answer", ["y", "n"])
def test_somebody_at_a_terminal_is_asked(start: Start, board: Path, source: Path, answer: str) -> None:
    write_files(board, {f"old{number:02}": "" for number in range(22)})
    ours, theirs = os.openpty()
    try:
        environment = {**os.environ, "TERM": "dumb"}
        process = start("sync", "src", "--delete", stdin=theirs, env=environment)
        os.write(ours, f"{answer}\n".encode())
        out, err = process.communicate(timeout=60)
    finally:
        os.close(ours)
        os.close(theirs)
    assert (process.returncode, out) == (0, b"")
    text = err.decode()
    assert text.startswith("- old00\n")
    assert "- old19\nand 2 more\nDelete these on the board? [y/N] " in text
    assert ("deleted: 22" in text) == (answer == "y")
    assert ("nothing was done" in text) == (answer == "n")
    assert ("old00" in files_in(board)) == ("main.py" not in files_in(board)) == (answer == "n")


@pytest.mark.usefixtures("source")
@pytest.mark.parametrize(
    ("option", "names", "content"),
    [
        ("--raw", {"main.py", "lib/a.py", "data.txt"}, b"A = 1\n"),
        ("--minify", {"main.py", "lib/a.py", "data.txt"}, None),
        ("--mpy", {"main.py", "lib/a.mpy", "data.txt"}, None),
    ],
)
def test_forms(belay: Belay, board: Path, option: str, names: set[str], content: bytes | None) -> None:
    result = belay("sync", "src", option)
    assert result.code == 0, result.err
    assert files_in(board).keys() == names
    assert content is None or files_in(board)["lib/a.py"] == content


def test_what_is_ignored(belay: Belay, board: Path, source: Path) -> None:
    assert belay("sync", "src", "--ignore", "*.txt", "--ignore", "/lib/", "--ignore", "!x.pyc").code == 0
    assert files_in(board).keys() == {"main.py", "x.pyc"}


def test_a_file(belay: Belay, board: Path, source: Path) -> None:
    assert belay("sync", "src/data.txt", "--dst=/x").code == 0
    assert files_in(board) == {"x/data.txt": b"# stays\n"}


@pytest.mark.skipif(os.name == "nt", reason="links there need a right of their own")
def test_links_that_lead_out(belay: Belay, board: Path, source: Path) -> None:
    write_files(Path("elsewhere"), {"y": "1"})
    (source / "link").symlink_to(Path("elsewhere").absolute())
    result = belay("sync", "src")
    assert result.code == 7
    assert "link" in result.err
    assert belay("sync", "src", "--outside-links").code == 0
    assert files_in(board)["link/y"] == b"1"


def test_json(belay: Belay, board: Path, source: Path) -> None:
    write_files(board, {"theirs": ""})
    plan, done = (json.loads(belay("sync", "src", "--json", *more).out) for more in (["-n"], []))
    assert (plan["done"], done["done"]) == (False, True)
    assert (plan["seconds"], plan["free"]) == (None, None)
    assert done["seconds"] > 0
    assert done["free"] > 0
    for page in (plan, done):
        assert sorted(page["sent"]) == ["data.txt", "lib/a.py", "main.py"]
        assert (page["skipped"], page["deleted"], page["unknown"], page["dst"]) == ([], [], ["theirs"], "/")
        assert page["bytes"] == sum(map(len, files_in(board).values()))
        assert page["warnings"] == []
    assert plan.keys() == done.keys()


def test_warnings_are_talk(belay: Belay, board: Path, source: Path) -> None:
    """A compiler of another version makes what the board cannot import."""
    compiler = Path("mpy-cross").absolute()
    compiler.write_text("#!/bin/sh\necho 'MicroPython v1.0; mpy-cross emitting mpy v1.0'\n", encoding="utf-8")
    compiler.chmod(0o755)
    result = belay("sync", "src", "--mpy-cross", str(compiler))
    assert (result.code, result.out) == (0, ""), result.err
    assert result.err.startswith("warning: ")
    assert files_in(board).keys() == {"main.py", "lib/a.py", "data.txt"}


@pytest.mark.usefixtures("source")
@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ([], 2, "Missing argument 'FOLDER'."),
        (["virtual:"], 2, "Missing argument 'FOLDER': 'virtual:' names a board."),
        (["src", "more"], 2, "Got 2 arguments where at most PORT and FOLDER can be."),
        (["src", "--keep-all", "--delete"], 2, "--keep-all excludes --delete and --keep."),
        (["src", "--keep-all", "--keep", "x"], 2, "--keep-all excludes --delete and --keep."),
        (["no"], 7, "no: there is no such file or folder"),
        (["src", "--dst", "/x"], 7, "/x: it is a file on the board"),
        (["src", "--dst", "../x"], 7, "../x: the path leads out of the board"),
    ],
)
def test_what_cannot_be(belay: Belay, board: Path, words: list[str], code: int, message: str) -> None:
    write_files(board, {"x": ""})
    result = belay("sync", *words)
    assert (result.code, result.out) == (code, "")
    assert f"error: {message}\n" in result.err
    assert files_in(board) == {"x": b""}


@pytest.mark.skipif(os.name == "nt", reason="there are no such signals")
def test_ctrl_c_leaves_whole_files(start: Start, belay: Belay, board: Path, tmp_path: Path) -> None:
    write_files(board, {"x": "old"})
    large = tmp_path / "src"
    large.mkdir()
    (large / "x").write_bytes(os.urandom(20_000_000))
    process = start("sync", str(large))
    end = time.monotonic() + SOON
    while not any(path.name == ".belay.new" for path in board.iterdir()):
        assert time.monotonic() < end
        with suppress(subprocess.TimeoutExpired):
            raise AssertionError(process.wait(0.01))
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert process.stderr is not None
    assert process.stderr.read().split(b"\n")[-3:] == [
        b"interrupted", b"note: each file on the board is whole; another sync does what is left", b"",
    ]  # fmt: skip
    assert files_in(board) == {"x": b"old"}
    (large / "x").write_bytes(b"new")
    assert belay("sync", str(large)).code == 0
    assert files_in(board) == {"x": b"new"}
