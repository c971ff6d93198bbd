from __future__ import annotations

from pathlib import Path

import pytest

from belay.exceptions import AddressError
from belay.virtual import VirtualOptions
from belay.virtual.size import size_bytes


def test_nothing_given() -> None:
    assert VirtualOptions.parse("") == VirtualOptions(root=None, heap="2M", interpreter=None, cooked=True)


def test_everything_given() -> None:
    options = VirtualOptions.parse("some/where?heap=128k&cooked=0&interpreter=/opt/a%20b/micropython")
    assert options == VirtualOptions(
        root=Path("some/where"), heap="128k", interpreter=Path("/opt/a b/micropython"), cooked=False
    )


def test_home_and_percent_encoding_in_the_path() -> None:
    assert VirtualOptions.parse("~/board").root == Path.home() / "board"
    assert VirtualOptions.parse("what%3Fnow").root == Path("what?now")


def test_unknown_option_is_named_and_the_known_ones_listed() -> None:
    with pytest.raises(AddressError, match="'heep'") as caught:
        VirtualOptions.parse("?heep=1")
    assert caught.value.hint == "known options: cooked, fs, heap, image, interpreter"
    assert caught.value.address == "virtual:?heep=1"


@pytest.mark.parametrize(
    "rest",
    [
        "?heap=",
        "?heap=lots",
        "?heap=0",
        "?heap=1k",
        "?heap=4000M",
        "?cooked=maybe",
        "?interpreter=",
        "?heap=1M&heap=1M",
    ],
)
def test_nonsense_is_refused(rest: str) -> None:
    with pytest.raises(AddressError):
        VirtualOptions.parse(rest)


@pytest.mark.parametrize("value", ["0", "no", "False"])
def test_ways_to_say_no(value: str) -> None:
    assert VirtualOptions.parse(f"?cooked={value}").cooked is False


def test_size_bytes() -> None:
    assert (size_bytes("70000"), size_bytes("128k"), size_bytes("2M")) == (70000, 131072, 2097152)
