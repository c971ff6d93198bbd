"""What a board's address may look like: the one place where addresses are parsed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from belay.aliases import PATTERN
from belay.exceptions import AddressError
from belay.transports.usb import UsbSpecifier


@dataclass(frozen=True)
class Address:
    """A parsed address.

    Attributes:
        scheme: Which transport: ``serial``, ``socket``, ``webrepl``, ``telnet``, ``exec``, ``execpty``,
            ``virtual``, or ``usb`` for a board that is yet to be found, ``alias`` for a name that is yet to
            be looked up.
        rest: What that transport is to open; of ``usb``, the JSON of a :class:`UsbSpecifier`; of ``alias``
            the name.
        original: The address as it was given, for messages.
    """

    scheme: str
    rest: str
    original: str


@dataclass(frozen=True)
class Form:
    """One form of an address.

    Attributes:
        example: What it looks like.
        meaning: What it names.
        scheme: The transport.
        pattern: Matches the whole of an address of this form.
        rest: Makes that transport's own part out of the match.
    """

    example: str
    meaning: str
    scheme: str
    pattern: re.Pattern[str]
    rest: Callable[[re.Match[str]], str]


def _usb(**values: object) -> str:
    return json.dumps(values)


def _form(
    example: str, meaning: str, scheme: str, pattern: str, rest: Callable[[re.Match[str]], str]
) -> Form:
    return Form(example, meaning, scheme, re.compile(pattern, re.DOTALL | re.IGNORECASE), rest)


_BYTE = r"(?:25[0-5]|2[0-4]\d|[01]?\d?\d)"
_IPV4 = rf"{_BYTE}(?:\.{_BYTE}){{3}}"

FORMS: tuple[Form, ...] = (
    _form("virtual:", "a virtual board", "virtual", r"virtual:(.*)", lambda m: m[1]),
    _form("exec:CMD", "a program, over pipes", "exec", r"exec:(.*)", lambda m: m[1]),
    _form("execpty:CMD", "a program, on a pty", "execpty", r"execpty:(.*)", lambda m: m[1]),
    _form("socket://HOST:PORT", "a TCP port", "socket", r"socket://.*", lambda m: m[0]),
    _form("ws://HOST", "a board's WebREPL", "webrepl", r"wss?://.*", lambda m: m[0]),
    _form("telnet://HOST", "a telnet server", "telnet", r"telnet://.*", lambda m: m[0]),
    _form("192.168.1.7:8266", "a board's WebREPL", "webrepl", rf"({_IPV4}:8266)", lambda m: f"ws://{m[1]}"),
    _form("192.168.1.7", "a telnet server", "telnet", rf"({_IPV4}(?::\d+)?)", lambda m: f"telnet://{m[1]}"),
    _form(
        "rfc2217://HOST:PORT", "a serial port of another machine", "serial", r"rfc2217://.*", lambda m: m[0]
    ),
    _form("loop://", "what is written comes back", "serial", r"loop://.*", lambda m: m[0]),
    _form(
        "id:SERIAL",
        "the board with this USB serial number",
        "usb",
        r"id:(.+)",
        lambda m: _usb(serial_number=m[1]),
    ),
    _form(
        "2e8a:0005",
        "the board with this USB vendor and product",
        "usb",
        r"([0-9a-f]{4}):([0-9a-f]{4})",
        lambda m: _usb(vid=int(m[1], 16), pid=int(m[2], 16)),
    ),
    _form('{"vid": 11914, …}', "the board with these USB fields", "usb", r"\{.*", lambda m: m[0]),
    _form("@NAME", "the board that you gave this name", "alias", rf"@({PATTERN})", lambda m: m[1]),
    _form("/dev/ttyACM0", "a serial port", "serial", r"/.+", lambda m: m[0]),
    _form("COM3", "a serial port of Windows", "serial", r"(?:\\\\\.\\)?COM\d+", lambda m: m[0]),
    _form("a0", "short for /dev/ttyACM0", "serial", r"a(\d+)", lambda m: f"/dev/ttyACM{m[1]}"),
    _form("u0", "short for /dev/ttyUSB0", "serial", r"u(\d+)", lambda m: f"/dev/ttyUSB{m[1]}"),
    _form("c3", "short for COM3", "serial", r"c(\d+)", lambda m: f"COM{m[1]}"),
)
"""Every form, the first that matches counts."""


def parse_address(address: str | UsbSpecifier) -> Address:
    """Find out what an address names, without opening anything.

    Args:
        address: One of :data:`FORMS`, or the fields of a board on USB.

    Returns:
        Its parts.

    Raises:
        AddressError: It is none of them.
        TypeError: It is neither text nor a specifier.
    """
    if isinstance(address, UsbSpecifier):
        return Address("usb", json.dumps(address.given()), str(address))
    if not isinstance(address, str):
        raise TypeError(f"a board's address is text or a UsbSpecifier, not {type(address).__name__}")
    text = address.strip()
    for form in FORMS:
        match = form.pattern.fullmatch(text)
        if match is None:
            continue
        rest = form.rest(match)
        if form.scheme == "usb":
            UsbSpecifier.from_json(rest)
        return Address(form.scheme, rest, address)
    raise AddressError(
        address, "no known form", hint=f"known forms: {', '.join(form.example for form in FORMS)}"
    )
