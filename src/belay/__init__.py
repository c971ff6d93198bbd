"""Use a MicroPython or CircuitPython board as if it were a part of your Python program.

Names are imported when they are first used, so ``import belay`` costs next to nothing.
"""

from __future__ import annotations

# As type checkers understand it; the module typing takes longer to import than all else here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from belay import exceptions
    from belay.aio import AsyncDevice
    from belay.board.firmware import Implementation
    from belay.device import Device
    from belay.exceptions import (
        AuthenticationError,
        BelayException,
        BoardError,
        BoardTimeoutError,
        ConnectionFailedError,
        ConnectionLost,
        DeviceNotFoundError,
        FeatureUnavailableError,
        InsufficientSpecifierError,
        PyboardException,
        SpecialFunctionNameError,
    )
    from belay.remote.proxy import Proxy
    from belay.source import minify
    from belay.transports.usb import UsbSpecifier, list_devices

__all__ = [
    "AsyncDevice",
    "AuthenticationError",
    "BelayException",
    "BoardError",
    "BoardTimeoutError",
    "ConnectionFailedError",
    "ConnectionLost",
    "Device",
    "DeviceNotFoundError",
    "FeatureUnavailableError",
    "Implementation",
    "InsufficientSpecifierError",
    "Proxy",
    "PyboardException",
    "SpecialFunctionNameError",
    "UsbSpecifier",
    "exceptions",
    "list_devices",
    "minify",
]

_PLACES = {
    "AsyncDevice": "belay.aio",
    "Device": "belay.device",
    "Implementation": "belay.board.firmware",
    "Proxy": "belay.remote.proxy",
    "UsbSpecifier": "belay.transports.usb",
    "list_devices": "belay.transports.usb",
    "minify": "belay.source",
}
"""Where names are defined; all others are in belay.exceptions."""


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name == "__version__":
        from importlib.metadata import version

        return version("belay")
    if name not in __all__:
        raise AttributeError(f"module 'belay' has no attribute {name!r}")
    place = import_module(_PLACES.get(name, "belay.exceptions"))
    value = place if name == "exceptions" else getattr(place, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
