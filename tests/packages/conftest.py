from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from servers.web import WebServer


@pytest.fixture(scope="session")
def _web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


@pytest.fixture
def web(_web: WebServer) -> WebServer:
    """A web server with nothing on it."""
    _web.clear()
    return _web


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
