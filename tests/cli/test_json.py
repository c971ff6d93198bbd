"""What ``--json`` prints is one document, with the keys that docs/command-line.md names, and no others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from serial.tools import list_ports
from servers.web import WebServer

from belay.aliases import save_alias
from belay.transports import UsbSpecifier
from tests.deploy.test_rom import STAND_IN

from .conftest import Belay, write_files

PAGE = Path(__file__).parents[2] / "docs" / "command-line.md"
PACKAGES = {"a": {"1.0": {"deps": [["b", ""]]}, "2.0": {"deps": [["b", "1.0"]]}}, "b": {"1.0": {}}}

OF_A_PROJECT = [
    ("update", ["--dry-run"], "2.0"),
    ("lock", [], "2.0"),
    ("lock --check", [], "2.0"),
    ("verify", [], "1.0"),
    ("tree", [], "1.0"),
    ("tree --why NAME", [], "1.0"),
    ("outdated", [], "<2"),
    ("search", ["a"], "1.0"),
    ("stubs", ["--platform", "rp2", "--version", "1.24", "--dry-run"], "1.0"),
    ("cache info", [], "1.0"),
    ("cache list", [], "1.0"),
    ("cache clear", ["--all", "--yes"], "1.0"),
]

OF_A_BOARD = [
    ("sync", ["sync", "src"]),
    ("sync", ["sync", "src", "--dry-run"]),
    ("fs ls", ["fs", "ls", "-l"]),
    ("fs tree", ["fs", "tree"]),
    ("fs df", ["fs", "df"]),
    ("df", ["df"]),
    ("rtc", ["rtc"]),
    ("time", ["time", "--seconds", "0"]),
    ("install", ["install"]),
    ("install", ["install", "--dry-run"]),
    ("fs sha256", ["fs", "sha256", ":x"]),
    ("build", ["build", "--version", "1.0", "--index", "public", "--romfs", "x.romfs", "--dry-run"]),
    ("romfs query", ["romfs", "query"]),
    ("romfs deploy", ["romfs", "deploy"]),
    ("romfs deploy", ["romfs", "deploy", "--dry-run"]),
]

OF_PACKAGES = [
    ("mip list", ["mip", "list"]),
    ("mip install", ["mip", "install", "a"]),
    ("mip list", ["mip", "list"]),
    ("mip outdated", ["mip", "outdated"]),
    ("mip upgrade", ["mip", "upgrade", "--dry-run"]),
    ("mip adopt", ["mip", "adopt", "b", "--dry-run"]),
    ("mip verify", ["mip", "verify"]),
    ("mip remove", ["mip", "remove", "a"]),
    ("mip download", ["mip", "download", "here", "a"]),
]

OF_BOARDS = [
    ("devices", ["devices", "--probe"]),
    ("select", ["select"]),
    ("alias list", ["alias", "list"]),
]


@pytest.fixture(scope="module")
def server() -> Iterator[WebServer]:
    with WebServer() as made:
        yield made


@pytest.fixture
def project(server: WebServer, belay: Belay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that wants an old version, has one locked, and does not want another any more."""
    monkeypatch.setenv("BELAY_CACHE_DIR", str(tmp_path / "cache"))
    file = tmp_path / "pyproject.toml"
    head = f'[tool.belay]\npackage_indices = ["{server.packages(PACKAGES)}"]\n[tool.belay.dependencies]\n'
    file.write_text(head + 'a = "1.0"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert belay("update").code == 0
    (tmp_path / ".belay/dependencies/main/b.py").unlink()
    return tmp_path


def documented() -> dict[str, set[str]]:
    """The keys by the command that prints them."""
    section = PAGE.read_text(encoding="utf-8").partition("\n## JSON\n")[2].partition("\n## ")[0]
    rows = [row.strip("|").split("|") for row in section.splitlines() if row.startswith("| `")]
    named = re.compile("`([^`]+)`").findall
    return {command: set(named(keys)) for commands, keys in rows for command in named(commands)}


def keys_of(page: object) -> set[str]:
    if isinstance(page, list):
        return set().union(*map(keys_of, page))
    return set().union(page, *map(keys_of, page.values())) if isinstance(page, dict) else set()


@pytest.mark.parametrize(("command", "more", "wish"), OF_A_PROJECT)
def test_json(belay: Belay, project: Path, command: str, more: list[str], wish: str) -> None:
    file = project / "pyproject.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('"1.0"', f'"{wish}"'), encoding="utf-8")
    result = belay(*command.replace("NAME", "b").split(), *more, "--json")
    page = json.loads(result.out)
    assert page
    assert keys_of(page) == documented()[command], result.err


@pytest.mark.parametrize(("command", "words"), OF_A_BOARD)
def test_json_of_a_board(belay: Belay, board: Path, command: str, words: list[str]) -> None:
    write_files(board, {"x": "1"})
    if command.startswith("romfs"):
        write_files(board, {"boot.py": STAND_IN})
    write_files(Path("src"), {"y.py": "Y = 2\n"})
    write_files(Path(), {"pyproject.toml": "[tool.belay]\nname = 'src'\n"})
    result = belay(*words, "--json")
    assert keys_of(json.loads(result.out)) == documented()[command], result.err


def test_json_of_packages_on_a_board(belay: Belay, board: Path, server: WebServer) -> None:
    """In a row: what one prints is about what another has done."""
    url = server.packages(PACKAGES)
    write_files(Path(), {"pyproject.toml": f'[tool.belay]\npackage_indices = ["{url}"]\n'})
    write_files(board, {"lib/b.py": "V = '1.0'\n"})
    found: dict[str, set[str]] = {}
    for command, words in OF_PACKAGES:
        if command == "mip outdated":
            server.packages({**PACKAGES, "a": {**PACKAGES["a"], "3.0": {}}})
        if command == "mip verify":
            write_files(board, {"lib/a.mpy": "damaged"})
        result = belay(*words, "--json")
        found.setdefault(command, set()).update(keys_of(json.loads(result.out)))
    assert found == {command: documented()[command] for command in found}


@pytest.mark.parametrize(("command", "words"), OF_BOARDS)
def test_json_of_boards(
    belay: Belay, served: tuple[str, Path], monkeypatch: pytest.MonkeyPatch, command: str, words: list[str]
) -> None:
    board = UsbSpecifier(0x2E8A, 5, "e6614c311b137637", device=served[0])
    monkeypatch.setattr(list_ports, "comports", lambda: [board])
    save_alias("bench", board.given())
    result = belay(*words, "--json")
    assert keys_of(json.loads(result.out)) == documented()[command], result.err


def test_all_that_is_documented_is_tested() -> None:
    tested = (*OF_A_PROJECT, *OF_A_BOARD, *OF_BOARDS, *OF_PACKAGES)
    assert set(documented()) == {each[0] for each in tested}


@pytest.mark.parametrize("command", ["tree", "outdated", "verify", "update", "lock"])
def test_an_error_prints_no_document(
    belay: Belay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = belay(command, "--json")
    assert (result.code, result.out) == (8, "")
