"""One request and its answer, by urllib3: its errors become ours here, and nowhere else."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import BadStatusLine, IncompleteRead, RemoteDisconnected
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from urllib3 import BaseHTTPResponse, PoolManager, ProxyManager, Timeout, exceptions, make_headers

from belay.deadline import Deadline
from belay.exceptions import FetchError
from belay.packages.origin import is_loopback
from belay.packages.packing import PackingError, unpacked
from belay.packages.watched import Exchange, Watch, WatchedPool, WatchedTlsPool

if TYPE_CHECKING:
    from belay.packages.fetch import Limits, Sink

_PIECE = 1 << 16
_DONE = 200
_DIGITS = 30
"""Of a number that a server says; more of them mean nothing, and cost much."""
_PROXIES = "write http://host:port, in http_proxy and https_proxy; no_proxy names hosts without one"
_CERTIFICATES = "if its certificate is your own, name the file that it can be checked with in SSL_CERT_FILE"


@dataclass(frozen=True)
class Reply:
    """What a server answered.

    Attributes:
        status: HTTP's.
        headers: By name, in any case.
    """

    status: int
    headers: Mapping[str, str]


class Carrier:
    """Carries requests over connections that it keeps.

    Args:
        limits: Time-outs and counts.
        ca_file: Certificates to trust instead of the system's.
        proxies: Proxies by scheme, and hosts without under ``"no"``; None for those of the environment.
    """

    def __init__(self, limits: Limits, ca_file: Path | None, proxies: Mapping[str, str] | None) -> None:
        self._limits = limits
        self._ca_file = ca_file
        self._proxies = getproxies() if proxies is None else dict(proxies)
        self._watch = Watch()
        self._lock = threading.Lock()
        self._ways: dict[tuple[bool, str], PoolManager] = {}

    def close(self) -> None:
        """Cuts all connections, now and later."""
        self._watch.close()
        with self._lock:
            for way in self._ways.values():
                way.clear()

    def ask(self, url: str, headers: Mapping[str, str], most: int, deadline: Deadline, into: Sink) -> Reply:
        """Asks once.

        Args:
            url: ``https:`` or ``http:``.
            headers: To send.
            most: The most bytes that are accepted.
            deadline: When the answer must be complete.
            into: Gets the body, from its start.

        Raises:
            FetchError: There was no answer, or not a complete one.
        """
        with self._watch.exchange(deadline.remaining or 0.0) as exchange:
            try:
                return self._exchange(url, headers, most, exchange, into)
            except (exceptions.HTTPError, OSError, ValueError) as error:
                if exchange.cut:
                    raise FetchError(url, "timeout", f"took longer than {deadline.seconds:g} s") from error
                raise _translated(url, error) from error

    def _exchange(
        self, url: str, headers: Mapping[str, str], most: int, exchange: Exchange, into: Sink
    ) -> Reply:
        timeout = Timeout(connect=self._limits.connect, read=self._limits.read)
        answer = self._way(urlsplit(url)).urlopen(
            "GET", url, headers=headers, timeout=timeout, retries=False, redirect=False, preload_content=False
        )
        complete = False
        try:
            _read_body(url, answer, most, exchange, into)
            complete = True
        finally:
            if not complete:
                answer.close()
            answer.release_conn()
        return Reply(answer.status, answer.headers)

    def _way(self, parts: SplitResult) -> PoolManager:
        """What holds the connections for an address, direct or by a proxy."""
        secure = parts.scheme == "https"
        proxy = self._proxy(parts)
        with self._lock:
            way = self._ways.get((secure, proxy))
            if way is None:
                try:
                    way = self._ways[secure, proxy] = self._make_way(secure, proxy)
                except ValueError as error:
                    # It may have a password in it, so it is not shown.
                    reason = "the proxy that the environment names is none that belay can use"
                    raise FetchError(parts.geturl(), "proxy", reason, hint=_PROXIES) from error
            return way

    def _proxy(self, parts: SplitResult) -> str:
        host = parts.hostname or ""
        proxy = self._proxies.get(parts.scheme) or self._proxies.get("all", "")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        if not proxy or is_loopback(host) or proxy_bypass(f"{host}:{port}"):
            return ""
        return proxy if "://" in proxy else f"http://{proxy}"

    def _make_way(self, secure: bool, proxy: str) -> PoolManager:
        # One context for all connections: to read the system's certificates takes longer than to connect.
        trust = ssl.create_default_context(cafile=self._ca_file) if secure else None
        options: dict[str, Any] = {"maxsize": self._limits.connections, "block": True, "ssl_context": trust}
        way = _proxy_manager(proxy, options) if proxy else PoolManager(**options)
        way.pool_classes_by_scheme = {"http": WatchedPool, "https": WatchedTlsPool}
        return way


def _proxy_manager(proxy: str, options: Mapping[str, Any]) -> ProxyManager:
    """What holds the connections to a proxy; who it is used as may stand in its address."""
    parts = urlsplit(proxy)
    login = None
    if parts.username is not None:
        login = make_headers(proxy_basic_auth=f"{unquote(parts.username)}:{unquote(parts.password or '')}")
        parts = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    return ProxyManager(parts.geturl(), proxy_headers=login, **options)


def _read_body(url: str, answer: BaseHTTPResponse, most: int, exchange: Exchange, into: Sink) -> None:
    into.restart()
    size = 0
    # What stands in an error's body is of no interest.
    packing = answer.headers.get("Content-Encoding", "") if answer.status == _DONE else ""
    for piece in unpacked(_pieces(answer, exchange), packing):
        into.write(piece)
        size += len(piece)
        if size > most:
            raise FetchError(url, "too-large", f"is larger than {most} bytes")


def _pieces(answer: BaseHTTPResponse, exchange: Exchange) -> Iterator[bytes]:
    """What comes over the wire, and not a byte less than the server has said."""
    size = 0
    while piece := answer.read1(_PIECE, decode_content=False):
        yield piece
        size += len(piece)
    if exchange.cut:
        raise TimeoutError
    if "chunked" in answer.headers.get("Transfer-Encoding", "").lower():
        return
    for promised in answer.headers.getlist("Content-Length"):
        if not (promised.isascii() and promised.isdecimal()):
            raise exceptions.InvalidHeader(f"Content-Length is {promised!r:.50}")
        if size < int(promised[:_DIGITS]):
            raise exceptions.IncompleteRead(size, int(promised[:_DIGITS]) - size)


def _translated(url: str, error: Exception) -> FetchError:
    """An error of urllib3's in our words."""
    by_proxy = isinstance(error, exceptions.ProxyError) or "Tunnel connection failed" in str(error)
    cause = error.original_error if isinstance(error, exceptions.ProxyError) else error
    where = "the proxy" if by_proxy else urlsplit(url).hostname or ""
    if isinstance(cause, exceptions.ProtocolError) and isinstance(cause.args[-1], Exception):
        cause = cause.args[-1]
    known = isinstance(cause, exceptions.NewConnectionError) and isinstance(cause.__cause__, OSError)
    detail: object = cause.__cause__ if known else cause
    for kinds, kind, text, hint in _MEANINGS:
        if isinstance(detail, kinds) or isinstance(cause, kinds):
            why, help_with_tls = _distrust(detail) if kind == "tls" else (detail, None)
            reason = text.format(where=where, detail=why)
            return FetchError(url, "proxy" if by_proxy else kind, reason, hint=hint or help_with_tls)
    if by_proxy:
        return FetchError(url, "proxy", f"the proxy refuses: {detail}")
    return FetchError(url, "dropped", f"{where} dropped the connection: {detail}")


