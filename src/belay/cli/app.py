"""The commands by name: a table, so that none is imported before it is called."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any, NamedTuple

import click
from click.shell_completion import CompletionItem

from belay.cli import exits
from belay.cli.report import report, report_file, report_mistake, report_usage, tell_notes
from belay.cli.settings import Settings, group_options
from belay.cli.streams import columns, forget, noticing_no_reader
from belay.exceptions import BelayException, BoardError


class Entry(NamedTuple):
    """Where a command is, and what ``belay --help`` says of it."""

    place: str
    help: str


COMMANDS = {
    "info": Entry("belay.cli.info:info", "Say what a board is and what it has left."),
    "exec": Entry("belay.cli.exec:exec_", "Run statements on a board."),
    "eval": Entry("belay.cli.eval:eval_", "Print the value of an expression."),
    "run": Entry("belay.cli.run:run", "Run a script on a board, or a program with the project's packages."),
    "watch": Entry("belay.cli.watch:watch", "Run a script or the project on each save."),
    "sync": Entry("belay.cli.sync:sync", "Make a folder on a board hold what a folder here holds."),
    "fs": Entry("belay.cli.fs:fs", "See, copy and change the files of a board."),
    "mip": Entry("belay.cli.mip:mip", "Put packages on a board, one by one."),
    "mount": Entry("belay.cli.mount:mount", "Run code on a board that imports from a folder here."),
    "terminal": Entry("belay.cli.terminal:terminal", "Show what a board sends, and type at its prompt."),
    "df": Entry("belay.cli.fs.listing:df", "Say how much room a board's file systems have."),
    "rtc": Entry("belay.cli.rtc:rtc", "Read or set a board's clock."),
    "time": Entry("belay.cli.clock:clock", "Compare a board's clock with this computer's."),
    "reset": Entry("belay.cli.reset:reset", "Reset a board."),
    "bootloader": Entry("belay.cli.bootloader:bootloader", "Have a board wait for new firmware."),
    "latency": Entry("belay.cli.latency:latency", "Measure how long calls to a board take."),
    "devices": Entry("belay.cli.devices:devices", "List the boards connected by USB."),
    "select": Entry("belay.cli.select:select", "Choose a board, see it blink, give it a name."),
    "alias": Entry("belay.cli.alias:alias", "See or change the names of boards."),
    "new": Entry("belay.cli.new:new", "Begin a project, or make one of a folder."),
    "add": Entry("belay.cli.add:add", "Add dependencies to the project."),
    "remove": Entry("belay.cli.remove:remove", "Take dependencies out of the project."),
    "update": Entry("belay.cli.update:update", "Choose dependencies anew, lock and vendor them."),
    "fetch": Entry("belay.cli.fetch:fetch", "Make the vendored files those of the lockfile."),
    "install": Entry("belay.cli.install:install", "Put the project and its dependencies onto boards."),
    "build": Entry("belay.cli.build:build", "Publish the project, or make an image of it."),
    "romfs": Entry("belay.cli.romfs:romfs", "See or write images in a board's flash."),
    "lock": Entry("belay.cli.lock:lock", "Make the lockfile fit pyproject.toml."),
    "tree": Entry("belay.cli.tree:tree", "Print the locked packages as a tree."),
    "outdated": Entry("belay.cli.outdated:outdated", "Print what is newer than what is locked."),
    "search": Entry("belay.cli.search:search", "Search the package indices."),
    "verify": Entry("belay.cli.verify:verify", "Compare the vendored files with the lockfile."),
    "stubs": Entry("belay.cli.stubs:stubs", "Let an editor and type checkers know a board's modules."),
    "clean": Entry("belay.cli.clean:clean", "Remove vendored files that nobody wants any more."),
    "cache": Entry("belay.cli.cache:cache", "See or clear what was fetched before and is kept."),
    "virtual": Entry("belay.cli.virtual:virtual", "Serve a virtual board to other programs."),
    "demo": Entry("belay.cli.demo:demo", "See what belay does, on a virtual board."),
    "completion": Entry(
        "belay.cli.completion:completion", "Print the script that completes commands in a shell."
    ),
}


ALIASES = {"init": "new"}
"""Other names of commands, which no list shows."""


class Raised(Exception):  # noqa: N818 - it never leaves the module
    """Code on the board raised. Click takes a board's EOFError or OSError for one of the terminal's.

    Args:
        error: What it raised.
    """

    def __init__(self, error: BoardError) -> None:
        super().__init__(error)
        self.error = error


class LazyGroup(click.Group):
    """A group that imports a command when it is called."""

    def make_context(self, *args: Any, **more: Any) -> click.Context:
        """Understand the command line, which may print a help."""
        with noticing_no_reader():
            return super().make_context(*args, **more)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            with noticing_no_reader():
                return super().invoke(ctx)
        except BoardError as error:
            raise Raised(error) from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, imported."""
        entry = COMMANDS.get(ALIASES.get(cmd_name, cmd_name))
        if entry is None:
            return None
        module, _, name = entry.place.partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; for one that is not there, one whose name is like it."""
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            from difflib import get_close_matches

            from belay.cli.board import WrongUse

            if near := get_close_matches(args[0], COMMANDS, 1, 0.7):
                raise WrongUse(f"No such command {args[0]!r}.", f"did you mean {near[0]}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table, without a look into the commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what holds for all commands."""
        formatter.write_paragraph()
        formatter.write_text(
            "A command that needs a board takes the one that PORT names, else the one that the environment "
            "variable BELAY_DEVICE names, else the only one connected. PORT is a serial port (/dev/ttyACM0, "
            "COM3), `virtual:` for a virtual board, the @NAME that you gave a board, or another address. The "
            "options of a command that it shares with others may also stand before its name."
        )
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), meaning) for code, meaning in exits.MEANINGS])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete a command's name, without a look into the commands."""
        found = [
            CompletionItem(name, help=entry.help)
            for name, entry in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        # Not the group's own way, which imports every command.
        return found + click.Command.shell_complete(self, ctx, incomplete)


def _show_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version

        print(f"belay {version('belay')}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    subcommand_metavar="COMMAND [ARGS]...",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@group_options
@click.option(
    "-V",
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Print the version.",
)
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Use MicroPython and CircuitPython boards from this computer."""
    if ctx.invoked_subcommand is None:
        # Nothing was asked for, so this is no answer: it goes to stderr.
        click.echo(ctx.get_help(), err=True)
        ctx.exit(exits.USAGE)


def run(words: list[str]) -> int:
    """Run a command, and tell of what goes wrong.

    Args:
        words: The command line, without the program's name.

    Returns:
        The exit code.

    Raises:
        KeyboardInterrupt: Ctrl-C.
        NoReader: Nobody reads the output any more.
    """
    settings = Settings()
    try:
        result: Any = cli.main(
            words, prog_name="belay", standalone_mode=False, obj=settings, terminal_width=columns()
        )
        # What is still buffered is the command's output: a full disk is its error, not the interpreter's.
        with noticing_no_reader():
            sys.stdout.flush()
    except click.Abort as abort:
        # Click's word for Ctrl-C; it has ended the line on the terminal.
        settings.say("interrupted")
        tell_notes(abort.__cause__, settings)
        raise KeyboardInterrupt from abort
    except click.ClickException as error:
        return report_usage(error, settings)
    except Raised as raised:
        return report(raised.error, settings)
    except BelayException as error:
        return report(error, settings)
    except OSError as error:
        forget()
        return report_file(error, settings)
    except Exception as error:  # noqa: BLE001 - told in full, with an exit code of its own
        return report_mistake(error, settings)
    return result if isinstance(result, int) else exits.DONE
