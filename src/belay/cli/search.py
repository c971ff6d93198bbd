"""``belay search``: what the indices have."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from belay.cli import exits
from belay.cli.board import WrongUse
from belay.cli.names import complete_index
from belay.cli.packages import counted, talking, this_project
from belay.cli.settings import Settings, examples, pass_settings, talk_options
from belay.cli.table import table
from belay.cli.text import can_encode, cut, printable, terminal_width
from belay.exceptions import PackageNotFoundError, ProjectNotFoundError

if TYPE_CHECKING:
    from belay.packages.search import Found, Hit
    from belay.project import Project

EXAMPLES = examples(
    "belay search mqtt", "belay search http client", "belay search --index https://micropython.org/pi/v2 ntp"
)
MOST = 20
_NARROWEST = 10


@click.command(epilog=EXAMPLES)
@click.argument("words", nargs=-1, required=True, metavar="WORD...")
@click.option(
    "--index",
    "places",
    multiple=True,
    metavar="NAME|URL",
    shell_complete=complete_index,
    help="Search this index instead; it may be given several times.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"Print so many at most; {MOST} if not given, and all with --json.",
)
@click.option("--offline", is_flag=True, help="Use what was fetched before, and no network.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@talk_options
@pass_settings
def search(
    settings: Settings,
    *,
    words: tuple[str, ...],
    places: tuple[str, ...],
    limit: int | None,
    offline: bool,
    as_json: bool,
) -> int:
    """Print the packages that have all of these words in their name, description or author.

    In a project its package indices are searched, elsewhere the one of MicroPython. Names that fit come
    first. To find nothing is an error.
    """
    from belay.packages.search import search as look
    from belay.project.upkeep import indices_of, supply_of

    wanted = _words(words)
    project = _with_indices(_project(), places)
    with talking(settings) as talk, supply_of(project, talk, offline=offline) as supply:
        found = look(indices_of(project, supply, talk).all, wanted, supply)
    for error in found.skipped.values():
        settings.say(f"note: {error.message}")
    hits = found.hits if limit is None and as_json else found.hits[: limit or MOST]
    names = {url: name for name, url in project.indices}
    if as_json:
        print(json.dumps([asdict(hit) for hit in hits], indent=2))
    elif hits:
        print(_table(hits, names))
    if not hits:
        raise _nothing(wanted, found)
    _tell_more(settings, found, hits)
    return exits.DONE


def _words(words: tuple[str, ...]) -> list[str]:
    wanted = " ".join(words).split()
    if not wanted:
        raise WrongUse("there is no word to look for")
    return wanted


def _project() -> Project:
    """The project that the current folder is in, or one that says nothing."""
    from belay.project import Project

    try:
        return this_project()
    except ProjectNotFoundError:
        return Project(Path.cwd() / "pyproject.toml")


def _with_indices(project: Project, places: tuple[str, ...]) -> Project:
    """A project with these indices instead of its own, if there are any."""
    if not places:
        return project
    known = dict(project.indices)
    named = {url: name for name, url in project.indices}
    urls = [known.get(place) or _url(place, project) for place in dict.fromkeys(places)]
    return replace(project, indices=tuple((named.get(url, url), url) for url in dict.fromkeys(urls)))


def _url(place: str, project: Project) -> str:
    if "://" in place:
        return place.rstrip("/")
    if Path(place).is_dir():
        return Path(place).absolute().as_uri()
    names = ", ".join(name for name, _ in project.indices)
    raise WrongUse(f"there is no index {place!r}", f"give a URL, a folder, or one of the project's: {names}")


def _table(hits: tuple[Hit, ...], names: dict[str, str]) -> str:
    titles = ["name", "version", "description"]
    rows = [[printable(hit.name), printable(hit.version), printable(hit.description)] for hit in hits]
    if len(names) > 1:
        titles.insert(2, "index")
        for row, hit in zip(rows, hits, strict=True):
            row.insert(2, printable(names[hit.index].rpartition("://")[2]))
    width = terminal_width()
    if width is not None:
        left = width - sum(max(map(len, column)) + 2 for column in list(zip(titles, *rows, strict=True))[:-1])
        sign = "…" if can_encode(sys.stdout, "…") else "..."
        for row in rows:
            row[-1] = cut(row[-1], max(left, _NARROWEST), sign=sign)
    return table(titles, rows)


def _nothing(words: list[str], found: Found) -> PackageNotFoundError:
    text = " ".join(words)
    if list(found.near) == words:
        message, hint = f"no package has all of {', '.join(words)}", "each of them is there; try fewer"
    else:
        message = f"none of {counted(found.count, 'package')} has {text!r} in its name, description or author"
        hint = f"did you mean {' '.join(found.near)}?" if found.near else "a part of a word finds more"
    return PackageNotFoundError(text, message, hint=hint)


def _tell_more(settings: Settings, found: Found, hits: tuple[Hit, ...]) -> None:
    if len(found.hits) > len(hits):
        settings.say(
            f"{counted(len(found.hits), 'package')} found, of which these fit best; --limit prints more"
        )
    if not all(hit.taken for hit in hits):
        settings.say(
            "note: of packages of one name, that of the first index is taken, unless another is named"
        )
