"""A virtual board with somebody at its keyboard."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from belay.virtual import VirtualBoard, VirtualOptions

PATIENCE = 20.0
"""Seconds after which a test gives up; a healthy board needs milliseconds."""
PROMPT = b">>> "
RAW_PROMPT = b"raw REPL; CTRL-B to exit\r\n>"
END = b"\x04>"


class Console:
    """Reads what a board sends and types at its REPL."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._read, self._write = read_fd, write_fd
        self._data = b""

    def type(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._write, data) :]

    def until(self, end: bytes) -> bytes:
        """What comes up to and with ``end``."""
        return self.until_any(end)

    def until_any(self, *ends: bytes) -> bytes:
        """What comes up to and with the first of ``ends``."""
        deadline = time.monotonic() + PATIENCE
        while not any(end in self._data for end in ends):
            self._more(deadline, b" or ".join(ends))
        at = min(self._data.index(end) + len(end) for end in ends if end in self._data)
        found, self._data = self._data[:at], self._data[at:]
        return found

    def until_gone(self) -> bytes:
        """What comes up to the end of file."""
        deadline = time.monotonic() + PATIENCE
        try:
            while True:
                self._more(deadline, b"end of file")
        except EOFError:
            found, self._data = self._data, b""
            return found

    def _more(self, deadline: float, wanted: bytes) -> None:
        poller = select.poll()
        poller.register(self._read, select.POLLIN)
        if not poller.poll(max(0.0, deadline - time.monotonic()) * 1000):
            raise TimeoutError(f"no {wanted!r} in {self._data[-1000:]!r}")
        data = os.read(self._read, 65536)
        if not data:
            raise EOFError(self._data[-1000:])
        self._data += data

    def prompt(self) -> bytes:
        return self.until(PROMPT)

    def raw(self) -> None:
        """From the friendly prompt into raw mode."""
        self.type(b"\x01")
        self.until(RAW_PROMPT)

    def start(self, code: str) -> None:
        """Start code in raw mode."""
        self.type(code.encode() + b"\x04")
        assert self.until(b"OK") == b"OK"

    def finish(self) -> tuple[bytes, bytes]:
        """What the code printed, and the traceback."""
        output = self.until(b"\x04")[:-1]
        return output, self.until(END)[:-2]

    def run(self, code: str) -> bytes:
        """Run code in raw mode that raises nothing; what it printed."""
        self.start(code)
        output, error = self.finish()
        assert error == b"", error.decode()
        return output

    def text(self, code: str) -> str:
        """As :meth:`run`, with LF at line ends and none at the end."""
        return self.run(code).replace(b"\r\n", b"\n").decode().rstrip("\n")


class Keyboard(Console):
    """A console of a virtual board."""

    def __init__(self, board: VirtualBoard) -> None:
        super().__init__(board.stdout_fd, board.stdin_fd)
        self.board = board


MakeBoard = Callable[..., Keyboard]


@pytest.fixture
def make_board() -> Iterator[MakeBoard]:
    """Starts boards by what stands after ``virtual:``, and leaves none behind."""
    boards: list[VirtualBoard] = []

    def make(rest: str = "", *, raw: bool = True) -> Keyboard:
        board = VirtualBoard(VirtualOptions.parse(rest))
        boards.append(board)
        keyboard = Keyboard(board)
        if raw:
            keyboard.prompt()
            keyboard.raw()
        return keyboard

    yield make
    for board in boards:
        board.close()


@pytest.fixture
def keyboard(make_board: MakeBoard) -> Keyboard:
    """A fresh board in raw mode."""
    return make_board()


@pytest.fixture
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Coverage does not watch the boards' processes: for tests that start dozens of them."""
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder for a board's files."""
    return tmp_path / "board"


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what can only be asked; fails after a while."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come to be"
        select.select([], [], [], 0.005)


def process_gone(pid: int) -> bool:
    """Whether a process has ended (one that nobody has waited for counts as ended)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rpartition(b")")[2].split()[0] == b"Z"
