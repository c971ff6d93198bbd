"""What a sync may delete: never by surprise.

The rule by the values of ``keep``, which programs written for belay know:

* None: what the record on the board says that this very sync put there, and nobody else;
* True: nothing;
* False: all that is not on the host;
* names: all that is not on the host, but for these and what is in them. Upper and lower case are one: FAT may
  list a file otherwise than it was named.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from pathlib import PurePath

from belay.files.record import Record, absolute
from belay.files.tree import parents

Keep = bool | str | PurePath | Iterable[str | PurePath] | None


def deletion_rule(keep: Keep, record: Record, by: str, top: str) -> Callable[[str], bool]:
    """Whether a file or folder that is on the board and not on the host may go.

    Args:
        keep: As above; names are relative to ``top``, or absolute.
        record: What was put on the board.
        by: Who asks, as the record names it.
        top: The folder that is synced.
    """
    if keep is True:
        return lambda _: False
    if keep is None:
        mine, others = record.paths(by, top), record.of_others(by, top)

        def is_mine(path: str) -> bool:
            names = {path, f"{path}/"}
            return not names.isdisjoint(mine) and not any(absolute(top, name) in others for name in names)

        return is_mine
    names = [] if keep is False else [keep] if isinstance(keep, str | PurePath) else keep
    kept = {_relative(name, top) for name in names}
    return lambda path: kept.isdisjoint(each.casefold() for each in ["", *parents(path), path])


def _relative(name: str | PurePath, top: str) -> str | None:
    """A name as a path below the folder that is synced: ``""`` is all of it, None is elsewhere."""
    text = name.as_posix() if isinstance(name, PurePath) else name
    path = _names(text if text.startswith("/") else f"{top}/{text}")
    above = _names(top)
    if path[: len(above)] == above:
        return "/".join(path[len(above) :])
    return "" if above[: len(path)] == path else None


def _names(path: str) -> list[str]:
    return [name for name in posixpath.normpath(path).casefold().split("/") if name]
