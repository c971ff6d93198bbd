"""Values as Python literals: the text form in which they travel over the plain REPL.

Anything that Python writes as a literal goes both ways (``None``, booleans, numbers with ``inf`` and
``nan``, strings, bytes, tuples, lists, sets, dicts), and what a short call can write: ``bytearray``,
``frozenset``, ``range``, ``array`` and ``OrderedDict``. Subclasses of these go as what they are based on, a
``memoryview`` as ``bytes``, and what numpy has of numbers and arrays as :mod:`belay.board.foreign` says.
What stands for an object on the board (:mod:`belay.board.objects`) goes as a call that finds it there.
Everything else is refused by name.
"""

from __future__ import annotations

import ast
import math
import re
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from decimal import Context, Decimal
from typing import Any

from belay.board.foreign import ITEMS, Refused, as_pythons
from belay.board.objects import OnBoard, source_of
from belay.exceptions import UntransferableError

MAX_DEPTH = 32
"""Values nest at most so deep: a board's compiler recurses on its small C stack."""

_HINT = "keep it on the board, and send or return its parts"

_EXACT = Context(prec=40)
_NEAR = Decimal("0.49")
"""Of the distance between two numbers. Halfway lies the border."""


Extract = Callable[[object], str | None]
"""Writes a value in a form of its own, or leaves it to the usual one."""


def encode(value: object, where: str, extract: Extract | None = None) -> str:
    """Write a value as source that a board evaluates to its equal.

    Args:
        value: What shall travel.
        where: What it is to the user, as ``argument 'pin'``; for the error.
        extract: Asked first about each value.

    Raises:
        UntransferableError: The value, or one inside it, cannot travel.
    """
    try:
        return _write(value, MAX_DEPTH, extract or _nothing)
    except Refused as refused:
        raise UntransferableError(where, refused.what, hint=refused.hint or _HINT) from None


def _nothing(_value: object) -> None:
    """Leave all values to the usual form."""


def _write(value: object, depth: int, extract: Extract) -> str:
    if isinstance(value, OnBoard):
        return extract(value) or source_of(value)
    value = as_pythons(value)
    if (written := extract(value)) is not None:
        return written
    if value is None or value is True or value is False or value is Ellipsis:
        return repr(value)
    for kind, write in _SCALARS:
        if isinstance(value, kind):
            return write(value)
    for kind, gather in _CONTAINERS:
        if isinstance(value, kind):
            if depth == 0:
                raise Refused(f"{type(value).__name__}, nested more than {MAX_DEPTH} deep,")
            return gather(value, lambda item: _write(item, depth - 1, extract))
    raise Refused(type(value).__name__)


def _int(value: int) -> str:
    # Hexadecimal from 64 bits on: Python limits the digits of a decimal, and it is quicker on both sides.
    value = int(value)
    return repr(value) if -(1 << 63) <= value < 1 << 63 else hex(value)


def _float(value: float) -> str:
    value = float(value)
    return float_text(value) if math.isfinite(value) else _builtin(f"float('{value!r}')")


def float_text(value: float) -> str:
    """Digits that a board reads as this very number.

    What ``repr`` writes may lie at nearly half the way to the next number, and boards do not read so exactly:
    of ten thousand random numbers one would arrive as its neighbour. Such a number gets more digits.
    """
    if value * 64 % 1 == 0 and -1e8 < value < 1e8:
        return repr(value)
    text = repr(value)
    off = _EXACT.abs(_EXACT.subtract(Decimal(text), Decimal(value)))
    return text if off < Decimal(math.ulp(value)) * _NEAR else f"{value:.18e}"


def _complex(value: complex) -> str:
    if value.imag == 0 and math.copysign(1, value.imag) < 0:
        # A board adds the imaginary part to a 0.0, which takes its sign away.
        return f"(-{_complex(-value)})"
    return _builtin(f"complex({_float(value.real)},{_float(value.imag)})")


def _array(value: array[Any]) -> str:
    if value.typecode not in ITEMS:
        raise Refused("array of characters")
    return f"{array_of(value)},{value.tobytes()!r})"


def array_of(value: array[Any]) -> str:
    """The beginning of the call that makes such an array on a board; its bytes are to follow."""
    code = f"'{value.typecode}'"
    if value.typecode in "lL":
        # Its length differs between boards; the other codes of such items do not.
        other = {("l", 4): "i", ("l", 8): "q", ("L", 4): "I", ("L", 8): "Q"}[value.typecode, value.itemsize]
        code = f"'{other}{value.typecode}'[__import__('struct').calcsize({code})=={value.itemsize}]"
    return f"__import__('array').array({code}"


def _builtin(call: str) -> str:
    # Not just the name: on the board, "range" may be a function that measures a distance.
    return f"__import__('builtins').{call}"


def _tuple(value: tuple[object, ...], write: Callable[[object], str]) -> str:
    return f"({_join(value, write)}{',' if len(value) == 1 else ''})"


def _set(value: set[object], write: Callable[[object], str]) -> str:
    return f"{{{_join(value, write)}}}" if value else _builtin("set()")


def _dict(value: dict[object, object], write: Callable[[object], str]) -> str:
    return "{" + ",".join(f"{write(key)}:{write(item)}" for key, item in value.items()) + "}"


