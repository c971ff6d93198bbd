"""A board's calendar clock: the time of day, as people say it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from belay.exceptions import BoardError, FeatureUnavailableError, NotBelayResponseError

# machine.RTC: year, month, day, weekday (Monday is 0), hour, minute, second, and what the port likes to add.
# CircuitPython's rtc.RTC has a time.struct_time.
_READ = {
    "circuitpython": "tuple(__import__('rtc').RTC().datetime)[:6]",
    "": "(lambda t: t[:3] + t[4:7])(tuple(__import__('machine').RTC().datetime()))",
}
_WRITE = {
    "circuitpython": "setattr(__import__('rtc').RTC(), 'datetime', __import__('time').struct_time("
    "({0.year}, {0.month}, {0.day}, {0.hour}, {0.minute}, {0.second}, {1}, {2}, -1)))",
    "": "__import__('machine').RTC().datetime("
    "({0.year}, {0.month}, {0.day}, {1}, {0.hour}, {0.minute}, {0.second}, 0))",
}

Evaluate = Callable[[str], Any]
"""Evaluates an expression on the board."""


def read(evaluate: Evaluate, firmware: str) -> datetime:
    """What the clock says, without a zone: boards know none.

    Args:
        evaluate: Evaluates an expression on the board.
        firmware: The name of what runs there, as ``micropython``.

    Raises:
        FeatureUnavailableError: The firmware has no such clock.
        NotBelayResponseError: What it says is no time.
    """
    numbers = _ask(evaluate, _READ.get(firmware, _READ[""]))
    try:
        return datetime(*numbers)
    except (TypeError, ValueError) as error:
        raise NotBelayResponseError(
            f"the board's clock says {numbers!r}, which is no time", hint="belay rtc --set sets it"
        ) from error


def write(evaluate: Evaluate, firmware: str, when: datetime) -> None:
    """Set it, to the second.

    Args:
        evaluate: Evaluates an expression on the board.
        firmware: The name of what runs there.
        when: What it is to say.

    Raises:
        FeatureUnavailableError: The firmware has no such clock.
    """
    form = _WRITE.get(firmware, _WRITE[""])
    _ask(evaluate, form.format(when, when.weekday(), when.timetuple().tm_yday))


def _ask(evaluate: Evaluate, expression: str) -> Any:
    try:
        return evaluate(expression)
    except BoardError as error:
        if error.board_type in ("ImportError", "AttributeError", "NotImplementedError"):
            raise FeatureUnavailableError("the firmware of this board has no clock to read or set") from error
        raise
