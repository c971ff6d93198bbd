from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from belay.cli import exits

from .conftest import Belay, Start


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_board_on_a_pty(start: Start, belay: Belay, number: int, tmp_path: Path) -> None:
    server = start("virtual", str(tmp_path / "files"), "--heap", "300k")
    port = server.stdout.readline().decode().strip()
    assert port.startswith("/dev/")
    result = belay("exec", port, "open('kept', 'w').close(); import gc; print(gc.mem_free() < 300_000)")
    assert (result.code, result.out) == (0, "True\n")
    assert belay("eval", port, "'kept' in os.listdir()").out == "True\n"
    server.send_signal(number)
    out, err = server.communicate(timeout=20)
    assert (server.returncode, out) == (0, b"")
    assert b"Traceback" not in err
    assert (tmp_path / "files" / "kept").exists()


def test_a_board_on_a_tcp_port(start: Start, belay: Belay) -> None:
    server = start("-q", "virtual", "--tcp", "0", "--raw-output")
    address = server.stdout.readline().decode().strip()
    assert address.startswith("socket://127.0.0.1:")
    assert belay("exec", address, "print('by socket')").out == "by socket\n"
    server.terminate()
    _, err = server.communicate(timeout=20)
    assert (server.returncode, err) == (0, b"")


def test_a_board_by_webrepl(
    start: Start, belay: Belay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start("virtual", "--webrepl", "0", "--password", "pass", str(tmp_path))
    address = server.stdout.readline().decode().strip()
    assert address.startswith("ws://127.0.0.1:")
    monkeypatch.setenv("BELAY_PASSWORD", "pass")
    assert belay("exec", address, "import os; os.mkdir('kept'); print('by WebREPL')").out == "by WebREPL\n"
    assert (tmp_path / "kept").is_dir()
    for way in ("--soft", "--hard"):
        assert belay("reset", way, address).code == 0
    result = belay("eval", "--password", "wrong", address, "1")
    assert (result.code, result.err.splitlines()[0]) == (
        exits.CONNECTION,
        f"error: {address}: the password is wrong",
    )
    server.terminate()
    _, err = server.communicate(timeout=20)
    assert (server.returncode, b"Traceback" in err) == (0, False)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--pty", "--tcp", "0"], "exclude each other"),
        (["--webrepl", "0", "--link", "x"], "exclude each other"),
        (["--webrepl", "0", "--fs", "lfs2:1M"], "--fs host"),
    ],
)
def test_ways_that_do_not_go_together(belay: Belay, options: list[str], words: str) -> None:
    result = belay("virtual", *options)
    assert (result.code, words in result.err) == (2, True)


def test_a_password_that_no_board_can_have(belay: Belay) -> None:
    result = belay("virtual", "--webrepl", "0", "--password", "0123456789")
    assert (result.code, "1 to 9 bytes" in result.err) == (2, True)


def test_a_bad_heap(belay: Belay) -> None:
    result = belay("virtual", "--heap", "much")
    assert result.code == 2
    assert "heap must be a number" in result.err


def test_a_board_with_a_file_system_of_its_own(start: Start, belay: Belay, tmp_path: Path) -> None:
    server = start("virtual", "--fs", "fat:256k", "--image", str(tmp_path / "image"))
    port = server.stdout.readline().decode().strip()
    result = belay("eval", port, "os.statvfs('/')[0] * os.statvfs('/')[2]")
    assert (result.code, 200 * 1024 < int(result.out) < 256 * 1024) == (0, True)
    server.terminate()
    server.communicate(timeout=20)
    assert (tmp_path / "image").stat().st_size == 256 * 1024


def test_a_bad_file_system(belay: Belay) -> None:
    result = belay("virtual", "--fs", "ext4:1M")
    assert result.code == 2
    assert "fs must be one of host, lfs2, fat" in result.err


def test_an_image_that_is_in_use(start: Start, belay: Belay, tmp_path: Path) -> None:
    image = str(tmp_path / "image")
    assert start("virtual", "--fs", "lfs2", "--image", image).stdout.readline()
    result = belay("eval", f"virtual:?fs=lfs2&image={image}", "1")
    assert (result.code, result.err) == (
        exits.CONNECTION,
        f"error: another virtual board uses {image}\nhint: close it first, or take another image\n",
    )


def test_a_terminal_is_asked_for_the_password(start: Start, tmp_path: Path) -> None:
    server = start("virtual", "--webrepl", "0", "--password", "pass")
    address = server.stdout.readline().decode().strip()
    ours, theirs = os.openpty()
    # The password is asked for at the controlling terminal, which this one becomes.
    become = (
        "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
        "os.execv(sys.executable, [sys.executable, '-m', 'belay', *sys.argv[1:]])"
    )
    command = [sys.executable, "-c", become, "eval", address, "6 * 7"]
    asker = subprocess.Popen(command, start_new_session=True, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = b""
    try:
        while b"password of the board: " not in seen:
            seen += os.read(ours, 1000)
        os.write(ours, b"pass\n")
        while b"42" not in seen:
            seen += os.read(ours, 1000)
        assert asker.wait(20) == 0
    finally:
        asker.kill()
        asker.wait()
        os.close(ours)
    assert b"pass\r\n" not in seen
