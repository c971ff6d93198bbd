"""How files are copied between a board and this computer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from belay.cli.fs.host import check_name, check_tree, make_folder, receive
from belay.cli.fs.places import Place
from belay.cli.fs.targets import check_source, target_of
from belay.exceptions import BelayException, FilesError
from belay.files.content import Form
from belay.files.plan import FRESH, is_ours
from belay.files.record import NAME
from belay.files.tree import File, Tree, folder_of, join
from belay.files.upload import wish_for

if TYPE_CHECKING:
    from belay.device import Device
    from belay.files.sync import Progress, Wish

Advance = Callable[[int], None]
"""Gets how many bytes of a job are done."""


class Job(NamedTuple):
    """Something to be copied.

    Attributes:
        what: From where to where.
        size: Bytes.
        run: Does it, and tells how far it is.
    """

    what: str
    size: int
    run: Callable[[Advance], None]


class Copier:
    """Finds out what is to be done, and does it.

    Args:
        device: The board.
        recursive: Whether folders are copied.
        force: Whether files of a folder are sent that the board has already.
    """

    def __init__(self, device: Device, *, recursive: bool, force: bool) -> None:
        self._device, self._files = device, device.filesystem
        self._recursive, self._force = recursive, force

    def jobs(self, sources: Sequence[Place], target: Place) -> list[Job]:
        """What is to be done; nothing is written yet.

        Raises:
            FilesError: A source is not there, is a folder that is not meant, or cannot go there.
        """
        kinds = [check_source(self._files, source, recursive=self._recursive) for source in sources]
        targets = target_of(self._files, sources, target)
        for source, to in targets:
            if to != target and source.on_board and not to.on_board:
                check_name(source.path, source.name)
        return [
            job
            for (source, to), is_folder in zip(targets, kinds, strict=True)
            for job in (self._of_folder if is_folder else self._of_file)(source, to)
        ]

    def _of_file(self, source: Place, to: Place) -> list[Job]:
        what = f"{source} -> {to}"
        if not source.on_board:
            path = Path(source.path)
            return [Job(what, path.stat().st_size, partial(self._send, path, to.whole))]
        size = self._files.stat(source.path).size
        if to.on_board:
            return [Job(what, size, partial(self._copy, source.whole, to.whole))]
        if not Path(to.path).parent.is_dir():
            raise FilesError(f"{Path(to.path).parent}: there is no such folder", hint="make it first")
        # Who names a link means what it leads to.
        return [Job(what, size, partial(self._fetch, source.whole, Path(to.path).resolve()))]

    def _of_folder(self, source: Place, to: Place) -> list[Job]:
        if not source.on_board:
            return self._to_board(source, to)
        if to.on_board and f"{to.whole}/".startswith(f"{source.whole.rstrip('/')}/"):
            raise FilesError(f"{source} cannot be copied to {to}, which lies in it")
        tree = {
            path: entry
            for path, entry in self._files.tree(source.whole).items()
            if not _is_ours(source, path)
        }
        if not to.on_board:
            check_tree(tree)
        folders = [path for path, entry in tree.items() if not isinstance(entry, File)]
        jobs = [Job(f"{source} -> {to}", 0, partial(self._make_folders, to, sorted(folders)))]
        for path, entry in sorted(tree.items()):
            if isinstance(entry, File):
                start, end = source.inside(path), to.inside(path)
                run = (
                    partial(self._copy, start.whole, end.whole)
                    if to.on_board
                    else partial(self._fetch, start.whole, Path(end.path))
                )
                jobs.append(Job(f"{start} -> {end}", entry.size, run))
        return jobs

    def _to_board(self, source: Place, to: Place) -> list[Job]:
        board, folder = self._device.implementation, Path(source.path)
        wish = wish_for([folder], board, dst=to.whole, keep=True, ignore=[], form=Form.RAW)
        # What is copied by hand is nothing that a sync may delete.
        wish = replace(wish, recorded=False)
        what = f"{source} -> {to}"
        if not self._force:
            return [Job(what, _size(wish.contents.tree), partial(self._sync, wish))]
        tree = wish.contents.tree
        folders = [path for path, entry in tree.items() if not isinstance(entry, File)]
        first = Job(what, 0, partial(self._make_folders, to, folders))
        files = {path: entry.size for path, entry in tree.items() if isinstance(entry, File)}
        return [
            first,
            *(
                Job(f"{source.inside(path)} -> {to.inside(path)}", size, partial(self._send_one, wish, path))
                for path, size in files.items()
            ),
        ]

    # --- doing it -------------------------------------------------------------------------------

    def _make_folders(self, top: Place, folders: Sequence[str], advance: Advance) -> None:
        for place in (top, *map(top.inside, folders)):
            if place.on_board:
                self._files.make_folder(place.whole, exist_ok=True)
            elif place is top:
                Path(place.path).mkdir(exist_ok=True)
            else:
                make_folder(Path(place.path))

    def _send(self, path: Path, to: str, advance: Advance) -> None:
        self._write(to, path.read_bytes(), advance)

    def _send_one(self, wish: Wish, path: str, advance: Advance) -> None:
        with wish.contents.open(path) as file:
            self._write(join(wish.top.rstrip("/"), path), file.read(), advance)

    def _write(self, to: str, data: bytes, advance: Advance) -> None:
        with self._cleaned(to):
            self._files.write(to, data, on_progress=lambda progress: advance(progress.done))

    def _copy(self, path: str, to: str, advance: Advance) -> None:
        if path == to:
            raise FilesError(f":{path} and :{to} are the same file")
        with self._cleaned(to):
            self._files.copy(path, to)

    def _fetch(self, path: str, to: Path, advance: Advance) -> None:
        def pieces() -> Iterator[bytes]:
            size = 0
            for piece in self._files.read_pieces(path):
                yield piece
                size += len(piece)
                advance(size)

        receive(pieces(), to)

    def _sync(self, wish: Wish, advance: Advance) -> None:
        def tell(progress: Progress) -> None:
            advance(progress.done)

        self._files.sync(wish, on_progress=tell)

    @contextmanager
    def _cleaned(self, to: str) -> Iterator[None]:
        """Remove what is half written when Ctrl-C stops it; if the board does not let us, the next does."""
        try:
            yield
        except KeyboardInterrupt:
            with suppress(BelayException):
                self._files.remove(join(folder_of(to), FRESH))
            raise


def _is_ours(top: Place, path: str) -> bool:
    """Whether a file is the record of what was put on this very board, or the rest of something."""
    return is_ours(path) or (top.whole == "/" and path == NAME)


def _size(tree: Tree) -> int:
    return sum(entry.size for entry in tree.values() if isinstance(entry, File))
