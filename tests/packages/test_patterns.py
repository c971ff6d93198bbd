"""No regular expression of ours takes longer for a text of strangers than the text is long, about.

Work is counted and not time: a matcher that backtracks as Python's own does, but counts its steps.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest

import belay.packages
import belay.project

LENGTH = 120
MOST = 60
"""Steps for each character."""
SIGNS = frozenset({sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN, sre.RANGE, sre.CATEGORY})


class TooMuchWorkError(Exception):
    """More steps than allowed."""


class Matcher:
    """Matches a pattern at the beginning of a text, and counts.

    What a group has matched is not looked at: a reference to it matches the empty text.
    """

    def __init__(self, pattern: str, flags: int) -> None:
        self._tree = list(parser.parse(pattern, flags & ~re.UNICODE))
        self._fold = bool(flags & re.IGNORECASE)
        self._most = 0
        self.steps = 0
        self._text = ""
        self._taken: dict[tuple[Any, int, str], bool] = {}
        """Whether a part of the tree, by its identity, takes a sign."""

    def match(self, text: str, *, whole: bool) -> bool:
        self._text, self.steps, self._most = text, 0, MOST * (len(text) + 50)
        return self._all(self._tree, 0, 0, lambda at: not whole or at == len(text))

    def _all(self, items: list[Any], index: int, at: int, then: Callable[[int], bool]) -> bool:
        if index == len(items):
            return then(at)
        return self._one(*items[index], at, lambda end: self._all(items, index + 1, end, then))

    def _one(self, kind: Any, what: Any, at: int, then: Callable[[int], bool]) -> bool:  # noqa: PLR0911
        self.steps += 1
        if self.steps > self._most:
            raise TooMuchWorkError
        if kind in SIGNS:
            return at < len(self._text) and self._known(kind, what, self._text[at]) and then(at + 1)
        if kind is sre.SUBPATTERN:
            return self._all(list(what[3]), 0, at, then)
        if kind is sre.BRANCH:
            return any(self._all(list(branch), 0, at, then) for branch in what[1])
        if kind in {sre.MAX_REPEAT, sre.MIN_REPEAT}:
            return self._repeat(kind, *what, at, then)
        if kind in {sre.POSSESSIVE_REPEAT, sre.ATOMIC_GROUP}:
            least, most, inner = what if kind is sre.POSSESSIVE_REPEAT else (1, 1, what)
            ends: list[int] = []
            self._repeat(sre.MAX_REPEAT, least, most, inner, at, lambda end: not ends.append(end))
            return bool(ends) and then(ends[0])
        if kind in {sre.ASSERT, sre.ASSERT_NOT}:
            starts = [at] if what[0] > 0 else range(at, -1, -1)
            found = any(self._behind(what, start, at) for start in starts)
            return found is (kind is sre.ASSERT) and then(at)
        assert kind in {sre.AT, sre.GROUPREF}, kind
        return (kind is sre.GROUPREF or what is not sre.AT_END or at == len(self._text)) and then(at)

    def _behind(self, what: Any, start: int, at: int) -> bool:
        return self._all(list(what[1]), 0, start, lambda end: what[0] > 0 or end == at)

    def _repeat(  # noqa: PLR0917
        self, kind: Any, least: int, most: int, inner: Any, at: int, then: Callable[[int], bool]
    ) -> bool:
        items = list(inner)

        def more(count: int, at: int) -> bool:
            def again() -> bool:
                return count < most and self._all(
                    items, 0, at, lambda end: (end > at or count < least) and more(count + 1, end)
                )

            if count < least:
                return again()
            return (again() or then(at)) if kind is sre.MAX_REPEAT else (then(at) or again())

        return more(0, at)

    def _known(self, kind: Any, what: Any, sign: str) -> bool:
        key = (kind, id(what), sign)
        if key not in self._taken:
            self._taken[key] = self._takes(kind, what, sign)
        return self._taken[key]

    def _takes(self, kind: Any, what: Any, sign: str) -> bool:
        if kind is sre.IN:
            negated = what[0][0] is sre.NEGATE
            return any(self._takes(*each, sign) for each in what[negated:]) is not negated
        signs = {sign.lower(), sign.upper()} if self._fold else {sign}
        if kind is sre.RANGE:
            return any(what[0] <= ord(each) <= what[1] for each in signs)
        if kind is sre.CATEGORY:
            name = str(what).removeprefix("CATEGORY_")
            test = {"DIGIT": str.isdigit, "SPACE": str.isspace, "WORD": _is_word}[name.removeprefix("NOT_")]
            return test(sign) is not name.startswith("NOT_")
        return kind is sre.ANY or any(ord(each) == what for each in signs) is (kind is sre.LITERAL)


def _is_word(sign: str) -> bool:
    return sign.isalnum() or sign == "_"


def patterns() -> Iterator[tuple[str, re.Pattern[Any]]]:
    """The regular expressions that modules hold for texts of strangers."""
    for package in (belay.packages, belay.project):
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(found.name)
            for name, value in sorted(vars(module).items()):
                values = value if isinstance(value, tuple) else (value,)
                flat = [each for one in values for each in (one if isinstance(one, tuple) else (one,))]
                for number, each in enumerate(flat):
                    if isinstance(each, re.Pattern) and len(str(each.pattern)) < 2000:
                        yield f"{found.name}.{name}{f'.{number}' if number else ''}", each


def attacks(pattern: str) -> Iterator[str]:
    """Texts of one or two signs over and over, and an end that fits nowhere."""
    literals = {sign for sign in pattern if sign.isprintable() and sign not in "()?+|{}^$"}
    signs = sorted({*literals, "a", "A", "0", "_", "-", ".", " ", "/", "\n", '"', "'", "\\", "é"})
    pairs = [(one, other) for one in signs[::3] for other in signs[1::5]]
    for unit in [*signs, *("".join(pair) for pair in pairs)]:
        for end in ("\0", "!"):
            yield (unit * LENGTH)[:LENGTH] + end
    heads = ["[", "{", '"', "x: ", "1.", "v1", "://", "a@", "./"]
    yield from (head + sign * LENGTH + "\0" for head in heads for sign in signs)


ALL = dict(patterns())


@pytest.fixture(autouse=True)
def deep() -> Iterator[None]:
    """Room for the matcher; whoever measures coverage sees none of its many steps, which are not belay's."""
    before, trace = sys.getrecursionlimit(), sys.gettrace()
    sys.setrecursionlimit(20_000)
    sys.settrace(None)
    yield
    sys.settrace(trace)
    sys.setrecursionlimit(before)


