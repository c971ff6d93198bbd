"""The board's files for all that opens files by fsspec_, as pandas does: the protocol ``belay``.

.. _fsspec: https://filesystem-spec.readthedocs.io

It needs the extra ``belay[fsspec]``, and fsspec finds it by itself.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from fsspec import AbstractFileSystem
from fsspec.callbacks import DEFAULT_CALLBACK, Callback
from fsspec.utils import stringify_path

from belay.device import Device
from belay.exceptions import (
    BoardFileExistsError,
    BoardFileNotFoundError,
    BoardIsAFolderError,
    BoardNotAFolderError,
)
from belay.files.buffered import BoardFile
from belay.files.filesystem import Filesystem
from belay.files.infos import Info, Inside, entry_info, info, walk
from belay.files.names import absolute
from belay.files.opened import AT_ONCE, BoardTextWriter

FSSPEC_OPTIONS = {
    "asynchronous",
    "loop",
    "batch_size",
    "use_listings_cache",
    "listings_expiry_time",
    "max_paths",
}
"""Options that are for fsspec and not for a device."""


class BelayFileSystem(AbstractFileSystem):  # type: ignore[misc]
    """The files of a board.

    Paths are ``/data/log.csv``, or ``belay:///data/log.csv`` where a URL is wanted; two slashes mean the
    same. Nothing is remembered between two calls: what a program on the board writes is seen at once.

    Args:
        device: The board's device; it stays open.
        address: Where the board is, as for :class:`belay.Device`. That device is closed by :meth:`close`, or
            when nobody has this object any more. None without a device: the board that ``BELAY_DEVICE``
            names, or the only one on USB.
        options: More for :class:`belay.Device`.

    Raises:
        ConnectionFailedError: There is no such board.
        ValueError: Both a device and an address are given.
    """

    protocol = "belay"
    root_marker = "/"
    # An instance of another time may have another device, or one that is closed.
    cachable = False

    def __init__(self, device: Device | None = None, address: str | None = None, **options: Any) -> None:
        if device is not None and address is not None:
            raise ValueError("a device and an address: only one of them can tell the board")
        super().__init__(device=device, address=address, **options)
        self._close = None
        if device is None:
            wanted = {name: options[name] for name in options if name not in FSSPEC_OPTIONS}
            device = Device(address, **wanted)
            self._close = weakref.finalize(self, device.close)
        self.device = device

    def close(self) -> None:
        """Close the device that was made for this; one that was given stays open."""
        if self._close:
            self._close()

    @property
    def fsid(self) -> str:
        """What tells this file system from others."""
        return f"belay-{self.device.address}"

    # --- looking --------------------------------------------------------------------------------

    def info(self, path: str, **_: Any) -> Info:
        """What the board says of a file or folder.

        Args:
            path: The path of the file or folder.

        Returns:
            ``name``, ``size``, ``type`` (``file`` or ``directory``) and ``mtime``: seconds since 1970, or 0.

        Raises:
            BoardFileNotFoundError: There is nothing.
        """
        place = self._strip_protocol(path)
        found = self._files.stat(place)
        return {**info(place, is_folder=found.is_folder, size=found.size), "mtime": found.changed}

    def exists(self, path: str, **_: Any) -> bool:
        """Whether there is a file or folder; that the board is gone is no answer to that, but an error.

        Args:
            path: The path of the file or folder.
        """
        return self._files.exists(self._strip_protocol(path))

    def ls(self, path: str, detail: bool = True, **_: Any) -> list[Any]:
        """What is in a folder, or a file itself.

        Args:
            path: Which.
            detail: Whether more is wanted than the paths.

        Returns:
            Of each, what :meth:`info` says, or its path.

        Raises:
            BoardFileNotFoundError: There is nothing.
        """
        found = self._listed(self._strip_protocol(path), deep=False)
        return found if detail else [info["name"] for info in found]

    def walk(
        self,
        path: str,
        maxdepth: int | None = None,
        topdown: bool = True,
        on_error: str | Callable[[OSError], object] = "omit",
        **more: Any,
    ) -> Iterator[tuple[str, Any, Any]]:
        """Each folder with what is in it; the board is asked once for all.

        Args:
            path: The first folder.
            maxdepth: How many folders deep; None for all.
            topdown: Whether a folder comes before those in it; the caller may then take some of them away,
                and they are left out.
            on_error: What becomes of a folder that is not there: ``omit``, ``raise`` or a function.
            more: ``detail``: whether more is wanted than the names.

        Raises:
            ValueError: ``maxdepth`` is less than 1.
            BoardFileNotFoundError: There is no such folder, and ``on_error`` is ``raise``.
        """
        if maxdepth is not None and maxdepth < 1:
            raise ValueError("maxdepth must be at least 1")
        top = self._strip_protocol(path)
        inside: dict[str, Inside] = {top: Inside()}
        try:
            for info in self._listed(top, deep=maxdepth != 1):
                inside[self._parent(info["name"]) if info["name"] != top else top].add(info, top)
                if info["type"] == "directory":
                    inside[info["name"]] = Inside()
        except OSError as error:
            if on_error == "raise":
                raise
            if callable(on_error):
                on_error(error)
            return
        yield from walk(inside, top, maxdepth, topdown=topdown, detail=more.get("detail", False))

    def du(
        self, path: str, total: bool = True, maxdepth: int | None = None, withdirs: bool = False, **_: Any
    ) -> int | dict[str, int]:
        """The bytes of the files below a path, together or by path; by one look.

        Args:
            path: A folder or a file.
            total: Whether they are summed up.
            maxdepth: How many folders deep; None for all.
            withdirs: Whether folders are named too.
        """
        found = self.find(path, maxdepth=maxdepth, withdirs=withdirs, detail=True)
        sizes = {name: info["size"] for name, info in found.items()}
        return sum(sizes.values()) if total else sizes

    def created(self, path: str) -> datetime:
        """No board knows.

        Args:
            path: The path of the file or folder.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError("boards do not know when a file was made; see modified()")

    def modified(self, path: str) -> datetime:
        """When a file was last changed, by the board's clock.

        Args:
            path: The path of the file or folder.

        Raises:
            BoardFileNotFoundError: There is nothing.
            NotImplementedError: The board does not know.
        """
        seconds = self.info(path)["mtime"]
        if not seconds:
            raise NotImplementedError(f"the board does not know when {path} was changed")
        return datetime.fromtimestamp(seconds, tz=UTC)

    # --- reading --------------------------------------------------------------------------------

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **_: Any) -> bytes:
        """The bytes of a file.

        Args:
            path: Which.
            start: The first byte; one that is negative counts from the end.
            end: The byte behind the last one, likewise.

        Raises:
            BoardFileNotFoundError: There is no such file.
            BoardIsAFolderError: It is a folder.
        """
        place = self._strip_protocol(path)
        if (start or 0) < 0 or (end or 0) < 0:
            start, end, _step = slice(start, end).indices(self._files.size(place))
        first = start or 0
        return self._files.read(place, first, None if end is None else max(0, end - first))

    def get_file(
        self,
        rpath: str,
        lpath: Any = None,
        callback: Callback = DEFAULT_CALLBACK,
        outfile: IO[bytes] | None = None,
        **_: Any,
    ) -> None:
        """Copy a file from the board to this computer.

        Args:
            rpath: Which; a folder is made here, empty.
            lpath: The file here, or one that is open.
            callback: Told how far it is.
            outfile: A file that is open.

        Raises:
            BoardFileNotFoundError: There is no such file.
        """
        place = self._strip_protocol(rpath)
        found = self._files.stat(place)
        to: Any = outfile or lpath
        if hasattr(to, "write"):
            self._get(place, found.size, to, callback)
        elif found.is_folder:
            Path(to).mkdir(parents=True, exist_ok=True)
        else:
            Path(to).parent.mkdir(parents=True, exist_ok=True)
            with Path(to).open("wb") as file:
                self._get(place, found.size, file, callback)

    def _get(self, place: str, size: int, to: IO[bytes], callback: Callback) -> None:
        callback.set_size(size)
        for piece in self._files.read_pieces(place):
            to.write(piece)
            callback.relative_update(len(piece))

    # --- writing --------------------------------------------------------------------------------

    def open(self, path: str, mode: str = "rb", *args: Any, **options: Any) -> Any:
        """Open a file; see :meth:`belay.files.path.BoardPath.open`.

        What is written goes to the board when the file is closed. If a ``with`` block ends by an exception,
        nothing is written; but what :func:`fsspec.open` opens is not told of the exception.

        Args:
            path: Which.
            mode: ``r``, ``w``, ``a`` or ``x``, with ``b`` for bytes.
            args: As fsspec has them.
            options: As fsspec has them; for text ``encoding`` (UTF-8), ``errors`` and ``newline``.

        Returns:
            A file; a context manager.

        Raises:
            BoardFileNotFoundError: There is no such file, or no such folder to write into.
            BoardFileExistsError: It is there, and the mode is ``x``.
            BoardIsAFolderError: It is a folder.
        """
        if "b" in mode or "r" in mode or options.get("compression"):
            return super().open(path, mode, *args, **options)
        encoding, errors = options.pop("encoding", None), options.pop("errors", None)
        newline = options.pop("newline", None)
        file = super().open(path, mode.replace("t", "") + "b", *args, **options)
        return BoardTextWriter(file, encoding or "utf-8", errors or "strict", newline or "")

    def _open(
        self,
        path: str,
        mode: str = "rb",
        block_size: int | None = None,
        autocommit: bool = True,
        cache_options: dict[str, Any] | None = None,
        **more: Any,
    ) -> BoardFile:
        begin = 0
        if mode == "rb":
            more.setdefault("size", self._files.size(path))
        elif self._files.check_place(path):
            if mode == "xb":
                raise BoardFileExistsError(f"{path}: there is a file of this name on the board", path)
            begin = self._files.size(path) if mode == "ab" else 0
        file = BoardFile(
            self, path, mode, block_size or AT_ONCE, autocommit, cache_options=cache_options, **more
        )
        file.loc = begin
        return file

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **_: Any) -> None:
        """Write a file; what was there stays whole until the new content is on the board.

        Args:
            path: Which.
            value: What it is to hold.
            mode: ``overwrite``, or ``create`` where there may be none.

        Raises:
            BoardFileNotFoundError: The folder is not there.
            BoardFileExistsError: It is there, and may not.
            NoRoomError: The board is full.
        """
        self._files.write(self._strip_protocol(path), bytes(value), replace=mode != "create")

    def put_file(
        self,
        lpath: str | os.PathLike[str],
        rpath: str,
        callback: Callback = DEFAULT_CALLBACK,
        mode: str = "overwrite",
        **_: Any,
    ) -> None:
        """Copy a file from this computer to the board.

        Args:
            lpath: Which; of a folder only itself is made.
            rpath: The file on the board; the folders above it are made.
            callback: Told how far it is.
            mode: ``overwrite``, or ``create`` where there may be none.

        Raises:
            FileNotFoundError: There is no such file here.
            BoardFileExistsError: It is there, and may not.
            NoRoomError: The board is full.
        """
        place, source = self._strip_protocol(rpath), Path(lpath)
        if source.is_dir():
            self.makedirs(place, exist_ok=True)
            return
        data = source.read_bytes()
        callback.set_size(len(data))
        self.makedirs(self._parent(place), exist_ok=True)
        self._files.write(
            place,
            data,
            replace=mode != "create",
            on_progress=lambda progress: callback.absolute_update(progress.done),
        )

    def touch(self, path: str, truncate: bool = True, **_: Any) -> None:
        """Make an empty file.

        Args:
            path: Which.
            truncate: Whether one that is there becomes empty; else it stays as it is.

        Raises:
            BoardFileNotFoundError: The folder is not there.
        """
        place = self._strip_protocol(path)
        if truncate:
            self._files.write(place, b"")
        else:
            self._files.touch(place)

    # --- names ----------------------------------------------------------------------------------

    def mkdir(self, path: str, create_parents: bool = True, **_: Any) -> None:
        """Make a folder, and those above it.

        Args:
            path: The folder's.
            create_parents: Whether those above it are made, too.

        Raises:
            BoardFileExistsError: There is something of this name.
        """
        self._files.make_folder(self._strip_protocol(path), parents=create_parents)

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        """Make a folder, and those above it.

        Args:
            path: Which.
            exist_ok: Whether it may be there.

        Raises:
            BoardFileExistsError: There is something of this name.
        """
        self._files.make_folder(self._strip_protocol(path), parents=True, exist_ok=exist_ok)

    def rmdir(self, path: str) -> None:
        """Remove an empty folder.

        Args:
            path: The path of the file or folder.

        Raises:
            BoardFolderNotEmptyError: It holds something.
        """
        self._files.remove_folder(self._strip_protocol(path))

    def rm_file(self, path: str) -> None:
        """Remove a file, or an empty folder.

        Args:
            path: The path of the file or folder.

        Raises:
            BoardFileNotFoundError: There is none.
        """
        self._remove(self._strip_protocol(path), recursive=False)

    def rm(self, path: str | list[str], recursive: bool = False, maxdepth: int | None = None) -> None:
        """Remove files, and folders with all that is in them.

        Args:
            path: Which; patterns may be among them.
            recursive: Whether folders are removed too.
            maxdepth: How many folders deep; None for all.

        Raises:
            BoardFileNotFoundError: There is none.
            BoardIsAFolderError: It is a folder.
        """
        if maxdepth is not None:
            super().rm(path, recursive=recursive, maxdepth=maxdepth)
            return
        for each in [path] if isinstance(path, str) else path:
            place = self._strip_protocol(each)
            found = [place] if self.exists(place) else self.glob(place)
            if not found:
                raise BoardFileNotFoundError(f"{place}: there is no such file or folder on the board", place)
            for one in found:
                if not recursive and self.isdir(one):
                    raise BoardIsAFolderError(f"{one}: it is a folder on the board", one)
                self._remove(one, recursive=True)

    def cp_file(self, path1: str, path2: str, **_: Any) -> None:
        """Copy a file on the board, without bringing it here; of a folder only itself is made.

        Args:
            path1: What is copied.
            path2: The path of the copy.

        Raises:
            BoardFileNotFoundError: There is none.
            NoRoomError: The board is full.
        """
        place, to = self._strip_protocol(path1), self._strip_protocol(path2)
        if self.isdir(place):
            self.makedirs(to, exist_ok=True)
        else:
            self._files.copy(place, to)

    def mv(self, path1: str, path2: str, *_: Any, **__: Any) -> None:
        """Move a file or folder on the board, over a file that may be there; into a folder that is there.

        Args:
            path1: Which; a folder with all that is in it.
            path2: Where to.

        Raises:
            BoardFileNotFoundError: There is none.
            BoardFileExistsError: There is a folder of this name in the folder.
        """
        place, to = self._strip_protocol(path1), self._strip_protocol(path2)
        if place != to and self.isdir(to):
            to = absolute(f"{to}/{place.rpartition('/')[2]}")
        self._files.rename(place, to, replace=True)

    # --------------------------------------------------------------------------------------------

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        if isinstance(path, list):
            return [cls._strip_protocol(each) for each in path]
        return absolute(stringify_path(path).removeprefix(f"{cls.protocol}://"))

    @property
    def _files(self) -> Filesystem:
        return self.device.filesystem

    def _listed(self, place: str, *, deep: bool) -> list[Info]:
        """What is in a folder, each folder before what is in it; or a file itself."""
        try:
            found = self._files.tree(place, deep=deep)
        except BoardNotAFolderError:
            return [self.info(place)]
        return [entry_info(absolute(f"{place}/{path}"), found[path]) for path in sorted(found)]

    def _remove(self, place: str, *, recursive: bool) -> None:
        if self._files.stat(place).is_folder:
            self._files.remove_folder(place, recursive=recursive)
        else:
            self._files.remove(place)
