"""The record on a board of what was put there, and by whom: the file ``/.belay``.

It is JSON::

    {"belay": 1, "put": [{"by": "sync", "top": "/lib", "paths": ["a/", "a/x.py"]}]}

Paths are relative to ``top``; a folder's ends with a slash. Whoever reads it keeps what it does not know.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

from belay.exceptions import FilesError

NAME: Final = ".belay"
"""The file's name, in the top folder of the board."""

PLACE: Final = f"/{NAME}"

_VERSION: Final = 1


@dataclass(frozen=True)
class Put:
    """What somebody put on the board.

    Attributes:
        by: Who: ``"sync"``, for one.
        top: The folder into which it was put.
        paths: Files and folders, relative to it; folders end with a slash.
        more: Whatever else the record says of it.
    """

    by: str
    top: str
    paths: frozenset[str]
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """The record.

    Attributes:
        put: What was put on the board.
        damaged: Whether a record was there that nobody could read.
    """

    put: tuple[Put, ...] = ()
    damaged: bool = False

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Understand what the file holds; nothing is an empty record.

        Raises:
            FilesError: A newer belay wrote it.
        """
        if not data:
            return cls()
        try:
            content = json.loads(data)
            version = content["belay"]
            put = [_read_put(each) for each in content["put"]] if version == _VERSION else []
        except (ValueError, TypeError, KeyError, RecursionError):
            return cls(damaged=True)
        if version != _VERSION:
            raise FilesError(
                f"a newer belay wrote {PLACE} on the board", hint="update belay, or remove that file"
            )
        return cls(tuple(put))

    def write(self) -> bytes:
        """What the file is to hold."""
        put = [
            {"by": each.by, "top": each.top, "paths": sorted(each.paths), **each.more} for each in self.put
        ]
        content = {"belay": _VERSION, "put": put}
        return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode(errors="surrogatepass")

    def paths(self, by: str, top: str) -> frozenset[str]:
        """What somebody put into a folder, as :attr:`Put.paths` has it."""
        return next((each.paths for each in self.put if (each.by, each.top) == (by, top)), frozenset())

    def of_others(self, by: str, top: str) -> frozenset[str]:
        """The absolute paths that all but one put there; folders end with a slash."""
        others = (each for each in self.put if (each.by, each.top) != (by, top))
        return frozenset(absolute(each.top, path) for each in others for path in each.paths)

    def with_paths(
        self, by: str, top: str, paths: Iterable[str], more: Mapping[str, Any] | None = None
    ) -> Record:
        """The record in which somebody put just these into a folder.

        Args:
            by: Who.
            top: The folder.
            paths: What they put there.
            more: What else is to be said of it; None for what is said already.
        """
        found = frozenset(paths)
        old = next((each for each in self.put if (each.by, each.top) == (by, top)), Put(by, top, found))
        rest = [each for each in self.put if each is not old]
        new = [replace(old, paths=found, more=old.more if more is None else dict(more))] if found else []
        return Record(tuple(sorted([*rest, *new], key=lambda each: (each.by, each.top))))


def absolute(top: str, path: str) -> str:
    """A path from the top of the board."""
    return f"{top.rstrip('/')}/{path}"


def _read_put(entry: dict[str, Any]) -> Put:
    by, top, paths = entry["by"], entry["top"], entry["paths"]
    if not (isinstance(by, str) and isinstance(top, str) and isinstance(paths, list)):
        raise TypeError
    if not all(isinstance(path, str) for path in paths):
        raise TypeError
    return Put(by, top, frozenset(paths), {k: v for k, v in entry.items() if k not in {"by", "top", "paths"}})
