"""Hard resets, and the way into the bootloader."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from belay.board.resetting import hard_reset, start_bootloader
from belay.exceptions import ConnectionLost, FeatureUnavailableError
from belay.link import Link
from belay.transports.base import READ_SIZE, Transport
from belay.transports.virtual import VirtualTransport, open_virtual
from tests.link.conftest import Wrapper, run

GONE = "it was unplugged"


class Usb(Wrapper):
    """A board that is a USB device: its port goes away with what is typed."""

    def __init__(self, inner: Transport, typed: bytes) -> None:
        super().__init__(inner)
        self._typed = typed
        self._gone = False

    def write(self, data: bytes, timeout: float | None = None) -> None:
        self._gone |= self._typed in data
        self.inner.write(data, timeout)

    def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
        if self._gone:
            raise ConnectionLost(GONE)
        return self.inner.read(max_bytes, timeout)


@pytest.fixture(scope="module")
def port() -> Iterator[VirtualTransport]:
    transport = open_virtual("")
    yield transport
    transport.close()


def cause(link: Link) -> bytes:
    return run(link, "import machine; print(machine.reset_cause() == machine.HARD_RESET)")


def test_a_port_that_survives(port: VirtualTransport) -> None:
    link = Link(port)
    run(link, "x = 1")
    before = port.board.interpreter_pid
    assert hard_reset(link)
    assert port.board.interpreter_pid != before
    assert cause(link) == b"True\r\n"
    assert run(link, "print('x' in globals())") == b"False\r\n"


def test_a_board_that_runs_something(port: VirtualTransport) -> None:
    port.write(b"while True: pass\r\r")
    link = Link(port)
    assert hard_reset(link)
    assert cause(link) == b"True\r\n"


def test_a_silent_main_is_not_disturbed(port: VirtualTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("belay.board.resetting.WATCHED", 0.5)
    (port.board.root / "main.py").write_text("while True: pass", encoding="utf-8")
    try:
        link = Link(port)
        assert hard_reset(link)
        with pytest.raises(TimeoutError):
            port.read(timeout=0)
    finally:
        (port.board.root / "main.py").unlink()
    assert run(link, "print(1)") == b"1\r\n"


def test_a_main_that_raises_is_no_complaint(port: VirtualTransport) -> None:
    (port.board.root / "main.py").write_text("1/0", encoding="utf-8")
    try:
        assert hard_reset(Link(port))
    finally:
        (port.board.root / "main.py").unlink()


def test_a_port_that_goes_away(port: VirtualTransport) -> None:
    assert not hard_reset(Link(Usb(port, b"machine.reset()")))
    start_bootloader(Link(Usb(port, b"machine.bootloader()")))


def test_a_board_that_cannot(port: VirtualTransport) -> None:
    link = Link(port)
    with pytest.raises(
        FeatureUnavailableError, match="RuntimeError: the virtual board has no bootloader"
    ) as caught:
        start_bootloader(link)
    assert "BOOTSEL" in str(caught.value.hint)
    run(link, "import machine; del machine.bootloader, machine.reset")
    with pytest.raises(FeatureUnavailableError, match="AttributeError"):
        start_bootloader(link)
    with pytest.raises(FeatureUnavailableError, match=r"cannot reset itself: AttributeError"):
        hard_reset(link)
    run(link, "machine.bootloader = lambda: None")
    with pytest.raises(FeatureUnavailableError, match="nothing happened"):
        start_bootloader(link)
    link.soft_reset()


def test_circuitpython(port: VirtualTransport) -> None:
    """What is typed there; a module stands for its own."""
    link = Link(port)
    fake = (
        "import sys\nclass Fake:\n implementation = type('', (), {'name': 'circuitpython'})\n"
        "sys.modules['sys'] = Fake\n"
        "class Micro:\n class RunMode:\n  BOOTLOADER = 'boot'\n"
        " def on_next_reset(mode): print('next', mode)\n"
        " def reset(): print('reset'); raise OSError(5)\n"
        "sys.modules['microcontroller'] = Micro\n"
    )
    run(link, fake)
    if run(link, "import sys\nprint(sys.implementation.name)") != b"circuitpython\r\n":
        pytest.skip("this interpreter does not let a module stand for sys")
    with pytest.raises(FeatureUnavailableError, match="cannot reset itself: OSError"):
        hard_reset(link)
    with pytest.raises(FeatureUnavailableError, match="cannot start its bootloader: OSError"):
        start_bootloader(link)
    link.soft_reset()
