"""How boards end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from belay.exceptions import BoardCrashedError, ConnectionLost
from belay.virtual import VirtualBoard, VirtualOptions

from .conftest import Keyboard, MakeBoard, process_gone, wait_until

SOON = 3.0


@pytest.mark.parametrize(
    ("number", "words"), [(signal.SIGKILL, "was killed by SIGKILL"), (signal.SIGSEGV, "crashed with SIGSEGV")]
)
def test_a_dead_interpreter_is_reported(keyboard: Keyboard, number: int, words: str) -> None:
    keyboard.start("while True: pass")
    start = time.monotonic()
    os.kill(keyboard.board.interpreter_pid, number)
    keyboard.until_gone()
    death = keyboard.board.death(SOON)
    assert time.monotonic() - start < SOON
    assert isinstance(death, BoardCrashedError)
    assert words in str(death)
    assert death.returncode == keyboard.board.returncode == -number
    with pytest.raises(ConnectionLost, match=words):
        _ = keyboard.board.interpreter_pid


def test_code_that_crashes_the_interpreter(keyboard: Keyboard) -> None:
    keyboard.start("import uctypes; uctypes.bytearray_at(0, 1)[0]")
    keyboard.until_gone()
    assert keyboard.board.death(SOON).args == ("the interpreter of the virtual board crashed with SIGSEGV",)


def test_exit_code_and_last_words(keyboard: Keyboard) -> None:
    keyboard.start("import os; os.system('echo told you >&2; kill -ABRT $PPID')")
    keyboard.until_gone()
    assert str(keyboard.board.death(SOON)).endswith("crashed with SIGABRT; it last said: told you")
    keyboard.board.close()
    assert str(keyboard.board.death(SOON)).endswith("it last said: told you")


def test_a_dead_supervisor_takes_the_interpreter_along(keyboard: Keyboard) -> None:
    interpreter, root = keyboard.board.interpreter_pid, keyboard.board.root
    keyboard.start("while True: pass")
    os.kill(keyboard.board.pid, signal.SIGKILL)
    keyboard.until_gone()
    wait_until(lambda: process_gone(interpreter))
    death = keyboard.board.death(SOON)
    assert type(death) is ConnectionLost
    assert str(death) == "the virtual board is gone: its supervisor ended"
    keyboard.board.close()
    assert not root.exists()


def test_close_leaves_nothing_behind() -> None:
    # Threads of other tests may still be on their way out.
    files, threads = set(Path("/proc/self/fd").iterdir()), set(threading.enumerate())
    board = VirtualBoard(VirtualOptions())
    Keyboard(board).prompt()
    board.pins[3].drive(1)
    supervisor, interpreter, root = board.pid, board.interpreter_pid, board.root
    assert board.returncode is None
    start = time.monotonic()
    board.close()
    assert time.monotonic() - start < SOON
    board.close()
    assert not Path(f"/proc/{supervisor}").exists()
    wait_until(lambda: process_gone(interpreter))
    assert not root.exists()
    assert not set(Path("/proc/self/fd").iterdir()) - files
    assert not set(threading.enumerate()) - threads
    assert board.pins[3].value == 1


def test_close_of_a_board_that_still_boots() -> None:
    with VirtualBoard() as board:
        pass
    assert not board.root.exists()


def test_close_of_a_busy_board_that_nobody_reads(make_board: MakeBoard) -> None:
    keyboard = make_board()
    keyboard.start("while True: print('x' * 1000)")
    interpreter = keyboard.board.interpreter_pid
    start = time.monotonic()
    keyboard.board.close()
    assert time.monotonic() - start < SOON
    wait_until(lambda: process_gone(interpreter))


def test_a_stopped_interpreter_cannot_hold_up_the_close(make_board: MakeBoard) -> None:
    keyboard = make_board()
    interpreter = keyboard.board.interpreter_pid
    os.kill(interpreter, signal.SIGSTOP)
    keyboard.board.close()
    wait_until(lambda: process_gone(interpreter))
    assert not keyboard.board.root.exists()


def test_a_stopped_supervisor_cannot_hold_up_the_close(make_board: MakeBoard) -> None:
    keyboard = make_board()
    interpreter = keyboard.board.interpreter_pid
    os.kill(keyboard.board.pid, signal.SIGSTOP)
    keyboard.board.close()
    wait_until(lambda: process_gone(interpreter))
    assert not keyboard.board.root.exists()


def test_a_killed_host_leaves_nothing_behind() -> None:
    script = (
        "import time\nfrom belay.virtual import VirtualBoard\nboard = VirtualBoard()\n"
        "print(board.pid, board.interpreter_pid, board.root, flush=True)\ntime.sleep(1000)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as host:
        assert host.stdout is not None
        supervisor, interpreter, root = host.stdout.readline().split()
        assert Path(root).is_dir()
        host.kill()
    wait_until(lambda: process_gone(int(supervisor)) and process_gone(int(interpreter)))
    assert not Path(root).exists()


def test_a_kept_folder_is_kept(make_board: MakeBoard, root: Path) -> None:
    keyboard = make_board(str(root))
    keyboard.board.close()
    assert (root / "lib").is_dir()


def test_a_library_that_is_none(
    make_board: MakeBoard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "micropython_run.py").write_text("no shared object")
    # One that another test imported would be found without looking.
    monkeypatch.delitem(sys.modules, "micropython_run", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    keyboard = make_board(raw=False)
    assert keyboard.until_gone() == b""
    wait_until(lambda: process_gone(keyboard.board.pid))
    assert "it last said: Traceback" in str(keyboard.board.death(SOON))
    assert not keyboard.board.root.exists()


def test_the_terminal_cannot_interrupt_it(keyboard: Keyboard) -> None:
    """Ctrl-C at a terminal goes to the foreground's process group and session."""
    assert os.getsid(keyboard.board.interpreter_pid) == keyboard.board.pid != os.getsid(0)


def test_a_folder_that_vanishes_is_no_hang(root: Path, make_board: MakeBoard) -> None:
    keyboard = make_board(str(root))
    (root / "lib").rmdir()
    root.rmdir()
    keyboard.type(b"import machine; machine.reset()\x04")
    keyboard.until_gone()
    assert "did not start" in str(keyboard.board.death(SOON))
