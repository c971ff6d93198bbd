"""What pyright and mypy are told of stubs, and what they make of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from servers.stubs import RP2

from belay.exceptions import ConfigError
from belay.project.config import load_project
from belay.project.stubs import stubs_for
from belay.project.stubs_checkers import configure, write_for_board
from belay.project.stubs_install import FOLDER, install_stubs
from belay.project.stubs_views import make_views

HOST = ".belay/.local/stubs/host"
BOARD = ".belay/.local/stubs/board"
HERE = "$MYPY_CONFIG_FILE_DIR"


def project(folder: Path, text: str = '[tool.belay]\nname = "app"\n', **files: str) -> Path:
    """A project with a folder for the board; its pyproject.toml."""
    (folder / "app").mkdir()
    (folder / "app/__init__.py").touch()
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_text(content, encoding="utf-8")
    file = folder / "pyproject.toml"
    file.write_text(text, encoding="utf-8")
    return file


def tools(file: Path) -> dict[str, dict[str, object]]:
    found = tomllib.loads(file.read_text(encoding="utf-8"))["tool"]
    return {name: found.get(name, {}) for name in ("pyright", "mypy")}


def test_settings_for_the_host(tmp_path: Path) -> None:
    file = project(tmp_path)
    done = configure(load_project(file), "host", has_stdlib=True)
    assert tools(file) == {
        "pyright": {"extraPaths": [HOST], "ignore": ["app"], "reportMissingModuleSource": False},
        "mypy": {"mypy_path": [f"{HERE}/{HOST}"], "exclude": ["^app/"]},
    }
    assert done.notes == ()
    assert done.changed == (
        "tool.pyright.extraPaths", "tool.pyright.ignore", "tool.pyright.reportMissingModuleSource",
        "tool.mypy.mypy_path", "tool.mypy.exclude",
    )  # fmt: skip


def test_a_second_time_nothing_changes(tmp_path: Path) -> None:
    file = project(tmp_path)
    for view in ("host", "board"):
        configure(load_project(file), view, has_stdlib=True)
        before = file.read_bytes()
        assert configure(load_project(file), view, has_stdlib=True).changed == ()
        assert file.read_bytes() == before


@pytest.mark.parametrize("has_stdlib", [True, False])
def test_the_other_view_and_back(tmp_path: Path, has_stdlib: bool) -> None:
    file = project(tmp_path)
    configure(load_project(file), "host", has_stdlib=has_stdlib)
    for_host = tools(file)
    configure(load_project(file), "board", has_stdlib=has_stdlib)
    main = ".belay/dependencies/main"
    wanted: dict[str, dict[str, object]] = {
        "pyright": {
            "extraPaths": [BOARD, main],
            "reportMissingModuleSource": False,
            "typeshedPath" if has_stdlib else "stubPath": BOARD,
        },
        "mypy": {"mypy_path": [f"{HERE}/{BOARD}", f"{HERE}/{main}"]},
    }
    if has_stdlib:
        wanted["mypy"]["custom_typeshed_dir"] = f"{HERE}/{BOARD}"
    assert tools(file) == wanted
    configure(load_project(file), "host", has_stdlib=has_stdlib)
    assert tools(file) == for_host


def test_what_was_there_stays(tmp_path: Path) -> None:
    text = """\
# mine
[tool.belay]
name = "app"  # the code

[tool.pyright]
extraPaths = [
  "tools",  # the tools
]
stubPath = "my-stubs"
reportMissingModuleSource = "error"  # as we like it

