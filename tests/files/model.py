"""A board's file system as a plan sees it: strict, and without a board."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from belay.files.operations import MakeFolder, Move, Operation, RemoveFile, Send
from belay.files.tree import FOLDER, Entry, File, folder_of, is_inside

HALF = File(-1, -1)
"""What is there of a file that was not sent to its end."""


class Disk:
    """Files and folders; what a real file system would refuse is an error.

    Args:
        tree: What is there.
        replaces: Whether a file can be renamed over another.
        case_sensitive: Whether names differ by case.
    """

    def __init__(
        self, tree: Mapping[str, Entry], *, replaces: bool = True, case_sensitive: bool = True
    ) -> None:
        self.tree = dict(tree)
        self._replaces, self._case_sensitive = replaces, case_sensitive

    def find(self, path: str) -> str | None:
        """The name under which something is there."""
        key = path if self._case_sensitive else path.casefold()
        for name in self.tree:
            if (name if self._case_sensitive else name.casefold()) == key:
                return name
        return None

    def get(self, path: str) -> Entry | None:
        name = self.find(path)
        return None if name is None else self.tree[name]

    def do(self, step: Operation, wanted: Mapping[str, Entry]) -> None:
        if isinstance(step, MakeFolder):
            self._add(step.path, FOLDER)
        elif isinstance(step, Send):
            self._add(step.to, wanted[step.path])
        elif isinstance(step, Move):
            self._move(step.path, step.to)
        else:
            name = self.find(step.path)
            assert name is not None, step
            assert isinstance(self.tree[name], File) == isinstance(step, RemoveFile), step
            assert not any(is_inside(path, name) for path in self.tree), step
            del self.tree[name]

    def cut_short(self, step: Send) -> None:
        """The power fails while a file is sent."""
        self._add(step.to, HALF)

    def _add(self, path: str, entry: Entry) -> None:
        assert self.find(path) is None, f"{path} is there"
        folder = folder_of(path)
        assert not folder or self.get(folder) == FOLDER, f"{folder} is not"
        self.tree[path] = entry

    def _move(self, path: str, to: str) -> None:
        name, other = self.find(path), self.find(to)
        assert name is not None, f"{path} is not there"
        if other is not None:
            assert self._replaces, f"{to} is there"
            assert {type(self.tree[name]), type(self.tree[other])} == {File}
            del self.tree[other]
        assert not folder_of(to) or self.get(folder_of(to)) == FOLDER
        for inner in [inner for inner in self.tree if inner == name or is_inside(inner, name)]:
            self.tree[to + inner[len(name) :]] = self.tree.pop(inner)


def do_all(disk: Disk, steps: Iterable[Operation], wanted: Mapping[str, Entry]) -> None:
    for step in steps:
        disk.do(step, wanted)
