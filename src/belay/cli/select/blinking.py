"""A LED that blinks in a thread of its own, until it is stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from belay.cli.select.light import Light
from belay.exceptions import BelayException

if TYPE_CHECKING:
    from belay.board.firmware import Implementation
    from belay.device import Device

HALF = 0.15
"""Seconds that it shines, and that it does not."""

STOP_PATIENCE = 3.0
"""Seconds in which it stops and its pin is put back."""


class Blinking:
    """Connects to a board and lets a LED blink.

    Args:
        visit: Connects, for as long as the block lasts.
        pin: Its pin; None for what the board knows itself.
        on_change: Called, in the other thread, when :attr:`state` is another one, and at the end.

    Attributes:
        state: What it does, for people.
        about: What runs on the board, once that is known.
        error: Why it could not, or could not go on.
    """

    def __init__(
        self,
        visit: Callable[[], AbstractContextManager[Device]],
        pin: str | None,
        on_change: Callable[[], None],
    ) -> None:
        self.state = "connecting …"
        self.about: Implementation | None = None
        self.error: BelayException | OSError | None = None
        self._visit, self._pin, self._on_change = visit, pin, on_change
        self._stopped = threading.Event()
        self._ended = threading.Event()
        self._telling = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="belay lets a LED blink", daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether it is over, and the port is free again."""
        return self._ended.is_set()

    def stop(self) -> None:
        """Let it come to its end."""
        self._stopped.set()

    def leave(self) -> None:
        """Let it come to its end, and wait a while; of what is not over then, nobody hears any more."""
        self.stop()
        self._thread.join(STOP_PATIENCE)
        with self._telling:
            self._on_change = _tell_nobody

    def _run(self) -> None:
        try:
            with self._visit() as device:
                self.about = device.implementation
                if not self._stopped.is_set():
                    self._blink(device)
        except (BelayException, OSError) as error:
            self.error = error
        finally:
            self._ended.set()
            self._tell()

    def _tell(self) -> None:
        with self._telling:
            self._on_change()

    def _blink(self, device: Device) -> None:
        about = device.implementation
        light = Light(device, self._pin)
        try:
            version = ".".join(map(str, about.version))
            self.state = f"{light.name} blinks; {about.name} {version} on {about.platform}; any key ends it"
            self._tell()
            on = True
            while not self._stopped.is_set():
                light.switch(on=on)
                on = not on
                self._stopped.wait(HALF)
        finally:
            light.put_back()


def _tell_nobody() -> None:
    """In the place of who has left."""
