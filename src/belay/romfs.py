"""ROMFS images: folders and files that a board reads where they lie in its flash, without a copy.

Source of the format: the head of ``extmod/vfs_rom.c`` in MicroPython, and
https://docs.micropython.org/en/latest/reference/romfs.html. An image is a record, and records have records
in them: a kind and a length, both as numbers of 7 bits a byte with the highest first, and so many bytes. A
number may begin with bytes ``0x80``, which mean nothing.

What is not in the format and is done here all the same: contents begin at multiples of 4, counted from the
image's beginning, and the first record is a comment that holds the CRC-32 of all other bytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count

from belay.exceptions import ImageError

MAGIC = b"\xd2\xcd\x31"
"""The kind of an image's record, 0x14a6b1, as it is written."""
ALIGNMENT = 4
"""Bytes. An image is at the beginning of a page of flash, so what is aligned in it is aligned there."""
MAX_SIZE = 1 << 30
MAX_NAME = 255
MAX_DEPTH = 32

_UNUSED, _COMMENT, _DATA, _POINTER, _FOLDER, _FILE = range(6)
_CHECKSUM = b"crc32"
_DIGITS = 4
_COMMENT_HEAD = bytes([_COMMENT, len(_CHECKSUM) + _DIGITS]) + _CHECKSUM
_FILLER = b"\x80"
"""In front of any number: it makes a record one byte longer, which a comment cannot."""

_Tree = dict[bytes, "bytes | _Tree"]


# --- writing ---------------------------------------------------------------------------------------


def write_image(files: Mapping[str, bytes], *, alignment: int = ALIGNMENT) -> bytes:
    """Make an image of files; the same files give the same bytes.

    Args:
        files: Contents by path, relative and with ``/``.
        alignment: The contents begin at multiples of so many bytes.

    Raises:
        ImageError: A path is none, or is a file and a folder.
    """
    tree = _tree(files)
    # A folder's length is as wide a number as that of the whole image: so what is put in front of a content
    # shifts nothing that was placed before.
    for width in count(1):
        image = _image(tree, _Writer(width, alignment))
        if image is not None:
            return image
    raise AssertionError("no length is that wide")  # pragma: no cover


def _image(tree: _Tree, writer: _Writer) -> bytes | None:
    """The image; None if its length is a wider number."""
    before = len(MAGIC) + writer.width + len(_COMMENT_HEAD)
    body = writer.folder(tree, before + _DIGITS)
    if (before + len(body)) % 2:
        body += _FILLER + bytes([_COMMENT, 0])
    length = _number(len(_COMMENT_HEAD) + _DIGITS + len(body), writer.width)
    head = MAGIC + length + _COMMENT_HEAD
    whole = head + zlib.crc32(head + body).to_bytes(_DIGITS, "big") + body
    return whole if len(length) == writer.width else None


@dataclass(frozen=True)
class _Writer:
    """Writes records whose place in the image is known.

    Attributes:
        width: Bytes of the number of a folder's length.
        alignment: As in :func:`write_image`.
    """

    width: int
    alignment: int

    def folder(self, tree: _Tree, start: int) -> bytes:
        """What is in a folder, which begins at ``start``."""
        found = bytearray()
        for name, entry in sorted(tree.items()):
            place = start + len(found)
            found += (
                self.file(name, entry, place) if isinstance(entry, bytes) else self.below(name, entry, place)
            )
        return bytes(found)

    def below(self, name: bytes, tree: _Tree, start: int) -> bytes:
        named = _number(len(name)) + name
        inside = named + self.folder(tree, start + 1 + self.width + len(named))
        return bytes([_FOLDER]) + _number(len(inside), self.width) + inside

    def file(self, name: bytes, content: bytes, start: int) -> bytes:
        before = _number(len(name)) + name + bytes([_DATA]) + _number(len(content))
        head = bytes([_FILE]) + _number(len(before) + len(content)) + before
        return _padding(-(start + len(head)) % self.alignment) + head + content


def _padding(size: int) -> bytes:
    if size < 2:
        return _FILLER * size
    width = len(_number(size))
    return bytes([_COMMENT]) + _number(size - 1 - width, width) + bytes(size - 1 - width)


def _number(value: int, width: int = 1) -> bytes:
    found = [value & 0x7F]
    while value := value >> 7:
        found.append(value & 0x7F | 0x80)
    return _FILLER * (width - len(found)) + bytes(reversed(found))


def _tree(files: Mapping[str, bytes]) -> _Tree:
    top: _Tree = {}
    for path, content in files.items():
        *folders, name = _parts(path)
        inside = top
        for folder in folders:
            below = inside.setdefault(folder, {})
            if isinstance(below, bytes):
                raise ImageError(f"{path!r}: one of its folders is to be a file, too")
            inside = below
        if name in inside:
            raise ImageError(f"{path!r} is to be a file and a folder")
        inside[name] = content
    return top


def _parts(path: str) -> list[bytes]:
    try:
        parts = [part.encode() for part in path.split("/")]
    except UnicodeEncodeError as error:
        raise ImageError(f"{path!r} cannot be written in UTF-8") from error
    for part in parts:
        if why := _why_no_name(part):
            raise ImageError(f"{path!r} {why}")
    if len(parts) > MAX_DEPTH:
        raise ImageError(f"{path!r} is deeper than {MAX_DEPTH} folders")
    return parts


