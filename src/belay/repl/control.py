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

RAW_BANNER = b"raw REPL; CTRL-B to exit"
"""The line before the raw prompt, when raw mode begins."""
CLEAR_LINE = b"\x15\x0b"
"""Ctrl-U and Ctrl-K: empty the line that stands at a friendly prompt, wherever the cursor is. There Ctrl-A
enters raw mode only if the line is empty; in raw mode it throws away what came before."""

PROMPT = b">"
FRIENDLY_PROMPT = b">>> "
NAMES = (b"MicroPython ", b"Adafruit CircuitPython ")
"""How the friendly banner begins."""
HELP_LINE = b'Type "help()" for more information.'
"""The second line of MicroPython's friendly banner; CircuitPython has none."""
ANY_KEY = b"Press any key to enter the REPL. Use CTRL-D to reload."
"""CircuitPython, when code.py has ended: the friendly prompt comes after a key."""
SOFT_REBOOT = b"soft reboot"
OK = b"OK"

PASTE_ACCEPTED = b"R\x01"
PASTE_UNSUPPORTED = b"R\x00"

NOT_IN_CODE = frozenset(b"\x01\x02\x03\x04\x05")
"""Bytes that mean something to the REPL and so cannot stand in code that is sent to it."""
