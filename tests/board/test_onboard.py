from __future__ import annotations

import ast

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


@pytest.mark.parametrize(
    "name", ["part_values", "part_take", "part_items", "part_many", "part_ask", "part_thread"]
)
def test_a_part_can_be_taken_apart(name: str) -> None:
    source = onboard.read(name)
    statements = onboard.statements(source)
    assert len(statements) > 3
    assert ast.dump(ast.parse("\n".join(statements))) == ast.dump(ast.parse(source))
    # Each fits into a request of the smallest board.
    assert max(map(len, statements)) < 1400


@pytest.mark.parametrize("name", ["os", "time", "machine", "sleep", "const", "ADC", "Pin", "PWM", "Timer"])
def test_the_usual_imports_are_there(device: Device, name: str) -> None:
    assert device(f"'{name}' in globals()") is True


def test_what_the_firmware_lacks_is_left_out() -> None:
    module = compile(onboard.read("startup"), "<startup>", "exec")
    names: dict[str, object] = {"__builtins__": __builtins__}
    # CPython has no machine and no micropython.
    exec(module, names)
    assert {"os", "time", "sleep"} <= names.keys()
    assert not {"machine", "const", "Pin"} & names.keys()
