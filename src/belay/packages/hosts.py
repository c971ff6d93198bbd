"""The ways to write a place in a repository of a git host.

``github:owner/repository/path@ref`` is the short one; the addresses that a browser shows mean the same.
Where owners nest, as groups of GitLab do, the path comes behind two slashes: ``gitlab:a/b/repository//path``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from belay.exceptions import RequirementError
from belay.packages.hosting import Host
from belay.packages.model import FromHost

HOSTS = ("github", "gitlab", "codeberg")

_DOMAINS = {
    "github.com": "github",
    "www.github.com": "github",
    "raw.githubusercontent.com": "github",
    "gitlab.com": "gitlab",
    "codeberg.org": "codeberg",
}
_SHORT = "write github:owner/repository, if need be with /path and @ref"
_FILES = ("blob", "tree", "raw")


def parse_short(text: str) -> FromHost:
    """Read ``github:owner/repository[/path][@ref]``, likewise for the other hosts.

    Raises:
        RequirementError: It is not of this form.
    """
    host, _, rest = text.partition(":")
    rest, at, ref = rest.partition("@")
    repository, nested, path = rest.partition("//")
    parts = rest.strip("/").split("/", 2)
    if nested:
        parts = [*repository.rsplit("/", 1), *filter(None, [path.strip("/")])]
    if len(parts) < 2 or (nested and "/" not in repository):
        raise RequirementError(text, "names no repository", hint=_SHORT)
    if at and not ref:
        raise RequirementError(text, "names no branch, tag or commit after @")
    return _checked(text, FromHost(host, parts[0], parts[1], "/".join(parts[2:]), ref))


def parse_web(url: str, own: Collection[Host] = ()) -> FromHost | None:
    """Read the address that a browser shows for a file, a folder or a repository.

    Args:
        url: The address; where it has a branch, that may go on in what seems to be the path.
        own: Git hosts of the project beside the known ones.

    Returns:
        The place, or None if the address is not one of a git host's.

    Raises:
        RequirementError: It is a host's address, but of none of these.
    """
    place = urlsplit(url)
    for mine in own:
        for base, is_raw in ((mine.raw, True), (mine.url, False)):
            if base and _is_below(place, base):
                start = len([part for part in urlsplit(base).path.split("/") if part])
                return _parse(url, place, mine.name, "raw" if is_raw else mine.kind, start)
    name = _DOMAINS.get((place.hostname or "").lower())
    if name is None:
        return None
    kind = "raw" if place.hostname == "raw.githubusercontent.com" else name
    return _parse(url, place, name, kind, 0)


def canonical(place: FromHost) -> str:
    """The short form of a place."""
    path = f"/{place.path}" if place.path else ""
    path = f"//{place.path}" if "/" in place.owner else path
    ref = f"@{place.ref}" if place.ref else ""
    return f"{place.host}:{place.owner}/{place.repository}{path}{ref}"


def _is_below(place: SplitResult, base: str) -> bool:
    root = urlsplit(base)
    return (place.scheme, place.netloc.lower()) == (
        root.scheme,
        root.netloc.lower(),
    ) and place.path.startswith(f"{root.path}/")


def _parse(url: str, place: SplitResult, name: str, kind: str, start: int) -> FromHost | None:
    parts = [unquote(part) for part in place.path.split("/") if part][start:]
    if len(parts) < 2:
        raise RequirementError(url, "names no repository")
    if parts[2:4] == ["releases", "download"]:
        return None  # a file that is in no repository
    if parts[:3] == ["api", "v1", "repos"]:
        # https://codeberg.org/api/swagger: /repos/{owner}/{repo}/raw/{filepath}?ref=
        ref = parse_qs(place.query).get("ref", [""])[0]
        return _checked(url, FromHost(name, *_two(url, parts[3:5]), "/".join(parts[6:]), ref))
    return _KINDS[kind](url, name, parts)


def _raw_github(url: str, host: str, parts: list[str]) -> FromHost:
    rest = parts[2:]
    if rest[:2] in (["refs", "heads"], ["refs", "tags"]):
        rest = rest[2:]
    if len(rest) < 2:
        raise RequirementError(url, "names no file")
    place = FromHost(host, parts[0], parts[1], "/".join(rest[1:]), rest[0], open_ended=True)
    return _checked(url, place)


def _github(url: str, host: str, parts: list[str]) -> FromHost:
    return _below(url, host, parts[:2], parts[2:], _FILES)


def _gitlab(url: str, host: str, parts: list[str]) -> FromHost:
    # Groups of gitlab nest; what comes behind the repository is set off by a dash.
    if "-" in parts:
        dash = parts.index("-")
        return _below(url, host, parts[:dash], parts[dash + 1 :], _FILES)
    if len(parts) > 2 and parts[2] in set(_FILES):
        return _below(url, host, parts[:2], parts[2:], _FILES)
    return _below(url, host, parts, [], ())


def _codeberg(url: str, host: str, parts: list[str]) -> FromHost:
    rest = parts[2:]
    if rest[:1] in (["src"], ["raw"]) and rest[1:2] in (["branch"], ["tag"], ["commit"]):
        rest = rest[1:]
    return _below(url, host, parts[:2], rest, ("branch", "tag", "commit"))


_KINDS: dict[str, Callable[[str, str, list[str]], FromHost]] = {
    "raw": _raw_github,
    "github": _github,
    "gitlab": _gitlab,
    "codeberg": _codeberg,
    "gitea": _codeberg,
    "forgejo": _codeberg,
}


def _below(url: str, host: str, repository: list[str], rest: list[str], words: tuple[str, ...]) -> FromHost:
    if len(repository) < 2:
        raise RequirementError(url, "names no repository")
    *owners, name = repository
    if not rest:
        return _checked(url, FromHost(host, "/".join(owners), name))
    if rest[0] not in words or len(rest) < 2:
        raise RequirementError(url, "is neither a file nor a folder of a repository", hint=_SHORT)
    path = "/".join(rest[2:])
    return _checked(url, FromHost(host, "/".join(owners), name, path, rest[1], open_ended=bool(path)))


def _two(url: str, parts: list[str]) -> tuple[str, str]:
    if len(parts) != 2:
        raise RequirementError(url, "names no repository")
    return parts[0], parts[1]


def _checked(text: str, place: FromHost) -> FromHost:
    place = replace(place, repository=place.repository.removesuffix(".git"))
    parts = [*place.owner.split("/"), place.repository, *(place.path.split("/") if place.path else [])]
    if not all(parts) or any(part in {".", ".."} for part in parts):
        raise RequirementError(text, "has a part that is empty, . or ..")
    if (
        not (text.isprintable() and all(part.isprintable() for part in [*parts, place.ref]))
        or " " in place.ref
    ):
        raise RequirementError(text, "has characters that do not belong there")
    if any(sign in part for part in parts for sign in "\\@:"):
        raise RequirementError(text, "has one of the characters \\ @ : in a name")
    if place.ref and any(part in {"", ".", ".."} for part in place.ref.split("/")):
        raise RequirementError(text, f"{place.ref!r} is no name of a branch or tag")
    return place
