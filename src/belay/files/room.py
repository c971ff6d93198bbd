"""How much room on the board a plan needs while it is carried out."""

from __future__ import annotations

from collections.abc import Iterable

from belay.files.operations import MakeFolder, Move, Operation, Send
from belay.files.tree import Entry, File, Tree, is_inside, with_folders

_FOLDER_BLOCKS = 2
"""LittleFS keeps a folder in two blocks; FAT needs one."""


_INLINE = 8
"""LittleFS keeps a file of up to a part of a block, one in so many, beside its name; many go in a block."""

_SMALLEST = 2048
"""Smaller blocks are FAT's, which has no such files."""

_NAME = 64
"""About what a name and all that is told of a file takes beside its content."""

_SLACK = 3
"""LittleFS fills such blocks to a third or less: 300 files of 120 bytes took 330 KB."""


def needed_room(operations: Iterable[Operation], wanted: Tree, found: Tree, block: int) -> int:
    """The most bytes that a plan takes at any of its steps beyond what is taken at the start.

    Args:
        operations: The steps of the plan.
        wanted: What the board shall hold.
        found: What it holds.
        block: The bytes in a block of its file system.
    """
    held = {path: _taken(entry, block) for path, entry in with_folders(found).items()}
    start = most = now = sum(held.values())
    for step in operations:
        if isinstance(step, Move):
            now -= held.pop(step.to, 0)
            inside = [path for path in held if path == step.path or is_inside(path, step.path)]
            held |= {step.to + path[len(step.path) :]: held.pop(path) for path in inside}
        elif isinstance(step, Send):
            held[step.to] = _taken(wanted[step.path], block)
            now += held[step.to]
        elif isinstance(step, MakeFolder):
            held[step.path] = _FOLDER_BLOCKS * block
            now += held[step.path]
        else:
            now -= held.pop(step.path, 0)
        most = max(most, now)
    return most - start


def _taken(entry: Entry, block: int) -> int:
    """About so much room it takes; rather too little, since what is refused nobody can do."""
    if not isinstance(entry, File):
        return _FOLDER_BLOCKS * block
    if block >= _SMALLEST and entry.size <= block // _INLINE:
        return _SLACK * (entry.size + _NAME)
    return -(-entry.size // block) * block
