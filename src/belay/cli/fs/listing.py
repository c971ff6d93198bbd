"""What is on a board: ``belay fs ls``, ``tree`` and ``df``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import click

from belay.cli.board import Port, connected
from belay.cli.fs.places import Place, complete_port_or_path, expanded, on_board, take_port
from belay.cli.info import readable
from belay.cli.settings import Settings, examples, file_options, pass_settings
from belay.cli.table import table
from belay.cli.text import can_encode, escaped
from belay.exceptions import BoardError, BoardFileError, BoardNotAFolderError

if TYPE_CHECKING:
    from belay.device import Device
    from belay.files.access import Room, Stat
    from belay.files.filesystem import Filesystem
    from belay.files.tree import Entry

_LS = examples("belay fs ls", "belay fs ls -l :lib", "belay fs ls --json ':**/*.py'")
_LINES = ("├── ", "└── ", "│   ", "    ")
_ASCII_LINES = ("|-- ", "`-- ", "|   ", "    ")
_USUAL_MOUNTS = ("flash", "sd", "rom", "remote", "ramdisk", "saves")
"""Where boards have other file systems, if their firmware cannot say."""


class Line(NamedTuple):
    """A file or folder.

    Attributes:
        place: Where it is.
        name: What it is called in a list.
        size: Bytes; None of a folder.
        changed: When it was changed, by the board's clock; None if that is not known.
    """

    place: Place
    name: str
    size: int | None
    changed: datetime | None = None

    @property
    def label(self) -> str:
        """The name as people see it."""
        return escaped(self.name) + ("/" if self.size is None else "")

    @property
    def page(self) -> dict[str, object]:
        """What JSON says of it."""
        return {
            "path": self.place.whole,
            "kind": "folder" if self.size is None else "file",
            "size": self.size,
            "changed": self.changed and self.changed.isoformat(),
        }


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON; sizes are in bytes.")


@click.command(epilog=_LS)
@click.argument("words", nargs=-1, metavar="[PORT] [PATH]...", shell_complete=complete_port_or_path)
@click.option(
    "-l", "--long", "is_long", is_flag=True, help="Show sizes in bytes, and when files were changed."
)
@json_option
@file_options
@pass_settings
def ls(settings: Settings, words: tuple[str, ...], is_long: bool, as_json: bool) -> None:
    """List files of a board, or what is in its folders.

    Times are those of the board's clock; many boards have none, and some lose it with the power.
    """
    port, paths = take_port(words, "PATH", least=0)
    with connected(settings, port, fresh=None) as device:
        files = device.filesystem
        found = {
            place: _lines_of(files, place)
            for place in expanded(files, [on_board(path) for path in paths or ("",)])
        }
        if is_long:
            found = {place: _dated(files, place, lines) for place, lines in found.items()}
    if as_json:
        print(json.dumps([line.page for lines in found.values() for line in lines], indent=2))
        return
    _print(found, is_long=is_long)


def _print(found: Mapping[Place, list[Line]], *, is_long: bool) -> None:
    """The files first, then each folder."""
    single = [lines[0] for place, lines in found.items() if [line.place for line in lines] == [place]]
    folders = {place: lines for place, lines in found.items() if place not in {line.place for line in single}}
    blocks = ["\n".join(_shown(single, is_long=is_long))] if single else []
    for place, lines in folders.items():
        title = [f"{escaped(str(place))}:"] if len(found) > 1 else []
        blocks.append("\n".join([*title, *_shown(lines, is_long=is_long)]))
    if text := "\n\n".join(blocks):
        print(text)


def _lines_of(files: Filesystem, place: Place) -> list[Line]:
    """What is in a folder, or the one line of a file."""
    try:
        tree = files.tree(place.path or "/", deep=False)
    except BoardNotAFolderError:
        return [Line(place, place.path, files.stat(place.path).size)]
    return [Line(place.inside(name), name, size_of(entry)) for name, entry in sorted(tree.items())]


def size_of(entry: Entry) -> int | None:
    """The bytes of a file; None of a folder."""
    return getattr(entry, "size", None)


def _shown(lines: list[Line], *, is_long: bool) -> Iterator[str]:
    if not is_long:
        yield from (line.label for line in lines)
        return
    width = max((len(str(line.size)) for line in lines if line.size is not None), default=1)
    for line in lines:
        size = "" if line.size is None else str(line.size)
        changed = f"{line.changed:%Y-%m-%d %H:%M}" if line.changed else "-"
        yield f"{size:>{width}}  {changed:<16}  {line.label}"


def _dated(files: Filesystem, place: Place, lines: list[Line]) -> list[Line]:
    """The lines, with the times of files."""
    if [line.place for line in lines] == [place]:
        stats = {line.name: files.stat(place.path) for line in lines}
    else:
        names = [line.name for line in lines if line.size is not None]
        stats = files.stat_each(place.path or "/", names)
    return [line._replace(changed=_time(stats.get(line.name))) for line in lines]


def _time(stat: Stat | None) -> datetime | None:
    # The board's clock knows no time zone.
    if stat is None or not stat.changed:
        return None
    return datetime.fromtimestamp(stat.changed, UTC).replace(tzinfo=None)


@click.command()
@click.argument("words", nargs=-1, metavar="[PORT] [PATH]...", shell_complete=complete_port_or_path)
@click.option("-s", "--size", "with_sizes", is_flag=True, help="Show the sizes of files, in bytes.")
@json_option
@file_options
@pass_settings
def tree(settings: Settings, words: tuple[str, ...], with_sizes: bool, as_json: bool) -> None:
    """Show a board's folders, and all that is in them."""
    port, paths = take_port(words, "PATH", least=0)
    with connected(settings, port, fresh=None) as device:
        files = device.filesystem
        places = expanded(files, [on_board(path) for path in paths or ("",)])
        found = {place: files.tree(place.path or "/") for place in places}
    if as_json:
        lines = [
            Line(place.inside(path), path, size_of(entry))
            for place, entries in found.items()
            for path, entry in sorted(entries.items(), key=_by_names)
        ]
        print(json.dumps([line.page for line in lines], indent=2))
        return
    signs = _LINES if can_encode(sys.stdout, "".join(_LINES)) else _ASCII_LINES
    for place, entries in found.items():
        print(escaped(str(place)))
        for line in _branches(entries, signs, with_sizes=with_sizes):
            print(line)