[tool.mypy]
strict = true
mypy_path = "one:two"
exclude = "^generated/"
"""
    file = project(tmp_path, text)
    done = configure(load_project(file), "host", has_stdlib=True)
    new = file.read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if "#" in line and line not in new.splitlines()] == []
    assert tools(file) == {
        "pyright": {
            "extraPaths": ["tools", HOST], "stubPath": "my-stubs", "reportMissingModuleSource": "error",
            "ignore": ["app"],
        },
        "mypy": {"strict": True, "mypy_path": f"one, two, {HERE}/{HOST}", "exclude": "^generated/"},
    }  # fmt: skip
    assert done.notes == ("tool.mypy.exclude should also have ^app/",)
    assert configure(load_project(file), "host", has_stdlib=True).changed == ()


def test_paths_in_one_text_for_the_other_view_and_back(tmp_path: Path) -> None:
    file = project(tmp_path, '[tool.belay]\n[tool.mypy]\nmypy_path = "one"\n')
    for view, paths in ("board", [BOARD, ".belay/dependencies/main"]), ("host", [HOST]):
        configure(load_project(file), view, has_stdlib=True)
        assert tools(file)["mypy"]["mypy_path"] == ", ".join(["one", *(f"{HERE}/{path}" for path in paths)])


def test_vendored_paths_of_the_users_stay(tmp_path: Path) -> None:
    main = ".belay/dependencies/main"
    file = project(tmp_path, f'[tool.belay]\n[tool.pyright]\nextraPaths = ["{main}"]\n')
    configure(load_project(file), "host", has_stdlib=True)
    assert tools(file)["pyright"]["extraPaths"] == [main, HOST]


def test_a_value_of_the_users_is_not_replaced(tmp_path: Path) -> None:
    file = project(tmp_path, '[tool.belay]\n[tool.pyright]\ntypeshedPath = "mine"\n')
    done = configure(load_project(file), "board", has_stdlib=True)
    assert tools(file)["pyright"]["typeshedPath"] == "mine"
    assert done.notes == (f"tool.pyright.typeshedPath should be {BOARD}",)


def test_without_a_folder_for_the_board_nothing_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text('[tool.belay]\nname = "app"\n', encoding="utf-8")
    configure(load_project(file), "host", has_stdlib=True)
    assert "ignore" not in tools(file)["pyright"]
    assert "exclude" not in tools(file)["mypy"]
    assert write_for_board(load_project(file)) == ()


def test_other_files_of_the_checkers_are_left_alone(tmp_path: Path) -> None:
    file = project(tmp_path, pyrightconfig_json="{} // mine\n", mypy_ini="[mypy]\n")
    before = file.read_bytes()
    done = configure(load_project(file), "host", has_stdlib=True)
    assert (file.read_bytes(), done.changed) == (before, ())
    pyright, mypy = done.notes
    assert pyright == (
        f'pyright reads pyrightconfig.json here: it should have "extraPaths": ["{HOST}"], "ignore": ["app"], '
        '"reportMissingModuleSource": false'
    )
    assert mypy == f"mypy reads mypy.ini here: it should have mypy_path = {HERE}/{HOST}; exclude = ^app/"


def test_a_setup_cfg_counts_where_the_pyproject_has_no_table(tmp_path: Path) -> None:
    file = project(tmp_path, setup_cfg="[mypy]\nstrict = true\n")
    assert "mypy reads setup.cfg here" in configure(load_project(file), "host", has_stdlib=True).notes[0]
    file.write_text('[tool.belay]\nname = "app"\n[tool.mypy]\n', encoding="utf-8")
    assert configure(load_project(file), "host", has_stdlib=True).notes == ()
    (tmp_path / "setup.cfg").write_text("no sections\n", encoding="utf-8")
    file.write_text('[tool.belay]\nname = "app"\n', encoding="utf-8")
    assert configure(load_project(file), "host", has_stdlib=True).notes == ()


def test_without_writing(tmp_path: Path) -> None:
    file = project(tmp_path)
    before = file.read_bytes()
    done = configure(load_project(file), "host", has_stdlib=True, write=False)
    assert "tool.pyright.extraPaths" in done.changed
    assert file.read_bytes() == before


def test_a_list_that_is_none(tmp_path: Path) -> None:
    file = project(tmp_path, '[tool]\nbelay = {name = "app"}\npyright = 1\n')
    before = file.read_bytes()
    with pytest.raises(ConfigError):
        configure(load_project(file), "host", has_stdlib=True)
    assert file.read_bytes() == before


# --- the checkers ----------------------------------------------------------------------------------

HOST_CODE = """\
import os
import time as clock
from belay.names import Pin, const, time

led: Pin


