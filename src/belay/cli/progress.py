"""A bar on the terminal for commands that take their time."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING

from belay.cli.text import cut, printable

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from belay.cli.settings import Settings
    from belay.packages.supply import Progress

Show = Callable[[str, int, int], None]
"""Gets what is being done, how many bytes of it are, and how many there are in all."""

WIDEST = 50
"""Columns for what is being done: a name may have more than the terminal."""

PATIENCE = 0.3
"""Seconds without a bar: what is quicker needs none, and rich is not even imported."""


class Bar:
    """Shows how far a command is, also while nothing comes; it is gone at the end.

    Args:
        patience: Seconds until it appears.
        doing: What it says until it is told something.
        in_bytes: Whether it counts bytes; else files.
    """

    def __init__(
        self, patience: float = PATIENCE, *, doing: str = "fetching", in_bytes: bool = False
    ) -> None:
        self._first, self._in_bytes = doing, in_bytes
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
        """Show how far the fetching is."""
        self.show(f"fetching {progress.doing}".rstrip(), progress.done, progress.total)

    def show(self, doing: str, done: int, total: int) -> None:
        """Show how far it is."""
        with self._lock:
            if self._shown is None:
                if time.monotonic() < self._due or self._is_hidden:
                    return
                self._shown = self._begin()
            bars, task = self._shown
            bars.update(task, completed=done, total=total, description=cut(printable(doing), WIDEST))

    def show_bytes(self, doing: str, done: int, total: int) -> None:
        """Show how far it is, in bytes; if files were counted before, that is over."""
        with self._lock:
            if not self._in_bytes:
                self._in_bytes = True
                if self._shown is not None:
                    self._shown[0].stop()
                    self._shown = None
        self.show(doing, done, total)

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
                self._shown = self._begin()

    def _begin(self) -> tuple[Bars, TaskID]:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn

        count = DownloadColumn(binary_units=True) if self._in_bytes else MofNCompleteColumn()
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), count)
        bars = Progress(*columns, console=Console(stderr=True), transient=True)
        task = bars.add_task(self._first, total=None)
        bars.start()
        return bars, task


def is_watched(settings: Settings) -> bool:
    """Whether somebody sees a bar, and wants to."""
    return settings.verbosity >= 0 and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


@contextmanager
def showing(settings: Settings, doing: str) -> Iterator[Show]:
    """How a command that moves bytes tells how far it is: on a terminal with a bar.

    Args:
        settings: What the shared options say.
        doing: What it does at first.
    """
    if not is_watched(settings):
        yield lambda *_: None
        return
    with Bar(doing=doing, in_bytes=True) as bar:
        yield bar.show
