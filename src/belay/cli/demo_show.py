"""How the demonstration shows what it does: each step first as the reader would write it, then what comes."""

from __future__ import annotations

import inspect
import shlex
import sys
import textwrap
from collections.abc import Callable
from contextlib import redirect_stderr

import click

from belay.exceptions import InternalError


def show_title(title: str, step: Callable[..., None]) -> None:
    """Print a step's title and what it is about."""
    click.secho(title, bold=True)
    click.secho(inspect.cleandoc(step.__doc__ or ""), dim=True)


def show_source(step: Callable[..., None]) -> None:
    """Print the body of a step, without what only concerns our own type checker."""
    body = inspect.getsource(step).split('"""\n', 1)[1]
    show_text(textwrap.dedent(body).replace("  # type: ignore[no-untyped-def]", ""))
    click.echo()


def show_text(text: str) -> None:
    """Print what the reader would have written, or would see in a file."""
    click.secho(textwrap.indent(text.strip(), "    "), fg="cyan")


def belay(*words: str, code: int = 0) -> None:
    """Run a command of belay's own, and print what it says.

    Args:
        words: The command line, without the program's name.
        code: The exit code that it ends with; shown if it is not 0.

    Raises:
        InternalError: It ends with another one.
    """
    from belay.cli.app import run

    command = shlex.join(words)
    show_text(f"$ belay {command}")
    sys.stdout.flush()
    # Here both are the demonstration.
    with redirect_stderr(sys.stdout):
        got = run(list(words))
    if got != code:
        raise InternalError(f"belay {command} ended with exit code {got}, not {code}")
    if code:
        show_text("$ echo $?")
        click.echo(code)
