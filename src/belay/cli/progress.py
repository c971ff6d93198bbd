"""A bar on the terminal for commands that fetch."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from belay.packages.supply import Progress

PATIENCE = 0.3
"""Seconds without a bar: what is quicker needs none, and rich is not even imported."""


class Bar:
    """Shows how far a command is; it is gone at the end.

    Args:
        patience: Seconds until it appears.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        self._due = time.monotonic() + patience
        self._bars: Bars | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def __call__(self, progress: Progress) -> None:
        """Show how far it is."""
        if self._bars is None or self._task is None:
            if time.monotonic() < self._due:
                return
            self._bars, self._task = _begin()
        self._bars.update(self._task, completed=progress.done, total=progress.total)


def _begin() -> tuple[Bars, TaskID]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bars = Progress(*columns, console=Console(stderr=True), transient=True)
    bars.start()
    return bars, bars.add_task("fetching")
