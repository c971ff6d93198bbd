"""Making a folder on a board hold what a folder on the host holds.

Look, plan, carry out: one look at the board tells what is there, a pure function (:mod:`belay.files.plan`)
what is to be done, in an order that may be cut short anywhere. Whatever goes wrong on the way, the next sync
looks again and does what is left.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO, Final
from zlib import crc32

from belay.board.calls import BoardFailure
from belay.exceptions import BelayException, BoardFileError, BoardFolderNotEmptyError, FilesError
from belay.files.access import Access
from belay.files.operations import MakeFolder, Move, RemoveFile, RemoveFolder, Send
from belay.files.plan import FRESH, STARTED, is_ours
from belay.files.record import NAME, PLACE, absolute
from belay.files.survey import Survey, Wish, size_of, survey
from belay.files.transfer import carry_out
from belay.files.tree import Entry, File, Tree, parents, with_folders

__all__ = ["Bytes", "Progress", "SyncSummary", "Wish", "survey", "sync"]

MAX_ATTEMPTS: Final = 4
"""So often a sync starts again with smaller requests when the board lacks memory."""

PACKED_ATTEMPTS: Final = 2
"""So many of these may send compressed bytes."""

LEAST_PIECE: Final = 128
"""Bytes of a request that any board has memory for."""


@dataclass(frozen=True)
class Progress:
    """How far a sync is.

    Attributes:
        path: The file that was just being written.
        done: Bytes of files on the board.
        total: Bytes of files that are to be sent.
    """

    path: str
    done: int
    total: int


@dataclass(frozen=True)
class SyncSummary:
    """What a sync did.

    Attributes:
        sent: The files that were sent.
        skipped: The files that were there as wanted.
        deleted: The files and folders that were deleted.
        unknown: Files on the board that are not on the host and were left alone.
        bytes: Bytes that the files hold that were sent.
        seconds: How long it took.
        free: Bytes that are free on the board afterwards, about.
        words: What the user should know.
        free_before: Bytes that were free before.
    """

    sent: tuple[str, ...]
    skipped: tuple[str, ...]
    deleted: tuple[str, ...]
    unknown: tuple[str, ...]
    bytes: int
    seconds: float
    free: int
    words: tuple[str, ...] = ()
    free_before: int = 0


def sync(access: Access, wish: Wish, *, on_progress: Callable[[Progress], None] | None = None) -> SyncSummary:
    """Make a folder on the board hold what is wanted.

    Args:
        access: The board.
        wish: What is wanted.
        on_progress: Told while files are sent.

    Raises:
        BoardFileError: The board's files cannot be read or written. What was there still is, or is replaced
            already, each file whole.
        FilesError: A file on the host changed meanwhile; or the record on the board is a newer belay's.
        BoardFailure: The board lacks memory.
        ConnectionLost: The board is gone.
    """
    return _Sync(access, wish, on_progress).run()


class _Sync:
    def __init__(self, access: Access, wish: Wish, on_progress: Callable[[Progress], None] | None) -> None:
        self._access, self._wish, self._on_progress = access, wish, on_progress
        self._start = time.monotonic()
        self._piece, self._packs = access.piece, True
        self._sent: dict[str, int] = {}
        self._words: list[str] = []
        self._record_top = "/"
        self._deleted: dict[str, None] = {}
        self._done = self._total = self._free_before = 0

    def run(self) -> SyncSummary:
        attempt = 1
        while True:
            found = survey(self._access, self._wish)
            self._record_top = found.record_top
            if attempt == 1:
                self._free_before = found.view.room.free
            try:
                self._carry_out(found)
                self._write_record(found)
                return self._summary(found)
            except BoardFailure as failure:
                if "MemoryError" not in failure.types or attempt == MAX_ATTEMPTS:
                    self._clean()
                    raise
            except BoardFolderNotEmptyError as error:
                self._clean()
                # Where the power failed in the middle of a rename, LittleFS lists one file less than there is
                # until something is written.
                if attempt == MAX_ATTEMPTS or not is_ours(error.path):
                    raise
                attempt += 1
                continue
            except FilesError:
                self._clean()
                raise
            self._piece = max(LEAST_PIECE, self._piece // 2)
            # To inflate takes some memory in one piece, however little comes.
            self._packs = attempt < PACKED_ATTEMPTS
            attempt += 1

    def _carry_out(self, found: Survey) -> None:
        wanted, operations = self._wish.contents.tree, found.plan.operations
        self._total = self._done + sum(size_of(wanted[path]) for path in found.plan.sent)
        if not operations and found.view.exists:
            return
        if not found.view.exists:
            steps = [["d", path] for path in [*parents(self._wish.top[1:]), self._wish.top[1:]]]
            self._access.apply("/", steps, b"", 0, 0)
        self._deleted |= dict.fromkeys(found.plan.deleted)
        carry_out(
            operations,
            wanted,
            self._wish.contents,
            self._access,
            top=self._wish.top,
            piece=self._piece,
            packs=self._packs,
            on_progress=self._progressed,
        )

    def _progressed(self, path: str, size: int) -> None:
        self._done += size
        self._sent[path] = self._sent.get(path, 0) + size
        if self._on_progress:
            self._on_progress(Progress(path, self._done, self._total))

    def _write_record(self, found: Survey) -> None:
        wish = self._wish
        if not wish.recorded:
            return
        made = {step.path for step in found.plan.operations if isinstance(step, MakeFolder)}
        made |= {step.to for step in found.plan.operations if isinstance(step, Move)}
        before = found.record.paths(wish.by, wish.top)
        gone = {*found.plan.deleted, *(f"{path}/" for path in found.plan.deleted)}
        others = found.record.of_others(wish.by, wish.top)
        left = {path for path in before if path.rstrip("/") in found.view.tree} - gone
        # What somebody else has put there too is theirs alone now.
        left = {path for path in left if absolute(wish.top, path) not in others}
        ours = set(left)
        for path, entry in with_folders(wish.contents.tree).items():
            if isinstance(entry, File):
                ours.add(path)
                ours.discard(f"{path}/")
            elif path in made or path not in found.view.tree or f"{path}/" in before:
                ours.add(f"{path}/")
                ours.discard(path)
        record = found.record.with_paths(wish.by, wish.top, ours, wish.more)
        if record.write() == found.view.record or (not record.put and not found.view.record):
            return
        data = record.write()
        try:
            carry_out(
                [Send(NAME, FRESH), Move(FRESH, NAME)],
                {NAME: File(len(data), crc32(data))},
                Bytes({NAME: data}),
                self._access,
                top=found.record_top,
                piece=self._piece,
            )
        except BoardFileError as error:
            # All is done but this; it may lie on another file system, which cannot be written.
            self._clean()
            self._words.append(f"no later sync will know what was put there: {error.message}")

    def _clean(self) -> None:
        """Remove what is there of files that were being sent; there may be no room for anything else."""
        with suppress(BelayException, BoardFailure):
            also = sorted({path.split("/")[0] for path in self._wish.contents.tree})
            for top in dict.fromkeys((self._wish.top, self._record_top)):
                found = self._access.look(top, deep=top == self._wish.top, also=also)
                remains = [path for path in found.tree if is_ours(path)]
                steps = [
                    RemoveFile(path) if isinstance(found.tree[path], File) else RemoveFolder(path)
                    for path in sorted(remains, key=lambda path: -path.count("/"))
                ]
                carry_out(steps, {}, Bytes({}), self._access, top=top, piece=self._piece)

    def _summary(self, found: Survey) -> SyncSummary:
        wanted = self._wish.contents.tree
        view, mounts = found.view, found.view.mounts
        gone = {path for path in view.tree if path in wanted} | {*found.plan.deleted}
        block = view.room.block or 1
        taken = sum(
            _blocks(entry, block) for path, entry in wanted.items() if path.split("/")[0] not in mounts
        )
        freed = sum(_blocks(view.tree.get(path), block) for path in gone if path.split("/")[0] not in mounts)
        return SyncSummary(
            sent=tuple(self._sent),
            skipped=tuple(path for path in found.plan.unchanged if path not in self._sent),
            deleted=tuple(self._deleted),
            unknown=found.plan.left,
            bytes=sum(self._sent.values()),
            seconds=time.monotonic() - self._start,
            free=max(0, view.room.free - (taken - freed) * block),
            words=(*self._wish.contents.words, *_warnings(found, wanted), *self._words),
            free_before=self._free_before,
        )


def _blocks(entry: Entry | None, block: int) -> int:
    """The blocks that a file takes; most file systems give no less."""
    return -(-size_of(entry) // block)


class Bytes:
    """Files that are in memory.

    Args:
        files: What they hold, by path.
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self.tree: Tree = {path: File(len(data), crc32(data)) for path, data in files.items()}
        self.words: Sequence[str] = ()

    def open(self, path: str) -> BinaryIO:
        """What one of them holds."""
        return io.BytesIO(self._files[path])


def _warnings(found: Survey, wanted: Tree) -> list[str]:
    words = []
    if found.record.damaged:
        place = f"{found.record_top.rstrip('/')}{PLACE}"
        words.append(f"{place} on the board could not be read and was made anew")
    folders = {folder for path in found.plan.left for folder in parents(path)}
    for path in wanted:
        module = path.removesuffix(".mpy").removesuffix(".py")
        source = f"{module}.py"
        if path.endswith(".mpy") and source in found.plan.left:
            words.append(f"the board imports {source}, which is there, and not {path}")
        elif path != module and module in folders and path not in STARTED:
            words.append(f"the board imports the folder {module}, which is there, and not {path}")
    return words