def _ordered(value: OrderedDict[object, object], write: Callable[[object], str]) -> str:
    # A board's dict has no order. Where there is no OrderedDict either, a dict is next to it.
    pairs = ",".join(f"({write(key)},{write(item)})" for key, item in value.items())
    return f"{_builtin('getattr')}(__import__('collections'),'OrderedDict',{_builtin('dict')})([{pairs}])"


def _join(values: Iterable[object], write: Callable[[object], str]) -> str:
    return ",".join(map(write, values))


_SCALARS: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (int, _int),
    (str, lambda value: repr(str(value))),
    (float, _float),
    (bytes, lambda value: repr(bytes(value))),
    (bytearray, lambda value: _builtin(f"bytearray({bytes(value)!r})")),
    (memoryview, lambda value: repr(value.tobytes())),
    (range, lambda value: _builtin(repr(value))),
    (complex, _complex),
    (array, _array),
)
_CONTAINERS: tuple[tuple[type, Callable[[Any, Callable[[object], str]], str]], ...] = (
    (tuple, _tuple),
    (list, lambda value, write: f"[{_join(value, write)}]"),
    (OrderedDict, _ordered),
    (dict, _dict),
    (set, _set),
    (frozenset, lambda value, write: _builtin(f"frozenset([{_join(value, write)}])")),
)


class NotALiteral(ValueError):  # noqa: N818 - it never leaves the room
    """The text is not a literal.

    Args:
        type_name: The name of the type that it seems to be the ``repr`` of.
    """

    def __init__(self, type_name: str) -> None:
        super().__init__(type_name)
        self.type_name = type_name


def decode(text: str, calls: Mapping[str, Callable[..., object]] | None = None) -> object:
    """Read what a board wrote with ``repr``.

    Args:
        text: The ``repr``.
        calls: Functions that the text may call besides the usual ones.

    Raises:
        NotALiteral: It is the ``repr`` of something that is no literal.
    """
    try:
        return ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return _decode_more(_LONG_NUMBERS.sub(_shorten, text).strip(), {**_CALLS, **(calls or {})})


_STRING = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_STRINGS = re.compile(_STRING)
_LONG_NUMBERS = re.compile(rf"{_STRING}|\d{{4000,}}")
"""Python limits decimal digits, as a guard against slow conversions of huge input. Strings are left alone."""


def _shorten(found: re.Match[str]) -> str:
    return hex(int(Decimal(found[0]))) if found[0].isdecimal() else found[0]


def _decode_more(text: str, calls: Mapping[str, Callable[..., object]]) -> object:
    try:
        return _build(ast.parse(text, mode="eval").body, calls)
    except NotALiteral:
        raise
    except (SyntaxError, ValueError, TypeError):
        raise NotALiteral(_too_deep(text) or _guess_type(text)) from None
    except (RecursionError, MemoryError):
        raise NotALiteral("deeply nested data") from None


def _too_deep(text: str) -> str:
    """Whether there are more brackets than Python's parser takes (200)."""
    return "deeply nested data" if re.match(r"[\[({]{90}", re.sub(r"[^\[({]", "", text)) else ""


def _build(node: ast.expr, calls: Mapping[str, Callable[..., object]]) -> object:  # noqa: PLR0911 - a case for each kind of node
    """The value of a literal's syntax tree, with the names and calls that ``repr`` writes for some types."""

    def build(part: ast.expr) -> Any:
        return _build(part, calls)

    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name) if name in _NAMES:
            return _NAMES[name]
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in calls:
            return calls[name](*map(build, args))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -build(operand)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as sign, right=right):
            return _complex_of(build(left), build(right), negative=isinstance(sign, ast.Sub))
        case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
            return _SEQUENCES[type(node)](map(build, items))
        case ast.Dict(keys=keys, values=values) if None not in keys:
            return {build(k): build(v) for k, v in zip(keys, values, strict=True) if k}
        case ast.Name(id=name) | ast.Call(func=ast.Name(id=name)):
            raise NotALiteral(name)
    raise NotALiteral(_guess_type(ast.unparse(node)))


def _complex_of(real: object, imaginary: object, *, negative: bool) -> complex:
    if not isinstance(real, (int, float)) or not isinstance(imaginary, complex):
        raise NotALiteral("unknown")
    # Not as a sum, in which inf + nanj and the like would spoil each other.
    return complex(real, -imaginary.imag if negative else imaginary.imag)


_SEQUENCES: dict[type, Callable[[Iterable[object]], object]] = {
    ast.Tuple: tuple,
    ast.List: list,
    ast.Set: set,
}
_NAMES: dict[str, object] = {
    "inf": math.inf,
    "nan": math.nan,
    "infj": complex(0, math.inf),
    "nanj": complex(0, math.nan),
    "Ellipsis": ...,
}
_CALLS: dict[str, Callable[..., object]] = {
    "bytearray": bytearray,
    "frozenset": frozenset,
    "dict": dict,
    "set": set,
    "range": range,
    "array": array,
    "OrderedDict": OrderedDict,
}


def _guess_type(text: str) -> str:
    """The type's name out of a ``repr``: ``<Foo object at 7f>``, ``<function f at …>``, ``Pin(25)``, …."""
    text = _STRINGS.sub("''", text)
    if angle := re.search(r"<(?:(\w+) object|(class)|(\w+))", text):
        return angle[1] or ("type" if angle[2] else angle[3])
    call = re.search(r"([A-Za-z_]\w*)\(", text)
    return call[1] if call else "unknown"
