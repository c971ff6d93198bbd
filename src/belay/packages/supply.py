"""Bytes by address: out of the store where that is right, else from the network into the store."""

from __future__ import annotations

import hashlib
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import unquote, urlsplit

from belay.exceptions import FetchError, PackageError
from belay.packages.draft import Draft
from belay.packages.fetch import FILE_BYTES, Answer, Fetcher, Sink
from belay.packages.gitplace import is_git, is_settled
from belay.packages.hosting import Host, all_hosts
from belay.packages.manifest import PORTAL, is_web_page
from belay.packages.model import FromHost, LockedFile, RemoteFile
from belay.packages.store import Memory, Store
from belay.packages.workers import Workers

if TYPE_CHECKING:
    from belay.packages.gitcache import Repositories as GitRepositories
    from belay.packages.repository import Repositories
    from belay.packages.unpacking import Archive

T = TypeVar("T")
R = TypeVar("R")

PAGE_BYTES = 1 << 20
"""The largest manifest that is read."""
MAX_PAGES = 5000
"""The most pages of one command: a server could make up packages that need packages for ever."""
MAX_BYTES = 256 << 20
"""The most bytes of them all; they are held in memory."""
ARCHIVE_BYTES = 128 << 20
"""The largest archive that is fetched; it goes to the disk."""
_CHECK = 0.2 if sys.platform == "win32" else None
"""Seconds after which a wait looks for Ctrl-C, which on Windows interrupts no wait."""


@dataclass(frozen=True)
class Page:
    """A page that may change: a manifest, or the listing of an index.

    Attributes:
        url: Its address.
        content: What is there now.
        sha256: Of its content.
        changed: Whether it is other than what the store had, or new.
        modified: When it was last changed, as the server says; or empty.
    """

    url: str
    content: bytes
    sha256: str
    changed: bool = False
    modified: str = ""


@dataclass(frozen=True)
class Held:
    """A file that is in the store now.

    Attributes:
        sha256: Of its content.
        size: In bytes.
    """

    sha256: str
    size: int


@dataclass(frozen=True)
class Progress:
    """How far a command is.

    Attributes:
        done: Pages and files that are here.
        total: How many are known to be needed; it grows.
        doing: How far one of them is that takes long, or empty.
    """

    done: int
    total: int
    doing: str = ""


