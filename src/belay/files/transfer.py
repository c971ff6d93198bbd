"""Operations on a board's files, as requests.

A request brings bytes, compressed where the board can inflate them, and a list of steps that are done in
their order (``board/onboard/part_files.py`` does them). Each is a list:

=========================  =============================================================================
``["d", path]``            make a folder, if there is none
``["s", path, size, crc]`` write the next bytes beside a path, read them back, and put them in place
``["w", path, size]``      write a file from the next bytes
``["a", path, size]``      add the next bytes to it
``["c", path, crc]``       read it back
``["m", path, to]``        rename, over what is there
``["r", path]``            remove a file
``["x", path]``            remove a folder
``["f", path]``            go no further if it is a folder
=========================  =============================================================================
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import BinaryIO, NamedTuple, Protocol
from zlib import crc32

from belay.exceptions import BoardFileError, FilesError
from belay.files.access import Access
from belay.files.operations import MakeFolder, Move, Operation, RefuseFolder, RemoveFile, RemoveFolder, Send
from belay.files.plan import FRESH
from belay.files.tree import Entry, File, folder_of, join

MOST_STEPS = 24
"""Steps of a request: a board takes a while for each, and its memory holds the list."""

STEP_ROOM = 64
"""A request of few bytes, for a board that lacks memory, has one step for so many at most."""

MOST_WRITTEN = 128 * 1024
"""Bytes that a request writes: however well they compress, the board needs time for them."""

LEAST_WINDOW = 9
"""Bits of the smallest window that deflate can have."""

_AGAIN = "try again once nothing writes it"

SAVING = 0.95
"""What does not become so much smaller goes as it is: the board has less to do."""

Progress = Callable[[str, int], None]
"""Gets the path of a file that is being written, and how many more bytes of it are on the board."""


class Source(Protocol):
    """What files hold that are to be sent."""

    def open(self, path: str) -> BinaryIO:
        """The content of a file."""
        ...


class _Unit(NamedTuple):
    """A step and the bytes that it writes.

    Attributes:
        step: As the board gets it.
        data: The bytes.
        cost: About so many bytes they take on the way.
        path: Of which file they are.
        put: Where they are written by a protocol of the connection's own, from the root; the step reads them
            back. Empty: the step writes them.
    """

    step: list[object]
    data: bytes = b""
    cost: int = 0
    path: str = ""
    put: str = ""


def carry_out(
    operations: Sequence[Operation],
    wanted: Mapping[str, Entry],
    source: Source,
    access: Access,
    *,
    top: str,
    piece: int,
    packs: bool = True,
    on_progress: Progress | None = None,
) -> None:
    """Carry out operations on a board.

    Args:
        operations: What is to be done, in this order.
        wanted: The files that are sent, by their path.
        source: What they hold.
        access: The board.
        top: The folder that all paths start from.
        piece: Bytes that a request brings at most.
        packs: Whether they may be compressed; a board needs some memory to inflate them.
        on_progress: Told after each request.

    Raises:
        BoardFileError: The board cannot do one of them; those before it are done.
        FilesError: A file on the host changed meanwhile.
        BoardFailure: The board lacks memory.
    """
    # Where less was asked for than usual, the board is short of memory.
    window = min(access.window, max(LEAST_WINDOW, piece.bit_length())) if packs else 0

    def puts(path: str) -> str:
        whole = join(top, path)
        return whole if access.puts(whole) else ""

    for load in _loads(_units(operations, wanted, source, piece, window, puts=puts), piece):
        if load[0].put:
            _put(load[0], access, top, piece)
            if on_progress:
                on_progress(load[0].path, len(load[0].data))
            continue
        data = b"".join(unit.data for unit in load)
        packed = _deflated(data, window)
        steps = [unit.step for unit in load]
        if packed is None:
            access.apply(top, steps, data, 0, len(data))
        else:
            access.apply(top, steps, packed, window, len(data))
        for unit in load:
            if on_progress and unit.path:
                on_progress(unit.path, len(unit.data))


def _units(
    operations: Sequence[Operation],
    wanted: Mapping[str, Entry],
    source: Source,
    piece: int,
    window: int,
    *,
    puts: Callable[[str], str],
) -> Iterator[_Unit]:
    """The steps for operations; no more than a file at a time is read.

    Where the connection has a protocol of its own for files, one that does not fit into a request goes by it:
    over WebREPL that is many times quicker, as the board's input need not be spared.
    """
    done_with = -1
    for at, operation in enumerate(operations):
        if at == done_with:
            continue
        if not isinstance(operation, Send):
            yield _Unit(_step(operation))
            continue
        entry = wanted[operation.path]
        assert isinstance(entry, File)
        following = operations[at + 1] if at + 1 < len(operations) else None
        in_place = following == Move(operation.to, operation.path) and operation.to == _fresh(operation.path)
        with source.open(operation.path) as file:
            data = _exactly(file, min(entry.size, MOST_WRITTEN), operation.path)
            check = crc32(data)
            cost = _cost(data, window)
            if in_place and len(data) == entry.size and cost <= piece:
                _refuse_changed(check, entry, operation.path)
                done_with = at + 1
                step: list[object] = ["s", operation.path, entry.size, entry.crc]
                yield _Unit(step, data, cost, operation.path)
                continue
            file.seek(0)
            if place := puts(operation.to):
                data = _exactly(file, entry.size, operation.path)
                _refuse_changed(crc32(data), entry, operation.path)
                check_it: list[object] = ["c", operation.to, entry.crc]
                yield _Unit(check_it, data, path=operation.path, put=place)
                continue
            left, how, check = entry.size, "w", 0
            while left or how == "w":
                data = _exactly(file, min(left, piece), operation.path)
                check = crc32(data, check)
                yield _Unit([how, operation.to, len(data)], data, _cost(data, window), operation.path)
                left, how = left - len(data), "a"
            _refuse_changed(check, entry, operation.path)
        yield _Unit(["c", operation.to, entry.crc])


def _put(unit: _Unit, access: Access, top: str, piece: int) -> None:
    """Write a file by a protocol of the connection's own and read it back; by requests if it is not whole."""
    access.put(unit.put, unit.data)
    try:
        access.apply(top, [unit.step], b"", 0, len(unit.data))
    except BoardFileError:
        for start in range(0, len(unit.data), piece):
            data = unit.data[start : start + piece]
            access.apply(top, [["a" if start else "w", unit.step[1], len(data)]], data, 0, len(data))
        access.apply(top, [unit.step], b"", 0, len(unit.data))


