from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from servers.stubs import CIRCUITPYTHON, RP2, build, see_only

from belay.cli import exits
from belay.cli.app import cli
from belay.cli.stubs import _board_id
from belay.device import Device
from belay.transports import usb

from .conftest import Belay

CHANGED = (
    "tool.pyright.extraPaths, tool.pyright.ignore, tool.pyright.reportMissingModuleSource, "
    "tool.mypy.mypy_path, tool.mypy.exclude"
)
BOARD = (
    "pyright -p .belay/.local/stubs/pyright-board.json; mypy --config-file .belay/.local/stubs/mypy-board.ini"
)
STUBS = Path(".belay/.local/stubs")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project, and an installer that finds stubs in a folder only."""
    published = tmp_path / "published"
    build(published, "micropython-rp2-stubs", "1.24.1.post2", RP2)
    build(published, "circuitpython-stubs", "10.0.3", CIRCUITPYTHON)
    see_only(published, monkeypatch)
    (tmp_path / "app").mkdir()
    (tmp_path / "app/__init__.py").touch()
    (tmp_path / "pyproject.toml").write_text('[tool.belay]\nname = "app"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tools(project: Path) -> set[str]:
    return set(tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["tool"])


def test_stubs_of_a_platform(belay: Belay, project: Path) -> None:
    result = belay("stubs", "--platform", "rp2", "--version", "1.24.0")
    assert (result.code, result.out) == (exits.DONE, "")
    assert result.err.splitlines() == [
        "installing micropython-rp2-stubs",
        "installed micropython-rp2-stubs 1.24.1.post2 in .belay/.local/stubs",
        f"changed in pyproject.toml: {CHANGED}",
        "note: there are no stubs of 1.24.0; those of 1.24.1.post2 are the nearest of this release",
        f"hint: code on the board: {BOARD}",
    ]
    assert (project / STUBS / "host/utime.pyi").is_file()


def test_json_and_pins_and_no_settings(belay: Belay, project: Path) -> None:
    words = ("--package", "circuitpython-stubs==10.0.*", "--board", "nosuch", "--no-configure", "--json")
    result = belay("stubs", *words)
    assert result.code == exits.DONE
    assert json.loads(result.out) == {
        "done": True,
        "distribution": "circuitpython-stubs",
        "requirements": ["circuitpython-stubs==10.0.*"],
        "version": "10.0.3",
        "view": "host",
        "board": "nosuch",
        "changed": [],
        "notes": ["the stubs do not know the pins of nosuch"],
        "board_files": [(STUBS / name).as_posix() for name in ("pyright-board.json", "mypy-board.ini")],
    }
    assert tools(project) == {"belay"}


def test_what_a_board_says_in_a_dry_run(belay: Belay, project: Path) -> None:
    result = belay("stubs", "virtual:", "--dry-run", "--view", "board")
    assert (result.code, result.out) == (exits.DONE, "")
    says, would, changes, note = result.err.splitlines()
    version = says.split()[4]
    assert says == f"the board has micropython {version} for {sys.platform}"
    assert would.startswith(
        f"would install micropython-unix-stubs=={version}.*, else micropython-unix-stubs==1."
    )
    assert changes.startswith(
        "would change in pyproject.toml: tool.pyright.extraPaths, tool.pyright.typeshedPath"
    )
    assert note.startswith("note: the stubs of the unix port, which virtual boards run, say next to nothing")
    assert not (project / ".belay").exists()
    assert tools(project) == {"belay"}


def test_a_dry_run_without_settings_as_json(belay: Belay, project: Path) -> None:
    page = json.loads(belay("stubs", "--platform", "rp2", "-n", "--no-configure", "--json").out)
    assert (page["done"], page["version"], page["requirements"]) == (False, None, ["micropython-rp2-stubs"])


def test_where_there_is_no_board(belay: Belay, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BELAY_DEVICE", raising=False)
    monkeypatch.setattr(usb, "comports", list)
    result = belay("stubs")
    assert (result.code, result.out) == (exits.NOT_FOUND, "")
    assert "\nhint: --platform NAME, as rp2 or esp32, needs no board; or name one, as " in result.err
    assert "--platform" not in belay("stubs", "/dev/nosuch").err


def test_stubs_that_nobody_publishes(belay: Belay, project: Path) -> None:
    result = belay("stubs", "--package", "no-such-stubs")
    assert result.code == exits.PACKAGES
    assert result.err.startswith("installing no-such-stubs\nerror: no-such-stubs could not be installed: ")
    assert result.err.endswith("hint: --platform and --version, or --package, choose other stubs\n")
    assert tools(project) == {"belay"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["virtual:", "--platform", "rp2"], "PORT excludes --platform and --package"),
        (["--package", "x-stubs", "--version", "1.24"], "--package excludes --platform and --version"),
        (["--platform", "rp2", "--version", "new"], "'new': is no version of a firmware"),
        (["--package", "-r x"], "'-r x': is no distribution"),
    ],
)
def test_wrong_use(belay: Belay, project: Path, words: list[str], said: str) -> None:
    result = belay("stubs", *words)
    assert result.code == exits.USAGE
    assert said in result.err
    assert "hint: " in result.err


def test_without_a_project(belay: Belay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path.anchor)
    result = belay("stubs", "--platform", "rp2")
    assert result.code == exits.PACKAGES
    assert "hint: `belay new` makes a project" in result.err


def test_the_id_of_a_circuitpython_board() -> None:
    with Device("virtual:") as device:
        assert _board_id(device) == ""
        device("__import__('sys').modules['board'] = type('Board', (), {'board_id': 'pico'})")
        assert _board_id(device) == "pico"


def test_platforms_are_completed() -> None:
    complete = ShellComplete(cli, {}, "belay", "_BELAY_COMPLETE")
    found = complete.get_completions(["stubs", "--platform"], "esp")
    assert [item.value for item in found] == ["esp32", "esp8266"]
    assert "circuitpython" in [item.value for item in complete.get_completions(["stubs", "--platform"], "")]
