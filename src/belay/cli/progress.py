"""A bar on the terminal for commands that fetch."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from belay.packages.supply import Progress

PATIENCE = 0.3
"""Seconds without a bar: what is quicker needs none, and rich is not even imported."""


class Bar:
    """Shows how far a command is, also while nothing comes; it is gone at the end.

    Args:
        patience: Seconds until it appears.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        self._due = time.monotonic() + patience
        self._timer = threading.Timer(patience, self._appear)
        self._lock = threading.Lock()
        self._is_over = False
        self._is_hidden = False
        self._shown: tuple[Bars, TaskID] | None = None

    def __enter__(self) -> Bar:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            self._is_over = True
            if self._shown is not None:
                self._shown[0].stop()
        self._timer.join()

    def __call__(self, progress: Progress) -> None:
        """Show how far it is."""
        with self._lock:
            if self._shown is None:
                if time.monotonic() < self._due or self._is_hidden:
                    return
                self._shown = _begin()
            bars, task = self._shown
            doing = f"fetching {progress.doing}".rstrip()
            bars.update(task, completed=progress.done, total=progress.total, description=doing)

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Do not be there while somebody is asked something."""
        with self._lock:
            self._is_hidden = True
            if self._shown is not None:
                self._shown[0].stop()
                self._shown = None
        try:
            yield
        finally:
            with self._lock:
                self._is_hidden = False

    def _appear(self) -> None:
        """Show that something is under way, though nothing has come yet."""
        with self._lock:
            if not (self._is_over or self._is_hidden) and self._shown is None:
                self._shown = _begin()


def _begin() -> tuple[Bars, TaskID]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    bars = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bars.add_task("fetching", total=None)
    bars.start()
    return bars, task
