"""``belay cache``: what belay has fetched or made before and keeps."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from belay.cli import exits
from belay.cli.ask import agreed
from belay.cli.board import WrongUse
from belay.cli.packages import counted
from belay.cli.report import tell
from belay.cli.settings import Settings, examples, pass_settings, talk_options

if TYPE_CHECKING:
    from collections.abc import Iterable

    from belay.packages.stored import Cleared, Element

EXAMPLES = examples(
    "belay cache clear index-micropython.org",
    "belay cache clear git --yes",
    "belay cache clear --all",
)


def _complete_name(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the name of an element."""
    from belay.packages.store import Store
    from belay.packages.stored import elements

    names = sorted({element.name for element in elements(Store())})
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


@click.group(invoke_without_command=True, subcommand_metavar="COMMAND [ARGS]...")
@talk_options
@click.pass_context
def cache(ctx: click.Context) -> None:
    """See what belay has fetched or made before and keeps, or clear it: what is needed again is had again.

    The cache is one for all projects. It is in the folder that BELAY_CACHE_DIR names, else in the system's
    place for caches.
    """
    if ctx.invoked_subcommand is None:
        # Nothing was asked for, so this is no answer: it goes to stderr.
        click.echo(ctx.get_help(), err=True)
        ctx.exit(exits.USAGE)


@cache.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON; the size is in bytes.")
@talk_options
def info(as_json: bool) -> None:
    """Say where the cache is, and how large."""
    from belay.packages.store import Store
    from belay.packages.stored import elements

    store = Store()
    found = elements(store)
    size = sum(element.size for element in found)
    if as_json:
        print(json.dumps({"location": str(store.folder), "elements": len(found), "size": size}, indent=2))
    else:
        print(f"Location: {store.folder}\nElements: {len(found)}\nTotal Size: {readable(size)}")


@cache.command("list", short_help="List what is there.")
@click.argument("prefix", default="", shell_complete=_complete_name)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list; sizes are in bytes.")
@talk_options
@pass_settings
def list_(settings: Settings, prefix: str, as_json: bool) -> None:
    """List what is in the cache, or what has a name that begins with PREFIX.

    Names begin with index- for what is of a package index, git- for what is of a git host, web- for what is
    of another server; then comes where it is there. Content without a known address is content-SHA256. Names
    with made- are what was made from your own files: all that was minified, all that was compiled.
    """
    found = _beginning(prefix)
    if as_json:
        print(json.dumps([_page(element) for element in found], indent=2))
    elif found:
        print("\n".join(element.name for element in found))
    else:
        settings.say(_nothing(prefix))


@cache.command(epilog=EXAMPLES, short_help="Remove some of it, or all.")
@click.argument("prefix", required=False, shell_complete=_complete_name)
@click.option("-a", "--all", "everything", is_flag=True, help="Clear all of the cache.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of what was removed.")
@talk_options
@pass_settings
def clear(settings: Settings, prefix: str | None, everything: bool, yes: bool, as_json: bool) -> int:
    """Remove what has a name that begins with PREFIX, as `belay cache list` shows it, or everything.

    Other files in the cache's folder stay. Another belay may work meanwhile: what it misses it fetches, or
    makes, again.
    """
    if everything == bool(prefix):
        raise WrongUse(
            "PREFIX and --all exclude each other." if everything else "Missing argument 'PREFIX'.",
            "--all clears everything",
        )
    from belay.packages.store import Store
    from belay.packages.stored import Cleared
    from belay.packages.stored import clear as clear_elements

    found = _beginning(prefix or "")
    if found and not yes and not _agreed(found):
        settings.say("nothing was cleared")
        return exits.DONE
    done = clear_elements(Store(), found) if found else Cleared((), ())
    if as_json:
        print(json.dumps([_page(element) for element in done.gone], indent=2))
    if done.gone or not found:
        settings.say(f"cleared: {_measured(done.gone)}" if found else _nothing(prefix or ""))
    return _tell_failures(settings, done)


def _beginning(prefix: str) -> list[Element]:
    from belay.packages.store import Store
    from belay.packages.stored import elements

    return [element for element in elements(Store()) if element.name.startswith(prefix)]


def _agreed(found: list[Element]) -> bool:
    """Ask whether to clear; only where somebody can answer."""
    if not sys.stdin.isatty():
        raise WrongUse("Nobody can be asked whether to clear, as this is no terminal.", "--yes does not ask")
    return agreed(f"Clear {_measured(found)}?")


def _tell_failures(settings: Settings, done: Cleared) -> int:
    if not done.errors:
        return exits.DONE
    first = done.errors[0]
    tell(
        f"could not be cleared: {counted(len(done.errors), 'element')} "
        f"({first.filename}: {first.strerror or first})",
        None,
        settings,
    )
    return exits.FILE


def _measured(found: Iterable[Element]) -> str:
    sizes = [element.size for element in found]
    return f"{counted(len(sizes), 'element')} ({readable(sum(sizes))})"


def _nothing(prefix: str) -> str:
    return f"nothing in the cache begins with {prefix!r}" if prefix else "the cache is empty"


def _page(element: Element) -> dict[str, object]:
    return {"name": element.name, "size": element.size, "url": element.url or None}


def readable(size: int) -> str:
    """A number of bytes for people: ``3.84MB``."""
    if size < 1000:
        return f"{size}B"
    value, unit = size / 1000, "KB"
    for larger in ("MB", "GB", "TB"):
        # What would be rounded to a thousand is one of the next unit.
        if value < 999.995:
            break
        value, unit = value / 1000, larger
    return f"{value:.2f}{unit}"
