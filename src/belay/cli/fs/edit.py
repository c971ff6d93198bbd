"""``belay fs edit``: a board's file in an editor of this computer."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from belay.cli.board import WrongUse, connected
from belay.cli.fs.host import refusal
from belay.cli.fs.places import Place, complete_port_or_path, on_board, take_port
from belay.cli.settings import Settings, examples, file_options, pass_settings
from belay.exceptions import BoardFileNotFoundError, FeatureUnavailableError, FilesError

if TYPE_CHECKING:
    from belay.files.filesystem import Filesystem

_EXAMPLES = examples("belay fs edit :main.py", "EDITOR='code --wait' belay fs edit :boot.py")
_USUAL = ("notepad",) if os.name == "nt" else ("sensible-editor", "editor", "nano", "vi")


@click.command(epilog=_EXAMPLES, short_help="Edit a file of a board with an editor of this computer.")
@click.argument("words", nargs=-1, metavar="[PORT] PATH", shell_complete=complete_port_or_path)
@file_options
@pass_settings
def edit(settings: Settings, words: tuple[str, ...]) -> None:
    """Edit a file of a board in the editor that VISUAL or EDITOR names.

    It is written back when the editor has ended, if it was changed here and was not changed on the board
    meanwhile. One that is not there is made.
    """
    port, paths = take_port(words, "PATH")
    if len(paths) > 1:
        raise WrongUse("One file can be edited at a time.")
    editor = _editor()
    with connected(settings, port, fresh=None) as device:
        _edit(settings, device.filesystem, on_board(paths[0]), editor)


def _edit(settings: Settings, files: Filesystem, place: Place, editor: list[str]) -> None:
    before = _read(files, place)
    folder = Path(tempfile.mkdtemp(prefix="belay-"))
    copy = folder / ("file" if refusal(place.name) else place.name)
    copy.write_bytes(before or b"")
    try:
        _run([*editor, str(copy)])
        after = copy.read_bytes()
        if after == (before or b""):
            settings.say("nothing was changed")
        else:
            _write_back(files, place, before, after)
    except BaseException as error:
        if _holds(copy, before or b""):
            shutil.rmtree(folder, ignore_errors=True)
        else:
            error.add_note(f"what you wrote is kept in {copy}")
        raise
    shutil.rmtree(folder, ignore_errors=True)


def _read(files: Filesystem, place: Place) -> bytes | None:
    """What a file holds; None if there is none."""
    try:
        return files.read(place.path)
    except BoardFileNotFoundError:
        return None


def _write_back(files: Filesystem, place: Place, before: bytes | None, after: bytes) -> None:
    """Put what was edited in its place.

    Raises:
        FilesError: The board has something else there by now.
    """
    try:
        found = files.hash(place.path)
    except BoardFileNotFoundError:
        found = None
    if found != (None if before is None else hashlib.sha256(before).hexdigest()):
        raise FilesError(f"{place} was changed on the board meanwhile; nothing was written")
    files.write(place.path, after)


def _holds(file: Path, data: bytes) -> bool:
    try:
        return file.read_bytes() == data
    except OSError:
        return False


def _editor() -> list[str]:
    """The user's editor, and its arguments.

    Raises:
        FeatureUnavailableError: There is none.
    """
    for variable in ("VISUAL", "EDITOR"):
        if words := os.environ.get(variable, "").strip():
            # Backslashes are those of paths on Windows.
            return shlex.split(words, posix=os.name != "nt")
    found = next(filter(None, map(shutil.which, _USUAL)), None)
    if found is None:
        raise FeatureUnavailableError("there is no editor", hint="VISUAL or EDITOR names one")
    return [found]


def _run(command: list[str]) -> None:
    """Run an editor to its end.

    Raises:
        FeatureUnavailableError: It cannot be run.
        FilesError: It says that it failed.
    """
    try:
        with _leaving_ctrl_c():
            code = subprocess.call(command)
    except OSError as error:
        raise FeatureUnavailableError(
            f"the editor {command[0]!r} cannot be run: {error.strerror or error}",
            hint="VISUAL or EDITOR names another",
        ) from error
    if code:
        raise FilesError(f"the editor {command[0]!r} ended with {code}; nothing was written")


@contextmanager
def _leaving_ctrl_c() -> Iterator[None]:
    """Ctrl-C is the editor's as long as it runs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # Not SIG_IGN: the editor would inherit that.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
