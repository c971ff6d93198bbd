"""The archive of a commit: what is in a .tar.gz that a git host made, without believing any of it.

Nothing is written here and no link is followed; names are as they stand there, for the caller to check. All
that an archive can make big is bounded: what is unpacked, how many entries there are, and the headers of one.
The format is POSIX's (pax), as ``git archive`` writes it: https://git-scm.com/docs/git-archive.
"""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, cast

from belay.exceptions import FetchError
from belay.packages.fetch import FILE_BYTES
from belay.packages.refs import is_commit

MAX_BYTES = 128 << 20
"""The largest archive that is fetched."""
MAX_UNPACKED = 1 << 30
"""The most bytes that one may be unpacked; they are looked at, not kept."""
MAX_RATIO = 200
"""How many times larger it may be unpacked; a repository of text is five times larger."""
MAX_ENTRIES = 100_000

_FREE = 16 << 20
"""Unpacked bytes for which no ratio is asked: a file of zeros is no attack."""
_HEADER_BYTES = 1 << 16
_PIECE = 1 << 16


@dataclass(frozen=True)
class Entry:
    """Something in an archive.

    Attributes:
        path: In the repository, with forward slashes.
        size: In bytes.
        is_file: Whether it is a plain file; else it is a link or something stranger.
    """

    path: str
    size: int
    is_file: bool


@dataclass(frozen=True)
class Listing:
    """What is in an archive.

    Attributes:
        entries: All but folders, in its order.
        commit: The commit that it says it was made of; empty if it does not say.
    """

    entries: tuple[Entry, ...]
    commit: str = ""


def list_archive(file: IO[bytes], url: str) -> Listing:
    """Look at what is in an archive.

    Args:
        file: The archive.
        url: Where it came from, for messages.

    Raises:
        FetchError: It is damaged, is none, or is too large.
    """
    with _opened(file, url) as tar:
        found = tuple(entry for entry, _ in _entries(tar, url))
        commit = str(tar.pax_headers.get("comment", ""))
    return Listing(found, commit if is_commit(commit) else "")


def read_files(file: IO[bytes], paths: Collection[str], url: str) -> Iterator[tuple[str, bytes]]:
    """Unpack some files of an archive.

    Args:
        file: The archive.
        paths: Which, in the repository.
        url: Where the archive came from, for messages.

    Yields:
        Each file's path and content.

    Raises:
        FetchError: The archive is damaged, lacks one of the files, or has one that is too large.
    """
    left = set(paths)
    with _opened(file, url) as tar:
        for entry, member in _entries(tar, url):
            if entry.path not in left:
                continue
            if not entry.is_file or entry.size > FILE_BYTES:
                reason = f"is larger than {FILE_BYTES} bytes" if entry.is_file else "is no file"
                raise FetchError(f"{url}#{entry.path}", "too-large" if entry.is_file else "mismatch", reason)
            left.remove(entry.path)
            content = tar.extractfile(member)
            assert content is not None
            yield entry.path, content.read()
    if left:
        raise FetchError(f"{url}#{min(left)}", "not-found", "is not in the archive")


@contextmanager
def _opened(file: IO[bytes], url: str) -> Iterator[tarfile.TarFile]:
    """An archive from its start; at the end it is read on to its own, where its checksum is."""
    file.seek(0)
    unpacked = _Unpacked(file, url)
    try:
        with tarfile.open(
            fileobj=cast("IO[bytes]", unpacked), mode="r|", tarinfo=_Member, encoding="utf-8"
        ) as tar:
            yield tar
        while unpacked.read(_PIECE):
            pass
    except (tarfile.TarError, EOFError, zlib.error, OSError, ValueError) as error:
        raise FetchError(url, "mismatch", f"is no archive, or is damaged: {error}") from error


def _entries(tar: tarfile.TarFile, url: str) -> Iterator[tuple[Entry, tarfile.TarInfo]]:
    """What there is but folders, below the one folder that all is in."""
    top = None
    for number, member in enumerate(tar):
        tar.members = []  # type: ignore[attr-defined]  # else all of them are kept
        if number >= MAX_ENTRIES:
            raise FetchError(url, "too-large", f"has more than {MAX_ENTRIES} entries")
        first, _, path = member.name.partition("/")
        if top not in {None, first}:
            raise FetchError(url, "mismatch", "is no archive of a repository: not all is in one folder")
        top = first
        if path and not member.isdir():
            yield Entry(path, member.size, member.isreg() and not member.issparse()), member


class _Member(tarfile.TarInfo):
    """A header that cannot announce more of itself than is sane: tarfile reads long names into memory."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Member:
        found = super().frombuf(buf, encoding, errors)
        is_header = found.type not in tarfile.SUPPORTED_TYPES or found.type in {
            *tarfile.GNU_TYPES,
            tarfile.XHDTYPE,
            tarfile.XGLTYPE,
            tarfile.SOLARIS_XHDTYPE,
        }
        if is_header and found.size > _HEADER_BYTES:
            raise tarfile.ReadError(f"a header is larger than {_HEADER_BYTES} bytes")
        return found


class _Unpacked:
    """What is in a .tar.gz, as long as it stays within bounds.

    Args:
        file: The .tar.gz.
        url: Where it came from.
    """

    def __init__(self, file: IO[bytes], url: str) -> None:
        self._packed = file
        self._url = url
        # Where it was packed for the way only, it has been unpacked already.
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        self._file = gzip.GzipFile(fileobj=file, mode="rb") if packed else file
        self._size = 0

    def read(self, size: int) -> bytes:
        """Up to so many bytes; none at the end."""
        piece = self._file.read(min(size, _PIECE))
        self._size += len(piece)
        allowed = max(_FREE, min(MAX_UNPACKED, MAX_RATIO * self._packed.tell()))
        if self._size > allowed:
            raise FetchError(self._url, "too-large", f"is larger than {allowed} bytes when it is unpacked")
        return piece
