"""Where each of several files goes, as ``cp`` and ``mv`` have it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from belay.cli.fs.places import Place
from belay.exceptions import (
    BoardFileError,
    BoardFileNotFoundError,
    BoardNotAFolderError,
    FilesError,
    SourceMissingError,
)

if TYPE_CHECKING:
    from belay.files.filesystem import Filesystem


def target_of(files: Filesystem, sources: Sequence[Place], target: Place) -> list[tuple[Place, Place]]:
    """Where each source goes: into a folder that is there, else to the target itself.

    Args:
        files: The board's.
        sources: What is to be copied or moved; nothing is asked about them.
        target: Where to.

    Returns:
        Each source, and its own target.

    Raises:
        FilesError: There is no folder for several, or for one that is said to go into a folder; or two
            would go to the same place.
    """
    is_folder = is_folder_at(files, target)
    if is_folder is None and (above := target.above) and is_folder_at(files, above) is None:
        raise _no_folder(above, is_there=False)
    if not is_folder and (len(sources) > 1 or target.path.endswith("/")):
        raise _no_folder(target, is_there=is_folder is not None)
    found = [(source, target.inside(source.name) if is_folder else target) for source in sources]
    taken: dict[str, Place] = {}
    for source, to in found:
        if source.name and (other := taken.setdefault(str(to), source)) != source:
            raise FilesError(f"{other} and {source} would both become {to}")
    return found


def is_folder_at(files: Filesystem, place: Place) -> bool | None:
    """Whether there is a folder; None if there is nothing.

    Raises:
        BoardNotAFolderError: A file is where a folder above it should be.
    """
    if not place.on_board:
        path = Path(place.path)
        return path.is_dir() if path.exists() else None
    if place.whole == "/":
        return True
    try:
        return files.stat(place.path).is_folder
    except BoardFileNotFoundError:
        return None


def check_source(files: Filesystem, source: Place, *, recursive: bool) -> bool:
    """Whether a source is a folder.

    Raises:
        FilesError: It is not there, or is a folder though folders are not meant.
    """
    is_folder = is_folder_at(files, source)
    if is_folder is None and source.on_board:
        raise BoardFileNotFoundError(f"{source}: there is no such file or folder on the board", source.path)
    if is_folder is None:
        raise SourceMissingError(f"{source}: there is no such file or folder", hint="is the path right?")
    if is_folder and not recursive:
        raise FilesError(f"{source}: it is a folder", hint="-r copies it with all that is in it")
    return is_folder


def _no_folder(target: Place, *, is_there: bool) -> FilesError:
    if not target.on_board:
        what = "it is a file" if is_there else "there is no such folder"
        return FilesError(f"{target}: {what}", hint=None if is_there else "make it first")
    if is_there:
        return BoardNotAFolderError(f"{target}: it is a file on the board", target.path)
    return BoardFileError(
        f"{target}: there is no such folder on the board",
        target.path,
        hint=f"`belay fs mkdir {target}` makes it",
    )
