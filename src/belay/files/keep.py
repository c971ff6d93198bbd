"""What a sync may delete: never by surprise.

The rule by the values of ``keep``, which programs written for belay know:

* None: what the record on the board says that this very sync put there, and nobody else;
* True: nothing;
* False: all that is not on the host;
* names: all that is not on the host, but for these and what is in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from belay.files.record import Record, absolute
from belay.files.tree import parents

Keep = bool | str | Iterable[str] | None


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
    kept = set() if keep is False else _relative([keep] if isinstance(keep, str) else keep, top)
    return lambda path: kept.isdisjoint([path, *parents(path)])


def _relative(names: Iterable[str], top: str) -> set[str]:
    """Names below the folder that is synced; absolute ones elsewhere are none of its business."""
    found = set()
    for name in map(str, names):
        inside = name.removeprefix(f"{top.rstrip('/')}/") if name.startswith("/") else name
        found.add(inside.strip("/").removeprefix("./"))
    return found
