"""The control bytes of the REPL and the texts it answers with."""

from __future__ import annotations

ENTER_RAW = b"\x01"
"""Ctrl-A: enter raw mode; in raw mode: forget the line and print the banner again."""
LEAVE_RAW = b"\x02"
"""Ctrl-B: back to friendly mode."""
INTERRUPT = b"\x03"
"""Ctrl-C: interrupt what runs; at a prompt: forget the line."""
EOT = b"\x04"
"""Ctrl-D: run what was sent; on an empty line: soft reset. From the board: end of a section."""
ASK_PASTE = b"\x05A\x01"
"""Ask for raw-paste mode."""

RAW_BANNER = b"raw REPL; CTRL-B to exit\r\n>"
FRIENDLY_PROMPT = b">>> "
HELP_LINE = b'Type "help()" for more information.'
"""The line before the friendly prompt after a power-up, in MicroPython's banner and CircuitPython's alike."""
SOFT_REBOOT = b"soft reboot"
OK = b"OK"

PASTE_ACCEPTED = b"R\x01"
PASTE_UNSUPPORTED = b"R\x00"

NOT_IN_CODE = frozenset(b"\x01\x02\x03\x04\x05")
"""Bytes that mean something to the REPL and so cannot stand in code that is sent to it."""
