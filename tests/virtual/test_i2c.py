"""Devices that the host puts on the board's I2C buses."""

from __future__ import annotations

import pytest

from belay.virtual import VirtualBoard

from .conftest import Keyboard

IMPORTS = "from machine import I2C, Pin, SoftI2C\ni2c = I2C(0, scl=Pin(1), sda=Pin(0), freq=400000)"


@pytest.fixture
def bench(keyboard: Keyboard) -> Keyboard:
    keyboard.run(IMPORTS)
    return keyboard


def test_the_board_reads_what_the_host_put_there(bench: Keyboard) -> None:
    bus = bench.board.i2c[0]
    sensor = bus.attach(0x48, b"\x19\x80\x60")
    bus.attach(0x77)
    bench.board.i2c[1].attach(0x20)
    assert bench.text("print(i2c.scan(), I2C(1).scan(), SoftI2C(Pin(1), Pin(0)).scan())") == (
        "[72, 119] [32] [72, 119]"
    )
    assert bench.text("print(i2c.readfrom_mem(0x48, 0, 3))") == "b'\\x19\\x80`'"
    sensor[0] = 26
    assert (
        bench.text(
            "into = bytearray(2)\ni2c.readfrom_mem_into(0x48, 0, into)\nprint(into, i2c.readfrom(0x48, 1))"
        )
        == "bytearray(b'\\x1a\\x80') b'`'"
    )
    assert [device.address for device in bus] == [0x48, 0x77]
    assert repr(bus[0x48]) == "<VirtualI2CDevice 0x48 on bus 0>"


def test_the_host_sees_what_the_board_wrote(bench: Keyboard) -> None:
    memory = bench.board.i2c[0].attach(0x50)
    bench.run("i2c.writeto_mem(0x50, 0xff, b'ab')")
    assert (memory[0xFF], memory[0], len(memory)) == (ord("a"), ord("b"), 256)
    assert bench.text("print(i2c.writevto(0x50, (b'\\x10', b'cd')), i2c.writeto(0x50, b''))") == "3 0"
    assert memory[0x10:0x12] == b"cd"
    # A device of 8 bits takes the second byte of a longer address for data.
    bench.run("i2c.writeto_mem(0x50, 0x2041, b'', addrsize=16)")
    assert memory[0x20] == 0x41


def test_nobody_answers_at_other_addresses(bench: Keyboard) -> None:
    device = bench.board.i2c[0].attach(0x48)
    device.detach()
    device.detach()
    for call in ("readfrom_mem(0x48, 0, 1)", "writeto(0x48, b'')", "readfrom(0x48, 1)"):
        bench.start(f"i2c.{call}")
        assert b"OSError: [Errno 19] ENODEV" in bench.finish()[1]
    again = bench.board.i2c[0].attach(0x48, b"\x01")
    device.detach()
    assert again[0] == 1
    with pytest.raises(KeyError):
        bench.board.i2c[1][0x48]


def test_what_is_no_device_is_refused() -> None:
    with VirtualBoard() as board:
        bus = board.i2c[1]
        for address in (7, 0x78):
            with pytest.raises(ValueError, match="addresses lie"):
                bus.attach(address)
        with pytest.raises(ValueError, match="256 registers"):
            bus.attach(8, bytes(257))
        for address in range(8, 24):
            bus.attach(address)
        with pytest.raises(ValueError, match="already"):
            bus.attach(8)
        with pytest.raises(ValueError, match="at most 16"):
            bus.attach(0x30)
        device = bus[8]
        device[0] = 5
    assert (device[0], repr(bus)) == (5, "<VirtualI2C 1>")
