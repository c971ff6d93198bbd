from __future__ import annotations

import sys

import pytest

from belay import Device, Implementation
from belay.board.firmware import AGENT_HEAP, AGENT_NEEDS, read_probe


def test_the_virtual_board_says_what_it_is(device: Device) -> None:
    found = device.implementation
    assert found.name == "micropython"
    assert found.version >= (1, 27, 0)
    assert found.platform == sys.platform
    assert found.emitters == ("native", "viper")
    assert found.mpy_version == 6
    assert found.arch == "x64" if sys.platform == "linux" else found.arch
    assert found.board
    assert found.unique_id == device("machine.unique_id().hex()")
    assert device("'_belay_probe' in globals()") is False


def test_fields_keep_their_order_and_defaults() -> None:
    assert Implementation("micropython") == Implementation("micropython", (0, 0, 0), "", (), None, "", "", "")
    pico = Implementation("micropython", (1, 29, 0), "rp2", ("native",), 6, "armv6m", "Pico", "e660")
    assert (pico.mpy_version, pico.arch, pico.board, pico.unique_id) == (6, "armv6m", "Pico", "e660")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            ("circuitpython", (9, 2), "RP2040", [], None, None, None, [], None, None),
            Implementation("circuitpython", (9, 2, 0), "RP2040"),
        ),
        (
            (
                "micropython",
                (1, 20, 0, ""),
                "rp2",
                ["viper"],
                6 | 4 << 10 | 1 << 8,
                "Pico",
                b"\xe6\x60",
                ["json"],
                9,
                False,
            ),
            Implementation(
                "micropython",
                (1, 20, 0),
                "rp2",
                ("viper",),
                6,
                "armv6m",
                "Pico",
                "e660",
                frozenset({"json"}),
                9,
                False,
                1,
            ),
        ),
        (
            ("micropython", (2, 0, 0), "new", [], 7 | 15 << 10, "", b"", [], None, None),
            Implementation("micropython", (2, 0, 0), "new", (), 7, "unknown (15)", mpy_sub_version=0),
        ),
    ],
)
def test_boards_may_say_less_and_more(answer: object, expected: Implementation) -> None:
    assert read_probe(answer) == expected


def test_what_keeps_the_agent_from_running(device: Device) -> None:
    assert device.implementation.lacks_for_agent == ()
    assert device.implementation.double
    old = Implementation("micropython", features=AGENT_NEEDS - {"json"}, heap=AGENT_HEAP - 1)
    assert old.lacks_for_agent == ("json", "1 bytes of heap")
