from __future__ import annotations

import os
import shlex
import signal
import sys
import time
from pathlib import Path

import pytest

from belay.exceptions import (
    AddressError,
    ConnectionFailedError,
    ConnectionLost,
    DeviceNotFoundError,
    FeatureUnavailableError,
)
from belay.transports import process
from belay.transports.base import Transport
from belay.transports.process import open_exec, open_execpty
from belay.transports.threaded import ThreadedTransport

OPENERS = [open_exec, open_execpty]


def python(code: str) -> str:
    return shlex.join([sys.executable, "-c", code])


def read_all(transport: Transport) -> tuple[bytes, ConnectionLost]:
    data = b""
    while True:
        try:
            data += transport.read(timeout=10)
        except ConnectionLost as error:
            return data, error


def read_line(transport: Transport) -> bytes:
    data = b""
    while not data.endswith(b"\n"):
        data += transport.read(1, timeout=10)
    return data


@pytest.mark.parametrize("opener", OPENERS)
def test_the_output_and_then_the_end(opener: type) -> None:
    transport = opener(python("print('hello'); raise SystemExit(3)"))
    data, error = read_all(transport)
    assert data == b"hello\n"
    assert "it ended with status 3" in str(error)
    transport.close()


@pytest.mark.parametrize("opener", OPENERS)
def test_the_signal_that_ended_it(opener: type) -> None:
    transport = opener(python("import os; os.kill(os.getpid(), 9)"))
    assert "it was ended by SIGKILL" in str(read_all(transport)[1])
    transport.close()


def test_what_it_said_last_is_quoted() -> None:
    transport = open_exec(python("import sys; sys.stderr.write('x' * 100_000 + 'no such chip')"))
    error = str(read_all(transport)[1])
    assert "it ended with status 0; it said: xxx" in error
    assert error.endswith("no such chip")
    assert len(error) < process.STDERR_KEPT + 500
    transport.close()


def test_output_closed_but_still_running() -> None:
    transport = open_exec(python("import os, sys; os.close(1); sys.stdin.read()"))
    assert "closed its output but still runs" in str(read_all(transport)[1])
    transport.close()


@pytest.mark.parametrize("opener", OPENERS)
def test_close_ends_it_by_the_end_of_its_input(opener: type, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    code = (
        "import pathlib, sys\n"
        "print('up', flush=True)\n"
        "try: sys.stdin.buffer.read()\n"
        "except OSError: pass\n"  # how a pty that is gone says it
        f"pathlib.Path({str(mark)!r}).touch()"
    )
    transport = opener(python(code))
    assert read_line(transport) == b"up\n"
    transport.close()
    assert mark.exists()


@pytest.mark.parametrize("ignored", [[], ["SIGTERM"]])
def test_close_ends_one_that_does_not_want_to(ignored: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "GRACE", 0.05)
    ignore = "".join(f"signal.signal(signal.{name}, signal.SIG_IGN);" for name in ignored)
    code = f"import os, signal; {ignore} print(os.getpid(), flush=True)\nwhile True: signal.pause()"
    transport = open_exec(python(code))
    pid = int(read_line(transport))
    transport.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_close_ends_what_it_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """A grandchild keeps stderr, and with it a thread of ours."""
    monkeypatch.setattr(process, "GRACE", 0.2)
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'])\n"
        "print(child.pid, flush=True)"
    )
    transport = open_exec(python(code))
    pid = int(read_line(transport))
    transport.close()
    deadline = time.monotonic() + 5
    while _runs(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    """Whether a process is there and no zombie, which a container without an init may keep."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_ctrl_c_in_the_terminal_does_not_reach_it() -> None:
    transport = open_exec(python("import os; print(os.getsid(0) == os.getpid(), flush=True)"))
    assert read_line(transport) == b"True\n"
    transport.close()


def test_a_pty_is_raw_and_a_terminal() -> None:
    code = (
        "import os, sys\n"
        "print(all(os.isatty(fd) for fd in range(3)), flush=True)\n"
        "os.write(1, os.read(0, 100))"
    )
    transport = open_execpty(python(code))
    assert read_line(transport) == b"True\n"
    transport.write(b"\x03\x04\r\n\x1a", timeout=20)
    assert read_all(transport)[0] == b"\x03\x04\r\n\x1a"
    transport.close()


@pytest.mark.parametrize("opener", OPENERS)
def test_a_command_that_is_none(opener: type) -> None:
    with pytest.raises(AddressError, match="no command"):
        opener(" ")
    with pytest.raises(AddressError, match="no closing quotation"):
        opener("cat 'x")
    with pytest.raises(DeviceNotFoundError, match="no such program"):
        opener("/no/such/program")
    with pytest.raises(ConnectionFailedError, match="Permission denied"):
        opener("/etc/passwd")


def test_a_write_to_a_program_that_died_on_its_pty() -> None:
    transport = open_execpty(python("pass"))
    read_all(transport)
    with pytest.raises(ConnectionLost, match="it ended with status 0"):
        transport.write(b"x" * 1_000_000, timeout=10)
    transport.close()


def test_where_pipes_cannot_be_polled() -> None:
    """As on Windows: the same program through threads."""
    transport = process._threaded(*_started("exec:cat", "cat"))
    assert isinstance(transport, ThreadedTransport)
    transport.write(b"hello", timeout=20)
    assert transport.read(timeout=20) == b"hello"
    start = time.monotonic()
    transport.close()
    # cat ended with its input, it was not killed
    assert time.monotonic() - start < process.GRACE


def test_where_pipes_cannot_be_polled_a_program_that_reads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "GRACE", 0.1)
    transport = process._threaded(*_started("exec:sleep", python("import signal; signal.pause()")))
    with pytest.raises(TimeoutError):
        transport.write(bytes(1_000_000), timeout=0.05)
    transport.close()


def _started(name: str, command: str) -> tuple[object, ...]:
    import subprocess

    pipe = subprocess.PIPE
    started = process._start(name, command, stdin=pipe, stdout=pipe, stderr=pipe)
    return name, process._Child(name, started), started.stdin, started.stdout


def test_no_ptys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process.sys, "platform", "win32")
    with pytest.raises(FeatureUnavailableError) as caught:
        open_execpty("cat")
    assert "exec:" in (caught.value.hint or "")


def test_signals_have_names() -> None:
    assert process._ended_how(-signal.SIGSEGV) == "it was ended by SIGSEGV"
    assert process._ended_how(-64).startswith("it was ended by ")
