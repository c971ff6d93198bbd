from __future__ import annotations

import ast
from pathlib import Path

import pytest

from belay import Device
from belay.board import onboard


@pytest.mark.parametrize("name", ["plain", "probe", "startup"])
def test_what_is_sent_is_small_and_carries_our_names(name: str) -> None:
    source = onboard.read(name)
    assert "#" not in source
    defined = [node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    # A frame of ours is left out of tracebacks by its name; helpers of the probe are never in one.
    assert all(found.startswith("_belay") for found in defined) or name == "probe"
    assert onboard.read(name) is source


PARTS = sorted(path.stem for path in Path(onboard.__file__).parent.glob("part_*.py"))


def test_parts_have_no_names_in_common() -> None:
    """They share one scope: what one calls by a name must not be another's."""
    owners: dict[str, set[str]] = {}
    for part in PARTS:
        for node in ast.parse(onboard.read(part)).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                owners.setdefault(node.name, set()).add(part)
    assert {name: parts for name, parts in owners.items() if len(parts) > 1} == {}


@pytest.mark.parametrize("name", PARTS)
def test_a_part_can_be_taken_apart(name: str) -> None:
    source = onboard.read(name)
    statements = onboard.statements(source)
    assert len(statements) > 3
    assert ast.dump(ast.parse("\n".join(statements))) == ast.dump(ast.parse(source))
    # Each fits into a request of the smallest board.
    assert max(map(len, statements)) < 1400


@pytest.mark.parametrize(
    "name", ["os", "time", "machine", "sleep", "const", "ADC", "I2C", "Pin", "PWM", "SPI", "Timer"]
)
def test_the_usual_imports_are_there(device: Device, name: str) -> None:
    assert device(f"'{name}' in globals()") is True


def test_what_the_firmware_lacks_is_left_out() -> None:
    module = compile(onboard.read("startup"), "<startup>", "exec")
    names: dict[str, object] = {"__builtins__": __builtins__}
    # CPython has no machine and no micropython.
    exec(module, names)
    assert {"os", "time", "sleep"} <= names.keys()
    assert not {"machine", "const", "Pin"} & names.keys()
