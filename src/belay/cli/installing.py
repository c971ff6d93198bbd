"""How an install tells what it did, would do, or could not do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from belay.cli import exits
from belay.cli.info import readable
from belay.cli.packages import counted
from belay.cli.progress import is_watched
from belay.cli.report import report_mistake, tell, tell_notes
from belay.cli.settings import Settings
from belay.cli.text import escaped, printable
from belay.deploy.layout import MAIN
from belay.exceptions import BelayException
from belay.files.plan import Plan
from belay.files.survey import Wish, size_of
from belay.files.sync import SyncSummary

if TYPE_CHECKING:
    from belay.deploy.several import Outcome

ShowOne = Callable[[str, str, int, int], None]
"""Gets a board, what is done with it, how many bytes of that are, and how many there are in all."""


class Planned(NamedTuple):
    """What an install would do on a board."""

    plan: Plan
    wish: Wish


Done = SyncSummary | Planned


def has_main(done: SyncSummary) -> bool:
    """Whether the board has a main.py afterwards."""
    return MAIN in (*done.sent, *done.skipped, *done.unknown)


def tell_done(settings: Settings, done: SyncSummary, where: str = "") -> None:
    """Say what was done.

    Args:
        settings: What the shared options say.
        done: That.
        where: Begins each line.
    """
    for word, paths in (("sent", done.sent), ("deleted", done.deleted)):
        for path in paths:
            settings.say(f"{where}{word}: {path}", at=1)
    for word in done.words:
        settings.say(f"warning: {where}{word}")
    said = [f"sent: {counted(len(done.sent), 'file')} ({readable(done.bytes)})"]
    said += [f"skipped: {len(done.skipped)}"] if done.skipped else []
    said += [f"deleted: {len(done.deleted)}"] if done.deleted else []
    free = f"{readable(done.free)} free"
    free += f" of {readable(done.free_before)} before" if done.free != done.free_before else ""
    settings.say(where + "; ".join([*said, f"{done.seconds:.2f} s", free]))


def tell_planned(settings: Settings, planned: Planned, where: str = "") -> None:
    """Print what would be done: a line for each file."""
    plan, wish = planned
    if where:
        print(where.rstrip())
    for path in sorted(plan.sent, key=lambda path: path.split("/")):
        print(f"+ {escaped(path)}")
    for path in plan.deleted:
        print(f"- {escaped(path)}")
    for word in wish.contents.words:
        settings.say(f"warning: {where}{word}")
    said = [f"would send: {counted(len(plan.sent), 'file')} ({readable(_size(planned))})"]
    said += [f"would skip: {len(plan.unchanged)}"] if plan.unchanged else []
    said += [f"would delete: {len(plan.deleted)}"] if plan.deleted else []
    settings.say(where + "; ".join(said))


def tell_failed(settings: Settings, where: str, error: Exception) -> int:
    """Tell of the error of one board of several; the exit code."""
    if isinstance(error, BelayException):
        tell(f"{where}{error.message}", error.advice, settings)
        tell_notes(error, settings)
        return exits.code_of(error)
    if isinstance(error, OSError):
        tell(f"{where}{error.strerror or error}", None, settings)
        return exits.FILE
    return report_mistake(error, settings)


def print_pages(outcomes: Sequence[Outcome[Done]]) -> None:
    """Print what was done, or would be, on each board, as JSON."""
    print(json.dumps([_page(outcome) for outcome in outcomes], indent=2))


def _page(outcome: Outcome[Done]) -> dict[str, object]:
    page: dict[str, object] = {"port": outcome.address, "done": False, "error": None}
    found, error = outcome.result, outcome.error
    if error is not None:
        message = error.message if isinstance(error, BelayException) else str(error)
        return page | {"error": message}
    if isinstance(found, Planned):
        plan = found.plan
        return page | {
            "sent": plan.sent,
            "skipped": plan.unchanged,
            "deleted": plan.deleted,
            "bytes": _size(found),
            "seconds": None,
            "free_before": None,
            "free": None,
            "warnings": list(found.wish.contents.words),
        }
    assert found is not None
    return page | {
        "done": True,
        "sent": found.sent,
        "skipped": found.skipped,
        "deleted": found.deleted,
        "bytes": found.bytes,
        "seconds": round(found.seconds, 3),
        "free_before": found.free_before,
        "free": found.free,
        "warnings": found.words,
    }


def _size(planned: Planned) -> int:
    return sum(size_of(planned.wish.contents.tree[path]) for path in planned.plan.sent)


@contextmanager
def showing_each(settings: Settings, names: Sequence[str]) -> Iterator[ShowOne]:
    """How work on several boards tells how far it is: on a terminal with a bar each.

    Args:
        settings: What the shared options say.
        names: The boards.
    """
    if not is_watched(settings):
        yield lambda *_: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(binary_units=True))
    # What goes to stdout is data, and stays there.
    with Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as bars:
        tasks = {name: bars.add_task(printable(f"{name}: connecting"), total=None) for name in names}

        def show(name: str, doing: str, done: int, total: int) -> None:
            bars.update(tasks[name], completed=done, total=total, description=printable(f"{name}: {doing}"))

        yield show
