"""How errors are told: once, on stderr, for people."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path

import click

from belay.cli import exits
from belay.cli.settings import Settings
from belay.exceptions import BelayException, BoardError, notes_of

CODE = "<code>"
"""What tracebacks call the code that stands on the command line."""


def report(error: BelayException, settings: Settings) -> int:
    """Tell of an error; the exit code."""
    if settings.verbosity > 1 or os.environ.get("BELAY_DEBUG"):
        settings.say(_python_traceback(error, notes=False), at=-9)
    if isinstance(error, BoardError):
        if exits.is_exit(error):
            code, text = exits.wanted_exit(error)
            if text is not None:
                settings.say(text, at=-9)
            return code
        *frames, last = board_traceback(error, settings.sources)
        settings.say("\n".join([*frames, settings.style(last, fg="red", bold=True)]), at=-9)
    else:
        tell(error.message, error.advice, settings)
    tell_notes(error, settings)
    return exits.code_of(error)


def report_usage(error: click.ClickException, settings: Settings) -> int:
    """Tell of a command that was not understood; the exit code."""
    hint = None
    if isinstance(error, click.UsageError) and error.ctx:
        settings.say(error.ctx.get_usage())
        hint = f"{error.ctx.command_path} --help"
    tell(error.format_message(), getattr(error, "hint", None) or hint, settings)
    return exits.FILE if isinstance(error, click.FileError) else exits.USAGE


def report_file(error: OSError, settings: Settings) -> int:
    """Tell of a file that cannot be read or written; the exit code."""
    where = f"{error.filename}: " if error.filename else ""
    tell(f"{where}{error.strerror or error}", _full_disk(error) or _FILE_ADVICE.get(error.errno), settings)
    tell_notes(error, settings)
    return exits.FILE


_FILE_ADVICE: Mapping[int | None, str] = {
    errno.EACCES: "is it yours, and may you do that there?",
    errno.EPERM: "is it yours, and may you do that there?",
    errno.EROFS: "that disk can be read only",
    errno.EEXIST: "something else is there already",
    errno.ENOTDIR: "there is a file where a folder should be",
    errno.EISDIR: "there is a folder where a file should be",
    errno.EFBIG: "no larger file is taken here",
}


def _full_disk(error: OSError) -> str | None:
    """Which disk is full, if that is what is wrong."""
    if error.errno not in {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)} or not error.filename:
        return None
    place = Path(os.fsdecode(error.filename)).absolute()
    disk = next((each for each in (place, *place.parents) if os.path.ismount(each)), place.anchor)
    return f"the disk at {disk} is full"


def report_mistake(error: Exception, settings: Settings) -> int:
    """Tell of an error that should not be; the exit code."""
    settings.say(_python_traceback(error), at=-9)
    tell(
        f"{type(error).__name__}: {error}",
        "this is a mistake in belay; please report it with the lines above",
        settings,
    )
    return exits.MISTAKE


def tell(message: str, hint: str | None, settings: Settings) -> None:
    """Write the line that says what happened, and the one that says what helps."""
    settings.say(f"{settings.style('error:', fg='red', bold=True)} {message}", at=-9)
    if hint:
        settings.say(f"hint: {hint}")


def tell_notes(error: BaseException | None, settings: Settings) -> None:
    """Write what was noted of an error on its way."""
    for note in notes_of(error) if error else ():
        settings.say(f"note: {note}")


def board_traceback(error: BoardError, sources: Mapping[str, str]) -> list[str]:
    """The lines of a board's traceback, with the places in the user's files.

    Lines of source are shown of what was sent only: the host may have another file of the same name.

    Args:
        error: What the board raised.
        sources: The text of what was sent, by the name that tracebacks have for it.
    """
    import traceback

    from belay.source import parse_traceback

    frames = []
    for frame, line in traceback.walk_tb(error.board_frames):
        file = frame.f_code.co_filename
        if file.startswith("<board code"):
            file = CODE
        rows = sources.get(file, "").split("\n")
        text = rows[line - 1] if 0 < line <= len(rows) else ""
        # Never None: Python would look for the line itself.
        frames.append(traceback.FrameSummary(file, line, frame.f_code.co_name, lookup_line=False, line=text))
    found = parse_traceback(error.board_traceback)
    kind = found.type_name or error.board_type
    said = f"{kind}: {found.message}" if found.message else kind
    lines = "".join(traceback.StackSummary.from_list(frames).format()).splitlines()
    return [*(["Traceback (most recent call last):"] if lines else []), *lines, said]


def _python_traceback(error: BaseException, *, notes: bool = True) -> str:
    import traceback

    told = traceback.TracebackException.from_exception(error)
    if not notes:
        # They follow, with the hint.
        told.__notes__ = None
    return "".join(told.format()).rstrip("\n")
