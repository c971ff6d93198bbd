"""Brings bytes from web servers and files, or says exactly why it could not.

HTTP as RFC 9110 has it: conditional requests (13.1.2), ``Retry-After`` (10.2.3), redirects (15.4).
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from belay.deadline import Deadline
from belay.exceptions import FetchError
from belay.packages.origin import is_loopback, origin_of
from belay.packages.reading import open_regular

if TYPE_CHECKING:
    from belay.packages.carrier import Carrier, Reply
    from belay.packages.logins import Logins

FILE_BYTES = 16 << 20
"""The largest file that is fetched unless more is asked for; no board has room for more."""
_PIECE = 1 << 16
_FINAL = {"dns", "tls", "refused", "unreachable", "proxy", "timeout"}
_REPEATED = {"dropped", "truncated", "refused", "unreachable", "timeout"}
_BUSY = {408, 425, 429, 500, 502, 503, 504}
_REDIRECTS = {301, 302, 303, 307, 308}
_GONE = {404, 410}
_CLOSED = {401, 403}
_LOGIN = "does it need a login? that can stand in BELAY_TOKEN_ and the server's name, or in .netrc"
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
_EVER = 1e9
_PLACE = re.compile(r"(?:[\w.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")
"""A server's name and port. What else could stand there, one reads so and another otherwise: the one who
decides who may be asked, and gets a login, and the one who asks."""


@dataclass(frozen=True)
class Limits:
    """What is waited for, and how often.

    Attributes:
        connect: Seconds for a connection, and again for its TLS handshake.
        read: Seconds in which a server may be silent.
        total: Seconds for an answer, with all attempts and pauses.
        attempts: How often something is asked for while the server is busy or drops connections.
        pause: Seconds before the second attempt; doubled for each further one.
        connections: The most at once.
        redirects: The most in a row.
    """

    connect: float = 10.0
    read: float = 20.0
    total: float = 120.0
    attempts: int = 5
    pause: float = 0.25
    connections: int = 32
    redirects: int = 5


@dataclass(frozen=True)
class Answer:
    """What came.

    Attributes:
        content: The bytes, or nothing if they went elsewhere; None: what the asker has is still right.
        etag: The server's name for this content, or empty.
        modified: The server's date of this content, or empty.
    """

    content: bytes | None
    etag: str = ""
    modified: str = ""


class Sink(Protocol):
    """Where bytes go."""

    def restart(self) -> None:
        """Forgets what has come: it comes again, from the start."""
        ...

    def write(self, piece: bytes) -> None:
        """Takes a piece."""
        ...


class _Pieces:
    """Bytes in memory."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def restart(self) -> None:
        self._pieces.clear()

    def write(self, piece: bytes) -> None:
        self._pieces.append(piece)

    def content(self) -> bytes:
        return b"".join(self._pieces)


class _Origin:
    """What is known of a server: scheme, host and port."""

    def __init__(self) -> None:
        self.answered = False
        self.failure: FetchError | None = None
        self.not_before = 0.0


