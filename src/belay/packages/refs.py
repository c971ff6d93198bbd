"""What a git repository says of its branches and tags: the answer to ``info/refs?service=git-upload-pack``.

The format is git's own (https://git-scm.com/docs/http-protocol, "Smart Clients", and
https://git-scm.com/docs/gitprotocol-pack, "Reference Discovery"), in the versions 0 and 1. It is what
``git ls-remote`` reads, and counts against no host's quota. A server writes it: it is bounded and checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

MAX_BYTES = 32 << 20
"""Of an answer: that is half a million refs; hosts keep one or two for each proposal that was ever made."""
HEADS = "refs/heads/"
TAGS = "refs/tags/"

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SHORT = re.compile(r"[0-9a-f]{4,63}")
_NOTHING = {"0" * 40, "0" * 64}
_SERVICE = "# service=git-upload-pack"
_PEELED = "^{}"


class NoAdvertisement(ValueError):  # noqa: N818 - it is no error where files can be had without one
    """What came is no list of refs; the text says why."""


@dataclass(frozen=True)
class Refs:
    """The refs of a repository.

    Attributes:
        commits: By full name (``refs/heads/main``), the commit; of an annotated tag the one that it names.
        head: The commit of ``HEAD``, or empty where there is none.
        default: The full name of the branch that ``HEAD`` is, or empty where the server does not say it.
    """

    commits: Mapping[str, str]
    head: str = ""
    default: str = ""

    def find(self, ref: str) -> str:
        """The commit of a branch, a tag, or the only commit at one of these that begins so; else empty.

        Of a tag and a branch of one name it is the tag; see :meth:`is_ambiguous`.

        Args:
            ref: As ``"main"``, ``"v1.0"``, ``"refs/heads/main"`` or ``"3fa9c1"``; empty for ``HEAD``.
        """
        if ref in {"", "HEAD"}:
            return self.head or self.commits.get(self.default, "")
        for name in (ref, f"refs/{ref}", f"{TAGS}{ref}", f"{HEADS}{ref}"):
            if name.startswith("refs/") and name in self.commits:
                return self.commits[name]
        begun = {commit for commit in self.commits.values() if commit.startswith(ref.lower())}
        return begun.pop() if len(begun) == 1 and _SHORT.fullmatch(ref.lower()) else ""

    def is_ambiguous(self, ref: str) -> bool:
        """Whether a name is a branch and a tag of different commits."""
        branch, tag = self.commits.get(f"{HEADS}{ref}"), self.commits.get(f"{TAGS}{ref}")
        return branch is not None and tag is not None and branch != tag

    def split(self, text: str) -> tuple[str, str]:
        """Tell a ref, which may have slashes in it, from the path behind it.

        Args:
            text: As ``"feature/x/lib/a.py"``.

        Returns:
            The longest ref that it begins with, and the rest; without any, its first part and the rest.
        """
        parts = text.split("/")
        for count in range(len(parts), 0, -1):
            ref = "/".join(parts[:count])
            if f"{TAGS}{ref}" in self.commits or f"{HEADS}{ref}" in self.commits:
                return ref, "/".join(parts[count:])
        return parts[0], "/".join(parts[1:])

    def tags(self) -> dict[str, str]:
        """The commits of the tags, by their short names."""
        return {
            name.removeprefix(TAGS): commit for name, commit in self.commits.items() if name.startswith(TAGS)
        }

    def branches(self) -> list[str]:
        """The short names of the branches."""
        return [name.removeprefix(HEADS) for name in self.commits if name.startswith(HEADS)]


def is_commit(ref: str) -> bool:
    """Whether a ref is all digits of a commit, so that nobody has to be asked which one it is."""
    return bool(_COMMIT.fullmatch(ref.lower()))


def parse_refs(data: bytes) -> Refs:
    """Read what a server answers to ``info/refs?service=git-upload-pack``.

    Raises:
        NoAdvertisement: It is something else.
    """
    if len(data) > MAX_BYTES:
        raise NoAdvertisement(f"is larger than {MAX_BYTES} bytes")
    lines = _lines(data)
    if next(lines, "") != _SERVICE:
        raise NoAdvertisement("is no list of refs")
    found: dict[str, str] = {}
    symbolic: dict[str, str] = {}
    head = ""
    for line in lines:
        text, _, capabilities = line.partition("\0")
        symbolic |= _symbolic(capabilities)
        if text.startswith("ERR "):
            raise NoAdvertisement(f"the server says: {_legible(text.removeprefix('ERR '))}")
        word, _, name = text.partition(" ")
        if word in {"version", "shallow"}:
            continue
        if not _COMMIT.fullmatch(word) or not name:
            raise NoAdvertisement(f"has a line that is no ref: {_legible(text)}")
        if word in _NOTHING:
            continue  # "capabilities^{}": there is no ref
        if name == "HEAD":
            head = word
        elif name.startswith("refs/") and name.isprintable():
            # What an annotated tag is peeled to comes behind it.
            found[name.removesuffix(_PEELED)] = word
    return Refs(found, head, symbolic.get("HEAD", ""))


def _symbolic(capabilities: str) -> dict[str, str]:
    """Which refs only stand for another: ``symref=HEAD:refs/heads/main``."""
    pairs = (word.removeprefix("symref=") for word in capabilities.split() if word.startswith("symref="))
    return {name: target for name, _, target in (pair.partition(":") for pair in pairs)}


def _lines(data: bytes) -> Iterator[str]:
    """The payloads of pkt-lines (https://git-scm.com/docs/gitprotocol-common), without flushes."""
    place = 0
    while place < len(data):
        try:
            length = int(data[place : place + 4], 16) if data[place : place + 4].isalnum() else -1
        except ValueError:
            length = -1
        if length in {0, 1}:
            place += 4  # a flush, or a delimiter
            continue
        if length < 4 or place + length > len(data):
            raise NoAdvertisement("is no list of refs" if place == 0 else "breaks off, or is damaged")
        yield data[place + 4 : place + length].decode("utf-8", "replace").removesuffix("\n")
        place += length


def _legible(text: str) -> str:
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text[:200])
