"""Repositories of git in the cache: one for each remote, for all projects."""

from __future__ import annotations

import re
import tempfile
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from belay.cache.ownership import make_private, why_not_ours
from belay.exceptions import FetchError, RequirementError
from belay.packages.gitplace import PREFIX, Address, parse_address
from belay.packages.gitprogram import GitProgram
from belay.packages.gitrepository import REMOTE, SUFFIX, Repository, remove_tree

FORMAT = "git-1"
"""The folder of this format."""
_KEPT = re.compile("[0-9a-f]{32}" + re.escape(SUFFIX))
_MOST_URL = 4096


class Repositories:
    """Commits, files and lists of files, by their addresses; for any number of threads and processes at once.

    Args:
        folder: The cache's folder. If it cannot be written to, or others can, a temporary one is used.
        program: Runs git.
        http_hosts: Hosts, as ``"10.0.0.5"`` or ``"lab:8080"``, that may be asked without TLS.
        say: Called with a sentence when another process has to be waited for.
    """

    def __init__(
        self,
        folder: Path,
        program: GitProgram | None = None,
        *,
        http_hosts: Collection[str] = (),
        say: Callable[[str], None] | None = None,
    ) -> None:
        self._folder = folder / FORMAT
        self._program = program or GitProgram()
        self._http_hosts = frozenset(host.lower() for host in http_hosts)
        self._say = say
        self._lock = threading.Lock()
        self._known: dict[str, Repository] = {}
        self._temporary: Path | None = None

    def close(self) -> None:
        """Ends every git that runs."""
        self._program.close()
        with self._lock:
            for repository in self._known.values():
                repository.close()
            if self._temporary is not None:
                remove_tree(self._temporary)

    def get(self, address: str, most: int, *, offline: bool = False) -> bytes:
        """What is at an address (see :mod:`~belay.packages.gitplace`).

        Of the refs, the list, see :func:`~belay.packages.gitlisting.read_refs`; of the commit that a ref
        is, the name, and its files are here then; of a folder, the list of the files in it and below, see
        :func:`~belay.packages.gitlisting.read_listing`.

        Args:
            address: The address.
            most: The most bytes that are accepted.
            offline: Whether only the cache is used.

        Raises:
            FetchError: It could not be had.
            UnsafePathError: It is a link.
            PackageError: There is no git, or only a pointer of Git LFS.
        """
        try:
            place = parse_address(address)
        except RequirementError as error:
            raise FetchError(address, "address", error.reason, hint=error.hint) from error
        self._check(place)
        repository = self._repository(place.url)
        if not place.ref:
            return repository.refs(offline=offline)
        if place.path is None:
            commit = repository.resolve(place.ref, offline=offline)
            repository.ensure(commit, offline=offline)
            return commit.encode()
        repository.ensure(place.ref, offline=offline)
        if place.path == "" or place.path.endswith("/"):
            return repository.listing(place.ref, place.path.strip("/"), most)
        return repository.content(place, most)

    def _check(self, place: Address) -> None:
        if not place.url.startswith("http:"):
            return
        from belay.packages.origin import is_loopback

        server = place.url.partition("://")[2].partition("/")[0]
        host = re.sub(r":[0-9]+$", "", server)
        if not ({server, host} & self._http_hosts or is_loopback(host.strip("[]"))):
            reason = "is plain http, which anybody on the way could change"
            hint = f'write git+https://, or http_hosts = ["{server}"] in [tool.belay]'
            raise FetchError(f"git+{place.url}", "insecure", reason, hint=hint)

    def _repository(self, url: str) -> Repository:
        with self._lock:
            if url not in self._known:
                self._known[url] = Repository(url, self._place(), self._program, self._say)
            return self._known[url]

    def _place(self) -> Path:
        """The folder of the repositories, which can be written to."""
        if self._temporary is None:
            try:
                make_private(self._folder)
                # Git does what the configuration of a repository says, whoever has written it.
                if not why_not_ours(self._folder.parent, self._folder):
                    with tempfile.TemporaryFile(dir=self._folder):
                        return self._folder
            except OSError:
                pass  # as with the store: what cannot be kept is had all the same
            self._temporary = Path(tempfile.mkdtemp(prefix="belay-git-"))
        return self._temporary


@dataclass(frozen=True)
class Kept:
    """A repository in the cache.

    Attributes:
        address: Where it comes from, as ``git+https://…``; empty if it is damaged.
        size: Of its files, in bytes.
        path: Its folder.
    """

    address: str
    size: int
    path: Path


def kept(folder: Path) -> list[Kept]:
    """The repositories in a cache.

    Args:
        folder: The cache's folder.

    Raises:
        OSError: It cannot be read.
    """
    place = folder / FORMAT
    if place.is_symlink() or not place.is_dir():
        return []
    return [
        Kept(_remote(path), _size(path), path)
        for path in sorted(place.iterdir())
        if _KEPT.fullmatch(path.name) and path.is_dir() and not path.is_symlink()
    ]


def remove(path: Path) -> None:
    """Removes a repository from the cache; whoever is at it fetches it again.

    Raises:
        OSError: It is there still.
    """
    remove_tree(path)
    if path.exists():
        raise OSError(f"{path} cannot be removed")


def _remote(path: Path) -> str:
    try:
        with (path / REMOTE).open(encoding="utf-8") as file:
            return f"{PREFIX}{parse_address(f'{PREFIX}{file.read(_MOST_URL).strip()}@HEAD').url}"
    except (OSError, ValueError):
        return ""


def _size(path: Path) -> int:
    found = 0
    for each in path.rglob("*"):
        try:
            found += 0 if each.is_symlink() or each.is_dir() else each.stat().st_size
        except FileNotFoundError:
            continue  # another process is at it
    return found