class Supply:
    """Pages and files by their addresses.

    Args:
        store: Where they are kept.
        fetcher: Brings what the store lacks.
        offline: Whether nothing is asked of the network.
        progress: Called by the thread that waits, each time that something has come; and by others, while
            something comes that takes long.
        warn: Called with a sentence about what is not as one may think.
        hosts: The git hosts by name; None for those that everybody knows.
        asking: Makes a context in which git may ask somebody for a login on the terminal.
    """

    def __init__(
        self,
        store: Store,
        fetcher: Fetcher,
        *,
        offline: bool = False,
        progress: Callable[[Progress], None] | None = None,
        warn: Callable[[str], None] | None = None,
        hosts: Mapping[str, Host] | None = None,
        asking: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self.store = store
        self.fetcher = fetcher
        self.offline = offline
        self.warn = warn or _quiet
        self.hosts = all_hosts() if hosts is None else hosts
        self._asking = asking
        self._progress = progress
        self._workers = Workers(fetcher.limits.connections)
        self._pages: dict[str, Future[Page]] = {}
        self._page_bytes = 0
        self._archives: dict[str, Archive] = {}
        self._archives_soon: dict[str, Future[Archive]] = {}
        self._archive_locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()
        self._git_made: GitRepositories | None = None
        self._done = 0
        self._total = 0

    def __enter__(self) -> Supply:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drops what is not here yet, and closes all connections."""
        self._workers.close()
        self.fetcher.close()
        with self._lock:
            git = self._git_made
        if git is not None:
            git.close()
        for archive in list(self._archives.values()):
            archive.close()

    # --- pages -----------------------------------------------------------------------------------

    def page(self, url: str, *, most: int = PAGE_BYTES, under: str = "", settled: float = 0.0) -> Page:
        """A page as it is now; as :meth:`page_soon`, but waits for it.

        Raises:
            FetchError: It could not be had.
        """
        return self.wait_for(self.page_soon(url, most=most, under=under, settled=settled))

    def page_soon(
        self, url: str, *, most: int = PAGE_BYTES, under: str = "", settled: float = 0.0
    ) -> Future[Page]:
        """A page as it is now; each is asked for once.

        Args:
            url: Its address.
            most: The most bytes that are accepted.
            under: What vouches for the page: if the store has it from when the same vouched for it, then it
                has not changed, and nobody is asked.
            settled: Since when ``under`` has vouched, in seconds since 1970; of pages fetched before it is
                asked whether they have changed.

        Raises:
            PackageError: There have been too many already.
        """
        future = self._pages.get(url)
        if future is None:
            if len(self._pages) >= MAX_PAGES or self._page_bytes > MAX_BYTES:
                reason = f"more than {MAX_PAGES} manifests, or {MAX_BYTES >> 20} MB of them, would be needed"
                raise PackageError(reason, hint=f"the next is {url}")
            future = self._pages[url] = self._page_soon(url, most, under, settled)
        return future

    def _page_soon(self, url: str, most: int, under: str, settled: float) -> Future[Page]:
        known = self.store.recall(url)
        if known is not None and known[0].here:
            memory, content = known
            # What was fetched tomorrow was fetched when the clock was wrong: nobody knows when.
            vouched = under and memory.under == under and settled <= memory.fetched <= time.time()
            if (vouched or self.offline or is_settled(url)) and not _is_file(url):
                future: Future[Page] = Future()
                future.set_result(Page(url, content, memory.sha256, modified=memory.modified))
                return future
        return self._workers.submit(self._fetch_page, url, most, under, known)

    def _fetch_page(self, url: str, most: int, under: str, known: tuple[Memory, bytes] | None) -> Page:
        memory = known[0] if known and known[0].here else None
        etag, modified = (memory.etag, memory.modified) if memory else ("", "")
        answer = self._ask(url, most, etag, modified)
        if answer.content is None and known and memory:
            fresh = Memory(url, memory.sha256, memory.size, etag, modified, time.time(), under, True)
            if under:
                self.store.remember(fresh, known[1])
            return Page(url, known[1], memory.sha256, modified=modified)
        content = _present(url, answer)
        self._page_bytes += len(content)
        digits = hashlib.sha256(content).hexdigest()
        if not _is_file(url):
            fresh = Memory(url, digits, len(content), answer.etag, answer.modified, time.time(), under, True)
            self.store.remember(fresh, content)
        changed = memory is None or memory.sha256 != digits
        return Page(url, content, digits, changed, answer.modified)

    # --- files -----------------------------------------------------------------------------------

    def files(self, wanted: Iterable[RemoteFile]) -> list[Held]:
        """Makes sure that the store has files.

        A file whose hash is known is fetched once; another is asked for each time.

        Returns:
            What the store has, in their order.

        Raises:
            FetchError: One could not be had, or is not what its hash says.
        """
        # What is here already is found sooner than a thread for it.
        known = [(file, self._here(file)) for file in wanted]
        fetched = iter(self.each(self._fetch_file, [file for file, held in known if held is None]))
        return [next(fetched) if held is None else held for _, held in known]

    def file(self, wanted: RemoteFile) -> Held:
        """Makes sure that the store has a file; as :meth:`files`.

        Raises:
            FetchError: It could not be had, or is not what its hash says.
        """
        return self._here(wanted) or self._fetch_file(wanted)

    def _here(self, wanted: RemoteFile) -> Held | None:
        """What the store has, if that is what is wanted whatever the server may have."""
        memory = None if _is_file(wanted.url) else self._remembered(wanted.url)
        if memory is None or not (wanted.hash_prefix or self.offline or is_settled(wanted.url)):
            return None
        return Held(memory.sha256, memory.size) if memory.sha256.startswith(wanted.hash_prefix) else None

    def _remembered(self, url: str) -> Memory | None:
        """What is known of an address whose content the store has."""
        known = self.store.recall(url)
        return known[0] if known and self.store.has(known[0].sha256, known[0].size) else None

    def _fetch_file(self, wanted: RemoteFile) -> Held:
        memory = None if wanted.hash_prefix else self._remembered(wanted.url)
        etag, modified = (memory.etag, memory.modified) if memory else ("", "")
        with self.store.draft() as draft:
            answer = self._ask(wanted.url, FILE_BYTES, etag, modified, draft)
            if answer.content is None and memory is not None:
                return Held(memory.sha256, memory.size)
            if not wanted.hash_prefix:
                _check_python(wanted.url, draft)
            return self._keep(wanted.url, answer, draft, wanted.hash_prefix, None)

    def bring(self, files: Iterable[LockedFile]) -> None:
        """Makes sure that the store has files exactly as they were locked.

        Raises:
            FetchError: One could not be had, or is not what was locked.
        """
        wanted = {file.sha256: file for file in files}
        missing = [wanted[d] for d in sorted(wanted) if not self.store.has(d, wanted[d].size)]
        # What comes out of one archive comes together.
        archived: dict[str, list[LockedFile]] = {}
        for file in missing:
            archive, path = split_member(file.url)
            archived.setdefault(archive if path else file.sha256, []).append(file)
        self.each(self._fetch_together, archived.values())

    def content(self, wanted: LockedFile) -> bytes:
        """What is in a file that was locked; fetched if the store has it no longer, or damaged.

        Raises:
            FetchError: It could not be had, or is not what was locked.
        """
        content = self.store.read(wanted.sha256)
        if content is None:
            # Not out of the store again: another process may clear that at any moment.
            draft = Draft(None)
            self._fetch_into(draft, wanted)
            content = draft.content()
        return content

    def _fetch_together(self, files: Sequence[LockedFile]) -> None:
        """Fetches one file, or several of one archive."""
        if len(files) > 1:
            archive, _ = split_member(files[0].url)
            self._archive(archive).unpack({split_member(file.url)[1] for file in files}, self.store)
        for file in files:
            if not self.store.has(file.sha256, file.size):
                self._fetch_locked(file)

    def _fetch_locked(self, wanted: LockedFile) -> Held:
        with self.store.draft() as draft:
            return self._fetch_into(draft, wanted)

    def _fetch_into(self, draft: Draft, wanted: LockedFile) -> Held:
        answer = self._ask(wanted.url, FILE_BYTES, "", "", draft)
        hint = "it has changed since it was locked, or on the way; `belay update` takes what is there now"
        return self._keep(wanted.url, answer, draft, wanted.sha256, hint)

    def _keep(self, url: str, answer: Answer, draft: Draft, digits: str, hint: str | None) -> Held:
        _present(url, answer)
        if not draft.sha256.startswith(digits.lower()):
            reason = f"has the SHA-256 {draft.sha256[:16]}… and not {digits[:16]}…"
            raise FetchError(url, "mismatch", reason, hint=hint)
        self.store.keep(draft)
        held = Held(draft.sha256, draft.size)
        if not _is_file(url):
            self.store.remember(
                Memory(url, held.sha256, held.size, answer.etag, answer.modified, time.time())
            )
        return held

    def _ask(self, url: str, most: int, etag: str, modified: str, into: Sink | None = None) -> Answer:
        archive, path = split_member(url)
        if path and into is not None:
            into.restart()
            into.write(self._archive(archive).read(path))
            return Answer(b"")
        if is_git(url):
            content = self._git.get(url, most, offline=self.offline)
            if into is None:
                return Answer(content)
            into.restart()
            into.write(content)
            return Answer(b"")
        if self.offline and not _is_file(url):
            raise FetchError(
                url, "offline", "is not in the store", hint="without --offline it would be fetched"
            )
        return self.fetcher.get(url, etag=etag, modified=modified, most=most, into=into)

    @property
    def _git(self) -> GitRepositories:
        with self._lock:
            if self._git_made is None:
                from belay.packages.gitcache import Repositories
                from belay.packages.gitprogram import GitProgram

                program = GitProgram(asking=self._asking, tell=self._tell)
                hosts = self.fetcher.http_hosts
                self._git_made = Repositories(self.store.folder, program, http_hosts=hosts, say=self.warn)
            return self._git_made

    # --- repositories of git hosts ---------------------------------------------------------------

    @cached_property
    def repositories(self) -> Repositories:
        """Reads packages out of them."""
        from belay.packages.repository import Repositories

        return Repositories(self)

    def host_url(self, place: FromHost) -> str:
        """The address of a file in a repository, at the commit that its ref is.

        Raises:
            PackageNotFoundError: There is no such repository or ref.
            FetchError: It could not be asked.
        """
        return self.repositories.url(place)

    # --- archives --------------------------------------------------------------------------------

    def archive_soon(self, url: str) -> Future[Archive]:
        """The archive at an address, and what is in it; each is fetched once."""
        future = self._archives_soon.get(url)
        if future is None:
            future = self._archives_soon[url] = self._workers.submit(self._listed_archive, url)
        return future

    def _listed_archive(self, url: str) -> Archive:
        archive = self._archive(url)
        archive.listing()
        return archive

    def _archive(self, url: str) -> Archive:
        with self._lock:
            lock = self._archive_locks.setdefault(url, threading.Lock())
        with lock:
            if url not in self._archives:
                from belay.packages.unpacking import Archive

                archive = Archive(url)
                try:
                    _present(url, self._ask(url, ARCHIVE_BYTES, "", "", archive))
                except BaseException:
                    archive.close()
                    raise
                self._archives[url] = archive
            return self._archives[url]

    # --- many at once ----------------------------------------------------------------------------

    def each(self, call: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """Calls something for many items at once.

        Returns:
            The results, in the items' order.

        Raises:
            Exception: The first that a call raises; calls that have not begun then never do.
        """
        futures = [self._workers.submit(call, item) for item in items]
        self.gather(futures)
        return [future.result() for future in futures]

    def gather(
        self,
        futures: Iterable[Future[R]],
        then: Callable[[Future[R]], Iterable[Future[R]]] | None = None,
    ) -> None:
        """Waits until all is here.

        Args:
            futures: What is waited for.
            then: Called with each that has come, in the waiting thread; what it returns is waited for as
                well. Without it, the first error is raised and the rest dropped.
        """
        come: SimpleQueue[Future[R]] = SimpleQueue()
        waiting: set[Future[R]] = set()

        def wait_for_more(more: Iterable[Future[R]]) -> None:
            fresh = {future for future in more if future not in waiting}
            waiting.update(fresh)
            self._total += len(fresh)
            for future in fresh:
                future.add_done_callback(come.put)

        wait_for_more(futures)
        left = len(waiting)
        while left:
            future = _next(come)
            self._count()
            if then is not None:
                before = len(waiting)
                wait_for_more(then(future))
                left += len(waiting) - before
            elif error := future.exception():
                for other in waiting:
                    other.cancel()
                raise error
            left -= 1

    def wait_for(self, future: Future[R]) -> R:
        """Waits for one thing."""
        self.gather([future])
        return future.result()

    def _count(self) -> None:
        self._done += 1
        self._tell("")

    def _tell(self, doing: str) -> None:
        if self._progress is not None:
            self._progress(Progress(self._done, self._total, doing))


def _next(come: SimpleQueue[T]) -> T:
    while True:
        try:
            return come.get(timeout=_CHECK)
        except Empty:
            continue  # an interrupt would have come up here


def _quiet(sentence: str) -> None:
    """Say nothing."""


def _is_file(url: str) -> bool:
    return url[:5].lower() == "file:"


def _check_python(url: str, draft: Draft) -> None:
    """Refuse a web page in the place of Python: nobody knows what should have come, but it is not that."""
    path = split_member(url)[1] or urlsplit(url).path
    if path.endswith(".py") and draft.size and is_web_page(draft.start()):
        raise FetchError(url, "mismatch", "is a web page, and no Python", hint=PORTAL)


def _present(url: str, answer: Answer) -> bytes:
    if answer.content is None:
        raise FetchError(url, "status", "the server says that what nobody has is not modified", status=304)
    return answer.content


def split_member(url: str) -> tuple[str, str]:
    """The address of an archive of a web server, and the path in it; the path is empty for all other."""
    if not url.startswith(("https:", "http:")):
        return url, ""
    archive, _, path = url.partition("#")
    return archive, unquote(path)


def path_url(path: Path) -> str:
    """The ``file:`` URL of a path."""
    return path.absolute().as_uri()
