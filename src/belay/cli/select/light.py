"""A LED of a board, to tell it from others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from belay.exceptions import FeatureUnavailableError

if TYPE_CHECKING:
    from belay.board.firmware import Implementation
    from belay.device import Device

USUAL_PINS = (("ESP32C3", 8), ("ESP32-C3", 8), ("esp8266", 2), ("esp32", 2), ("rp2", 25))
"""Where most boards have a LED whose firmware has no name for it: a word of board or platform, the pin."""


class NoLightError(FeatureUnavailableError):
    """The firmware has no name for a LED.

    Args:
        about: The firmware.
    """

    def __init__(self, about: Implementation) -> None:
        self.usual = usual_pin(about)
        on_most = f"; on many of its kind that is {self.usual}" if self.usual is not None else ""
        super().__init__(
            f"the firmware ({about.name} on {about.platform}) has no name for a LED",
            hint=f"--pin N says on which pin there is one{on_most}",
        )


class Light:
    """A LED, dark or lit as it was until it is switched.

    Args:
        device: Its board.
        pin: The name or number of its pin; None for what the firmware has a name for.

    Raises:
        NoLightError: The firmware has none.
        BoardError: There is no such pin.

    Attributes:
        name: What the board calls it.
    """

    def __init__(self, device: Device, pin: str | None = None) -> None:
        from belay.board import onboard

        self._device = device
        circuit = device.implementation.name == "circuitpython"
        self._run(onboard.read("light_circuit" if circuit else "light"))
        wanted = int(pin) if pin is not None and pin.isdecimal() else pin
        found = self._run(f"_belay_light({wanted!r})")
        if found is None:
            raise NoLightError(device.implementation)
        self.name = f"pin {found}" if str(found).isdecimal() else str(found)

    def switch(self, *, on: bool) -> None:
        """Let it shine, or not."""
        self._run(f"_belay_lit[0]({int(on)})")

    def put_back(self) -> None:
        """Make its pin what it was before."""
        self._run("_belay_lit[1]()")

    def _run(self, code: str) -> object:
        return self._device(code, minify=False, record=False, stream_out=None, timeout=_PATIENCE)


def usual_pin(about: Implementation) -> int | None:
    """Where a board of this kind mostly has a LED."""
    words = f"{about.board} {about.platform}"
    return next((pin for word, pin in USUAL_PINS if word in words), None)


_PATIENCE = 5.0
"""Seconds in which a board switches a LED."""
