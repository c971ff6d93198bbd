from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belay.exceptions import AddressError, DeviceNotFoundError, InsufficientSpecifierError
from belay.transports.usb import PortInfo, UsbSpecifier, comports, default_address, find, list_devices

DOCUMENTED = (
    '{"vid": 11914, "pid": 5, "serial_number": "e6614c311b137637", "manufacturer": "MicroPython", '
    '"product": "Board in FS mode", "location": "0-1.1.3.1"}'
)


@dataclass
class Port:
    device: str
    vid: int | None = 0x2E8A
    pid: int | None = 5
    serial_number: str | None = "e6614c311b137637"
    manufacturer: str | None = "MicroPython"
    product: str | None = "Board in FS mode"
    location: str | None = "1-2"


def ports(*found: PortInfo) -> list[PortInfo]:
    return list(found)


PICO = Port("/dev/ttyACM0")
OTHER = Port("/dev/ttyACM1", serial_number="f00", location="1-3")
UART = Port("/dev/ttyS0", vid=None, pid=None, serial_number=None, manufacturer=None, product=None)

text = st.none() | st.text()
number = st.none() | st.integers(0, 0xFFFF)
specifiers = st.builds(
    UsbSpecifier,
    vid=number,
    pid=number,
    serial_number=text,
    manufacturer=text,
    product=text,
    location=text,
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["vid", "product", "x"]), inner),
    max_leaves=5,
)


def test_the_documented_form() -> None:
    board = UsbSpecifier.from_json(DOCUMENTED)
    assert board == UsbSpecifier(
        0x2E8A, 5, "e6614c311b137637", "MicroPython", "Board in FS mode", "0-1.1.3.1"
    )
    assert board.to_json() == DOCUMENTED


def test_json_leaves_out_the_port_and_what_is_unknown() -> None:
    assert json.loads(UsbSpecifier(vid=1, device="COM3").to_json()) == {"vid": 1}


def test_null_is_not_given() -> None:
    assert UsbSpecifier.from_json('{"vid": null}') == UsbSpecifier()


@given(specifiers)
def test_json_and_back(board: UsbSpecifier) -> None:
    assert UsbSpecifier.from_json(board.to_json()) == board


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ('{"colour": 1}', "unknown field 'colour'"),
        ('{"vid": "2e8a"}', "vid must be a number"),
        ('{"vid": true}', "vid must be a number"),
        ('{"pid": 65536}', "pid must be a number"),
        ('{"pid": -1}', "pid must be a number"),
        ('{"product": 1}', "product must be a string"),
        ("[]", "not a JSON object"),
        ("{", "not valid JSON"),
        ("[" * 100000, "not valid JSON"),
    ],
)
def test_bad_json_names_what_is_wrong(bad: str, reason: str) -> None:
    with pytest.raises(AddressError, match=reason) as caught:
        UsbSpecifier.from_json(bad)
    assert "serial_number" in (caught.value.hint or "")


@given(json_values.map(json.dumps) | st.text())
def test_any_json_is_a_specifier_or_an_address_error(anything: str) -> None:
    try:
        board = UsbSpecifier.from_json(anything)
    except AddressError:
        return
    assert UsbSpecifier.from_json(json.dumps(board.given())) == board


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (UsbSpecifier(), True),
        (UsbSpecifier(vid=0x2E8A, pid=5), True),
        (UsbSpecifier(vid=0x2E8A, pid=6), False),
        (UsbSpecifier(serial_number="E6614C311B137637"), True),
        (UsbSpecifier(serial_number="e661"), False),
        (UsbSpecifier(product="board in fs mode"), False),
        (UsbSpecifier(device="/dev/ttyACM0", location="1-2"), True),
    ],
)
def test_matches(wanted: UsbSpecifier, fits: bool) -> None:
    assert wanted.matches(PICO) is fits