def _distrust(error: object) -> tuple[str, str]:
    """Why TLS fails and what helps, in our words where we have some: OpenSSL's differ with its version."""
    inner = getattr(error, "args", (None,))[0] if isinstance(error, exceptions.SSLError) else error
    if isinstance(inner, ssl.SSLCertVerificationError):
        return _VERDICTS.get(inner.verify_code, (inner.verify_message, _CERTIFICATES))
    if isinstance(inner, ssl.SSLError) and inner.reason in _NO_TLS:
        return "what answers there is no TLS", "is the address right, and the port one for https?"
    return str(inner or error), _CERTIFICATES


_NO_TLS = {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"}
_CLOCK = "is the clock of this machine right? if so, whoever runs the server has to renew it"
_STRANGER = ("nobody whom this system trusts vouches for its certificate", _CERTIFICATES)
_OTHER = ("its certificate is for another name", "is the address right?")
# https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error
_VERDICTS = {
    9: ("its certificate is not valid yet", _CLOCK),
    10: ("its certificate has expired", _CLOCK),
    **dict.fromkeys((18, 19, 20, 21), _STRANGER),
    **dict.fromkeys((62, 64), _OTHER),
}

_MEANINGS: tuple[tuple[tuple[type[Exception], ...], str, str, str | None], ...] = (
    (
        (exceptions.NameResolutionError,),
        "dns",
        "the name of {where} is not known",
        "is this machine online, and the name right?",
    ),
    ((ConnectionRefusedError,), "refused", "{where} refuses the connection", None),
    ((exceptions.NewConnectionError,), "unreachable", "{where} cannot be reached: {detail}", None),
    ((exceptions.ConnectTimeoutError,), "timeout", "{where} did not accept a connection in time", None),
    ((exceptions.TimeoutError, TimeoutError), "timeout", "{where} did not answer in time", None),
    ((RemoteDisconnected, ConnectionError), "dropped", "{where} dropped the connection", None),
    ((BadStatusLine,), "dropped", "{where} answers, but not in HTTP", None),
    ((exceptions.InvalidHeader,), "dropped", "{where} answers what cannot be: {detail}", None),
    (
        (exceptions.SSLError, ssl.SSLError),
        "tls",
        "the connection to {where} cannot be trusted: {detail}",
        None,
    ),
    (
        (exceptions.IncompleteRead, exceptions.InvalidChunkLength, IncompleteRead),
        "truncated",
        "the answer is shorter than the server said",
        None,
    ),
    ((exceptions.LocationValueError,), "address", "is no address: {detail}", None),
    ((PackingError,), "mismatch", "cannot be unpacked: {detail}", None),
)
"""What urllib3 raises, and what it means; the most special come first."""
