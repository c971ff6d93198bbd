"""Which commit a place in a repository of a git host is at: each repository is asked once for its refs."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from belay.exceptions import FetchError, PackageNotFoundError, RequirementError
from belay.packages import hosts, refs
from belay.packages.hosting import KNOWN, Host
from belay.packages.logins import variable_for
from belay.packages.model import FromHost
from belay.packages.refs import Refs, is_commit, parse_refs

if TYPE_CHECKING:
    from belay.packages.supply import Page, Supply

_NO_REFS = {400, 404, 405, 410, 501}
"""What servers answer that have files, but not git."""
_CLOSED = {401, 403}
_COMPARED = 5000
"""Names that are compared with a wrong one."""
_SHORT = 7
"""Digits from which on something is taken for a commit that no branch or tag is at."""


@dataclass(frozen=True)
class Pinned:
    """A place at a certain commit.

    Attributes:
        place: The place; its ref and its path are told apart.
        ref: The commit, or where that is not known the ref.
        commit: The commit, or empty.
    """

    place: FromHost
    ref: str
    commit: str


class Pins:
    """Finds the commits of places.

    Args:
        supply: Brings the refs, and knows the hosts.
    """

    def __init__(self, supply: Supply) -> None:
        self._supply = supply
        self._warned: set[str] = set()
        self._refs: dict[str, Refs | None] = {}

    def pin(self, place: FromHost) -> Pinned:
        """The commit of a place, as far as it can be known.

        Raises:
            PackageNotFoundError: There is no such repository or ref.
            RequirementError: The host is not known, or the ref is a branch and a tag.
            FetchError: The repository could not be asked.
        """
        if is_commit(place.ref):
            return Pinned(place, place.ref.lower(), place.ref.lower())
        found = self.refs(place)
        if found is None:
            return Pinned(place, place.ref, "")
        if place.open_ended:
            ref, path = found.split(f"{place.ref}/{place.path}".rstrip("/"))
            place = replace(place, ref=ref, path=path)
        if found.is_ambiguous(place.ref):
            raise RequirementError(
                hosts.canonical(place),
                f"{place.ref!r} is a branch and a tag of different commits",
                hint=f"write @refs/heads/{place.ref} or @refs/tags/{place.ref}",
            )
        if commit := found.find(place.ref):
            return Pinned(place, commit, commit)
        if len(place.ref) >= _SHORT and not place.ref.lower().strip("0123456789abcdef"):
            return Pinned(place, place.ref, "")
        raise self._no_ref(place, found)

    def refs(self, place: FromHost) -> Refs | None:
        """The refs of a repository; None where its server does not tell them.

        Raises:
            PackageNotFoundError: There is no such repository.
            FetchError: It could not be asked.
        """
        url = self.host(place).refs_url(place)
        if url not in self._refs:
            self._refs[url] = self._ask_for_refs(place, url)
        return self._refs[url]

    def soon(self, place: FromHost) -> list[Future[Page]]:
        """Begin to ask for the refs of a repository, unless the commit is known without them.

        Raises:
            RequirementError: The host is not known.
            PackageError: Too much has been asked for already.
        """
        if is_commit(place.ref):
            return []
        return [self._supply.page_soon(self.host(place).refs_url(place), most=refs.MAX_BYTES)]

    def host(self, place: FromHost) -> Host:
        """The host of a place.

        Raises:
            RequirementError: It is not known.
        """
        host = self._supply.hosts.get(place.host)
        if host is None:
            raise RequirementError(
                hosts.canonical(place),
                f"there is no host {place.host!r}",
                hint=f"known are {', '.join(sorted(self._supply.hosts))}",
            )
        return host

    def say_if_unknown(self, pinned: Pinned) -> None:
        """Warn of a place whose commit cannot be known; once for each."""
        text = hosts.canonical(replace(pinned.place, path=""))
        if pinned.commit or text in self._warned:
            return
        self._warned.add(text)
        ref = pinned.place.ref or "HEAD"
        self._supply.warn(
            f"{text}: which commit {ref} is cannot be known; what is there now is locked by its SHA-256"
        )

    def _ask_for_refs(self, place: FromHost, url: str) -> Refs | None:
        try:
            page = self._supply.page(url, most=refs.MAX_BYTES)
        except FetchError as error:
            official = self.host(place) in KNOWN
            if error.status in _CLOSED or (official and error.status in {404, 410}):
                raise self._closed(place, error) from error
            if error.status in _NO_REFS:
                return None
            raise
        try:
            return parse_refs(page.content)
        except refs.NoAdvertisement as error:
            hint = "is there a page of the network in between that wants a login?"
            raise FetchError(url, "mismatch", str(error), hint=hint) from error

    def _closed(self, place: FromHost, error: FetchError) -> PackageNotFoundError:
        host = self.host(place)
        if used := self._supply.fetcher.login_for(error.url):
            hint = f"the login is the one of {used}"
        else:
            own = {"github": "GITHUB_TOKEN", "gitlab": "GITLAB_TOKEN", "codeberg": "CODEBERG_TOKEN"}
            name = own[host.name] if host in KNOWN else variable_for(host.url)
            hint = f"if it is private, put a token into {name}, or a login into .netrc"
        reason = f"there is no such repository, or it is private ({error.status})"
        return absent(_repository(place), reason, hint)

    @staticmethod
    def _no_ref(place: FromHost, found: Refs) -> PackageNotFoundError:
        if not place.ref:
            return absent(_repository(place), "the repository is empty")
        from difflib import get_close_matches

        names = [*found.tags(), *found.branches()][-_COMPARED:]
        near = get_close_matches(place.ref, names, 1)
        shown = ", ".join(names[-5:])
        hint = f"did you mean {near[0]}?" if near else f"there is {shown}" if shown else None
        return absent(hosts.canonical(place), f"has no branch, tag or commit {place.ref!r}", hint)


def _repository(place: FromHost) -> str:
    return hosts.canonical(replace(place, path="", ref=""))


def absent(text: str, reason: str, hint: str | None = None) -> PackageNotFoundError:
    """The error that something is not there."""
    return PackageNotFoundError(text, f"{text}: {reason}", hint=hint)
