"""Stubs as a type checker wants them: one view for code on the board, one for code on this computer.

Stubs of a firmware have a ``time``, an ``os`` and an ``asyncio`` of their own. Code on the board wants
those, and code on this computer wants CPython's, so what CPython has too is left out of the view for it.
Modules with a ``u`` before their name, which boards know as well, stand in for them there: ``utime.sleep_ms``
is known.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

HOST = "host"
BOARD = "board"
STDLIB = "stdlib"
"""Where a distribution has a typeshed of its own, in typeshed's layout."""

COMMON = frozenset({"msgpack", "requests", "usb", "websocket"})
"""Modules of firmwares whose names on a computer are usually those of other packages."""

_NO_MODULES = frozenset({STDLIB, "stubs", "bin", "__pycache__", "__builtins__"})
_SUFFIX = "-stubs"
# What is wrong in the stubs is nothing that the user could mend.
_QUIET = "# mypy: ignore-errors\n"


def make_views(installed: Path, views: Path) -> None:
    """Lay out installed stubs as ``board`` and ``host`` below a folder.

    Args:
        installed: Where an installer has put them; it is used up.
        views: An empty folder on the same file system.

    Raises:
        OSError: A file cannot be read or written.
    """
    board = views / BOARD
    installed.rename(board)
    for path in [*board.glob("*.dist-info"), *board.rglob("__pycache__"), board / "bin"]:
        if path.is_dir():
            shutil.rmtree(path)
    # A checker looks for X-stubs (PEP 561) in site-packages only.
    for path in list(board.glob(f"*{_SUFFIX}")):
        path.rename(path.with_name(path.name.removesuffix(_SUFFIX)))
    for file in board.rglob("*.pyi"):
        file.write_bytes(_QUIET.encode() + file.read_bytes())
    host = views / HOST
    host.mkdir()
    for name, path in _for_host(board).items():
        if path.is_dir():
            shutil.copytree(path, host / name)
        else:
            shutil.copyfile(path, host / f"{name}.pyi")


def choose_pins(views: Path, board_id: str) -> bool:
    """Let ``board`` have the pins of a CircuitPython board.

    Args:
        views: Where the views are.
        board_id: What ``board.board_id`` is there, as ``"raspberry_pi_pico"``.

    Returns:
        Whether the stubs know this board.

    Raises:
        OSError: A file cannot be read or written.
    """
    pins = views / BOARD / "board_definitions" / board_id / "__init__.pyi"
    if not board_id.replace("_", "").replace("-", "").isalnum() or not pins.is_file():
        return False
    for view in (HOST, BOARD):
        shutil.copyfile(pins, views / view / "board" / "__init__.pyi")
    return True


def version_of(installed: Path, distribution: str) -> str:
    """The version of a distribution in a folder; empty if it is not there."""
    wanted = _normal(distribution)
    found = distributions(path=[str(installed)])
    return next((each.version for each in found if _normal(each.metadata["Name"]) == wanted), "")


def modules(folder: Path) -> Iterator[tuple[str, Path]]:
    """Name and place of each top-level module in a folder, sorted."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.removesuffix(".pyi") not in _NO_MODULES and (path.is_dir() or path.suffix == ".pyi"):
            yield path.name.removesuffix(".pyi"), path


def _for_host(board: Path) -> dict[str, Path]:
    every = {**dict(modules(board / STDLIB)), **dict(modules(board))}
    taken = sys.stdlib_module_names | COMMON
    found = {}
    for name, path in modules(board):
        plain = name.removeprefix("u")
        if name not in taken and name != "board_definitions":
            # utime says `from time import *`, which would be CPython's time.
            found[name] = every[plain] if plain in taken and plain in every else path
    return found


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
