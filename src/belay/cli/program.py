"""Programs of this computer: how they are found, and how belay gives its place to one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import NamedTuple, NoReturn

from belay.exceptions import FeatureUnavailableError

MICROPYTHON = "micropython"
_SCRIPTS = (".py", ".pyw")
_PATHEXT = ".COM;.EXE;.BAT;.CMD"


class Program(NamedTuple):
    """A program and its arguments.

    Attributes:
        file: Where it is; None for the built-in MicroPython.
        words: Its command line: the name that it was called by, and its arguments.
    """

    file: str | None
    words: tuple[str, ...]


def find_program(
    word: str, environment: Mapping[str, str] = os.environ, *, windows: bool = os.name == "nt"
) -> str | None:
    """The program that a shell would run for a word; None if there is none.

    Python scripts are none: they are for a board. In the current folder is only looked if the word says so,
    as ``./tool``.

    Args:
        word: A name, which is looked for on PATH, or a path.
        environment: Has PATH, and on Windows PATHEXT.
        windows: Whether Windows' rules hold.
    """
    if not word or word.lower().endswith(_SCRIPTS):
        return None
    has_path = "/" in word or (windows and ("\\" in word or word[1:2] == ":"))
    folders = [""] if has_path else _search_path(environment, windows)
    for folder in folders:
        for name in _names(word, environment, windows):
            path = os.path.join(folder, name)  # noqa: PTH118 - ./tool stays ./tool
            if _can_run(path, windows):
                return path
    return None


def _search_path(environment: Mapping[str, str], windows: bool) -> list[str]:
    folders = environment.get("PATH", os.defpath).split(";" if windows else ":")
    # POSIX: an empty entry is the current folder. Windows: what is in quotes is meant without them.
    return [folder.strip('"') for folder in folders if folder] if windows else [f or "." for f in folders]


def _names(word: str, environment: Mapping[str, str], windows: bool) -> Iterator[str]:
    if not windows:
        yield word
        return
    endings = [ending for ending in environment.get("PATHEXT", _PATHEXT).split(";") if ending]
    if word.lower().endswith(tuple(ending.lower() for ending in endings)):
        yield word
    yield from (word + ending for ending in endings if ending.lower() not in _SCRIPTS)


def _can_run(path: str, windows: bool) -> bool:
    try:
        return Path(path).is_file() and (windows or os.access(path, os.X_OK))
    except (OSError, ValueError):
        return False


def give_way(program: Program, environment: Mapping[str, str]) -> int:
    """Run a program in belay's place: its streams, its signals and its exit code are belay's.

    On POSIX the process becomes the program, and this never returns. On Windows belay waits for it.

    Args:
        program: What to run.
        environment: Its environment.

    Returns:
        Its exit code.

    Raises:
        FeatureUnavailableError: There is no built-in MicroPython here.
        OSError: It cannot be run.
    """
    sys.stdout.flush()
    if program.file is None:
        _become_micropython(program, environment)
    if os.name != "nt":
        _become(program.file, program.words, environment)
    return wait_for(program.file, program.words, environment)


def _become(file: str, words: tuple[str, ...], environment: Mapping[str, str]) -> NoReturn:
    # Python ignores these, and what is ignored stays so in another program.
    numbers = [getattr(signal, name) for name in ("SIGPIPE", "SIGXFSZ")]
    before = [signal.signal(number, signal.SIG_DFL) for number in numbers]
    try:
        os.execve(file, words, environment)  # noqa: S606 - without a shell: that is the point
    finally:
        for number, action in zip(numbers, before, strict=True):
            signal.signal(number, action)


def _become_micropython(program: Program, environment: Mapping[str, str]) -> NoReturn:
    from belay.virtual.command import become_micropython

    try:
        become_micropython(program.words[1:], environment)
    except FeatureUnavailableError as error:
        raise FeatureUnavailableError(
            f"there is no {program.words[0]} on PATH, and none that belay brings along",
            hint="install a MicroPython for this computer, or belay with the extra [virtual] "
            "(for Linux x86_64 and macOS arm64)",
        ) from error


def wait_for(file: str, words: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a program and wait for it; Ctrl-C is for the program alone.

    Returns:
        Its exit code; 128 and the signal's number if a signal ended it.

    Raises:
        OSError: It cannot be run.
    """
    # No SIG_IGN, which the program would inherit.
    before = signal.signal(signal.SIGINT, _leave_it_to_the_program)
    try:
        code = subprocess.Popen([file, *words[1:]], env=dict(environment)).wait()
    finally:
        signal.signal(signal.SIGINT, before)
    return 128 - code if code < 0 else code


def _leave_it_to_the_program(number: int, frame: FrameType | None) -> None:
    """Do nothing: the terminal tells the program, too."""
