"""How a program's conversation ends: what it looks like, and reading it backwards.

A program in the raw REPL ends with ``EOT error EOT >``, but a program may print just that. While it runs
an end can therefore only be suspected. Once the answer to a challenge proves that the prompt was there, all
that came before the answer is known to be the whole conversation, and its end is found from the right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from belay.repl.control import EOT, FRIENDLY_PROMPT, HELP_LINE, RAW_BANNER, SOFT_REBOOT
from belay.repl.events import Event, Finished, Output, Rebooted

MAX_BANNER: Final = 256
"""No banner is longer than so many bytes."""

_TRACEBACK: Final = b"Traceback (most recent call last):"
_END: Final = EOT + b">"

_BANNER_LINE: Final = re.compile(rb"(?:\A|\n)\r?(?=MicroPython |Adafruit CircuitPython )")
_POWER_UP: Final = re.compile(
    rb"(?:(?:MicroPython |Adafruit CircuitPython )[^\r\n]*\r?\n)?"
    + re.escape(HELP_LINE)
    + rb"\r?\n"
    + re.escape(FRIENDLY_PROMPT)
    # Each Ctrl-C that arrived while the board booted was answered with one more.
    + rb"(?:\r?\n"
    + re.escape(FRIENDLY_PROMPT)
    + rb")*"
)
_POWER_UP_END: Final = re.compile(re.escape(HELP_LINE) + rb"\r?\n" + re.escape(FRIENDLY_PROMPT) + rb"\Z")
_REBOOT_LINE: Final = re.compile(rb"(?:MPY: )?" + SOFT_REBOOT + rb"\r?\n")


def looks_ended(tail: bytes) -> bool:
    """Tell whether what came last looks like a prompt: the raw one, its banner, or a power-up's."""
    return tail.endswith((_END, RAW_BANNER)) or _POWER_UP_END.search(tail) is not None


def was_reset(idle: bytes) -> bool:
    """Tell whether what came at the raw prompt, unasked, says that the board was reset."""
    return _POWER_UP.search(idle) is not None or _REBOOT_LINE.search(idle) is not None


def find_banner(data: bytes | bytearray) -> int:
    """Where a power-up's banner may begin near the end of ``data``; -1 if nowhere."""
    start = max(0, len(data) - MAX_BANNER)
    match = _BANNER_LINE.search(data, start)
    return match.end() if match else -1


def may_reboot(after: bytes) -> bool:
    """Tell whether what follows the two EOTs of an end may be the message of a soft reset.

    A program that raises SystemExit ends so: the raw REPL answers with a soft reset.
    """
    text = after.lstrip(b"\r\n")
    expected = b"MPY: " + SOFT_REBOOT
    return expected.startswith(text[: len(expected)]) or SOFT_REBOOT.startswith(text[: len(SOFT_REBOOT)])


def read_backwards(shown: bytes, held: bytes) -> Iterator[Event]:
    """Read all that a program sent, knowing that a prompt followed.

    Args:
        shown: The part that was given out as output already.
        held: The rest, up to the answer that proves the prompt.

    Yields:
        Output that was not shown yet, how it ended (:class:`~belay.repl.events.Finished`, perhaps
        :class:`~belay.repl.events.Rebooted`), then what threads and timers printed behind the prompt.
    """
    skip = len(shown)
    for event in _read(shown + held):
        if isinstance(event, Output):
            rest = event.data[skip:]
            skip = max(0, skip - len(event.data))
            if rest:
                yield Output(rest)
        else:
            # If the shown part reached into the error, what stands behind the error is still new.
            skip = 0
            yield event


def _read(conversation: bytes) -> Iterator[Event]:
    ended = conversation.rfind(_END)
    reboot = _last(_REBOOT_LINE, conversation)
    power_up = _last(_POWER_UP, conversation)
    if power_up and power_up.end() > max(ended, reboot.end() if reboot else -1):
        yield Output(conversation[: power_up.start()])
        yield Rebooted(raw=False)
        yield Finished()
        yield Output(conversation[power_up.end() :].strip(b"\r\n"))
    elif reboot and reboot.end() > ended:
        body, error = _split_error(conversation[: reboot.start()].rstrip(b"\r\n").removesuffix(EOT))
        yield Output(body)
        yield Rebooted(raw=True)
        yield Finished(error)
        yield Output(conversation[reboot.end() :].removesuffix(RAW_BANNER))
    elif ended >= 0:
        body, error = _split_error(conversation[:ended])
        yield Output(body)
        yield Finished(error)
        yield Output(conversation[ended + len(_END) :])
    else:
        yield Output(conversation)
        yield Finished()


def _last(pattern: re.Pattern[bytes], text: bytes) -> re.Match[bytes] | None:
    return next(reversed(list(pattern.finditer(text))), None)


def _split_error(body: bytes) -> tuple[bytes, bytes]:
    """Output and error of ``output EOT error``.

    An exception's own message may hold an EOT, so a traceback's first line counts for more than the last EOT.
    """
    at = body.rfind(EOT + _TRACEBACK)
    if at < 0:
        at = body.rfind(EOT)
    return (body, b"") if at < 0 else (body[:at], body[at + 1 :])
