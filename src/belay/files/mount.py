"""Folders of the host's that a board has mounted: it imports from them, and opens their files."""

from __future__ import annotations

import itertools
import os
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import TYPE_CHECKING, Final, Protocol, Self

from belay.board.agent import AgentCalls
from belay.board.asking import Denied
from belay.board.calls import BoardFailure, Calls, Ours, Terms
from belay.exceptions import BoardFileError, BoardFileExistsError, FeatureUnavailableError
from belay.files.failure import INVALID, NO_DEVICE, file_error
from belay.files.share import Share

if TYPE_CHECKING:
    from collections.abc import Callable

    from belay.board.history import Step

_TAKEN: Final = 1
"""What the board says where a file system is mounted already."""

_LONGEST: Final = 100


class MountSession(Protocol):
    """What a mount needs of a session."""

    def establish(self, name: str, step: Step) -> None:
        """Do something now and after every reset."""
        ...

    def abolish(self, name: str, step: Step) -> None:
        """Undo it."""
        ...


class Mounts:
    """The folders that a board has mounted.

    Args:
        session: The board.
    """

    def __init__(self, session: MountSession) -> None:
        self._session = session
        self._numbers = itertools.count(1)
        self._shares: dict[int, Share] = {}
        self._mounts: dict[str, Mount] = {}

    def answer(self, *asked: object) -> object:
        """Answer what the board asks about one of the folders, see :meth:`belay.files.share.Share.answer`.

        Args:
            asked: The number of the folder, what is to be done, a path, how many bytes may come along, and
                what else belongs to it.

        Raises:
            Denied: It cannot be done, or makes no sense.
        """
        match asked:
            case int(number), str(what), str(path), int(room), *args:
                if share := self._shares.get(number):
                    return share.answer(what, path, room, *args)
                raise Denied(NO_DEVICE)
        raise Denied(INVALID)

    def mount(self, folder: str | os.PathLike[str], *, at: str, writable: bool) -> Mount:
        """Mount a folder, see :meth:`belay.Device.mount`."""
        check_point(at)
        if at in self._mounts:
            raise BoardFileExistsError(f"{at}: a folder is mounted there already", at, _TAKEN)
        share = Share(Path(folder), writable=writable)
        number = next(self._numbers)

        def step(calls: Calls, terms: Terms) -> None:
            self._shares[number] = share
            _put(calls, share, [at, number, writable], terms)

        def undo(calls: Calls, terms: Terms) -> None:
            calls.ours(Ours.UNMOUNT, [at], terms)
            self._shares.pop(number, None)

        try:
            self._session.establish(at, step)
        except BaseException:
            self._shares.pop(number, None)
            raise

        def end() -> None:
            del self._mounts[at]
            try:
                self._session.abolish(at, undo)
            finally:
                self._shares.pop(number, None)

        mount = self._mounts[at] = Mount(Path(folder).resolve(), at, writable=writable, end=end)
        return mount


class Mount:
    """A folder of this computer that a board has mounted; a context manager that ends it.

    Attributes:
        folder: The folder.
        at: Where it is on the board.
        writable: Whether the board may change it.
    """

    def __init__(self, folder: Path, at: str, *, writable: bool, end: Callable[[], None]) -> None:
        self.folder = folder
        self.at = at
        self.writable = writable
        self._end: Callable[[], None] | None = end

    @property
    def mounted(self) -> bool:
        """Whether :meth:`unmount` was not called yet."""
        return self._end is not None

    def unmount(self) -> None:
        """Take the folder off the board; a second call does nothing.

        Files that the board has open raise OSError from then on, and what it has not written is lost. Where
        the connection is gone, only this side forgets the folder.

        Raises:
            BoardTimeoutError: The board did not answer.
        """
        end, self._end = self._end, None
        if end:
            end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.unmount()
        except Exception as problem:
            if error is None:
                raise
            # The error that is on its way matters more.
            error.add_note(f"and at the mount's end: {problem}")

    def __repr__(self) -> str:
        state = "" if self.mounted else " (unmounted)"
        return f"<{type(self).__name__} {self.folder} at {self.at}{state}>"


def _put(calls: Calls, share: Share, args: list[object], terms: Terms) -> None:
    """Have the board mount a folder.

    Raises:
        BoardFileError: It cannot be mounted there.
        FeatureUnavailableError: This board cannot.
    """
    if not isinstance(calls, AgentCalls):
        raise FeatureUnavailableError(
            "this board cannot mount a folder: its calls go over the plain REPL",
            hint="the board asks for files in the middle of a call, which takes the agent; `belay info` says "
            "what is missing for it. A sync copies the files instead",
        )
    share.largest = calls.largest
    try:
        calls.ours(Ours.MOUNT, [*args, calls.reply_size], terms)
    except BoardFailure as failure:
        raise _refusal(failure, str(args[0])) from None


def _refusal(failure: BoardFailure, at: str) -> Exception:
    error = file_error(failure, at)
    if not isinstance(error, BoardFileError):
        return FeatureUnavailableError(
            f"this board cannot mount a folder: {failure.traceback.strip().splitlines()[-1]}",
            hint="its firmware needs io.IOBase and file systems that can be mounted, and some free memory",
        )
    if error.errno == _TAKEN:
        return BoardFileExistsError(f"{at}: another file system is mounted there", at, _TAKEN)
    return error


def check_point(at: str) -> str:
    """Return a path on the board where a folder can be mounted as it is.

    Raises:
        ValueError: None can be there.
    """
    path = PurePosixPath(at)
    plain = "\0" not in at and str(path) == at and at.startswith("/") and not at.startswith("//")
    if not plain or len(path.parts) < 2 or ".." in path.parts or len(at.encode(errors="replace")) > _LONGEST:
        raise ValueError(f"a mount point is an absolute path on the board, as '/remote'; not {at!r}")
    return at