class Fetcher:
    """Fetches, over connections that are kept; for any number of threads at once.

    A server that cannot be reached, or never answered, is not asked again: what else was wanted of it fails
    at once and in the same words.

    Args:
        limits: Time-outs and counts.
        http_hosts: Hosts, as ``"10.0.0.5"`` or ``"lab:8080"``, that may be asked without TLS. Those of this
            machine always may.
        ca_file: Certificates to trust instead of the system's.
        proxies: Proxies by scheme and ``"no"``; None for those of the environment.
        logins: Who to be for whom; None for nobody.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        http_hosts: Collection[str] = (),
        ca_file: Path | None = None,
        proxies: Mapping[str, str] | None = None,
        logins: Logins | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self._logins = logins
        self.http_hosts = frozenset(host.lower() for host in http_hosts)
        self._ca_file = ca_file
        self._proxies = proxies
        self._lock = threading.Lock()
        self._carrier_made: Carrier | None = None
        self._origins: dict[str, _Origin] = {}
        self._closed = threading.Event()

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Cuts all connections; what is being fetched fails at once."""
        with self._lock:
            self._closed.set()
            if self._carrier_made is not None:
                self._carrier_made.close()

    def login_for(self, url: str) -> str:
        """Where the login stands that is sent to an address; empty if none is."""
        return self._logins.where(url) if self._logins else ""

    def ready(self) -> None:
        """Imports what it takes to ask; else whoever asks first does that."""
        _ = self._carrier

    def get(
        self,
        url: str,
        *,
        etag: str = "",
        modified: str = "",
        most: int = FILE_BYTES,
        into: Sink | None = None,
    ) -> Answer:
        """Fetches what lies at a URL.

        Args:
            url: ``https:``, ``http:`` or ``file:``.
            etag: The ETag of what the asker has already.
            modified: Its date, as the server gave it.
            most: The most bytes that are accepted.
            into: Gets the bytes, which are not in the answer then; what comes before an error is there too.

        Raises:
            FetchError: It could not be had.
        """
        if into is None:
            pieces = _Pieces()
            answer = self._get(url, etag, modified, most, pieces)
            return answer if answer.content is None else replace(answer, content=pieces.content())
        return self._get(url, etag, modified, most, into)

    def _get(self, url: str, etag: str, modified: str, most: int, into: Sink) -> Answer:
        if url[:5].lower() == "file:":
            _read_file(url, most, into)
            return Answer(b"")
        headers = {"User-Agent": "belay", "Accept-Encoding": "identity"}
        if etag:
            headers["If-None-Match"] = etag
        elif modified:
            headers["If-Modified-Since"] = modified
        deadline = Deadline(self.limits.total)
        place = url
        login: Mapping[str, str] | None = None
        for _ in range(self.limits.redirects + 1):
            self._check(url, place)
            if login is None:
                login = self._logins.headers(url) if self._logins else {}
            try:
                reply = self._ask(place, {**headers, **login}, most, deadline, into)
                if reply.status not in _REDIRECTS:
                    return self._understand(place, reply)
            except FetchError as error:
                if place == url:
                    raise
                reason = f"is redirected to {_shown(place, url):.200}, but: {error.reason}"
                raise FetchError(url, error.kind, reason, status=error.status, hint=error.hint) from None
            if not (target := reply.headers.get("Location", "")):
                raise FetchError(url, "redirect", "is redirected, but not to anywhere")
            place = _join(place, target)
            # A login is for its own server, and not for whoever that one sends us to.
            login = login if _is_same_server(place, url) else {}
        raise FetchError(url, "redirect", f"more than {self.limits.redirects} redirects in a row")

    def _check(self, url: str, place: str) -> None:
        """Whether an address may be asked."""
        parts = _split(_shown(place, url))
        if parts.scheme not in ("http", "https") or not parts.hostname:
            if place != url:
                raise FetchError(
                    url, "redirect", f"is redirected to {_shown(place, url)!r:.200}, which is no web address"
                )
            raise FetchError(url, "address", "is no address of a web server")
        if parts.username is not None:
            if place != url:
                raise FetchError(url, "redirect", "is redirected to an address with a login in it")
            raise FetchError(url, "address", "has a login in it, which all could read in the lockfile")
        if not _PLACE.fullmatch(parts.netloc):
            raise FetchError(url, "address", f"{parts.netloc!r:.200} is no name of a server")
        if is_loopback(parts.hostname) and not is_loopback(_split(url).hostname or ""):
            # Programs of this machine answer there that nobody else can ask.
            raise FetchError(url, "redirect", f"is redirected to this machine, {parts.netloc}")
        if parts.scheme == "http" and place != url and _split(url).scheme == "https":
            raise FetchError(url, "redirect", f"is redirected from https to {_shown(place, url)}")
        if parts.scheme == "http" and not self._may_be_plain(parts):
            way = "" if place == url else f"is redirected to {_shown(place, url):.200}, but "
            raise FetchError(
                url,
                "insecure",
                f"{way}plain http is not used: anybody on the way could change what comes",
                hint=f"use https, or allow the host: http_hosts = [{parts.netloc!r}] in [tool.belay]",
            )

    def _may_be_plain(self, parts: SplitResult) -> bool:
        assert parts.hostname is not None
        return is_loopback(parts.hostname) or bool(
            self.http_hosts & {parts.hostname.lower(), parts.netloc.lower()}
        )

    def _understand(self, url: str, reply: Reply) -> Answer:
        if reply.status == 200:
            return Answer(b"", reply.headers.get("ETag", ""), reply.headers.get("Last-Modified", ""))
        if reply.status == 304:
            return Answer(None)
        if reply.status in _GONE:
            raise FetchError(url, "not-found", f"is not there ({reply.status})", status=reply.status)
        hint = None
        if reply.status in _CLOSED:
            used = self.login_for(url)
            hint = f"the login is the one of {used}" if used else _LOGIN
        raise FetchError(url, "status", f"the server answers {reply.status}", status=reply.status, hint=hint)

    def _ask(
        self, place: str, headers: Mapping[str, str], most: int, deadline: Deadline, into: Sink
    ) -> Reply:
        """Asks until there is an answer, or no hope of one."""
        parts = _split(place)
        with self._lock:
            origin = self._origins.setdefault(f"{parts.scheme}://{parts.netloc}", _Origin())
        for attempt in range(1, self.limits.attempts + 1):
            self._pause(place, origin, deadline)
            last = attempt == self.limits.attempts
            try:
                reply = self._carrier.ask(place, headers, most, deadline, into)
            except FetchError as error:
                if self._closed.is_set():
                    raise FetchError(place, "interrupted", "was interrupted") from error
                # Silence has cost enough after the second time.
                silent = error.kind == "timeout" and attempt > 1
                self._judge(origin, error, last or silent or deadline.expired)
                wait = self._own_pause(attempt)
                if wait > (deadline.remaining or 0.0):
                    raise
            else:
                origin.answered = True
                if reply.status not in _BUSY or last:
                    return reply
                asked = _retry_after(reply.headers.get("Retry-After", ""))
                wait = self._own_pause(attempt) if asked is None else asked
                if wait > (deadline.remaining or 0.0):
                    reason = f"the server is busy ({reply.status}), and wants {wait:.0f} s of patience"
                    raise FetchError(place, "status", reason, status=reply.status)
            # All others that want something of this server wait as well.
            origin.not_before = max(origin.not_before, time.monotonic() + wait)
        raise AssertionError("the last attempt returns or raises")

    def _pause(self, place: str, origin: _Origin, deadline: Deadline) -> None:
        """Waits until the server may be asked."""
        while (wait := origin.not_before - time.monotonic()) > 0:
            if self._closed.wait(min(wait, deadline.remaining or 0.0)) or deadline.expired:
                break
        if self._closed.is_set():
            raise FetchError(place, "interrupted", "was interrupted")
        if origin.failure is not None:
            known = origin.failure
            raise FetchError(place, known.kind, known.reason, hint=known.hint) from known

    @staticmethod
    def _judge(origin: _Origin, error: FetchError, last: bool) -> None:
        """Raises an error again unless another attempt is worth it."""
        if error.kind in _FINAL and (last or not origin.answered):
            origin.failure = error
            raise error
        if last or error.kind not in _REPEATED:
            raise error

    def _own_pause(self, attempt: int) -> float:
        """Seconds until a server is asked again that has not said when."""
        return float(self.limits.pause * 2 ** (attempt - 1) * random.uniform(0.5, 1.0))  # noqa: S311

    @property
    def _carrier(self) -> Carrier:
        with self._lock:
            if self._carrier_made is None:
                from belay.packages.carrier import Carrier

                self._carrier_made = Carrier(self.limits, self._ca_file, self._proxies)
            return self._carrier_made


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # reading it checks it
    except ValueError as error:
        raise FetchError(url, "address", f"is no address: {error}") from error
    return parts


