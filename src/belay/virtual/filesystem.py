"""What a virtual board keeps its files in: a file system of its own, as ``fs=lfs2:1M`` names it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from belay.virtual.size import is_size, size_bytes

HOST = "host"
"""The file system that is none: the files lie in a folder of the host."""

Kind = Literal["lfs2", "fat"]

_BLOCK: dict[Kind, int] = {"lfs2": 4096, "fat": 512}
_BLOCKS = (512, 1024, 2048, 4096)
_LEAST: dict[Kind, int] = {"lfs2": 4, "fat": 50}
"""In so many blocks there is room for the file system itself and something more."""
_SIZE = 1024 * 1024
_MOST = 1 << 30


@dataclass(frozen=True)
class FileSystem:
    """A file system on a flash memory of its own.

    Attributes:
        kind: ``lfs2`` for LittleFS 2, ``fat`` for FAT.
        size: The flash's size in bytes; None: that of the image, or 1 MiB for a new one.
        block: The size of its blocks in bytes.
    """

    kind: Kind
    size: int | None
    block: int

    @classmethod
    def parse(cls, text: str) -> FileSystem | None:
        """Read ``KIND``, ``KIND:SIZE`` or ``KIND:SIZE:BLOCK``; None for ``host``.

        Raises:
            ValueError: It is none of these; the text says why.
        """
        if text == HOST:
            return None
        name, *numbers = text.split(":")
        kind = next((kind for kind in get_args(Kind) if kind == name), None)
        if kind is None:
            raise ValueError(f"fs must be one of {', '.join((HOST, *get_args(Kind)))}")
        if len(numbers) > 2 or not all(map(is_size, numbers)):
            raise ValueError("behind fs=KIND stand the size and that of a block, as numbers of bytes")
        sizes = [*map(size_bytes, numbers)]
        made = cls(kind, sizes[0] if sizes else None, sizes[1] if len(sizes) > 1 else _BLOCK[kind])
        if made.block not in _BLOCKS:
            raise ValueError(f"the size of a block must be one of {', '.join(map(str, _BLOCKS))}")
        if made.size is not None and (reason := made.misfit(made.size)):
            raise ValueError(reason)
        return made

    @property
    def new_size(self) -> int:
        """The size of a new flash in bytes."""
        return self.size or max(_SIZE, _LEAST[self.kind] * self.block)

    def misfit(self, size: int) -> str | None:
        """Why a flash cannot have so many bytes; None when it can."""
        least = _LEAST[self.kind] * self.block
        if not least <= size <= _MOST:
            return f"the size for {self.kind} must lie between {least} bytes and {_MOST >> 20}M"
        if size % self.block:
            return f"the size is no multiple of the block's, {self.block}"
        return None