def setup() -> None:
    global led
    led = Pin(25, Pin.OUT)


def blink(ms: int) -> int:
    from utime import ticks_ms

    began = ticks_ms()
    time.sleep_ms(ms)
    led.value(const(1))
    led.nosuch()  # wrong
    return ticks_ms() - began


print(os.environ, clock.perf_counter())
clock.sleep_ms(1)  # wrong
"""
BOARD_CODE = """\
import os
import time
from machine import Pin

Pin(25, Pin.OUT).value(1)
time.sleep_ms(5)
os.dupterm(None)
time.perf_counter()  # wrong
"""
WRONG = {"host.py": [19, 24], "app/__init__.py": [8]}


def wrong_lines(said: str) -> dict[str, list[int]]:
    """The lines with errors, by file."""
    found: dict[str, list[int]] = {}
    pattern = r"(app/__init__\.py|host\.py):(\d+):(?:\d+ -)? error"
    for name, line in re.findall(pattern, said.replace("\\", "/")):
        found.setdefault(name, []).append(int(line))
    return found


def check(folder: Path, *words: str) -> str:
    """What a checker says."""
    # Not measured for coverage: it is not our code that runs, and takes its time.
    env = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr + done.stdout
    return done.stdout


def stubbed(folder: Path, files: Mapping[str, str] | None) -> None:
    """A project with code of both kinds; the stubs are those files, or real ones."""
    file = project(folder, host_py=HOST_CODE)
    (folder / "app/__init__.py").write_text(BOARD_CODE, encoding="utf-8")
    if files is None:
        install_stubs(folder, stubs_for("rp2", (1, 24, 1)))
    else:
        for name, text in files.items():
            path = folder / "installed" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        (folder / FOLDER).mkdir(parents=True)
        make_views(folder / "installed", folder / FOLDER)
    has_stdlib = (folder / BOARD / "stdlib").is_dir()
    configure(load_project(file), "host", has_stdlib=has_stdlib)
    assert len(write_for_board(load_project(file))) == 2


def look(folder: Path) -> None:
    """Both checkers find what is wrong in both kinds of code, and nothing else."""
    pyright, mypy = ["pyright", "--pythonpath", sys.executable], ["mypy"]
    stubs = folder / FOLDER
    for host, board in (
        (pyright, [*pyright, "-p", str(stubs / "pyright-board.json")]),
        ([*mypy, "."], [*mypy, "--config-file", str(stubs / "mypy-board.ini")]),
    ):
        for words, file in (host, "host.py"), (board, "app/__init__.py"):
            said = check(folder, *words)
            assert wrong_lines(said) == {file: WRONG[file]}, said
            assert "warning:" not in said


def test_both_checkers_see_both_kinds_of_code(tmp_path: Path) -> None:
    stubbed(tmp_path, RP2)
    look(tmp_path)


def test_without_stubs_names_of_the_board_are_of_any_type(tmp_path: Path) -> None:
    # With tables of its own it has no settings of a folder above.
    tables = "[tool.belay]\n[tool.mypy]\n[tool.pyright]\n"
    project(tmp_path, tables, host_py=HOST_CODE)
    for words in ["pyright", "--pythonpath", sys.executable], ["mypy", "."]:
        said = check(tmp_path, *words)
        unknown = HOST_CODE.splitlines().index("    from utime import ticks_ms") + 1
        assert wrong_lines(said) == {"host.py": [unknown, WRONG["host.py"][-1]]}, said


@pytest.mark.long
def test_with_stubs_as_they_are_published(tmp_path: Path) -> None:
    stubbed(tmp_path, None)
    board = json.loads((tmp_path / FOLDER / "pyright-board.json").read_text(encoding="utf-8"))
    assert board["typeshedPath"] == "board"
    look(tmp_path)
    configure(load_project(tmp_path / "pyproject.toml"), "board", has_stdlib=True)
    for words in ["pyright", "--pythonpath", sys.executable, "app"], ["mypy", "app"]:
        said = check(tmp_path, *words)
        assert wrong_lines(said) == {"app/__init__.py": WRONG["app/__init__.py"]}, said
