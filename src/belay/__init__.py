"""Use a MicroPython or CircuitPython board as if it were a part of your Python program.

Names are imported when they are first used, so ``import belay`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from belay import exceptions
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
    from belay.source import minify
    from belay.transports.usb import UsbSpecifier, list_devices

_PLACES = {
    "Device": "belay.device",
    "Implementation": "belay.board.firmware",
    "UsbSpecifier": "belay.transports.usb",
    "list_devices": "belay.transports.usb",
    "minify": "belay.source",
    **dict.fromkeys(
        (
            "AuthenticationError",
            "BelayException",
            "BoardError",
            "BoardTimeoutError",
            "ConnectionFailedError",
            "ConnectionLost",
            "DeviceNotFoundError",
            "FeatureUnavailableError",
            "InsufficientSpecifierError",
            "PyboardException",
            "SpecialFunctionNameError",
        ),
        "belay.exceptions",
    ),
}

__all__ = [
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
    "PyboardException",
    "SpecialFunctionNameError",
    "UsbSpecifier",
    "exceptions",
    "list_devices",
    "minify",
]


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        value = getattr(import_module(_PLACES[name]), name)
        globals()[name] = value
        return value
    if name in ("exceptions", "__version__"):
        if name == "exceptions":
            return import_module("belay.exceptions")
        from importlib.metadata import version

        return version("belay")
    raise AttributeError(f"module 'belay' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
