"""One at a time: processes that change a project wait for each other."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def exclusive(file: Path, *, waiting: Callable[[], None] | None = None) -> Iterator[BinaryIO]:
    """Keep other processes out of a ``with`` block on the same file; the system lets go if this one dies.

    Args:
        file: A file for nothing else, made if there is none; its folder exists.
        waiting: Called once if another process is inside, before waiting for it.

    Yields:
        The file; whoever inherits it keeps others out, too, until it is closed (not on Windows).

    Raises:
        OSError: The file cannot be made.
    """
    with file.open("ab") as held:
        if not _take(held, wait=False):
            if waiting is not None:
                waiting()
            _take(held, wait=True)
        yield held


@contextmanager
def undisturbed(file: Path, *, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Keep out of a ``with`` block whoever would be :func:`exclusive`; for readers, who write nothing.

    Where there is no such file, or it cannot be opened, nobody is kept out.

    Args:
        file: The file.
        waiting: As for :func:`exclusive`.
    """
    with ExitStack() as stack:
        try:
            held = stack.enter_context(file.open("rb"))
        except OSError:
            yield
            return
        if not _take(held, wait=False, shared=True):
            if waiting is not None:
                waiting()
            _take(held, wait=True, shared=True)
        yield


if sys.platform == "win32":
    import msvcrt

    def _take(file: BinaryIO, *, wait: bool, shared: bool = False) -> bool:  # noqa: ARG001
        # Readers wait for each other, too: there is no shared lock of this kind.
        file.seek(0)
        while True:
            try:
                # Waiting, it tries ten times, a second apart.
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
            except OSError:
                if not wait:
                    return False
            else:
                return True
else:
    import fcntl

    def _take(file: BinaryIO, *, wait: bool, shared: bool = False) -> bool:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(file, kind if wait else kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
