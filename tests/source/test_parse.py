from __future__ import annotations

import warnings

import pytest

from belay.source.parse import parse


def test_it_says_nothing_about_what_python_warns_of() -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        parse("x = '\\d' if 1 is 1 else 2")
    assert said == []


def test_the_filters_are_left_as_they_were() -> None:
    before = list(warnings.filters)
    with pytest.raises(SyntaxError):
        parse("x = (")
    assert list(warnings.filters) == before


def test_a_nul_is_a_syntax_error() -> None:
    with pytest.raises(SyntaxError):
        parse("x = '\0'")
