from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belay.exceptions import AddressError
from belay.transports.address import FORMS, Address, parse_address
from belay.transports.usb import UsbSpecifier

KNOWN = [
    ("/dev/ttyACM0", "serial", "/dev/ttyACM0"),
    (
        "/dev/serial/by-id/usb-MicroPython_Board-if00",
        "serial",
        "/dev/serial/by-id/usb-MicroPython_Board-if00",
    ),
    ("/dev/cu.usbmodem1101", "serial", "/dev/cu.usbmodem1101"),
    ("COM3", "serial", "COM3"),
    ("com12", "serial", "com12"),
    (r"\\.\COM12", "serial", r"\\.\COM12"),
    ("a0", "serial", "/dev/ttyACM0"),
    ("u12", "serial", "/dev/ttyUSB12"),
    ("c3", "serial", "COM3"),
    ("socket://10.0.0.7:2000", "socket", "socket://10.0.0.7:2000"),
    ("ws://board.local", "webrepl", "ws://board.local"),
    ("wss://[fe80::1]:443", "webrepl", "wss://[fe80::1]:443"),
    ("telnet://micro@10.0.0.7", "telnet", "telnet://micro@10.0.0.7"),
    ("10.0.0.7", "telnet", "telnet://10.0.0.7"),
    ("255.249.199.09", "telnet", "telnet://255.249.199.09"),
    ("10.0.0.7:8266", "webrepl", "ws://10.0.0.7:8266"),
    ("rfc2217://host:2217", "serial", "rfc2217://host:2217"),
    ("loop://", "serial", "loop://"),
    ("exec:ssh pi micropython", "exec", "ssh pi micropython"),
    ("execpty:qemu -serial stdio", "execpty", "qemu -serial stdio"),
    ("virtual:", "virtual", ""),
    ("virtual:./board?heap=128k", "virtual", "./board?heap=128k"),
    ("virtual:?cooked=0", "virtual", "?cooked=0"),
    ("id:e6614c311b137637", "usb", '{"serial_number": "e6614c311b137637"}'),
    ("2e8a:0005", "usb", '{"vid": 11914, "pid": 5}'),
    ("2E8A:0005", "usb", '{"vid": 11914, "pid": 5}'),
    ('{"vid": 11914}', "usb", '{"vid": 11914}'),
    ("@bench-left", "alias", "bench-left"),
]


@pytest.mark.parametrize(("address", "scheme", "rest"), KNOWN)
def test_known_forms(address: str, scheme: str, rest: str) -> None:
    assert parse_address(address) == Address(scheme, rest, address)


def test_space_around_does_not_matter() -> None:
    assert parse_address(" COM3\n").rest == "COM3"


def test_a_specifier_is_an_address() -> None:
    board = UsbSpecifier(vid=1, serial_number="x", device="/dev/ttyACM0")
    parsed = parse_address(board)
    assert parsed.scheme == "usb"
    assert UsbSpecifier.from_json(parsed.rest) == board


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nonsense",
        "COM",
        "2e8a:5:5",
        "2e8a",
        "id:",
        "a",
        "ttyACM0",
        "http://10.0.0.1",
        "10.0.0",
        "/",
        "999.1.1.1",
        "1.1.1.256:8266",
    ],
)
def test_others_are_refused_with_the_known_forms(address: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse_address(address)
    assert caught.value.address == address
    assert caught.value.hint is not None
    for form in FORMS:
        assert form.example in caught.value.hint


@pytest.mark.parametrize("address", [5, b"COM3", Path("/dev/ttyACM0")])
def test_what_is_no_text(address: Any) -> None:
    with pytest.raises(TypeError, match=f"a board's address is text .* not {type(address).__name__}$"):
        parse_address(address)


@pytest.mark.parametrize("address", ["@", "@-a", "@a b", "@a/b", "@@a", "@a\nb", "a@b"])
def test_what_no_name_of_a_board_can_be(address: str) -> None:
    with pytest.raises(AddressError):
        parse_address(address)


@pytest.mark.parametrize("address", ["{", '{"vid": "2e8a"}', '{"colour": 1}', "{} x"])
def test_bad_json_is_refused_before_anything_is_opened(address: str) -> None:
    with pytest.raises(AddressError):
        parse_address(address)


@given(st.text())
def test_any_text_is_an_address_or_an_address_error(text: str) -> None:
    try:
        parsed = parse_address(text)
    except AddressError:
        return
    assert parsed.original == text
    assert parsed.scheme in {form.scheme for form in FORMS}


@given(st.text(min_size=1).filter(lambda text: text == text.strip()))
def test_a_serial_number_may_be_any_text(serial_number: str) -> None:
    assert json.loads(parse_address(f"id:{serial_number}").rest) == {"serial_number": serial_number}
