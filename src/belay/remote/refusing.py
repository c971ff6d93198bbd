"""Refuses functions in class bodies that cannot be what their decorators ask for."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from belay.exceptions import DecorationError, UnsupportedFunctionError
from belay.source.extract import plain_function

if TYPE_CHECKING:
    from belay.remote.marks import Marked


def refuse_parameters(function: Callable[..., Any]) -> None:
    """Refuse parameters where nobody could give the arguments.

    Raises:
        DecorationError: The function has parameters.
    """
    if _parameters(function):
        raise DecorationError(
            function.__name__,
            "a setup with autoinit=True cannot have parameters",
            hint="nobody gives the arguments: write the values into its body, or call it without autoinit",
        )


def _parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of a function's parameters."""
    # By the code: annotations may name what only the board knows, and from Python 3.14 on looking may fail.
    code = plain_function(function).__code__
    stars = bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + stars]


def refuse_class_method(function: object) -> None:
    """Refuse to decorate a class method.

    Raises:
        UnsupportedFunctionError: It is one.
    """
    if isinstance(function, classmethod):
        raise UnsupportedFunctionError(function.__name__, f"it is a class method; {_CLASS}", hint=_NO_CLASS)


def refuse_above(value: object, marked_class: type[Marked[Any]]) -> None:
    """Refuse an attribute of a class that makes a class method or a property of a function for the board.

    Raises:
        DecorationError: It does.
    """
    inner = _inside(value)
    if not isinstance(inner, marked_class):
        return
    name, kind = inner.board_name, type(value).__name__
    above = f"@{kind} stands above @{inner.decorator}"
    if kind == "classmethod":
        raise DecorationError(name, f"{above}; {_CLASS}", hint=_NO_CLASS)
    raise DecorationError(
        name,
        f"{above}, but the device itself, as its argument, cannot go to the board",
        hint=f"leave @{kind} out, or write a {kind} that calls a {inner.decorator} of another name",
    )


_CLASS = "the class is not on the board"
_NO_CLASS = "leave @classmethod and its parameter out; @staticmethod may stay"


def _inside(value: object) -> object:
    """The function of a class method or of a property; None for what is neither."""
    if isinstance(value, property):
        return value.fget
    if isinstance(value, functools.cached_property):
        return value.func
    return value.__func__ if isinstance(value, classmethod) else None


def refuse_self(marked: Marked[Any]) -> None:
    """Refuse what looks like a method.

    Raises:
        DecorationError: It has a parameter ``self``.
    """
    if _parameters(marked.__wrapped__)[:1] == ("self",):
        raise DecorationError(
            marked.board_name,
            f"it has a parameter self, but a {marked.decorator} runs on the board, where the device is not",
            hint="leave self out, or make it a plain method that calls one without",
        )


def refuse_clash(marked: Marked[Any], other: Marked[Any]) -> None:
    """Refuse two functions of one name in a class body that are not for different boards.

    Raises:
        DecorationError: They are for the same ones, or of different kinds.
    """
    if marked.decorator != other.decorator:
        raise DecorationError(
            marked.board_name,
            f"it is a {other.decorator} and a {marked.decorator} in one class body",
            hint="overloads for several implementations must be of one kind",
        )
    if marked.options.implementation == other.options.implementation:
        wanted = marked.options.implementation
        raise DecorationError(
            marked.board_name,
            f"it is there twice for {wanted}" if wanted else "it is there twice without implementation=",
            hint="one for each implementation, and at most one without, which all other boards take",
        )
