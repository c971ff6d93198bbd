"""``belay mip list``, ``outdated`` and ``verify``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from belay.cli import exits
from belay.cli.mip import shared
from belay.cli.mip.shared import done_page, library, origins, page, split
from belay.cli.packages import counted
from belay.cli.settings import Settings, examples, pass_settings
from belay.cli.table import table
from belay.cli.text import printable, short_version

if TYPE_CHECKING:
    from belay.mip.installed import Installed
    from belay.mip.library import Library
    from belay.mip.strangers import Stranger

_TITLES = ("package", "version", "asked for", "from", "folder")


@click.command("list", epilog=examples("belay mip list", "belay mip list /dev/ttyACM0 --json"))
@click.argument("words", nargs=-1, metavar="[PORT]", shell_complete=shared.complete_words)
@click.option("--ours", is_flag=True, help="Do not look for packages that others have installed.")
@shared.options(shared.target_option, shared.index_option, shared.offline_option, shared.json_option)
@pass_settings
def list_(
    settings: Settings,
    *,
    words: tuple[str, ...],
    ours: bool,
    target: str | None,
    index: str,
    offline: bool,
    as_json: bool,
) -> int:
    """List the packages on a board.

    Those that mip on the board or mpremote has installed are recognised by comparing files with the index,
    and marked as not put there by belay.
    """
    port = _port(words)
    with library(settings, port, origins(index, offline=offline)) as packages:
        mine = [(at, each) for at, found in packages.packages(target).items() for each in found.values()]
        top = packages.target(target)
        others = [] if ours else _recognised(settings, packages, top)
    if as_json:
        pages = [{**(page(each) or {}), "target": at, "ours": True} for at, each in mine]
        print(json.dumps([*pages, *(_stranger_page(each, top) for each in others)], indent=2))
        return exits.DONE
    rows = [_row(each, at) for at, each in mine] + [_stranger_row(each, top) for each in others]
    if rows:
        print(table(_TITLES, rows))
    else:
        settings.say("no package is known to be on the board")
    if others:
        settings.say("hint: `belay mip adopt` takes into the record what others have put there")
    return exits.DONE


@click.command(
    short_help="Print what an upgrade would change.",
    epilog=examples("belay mip outdated", "belay mip outdated --check"),
)
@click.argument("words", nargs=-1, metavar="[PORT]", shell_complete=shared.complete_words)
@click.option("--check", is_flag=True, help=f"Exit with {exits.PACKAGES} if an upgrade would bring anything.")
@shared.options(shared.target_option, shared.index_option, shared.offline_option, shared.json_option)
@pass_settings
def outdated(
    settings: Settings,
    *,
    words: tuple[str, ...],
    check: bool,
    target: str | None,
    index: str,
    offline: bool,
    as_json: bool,
) -> int:
    """Print what `belay mip upgrade` would change; nothing on the board is."""
    with library(settings, _port(words), origins(index, offline=offline), dry_run=True) as packages:
        done = packages.upgrade(target=target)
    if as_json:
        print(json.dumps(done_page(done)["changes"], indent=2))
    else:
        for change in done.changes:
            print(printable(str(change)))
        if not done.changes:
            settings.say("nothing is outdated")
    for note in done.notes:
        settings.say(f"note: {note}")
    return exits.PACKAGES if check and done.changes else exits.DONE


@click.command(
    short_help="Compare files on a board with what was put there.",
    epilog=examples("belay mip verify", "belay mip verify /dev/ttyACM0 --json"),
)
@click.argument("words", nargs=-1, metavar="[PORT]", shell_complete=shared.complete_words)
@shared.options(shared.target_option, shared.json_option)
@pass_settings
def verify(settings: Settings, *, words: tuple[str, ...], target: str | None, as_json: bool) -> int:
    """Compare the files of packages on a board with what was put there."""
    with library(settings, _port(words)) as packages:
        found = packages.packages(target)
        damages = packages.verify(found)
    count = sum(map(len, found.values()))
    if as_json:
        pages = [{"package": each.package.name, "path": each.path, "kind": each.kind} for each in damages]
        print(json.dumps(pages, indent=2))
    else:
        for each in damages:
            print(printable(f"{each.path}: {each.kind} ({each.package})"))
    whole = "" if damages or not count else "; all is as it was put there"
    settings.say(f"verified: {counted(count, 'package')}{whole}")
    if damages:
        settings.say("hint: `belay mip upgrade` makes them whole")
    return exits.PACKAGES if damages else exits.DONE


def _port(words: tuple[str, ...]) -> str | None:
    from belay.cli.board import WrongUse

    port, rest = split(words, least=0)
    if rest:
        raise WrongUse(f"{rest[0]!r} names no board.")
    return port


def _recognised(settings: Settings, packages: Library, top: str) -> list[Stranger]:
    """What others have installed; without an index nobody knows."""
    from belay.exceptions import PackageError

    try:
        return packages.strangers(top)
    except PackageError as error:
        settings.say(f"warning: packages of others are not recognised: {error.message}")
        return []


def _row(package: Installed, top: str) -> list[str]:
    asked = package.asked or "needed by others"
    return [
        printable(package.name),
        short_version(package.version) or "-",
        printable(asked),
        _short(package.source),
        top,
    ]


def _stranger_row(stranger: Stranger, top: str) -> list[str]:
    what = "not by belay"
    if stranger.changed:
        what += f", {counted(len(stranger.changed), 'file')} changed"
    return [
        stranger.name,
        short_version(stranger.version) or "-",
        what,
        _short(stranger.candidate.source),
        top,
    ]


def _short(source: str) -> str:
    return printable(source.removeprefix("index+"))


def _stranger_page(stranger: Stranger, top: str) -> dict[str, object]:
    return {
        "name": stranger.name,
        "version": stranger.version,
        "source": stranger.candidate.source,
        "asked": None,
        "needs": [],
        "files": sorted(file.destination for file in stranger.candidate.files),
        "target": top,
        "ours": False,
        "changed": list(stranger.changed),
    }
