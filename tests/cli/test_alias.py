from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from belay.aliases import save_alias
from belay.cli import exits
from belay.cli.app import cli

from .conftest import Belay


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's settings, in which two boards have names."""
    monkeypatch.setenv("BELAY_CONFIG_DIR", str(tmp_path / "settings"))
    save_alias("bench-left", {"serial_number": "e6614c311b137637"})
    save_alias("lab", "socket://10.0.0.7:2000")
    return tmp_path / "settings" / "config.toml"


LISTED = '@bench-left  {"serial_number": "e6614c311b137637"}\n@lab         socket://10.0.0.7:2000\n'


def test_list(belay: Belay, settings: Path) -> None:
    assert belay("alias", "list").out == LISTED
    assert json.loads(belay("alias", "list", "--json").out) == [
        {"name": "bench-left", "address": '{"serial_number": "e6614c311b137637"}'},
        {"name": "lab", "address": "socket://10.0.0.7:2000"},
    ]
    settings.write_text("[aliases]\nx = 1\n", encoding="utf-8")
    assert belay("alias", "list").out == "@x  1 (this is no address)\n"
    assert json.loads(belay("alias", "list", "--json").out) == [{"name": "x", "address": None}]
    settings.unlink()
    result = belay("alias", "list")
    assert (result.code, result.out) == (0, "")
    assert str(settings) in result.err
    assert belay("alias", "list", "--json").out == "[]\n"


def test_set(belay: Belay) -> None:
    first = belay("alias", "set", "@garden", "virtual:")
    assert (first.code, first.out, first.err) == (0, "", "")
    assert belay("eval", "@garden", "1 + 1").out == "2\n"
    assert belay("alias", "set", "garden", "a0").err == "@garden was virtual: before\n"


def test_rename_and_remove(belay: Belay) -> None:
    assert belay("alias", "rename", "@lab", "garden").code == 0
    assert belay("alias", "remove", "bench-left", "@garden", "garden").code == 0
    assert belay("alias", "list", "--json").out == "[]\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["set", "a b", "virtual:"], "no name for a board"),
        (["set", "a", "nonsense"], "no known form"),
        (["set", "a", "@lab"], "is a name itself"),
        (["rename", "lba", "x"], "did you mean @lab?"),
        (["rename", "lab", "bench-left"], "another board has this name"),
        (["remove", "Lab"], "did you mean @lab?"),
        (["remove", "lab", "laboratory"], "'@laboratory' is not a board's address: no board has this name"),
        (["remove"], "NAME..."),
        ([], "Usage"),
    ],
)
def test_wrong_use(belay: Belay, words: list[str], said: str) -> None:
    result = belay("alias", *words)
    assert (result.code, result.out) == (exits.USAGE, "")
    assert said.casefold() in result.err.casefold()
    assert belay("alias", "list").out == LISTED


@pytest.mark.parametrize(
    "command", [["info"], ["eval"], ["run"], ["sync"], ["fs", "ls"], ["install"], ["select"]]
)
def test_names_are_completed_wherever_a_board_is_named(command: list[str]) -> None:
    found = ShellComplete(cli, {}, "belay", "_BELAY_COMPLETE").get_completions(command, "@b")
    assert [item.value for item in found if item.type == "plain"] == ["@bench-left"]


def test_names_are_completed_where_they_are_changed(settings: Path) -> None:
    complete = ShellComplete(cli, {}, "belay", "_BELAY_COMPLETE")

    def found(words: list[str], start: str) -> list[str]:
        return [item.value for item in complete.get_completions(["alias", *words], start)]

    assert found(["remove"], "") == ["bench-left", "lab"]
    assert found(["remove", "@lab"], "") == ["bench-left"]
    assert found(["rename"], "@l") == ["@lab"]
    settings.write_text("[aliases", encoding="utf-8")
    assert found(["remove"], "") == []
