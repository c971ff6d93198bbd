"""Folders of this machine that a manifest.py describes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from belay.exceptions import UnsafePathError
from belay.packages import manifestpy
from belay.packages.model import Candidate


def read_described(
    key: str,
    folder: Path,
    source: str,
    *,
    walk: Callable[[Path], Iterator[Path]],
    warn: Callable[[str], None],
) -> Candidate | None:
    """The package that a folder's manifest.py describes.

    The files may be anywhere in the git repository that the folder is in, or else in the folder.

    Args:
        key: The candidate's name.
        folder: The folder.
        source: The candidate's source.
        walk: Finds the files in a folder and below.
        warn: Called with a sentence for each thing in it that is not used.

    Returns:
        The package; None if there is no such manifest.

    Raises:
        ManifestError: It is not understood, or says what only running it would tell.
        UnsafePathError: A file has an unsafe name, or is a link that leads out.
        OSError: Something cannot be read.
    """
    if not (folder / manifestpy.NAME).is_file():
        return None
    root = _repository(folder)
    tree = _FolderTree(root, source, walk)
    below = folder.relative_to(root).as_posix()
    said = manifestpy.read_manifest_py(tree, "" if below == "." else below, where=source)
    if said is None:
        return None
    for remark in said.remarks:
        warn(remark)
    return manifestpy.as_candidate(said, key, source, tree.url, where=source)


def _repository(folder: Path) -> Path:
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), folder)


class _FolderTree:
    """A folder; a :class:`~belay.packages.manifestpy.Tree`."""

    def __init__(self, root: Path, source: str, walk: Callable[[Path], Iterator[Path]]) -> None:
        self._root = root
        self._real = Path(os.path.realpath(root))
        self._source = source
        self._walk = walk

    def url(self, path: str) -> str:
        return self._inside(path).as_uri()

    def read(self, path: str) -> bytes | None:
        if not self.has(path):
            return None
        with self._inside(path).open("rb") as file:
            return file.read(manifestpy.MAX_BYTES + 1)

    def has(self, path: str) -> bool:
        return not _is_hidden(path) and (self._root / path).is_file()

    def files(self, folder: str) -> Iterable[str]:
        if (self._root / folder).is_dir():
            for path in self._walk(self._inside(folder)):
                name = path.relative_to(self._root).as_posix()
                if not _is_hidden(name):
                    yield name

    def _inside(self, path: str) -> Path:
        found = self._root / path
        if not Path(os.path.realpath(found)).is_relative_to(self._real):
            raise UnsafePathError(
                str(found), "is a link that leads out of the repository", where=self._source
            )
        return found


def _is_hidden(path: str) -> bool:
    """Whether a path is to the repository's own folder, or to what may be secret: that is no package's."""
    return any(part.startswith(".") for part in path.split("/"))
