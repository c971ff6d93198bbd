"""The operators of proxies: each is a body that the board compiles when it is first used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from belay.board.objects import OnBoard
from belay.exceptions import UntransferableError
from belay.remote.proxy_handle import handle

Operator = Callable[..., Any]
"""An operator: what it returns is known on the board alone."""


def _unary(body: str) -> Operator:
    def operator(self: OnBoard) -> Any:
        return handle(self).operate(body)

    return operator


def _binary(body: str) -> Operator:
    def operator(self: OnBoard, other: object) -> Any:
        return handle(self).operate(body, other)

    return operator


def _equality(body: str) -> Operator:
    def operator(self: OnBoard, other: object) -> Any:
        try:
            return handle(self).operate(body, other)
        except UntransferableError:
            # The board cannot have such a thing.
            return NotImplemented

    return operator


class Operators(OnBoard):
    """An object of the board, with the operators of Python."""

    __slots__ = ()

    __eq__: Operator = _equality("return a==b")
    __ne__: Operator = _equality("return a!=b")
    __lt__: Operator = _binary("return a<b")
    __le__: Operator = _binary("return a<=b")
    __gt__: Operator = _binary("return a>b")
    __ge__: Operator = _binary("return a>=b")
    __hash__: Operator = _unary("return hash(a)")

    __neg__: Operator = _unary("return -a")
    __pos__: Operator = _unary("return +a")
    __invert__: Operator = _unary("return ~a")
    __abs__: Operator = _unary("return abs(a)")

    __add__: Operator = _binary("return a+b")
    __radd__: Operator = _binary("return b+a")
    __iadd__: Operator = _binary("a+=b;return a")
    __sub__: Operator = _binary("return a-b")
    __rsub__: Operator = _binary("return b-a")
    __isub__: Operator = _binary("a-=b;return a")
    __mul__: Operator = _binary("return a*b")
    __rmul__: Operator = _binary("return b*a")
    __imul__: Operator = _binary("a*=b;return a")
    __matmul__: Operator = _binary("return a@b")
    __rmatmul__: Operator = _binary("return b@a")
    __imatmul__: Operator = _binary("a@=b;return a")
    __truediv__: Operator = _binary("return a/b")
    __rtruediv__: Operator = _binary("return b/a")
    __itruediv__: Operator = _binary("a/=b;return a")
    __floordiv__: Operator = _binary("return a//b")
    __rfloordiv__: Operator = _binary("return b//a")
    __ifloordiv__: Operator = _binary("a//=b;return a")
    __mod__: Operator = _binary("return a%b")
    __rmod__: Operator = _binary("return b%a")
    __imod__: Operator = _binary("a%=b;return a")
    __lshift__: Operator = _binary("return a<<b")
    __rlshift__: Operator = _binary("return b<<a")
    __ilshift__: Operator = _binary("a<<=b;return a")
    __rshift__: Operator = _binary("return a>>b")
    __rrshift__: Operator = _binary("return b>>a")
    __irshift__: Operator = _binary("a>>=b;return a")
    __and__: Operator = _binary("return a&b")
    __rand__: Operator = _binary("return b&a")
    __iand__: Operator = _binary("a&=b;return a")
    __or__: Operator = _binary("return a|b")
    __ror__: Operator = _binary("return b|a")
    __ior__: Operator = _binary("a|=b;return a")
    __xor__: Operator = _binary("return a^b")
    __rxor__: Operator = _binary("return b^a")
    __ixor__: Operator = _binary("a^=b;return a")
    __rpow__: Operator = _binary("return b**a")
    __ipow__: Operator = _binary("a**=b;return a")
    __divmod__: Operator = _binary("return divmod(a,b)")
    __rdivmod__: Operator = _binary("return divmod(b,a)")

    def __pow__(self, other: object, modulus: object = None) -> Any:
        if modulus is None:
            return handle(self).operate("return a**b", other)
        return handle(self).operate("return pow(a,b,c)", other, modulus)

    def __round__(self, digits: int | None = None) -> Any:
        return handle(self).operate("return round(a,b) if b else round(a)", digits)