@pytest.mark.parametrize(
    ("board", "words"),
    [
        (UsbSpecifier(), "any board"),
        (UsbSpecifier(vid=0x2E8A), "2e8a:*"),
        (UsbSpecifier(serial_number="x"), "x"),
        (
            UsbSpecifier.from_port(PICO),
            "/dev/ttyACM0 2e8a:0005 e6614c311b137637 (MicroPython Board in FS mode) at 1-2",
        ),
    ],
)
def test_for_a_person(board: UsbSpecifier, words: str) -> None:
    assert str(board) == words


def test_listed_are_boards_on_usb_in_order() -> None:
    found = [Port("COM10"), UART, Port("COM9"), Port("COM1")]
    assert [board.device for board in list_devices(lambda: found)] == ["COM1", "COM9", "COM10"]


def test_this_machine_can_be_listed() -> None:
    assert all(isinstance(port.device, str) for port in comports())
    assert all(board.vid is not None for board in list_devices())


def test_find_the_one_that_fits() -> None:
    assert find(UsbSpecifier(serial_number="f00"), lambda: ports(PICO, OTHER)) == "/dev/ttyACM1"


def test_find_none() -> None:
    with pytest.raises(DeviceNotFoundError, match="f00") as caught:
        find(UsbSpecifier(serial_number="f00"), lambda: ports(PICO, UART))
    assert "/dev/ttyACM0" in (caught.value.hint or "")
    assert "ttyS0" not in (caught.value.hint or "")


def test_find_none_of_none() -> None:
    with pytest.raises(DeviceNotFoundError) as caught:
        find(UsbSpecifier(), lambda: ports(UART))
    assert caught.value.hint == "no board is connected"


def test_find_several() -> None:
    with pytest.raises(InsufficientSpecifierError, match=r"/dev/ttyACM0.*/dev/ttyACM1") as caught:
        find(UsbSpecifier(vid=0x2E8A), lambda: ports(PICO, OTHER))
    assert "serial_number" in (caught.value.hint or "")


@pytest.mark.parametrize("locations", [("1-2:1.0", "1-2:1.2"), ("1-2", "1-2"), (None, None)])
def test_a_board_with_two_ports_of_its_own_is_one(locations: tuple[str | None, str | None]) -> None:
    console, data = (Port(f"/dev/ttyACM{n}", location=location) for n, location in enumerate(locations))
    assert find(UsbSpecifier(vid=0x2E8A), lambda: ports(data, console)) == "/dev/ttyACM0"
    assert default_address({}, lambda: list_devices(lambda: ports(data, console))) == UsbSpecifier.from_port(
        console
    )


def test_the_ports_of_a_bridge_are_several() -> None:
    bridge = [Port(f"/dev/ttyUSB{n}", vid=0x0403, location=f"1-2:1.{n}") for n in range(2)]
    with pytest.raises(InsufficientSpecifierError):
        find(UsbSpecifier(vid=0x0403), lambda: bridge)


def test_boards_that_tell_nothing_are_several() -> None:
    mute = [Port(f"COM{n}", serial_number=None, location=None) for n in (3, 4)]
    with pytest.raises(InsufficientSpecifierError):
        find(UsbSpecifier(vid=0x2E8A), lambda: mute)


def test_the_default_is_what_the_environment_says() -> None:
    assert default_address({"BELAY_DEVICE": "COM3"}) == "COM3"
    assert default_address({"BELAY_DEVICE": DOCUMENTED}) == UsbSpecifier.from_json(DOCUMENTED)
    with pytest.raises(AddressError):
        default_address({"BELAY_DEVICE": "{"})


def test_the_default_is_the_only_board() -> None:
    only = UsbSpecifier.from_port(PICO)
    assert default_address({"BELAY_DEVICE": " "}, lambda: [only]) == only


def test_no_default() -> None:
    with pytest.raises(DeviceNotFoundError) as caught:
        default_address({}, list)
    assert "virtual:" in (caught.value.hint or "")


def test_too_many_defaults() -> None:
    boards = [UsbSpecifier.from_port(PICO), UsbSpecifier.from_port(OTHER)]
    with pytest.raises(InsufficientSpecifierError, match=r"/dev/ttyACM0.*/dev/ttyACM1") as caught:
        default_address({}, lambda: boards)
    assert "belay select" in (caught.value.hint or "")
