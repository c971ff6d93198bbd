"""What is not done to a board, and why; talks to none."""

from __future__ import annotations

from collections.abc import Sequence

from belay.exceptions import PackageNotFoundError, UnsafePathError
from belay.files.plan import STARTED, is_ours
from belay.files.record import NAME, Record
from belay.mip.choice import Choice
from belay.mip.installed import installed, tops

_STARTED = {*STARTED, "code.py"}
"""What a board runs by itself; code.py is CircuitPython's."""
_TOPS = ("", "/flash")
"""Where it looks for that."""


def other_folders(record: Record, top: str) -> list[str]:
    """The other folders that hold packages."""
    return [each for each in tops(record) if each != top and installed(record, each)]


def point_elsewhere(record: Record, top: str, names: Sequence[str]) -> None:
    """Refuse names of packages that are in another folder only.

    Raises:
        PackageNotFoundError: So it is.
    """
    for name in names:
        places = [each for each in other_folders(record, top) if name in installed(record, each)]
        if places and name not in installed(record, top):
            hint = f"it is in {places[0]}: --target {places[0]}"
            raise PackageNotFoundError(name, f"{name} is not among the packages in {top}", hint=hint)


def refuse_own_names(choice: Choice) -> None:
    """Refuse files of names that belay needs for itself on the board.

    Raises:
        UnsafePathError: There is one.
    """
    for package in choice.packages.values():
        for path in package.files:
            if is_ours(path) or NAME in path.split("/"):
                reason = f"{package.name} has a file of a name that belay needs for itself on the board"
                raise UnsafePathError(path, reason, hint="whoever publishes the package can rename it")


def is_started(path: str) -> bool:
    """Whether a board runs a file by itself."""
    folder, _, name = path.rpartition("/")
    return name in _STARTED and folder in _TOPS
