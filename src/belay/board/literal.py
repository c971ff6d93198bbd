"""Values as Python literals: the text form in which they travel over the plain REPL.

Anything that Python writes as a literal goes both ways (``None``, booleans, numbers with ``inf`` and ``nan``,
strings, bytes, tuples, lists, sets, dicts), and what a short call can write: ``bytearray``, ``frozenset``, ``range``
and ``array``. Subclasses of these go as what they are based on. Everything else is refused by name.
"""

from __future__ import annotations

import ast
import math
import re
from array import array
from collections import OrderedDict
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from belay.exceptions import UntransferableError

MAX_DEPTH = 32
"""Values nest at most so deep: a board's compiler recurses on its small C stack."""

_HINT = "keep it on the board, and send or return its parts"


def encode(value: object, where: str) -> str:
    """Write a value as source that a board evaluates to its equal.

    Args:
        value: What shall travel.
        where: What it is to the user, as ``argument 'pin'``; for the error.

    Raises:
        UntransferableError: The value, or one inside it, cannot travel.
    """
    return _encode(value, where, MAX_DEPTH)


def _encode(value: object, where: str, depth: int) -> str:
    if value is None or value is True or value is False or value is Ellipsis:
        return repr(value)
    if depth == 0:
        raise UntransferableError(where, f"{type(value).__name__}, nested more than {MAX_DEPTH} deep")
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value, where, depth - 1)
    raise UntransferableError(where, type(value).__name__, hint=_HINT)


def _int(value: int, where: str, depth: int) -> str:
    # Hexadecimal from 64 bits on: Python limits the digits of a decimal, and it is quicker on both sides.
    value = int(value)
    return repr(value) if -(1 << 63) <= value < 1 << 63 else hex(value)


def _float(value: float, where: str, depth: int) -> str:
    value = float(value)
    if math.isfinite(value):
        return repr(value)
    return f"float('{value!r}')"


def _complex(value: complex, where: str, depth: int) -> str:
    real, imag = _float(value.real, where, depth), _float(value.imag, where, depth)
    return f"complex({real},{imag})"


def _str(value: str, where: str, depth: int) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise UntransferableError(where, "str with a lone surrogate") from error
    return repr(str(value))


def _items(values: object, where: str, depth: int) -> str:
    return ",".join(_encode(item, where, depth) for item in values)  # type: ignore[attr-defined]


def _tuple(value: tuple[object, ...], where: str, depth: int) -> str:
    return f"({_items(value, where, depth)}{',' if len(value) == 1 else ''})"


def _set(value: set[object], where: str, depth: int) -> str:
    return f"{{{_items(value, where, depth)}}}" if value else "set()"


def _dict(value: dict[object, object], where: str, depth: int) -> str:
    pairs = (f"{_encode(k, where, depth)}:{_encode(v, where, depth)}" for k, v in value.items())
    return f"{{{','.join(pairs)}}}"


def _array(value: array[Any], where: str, depth: int) -> str:
    if value.typecode in "uw":
        raise UntransferableError(where, "array of characters")
    numbers = ",".join(_encode(item, where, depth) for item in value)
    return f"__import__('array').array('{value.typecode}',[{numbers}])"


_WRITERS: tuple[tuple[type, Callable[..., str]], ...] = (
    (int, _int),
    (str, _str),
    (float, _float),
    (bytes, lambda value, where, depth: repr(bytes(value))),
    (tuple, _tuple),
    (list, lambda value, where, depth: f"[{_items(value, where, depth)}]"),
    (dict, _dict),
    (set, _set),
    (frozenset, lambda value, where, depth: f"frozenset([{_items(value, where, depth)}])"),
    (bytearray, lambda value, where, depth: f"bytearray({bytes(value)!r})"),
    (memoryview, lambda value, where, depth: repr(value.tobytes())),
    (range, lambda value, where, depth: repr(value)),
    (complex, _complex),
    (array, _array),
)


class NotALiteral(ValueError):  # noqa: N818 - it never leaves the room
    """The text is not a literal.

    Args:
        type_name: The name of the type that it seems to be the ``repr`` of.
    """

    def __init__(self, type_name: str) -> None:
        super().__init__(type_name)
        self.type_name = type_name


def decode(text: str) -> object:
    """Read what a board wrote with ``repr``.

    Raises:
        NotALiteral: It is the ``repr`` of something that is no literal.
    """
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return _decode_more(text)


def _decode_more(text: str) -> object:
    if re.fullmatch(r"-?\d+", text):
        # Longer than Python's limit for decimal digits, which guards against slow conversions of huge input.
        return int(Decimal(text))
    try:
        return _build(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError) as error:
        if isinstance(error, NotALiteral):
            raise
        raise NotALiteral(_guess_type(text)) from error


def _build(node: ast.expr) -> object:
    if isinstance(node, ast.Name):
        return _NAMES[node.id] if node.id in _NAMES else _refuse(node.id)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        if node.func.id in _CALLS:
            return _CALLS[node.func.id](*map(_build, node.args))
        return _refuse(node.func.id)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_build(node.operand)  # type: ignore[operator]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        left, right = _build(node.left), _build(node.right)
        return left + right if isinstance(node.op, ast.Add) else left - right  # type: ignore[operator]
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        kind = {ast.Tuple: tuple, ast.List: list, ast.Set: set}[type(node)]
        return kind(map(_build, node.elts))
    if isinstance(node, ast.Dict) and None not in node.keys:
        return {_build(k): _build(v) for k, v in zip(node.keys, node.values, strict=True) if k}
    return _refuse(_guess_type(ast.unparse(node)))


def _refuse(name: str) -> object:
    raise NotALiteral(name)


_NAMES: dict[str, object] = {"inf": math.inf, "nan": math.nan, "Ellipsis": ...}
_CALLS: dict[str, Callable[..., object]] = {
    "bytearray": bytearray,
    "frozenset": frozenset,
    "set": set,
    "range": range,
    "array": array,
    "OrderedDict": OrderedDict,
}


def _guess_type(text: str) -> str:
    """The type's name out of a ``repr`` such as ``<Foo object at 7f>``, ``<function f at …>``, ``Pin(25)``."""
    if angle := re.search(r"<(?:(\w+) object|class '(\w+)'|(\w+))", text):
        return angle[1] or (angle[2] and "type") or angle[3]
    call = re.search(r"([A-Za-z_]\w*)\(", text)
    return call[1] if call else "unknown"