def _shown(place: str, url: str) -> str:
    """An address for people: where somebody else has sent us, a key may stand behind the question mark."""
    return place if place == url else place.partition("?")[0]


def _is_same_server(place: str, url: str) -> bool:
    try:
        return origin_of(place) == origin_of(url)
    except ValueError:
        return False  # it is no address, which is said elsewhere


def _join(place: str, target: str) -> str:
    # A server's words are shown to people, and not every character does what it seems to.
    target = quote(target, safe=_PRINTABLE)
    try:
        return urljoin(place, target)
    except ValueError:
        return target  # which is then refused by name


def _retry_after(text: str) -> float | None:
    """The seconds that ``Retry-After`` asks for (RFC 9110, 10.2.3)."""
    if text.isdecimal():
        return min(float(text), _EVER)
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - datetime.now(UTC)).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, seconds), _EVER)


def _read_file(url: str, most: int, into: Sink) -> None:
    from urllib.request import url2pathname

    parts = _split(url)
    if parts.netloc not in ("", "localhost"):
        raise FetchError(url, "address", "is a file on another machine", hint="write file:///path")
    try:
        with open_regular(Path(url2pathname(parts.path))) as file:
            into.restart()
            size = 0
            while size <= most and (piece := file.read(_PIECE)):
                into.write(piece)
                size += len(piece)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FetchError(url, "not-found", "is not there") from error
    except (OSError, ValueError) as error:
        raise FetchError(url, "file", f"cannot be read: {error}") from error
    if size > most:
        raise FetchError(url, "too-large", f"is larger than {most} bytes")
