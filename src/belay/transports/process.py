"""Boards that are programs: ``exec:CMD`` speaks over pipes, ``execpty:CMD`` over a pty."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import threading
from typing import IO, cast

from belay.exceptions import (
    AddressError,
    ConnectionFailedError,
    ConnectionLost,
    DeviceNotFoundError,
    FeatureUnavailableError,
)
from belay.transports.base import READ_SIZE, Transport
from belay.transports.fd import FdTransport
from belay.transports.threaded import ThreadedTransport

STDERR_KEPT = 4096
"""How many of the last bytes of a program's stderr an error quotes."""

GRACE = 0.5
"""Seconds that a program has to end after its input did, and again after it was asked to."""


def open_exec(command: str, *, name: str | None = None) -> Transport:
    """Start a program and speak to it over its stdin and stdout.

    Args:
        command: The program and its arguments, quoted as in a POSIX shell, on Windows as there. No shell
            is involved.
        name: The address, for messages.

    Raises:
        AddressError: The command is empty or badly quoted.
        DeviceNotFoundError: There is no such program.
        ConnectionFailedError: It cannot be started.
    """
    name = name or f"exec:{command}"
    pipe = subprocess.PIPE
    process = _start(name, command, stdin=pipe, stdout=pipe, stderr=pipe)
    child = _Child(name, process)
    stdin, stdout = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
    if sys.platform == "win32":
        return _threaded(name, child, stdin, stdout)
    read_fd, write_fd = _detached(stdout), _detached(stdin)
    return FdTransport(name, read_fd, write_fd, on_eof=child.death, on_close=child.end)


def open_execpty(command: str, *, name: str | None = None) -> Transport:
    """Start a program on a pty, as its stdin, stdout and stderr, and speak to it over that.

    Args:
        command: The program and its arguments, quoted as in a POSIX shell. No shell is involved.
        name: The address, for messages.

    Raises:
        AddressError: The command is empty or badly quoted.
        DeviceNotFoundError: There is no such program.
        ConnectionFailedError: It cannot be started.
        FeatureUnavailableError: This platform has no ptys.
    """
    name = name or f"execpty:{command}"
    if sys.platform == "win32":
        raise FeatureUnavailableError("this platform has no ptys", hint="exec: speaks over pipes instead")
    import pty
    import tty

    master, slave = pty.openpty()
    try:
        # Raw, or the terminal would echo what we send and read Ctrl-C and Ctrl-D as its own.
        tty.setraw(slave)
        process = _start(name, command, stdin=slave, stdout=slave, stderr=slave)
    except BaseException:
        os.close(master)
        raise
    finally:
        # As long as it was open here, the master would not see the program's end.
        os.close(slave)
    child = _Child(name, process)
    return FdTransport(name, master, master, on_eof=child.death, on_close=child.end)


class _Child:
    """A started program: what it said on stderr, how it died, and its end."""

    def __init__(self, name: str, process: subprocess.Popen[bytes]) -> None:
        self._name = name
        self._process = process
        self._tail = b""
        self._stderr_reader: threading.Thread | None = None
        if process.stderr is not None:
            self._stderr = process.stderr
            self._stderr_reader = threading.Thread(
                target=self._keep_stderr, name=f"belay stderr {name}", daemon=True
            )
            self._stderr_reader.start()

    def death(self) -> ConnectionLost:
        """Word the loss of a program whose output has ended."""
        try:
            status = _ended_how(self._process.wait(GRACE))
        except subprocess.TimeoutExpired:
            status = "it closed its output but still runs"
        if self._stderr_reader is not None:
            self._stderr_reader.join(GRACE)
        said = self._tail.decode(errors="replace").strip()
        return ConnectionLost(f"{self._name}: {status}" + (f"; it said: {said}" if said else ""))

    def end(self) -> None:
        """End the program, whose input has ended, by what it takes; leave nothing of it behind."""
        for ask in (self._process.terminate, self._kill, None):
            try:
                self._process.wait(GRACE)
                break
            except subprocess.TimeoutExpired:
                if ask is not None:
                    ask()
        if self._stderr_reader is not None:
            self._stderr_reader.join(GRACE)
            if self._stderr_reader.is_alive():
                # Something that it started still holds its stderr. Otherwise the group may be empty by
                # now and its number another's.
                self._kill()
                self._stderr_reader.join(GRACE)

    def _kill(self) -> None:
        if sys.platform == "win32":
            self._process.kill()
        else:
            # It is the leader of a session, and so of a group, of its own.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _keep_stderr(self) -> None:
        with self._stderr as stream:
            while chunk := os.read(stream.fileno(), READ_SIZE):
                self._tail = (self._tail + chunk)[-STDERR_KEPT:]


def _start(name: str, command: str, *, stdin: int, stdout: int, stderr: int) -> subprocess.Popen[bytes]:
    if not command.strip():
        raise AddressError(name, "no command", hint="exec:CMD, as exec:'ssh host micropython -i'")
    try:
        argv = command if sys.platform == "win32" else shlex.split(command)
    except ValueError as error:
        raise AddressError(name, f"{error}".lower(), hint="quote as in a POSIX shell") from error
    try:
        return subprocess.Popen(
            argv, bufsize=0, stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True
        )
    except FileNotFoundError as error:
        raise DeviceNotFoundError(f"{name}: there is no such program") from error
    except OSError as error:
        raise ConnectionFailedError(f"{name}: {error.strerror}") from error


def _ended_how(status: int) -> str:
    if status >= 0:
        return f"it ended with status {status}"
    return f"it was ended by {signal.Signals(-status).name}"


def _detached(stream: IO[bytes]) -> int:
    """Take a pipe's descriptor out of its file object, which must not close it once more."""
    fd = os.dup(stream.fileno())
    stream.close()
    return fd


def _threaded(name: str, child: _Child, stdin: IO[bytes], stdout: IO[bytes]) -> Transport:
    """Speak over pipes that cannot be polled; each is closed only where no other thread uses it."""
    return ThreadedTransport(
        name,
        receive=lambda: os.read(stdout.fileno(), READ_SIZE),
        send=lambda data: os.write(stdin.fileno(), data),
        send_eof=stdin.close,
        unblock=child.end,
        release=stdout.close,
        on_eof=child.death,
    )
