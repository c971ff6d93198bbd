"""What changes files on the board itself: ``belay fs rm``, ``mkdir``, ``rmdir``, ``touch`` and ``mv``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from belay.cli.board import WrongUse, connected
from belay.cli.fs.places import Place, complete_port_or_path, expanded, on_board, take_port
from belay.cli.fs.targets import target_of
from belay.cli.settings import Settings, examples, file_options, pass_settings
from belay.exceptions import BoardFileError, BoardFileNotFoundError, BoardIsAFolderError
from belay.files.tree import is_inside

if TYPE_CHECKING:
    from belay.files.filesystem import Filesystem

_RM = examples("belay fs rm :old.py", "belay fs rm -r :lib", "belay fs rm -f ':logs/*.csv'")
_MV = examples("belay fs mv :main.py :main.old", "belay fs mv ':*.csv' :logs")
_NOT_PERMITTED, _OTHER_DEVICE = 1, 18
"""What boards say of a rename from one file system to another."""

_words = click.argument("words", nargs=-1, metavar="[PORT] PATH...", shell_complete=complete_port_or_path)


@click.command(epilog=_RM, short_help="Remove files of a board.")
@_words
@click.option("-r", "-R", "--recursive", is_flag=True, help="Remove folders too, with all that is in them.")
@click.option("-f", "--force", is_flag=True, help="What is not there is no error.")
@click.option("-y", "--yes", is_flag=True, help="Even all files of the board, as in `rm -r --yes :/`.")
@file_options
@pass_settings
def rm(settings: Settings, words: tuple[str, ...], recursive: bool, force: bool, yes: bool) -> None:
    """Remove files of a board; if one of them is not there, none is removed."""
    port, paths = take_port(words, "PATH")
    places = list(map(on_board, paths))
    if not yes and any(place.whole == "/" for place in places):
        raise WrongUse("That would remove all files of the board.", "with -r and --yes it is done")
    with connected(settings, port, fresh=None) as device:
        files = device.filesystem
        kinds = _kinds(files, places, force=force)
        folders = [place for place, is_folder in kinds.items() if is_folder]
        if folders and not recursive:
            raise BoardIsAFolderError(
                f"{folders[0]}: it is a folder on the board",
                folders[0].path,
                hint="-r removes it and all that is in it",
            )
        for place, is_folder in kinds.items():
            if any(is_inside(place.whole, folder.whole.rstrip("/")) for folder in folders if folder != place):
                # It went with the folder.
                continue
            if is_folder:
                files.remove_folder(place.path, recursive=True)
            else:
                files.remove(place.path)


def _kinds(files: Filesystem, places: list[Place], *, force: bool) -> dict[Place, bool]:
    """Whether each of the places is a folder; with ``force`` without those that are not there."""
    kinds = {}
    for place in places:
        try:
            for each in expanded(files, [place]):
                kinds[each] = files.stat(each.path).is_folder
        except BoardFileNotFoundError:
            if not force:
                raise
    # One that is named twice is removed once.
    return {place: kinds[place] for place in {place.whole: place for place in kinds}.values()}


@click.command()
@_words
@click.option("-p", "--parents", is_flag=True, help="Make folders above too; one that is there is no error.")
@file_options
@pass_settings
def mkdir(settings: Settings, words: tuple[str, ...], parents: bool) -> None:
    """Make folders on a board."""
    port, paths = take_port(words, "PATH")
    with connected(settings, port, fresh=None) as device:
        for place in map(on_board, paths):
            try:
                device.filesystem.make_folder(place.path, parents=parents, exist_ok=parents)
            except BoardFileNotFoundError as error:
                error.hint = "-p makes the folders above it, too"
                raise


@click.command()
@_words
@file_options
@pass_settings
def rmdir(settings: Settings, words: tuple[str, ...]) -> None:
    """Remove empty folders of a board."""
    port, paths = take_port(words, "PATH")
    with connected(settings, port, fresh=None) as device:
        for place in expanded(device.filesystem, map(on_board, paths)):
            device.filesystem.remove_folder(place.path)


@click.command(short_help="Make empty files on a board.")
@_words
@file_options
@pass_settings
def touch(settings: Settings, words: tuple[str, ...]) -> None:
    """Make empty files on a board; what is there stays as it is."""
    port, paths = take_port(words, "PATH")
    with connected(settings, port, fresh=None) as device:
        for place in map(on_board, paths):
            device.filesystem.touch(place.path)


@click.command(epilog=_MV, short_help="Move or rename files and folders on a board.")
@click.argument("words", nargs=-1, metavar="[PORT] SOURCE... TARGET", shell_complete=complete_port_or_path)
@file_options
@pass_settings
def mv(settings: Settings, words: tuple[str, ...]) -> None:
    """Move or rename files and folders on a board; a file that is there is replaced.

    Several go into a folder. From here to the board, or back, `belay fs cp` copies.
    """
    port, paths = take_port(words, "SOURCE TARGET", least=2)
    if len({path.startswith(":") for path in paths}) > 1:
        raise WrongUse(
            "Some of the paths have the colon of the board's, some have not; mv moves on the board only.",
            "belay fs cp copies between the board and this computer",
        )
    with connected(settings, port, fresh=None) as device:
        files = device.filesystem
        *places, target = map(on_board, paths)
        moves = target_of(files, expanded(files, places), target)
        for source, to in moves:
            _move(files, source, to)


def _move(files: Filesystem, source: Place, to: Place) -> None:
    if source.whole == to.whole:
        return
    try:
        files.rename(source.path, to.path, replace=True)
    except BoardFileError as error:
        if error.errno not in {_NOT_PERMITTED, _OTHER_DEVICE}:
            raise
        hint = "on another file system of the board? then copy it, and remove it here"
        raise BoardFileError(error.message, error.path, error.errno, hint=hint) from error
