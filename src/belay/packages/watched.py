"""Connections that can be cut from outside: by a time-out over the whole exchange, or by Ctrl-C.

A socket's own time-out starts again with every byte, so a server that drips would hold it for ever.
"""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

LINGER = 2.0
"""Seconds for which the watching thread stays when nothing is under way."""

_here = threading.local()


class Exchange:
    """One request and its answer.

    Args:
        seconds: How long it may take altogether.
    """

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds
        self.cut = False
        self._socket: socket.socket | None = None

    def hold(self, held: socket.socket | None) -> None:
        """Says over which socket the exchange goes."""
        self._socket = held
        if self.cut:
            self.stop()

    def stop(self) -> None:
        """Cuts the connection; whoever reads it gets an error."""
        self.cut = True
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it is closed already


class Watch:
    """Cuts every exchange that takes too long."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._live: set[Exchange] = set()
        self._watching = False
        self._next = float("inf")
        self.closed = False

    @contextmanager
    def exchange(self, seconds: float) -> Iterator[Exchange]:
        """An exchange of this thread, which is cut after some seconds."""
        exchange = Exchange(seconds)
        with self._changed:
            self._live.add(exchange)
            exchange.cut = self.closed
            if not self._watching:
                self._watching = True
                threading.Thread(target=self._run, name="belay-fetch-watch", daemon=True).start()
            if exchange.end < self._next:
                self._changed.notify()
        _here.exchange = exchange
        try:
            yield exchange
        finally:
            _here.exchange = None
            with self._changed:
                self._live.discard(exchange)
                if not self._live:
                    self._changed.notify()

    def close(self) -> None:
        """Cuts everything, now and later."""
        with self._changed:
            self.closed = True
            for exchange in self._live:
                exchange.stop()
            self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            while not self.closed:
                now = time.monotonic()
                for exchange in self._live:
                    if exchange.end <= now and not exchange.cut:
                        exchange.stop()
                self._next = min((each.end for each in self._live if not each.cut), default=float("inf"))
                idle = self._next == float("inf")
                told = self._changed.wait(LINGER if idle else max(0.0, self._next - now))
                if not told and not self._live:
                    # A fetcher that nobody closes keeps no thread; the next exchange starts another.
                    break
            self._watching = False


class _Watched(HTTPConnection):
    """Tells the thread's exchange which socket it goes over.

    The exchange gets a duplicate of the socket, since TLS takes the first one over, shakes hands, and only
    then is there another.
    """

    _handle: socket.socket | None = None
    _answer: http.client.HTTPResponse | None = None

    def _new_conn(self) -> socket.socket:
        made = super()._new_conn()
        self._handle = made.dup()
        _hold(self._handle)
        return made

    def request(self, *args: Any, **kwargs: Any) -> None:
        _hold(self._handle)
        super().request(*args, **kwargs)

    def response_class(self, *args: Any, **kwargs: Any) -> http.client.HTTPResponse:  # type: ignore[override]
        """Makes an answer, as http.client asks for it."""
        self._answer = http.client.HTTPResponse(*args, **kwargs)
        return self._answer

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        """Waits for an answer."""
        try:
            return super().getresponse()
        except BaseException:
            # urllib3 drops an answer whose headers it does not understand, but does not close it.
            if self._answer is not None:
                self._answer.close()
            raise
        finally:
            self._answer = None

    def close(self) -> None:
        _hold(None)
        super().close()
        handle, self._handle = self._handle, None
        if handle is not None:
            handle.close()


class _WatchedTls(_Watched, HTTPSConnection):
    pass


class WatchedPool(HTTPConnectionPool):
    """Connections to one host, watched."""

    ConnectionCls = _Watched


class WatchedTlsPool(HTTPSConnectionPool):
    """TLS connections to one host, watched."""

    ConnectionCls = _WatchedTls


def _hold(held: socket.socket | None) -> None:
    exchange: Exchange | None = getattr(_here, "exchange", None)
    if exchange is not None:
        exchange.hold(held)
