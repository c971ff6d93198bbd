"""What a terminal's menu does with the board: each interrupts what it runs, and leaves it at its prompt."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from belay.board.calls import Calls, Terms
from belay.board.history import Step
from belay.board.resetting import hard_reset_line
from belay.exceptions import BelayException
from belay.link import ENTER_TIMEOUT, Lent, Link

T = TypeVar("T")

SOFT_RESET = b"\x04"
SEND_TIMEOUT = 30.0
"""Seconds in which the board takes a piece of a file, or compiles one."""

_PROGRAM = "_file"
"""What a file that is run is called on the board."""


def soft_reset(lent: Lent) -> None:
    """Start the interpreter anew; what boot.py and main.py print is shown.

    Raises:
        ReplEntryError: What runs cannot be stopped.
        ConnectionLost: The board is gone.
    """
    link = Link(lent)
    link.enter(ENTER_TIMEOUT)
    link.leave()
    lent.write(SOFT_RESET, SEND_TIMEOUT)


def hard_reset(lent: Lent) -> None:
    """Reset the board as its button does; what is typed for that is shown.

    Raises:
        ReplEntryError: What runs cannot be stopped.
        BoardTimeoutError: The board does not say what runs on it.
        ConnectionLost: The board is gone.
    """
    link = Link(lent)
    line = hard_reset_line(link)
    link.leave()
    lent.write(line + b"\r", SEND_TIMEOUT)


def run_file(lent: Lent, path: str) -> str:
    """Run a file of this computer at the board's prompt: keys and Ctrl-C are for it.

    Returns:
        What to tell the user.

    Raises:
        OSError: The file cannot be read.
        UnicodeDecodeError: It is no text.
        ReplEntryError: What runs cannot be stopped.
        BoardTimeoutError: The board does not take it.
        ConnectionLost: The board is gone.
    """
    file = Path(path).expanduser()
    source = file.read_text(encoding="utf-8")
    link = Link(lent)
    link.enter(ENTER_TIMEOUT)
    # Compiled before it runs, the text is off the board again, and tracebacks name the file.
    outcome = link.run(f"{_PROGRAM} = compile({source!r}, {file.name!r}, 'exec')", timeout=SEND_TIMEOUT)
    if b"NameError" in outcome.error:
        # A small firmware has no compile().
        outcome = link.run(f"{_PROGRAM} = {source!r}", timeout=SEND_TIMEOUT)
    link.leave()
    if outcome.error:
        return outcome.error.decode(errors="replace").strip()
    lent.write(f"exec({_PROGRAM})\r".encode(), SEND_TIMEOUT)
    return ""


def send_file(lent: Lent, path: str, target: str) -> str:
    """Write a file of this computer onto the board: the old content stays until the new one is there whole.

    Returns:
        What to tell the user.

    Raises:
        OSError: The file cannot be read, or not written there.
        BelayException: The board does not take it.
    """
    from belay.files.filesystem import Filesystem
    from belay.remote.caller import Caller
    from belay.session import Session
    from belay.source import LineMap

    file = Path(path).expanduser()
    content = file.read_bytes()
    target += file.name if target.endswith("/") else ""
    session = Session(lambda: lent, startup="", fresh=False, on_output=_ignore)
    try:
        caller = Caller(session, SEND_TIMEOUT, LineMap())

        def ask(
            question: Callable[[Calls, Terms], T],
            *,
            replay: Step | None = None,
            repeatable: Callable[[], bool] | None = None,
        ) -> T:
            return caller.ask(question, replay=replay, repeatable=repeatable)

        Filesystem(ask).write(target, content)
    finally:
        session.close()
    return f"{len(content)} bytes are in {target}"


def completed(path: str) -> str:
    """A path of this computer with as much added as all that begin so have in common."""
    whole = os.path.expanduser(path)  # noqa: PTH111 - a Path would lose a slash at the end
    found = glob.glob(f"{glob.escape(whole)}*")  # noqa: PTH207 - likewise
    if len(found) == 1 and Path(found[0]).is_dir():
        return os.path.join(found[0], "")  # noqa: PTH118 - likewise
    return os.path.commonprefix(found) or path  # noqa: RUF071 - character by character is meant


def told(error: BaseException) -> str:
    """An error of an action, for the user."""
    if isinstance(error, BelayException):
        return f"error: {error.message}" + (f"\nhint: {error.advice}" if error.advice else "")
    if isinstance(error, UnicodeDecodeError):
        return "error: this is no text in UTF-8"
    if isinstance(error, OSError) and error.filename:
        return f"error: {error.filename}: {error.strerror}"
    return f"error: {error}"


def _ignore(data: bytes) -> None:
    """Of what timers and threads print meanwhile nothing is shown."""
