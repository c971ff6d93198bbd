"""What the cache holds, for people: elements with names that say what was asked for.

An element is an address and what lay there. Content is shared: it goes with the last address that it came
from. What was made from source is one element of each kind.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from belay.cache import made
from belay.packages import gitcache
from belay.packages.gitplace import PREFIX, is_git
from belay.packages.store import Store

_GIT = tuple(
    (host, re.compile(pattern))
    for host, pattern in (
        ("github", r"raw\.githubusercontent\.com/([^/]+/[^/]+)(/.*)?"),
        ("github", r"api\.github\.com/repos/([^/]+/[^/]+)(/.*)?"),
        ("github", r"(?:codeload\.)?github\.com/([^/]+/[^/]+)(/.*)?"),
        ("gitlab", r"gitlab\.com/api/v4/projects/([^/]+)(/.*)?"),
        ("gitlab", r"gitlab\.com/(.+?)/-(/.*)?"),
        ("gitlab", r"gitlab\.com/([^/]+/[^/]+)(/.*)?"),
        ("codeberg", r"codeberg\.org/(?:api/v1/repos/)?([^/]+/[^/]+)(/.*)?"),
    )
)
"""Where git hosts have the files of a repository."""
_INDEX = re.compile(r".*/(index\.json|package/[^/]+/[^/]+/[^/]+\.json|file/[0-9a-fA-F]{2}/[0-9a-fA-F]+)")
"""What the paths of a MicroPython index look like."""


@dataclass(frozen=True)
class Element:
    """Something that the store holds.

    Attributes:
        name: What it is: ``index-HOST/PATH`` for a page or a file of a package index,
            ``git-HOST-OWNER-REPOSITORY/…`` for one of a git host, ``web-HOST/PATH`` for another,
            ``content-SHA256`` for content whose address is not known, ``damaged-…`` for what is broken,
            ``made-minified`` and ``made-compiled`` for what was made from source.
        size: In bytes.
        url: Its address; empty if that is not known.
        sha256: Of its content; empty if that is not known.
        path: The file or folder of the cache that stands for it.
    """

    name: str
    size: int
    url: str
    sha256: str
    path: Path


@dataclass(frozen=True)
class Cleared:
    """What was removed from the store.

    Attributes:
        gone: The elements that are there no longer.
        errors: Why the others are there still.
    """

    gone: tuple[Element, ...]
    errors: tuple[OSError, ...]


def elements(store: Store) -> list[Element]:
    """Everything in the store, by name.

    Raises:
        OSError: It cannot be read.
    """
    left = store.contents()
    found = []
    for record in sorted(store.records(), key=lambda record: record.memory.url if record.memory else ""):
        memory = record.memory
        if memory is None:
            found.append(Element(f"damaged-{record.path.name}", record.size, "", "", record.path))
            continue
        digits = "" if memory.here else memory.sha256
        # Shared content is counted once.
        _, more = left.pop(digits, (None, 0))
        found.append(Element(name_of(memory.url), record.size + more, memory.url, digits, record.path))
    for cached in gitcache.kept(store.folder):
        name = name_of(cached.address) if cached.address else f"damaged-{cached.path.name}"
        found.append(Element(name, cached.size, cached.address, "", cached.path))
    for kept in made.kept(store.folder):
        found.append(Element(f"made-{kept.kind}", kept.size, "", "", kept.path))
    found += [Element(f"content-{digits}", size, "", digits, path) for digits, (path, size) in left.items()]
    return sorted(found, key=lambda element: (element.name, element.url))


def clear(store: Store, chosen: Collection[Element]) -> Cleared:
    """Remove elements; nothing that is not the store's own, and nothing behind a link.

    Another process may use the store meanwhile: what it needs and misses it fetches again.

    Args:
        store: The store.
        chosen: Some of its :func:`elements`.

    Raises:
        OSError: The store cannot be read.
    """
    there = elements(store)
    paths = {element.path for element in chosen}
    kept = {element.sha256 for element in there if element.path not in paths}
    contents = store.contents()
    gone, errors = [], []
    for element in chosen:
        try:
            if element.sha256 in contents.keys() - kept:
                contents[element.sha256][0].unlink(missing_ok=True)
            if element.path.parent.name == made.FORMAT:
                made.remove(element.path)
            elif element.path.is_dir():
                gitcache.remove(element.path)
            else:
                element.path.unlink(missing_ok=True)
        except OSError as error:
            errors.append(error)
        else:
            gone.append(element)
    store.sweep(idle=len(gone) == len(there))
    return Cleared(tuple(gone), tuple(errors))


def name_of(url: str) -> str:
    """What the content of an address is called; see :class:`Element`."""
    if is_git(url):
        return _name_of_git(url)
    parts = urlsplit(url)
    place = _readable(parts)
    for host, pattern in _GIT:
        if match := pattern.fullmatch(place):
            return f"git-{host}-{match[1].replace('/', '-')}{match[2] or ''}"
    kind = "index" if _INDEX.fullmatch(parts.path) else "web"
    return f"{kind}-{place}"


def _name_of_git(url: str) -> str:
    """The name of a repository that git has fetched, or of a file of it."""
    place, _, path = url.removeprefix(PREFIX).partition("#")
    parts = urlsplit(place)
    server = (parts.hostname or "").removesuffix(".com").removesuffix(".org")
    repository, at, ref = unquote(parts.path).strip("/").partition("@")
    words = [server, *repository.removesuffix(".git").split("/")]
    name = "-".join(["git", *(word for word in words if word)])
    return _printable(f"{name}{'/' if path else ''}{unquote(path)}{at}{ref}")


def _readable(parts: SplitResult) -> str:
    """An address without its scheme and without a login."""
    place = parts.netloc.rpartition("@")[2] + unquote(parts.path).rstrip("/")
    place += f"?{parts.query}" if parts.query else ""
    place += f"#{unquote(parts.fragment)}" if parts.fragment else ""
    return _printable(place)


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
