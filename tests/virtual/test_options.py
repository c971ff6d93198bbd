from __future__ import annotations

from pathlib import Path

import pytest

from belay.exceptions import AddressError
from belay.virtual import VirtualOptions
from belay.virtual.filesystem import FileSystem


def test_nothing_given() -> None:
    assert VirtualOptions.parse("") == VirtualOptions(
        root=None, heap="2M", interpreter=None, cooked=True, fs="host", image=None
    )


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
        "?fs=",
        "?fs=ext4",
        "?fs=lfs2:1",
        "?image=",
        "?image=some/file",
        "?fs=fat&image=",
        "?fs=lfs2&interpreter=/bin/true",
        "some/where?fs=lfs2&image=some/file",
    ],
)
def test_nonsense_is_refused(rest: str) -> None:
    with pytest.raises(AddressError):
        VirtualOptions.parse(rest)


def test_a_file_system() -> None:
    options = VirtualOptions.parse("?fs=lfs2:1M:512&image=~/image")
    assert options == VirtualOptions(fs="lfs2:1M:512", image=Path.home() / "image")
    assert options.flash == FileSystem("lfs2", 1 << 20, 512)
    assert VirtualOptions().flash is None


def test_an_unknown_file_system_is_told_as_a_part_of_the_address() -> None:
    with pytest.raises(AddressError, match="one of host, lfs2, fat") as caught:
        VirtualOptions.parse("?fs=ext4:1M")
    assert caught.value.address == "virtual:?fs=ext4:1M"
    assert caught.value.hint == "for example virtual:?fs=lfs2:1M"


@pytest.mark.parametrize("value", ["0", "no", "False"])
def test_ways_to_say_no(value: str) -> None:
    assert VirtualOptions.parse(f"?cooked={value}").cooked is False
