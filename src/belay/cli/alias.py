"""``belay alias``: the names that the user gave to boards."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from belay.aliases import check_name, config_file, read_aliases, remove_aliases, rename_alias, save_alias
from belay.cli import exits
from belay.cli.board import Port, WrongUse, known_names
from belay.cli.settings import Settings, examples, pass_settings, talk_options
from belay.cli.table import pairs
from belay.exceptions import AddressError

if TYPE_CHECKING:
    from belay.aliases import Alias

EXAMPLES = examples(
    "belay alias list",
    "belay alias set greenhouse socket://10.0.0.7:2000",
    "belay alias rename bench-left relay-tester",
    "belay alias remove relay-tester",
)


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a name, with or without its ``@``."""
    used = ctx.params.get(str(param.name))
    at = "@" if incomplete.startswith("@") else ""
    return [
        CompletionItem(f"{at}{alias.name}", help=str(alias))
        for alias in known_names()
        if f"{at}{alias.name}".startswith(incomplete)
        and not (isinstance(used, tuple) and {alias.name, f"@{alias.name}"} & {*used})
    ]


@click.group(invoke_without_command=True, subcommand_metavar="COMMAND [ARGS]...", epilog=EXAMPLES)
@talk_options
@click.pass_context
def alias(ctx: click.Context) -> None:
    """See or change the names of boards: @NAME may stand wherever a board's address may.

    `belay select --save NAME` gives a board on USB a name. All names are in [aliases] of your own
    config.toml, in the folder that BELAY_CONFIG_DIR names, else in the system's place for settings. In
    PowerShell a name is to be quoted: '@NAME'.
    """
    if ctx.invoked_subcommand is None:
        # Nothing was asked for, so this is no answer: it goes to stderr.
        click.echo(ctx.get_help(), err=True)
        ctx.exit(exits.USAGE)


@alias.command(
    "list", short_help="List all names.", epilog=examples("belay alias list", "belay alias list --json")
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@talk_options
@pass_settings
def list_(settings: Settings, as_json: bool) -> None:
    """List all names, and what each means."""
    found = list(read_aliases().values())
    if as_json:
        print(json.dumps([_page(each) for each in found], indent=2, default=str))
    elif found:
        print(pairs([(f"@{each.name}", str(each)) for each in found]))
    else:
        settings.say(f"no board has a name ({config_file()})")
        settings.say("hint: belay select --save NAME gives one a name")


@alias.command(
    "set",
    short_help="Let a name mean an address.",
    epilog=examples(
        "belay alias set greenhouse socket://10.0.0.7:2000",
        "belay alias set roof ws://192.168.1.7",
        "belay alias set try-out virtual:          # then: belay info @try-out",
    ),
)
@click.argument("name", shell_complete=_complete)
@click.argument("address", type=Port(), metavar="ADDRESS")
@talk_options
@pass_settings
def set_(settings: Settings, name: str, address: str) -> None:
    """Let @NAME mean a board's address, or another one than before.

    Nothing is connected to. A serial port is taken as it is, and may be another board's tomorrow: for a
    board on USB, `belay select --save` looks for what does not change.
    """
    if address.lstrip().startswith("@"):
        raise WrongUse(f"{address!r} is a name itself.", "an address is wanted; belay alias rename renames")
    before = save_alias(name, address.strip())
    _tell_change(settings, name, before)


@alias.command(
    short_help="Give a board another name.", epilog=examples("belay alias rename bench-left relay-tester")
)
@click.argument("old", shell_complete=_complete)
@click.argument("new")
@talk_options
def rename(old: str, new: str) -> None:
    """Let @NEW mean what @OLD means; @OLD is gone then."""
    rename_alias(old, new)


@alias.command(short_help="Forget names.", epilog=examples("belay alias remove relay-tester @try-out"))
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=_complete)
@talk_options
def remove(names: tuple[str, ...]) -> None:
    """Forget names of boards, all or, if nobody has one of them, none; the boards are not asked."""
    remove_aliases(names)


def _tell_change(settings: Settings, name: str, before: Alias | None) -> None:
    if before is not None:
        settings.say(f"@{check_name(name)} was {before} before")


def _page(alias: Alias) -> dict[str, object]:
    try:
        address: str | None = alias.address
    except AddressError:
        address = None
    return {"name": alias.name, "address": address}
