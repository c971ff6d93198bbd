"""``belay mip install``, ``upgrade``, ``remove`` and ``adopt``."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

import click

from belay.cli import exits
from belay.cli.mip import shared
from belay.cli.mip.shared import changing, origins, split, tell_done
from belay.cli.settings import Settings, examples, pass_settings

if TYPE_CHECKING:
    from belay.mip.strangers import Stranger


@click.command(
    short_help="Put packages on a board, with all that they need.",
    epilog=examples(
        "belay mip install umqtt.simple aioble@0.6.0",
        "belay mip install /dev/ttyACM0 github:org/repo@v1.0",
        "belay mip install https://example.com/sensor/package.json --target /third-party",
        "belay mip install ./sensor.py --dry-run",
    ),
)
@click.argument("words", nargs=-1, metavar="[PORT] PACKAGE...", shell_complete=shared.complete_words)
@shared.options(
    shared.target_option,
    shared.index_option,
    shared.mpy_option,
    shared.offline_option,
    shared.dry_option,
    shared.json_option,
)
@pass_settings
def install(
    settings: Settings,
    *,
    words: tuple[str, ...],
    target: str | None,
    index: str,
    mpy: bool,
    offline: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Put packages on a board, with all that they need; files that are there already are not sent.

    Several packages are chosen together. Each file has its old or its new content, whole, whatever happens
    meanwhile; the new ones replace the old at once, if there is room for that.
    """
    from belay.mip.wants import parse_wants

    port, names = split(words)
    where = origins(index, offline=offline)
    needs = parse_wants(names, index=index, own=where.hosts)
    with changing(settings, port, where, dry_run=dry_run) as packages:
        done = packages.install(needs, target=target, mpy=mpy)
    tell_done(settings, done, as_json=as_json)
    return exits.DONE


@click.command(
    short_help="Bring newer ones.",
    epilog=examples("belay mip upgrade", "belay mip upgrade /dev/ttyACM0 aioble --dry-run"),
)
@click.argument("words", nargs=-1, metavar="[PORT] [NAME]...", shell_complete=shared.complete_words)
@click.option(
    "--mpy/--no-mpy", default=None, help="Compiled files, or sources; if not given, as they are on the board."
)
@shared.options(
    shared.target_option,
    shared.index_option,
    shared.offline_option,
    shared.dry_option,
    shared.json_option,
)
@pass_settings
def upgrade(
    settings: Settings,
    *,
    words: tuple[str, ...],
    mpy: bool | None,
    target: str | None,
    index: str,
    offline: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Choose packages on a board anew, as they were asked for, and put those there that differ.

    One that was asked for in a version, as `aioble@0.6.0`, stays at that; `belay mip install aioble` lets it
    go on.
    """
    port, names = split(words, least=0)
    with changing(settings, port, origins(index, offline=offline), dry_run=dry_run) as packages:
        done = packages.upgrade(names, target=target, mpy=mpy)
    tell_done(settings, done, as_json=as_json)
    return exits.DONE


@click.command(epilog=examples("belay mip remove aioble", "belay mip remove /dev/ttyACM0 aioble --dry-run"))
@click.argument("words", nargs=-1, metavar="[PORT] NAME...", shell_complete=shared.complete_words)
@shared.options(shared.target_option, shared.dry_option, shared.json_option)
@pass_settings
def remove(
    settings: Settings, *, words: tuple[str, ...], target: str | None, dry_run: bool, as_json: bool
) -> int:
    """Remove packages from a board, and what only they needed."""
    port, names = split(words)
    with changing(settings, port, dry_run=dry_run) as packages:
        done = packages.remove(names, target=target)
    tell_done(settings, done, as_json=as_json)
    return exits.DONE


@click.command(
    short_help="Take what others have installed into the record.",
    epilog=examples("belay mip adopt", "belay mip adopt umqtt.simple"),
)
@click.argument("words", nargs=-1, metavar="[PORT] [NAME]...", shell_complete=shared.complete_words)
@shared.options(
    shared.target_option,
    shared.index_option,
    shared.offline_option,
    shared.dry_option,
    shared.json_option,
)
@pass_settings
def adopt(
    settings: Settings,
    *,
    words: tuple[str, ...],
    target: str | None,
    index: str,
    offline: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Take packages into the record that were installed by mip on the board, or by mpremote.

    From then on they can be upgraded and removed like others. Without a NAME all that are recognised are
    taken, but for those that have been changed; one that is named is made whole again.
    """
    from belay.mip.strangers import adopted

    port, names = split(words, least=0)
    with changing(settings, port, origins(index, offline=offline), dry_run=dry_run) as packages:
        top = packages.target(target)
        found = packages.strangers(top)
        chosen = _named(found, names) if names else [each for each in found if not each.changed]
        choice = adopted(chosen, packages.talk, packages.origins)
        done = packages.put(top, choice)
    tell_done(settings, done, as_json=as_json)
    return exits.DONE


def _named(found: list[Stranger], names: tuple[str, ...]) -> list[Stranger]:
    from belay.exceptions import PackageNotFoundError

    known = {stranger.name: stranger for stranger in found}
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else "`belay mip list` shows what is recognised"
            raise PackageNotFoundError(name, f"{name} is not recognised on the board", hint=hint)
    return [known[name] for name in dict.fromkeys(names)]
