"""How a board that was selected is named: on a command line, in a program, in the environment."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from belay.transports.usb import UsbSpecifier

_PLAIN = re.compile(r"[\w.:/@+-]+", re.ASCII)
"""What no shell takes for anything else, but for a ``@`` at the beginning."""
_QUOTES = re.compile("(['\N{LEFT SINGLE QUOTATION MARK}-\N{SINGLE HIGH-REVERSED-9 QUOTATION MARK}])")
_OF_SHELLS = re.compile(r"""[^\w\s.:/+\-{}",\[\]()\\]""", re.ASCII)
"""What a shell may see something in also between quotes."""


def quote_sh(text: str) -> str:
    """A word for sh, bash and zsh."""
    return text if _PLAIN.fullmatch(text) else shlex.quote(text)


def quote_fish(text: str) -> str:
    """A word for fish: https://fishshell.com/docs/current/language.html#quotes."""
    if _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def quote_powershell(text: str) -> str:
    """A word for PowerShell, which takes a ``@`` at its beginning for a command of its own."""
    return text if _PLAIN.fullmatch(text) and not text.startswith("@") else _powershell_text(text)


def quote_cmd(text: str) -> str:
    """A word for cmd.exe, and for how a program there understands its command line."""
    if _PLAIN.fullmatch(text):
        return text
    return '"' + text.replace('"', '\\"') + '"'


def _powershell_text(text: str) -> str:
    """A text of PowerShell's, to which curly quotes are quotes.

    See https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules.
    """
    return f"'{_QUOTES.sub(lambda quote: quote[1] * 2, text)}'"


@dataclass(frozen=True)
class Shell:
    """A shell.

    Attributes:
        word: Makes a word of a command line out of a text.
        value: Makes the value of a variable out of it.
        form: How a variable is set.
    """

    word: Callable[[str], str]
    value: Callable[[str], str]
    form: str

    def setting(self, address: str) -> str:
        """The line that sets BELAY_DEVICE."""
        return self.form.format(self.value(address))


SHELLS: Mapping[str, Shell] = {
    "sh": Shell(quote_sh, quote_sh, "export BELAY_DEVICE={}"),
    "fish": Shell(quote_fish, quote_fish, "set -gx BELAY_DEVICE {}"),
    "powershell": Shell(quote_powershell, _powershell_text, "$env:BELAY_DEVICE = {}"),
    "cmd": Shell(quote_cmd, str, 'set "BELAY_DEVICE={}"'),
}
"""All that are known, by their names."""


def shells_of(environ: Mapping[str, str], *, windows: bool = os.name == "nt") -> tuple[str, ...]:
    """Which shell the user has, as far as the environment tells; the likely ones, the likeliest first.

    Args:
        environ: The environment.
        windows: Whether this is Windows, where the environment does not tell cmd from PowerShell.
    """
    if windows:
        return ("powershell", "cmd")
    if "POWERSHELL_DISTRIBUTION_CHANNEL" in environ:
        return ("powershell",)
    return ("fish",) if environ.get("SHELL", "").endswith("fish") else ("sh",)


def address_of(board: UsbSpecifier) -> str:
    """The shortest address that has the given fields of a board."""
    given = board.given()
    if given.keys() == {"device"}:
        return str(board.device)
    if given.keys() == {"serial_number"} and _PLAIN.fullmatch(str(board.serial_number)):
        return f"id:{board.serial_number}"
    # What shells could misunderstand is written as JSON has it for any character.
    return _OF_SHELLS.sub(lambda sign: _escape(sign[0]), board.to_json())


def code_of(board: UsbSpecifier) -> str:
    """The given fields as Python: ``belay.UsbSpecifier(vid=11914, …)``."""
    given = board.given()
    named = ", ".join(f"{each.name}={given[each.name]!r}" for each in fields(board) if each.name in given)
    return f"belay.UsbSpecifier({named})"


def _escape(sign: str) -> str:
    return json.dumps(sign)[1:-1] if ord(sign) > 126 else f"\\u{ord(sign):04x}"
