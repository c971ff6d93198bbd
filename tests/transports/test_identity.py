from __future__ import annotations

from dataclasses import replace

import pytest

from belay.transports.identity import identity, is_lasting
from belay.transports.usb import UsbSpecifier

PICO = UsbSpecifier(0x2E8A, 5, "e6614c311b137637", "MicroPython", "Board in FS mode", "1-2", "/dev/ttyACM0")
TWIN = replace(PICO, serial_number="other", location="1-3", device="/dev/ttyACM1")
BRIDGE = UsbSpecifier(0x10C4, 0xEA60, "0001", "Silicon Labs", "CP2102", "1-4", "/dev/ttyUSB0")
CLONE = replace(BRIDGE, location="1-5", device="/dev/ttyUSB1")
BARE = UsbSpecifier(0x1A86, 0x7523, None, None, "USB Serial", "1-6", "/dev/ttyUSB2")
LOST = replace(BARE, location=None, device="COM7")


@pytest.mark.parametrize(
    ("board", "others", "expected"),
    [
        (PICO, [TWIN, BARE], UsbSpecifier(serial_number=PICO.serial_number)),
        (PICO, [], UsbSpecifier(serial_number=PICO.serial_number)),
        (
            BRIDGE,
            [replace(PICO, serial_number="0001")],
            UsbSpecifier(vid=0x10C4, pid=0xEA60, serial_number="0001"),
        ),
        (BRIDGE, [CLONE], UsbSpecifier(vid=0x10C4, pid=0xEA60, location="1-4")),
        (BARE, [PICO], UsbSpecifier(vid=0x1A86, pid=0x7523, location="1-6")),
        (LOST, [BARE], UsbSpecifier(device="COM7")),
    ],
)
def test_the_fewest_fields_that_name_it(
    board: UsbSpecifier, others: list[UsbSpecifier], expected: UsbSpecifier
) -> None:
    found = identity(board, [board, *others])
    assert found == expected
    assert [each for each in (board, *others) if found.matches(each)] == [board]
    assert is_lasting(found) == (expected.serial_number is not None)
