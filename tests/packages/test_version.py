from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belay.exceptions import RequirementError
from belay.packages.version import Version, allowed, newest, parse_wanted

ORDERED = [
    "",
    "nightly",
    "r9",
    "r10",
    "0.0.3",
    "0.9.0",
    "0.10.0",
    "1.0a1",
    "1.0",
    "1.0.0",
    "3.3.3",
    "3.3.3-4",
    "3.4",
]

texts = st.text(max_size=12) | st.from_regex(r"\A[0-9]{1,2}(\.[0-9]{1,2}){0,3}(-[0-9]|a[0-9]|rc1|\.dev1)?\Z")


def test_order() -> None:
    assert [str(version) for version in sorted(map(Version, reversed(ORDERED)))] == ORDERED
    assert Version("1.0") != Version("1.0.0")
    assert {Version("1.0"), Version("1.0")} == {Version("1.0")}
    assert repr(Version("1.0")) == "Version('1.0')"
    assert Version("1.0") != "1.0"


@given(st.lists(texts, max_size=8))
def test_any_texts_are_versions_in_one_order(names: list[str]) -> None:
    versions = sorted(map(Version, names))
    assert versions == sorted(map(Version, reversed(names)))
    assert all(parse_wanted("*").allows(version) for version in versions)


@given(texts, texts)
def test_reading_what_is_wanted_raises_nothing_else(wanted: str, version: str) -> None:
    try:
        found = parse_wanted(wanted)
    except RequirementError:
        return
    assert bool(found.reason_against(version)) is not found.allows(version)


@pytest.mark.parametrize(
    ("wanted", "good", "bad"),
    [
        ("*", ["1.0", "1.0a1", "odd"], []),
        ("latest", ["1.0", "odd"], []),
        ("1.2.3", ["1.2.3"], ["1.2.4", "1.2", "1.2.3-4", "odd"]),
        ("1.2", ["1.2", "1.2.0"], ["1.2.1"]),
        ("==1.2", ["1.2"], ["1.2.1"]),
        ("3.3.3-4", ["3.3.3-4"], ["3.3.3", "3.3.3-5"]),
        ("2024a-x", ["2024a-x"], ["2024a"]),
        ("===odd", ["odd"], ["1.0"]),
        ("1.0a1", ["1.0a1"], ["1.0"]),
        (">=1,<2", ["1.0", "1.9.9", "1.0-1"], ["0.9", "2.0", "1.5a1", "2.0a1", "odd"]),
        (">= 1 , < 2", ["1.5"], ["2"]),
        (">=1.0a1", ["1.0a1", "1.1b2"], ["0.9"]),
        ("!=1.1", ["1.0", "1.2"], ["1.1"]),
        ("~=1.2", ["1.2", "1.9"], ["1.1", "2.0"]),
        ("==1.2.*", ["1.2", "1.2.9"], ["1.3"]),
        ("1.2.*", ["1.2", "1.2.9"], ["1.3"]),
        ("^1.2.3", ["1.2.3", "1.9"], ["1.2.2", "2.0", "2.0a1"]),
        ("^0.2.3", ["0.2.3", "0.2.9"], ["0.3", "0.2.2"]),
        ("^0.0.3", ["0.0.3"], ["0.0.4"]),
        ("^0.0", ["0.0", "0.0.9"], ["0.1"]),
        ("^0", ["0.0", "0.9"], ["1.0"]),
        ("^1.0a1", ["1.0a1", "1.4"], ["2.0"]),
        ("^1!1.2", ["1!1.3"], ["1!2.0", "1.3"]),
        ("~1.2.3", ["1.2.3", "1.2.9"], ["1.3", "1.2.2"]),
        ("~1.2", ["1.2", "1.2.9"], ["1.3"]),
        ("~1", ["1.0", "1.9"], ["2.0"]),
        ("^1.2,!=1.5", ["1.4"], ["1.5", "2.0"]),
        ("*,<2", ["1.4"], ["2.0"]),
    ],
)
def test_what_will_do(wanted: str, good: list[str], bad: list[str]) -> None:
    found = parse_wanted(wanted)
    assert [version for version in good if not found.allows(version)] == []
    assert [version for version in bad if found.allows(version)] == []
    assert all(found.reason_against(version) for version in bad)


@pytest.mark.parametrize(
    "text",
    [">=", ">=1,", "1.2,<3", "^x", "~", "1 2", "1||2", "^1 || ^2", ">=odd", "==", "a/b", "1\x00", "<" * 200],
)
def test_what_is_not_understood(text: str) -> None:
    with pytest.raises(RequirementError) as caught:
        parse_wanted(text)
    assert caught.value.hint


def test_reasons() -> None:
    assert parse_wanted(">=1").reason_against("2.0a1") == "2.0a1 is a pre-release, which >=1 does not ask for"
    assert parse_wanted(">=1").reason_against("odd") == "odd is no version that can be compared"
    assert parse_wanted(">=1").reason_against("0.9") == "0.9 is not >=1"
    assert parse_wanted(">=1").reason_against("1.9") == ""


def test_newest() -> None:
    versions = ["0.9", "1.0", "1.10", "1.9", "2.0", "2.1a1", "odd"]
    assert str(newest(versions, parse_wanted("^1"))) == "1.10"
    assert str(newest(versions, parse_wanted("*"))) == "2.1a1"
    assert newest(versions, parse_wanted(">3")) is None
    assert [str(version) for version in allowed(versions, parse_wanted("^1"))] == ["1.10", "1.9", "1.0"]


def test_latest_is_the_index_s_word() -> None:
    assert [parse_wanted(text).is_latest for text in ("", "*", "latest", "1.0", ">=1")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_very_long_versions_are_odd() -> None:
    assert Version("9" * 5000).standard is None
    assert not parse_wanted(">=1").allows("9" * 5000)
