"""A web server for tests: HTTP or TLS in a process of its own, with latency, faults and counts."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

PROGRAM = Path(__file__).with_name("web_process.py")
ALWAYS = -1
"""As the number of times of a fault: until healed."""


@dataclass(frozen=True)
class Request:
    """What a client asked for.

    Attributes:
        path: The request's target.
        headers: By lower-case name.
        fault: The kind of fault that answered it, or nothing.
    """

    path: str
    headers: Mapping[str, str]
    fault: str


@dataclass(frozen=True)
class Counts:
    """What clients did.

    Attributes:
        requests: In the order in which they came.
        connections: How many were opened.
        most_open: How many were open at once.
    """

    requests: tuple[Request, ...]
    connections: int
    most_open: int


class WebServer:
    """A server on a port of 127.0.0.1 that the system chose.

    Args:
        certificate: A PEM file with key and certificates, for TLS; None for plain HTTP.
    """

    def __init__(self, certificate: Path | None = None) -> None:
        arguments = [str(certificate)] if certificate else []
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(PROGRAM), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.port = int(self._answer())
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> WebServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the process."""
        self._process.kill()
        self._process.communicate()

    def page(self, path: str, content: bytes | str, headers: Mapping[str, str] | None = None) -> str:
        """Puts content at a path; returns its URL."""
        data = content.encode() if isinstance(content, str) else content
        self._do("page", path=path, content=base64.b64encode(data).decode(), headers=dict(headers or {}))
        return self.url + path

    def manifest(self, path: str, **keys: Any) -> str:
        """Puts a ``package.json`` of these keys at a path; returns its URL."""
        return self.page(path, json.dumps(keys))

    def remove(self, path: str) -> None:
        """Takes a page or an index away."""
        self._do("remove", path=path)

    def index(self, path: str = "/pi/v2", recipe: str = "micropython_lib", **options: Any) -> str:
        """Puts an index of :mod:`servers.index_recipes` at a path; returns its URL."""
        self._do("index", path=path, recipe=recipe, options=options)
        return self.url + path

    def packages(self, packages: Mapping[str, Any], path: str = "/pi/v2", **options: Any) -> str:
        """Puts an index of these packages at a path, as for :func:`~servers.index_recipes.of`; its URL."""
        self._do("packages", path=path, packages=packages, options=options)
        return self.url + path

    def git(self, path: str, folder: Path, kind: str) -> str:
        """Puts a folder of repositories at a path, as for :class:`~servers.git_hosts.GitHost`; its URL."""
        self._do("git", path=path, folder=str(folder), kind=kind)
        return self.url + path

    def behave(self, *, latency: float = 0.0, etags: bool = True) -> None:
        """Sets how each request is answered.

        Args:
            latency: Seconds before the answer.
            etags: Whether answers have an ETag, and "not modified" is known.
        """
        self._do("behave", latency=latency, etags=etags)

    def fault(self, kind: str, path: str = "/", *, times: int = ALWAYS, **details: Any) -> None:
        """Answers wrongly.

        Args:
            kind: ``"status"`` (with ``status=`` and ``headers=``), ``"redirect"`` (``to=``), ``"drop"``,
                ``"garbage"``, ``"raw"`` (``data=``, all that is sent, in Base64),
                ``"truncate"``, ``"wrong"``, ``"drip"`` (``every=`` seconds), ``"stall"`` (in the middle, for
                ever), ``"mute"``.
            path: What the paths start with that are answered so.
            times: How often.
            details: See ``kind``.
        """
        self._do("fault", fault={"kind": kind, "path": path, "times": times, **details})

    def clear(self) -> None:
        """Forgets everything that it was told and has counted."""
        self._do("clear")

    def heal(self) -> None:
        """Ends all faults."""
        self._do("heal")

    def until_asked(self, times: int = 1) -> None:
        """Waits until clients have asked for something, so many times since it was last counted."""
        self._do("until_asked", times=times)

    def counts(self, *, forget: bool = True) -> Counts:
        """What clients did since the last time.

        Args:
            forget: Whether counting starts anew.
        """
        got = self._do("counts", forget=forget)
        requests = tuple(Request(path, headers, fault) for path, headers, fault in got["requests"])
        return Counts(requests, got["connections"], got["most_open"])

    def _do(self, name: str, **arguments: Any) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([name, arguments]).encode() + b"\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the server's process has ended"
        return json.loads(line)