def _why_no_name(name: bytes) -> str:
    if name in {b"", b".", b".."}:
        return "has a name that is empty or dots"
    if b"/" in name or b"\0" in name:
        return "has a name with a sign that no name can have"
    return f"has a name of more than {MAX_NAME} bytes" if len(name) > MAX_NAME else ""


# --- reading ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stored:
    """A file of an image.

    Attributes:
        offset: Where its content begins, counted from the image's beginning.
        size: In bytes.
    """

    offset: int
    size: int


@dataclass(frozen=True)
class Image:
    """An image that was read.

    Attributes:
        size: Its bytes; behind them may be more, of the flash that it is in.
        files: By path, in the image's order.
        folders: The paths of the folders.
        is_checked: Whether it has a checksum, which fits; the format has none.
    """

    size: int
    files: Mapping[str, Stored]
    folders: tuple[str, ...]
    is_checked: bool
    _data: bytes

    def read(self, path: str) -> bytes:
        """What is in a file.

        Raises:
            KeyError: There is no such file.
        """
        file = self.files[path]
        return self._data[file.offset : file.offset + file.size]


def image_size(beginning: bytes) -> int | None:
    """How many bytes an image has, by its first 16; None if it is none.

    What is erased, or holds something else, is no image.
    """
    if not beginning.startswith(MAGIC):
        return None
    try:
        length, start = _Reader(beginning).number(len(MAGIC), len(beginning))
    except ImageError:
        return None
    return start + length


def read_image(data: bytes) -> Image:
    """Read an image.

    Args:
        data: It, and whatever comes behind it.

    Raises:
        ImageError: It is none, or it is damaged: cut short, or not what its checksum says, or with records
            that reach out of the record that they are in.
    """
    if not data.startswith(MAGIC):
        raise ImageError("is no ROMFS image")
    reader = _Reader(data)
    length, start = reader.number(len(MAGIC), min(len(data), len(MAGIC) + 16))
    end = start + length
    if end > len(data):
        raise ImageError(f"is damaged: it has {len(data)} bytes of {end}")
    reader.payload = start, end
    reader.folder("", start, end, 0)
    is_checked = _is_checked(data, start, end)
    return Image(end, reader.files, tuple(reader.folders), is_checked, bytes(data[:end]))


def _is_checked(data: bytes, start: int, end: int) -> bool:
    """Whether an image has a checksum; if it does, it fits.

    Raises:
        ImageError: It does not.
    """
    # Not only where it has to be: what is damaged may be the length before it.
    if _CHECKSUM not in data[: start + len(_COMMENT_HEAD) + 1]:
        return False
    at = start + len(_COMMENT_HEAD)
    rest = zlib.crc32(data[at + _DIGITS : end], zlib.crc32(data[:at]))
    if data[start:at] != _COMMENT_HEAD or data[at : at + _DIGITS] != rest.to_bytes(_DIGITS, "big"):
        raise ImageError("is damaged: its content is not what its checksum says")
    return True


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.payload = 0, 0
        self.files: dict[str, Stored] = {}
        self.folders: list[str] = []

    def number(self, at: int, end: int) -> tuple[int, int]:
        """A number, and where it ends."""
        value = 0
        while at < end and value <= MAX_SIZE:
            byte = self.data[at]
            value, at = value << 7 | byte & 0x7F, at + 1
            if not byte & 0x80:
                return value, at
        raise ImageError(f"is damaged: there is no number at byte {at}")

    def records(self, at: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Kind, beginning and end of each record."""
        while at < end:
            kind, at = self.number(at, end)
            length, at = self.number(at, end)
            if kind == _UNUSED or length > end - at:
                raise ImageError(f"is damaged: there is no record at byte {at}")
            yield kind, at, at + length
            at += length

    def folder(self, path: str, at: int, end: int, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise ImageError(f"is deeper than {MAX_DEPTH} folders")
        for kind, start, stop in self.records(at, end):
            if kind not in (_FOLDER, _FILE):
                continue  # what a later version of the format adds is passed over
            name, inside = self.name(start, stop)
            below = f"{path}/{name}" if path else name
            if below in self.files or below in self.folders:
                raise ImageError(f"is damaged: it has {below!r} twice")
            if kind == _FILE:
                self.files[below] = self.content(below, inside, stop)
            else:
                self.folders.append(below)
                self.folder(below, inside, stop, depth + 1)

    def name(self, at: int, end: int) -> tuple[str, int]:
        length, at = self.number(at, end)
        name = bytes(self.data[at : min(at + length, end)])
        try:
            if len(name) == length and not _why_no_name(name):
                return name.decode(), at + length
        except UnicodeDecodeError:
            pass  # told of as the others
        raise ImageError(f"is damaged: there is no name at byte {at}")

    def content(self, path: str, at: int, end: int) -> Stored:
        for kind, start, stop in self.records(at, end):
            if kind == _DATA:
                return Stored(start, stop - start)
            if kind == _POINTER:
                return self.pointed(path, start, stop)
        raise ImageError(f"is damaged: {path!r} has no content")

    def pointed(self, path: str, at: int, end: int) -> Stored:
        size, at = self.number(at, end)
        offset, at = self.number(at, end)
        first, last = self.payload
        if first + offset + size > last:
            raise ImageError(f"is damaged: the content of {path!r} is outside")
        return Stored(first + offset, size)
