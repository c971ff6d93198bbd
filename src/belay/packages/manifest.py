"""Manifests: what a package.json says.

The format is MicroPython's (https://docs.micropython.org/en/latest/reference/packages.html): ``hashes`` of an
index, ``urls`` of files, ``deps`` on other packages, ``version``. A manifest is written by strangers: it is
bounded, its destinations are checked, and it never names a file of this machine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn
from urllib.parse import quote, unquote, urljoin, urlsplit

import msgspec

from belay.exceptions import FetchError, ManifestError, PackageError, RequirementError, UnsafePathError
from belay.packages import hosts
from belay.packages.destination import check_destination, check_together, place_file
from belay.packages.model import (
    Candidate,
    FromGit,
    FromHost,
    FromIndex,
    FromPath,
    FromUrl,
    RemoteFile,
    Requirement,
)
from belay.packages.origin import is_loopback
from belay.packages.requirement import infer_key, parse_source

MAX_BYTES = 1 << 20
MAX_FILES = 2000
MAX_DEPENDENCIES = 500
MAX_VERSION = 100
PORTAL = "is the address right? a network that wants a login answers everything so: open it in a browser"
"""What helps if there is a web page where there should be something else."""
_SNIFFED = 500

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_HASH = re.compile(r"[0-9a-fA-F]{2,64}")


class _Page(msgspec.Struct):
    v: int = 1
    version: str | int | float | None = None
    hashes: list[tuple[str, str]] = msgspec.field(default_factory=list)
    urls: list[tuple[str, str]] = msgspec.field(default_factory=list)
    deps: list[list[str]] = msgspec.field(default_factory=list)


_DECODER = msgspec.json.Decoder(_Page)


def refuse_host(place: FromHost) -> NoReturn:
    """Say that files of git hosts are not for whoever has no way to them.

    Raises:
        RequirementError: Always.
    """
    raise RequirementError(hosts.canonical(place), "files of git hosts cannot be named here")


def parse_manifest(
    data: bytes,
    *,
    name: str,
    place: str,
    source: str,
    index: str = "",
    host_url: Callable[[FromHost], str] = refuse_host,
    relative: Callable[[str], str] | None = None,
) -> Candidate:
    """Read a manifest.

    Args:
        data: Its content.
        name: The candidate's name.
        place: The manifest's own URL; what it says relatively is relative to that.
        source: The candidate's source.
        index: The URL of the index whose files ``hashes`` means; without one they are refused.
        host_url: Finds the URL of a file of a git host.
        relative: Finds the URL of what is named relatively, where that is not simply beside ``place``.

    Raises:
        ManifestError: It is not understood, or too large.
        UnsafePathError: A destination is not safe.
    """
    page = _decode(data, place)
    beside = relative or (lambda where: _relative(where, place))
    files = [
        *(_indexed(dest, digits, place=place, index=index) for dest, digits in page.hashes),
        *(_linked(dest, where, place, host_url, beside) for dest, where in page.urls),
    ]
    return Candidate(
        name,
        "" if page.version is None else str(page.version).strip(),
        source,
        _together(files, place),
        tuple(_dependency(words, place) for words in page.deps),
    )


def hosted_files(data: bytes, place: str) -> list[FromHost]:
    """The files of git hosts that a manifest names, as far as they can be understood.

    Args:
        data: Its content.
        place: The manifest's own URL.

    Raises:
        ManifestError: It is not understood, or too large.
    """
    found = []
    for _, where in _decode(data, place).urls:
        with suppress(PackageError):
            if _SCHEME.match(where) and isinstance(source := parse_source(where), FromHost):
                found.append(source)
    return found


def manifest_url(url: str) -> str | None:
    """The manifest that an address means, or None if it means a file itself.

    Whatever ends in neither ``.py``, ``.mpy`` nor ``.json`` is a folder with a package.json.
    """
    parts = urlsplit(url)
    if parts.path.endswith((".py", ".mpy")):
        return None
    if parts.path.endswith(".json"):
        return url
    return parts._replace(path=f"{parts.path.rstrip('/')}/package.json").geturl()


def single_file(
    key: str, url: str, *, source: str, alone: bool = True, rename_to_init: bool = True
) -> Candidate:
    """The candidate that a lone file is, or is a part of.

    Args:
        key: The name of the dependency.
        url: Where the file is.
        source: The candidate's source.
        alone: Whether it is all of the dependency, not one of a list.
        rename_to_init: As in :class:`~belay.packages.model.Requirement`.

    Raises:
        RequirementError: Nothing of the dependency's name can be imported.
        UnsafePathError: The file has an unsafe name.
    """
    name = unquote(urlsplit(url).path).rpartition("/")[2]
    destination = place_file(key, name, alone=alone, rename_to_init=rename_to_init)
    return Candidate(key, "", source, (RemoteFile(check_destination(destination, where=url), url),))


def joined(key: str, source: str, parts: Iterable[Candidate]) -> Candidate:
    """One candidate of several: what a list of sources makes.

    Raises:
        ManifestError: Two of them have different files for one destination.
        UnsafePathError: Their destinations cannot be together.
    """
    found = list(parts)
    if len(found) == 1:
        return found[0]
    return Candidate(
        key,
        next((part.version for part in found if part.version), ""),
        source,
        _together([file for part in found for file in part.files], key),
        tuple(dict.fromkeys(need for part in found for need in part.dependencies)),
    )


def is_web_page(data: bytes) -> bool:
    """Whether content is HTML: networks that want a login answer everything with a page of their own."""
    start = data[:_SNIFFED].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head", b"<body"))


def _decode(data: bytes, place: str) -> _Page:
    if len(data) > MAX_BYTES:
        raise ManifestError(place, f"is larger than {MAX_BYTES} bytes")
    try:
        page = _DECODER.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if is_web_page(data):
            raise ManifestError(place, "is a web page, and no manifest", hint=PORTAL) from None
        raise ManifestError(place, f"is no manifest: {error}") from error
    if page.v != 1:
        raise ManifestError(place, f"is of version {page.v}; only version 1 is known")
    for count, most, what in (
        (len(page.hashes) + len(page.urls), MAX_FILES, "files"),
        (len(page.deps), MAX_DEPENDENCIES, "dependencies"),
    ):
        if count > most:
            raise ManifestError(place, f"has {count} {what}; {most} are allowed")
    if len(str(page.version)) > MAX_VERSION or not str(page.version).isprintable():
        raise ManifestError(place, "has a version that is no version")
    return page


def _indexed(destination: str, digits: str, *, place: str, index: str) -> RemoteFile:
    if not index:
        raise ManifestError(place, f"has a hash for {destination!r}, but it is in no index")
    if not _HASH.fullmatch(digits):
        raise ManifestError(place, f"{digits!r} is no hash")
    url = f"{index.rstrip('/')}/file/{digits[:2]}/{digits}"
    return RemoteFile(check_destination(destination, where=place), url, digits.lower())


def _linked(
    destination: str,
    where: str,
    place: str,
    host_url: Callable[[FromHost], str],
    relative: Callable[[str], str],
) -> RemoteFile:
    check_destination(destination, where=place)
    if not _SCHEME.match(where):
        _check_relative(where, place)
        return RemoteFile(destination, relative(where))
    with _blaming(place):
        source = parse_source(where)
        if isinstance(source, FromHost):
            return RemoteFile(destination, host_url(source))
    if not isinstance(source, FromUrl):
        raise ManifestError(place, f"{where!r} is no address of a file")
    _check_server(source.url, place)
    return RemoteFile(destination, source.url)


def _check_server(url: str, place: str) -> None:
    """Refuse an address of this machine in a page of another: who answers there, others cannot ask."""
    here = urlsplit(place)
    is_here = here.scheme in {"file", "git+file"} or is_loopback(here.hostname or "")
    if not is_here and is_loopback(urlsplit(url).hostname or ""):
        raise ManifestError(place, f"names {url!r}, which is on this machine")


def _check_relative(where: str, place: str) -> None:
    if not where or not where.isprintable() or "\\" in where or where[0] == "/" or where[1:2] == ":":
        raise ManifestError(place, f"{where!r} is no address of a file")


def _relative(where: str, place: str) -> str:
    if not place.startswith("file:"):
        return urljoin(place, quote(where, safe="/%?=&+,;@:~!$'()*"))
    url = urljoin(place, quote(where))
    if not url.startswith(urljoin(place, ".")):
        raise UnsafePathError(where, "leads out of the manifest's folder", where=place)
    return url


def _dependency(words: list[str], place: str) -> Requirement:
    if not 1 <= len(words) <= 2:
        raise ManifestError(place, f"{words!r} is no dependency: a name and a version")
    name, version = words[0], words[1] if len(words) == 2 else ""
    any_will_do = version.strip() in {"", "*", "latest"}
    with _blaming(place):
        source = parse_source(name)
        if isinstance(source, FromIndex) and not any_will_do:
            source = parse_source(f"mip:{source.name}@{version}")
        elif isinstance(source, FromHost) and not any_will_do and not source.ref:
            source = hosts.parse_short(f"{hosts.canonical(source)}@{version}")
        key = infer_key(source)
    if isinstance(source, FromPath):
        raise ManifestError(place, f"depends on {name!r}, a path: they are for a project's own dependencies")
    if isinstance(source, FromGit) and not source.url.startswith("https:"):
        # Strangers must not have this machine's keys tried, or its files read.
        raise ManifestError(place, f"depends on {name!r}: of git's addresses only git+https:// may be used")
    if isinstance(source, FromUrl | FromGit):
        _check_server(source.url, place)
    return Requirement(key, (source,), where=place)


@contextmanager
def _blaming(place: str) -> Iterator[None]:
    """Errors in here are the manifest's, unless a server cannot be asked."""
    try:
        yield
    except FetchError:
        raise
    except PackageError as error:
        raise ManifestError(place, error.message, hint=error.hint) from error


def _together(files: list[RemoteFile], place: str) -> tuple[RemoteFile, ...]:
    known: dict[str, RemoteFile] = {}
    for file in files:
        first = known.setdefault(file.destination, file)
        if first.url != file.url:
            raise ManifestError(place, f"has two files for {file.destination!r}: {first.url} and {file.url}")
    check_together(known, where=place)
    return tuple(known.values())
