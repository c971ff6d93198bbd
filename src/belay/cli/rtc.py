"""``belay rtc``: a board's clock."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from belay.cli.board import Port, WrongUse, connected
from belay.cli.settings import Settings, examples, file_options, pass_settings
from belay.exceptions import BoardError, FeatureUnavailableError, NotBelayResponseError

if TYPE_CHECKING:
    from belay.device import Device

EXAMPLES = examples("belay rtc", "belay rtc --set", "belay rtc --set --utc /dev/ttyACM0")

# machine.RTC: year, month, day, weekday (Monday is 0), hour, minute, second, and what the port likes to add.
# CircuitPython's rtc.RTC has a time.struct_time.
_READ = {
    "circuitpython": "tuple(__import__('rtc').RTC().datetime)[:6]",
    "": "(lambda t: t[:3] + t[4:7])(tuple(__import__('machine').RTC().datetime()))",
}
_SET = {
    "circuitpython": "setattr(__import__('rtc').RTC(), 'datetime', __import__('time').struct_time("
    "({0.year}, {0.month}, {0.day}, {0.hour}, {0.minute}, {0.second}, {1}, {2}, -1)))",
    "": "__import__('machine').RTC().datetime("
    "({0.year}, {0.month}, {0.day}, {1}, {0.hour}, {0.minute}, {0.second}, 0))",
}


@click.command(epilog=EXAMPLES)
@click.argument("port", required=False, type=Port(), metavar="[PORT]")
@click.option("--set", "wanted", is_flag=True, help="Set it to the time of this computer.")
@click.option("--utc", is_flag=True, help="With --set: to the time of UTC instead of the local one.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@file_options
@pass_settings
def rtc(settings: Settings, port: str | None, *, wanted: bool, utc: bool, as_json: bool) -> None:
    """Print the time of a board's clock, after setting it if that is wanted.

    Boards know no time zones, and many lose the time with the power.
    """
    if utc and not wanted:
        raise WrongUse("--utc says what to --set.")
    with connected(settings, port, fresh=None) as device:
        if wanted:
            _set(device, now(utc=utc))
        time = _read(device)
    if as_json:
        print(json.dumps({"datetime": time.isoformat()}))
    else:
        print(time.isoformat(" "))


def now(*, utc: bool) -> datetime:
    """The time of this computer, to the second, without its zone."""
    return (datetime.now(UTC) if utc else datetime.now()).replace(microsecond=0, tzinfo=None)


def _read(device: Device) -> datetime:
    numbers = _ask(device, _READ)
    try:
        # Without a zone: the board knows none.
        return datetime(*numbers)
    except (TypeError, ValueError) as error:
        raise NotBelayResponseError(
            f"the board's clock says {numbers!r}, which is no time", hint="belay rtc --set sets it"
        ) from error


def _set(device: Device, time: datetime) -> None:
    _ask(
        device,
        {name: text.format(time, time.weekday(), time.timetuple().tm_yday) for name, text in _SET.items()},
    )


def _ask(device: Device, expressions: dict[str, str]) -> Any:
    """Evaluate what the board's kind of Python knows.

    Raises:
        FeatureUnavailableError: It has no clock.
    """
    expression = expressions.get(device.implementation.name, expressions[""])
    try:
        return device(expression, record=False)
    except BoardError as error:
        if error.board_type in ("ImportError", "AttributeError", "NotImplementedError"):
            raise FeatureUnavailableError("the firmware of this board has no clock to read or set") from error
        raise