def _loads(units: Iterable[_Unit], piece: int) -> Iterator[list[_Unit]]:
    """Gather steps into requests."""
    most = min(MOST_STEPS, max(1, piece // STEP_ROOM))
    load: list[_Unit] = []
    cost = written = 0
    for unit in units:
        if unit.put:
            # What comes before, as the making of its folder, must be done.
            if load:
                yield load
            yield [unit]
            load, cost, written = [], 0, 0
            continue
        full = len(load) == most or cost + unit.cost > piece or written + len(unit.data) > MOST_WRITTEN
        if load and full:
            yield load
            load, cost, written = [], 0, 0
        load.append(unit)
        cost += unit.cost
        written += len(unit.data)
    if load:
        yield load


def _step(operation: MakeFolder | Move | RemoveFile | RemoveFolder | RefuseFolder) -> list[object]:
    if isinstance(operation, Move):
        return ["m", operation.path, operation.to]
    letter = {MakeFolder: "d", RemoveFile: "r", RemoveFolder: "x", RefuseFolder: "f"}[type(operation)]
    return [letter, operation.path]


def _fresh(path: str) -> str:
    """Where the board writes a whole file first."""
    return join(folder_of(path), FRESH)


def _refuse_changed(check: int, entry: File, path: str) -> None:
    if check != entry.crc:
        raise FilesError(f"{path} changed while it was sent", hint=_AGAIN)


def _exactly(file: BinaryIO, size: int, path: str) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise FilesError(f"{path} became shorter while it was sent", hint=_AGAIN)
    return data


def _cost(data: bytes, window: int) -> int:
    packed = _deflated(data, window)
    return len(data if packed is None else packed)


def _deflated(data: bytes, window: int) -> bytes | None:
    """The bytes, compressed; None where that does not pay."""
    if not window or not data:
        return None
    compressor = zlib.compressobj(9, zlib.DEFLATED, -window)
    packed = compressor.compress(data) + compressor.flush()
    return packed if len(packed) < len(data) * SAVING else None
