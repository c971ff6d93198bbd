"""The table of commands."""

from __future__ import annotations

from importlib import import_module

import click
import pytest
from click.shell_completion import ShellComplete

from belay.cli import exits
from belay.cli.app import ALIASES, COMMANDS, cli
from belay.cli.fs import fs
from belay.cli.mip import mip
from belay.exceptions import ConnectionLost

from .conftest import Belay, Check

BELOW = (
    *("cache info", "cache list", "cache clear"),
    *(f"alias {name}" for name in ("list", "set", "rename", "remove")),
    *(f"fs {name}" for name in fs.commands),
    *(f"mip {name}" for name in mip.commands),
    *("romfs query", "romfs deploy"),
)
"""Commands of commands."""


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_where_the_table_says(name: str) -> None:
    module, _, attribute = COMMANDS[name].place.partition(":")
    command = getattr(import_module(module), attribute)
    assert isinstance(command, click.Command)
    assert command.name == name


@pytest.mark.parametrize("name", ["", *(name for name in COMMANDS if name != "demo"), *BELOW])
def test_help(belay: Belay, snapshot: Check, name: str) -> None:
    result = belay(*name.split(), "--help")
    assert (result.code, result.err) == (0, "")
    snapshot(f"help-{name}".rstrip("-").replace(" ", "-"), result.out)


ERRORS = {
    "no-command": ["nosuch"],
    "command-like-another": ["updte", "x"],
    "no-code": ["exec"],
    "no-code-but-a-board": ["exec", "virtual:"],
    "no-address": ["exec", "nowhere", "1"],
    "no-address-for-info": ["info", "nowhere"],
    "too-many-words": ["exec", "virtual:", "print", "1"],
    "no-expression": ["eval", "virtual:", "x = 1"],
    "no-script": ["run"],
    "no-script-but-a-board": ["run", "virtual:"],
    "script-is-missing": ["run", "virtual:", "missing.py"],
    "bad-option-of-the-board": ["info", "virtual:?speed=9"],
    "bad-timeout": ["info", "--timeout", "0"],
    "bad-sizes": ["latency", "--sizes", "1,x"],
    "no-project": ["add", "aiohttp"],
    "no-dependency": ["add"],
    "bad-shell": ["completion", "tcsh"],
    "raised": ["exec", "virtual:", "def f():\n    return 1 / 0\n\nf()"],
    "raised-without-a-message": ["exec", "virtual:", "raise ValueError"],
    "syntax": ["exec", "virtual:", "x = (1\ny = 2"],
    "not-json": ["eval", "--json", "virtual:", "b'x'"],
    "value-stays": ["eval", "--json", "virtual:", "object()"],
    "tcp-and-pty": ["virtual", "--tcp", "0", "--pty"],
    "cache-what": ["cache", "clear"],
    "run-what": ["run", "nosuch", "-m", "unittest"],
    "run-board-option": ["run", "--timeout", "5", "micropython", "x.py"],
    "tcp-and-link": ["virtual", "--tcp", "0", "--link", "x"],
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(belay: Belay, snapshot: Check, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "no-project":
        monkeypatch.chdir("/")
    result = belay(*ERRORS[name])
    assert result.out == ""
    snapshot(f"error-{name}", f"{result.err}exit code {result.code}\n")


def test_other_names_of_commands(belay: Belay) -> None:
    for alias, name in ALIASES.items():
        assert belay(alias, "--help").out == belay(name, "--help").out.replace(
            f"belay {name}", f"belay {alias}", 1
        )


def test_an_unknown_option(belay: Belay) -> None:
    # In click's own words, which differ between its versions.
    result = belay("info", "--nosuch")
    assert result.code == exits.USAGE
    assert result.err.endswith("--nosuch'.\nhint: belay info --help\n") or "--nosuch\n" in result.err


def test_names_are_completed_without_a_look_into_the_commands() -> None:
    complete = ShellComplete(cli, {}, "belay", "_BELAY_COMPLETE")
    found = complete.get_completions([], "e")
    assert [(item.value, item.help) for item in found] == [
        (name, COMMANDS[name].help) for name in ("exec", "eval")
    ]
    assert "--color" in [item.value for item in complete.get_completions([], "--")]


def test_a_mistake_of_ours_says_so(belay: Belay, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**options: object) -> None:
        raise ZeroDivisionError("a mistake")

    monkeypatch.setattr("belay.cli.devices.devices.callback", broken)
    result = belay("devices")
    assert result.code == exits.MISTAKE
    assert "in broken" in result.err
    assert "error: ZeroDivisionError: a mistake\nhint: this is a mistake in belay" in result.err


def test_an_error_on_the_way_tells_its_notes(belay: Belay, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(**options: object) -> None:
        error = ConnectionLost("it is gone")
        error.add_note("port: there")
        raise error

    monkeypatch.setattr("belay.cli.devices.devices.callback", lost)
    result = belay("devices")
    assert (result.code, result.err) == (exits.CONNECTION, "error: it is gone\nnote: port: there\n")
