"""``belay terminal``: a board's own prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from belay.cli.board import Port, WrongUse, opening
from belay.cli.settings import Settings, examples, pass_settings, port_options

if TYPE_CHECKING:
    from belay.link import Link

EXAMPLES = examples(
    "belay terminal",
    "belay terminal /dev/ttyACM0 --soft-reset",
    "belay terminal > log.txt          # shown is what belay says; Ctrl-] leaves",
    "echo 'help()' | belay terminal",
)


@click.command(epilog=EXAMPLES)
@click.argument("port", required=False, type=Port(), metavar="[PORT]")
@click.option("--soft-reset", is_flag=True, help="First start the board's interpreter anew.")
@click.option("--hard-reset", is_flag=True, help="First reset the board, as its button does.")
@port_options
@pass_settings
def terminal(settings: Settings, port: str | None, *, soft_reset: bool, hard_reset: bool) -> None:
    """Show what a board sends, and type at its prompt.

    A program that runs on the board goes on: nothing is sent before you press a key. Ctrl-] leaves, Ctrl-T
    opens a menu: reset, run a file, put a file onto the board, write a log. All other keys are the board's,
    also Ctrl-C. If the board goes away, it is waited for.

    If standard input is no terminal, its lines are typed one by one, each when the board waits for it, and
    the prompt after the last ends this; without any line, the board is watched until Ctrl-C.
    """
    from belay.terminal import Terminal, actions, open_console

    if soft_reset and hard_reset:
        raise WrongUse("--soft-reset and --hard-reset exclude each other.")
    start = actions.hard_reset if hard_reset else actions.soft_reset if soft_reset or settings.reset else None
    with opening(settings, port) as open_link:
        link = open_link()
        links = [link]

        def reopen() -> Link:
            links.append(open_link())
            return links[-1]

        try:
            with open_console() as console:
                session = Terminal(
                    console,
                    dim=lambda text: settings.style(text, dim=True) if text else text,
                    greets=settings.verbosity >= 0,
                )
                session.run(link, reopen, start)
        finally:
            links[-1].close()
