from __future__ import annotations

import io

import click
import pytest

from belay.cli.app import LazyGroup
from belay.cli.settings import Settings, board_options, examples, group_options, pass_settings


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def read(*words: str) -> Settings:
    """The settings that a command gets."""
    got: list[Settings] = []

    @click.group()
    @group_options
    def group() -> None: ...

    @group.command()
    @board_options
    @pass_settings
    def command(settings: Settings) -> None:
        got.append(settings)

    group.main(list(words), standalone_mode=False, obj=Settings())
    return got[0]


@pytest.mark.parametrize(
    ("words", "name", "value"),
    [
        ("", "verbosity", 0),
        ("-v X", "verbosity", 1),
        ("X -vv", "verbosity", 2),
        ("-v X -v", "verbosity", 2),
        ("X -q", "verbosity", -1),
        ("", "color", None),
        ("--color X", "color", True),
        ("--color X --no-color", "color", False),
        ("", "timeout", None),
        ("--timeout 2 X", "timeout", 2.0),
        ("--timeout 2 X --timeout 0.5", "timeout", 0.5),
        ("", "baudrate", 115200),
        ("X --baudrate 9600", "baudrate", 9600),
        ("", "reset", None),
        ("--reset X", "reset", True),
        ("--no-reset X", "reset", False),
        ("X --user me", "user", "me"),
        ("X --trace -", "trace", "-"),
        ("--password secret X", "password", "secret"),
    ],
)
def test_options_stand_before_or_behind_the_name(words: str, name: str, value: object) -> None:
    assert getattr(read(*(words or "X").replace("X", "command").split()), name) == value


@pytest.mark.parametrize(
    ("words", "password"),
    [
        (["command"], "of the environment"),
        (["--password", "explicit", "command"], "explicit"),
        (["command", "--password", "explicit"], "explicit"),
    ],
)
def test_a_password_may_come_by_the_environment(
    monkeypatch: pytest.MonkeyPatch, words: list[str], password: str
) -> None:
    monkeypatch.setenv("BELAY_PASSWORD", "of the environment")
    assert read(*words).password == password


@pytest.mark.parametrize(
    ("environ", "color", "stream", "expected"),
    [
        ({}, None, io.StringIO(), False),
        ({}, None, Terminal(), True),
        ({}, False, Terminal(), False),
        ({}, True, io.StringIO(), True),
        ({"TERM": "dumb"}, None, Terminal(), False),
        ({"NO_COLOR": "1"}, None, Terminal(), False),
        ({"NO_COLOR": "1"}, True, Terminal(), True),
        ({"NO_COLOR": ""}, None, Terminal(), True),
        ({"FORCE_COLOR": "1"}, None, io.StringIO(), True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, None, Terminal(), False),
    ],
)
def test_colour(
    monkeypatch: pytest.MonkeyPatch,
    environ: dict[str, str],
    color: bool | None,
    stream: io.StringIO,
    expected: bool,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert Settings(color=color).colored(stream) is expected


def test_talk_depends_on_the_verbosity(capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(verbosity=0)
    settings.say("always")
    settings.say("only when asked", at=1)
    assert capsys.readouterr() == ("", "always\n")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("hint: do this: that", "\x1b[36mhint:\x1b[0m do this: that"),
        ("warning: beware", "\x1b[33mwarning:\x1b[0m beware"),
        ("hint of it: x", "hint of it: x"),
        ("note", "note"),
    ],
)
def test_talk_is_coloured_at_its_beginning(capsys: pytest.CaptureFixture[str], said: str, shown: str) -> None:
    Settings(color=True).say(said)
    Settings(color=False).say(said)
    assert capsys.readouterr().err == f"{shown}\n{said}\n"


def test_examples_are_left_as_they_are() -> None:
    group = LazyGroup("x")
    command = click.Command("x", epilog=examples("a    b", "c"))
    text = command.get_help(click.Context(group))
    assert "Examples:\n    a    b\n    c" in text


def test_nothing_that_is_said_steers_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Settings(color=True).say("note: \x1b[2J\x07 over\rwritten \u202e")
    assert capsys.readouterr().err == "\x1b[36mnote:\x1b[0m \\x1b[2J\\x07 over\\rwritten \\u202e\n"