def _by_names(item: tuple[str, Entry]) -> list[str]:
    return item[0].split("/")


def _branches(entries: Mapping[str, Entry], signs: tuple[str, ...], *, with_sizes: bool) -> Iterator[str]:
    paths = sorted(entries, key=lambda path: path.split("/"))
    last = {path.rpartition("/")[0]: path for path in paths}
    width = max((len(str(size)) for size in map(size_of, entries.values()) if size is not None), default=1)
    for path in paths:
        above, _, name = path.rpartition("/")
        folders = [path[:at] for at, sign in enumerate(path) if sign == "/"]
        before = "".join(signs[3 if last[each.rpartition("/")[0]] == each else 2] for each in folders)
        size = size_of(entries[path])
        shown = f"[{size:>{width}}]  " if with_sizes and size is not None else ""
        yield f"{before}{signs[last[above] == path]}{shown}{escaped(name)}{'/' if size is None else ''}"


@click.command()
@click.argument("port", required=False, type=Port(), metavar="[PORT]")
@json_option
@file_options
@pass_settings
def df(settings: Settings, port: str | None, as_json: bool) -> None:
    """Say how much room a board's file systems have."""
    with connected(settings, port, fresh=None) as device:
        rooms = _rooms(device)
    if as_json:
        print(json.dumps([_room_page(path, room) for path, room in rooms.items()], indent=2))
        return
    rows = [
        (readable(room.total), readable(room.total - room.free), readable(room.free), _share(room), path)
        for path, room in rooms.items()
    ]
    print(table(("size", "used", "free", "use", "mounted on"), rows, right=True))


def _room_page(path: str, room: Room) -> dict[str, object]:
    used = room.total - room.free
    return {"path": path, "size": room.total, "used": used, "free": room.free, "block": room.block}


def _share(room: Room) -> str:
    return f"{100 * (room.total - room.free) // room.total}%" if room.total else "-"


def _rooms(device: Device) -> dict[str, Room]:
    """The file systems by where they are mounted; those without any room are none that keep files."""
    files = device.filesystem
    try:
        mounted = device("[each[1] for each in __import__('vfs').mount()]", record=False)
    except BoardError:
        mounted = None
    if mounted is not None:
        paths = [str(path) for path in mounted]
        return {path: room for path in sorted(paths) if (room := files.room(path)).total}
    # An older firmware: a place with other numbers than the one above it has another file system.
    top = files.room("/")
    names = {name for name, entry in files.tree("/", deep=False).items() if size_of(entry) is None}
    rooms = {"/": top} if top.total else {}
    for name in sorted(names.union(_USUAL_MOUNTS)):
        with suppress(BoardFileError):
            if (room := files.room(name)) != top and room.total:
                rooms[f"/{name}"] = room
    return rooms
