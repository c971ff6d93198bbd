"""Saved files, noticed while something else is done, which can be interrupted by them."""

from __future__ import annotations

import os
import queue
import signal
import stat
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Final, Self

from belay.exceptions import FeatureUnavailableError
from belay.watch.noise import is_noise

if TYPE_CHECKING:
    from watchfiles import Change

QUIET: Final = 50
"""Milliseconds without another change after which those that came are one."""
LONGEST: Final = 1500
"""Milliseconds after which they are, even if more come."""

if sys.platform == "win32":
    _SIGNAL: Final = signal.SIGBREAK
    _SLICE: Final = 0.2
else:
    _SIGNAL: Final = signal.SIGUSR1
    _SLICE: Final = threading.TIMEOUT_MAX
"""What ends the main thread's waiting; and the seconds of one wait, which on Windows keeps Ctrl-C out."""


class Changed(BaseException):
    """Something was saved; as with KeyboardInterrupt, no handler of errors may keep it up."""


@dataclass(frozen=True)
class Place:
    """What is watched.

    Attributes:
        folder: A folder, resolved.
        only: The only file of it that matters, its name; None for all that is below.
    """

    folder: Path
    only: str | None = None


class Changes:
    """What is saved in some places, for as long as the block lasts; for the main thread.

    Args:
        places: Which.

    Raises:
        FeatureUnavailableError: What notices changes is not installed.

    Attributes:
        ignored: Folders and files, resolved, that do not matter; beside those that never do, and the files
            that this program prints into.
    """

    def __init__(self, places: Sequence[Place]) -> None:
        try:
            import watchfiles  # noqa: F401 - the threads would say it too late
        except ImportError as error:
            raise FeatureUnavailableError(
                "watchfiles is not installed, which notices saved files",
                hint="install belay with the extra [watch]",
            ) from error
        self._places = places
        self.ignored: frozenset[Path] = frozenset()
        self._outputs = _outputs()
        self._found: queue.SimpleQueue[set[Path] | Exception] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._armed = False
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        """Begin; what is saved from now on is noticed.

        Raises:
            FeatureUnavailableError: The system cannot watch that.
        """
        self._main = threading.get_ident()
        self._before = signal.signal(_SIGNAL, self._interrupt)
        begun = threading.Semaphore(0)
        self._threads = [
            threading.Thread(target=self._watch, args=(place, begun), name="belay watches", daemon=True)
            for place in self._places
        ]
        try:
            for thread in self._threads:
                thread.start()
            for _ in self._threads:
                begun.acquire()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()

    def wait(self) -> list[Path]:
        """Wait until something was saved.

        Returns:
            All that was since it was asked last.

        Raises:
            FeatureUnavailableError: It cannot be noticed any more.
        """
        while True:
            try:
                found = self._found.get(timeout=_SLICE)
            except queue.Empty:
                continue
            break
        return self._all(found)

    def run(self, job: Callable[[], object]) -> bool:
        """Do something that ends as by Ctrl-C when something is saved, with :class:`Changed`.

        Args:
            job: It. It is not begun if something was saved already.

        Returns:
            Whether it came to its end.
        """
        try:
            self._armed = True
            # Either this thread sees it, or the one that has noticed it sees that this one is armed.
            if not self._found.empty():
                return False
            job()
        except Changed:
            return False
        finally:
            self._armed = False
        return True

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        # Once only: what is done to stop the job must not be interrupted by the next file.
        if self._armed:
            self._armed = False
            raise Changed

    def _end(self) -> None:
        self._armed = False
        self._stop.set()
        for thread in self._threads:
            thread.join()
        # A signal that is on its way would end the program.
        signal.signal(_SIGNAL, signal.SIG_DFL if self._before is None else self._before)

    def _all(self, found: set[Path] | Exception) -> list[Path]:
        paths: set[Path] = set()
        while True:
            if isinstance(found, Exception):
                # Nothing will be noticed any more, however often it is asked.
                self._found.put(found)
                raise FeatureUnavailableError(
                    f"changes cannot be noticed: {found}",
                    hint="WATCHFILES_FORCE_POLLING=1 in the environment looks at each file again and again",
                ) from found
            paths |= found
            try:
                found = self._found.get_nowait()
            except queue.Empty:
                return sorted(paths)

    # --- in the threads -------------------------------------------------------------------------

    def _watch(self, place: Place, begun: threading.Semaphore) -> None:
        began = False

        def begin() -> None:
            nonlocal began
            if not began:
                began = True
                begun.release()

        try:
            try:
                self._follow(place, begin)
            except PermissionError:
                # Only then: it would pass over other errors, too.
                self._follow(place, begin, unreadable=True)
        except (OSError, RuntimeError) as error:
            self._put(error)
        finally:
            begin()

    def _follow(self, place: Place, begin: Callable[[], None], *, unreadable: bool = False) -> None:
        def begin_anew() -> None:
            # Only now: of what was saved in the new folder before, nothing is told.
            self._put({place.folder})

        while self._follow_folder(place, begin, unreadable=unreadable):
            begin = begin_anew

    def _follow_folder(self, place: Place, begin: Callable[[], None], *, unreadable: bool) -> bool:
        """Tell what changes; whether another folder has taken the folder's place."""
        from watchfiles import Change, watch

        identity = _identity(place.folder)
        began = False
        for changes in watch(
            place.folder,
            watch_filter=lambda _, path: self._matters(place, Path(path)),
            debounce=LONGEST,
            step=QUIET,
            stop_event=self._stop,
            # So that the first turn of the loop comes soon, which says that it has begun.
            rust_timeout=QUIET,
            yield_on_timeout=True,
            raise_interrupt=False,
            recursive=place.only is None,
            ignore_permission_denied=unreadable,
        ):
            if not began:
                began = True
                begin()
            if any(kind is Change.deleted and Path(path) == place.folder for kind, path in changes):
                # The next one may well have its number; it may even be there by now.
                identity = None
            if paths := _saved(changes):
                self._put(paths)
            if _identity(place.folder) not in {None, identity}:
                return True
        return False

    def _put(self, found: set[Path] | Exception) -> None:
        self._found.put(found)
        if not self._armed:
            return
        if sys.platform == "win32":
            import _thread

            _thread.interrupt_main(_SIGNAL)
        else:
            signal.pthread_kill(self._main, _SIGNAL)

    def _matters(self, place: Place, path: Path) -> bool:
        if path == place.folder:
            return True
        if place.only is not None:
            return path.name == place.only
        if any(path.is_relative_to(ignored) for ignored in self.ignored):
            return False
        if not path.is_relative_to(place.folder) or is_noise(path.relative_to(place.folder)):
            return False
        # Else what is printed, where that goes to a file, would be a reason to print more.
        return not self._outputs or _identity(path) not in self._outputs


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells a file or folder from another one of its name; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _outputs() -> frozenset[tuple[int, int]]:
    """The files that standard output and standard error go to."""
    found = set()
    for number in (1, 2):
        with suppress(OSError):
            status = os.fstat(number)
            if stat.S_ISREG(status.st_mode):
                found.add((status.st_dev, status.st_ino))
    return frozenset(found)


def _saved(changes: set[tuple[Change, str]]) -> set[Path]:
    """What is to be told of some changes: not files that came and went, nor folders that something is in."""
    from watchfiles import Change

    found: dict[Path, set[Change]] = {}
    for change, name in changes:
        found.setdefault(Path(name), set()).add(change)
    return {
        path
        for path, kinds in found.items()
        if not (kinds >= {Change.added, Change.deleted} and not path.exists())
        and not (kinds == {Change.modified} and path.is_dir())
    }
