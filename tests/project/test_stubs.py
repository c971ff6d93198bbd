"""Which stubs fit a board."""

from __future__ import annotations

import pytest

from belay.exceptions import PackageError, RequirementError
from belay.project.stubs import read_version, stubs_for, stubs_named


@pytest.mark.parametrize(
    ("platform", "distribution"),
    [
        ("rp2", "micropython-rp2-stubs"),
        ("esp32", "micropython-esp32-stubs"),
        ("pyboard", "micropython-stm32-stubs"),
        ("linux", "micropython-unix-stubs"),
        ("darwin", "micropython-unix-stubs"),
        ("win32", "micropython-windows-stubs"),
        ("renesas-ra", "micropython-renesas-ra-stubs"),
        ("circuitpython", "circuitpython-stubs"),
    ],
)
def test_the_distribution_of_a_platform(platform: str, distribution: str) -> None:
    assert stubs_for(platform, (1, 24, 1)).distribution == distribution


def test_circuitpython_says_its_chip() -> None:
    found = stubs_for("RP2040", (10, 0, 3), name="circuitpython")
    assert found.requirements == (
        "circuitpython-stubs==10.0.3.*", "circuitpython-stubs==10.0.*", "circuitpython-stubs<10.0",
    )  # fmt: skip


def test_the_very_version_counts_most_then_its_release_then_what_is_below() -> None:
    name = "micropython-rp2-stubs"
    assert stubs_for("rp2", (1, 24, 0)).requirements == (
        f"{name}==1.24.0.*",
        f"{name}==1.24.*",
        f"{name}<1.24",
    )
    assert stubs_for("rp2", (1, 24)).requirements == (f"{name}==1.24.*", f"{name}<1.24")
    assert stubs_for("rp2", ()).requirements == (name,)


@pytest.mark.parametrize(
    ("wanted", "found", "said"),
    [
        ((1, 24, 1), "1.24.1.post2", ""),
        ((1, 24), "1.24.1.post2", ""),
        ((1, 18, 0), "1.18.post3", ""),
        ((10, 0, 3), "10.0.3", ""),
        ((), "1.29.0.post1", ""),
        ((1, 24, 0), "1.24.1.post2",
         "no stubs of 1.24.0; those of 1.24.1.post2 are the nearest of this release"),
        ((1, 30, 0), "1.29.0.post1", "no stubs of 1.30.0; those of 1.29.0.post1 are the nearest below it"),
    ],
)  # fmt: skip
def test_how_near_what_was_found_is(wanted: tuple[int, ...], found: str, said: str) -> None:
    assert stubs_for("rp2", wanted).how_near(found) == (f"there are {said}" if said else "")


def test_the_unix_port_has_a_caution() -> None:
    assert "say next to nothing of the classes of machine" in stubs_for("linux", (1, 29, 0)).caution
    assert stubs_for("rp2", (1, 29, 0)).caution == ""


@pytest.mark.parametrize("platform", ["", "../x", "rp2 --index-url=x", "-r", "a.b"])
def test_a_platform_that_is_no_name(platform: str) -> None:
    with pytest.raises(PackageError, match="there are no stubs for the platform"):
        stubs_for(platform, (1, 24))


def test_a_board_that_does_not_say_its_version() -> None:
    with pytest.raises(PackageError, match="does not say its version"):
        stubs_for("rp2", (0, 0, 0))


def test_stubs_by_their_name() -> None:
    found = stubs_named(" micropython-rp2-rpi_pico_w-stubs==1.24.* ")
    assert (found.distribution, found.requirements) == (
        "micropython-rp2-rpi_pico_w-stubs", ("micropython-rp2-rpi_pico_w-stubs==1.24.*",),
    )  # fmt: skip
    assert stubs_named("x-stubs>=1.2,<2").distribution == "x-stubs"


@pytest.mark.parametrize(
    "text", ["", "-r file", "--index-url=x", "x @ https://example.com/x.zip", "x; y", "./x", "x y"]
)
def test_what_is_no_distribution(text: str) -> None:
    with pytest.raises(RequirementError, match="is no distribution"):
        stubs_named(text)


def test_versions() -> None:
    assert [read_version(text) for text in ("1.24", "1.24.1", " v1.9.0 ")] == [(1, 24), (1, 24, 1), (1, 9, 0)]
    for text in ("1", "1.24.1.post2", "latest", ""):
        with pytest.raises(RequirementError, match="is no version of a firmware"):
            read_version(text)
