"""``belay tree``: what is locked, and why."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from itertools import pairwise
from typing import TYPE_CHECKING

import click

from belay.cli import exits
from belay.cli.names import complete_group, complete_locked
from belay.cli.packages import its_lock, tell_unfit, this_project
from belay.cli.settings import Settings, examples, pass_settings, talk_options
from belay.cli.text import can_encode, printable, short_version
from belay.exceptions import PackageError, PackageNotFoundError

if TYPE_CHECKING:
    from belay.packages.lock import Lock, LockedRequirement
    from belay.packages.model import LockedPackage
    from belay.packages.tree import Chain, Chains, Row
    from belay.project import Project

EXAMPLES = examples("belay tree", "belay tree --group dev", "belay tree --why umqtt.simple")
MOST_CHAINS = 50
_LINES = ("│   ", "├── ", "    ", "└── ")
_ASCII_LINES = ("|   ", "|-- ", "    ", "`-- ")


@click.command(epilog=EXAMPLES)
@click.option(
    "--why",
    metavar="NAME",
    shell_complete=complete_locked,
    help="Print each chain from a dependency of the project to this package instead.",
)
@click.option(
    "--group", metavar="NAME", shell_complete=complete_group, help="Look at this group only; else at all."
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON: what is wanted, and what needs what; or the chains."
)
@talk_options
@pass_settings
def tree(settings: Settings, why: str | None, group: str | None, as_json: bool) -> int:
    """Print the locked packages as a tree, below the dependencies of the project that they are for.

    The lockfile says it all; no network is used. Where the same package comes again, what it needs is not
    repeated, which (*) marks.
    """
    project = this_project()
    lock = its_lock(project)
    needs = _chosen(project, lock, group)
    if why is None:
        _show_tree(settings, lock, needs, as_json)
    else:
        found = _chains(lock, needs, why)
        if not found.found:
            raise _not_there(lock, why, group)
        _show_chains(settings, found, why, as_json)
    tell_unfit(settings, project, lock)
    return exits.DONE


def _chosen(project: Project, lock: Lock, group: str | None) -> list[LockedRequirement]:
    """The requirements that are looked at, in the order of the project's groups."""
    from belay.packages.lines import suggest

    known = [each.name for each in project.groups]
    order = [*known, *sorted({need.group for need in lock.requirements} - set(known))]
    if group is not None and group not in order:
        raise PackageError(f"the project has no group {group!r}", hint=suggest(group, tuple(order)))
    chosen = [need for need in lock.requirements if group in {None, need.group}]
    return sorted(chosen, key=lambda need: order.index(need.group))


# --- the tree --------------------------------------------------------------------------------------


def _show_tree(settings: Settings, lock: Lock, needs: list[LockedRequirement], as_json: bool) -> None:
    if as_json:
        print(json.dumps(_tree_page(lock, needs), indent=2))
        return
    if not needs:
        settings.say("nothing is locked")
    from belay.packages.tree import rows

    lines = _LINES if can_encode(sys.stdout, "".join(_LINES)) else _ASCII_LINES
    is_repeated = False
    for group in dict.fromkeys(need.group for need in needs):
        print(click.style(group, bold=True) if settings.colored(sys.stdout) else group)
        for row in rows(lock, [need for need in needs if need.group == group]):
            print(_before(row.lasts, lines) + _label(row))
            is_repeated = is_repeated or row.repeated
    if is_repeated:
        settings.say("(*) what it needs is shown above")


def _before(lasts: Sequence[bool], lines: Sequence[str]) -> str:
    *above, last = lasts
    return "".join(lines[2 if is_last else 0] for is_last in above) + lines[3 if last else 1]


def _label(row: Row) -> str:
    name = row.need.key if row.need else ""
    text = _named(row.package, row.wanted, name) if row.package else f"{name} [{printable(row.wanted)}]"
    return f"{text} (*)" if row.repeated else text


def _named(package: LockedPackage, wanted: str, key: str = "") -> str:
    """A package in a few words, as ``requests 0.10.0 [>=0.9,<1]``.

    Args:
        package: The package.
        wanted: What who needs it wants.
        key: The dependency's name in the project, if it is that.
    """
    text = f"{package.name} {short_version(package.version)}".rstrip()
    if key and key != package.name:
        text = f"{key}: {text}"
    if wanted.startswith(mark := f"mip:{package.name}"):
        wanted = wanted.removeprefix(mark).removeprefix("@").strip()
    text += f" [{wanted}]" if wanted else ""
    # A requirement says it itself.
    text += " (develop)" if package.develop and not key else ""
    return printable(text)


def _tree_page(lock: Lock, needs: list[LockedRequirement]) -> dict[str, object]:
    groups = {need.group for need in needs}
    packages = [package for package in lock.packages if groups & set(package.groups)]
    return {
        "requirements": [_need_page(need) for need in needs],
        "packages": [_package_page(package) for package in packages],
    }


def _need_page(need: LockedRequirement) -> dict[str, object]:
    return {
        "group": need.group,
        "name": need.key,
        "wanted": need.wanted,
        "leads_to": list(need.packages),
    }


def _package_page(package: LockedPackage) -> dict[str, object]:
    limits = dict(package.constraints)
    return {
        "name": package.name,
        "version": package.version,
        "source": package.source,
        "groups": list(package.groups),
        "develop": package.develop,
        "needs": [{"name": name, "wanted": limits.get(name)} for name in package.dependencies],
    }


# --- why -------------------------------------------------------------------------------------------


def _show_chains(settings: Settings, found: Chains, name: str, as_json: bool) -> None:
    if as_json:
        page = {"name": name, "chains": [_chain_page(chain) for chain in found.found], "more": found.more}
        print(json.dumps(page, indent=2))
        return
    for chain in found.found:
        print(f"{chain.need.group}: {' -> '.join(_steps(chain))}")
    if found.more:
        settings.say(f"these are the {len(found.found)} shortest; there are more")


def _steps(chain: Chain) -> list[str]:
    need = chain.need
    if len(need.packages) == 1 and chain.packages:
        first = [_named(chain.packages[0], need.wanted, need.key)]
    else:
        first = [printable(f"{need.key} [{need.wanted}]"), *(_named(each, "") for each in chain.packages[:1])]
    return first + [
        _named(inner, dict(outer.constraints).get(inner.name, ""))
        for outer, inner in pairwise(chain.packages)
    ]


def _chains(lock: Lock, needs: list[LockedRequirement], name: str) -> Chains:
    from belay.packages.tree import Chain, Chains, chains

    if name in {package.name for package in lock.packages}:
        return chains(lock, needs, name, most=MOST_CHAINS)
    return Chains(tuple(Chain(need, ()) for need in needs if need.key == name))


def _not_there(lock: Lock, name: str, group: str | None) -> PackageError:
    packages = {package.name: package for package in lock.packages}
    if name in packages and group is not None:
        hint = f"it is there for {', '.join(packages[name].groups)}"
        return PackageError(f"the group {group} does not need {name}", hint=hint)
    if name in packages:
        return PackageError(f"{name} is locked, but nothing needs it", hint="`belay update` mends the lock")
    near = get_close_matches(name, packages.keys() | {need.key for need in lock.requirements}, 1)
    hint = f"did you mean {near[0]}?" if near else "`belay tree` prints all that is locked"
    return PackageNotFoundError(name, f"no package {name!r} is locked", hint=hint)


def _chain_page(chain: Chain) -> dict[str, object]:
    way = [{"name": package.name, "version": package.version} for package in chain.packages]
    return {"group": chain.need.group, "requirement": chain.need.key, "wanted": chain.need.wanted, "way": way}
