"""Refuses functions that cannot run on a board, before anything is sent."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Container
from typing import Any

from belay.exceptions import SpecialFunctionNameError, UnsupportedFunctionError
from belay.names import BoardName
from belay.source.extract import FunctionSource, extract, plain_function
from belay.source.syntax import unsupported_syntax

__all__ = ["check"]


def check(function: Callable[..., Any], *, purpose: str, on_board: Container[str] = ()) -> None:
    """Raise unless ``function`` can run on a board.

    Args:
        function: What is to be sent.
        purpose: What for: ``task``, ``setup``, ``teardown`` or ``thread``.
        on_board: Names that the board knows as globals, other tasks for example. A function may use these
            even where they are local variables of an enclosing function on the host.

    Raises:
        UnsupportedFunctionError: The board could not run it; the reason names the variable or the line.
        SpecialFunctionNameError: Its name is one that belay keeps for itself.
    """
    plain = plain_function(function)
    _check_kind(plain.__name__, plain)
    _check_name(plain.__name__)
    _check_closure(plain, on_board)
    source = extract(plain)
    _check_syntax(source)
    _check_purpose(source, purpose)


def _check_kind(name: str, function: Callable[..., Any]) -> None:
    if name == "<lambda>":
        raise UnsupportedFunctionError(name, "it is a lambda", hint="write it with def")
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise UnsupportedFunctionError(
            name, "it is an async def", hint="call asyncio.run(...) on the board, in a plain function"
        )


def _check_name(name: str) -> None:
    if (name.startswith("__") and name.endswith("__")) or name.startswith(("_belay", "__belay")):
        raise SpecialFunctionNameError(
            f"{name} is a name that belay keeps for itself", hint="choose another name"
        )


def _check_closure(function: types.FunctionType, on_board: Container[str]) -> None:
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    known = {function.__name__, function.__code__.co_name}
    names = [name for name, cell in cells if name not in known and name not in on_board and _has_value(cell)]
    if names:
        raise UnsupportedFunctionError(
            function.__name__,
            f"it uses {' and '.join(names)}, of the enclosing function, where the host alone has a value",
            variable=names[0],
            hint=f"pass {names[0]} as an argument, or set it on the board in a setup",
        )


def _has_value(cell: types.CellType) -> bool:
    """Whether the variable is set to something of the host's; one that is not set may become a task."""
    return cell != types.CellType() and not isinstance(cell.cell_contents, BoardName)


def _check_syntax(source: FunctionSource) -> None:
    for line, what in unsupported_syntax(source.source):
        raise UnsupportedFunctionError(
            source.name,
            f"MicroPython does not know {what} ({source.where(line)})",
            hint="write it differently",
        )


def _check_purpose(source: FunctionSource, purpose: str) -> None:
    if purpose in ("setup", "teardown"):
        source.body  # noqa: B018 - raises where the body cannot run in the global context
    if purpose == "thread" and source.is_generator:
        raise UnsupportedFunctionError(
            source.name, "it is a generator, and nothing would take values from it in a thread"
        )
