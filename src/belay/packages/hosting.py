"""Git hosts: at which address each has the refs, the files and the archives of a repository.

There are three kinds, for whoever runs one of them runs it in the same way: GitHub, GitLab, and Gitea with
Forgejo, of which codeberg.org is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from belay.packages.model import FromHost
from belay.packages.origin import origin_of

KINDS = ("github", "gitlab", "gitea", "forgejo")


@dataclass(frozen=True)
class Host:
    """A git host.

    Attributes:
        name: What stands before the colon in ``name:owner/repository``.
        kind: One of :data:`KINDS`.
        url: The address of its start page, without a slash at the end.
        raw: Where a GitHub has the content of files, if that is another server.
    """

    name: str
    kind: str
    url: str
    raw: str = ""

    def refs_url(self, place: FromHost) -> str:
        """Where git asks for the refs of a repository (https://git-scm.com/docs/http-protocol)."""
        return f"{self._repository(place)}.git/info/refs?service=git-upload-pack"

    def file_url(self, place: FromHost, ref: str, path: str) -> str:
        """Where a file's content is.

        Args:
            place: In the repository.
            ref: The commit; where that is not known a branch or tag, or empty for ``HEAD``.
            path: The file's path in the repository.
        """
        path, ref = quote(path), ref or "HEAD"
        match self.kind:
            case "gitlab":
                return f"{self._repository(place)}/-/raw/{quote(ref)}/{path}"
            case "gitea" | "forgejo":
                # https://docs.gitea.com/api: /repos/{owner}/{repo}/raw/{filepath}?ref=
                return f"{self._api(place)}/raw/{path}?ref={quote(ref, safe='')}"
        if self.raw:
            return f"{self.raw}/{quote(place.owner)}/{quote(place.repository)}/{quote(ref)}/{path}"
        return f"{self._repository(place)}/raw/{quote(ref)}/{path}"

    def archive_url(self, place: FromHost, ref: str) -> str:
        """Where all files of a commit are, as a .tar.gz.

        Args:
            place: In the repository.
            ref: As for :meth:`file_url`.
        """
        ref = ref or "HEAD"
        match self.kind:
            case "gitlab":
                name = quote(f"{place.repository}-{ref.replace('/', '-')}", safe="")
                return f"{self._repository(place)}/-/archive/{quote(ref)}/{name}.tar.gz"
            case "gitea" | "forgejo":
                return f"{self._api(place)}/archive/{quote(ref)}.tar.gz"
        # It redirects to another server, to which no token goes: if need be the address has one of its own.
        return f"{self._repository(place)}/archive/{quote(ref)}.tar.gz"

    def has(self, url: str) -> bool:
        """Whether an address is one of this host's pages."""
        return f"{url}/".startswith(f"{self.url}/")

    def _repository(self, place: FromHost) -> str:
        return f"{self.url}/{quote(place.owner)}/{quote(place.repository)}"

    def _api(self, place: FromHost) -> str:
        return f"{self.url}/api/v1/repos/{quote(place.owner)}/{quote(place.repository)}"


KNOWN = (
    Host("github", "github", "https://github.com", "https://raw.githubusercontent.com"),
    Host("gitlab", "gitlab", "https://gitlab.com"),
    Host("codeberg", "forgejo", "https://codeberg.org"),
)
"""The hosts that every project knows."""


def all_hosts(own: Iterable[Host] = ()) -> Mapping[str, Host]:
    """The known hosts and a project's own, by name; a project's own comes before a known one of its name."""
    return {host.name: host for host in (*KNOWN, *own)}


def kinds_by_origin(hosts: Iterable[Host]) -> dict[str, str]:
    """Which kind of host is behind each :func:`origin_of`."""
    return {origin_of(url): host.kind for host in hosts for url in (host.raw, host.url) if url}
