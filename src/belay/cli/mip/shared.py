"""What the commands of ``belay mip`` share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem

from belay.cli.board import Port, connected
from belay.cli.fs.places import take_port
from belay.cli.info import readable
from belay.cli.packages import counted, this_project
from belay.cli.progress import Bar, is_watched
from belay.cli.settings import F, Settings, file_options
from belay.cli.text import printable

if TYPE_CHECKING:
    from belay.files.sync import Progress
    from belay.mip.choice import Origins
    from belay.mip.installed import Installed
    from belay.mip.library import Done, Library

_WHOLE = "each file on the board is whole; the same command does what is left"

target_option = click.option(
    "--target", metavar="DIR", help="The folder on the board, else the first of sys.path that ends in /lib."
)


def _index_url(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """The address of an index; it may be given as a folder."""
    given = ctx.get_parameter_source(param.name or "") is not ParameterSource.DEFAULT
    if "://" in value or not given:
        return value
    if not value or not Path(value).is_dir():
        raise click.BadParameter(f"{value!r} is no address of an index, and no folder.", ctx, param)
    return Path(value).resolve().as_uri()


index_option = click.option(
    "--index",
    default="",
    callback=_index_url,
    metavar="URL",
    help="The index to ask, else the project's, else micropython.org's.",
)
mpy_option = click.option(
    "--mpy/--no-mpy",
    default=True,
    help="Compiled files where there are some, which is the default, or sources.",
)
offline_option = click.option("--offline", is_flag=True, help="Use what was fetched before, and no network.")
dry_option = click.option("-n", "--dry-run", is_flag=True, help="Print what would be done, and do nothing.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def options(*more: Callable[[Any], Any]) -> Callable[[F], F]:
    """Decorate a command with options, and with those of commands for a board's files."""

    def decorate(function: F) -> F:
        function = file_options(function)
        for option in reversed(more):
            function = option(function)
        return function

    return decorate


def complete_words(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a port as the first word, and packages of the index as it was fetched the last time."""
    from belay.cli.mip.names import known_names

    ports = [] if ctx.params.get(str(param.name)) else Port().shell_complete(ctx, param, incomplete)
    names = [CompletionItem(name) for name in known_names() if incomplete and name.startswith(incomplete)]
    return [*ports, *names, CompletionItem(incomplete, type="file")]


def split(words: Sequence[str], *, least: int = 1) -> tuple[str | None, tuple[str, ...]]:
    """The port, if the first word is one, and the packages.

    Raises:
        WrongUse: There are too few.
    """
    return take_port(words, "PACKAGE", least=least, otherwise="mip:{} would be a package")


@contextmanager
def changing(
    settings: Settings, port: str | None, where: Origins | None = None, *, dry_run: bool = False
) -> Iterator[Library]:
    """The packages on a board, for a command that changes them."""
    with library(settings, port, where, dry_run=dry_run) as packages:
        try:
            yield packages
        except KeyboardInterrupt as interrupt:
            interrupt.add_note(_WHOLE)
            raise


@contextmanager
def library(
    settings: Settings, port: str | None, where: Origins | None = None, *, dry_run: bool = False
) -> Iterator[Library]:
    """The packages on a board.

    Args:
        settings: What the shared options say.
        port: Where the board is.
        where: Where packages may come from; None if none shall come.
        dry_run: Whether nothing is to be changed.
    """
    from belay.mip.choice import USUAL
    from belay.mip.library import Library
    from belay.project.upkeep import Talk

    with ExitStack() as stack:
        device = stack.enter_context(connected(settings, port, fresh=None))
        bar = stack.enter_context(Bar(doing="looking at the board")) if is_watched(settings) else None
        talk = Talk(settings.say, bar, bar.hidden) if bar else Talk(settings.say)

        def tell(progress: Progress) -> None:
            if bar:
                bar.show_bytes(f"sending {progress.path}", progress.done, progress.total)

        yield Library(
            device.filesystem,
            device.implementation,
            lambda: device("__import__('sys').path", record=False),
            talk,
            tell,
            dry_run,
            where or USUAL,
        )


def origins(index: str, *, offline: bool) -> Origins:
    """Where packages may come from: the project that the current folder is in may name indices and hosts.

    Raises:
        ConfigError: Its pyproject.toml is not understood.
    """
    from belay.exceptions import ProjectNotFoundError
    from belay.mip.choice import Origins

    base = None
    with suppress(ProjectNotFoundError):
        base = this_project()
    return Origins(index, offline, base)


def tell_done(settings: Settings, done: Done, *, as_json: bool) -> None:
    """Print how the packages have changed, and say what became of their files."""
    if as_json:
        print(json.dumps(done_page(done), indent=2))
    else:
        for change in done.changes:
            print(printable(str(change)))
    for note in done.notes:
        settings.say(f"note: {note}")
    if done.plan is not None:
        for path in done.plan.sent:
            settings.say(f"would send: {path}", at=1)
        said = [f"would send: {counted(len(done.plan.sent), 'file')}"]
        said += [f"would skip: {len(done.plan.unchanged)}"] if done.plan.unchanged else []
        said += [f"would delete: {len(done.plan.deleted)}"] if done.plan.deleted else []
        settings.say(f"{done.top}: {'; '.join(said)}")
        return
    if done.summary is None:
        settings.say(f"{done.top}: nothing to do")
        return
    for word, paths in (("sent", done.summary.sent), ("deleted", done.summary.deleted)):
        for path in paths:
            settings.say(f"{word}: {path}", at=1)
    for word in done.summary.words:
        settings.say(f"warning: {word}")
    said = [f"sent: {counted(len(done.summary.sent), 'file')} ({readable(done.summary.bytes)})"]
    said += [f"skipped: {len(done.summary.skipped)}"] if done.summary.skipped else []
    said += [f"deleted: {len(done.summary.deleted)}"] if done.summary.deleted else []
    said += [f"{done.summary.seconds:.2f} s", f"{readable(done.summary.free)} free"]
    settings.say(f"{done.top}: {'; '.join(said)}")


def done_page(done: Done) -> dict[str, object]:
    """What was done, for JSON."""
    found = done.summary or done.plan
    return {
        "target": done.top,
        "done": done.plan is None,
        "changes": [
            {"name": change.name, "old": page(change.old), "new": page(change.new)} for change in done.changes
        ],
        "sent": found.sent if found else [],
        "skipped": done.summary.skipped if done.summary else done.plan.unchanged if done.plan else [],
        "deleted": found.deleted if found else [],
        "notes": done.notes,
    }


def page(package: Installed | None) -> dict[str, object] | None:
    """A package, for JSON."""
    if package is None:
        return None
    return {
        "name": package.name,
        "version": package.version,
        "source": package.source,
        "asked": package.asked or None,
        "needs": list(package.needs),
        "files": sorted(package.files),
    }
