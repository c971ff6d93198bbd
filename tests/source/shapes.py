"""Functions in many shapes, for the tests to take out of this file. Its layout matters: it is not formatted."""
# fmt: off
# ruff: noqa

from __future__ import annotations

import functools

FOUND = {}


def board(*args, **kwargs):
    def keep(function):
        FOUND[kwargs.get("key", function.__qualname__)] = function
        return function
    return keep


def wrapped(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)
    return wrapper


@board()
def simple(a, b=2, *c, d=3, **e):
    return a, b, c, d, e


@board()
@board(1,
       2,
       key="stacked"
)

# between

@wrapped
def stacked(a):
    return a


@board()
def one_line(): return 1
@board(key="adjacent")
def one_line(a): x = 1; return a + x


class Outer:
    class Inner:
        @board()
        @staticmethod
        def static(a):
            return a

        static = FOUND.pop("unused", None)

        @board()
        def method(self, a: int = 1) -> "int":
            """Doc
        that stands
    further left."""
            text = """
                kept
as it is
            """
            more = f"""{a}
            kept {a}
"""
            joined = "a\
            b" \
                 "c"
            # comment
# further left
            return (text,
    more,
                    joined)


if True:
    for _ in range(1):
        @board()
        def in_a_block(a):
            if a:

                return 1
            else: return 2


class Tabs:
	@board(key="tabs")
	def tabs(self):
		if self:
			return """
	tab"""
		return 1


@board(
    "several"
)
def header(
    a,
    b={
        1: 2,
    },
) -> (
    int
): return a, b


@board()
def generator(n):
    while n:
        got = yield n
        n -= 1


@board()
def positions(a, *, b: undefined = 1): x: int = a; return (x,
    b)


def make():
    @board(key="nested")
    def nested(a):
        def deeper(b):
            return a + b
        return deeper(1)

    @board(key="nested_again")
    def nested(a): return a
    return nested


make()


@board()
def setup_block(pin=3):
    """Doc."""

    import sys
    global led, pin_number
    text = """
    kept"""

    @wrapped
    def helper(x):
        return x
    led = (pin,
           text)


@board()
def setup_line(): import sys; path = (1,
    2)


@board()
def setup_decorated():
    @wrapped
    def first(): return 1


@board()
def setup_continued(): \
    value = 1; other = 2


@board()
def setup_multi(
    a=1,
): x = """
  text"""


@board()
def setup_scopes():
    def inner():
        x = 1
        def deepest():
            nonlocal x
            x = 2
            yield x
        return deepest
    class A:
        def m(self): return 1
    squares = [x for x in (lambda: (yield))() or ()]


@board()
def é(größe): größe = "é"; return größe
