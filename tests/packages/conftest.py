from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from servers.git_hosts import Repository
from servers.web import WebServer

from belay.packages.fetch import Fetcher
from belay.packages.hosting import Host, all_hosts
from belay.packages.store import Store
from belay.packages.supply import Supply

from .hosted import QUICK, Make


@pytest.fixture(scope="session")
def _web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


@pytest.fixture
def web(_web: WebServer) -> WebServer:
    """A web server with nothing on it."""
    _web.clear()
    return _web


@dataclass(frozen=True)
class GitHosts:
    """The three git hosts, on a server of the test.

    Attributes:
        web: The server; ``/hub``, ``/raw``, ``/lab`` and ``/berg`` are theirs.
        folder: Where the repositories of all of them are.
        known: What :class:`~belay.packages.supply.Supply` knows of them.
    """

    web: WebServer
    folder: Path
    known: Mapping[str, Host]

    def repository(self, name: str = "o/r", branch: str = "main") -> Repository:
        """A new repository, which all hosts have."""
        return Repository(self.folder, name, branch)

    def paths(self) -> list[str]:
        """What was asked for since the last time."""
        return [request.path for request in self.web.counts().requests]


@pytest.fixture
def git_hosts(web: WebServer, tmp_path: Path) -> GitHosts:
    """Git hosts without a repository."""
    folder = tmp_path / "repositories"
    folder.mkdir()
    hub, raw, lab, berg = (
        web.git(path, folder, kind)
        for path, kind in (("/hub", "github"), ("/raw", "raw"), ("/lab", "gitlab"), ("/berg", "gitea"))
    )
    own = (
        Host("github", "github", hub, raw),
        Host("gitlab", "gitlab", lab),
        Host("codeberg", "forgejo", berg),
    )
    return GitHosts(web, folder, all_hosts(own))


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def make(git_hosts: GitHosts, tmp_path: Path, warnings: list[str]) -> Iterator[Make]:
    """A supply as a new process would make it; the store stays."""
    made = []

    def make(*, offline: bool = False) -> Supply:
        supply = Supply(
            Store(tmp_path / "cache"),
            Fetcher(QUICK, proxies={}),
            offline=offline,
            warn=warnings.append,
            hosts=git_hosts.known,
        )
        made.append(supply)
        return supply

    yield make
    for supply in made:
        supply.close()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What clients need to trust the server ``tls_web``."""
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(file)
    return file


@pytest.fixture(scope="session")
def _tls_web(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    authority.issue_cert("127.0.0.1", "localhost").private_key_and_cert_chain_pem.write_to_path(file)
    with WebServer(file) as server:
        yield server


@pytest.fixture
def tls_web(_tls_web: WebServer) -> WebServer:
    """A web server that talks TLS."""
    _tls_web.clear()
    return _tls_web