class Work:
    """What a pattern has to do for texts, which the counting matcher and Python's own see alike."""

    def __init__(self, pattern: re.Pattern[Any]) -> None:
        text = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
        self._matcher = Matcher(text, pattern.flags)
        self._right = re.compile(text, pattern.flags & ~re.UNICODE)

    def do(self, text: str, *, whole: bool) -> None:
        right = self._right.fullmatch if whole else self._right.match
        assert self._matcher.match(text, whole=whole) is bool(right(text))


@pytest.mark.parametrize("name", ALL)
def test_no_text_takes_longer_than_it_is_long(name: str) -> None:
    pattern = ALL[name]
    work = Work(pattern)
    for text in attacks(str(pattern.pattern)):
        for whole in (False, True):
            try:
                work.do(text, whole=whole)
            except TooMuchWorkError:
                pytest.fail(f"{pattern.pattern!r} takes too long for {text!r}")


@pytest.mark.parametrize("bad", ["(a+)+$", "(a|a)*b", "(?:a*)*b", r"(\w+\s?)*!", "a*a*a*a*b"])
def test_one_that_would_is_found(bad: str) -> None:
    def attack() -> None:
        work = Work(re.compile(bad))
        for text in attacks(bad):
            work.do(text, whole=True)

    with pytest.raises(TooMuchWorkError):
        attack()
