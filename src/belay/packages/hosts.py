"""The ways to write a place in a repository of a git host.

``github:owner/repository/path@ref`` is the short one; the addresses that a browser shows mean the same.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, unquote, urlsplit

from belay.exceptions import RequirementError
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


def parse_short(text: str) -> FromHost:
    """Read ``github:owner/repository[/path][@ref]``, likewise for the other hosts.

    Raises:
        RequirementError: It is not of this form.
    """
    host, _, rest = text.partition(":")
    rest, at, ref = rest.partition("@")
    parts = rest.strip("/").split("/")
    if len(parts) < 2:
        raise RequirementError(text, "names no repository", hint=_SHORT)
    if at and not ref:
        raise RequirementError(text, "names no branch, tag or commit after @")
    return _checked(text, FromHost(host, parts[0], parts[1], "/".join(parts[2:]), ref))


def parse_web(url: str) -> FromHost | None:
    """Read the address that a browser shows for a file, a folder or a repository.

    Args:
        url: The address; where it has a branch, that is taken to be one without a slash in its name.

    Returns:
        The place, or None if the address is not one of a git host's.

    Raises:
        RequirementError: It is a host's address, but of none of these.
    """
    place = urlsplit(url)
    host = _DOMAINS.get((place.hostname or "").lower())
    if host is None:
        return None
    parts = [unquote(part) for part in place.path.split("/") if part]
    if len(parts) < 2:
        raise RequirementError(url, "names no repository")
    if place.hostname == "raw.githubusercontent.com":
        return _raw_github(url, parts)
    if parts[:3] == ["api", "v1", "repos"]:
        # https://codeberg.org/api/swagger: /repos/{owner}/{repo}/raw/{filepath}?ref=
        ref = parse_qs(place.query).get("ref", [""])[0]
        return _checked(url, FromHost(host, *_two(url, parts[3:5]), "/".join(parts[6:]), ref))
    return {"github": _github, "gitlab": _gitlab, "codeberg": _codeberg}[host](url, parts)


def canonical(place: FromHost) -> str:
    """The short form of a place."""
    path = f"/{place.path}" if place.path else ""
    ref = f"@{place.ref}" if place.ref else ""
    return f"{place.host}:{place.owner}/{place.repository}{path}{ref}"


def _raw_github(url: str, parts: list[str]) -> FromHost:
    rest = parts[2:]
    if rest[:2] in (["refs", "heads"], ["refs", "tags"]):
        rest = rest[2:]
    if len(rest) < 2:
        raise RequirementError(url, "names no file")
    return _checked(url, FromHost("github", parts[0], parts[1], "/".join(rest[1:]), rest[0]))


def _github(url: str, parts: list[str]) -> FromHost:
    return _below(url, "github", parts[:2], parts[2:], ("blob", "tree", "raw"))


def _gitlab(url: str, parts: list[str]) -> FromHost:
    # Groups of gitlab nest; what comes behind the repository is set off by a dash.
    if "-" in parts:
        dash = parts.index("-")
        return _below(url, "gitlab", parts[:dash], parts[dash + 1 :], ("blob", "tree", "raw"))
    if len(parts) > 2 and parts[2] in {"blob", "tree", "raw"}:
        return _below(url, "gitlab", parts[:2], parts[2:], ("blob", "tree", "raw"))
    return _below(url, "gitlab", parts, [], ())


def _codeberg(url: str, parts: list[str]) -> FromHost:
    rest = parts[2:]
    if rest[:1] in (["src"], ["raw"]) and rest[1:2] in (["branch"], ["tag"], ["commit"]):
        rest = rest[1:]
    return _below(url, "codeberg", parts[:2], rest, ("branch", "tag", "commit"))


def _below(url: str, host: str, repository: list[str], rest: list[str], words: tuple[str, ...]) -> FromHost:
    if len(repository) < 2:
        raise RequirementError(url, "names no repository")
    *owners, name = repository
    if not rest:
        return _checked(url, FromHost(host, "/".join(owners), name))
    if rest[0] not in words or len(rest) < 2:
        raise RequirementError(url, "is neither a file nor a folder of a repository", hint=_SHORT)
    return _checked(url, FromHost(host, "/".join(owners), name, "/".join(rest[2:]), rest[1]))


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
    return place
