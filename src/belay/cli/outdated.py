"""``belay outdated``: what there is that is newer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from belay.cli import exits
from belay.cli.packages import counted, talking, tell_unfit, this_project
from belay.cli.settings import Settings, examples, pass_settings, talk_options
from belay.cli.table import table
from belay.cli.text import printable, short_version

if TYPE_CHECKING:
    from belay.packages.model import LockedPackage
    from belay.project.outdated import Prospect

EXAMPLES = examples("belay outdated", "belay outdated --check", "belay outdated --json")
_TITLES = ("package", "locked", "wanted", "latest", "")


@click.command(epilog=EXAMPLES)
@click.option(
    "--check",
    is_flag=True,
    help=f"Exit with {exits.PACKAGES} if `belay update` would bring anything else than what is locked.",
)
@click.option("--offline", is_flag=True, help="Use what was fetched before, and no network.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@talk_options
@pass_settings
def outdated(settings: Settings, check: bool, offline: bool, as_json: bool) -> int:
    """Print what `belay update` would change, and which newer versions it would not take.

    Wanted is what an update would lock: the best that all requirements allow. Latest is what the package's
    index calls the latest; for the tag of a repository, a newer one. Where an index has other files for the
    version that is locked, or a file or folder is no longer what was locked, it says that the content
    changed. Nothing in the project is changed.
    """
    from belay.project.outdated import find_outdated

    project = this_project()
    with talking(settings) as talk:
        prospects = find_outdated(project, talk, offline=offline)
    found = prospects.found
    if as_json:
        print(json.dumps([_page(each) for each in found], indent=2))
    elif found:
        print(table(_TITLES, [_row(each) for each in found]))
    changing = sum(each.changes for each in found)
    held = sum(each.held for each in found)
    said = [f"locked: {counted(len(prospects.lock.packages), 'package')}"]
    said += [f"`belay update` would change: {changing}"] if changing else []
    said += [f"newer than their requirements allow: {held}"] if held else []
    settings.say("; ".join(said if found else [*said, "nothing is outdated"]))
    tell_unfit(settings, project, prospects.lock)
    return exits.PACKAGES if check and changing else exits.DONE


def _row(each: Prospect) -> list[str]:
    versions = (_version(each.old), _version(each.new), printable(each.latest) or "-")
    return [each.name, *versions, printable("; ".join(_remarks(each)))]


def _version(package: LockedPackage | None) -> str:
    return short_version(package.version if package else "") or "-"


def _remarks(each: Prospect) -> Iterator[str]:
    if each.old is None:
        yield "new"
    if each.new is None:
        yield "no longer needed"
        return
    if each.content_changed:
        yield "content changed"
    if each.source_changed:
        yield f"from {each.new.source.removeprefix('index+')}"
    if each.held:
        limits = [(need.wanted, need.group) for need in each.needs if need.wanted != f"mip:{each.name}"]
        limits += [(wanted, f"needed by {name}") for name, wanted in each.needed_by.items() if wanted]
        held_by = [f"{wanted.removeprefix('mip:')} ({where})" for wanted, where in limits]
        yield f"held by {', '.join(held_by or ['its index'])}"


def _page(each: Prospect) -> dict[str, object]:
    package = each.new or each.old
    assert package is not None
    return {
        "name": each.name,
        "locked": each.old.version if each.old else None,
        "wanted": each.new.version if each.new else None,
        "latest": each.latest or None,
        "content_changed": each.content_changed,
        "source": package.source,
        "groups": list(package.groups),
        "requirements": [
            {"group": need.group, "name": need.key, "wanted": need.wanted} for need in each.needs
        ],
        "needed_by": [{"name": name, "wanted": wanted or None} for name, wanted in each.needed_by.items()],
    }
