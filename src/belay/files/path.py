"""A board's files as :mod:`pathlib` has those of this computer."""

from __future__ import annotations

import io
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO, TYPE_CHECKING, BinaryIO, Literal, Self, TextIO, cast, overload

from belay.exceptions import BoardFileExistsError, BoardFileNotFoundError, BoardNotAFolderError
from belay.files.opened import AT_ONCE, BoardReader, BoardTextWriter, BoardWriter
from belay.files.pattern import read_pattern
from belay.files.pure import PureBoardPath
from belay.files.tree import Entry, File, Folder, folder_of

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

TextMode = Literal["r", "rt", "w", "wt", "a", "at", "x", "xt"]
BinaryMode = Literal["rb", "wb", "ab", "xb"]


@dataclass(frozen=True)
class BoardStat:
    """What a board says of a file or folder.

    Attributes:
        st_mode: Its kind, as :mod:`stat` reads it; boards have no permissions.
        st_size: Bytes of a file; 0 for a folder.
        st_mtime: When it was last changed, in seconds since 1970 by the board's clock; 0 if it does not know.
            What the board counts is converted: many count from 2000. Few boards know the time after a start,
            and their clocks know no time zone.
    """

    st_mode: int
    st_size: int
    st_mtime: float


class BoardPath(PureBoardPath):
    """A file or folder of a board, to be used as a :class:`pathlib.Path`.

    Every method below asks the board, so it raises ConnectionLost and BoardTimeoutError as a call does, and
    what the board says of its files as a :class:`~belay.exceptions.BoardFileError`, which is a
    :class:`FileNotFoundError` and so on too. Nothing is remembered: each question is asked again. What is in
    folders is found out by one look, however deep they are.
    """

    __slots__ = ()

    # --- what is there --------------------------------------------------------------------------

    def stat(self) -> BoardStat:
        """What the board says of it.

        Raises:
            BoardFileNotFoundError: There is nothing.
        """
        found = self._filesystem.stat(str(self))
        kind = stat.S_IFDIR | 0o777 if found.is_folder else stat.S_IFREG | 0o666
        return BoardStat(kind, found.size, found.changed)

    def exists(self) -> bool:
        """Whether there is a file or folder."""
        return self._filesystem.exists(str(self))

    def is_file(self) -> bool:
        """Whether it is a file."""
        return self._is(folder=False)

    def is_dir(self) -> bool:
        """Whether it is a folder."""
        return self._is(folder=True)

    def size(self) -> int:
        """The bytes of a file, or of all files in a folder.

        Raises:
            BoardFileNotFoundError: There is nothing.
        """
        if not self.is_dir():
            return self.stat().st_size
        return sum(entry.size for entry in self._look().values() if isinstance(entry, File))

    def sha256(self) -> str:
        """The SHA-256 of a file, in hexadecimal; computed on the board.

        Raises:
            BoardFileNotFoundError: There is no such file.
            BoardIsAFolderError: It is a folder.
        """
        return self._filesystem.hash(str(self), "sha256")

    # --- what is in a folder --------------------------------------------------------------------

    def iterdir(self) -> Iterator[Self]:
        """What is in the folder, by name; the board is asked at once.

        Raises:
            BoardFileNotFoundError: There is none.
            BoardNotAFolderError: It is a file.
        """
        return iter([self / name for name in sorted(self._look(deep=False))])

    def glob(self, pattern: str) -> Iterator[Self]:
        """What is in the folder and fits a pattern, by path.

        Args:
            pattern: As ``*.py`` or ``lib/**/*.mpy``. ``*`` and ``?`` stand for any text and any letter of a
                name, ``[ab]`` for one of these letters, and ``**`` for any number of names, also none. With
                a ``/`` at its end it stands for folders only.

        Returns:
            An iterator; the board is asked at once.

        Raises:
            ValueError: The pattern is empty.
            NotImplementedError: It starts with ``/`` or goes up.
        """
        wanted = read_pattern(pattern)
        start = self.joinpath(*wanted.start)
        try:
            tree = start._look(deep=wanted.deep)
        except (BoardFileNotFoundError, BoardNotAFolderError):
            return iter(())
        if wanted.rest[0] == "**":
            tree[""] = Folder()
        found = [
            path
            for path, entry in tree.items()
            if wanted.fits(path) and not (wanted.folders_only and isinstance(entry, File))
        ]
        return iter([start / path for path in sorted(found, key=lambda path: path.split("/"))])

    def rglob(self, pattern: str) -> Iterator[Self]:
        """The same at any depth: :meth:`glob` with ``**/`` before the pattern.

        Args:
            pattern: As for :meth:`glob`.

        Raises:
            NotImplementedError: The pattern starts with ``/`` or goes up.
        """
        if pattern.startswith("/"):
            read_pattern(pattern)
        return self.glob(f"**/{pattern}")

    def walk(self, top_down: bool = True) -> Iterator[tuple[Self, list[str], list[str]]]:
        """Each folder from here on, with the names of the folders and of the files in it.

        The board is asked at once, once for all.

        Args:
            top_down: Whether a folder comes before those in it; the caller may then take names of folders out
                of the list, and they are left out.

        Raises:
            BoardFileNotFoundError: There is none.
            BoardNotAFolderError: It is a file.
        """
        inside: dict[str, tuple[list[str], list[str]]] = {"": ([], [])}
        tree = self._look()
        for path in sorted(tree):
            is_file = isinstance(tree[path], File)
            inside[folder_of(path)][is_file].append(path.rpartition("/")[2])
            if not is_file:
                inside[path] = ([], [])
        return self._walk(inside, "", top_down)

    def _walk(
        self, inside: dict[str, tuple[list[str], list[str]]], path: str, top_down: bool
    ) -> Iterator[tuple[Self, list[str], list[str]]]:
        folders, files = inside[path]
        here = self / path
        if top_down:
            yield here, folders, files
        for name in list(folders):
            yield from self._walk(inside, f"{path}/{name}" if path else name, top_down)
        if not top_down:
            yield here, folders, files

    # --- reading and writing --------------------------------------------------------------------

    def read_bytes(self) -> bytes:
        """What a file holds.

        Raises:
            BoardFileNotFoundError: There is no such file.
            BoardIsAFolderError: It is a folder.
        """
        return self._filesystem.read(str(self))

    def read_text(self, encoding: str = "utf-8", errors: str = "strict", newline: str | None = None) -> str:
        r"""What a file holds, as text.

        Args:
            encoding: Of the file.
            errors: What becomes of bytes that are none of it.
            newline: None: each ``\r\n`` and ``\r`` becomes ``\n``; other values as for :func:`open`.

        Raises:
            BoardFileNotFoundError: There is no such file.
            BoardIsAFolderError: It is a folder.
            UnicodeDecodeError: It is no such text.
        """
        return io.TextIOWrapper(io.BytesIO(self.read_bytes()), encoding, errors, newline).read()

    def write_bytes(self, data: ReadableBuffer) -> int:
        """Write a file; what was there stays whole until the new content is on the board.

        Args:
            data: The new content.

        Returns:
            How many bytes.

        Raises:
            BoardFileNotFoundError: The folder that it is in is not there.
            BoardIsAFolderError: There is a folder of this name.
            NoRoomError: The board is full.
            ReadOnlyBoardError: It cannot be written.
        """
        content = bytes(memoryview(data).cast("B"))
        self._filesystem.write(str(self), content)
        return len(content)

    def write_text(
        self, data: str, encoding: str = "utf-8", errors: str = "strict", newline: str | None = None
    ) -> int:
        r"""Write a text, likewise.

        Args:
            data: The text.
            encoding: Of the file.
            errors: What becomes of characters that it does not have.
            newline: What each ``\n`` becomes; None leaves it, on whatever system this is.

        Returns:
            How many characters.

        Raises:
            BoardFileNotFoundError: The folder that it is in is not there.
            BoardIsAFolderError: There is a folder of this name.
            NoRoomError: The board is full.
            ReadOnlyBoardError: It cannot be written.
        """
        held = io.BytesIO()
        with io.TextIOWrapper(held, encoding, errors, newline or "") as text:
            text.write(data)
            text.flush()
            self.write_bytes(held.getvalue())
        return len(data)

    @overload
    def open(
        self,
        mode: TextMode = "r",
        *,
        encoding: str = "utf-8",
        errors: str = "strict",
        newline: str | None = None,
    ) -> TextIO: ...

    @overload
    def open(self, mode: BinaryMode) -> BinaryIO: ...

    @overload
    def open(
        self, mode: str, *, encoding: str = "utf-8", errors: str = "strict", newline: str | None = None
    ) -> IO[str] | IO[bytes]: ...

    def open(
        self,
        mode: str = "r",
        *,
        encoding: str = "utf-8",
        errors: str = "strict",
        newline: str | None = None,
    ) -> IO[str] | IO[bytes]:
        r"""Open a file.

        What is read comes in pieces, as it is needed. What is written is collected here, and goes to the
        board when the file is closed: whole, or not at all. If a ``with`` block ends by an exception, or the
        file is never closed, nothing is written.

        Args:
            mode: ``r``, ``w``, ``a`` or ``x``, with ``b`` for bytes; nothing can be both read and written.
            encoding: Of a text.
            errors: What becomes of what is none of it.
            newline: As for :meth:`read_text` and :meth:`write_text`.

        Returns:
            A file of text, or of bytes if the mode has a ``b``; a context manager.

        Raises:
            BoardFileNotFoundError: There is no such file, or no such folder to write into.
            BoardFileExistsError: It is there, and the mode is ``x``.
            BoardIsAFolderError: It is a folder.
            ValueError: There is no such mode.
        """
        kind = mode.replace("b", "", 1).replace("t", "", 1)
        if kind not in ("r", "w", "a", "x") or len(mode) > 2:
            raise ValueError(f"mode cannot be {mode!r}; a file of a board is either read or written")
        if kind == "r":
            binary = io.BufferedReader(BoardReader(self._filesystem, str(self)), AT_ONCE)
            return binary if "b" in mode else io.TextIOWrapper(binary, encoding, errors, newline)
        writer = self._writer(kind)
        if "b" in mode:
            return cast("BinaryIO", writer)
        return BoardTextWriter(writer, encoding, errors, newline or "")

    def touch(self, exist_ok: bool = True) -> None:
        """Make an empty file, where there is none; one that is there stays as it is.

        Args:
            exist_ok: Whether it may be there.

        Raises:
            BoardFileNotFoundError: The folder that it is in is not there.
            BoardFileExistsError: It is there, and may not.
        """
        self._filesystem.touch(str(self), exist_ok=exist_ok)

    # --- changing folders -----------------------------------------------------------------------

    def mkdir(self, parents: bool = False, exist_ok: bool = False) -> None:
        """Make a folder.

        Args:
            parents: Whether to make those above it too.
            exist_ok: Whether there may be such a folder.

        Raises:
            BoardFileExistsError: There is something of this name.
            BoardFileNotFoundError: The folder above is not there.
        """
        self._filesystem.make_folder(str(self), parents=parents, exist_ok=exist_ok)

    def rmdir(self) -> None:
        """Remove an empty folder.

        Raises:
            BoardFileNotFoundError: There is none.
            BoardNotAFolderError: It is a file.
            BoardFolderNotEmptyError: It holds something.
        """
        self._filesystem.remove_folder(str(self))

    def remove_tree(self) -> None:
        """Remove a folder with all that is in it. The top stays, with what is mounted there, as ``/sd``.

        Raises:
            BoardFileNotFoundError: There is none.
            BoardNotAFolderError: It is a file.
        """
        self._filesystem.remove_folder(str(self), recursive=True)

    def unlink(self, missing_ok: bool = False) -> None:
        """Remove a file.

        Args:
            missing_ok: Whether there may be none.

        Raises:
            BoardFileNotFoundError: There is none.
            BoardIsAFolderError: It is a folder.
        """
        try:
            self._filesystem.remove(str(self))
        except BoardFileNotFoundError:
            if not missing_ok:
                raise

    def rename(self, target: str | PurePath | PureBoardPath) -> Self:
        """Rename or move a file or folder; nothing may be there.

        Args:
            target: Its new path, from the top.

        Returns:
            The new path.

        Raises:
            BoardFileNotFoundError: There is nothing to be renamed, or no folder for it.
            BoardFileExistsError: There is something at the new path.
            ValueError: That is on another board.
        """
        to = self._at(self._above(target))
        self._filesystem.rename(str(self), str(to))
        return to

    def replace(self, target: str | PurePath | PureBoardPath) -> Self:
        """Rename or move a file or folder, over a file that may be there.

        Args:
            target: Its new path, from the top.

        Returns:
            The new path.

        Raises:
            BoardFileNotFoundError: There is nothing to be renamed, or no folder for it.
            BoardFileExistsError: There is a folder at the new path, or a folder is to replace a file.
            ValueError: That is on another board.
        """
        to = self._at(self._above(target))
        self._filesystem.rename(str(self), str(to), replace=True)
        return to

    def copy(self, target: str | PurePath | PureBoardPath) -> Self:
        """Copy a file on the board, over a file that may be there; its content does not come here.

        Args:
            target: The path of the copy, from the top.

        Returns:
            That path.

        Raises:
            BoardFileNotFoundError: There is no such file, or no folder for the copy.
            BoardIsAFolderError: One of them is a folder.
            NoRoomError: The board is full.
            ValueError: The other path is on another board.
        """
        to = self._at(self._above(target))
        self._filesystem.copy(str(self), str(to))
        return to

    # --------------------------------------------------------------------------------------------

    def _is(self, *, folder: bool) -> bool:
        found = self._filesystem.find(str(self))
        return found is not None and found.is_folder == folder

    def _look(self, *, deep: bool = True) -> dict[str, Entry]:
        return self._filesystem.tree(str(self), deep=deep)

    def _writer(self, kind: str) -> BoardWriter:
        files, path = self._filesystem, str(self)
        there = files.check_place(path)
        if kind == "x" and there:
            raise BoardFileExistsError(f"{path}: there is a file of this name on the board", path)
        begin = files.read(path) if kind == "a" and there else b""
        return BoardWriter(
            path,
            lambda data: files.write(path, data, replace=kind != "x"),
            begin=begin,
            append=kind == "a",
        )
