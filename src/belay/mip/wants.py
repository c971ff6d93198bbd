"""What a user asks for, as requirements.

The forms are those of MicroPython's ``mip`` and of ``mpremote mip``
(https://docs.micropython.org/en/latest/reference/packages.html): a package of the index with or without
``@version``, ``github:`` and its like with or without ``@ref``, the address of a ``.py``, a ``.mpy`` or a
``package.json``, which may be left out; and files and folders of this computer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from belay.exceptions import RequirementError
from belay.packages.hosting import Host
from belay.packages.model import FromGit, FromHost, FromIndex, FromPath, FromUrl, Requirement, Source
from belay.packages.requirement import canonical, infer_key, parse_source
from belay.packages.resolve import identify

_FORMS = "packages are umqtt.simple, aioble@0.6.0, github:org/repo, an address, or a path of this computer"
_FAR = ("https", "http", "git")


def parse_wants(
    words: Sequence[str], *, version: str = "", index: str = "", own: Collection[Host] = ()
) -> tuple[Requirement, ...]:
    """Read what is to be installed.

    Args:
        words: What was written, one package each.
        version: For a package of an index its version, for one at a git host a branch, tag or commit; what
            is named by an address has none, and it is ignored there. Empty for what the words say.
        index: The only index to ask; empty for those that are asked anyway.
        own: Git hosts of the project beside the known ones.

    Raises:
        RequirementError: One of them is not understood, or two are the same package.
    """
    found: dict[str, Requirement] = {}
    for word in words:
        try:
            need = _one(word, version, index, own)
        except RequirementError as error:
            error.hint = error.hint or _FORMS
            raise
        other = found.setdefault(identify(need), need)
        if canonical(other.sources[0]) != canonical(need.sources[0]):
            reason = f"is another {identify(need)} than {canonical(other.sources[0])}"
            raise RequirementError(word, reason, hint="name one of them")
    return tuple(found.values())


def want_again(asked: str, index: str = "", own: Collection[Host] = ()) -> Requirement:
    """Read what :func:`asked_text` has written.

    Args:
        asked: That.
        index: The index that the package came from; empty if it came from none.
        own: Git hosts of the project beside the known ones.

    Raises:
        RequirementError: It is not understood.
    """
    return _one(asked, "", index, own)


def is_close(need: Requirement) -> bool:
    """Whether it is read on this computer, or with keys that this user has for it.

    Whoever can write to a board can make its record name such a place, to be sent what is there.
    """
    source = need.sources[0]
    if isinstance(source, FromPath):
        return True
    if isinstance(source, FromGit):
        return urlsplit(source.url).scheme.lower() not in _FAR
    url = source.index if isinstance(source, FromIndex) else getattr(source, "url", "")
    return urlsplit(url).scheme.lower() == "file"


def asked_text(need: Requirement) -> str:
    """One text for what was asked for, to be read again from any folder."""
    source = need.sources[0]
    if isinstance(source, FromIndex):
        return canonical(replace(source, index="")).removeprefix("mip:")
    if isinstance(source, FromPath):
        return Path(source.path).absolute().as_posix()
    return canonical(source)


def plain_hosts(needs: Iterable[Requirement], index: str = "") -> tuple[str, ...]:
    """The servers that the user named with plain ``http:``, as ``name:port``: no others may be."""
    urls = [source.url for need in needs for source in need.sources if isinstance(source, FromUrl)]
    places = [urlsplit(url) for url in [*urls, index] if url.lower().startswith("http:")]
    return tuple(sorted({place.netloc for place in places}))


def _one(word: str, version: str, index: str, own: Collection[Host]) -> Requirement:
    source = _versioned(parse_source(word, own=own), word, version)
    if isinstance(source, FromIndex) and index:
        source = replace(source, index=index.rstrip("/"))
    # A module keeps its name: foo.py is imported as foo.
    return Requirement(infer_key(source), (source,), rename_to_init=False, where="what was asked for")


def _versioned(source: Source, word: str, version: str) -> Source:
    if not version:
        return source
    if isinstance(source, FromIndex):
        if source.wanted not in ("*", "latest", version):
            raise RequirementError(word, f"names another version than {version}")
        asked = parse_source(f"{source.name}@{version}")
        assert isinstance(asked, FromIndex)
        return asked
    if isinstance(source, FromHost | FromGit):
        if source.ref not in ("", version):
            raise RequirementError(word, f"names another version than {version}")
        return replace(source, ref=version)
    return source
