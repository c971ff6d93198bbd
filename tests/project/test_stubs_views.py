"""The two views of installed stubs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from servers.stubs import CIRCUITPYTHON, RP2

from belay.project.stubs_views import choose_pins, make_views, version_of


def laid_out(folder: Path, files: Mapping[str, str]) -> Path:
    """Views of files as an installer leaves them."""
    for name, text in {
        **files,
        "x-1.dist-info/METADATA": "",
        "__pycache__/a.pyc": "",
        "bin/tool": "",
    }.items():
        path = folder / "installed" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    views = folder / "views"
    views.mkdir()
    make_views(folder / "installed", views)
    return views


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_host_sees_what_cpython_lacks(tmp_path: Path) -> None:
    views = laid_out(tmp_path, RP2)
    assert names_in(views / "host") == [
        "_mpy_shed", "machine.pyi", "micropython.pyi", "uos.pyi", "urequests", "utime.pyi",
    ]  # fmt: skip
    assert names_in(views / "board") == sorted({name.partition("/")[0] for name in RP2})
    assert not (tmp_path / "installed").exists()
    assert not list(views.rglob("__pycache__"))


def test_modules_with_a_u_are_the_boards_own(tmp_path: Path) -> None:
    views = laid_out(
        tmp_path,
        {
            **RP2,
            "stdlib/asyncio/__init__.pyi": "def sleep_ms(): ...\n",
            "uasyncio.pyi": "from asyncio import *\n",
        },
    )
    assert (views / "host/utime.pyi").read_text(encoding="utf-8").endswith(RP2["time.pyi"])
    assert "board_only" in (views / "host/urequests/__init__.pyi").read_text(encoding="utf-8")
    assert "sleep_ms" in (views / "host/uasyncio/__init__.pyi").read_text(encoding="utf-8")
    assert (views / "board/utime.pyi").read_text(encoding="utf-8").endswith("from time import *\n")
    assert (views / "board/stdlib/asyncio").is_dir()
    assert not (views / "host/stdlib").exists()


def test_what_is_wrong_in_stubs_is_not_told(tmp_path: Path) -> None:
    views = laid_out(tmp_path, RP2)
    files = list(views.rglob("*.pyi"))
    assert len(files) > len(RP2)
    assert all(file.read_text(encoding="utf-8").startswith("# mypy: ignore-errors\n") for file in files)


def test_circuitpython(tmp_path: Path) -> None:
    views = laid_out(tmp_path, CIRCUITPYTHON)
    assert names_in(views / "host") == ["board", "digitalio"]
    assert names_in(views / "board") == ["board", "board_definitions", "digitalio", "traceback"]
    assert choose_pins(views, "pico")
    assert all(
        "LED" in (views / view / "board/__init__.pyi").read_text(encoding="utf-8")
        for view in ("host", "board")
    )


@pytest.mark.parametrize("board_id", ["nosuch", "..", "../board", "", "a/b"])
def test_pins_of_a_board_that_is_not_known(tmp_path: Path, board_id: str) -> None:
    views = laid_out(tmp_path, CIRCUITPYTHON)
    assert not choose_pins(views, board_id)
    assert "LED" not in (views / "board/board/__init__.pyi").read_text(encoding="utf-8")


def test_the_version_is_read_from_what_is_there(tmp_path: Path) -> None:
    info = tmp_path / "a_b_stubs-1.24.1.post2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: A_b-stubs\nVersion: 1.24.1.post2\n", encoding="utf-8"
    )
    assert version_of(tmp_path, "a-b-stubs") == "1.24.1.post2"
    assert version_of(tmp_path, "c-stubs") == ""
