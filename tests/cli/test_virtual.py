from __future__ import annotations

import signal
from pathlib import Path

import pytest

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


def test_a_bad_heap(belay: Belay) -> None:
    result = belay("virtual", "--heap", "much")
    assert result.code == 2
    assert "heap must be a number" in result.err
