"""The room's map: whoever looks for a module finds it in the docstring of the room."""

from __future__ import annotations

import re
from pathlib import Path

import belay.publish


def test_the_map_has_every_module_once() -> None:
    there = sorted(path.stem for path in Path(belay.publish.__path__[0]).glob("[!_]*.py"))
    named = sorted(re.findall(r"``(\w+)``", belay.publish.__doc__ or ""))
    assert named == there, "say in belay/publish/__init__.py what a new module is for"
