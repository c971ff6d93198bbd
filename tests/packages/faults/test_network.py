"""What a network can do to an update: each fault is told in a sentence of its own, and changes nothing."""

from __future__ import annotations

import base64
import gzip
import json
import socket
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from servers.proxy import Proxy
from servers.web import WebServer

from belay.cli import exits
from belay.exceptions import FetchError
from belay.packages.fetch import Fetcher, Limits, _retry_after
from belay.packages.index import _moment

from .scene import Result, Scene, belay, on_stage
from .stage import PATIENT, limit

NAMES = [f"p{number}" for number in range(8)]
PACKAGES = {name: {"1.0": {"files": {f"{name}.py": f"V = '{name}'\n"}}} for name in NAMES}
FILE = "/pi/v2/file"
HASTY = Limits(connect=1.0, read=1.0, total=2.0, attempts=3, pause=0.01)
"""For servers that never answer; one that does might be too late."""

few = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture
def here(scene: Scene, web: WebServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A project that asks a server that has all packages, and was never updated."""
    limit(monkeypatch, PATIENT)
    web.packages(PACKAGES)
    scene.configure(web.url + "/pi/v2", *(f'{name} = "*"' for name in NAMES))
    with on_stage(scene):
        yield scene


def refused(scene: Scene, code: int = exits.CONNECTION) -> str:
    """What an update says that is refused; it changes nothing."""
    before = scene.seen("store", "project/.belay/.local", "project/.belay")
    result = belay("update")
    assert result.code == code, result
    assert "Traceback" not in result.err
    assert not scene.lock
    assert not (scene.project / ".belay" / "dependencies").exists()
    assert scene.seen("store", "project/.belay/.local", "project/.belay") == before
    return result.err


# --- what is wrong is said -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"kind": "status", "status": 404}, ": is not there (404)\n"),
        ({"kind": "status", "status": 403}, ": the server answers 403\n"),
        ({"kind": "status", "status": 500}, ": the server answers 500\n"),
        ({"kind": "status", "status": 429}, ": the server answers 429\n"),
        ({"kind": "drop"}, ": 127.0.0.1 dropped the connection\n"),
        ({"kind": "truncate"}, ": the answer is shorter than the server said\n"),
        ({"kind": "garbage"}, ": 127.0.0.1 answers, but not in HTTP\n"),
        ({"kind": "wrong"}, "hint: it was damaged or exchanged on the way, "),
        (
            {"kind": "redirect", "to": "file:///etc/passwd"},
            "is redirected to 'file:///etc/passwd', which is no web",
        ),
        ({"kind": "redirect", "to": "ftp://a/b"}, "is redirected to 'ftp://a/b', which is no web address\n"),
        (
            {"kind": "redirect", "to": "http://example.com/x"},
            "is redirected to http://example.com/x, but plain http",
        ),
        ({"kind": "redirect", "to": "/pi/v2/file/xx"}, ": more than 5 redirects in a row\n"),
        ({"kind": "redirect", "to": "https://u:p@example.com/"}, "to an address with a login in it"),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else "",
)
def test_faults_of_a_server(here: Scene, web: WebServer, fault: dict[str, object], said: str) -> None:
    web.fault(path=FILE, **fault)  # type: ignore[arg-type]
    err = refused(here)
    assert said in err
    assert f"error: {web.url}{FILE}/" in err
    web.heal()
    assert belay("update").code == 0


def test_plain_http_only_where_allowed(here: Scene, web: WebServer) -> None:
    here.configure("http://index.test/pi/v2", 'p0 = "*"')
    err = refused(here)
    assert (
        "http://index.test/pi/v2/index.json: plain http is not used: anybody on the way could change" in err
    )
    assert "hint: use https, or allow the host: http_hosts = ['index.test'] in [tool.belay]\n" in err
    here.configure("http://index.test/pi/v2", 'p0 = "*"', lines=('http_hosts = ["index.test"]',))
    assert "the name of index.test is not known\nhint: is this machine online" in refused(here)


def test_a_port_that_nobody_listens_to(here: Scene) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        here.configure(f"https://127.0.0.1:{closed.getsockname()[1]}/pi/v2", 'p0 = "*"')
        assert "127.0.0.1 refuses the connection\n" in refused(here)


def test_a_certificate_that_nobody_trusts(here: Scene, tls_web: WebServer, ca_file: Path) -> None:
    tls_web.packages(PACKAGES)
    here.configure(tls_web.url + "/pi/v2", 'p0 = "*"')
    err = refused(here)
    assert "the connection to 127.0.0.1 cannot be trusted: " in err
    assert (
        "hint: if its certificate is your own, name the file that it can be checked with in SSL_CERT_FILE"
        in err
    )
    result = here.run("update", env={"SSL_CERT_FILE": str(ca_file)})
    assert (result.code, list(here.vendored)) == (0, ["main/p0.py"])


def test_no_tls_after_all(here: Scene, web: WebServer, tls_web: WebServer, ca_file: Path) -> None:
    tls_web.packages(PACKAGES)
    tls_web.fault("redirect", FILE, to=web.url + FILE)
    here.configure(tls_web.url + "/pi/v2", 'p0 = "*"')
    result = here.run("update", env={"SSL_CERT_FILE": str(ca_file)})
    assert result.code == exits.CONNECTION
    assert f"is redirected from https to {web.url}{FILE}\n" in result.err


# --- time ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("deps", ["an index", "addresses"])
def test_a_dead_server_costs_one_time_out(
    here: Scene, web: WebServer, monkeypatch: pytest.MonkeyPatch, deps: str
) -> None:
    limit(monkeypatch, HASTY)
    web.fault("mute")
    if deps == "addresses":
        here.configure(web.url, *(f'{name} = "{web.url}/{name}.py"' for name in NAMES))
    assert "127.0.0.1 did not answer in time\n" in refused(here)
    # All at once, or one for all: none is asked for again.
    assert len(web.counts().requests) <= (1 if deps == "an index" else len(NAMES))


def test_a_server_that_drips(here: Scene, web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(monkeypatch, HASTY)
    web.fault("drip", every=0.2)
    assert f"error: {web.url}/pi/v2/index.json: took longer than 2 s\n" in refused(here)


def test_a_dead_index_is_passed_over(here: Scene, web: WebServer) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{closed.getsockname()[1]}"
        file = here.project / "pyproject.toml"
        text = file.read_text(encoding="utf-8").replace(
            "package_indices = [", f'package_indices = ["{dead}", '
        )
        file.write_text(text, encoding="utf-8")
        result = belay("update")
    assert result.code == 0, result.err
    assert result.err.count(f"the index {dead} is passed over: 127.0.0.1 refuses the connection\n") == 1


def test_a_server_that_is_busy_for_a_while(here: Scene, web: WebServer) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)
    for wait in ("0", "1", soon, "x", "", "-5"):
        web.fault("status", FILE, times=1, status=429, headers={"Retry-After": wait})
        assert belay("update").code == 0, wait
        assert any(request.fault for request in web.counts().requests)
        (here.project / "belay.lock").unlink()
        (here.project / ".belay" / "dependencies" / "main" / "p1.py").unlink()
        for path in here.store.rglob("*"):
            if path.is_file():
                path.unlink()


@pytest.mark.parametrize(
    "wait", ["100000", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"], ids=["days", "for ever", "a date"]
)
def test_a_server_that_wants_too_much_patience(here: Scene, web: WebServer, wait: str) -> None:
    web.fault("status", FILE, status=503, headers={"Retry-After": wait})
    err = refused(here)
    assert "the server is busy (503), and wants " in err
    assert " s of patience\n" in err
    assert len(err) < 300


@given(
    st.text()
    | st.datetimes().map(format_datetime)
    | st.from_regex(r"\w{3}, \d+ \w{3} \d+ \d+:\d+:\d+ [+-]\d{1,6}")
)
def test_dates_of_any_kind(text: str) -> None:
    wait = _retry_after(text)
    assert wait is None or 0 <= wait <= 1e9
    assert 0 <= _moment(text) <= time.time() or _moment(text) < 0


# --- answers that are none -------------------------------------------------------------------------


def raw(web: WebServer, data: bytes) -> None:
    web.heal()
    web.fault("raw", data=base64.b64encode(data).decode())


HEAD = b"HTTP/1.1 200 OK\r\n"
ANSWERS = [
    HEAD + b"Content-Length: 99999999999999999999\r\n\r\nshort",
    HEAD + b"Content-Length: -5\r\n\r\nx",
    HEAD + b"Content-Length: x\r\nContent-Encoding: gzip\r\n\r\nx",
    HEAD + b"Content-Length: 5, 6\r\n\r\nhello",
    HEAD + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
    HEAD + b"Content-Encoding: " + b", ".join([b"gzip"] * 100) + b"\r\nContent-Length: 5\r\n\r\nhello",
    HEAD + b"Content-Encoding: br, zstd, what\r\nContent-Length: 5\r\n\r\nhello",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nhello\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n",
    HEAD + b"X: y\r\n" * 200 + b"\r\n",
    HEAD + b"X: " + b"y" * 100_000 + b"\r\n\r\n",
    HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"hello")[:-9],
    b"HTTP/1.1 100 Continue\r\n\r\n" * 50,
    b"HTTP/1.1 abc\r\n\r\n",
    b"HTTP/1.1 99999 X\r\n\r\n",
    b"HTTP/9.9 200 X\r\nContent-Length: 5\r\n\r\nx",
    b"HTTP/1.1 302 X\r\nLocation: http://[::1\r\n\r\n",
    b"HTTP/1.1 302 X\r\nLocation: https://" + b"a" * 70 + b".test/\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 302 X\r\nLocation: https://xn--\xff.test/\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 302 X\r\nLocation: \x1b[2J\x07://x\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 302 X\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 304 X\r\n\r\n",
    b"HTTP/1.1 204 X\r\n\r\n",
    b"",
    b"\r\n\r\n",
    b"SSH-2.0-OpenSSH\r\n",
]


@pytest.mark.parametrize("answer", ANSWERS, ids=range(len(ANSWERS)))
def test_odd_answers(here: Scene, web: WebServer, answer: bytes) -> None:
    here.configure(web.url + "/pi/v2", f'x = "{web.url}/x.py"')
    raw(web, answer)
    err = refused(here)
    assert "\x1b" not in err
    assert err.startswith("error: http")


headers = st.lists(
    st.tuples(
        st.sampled_from(
            ["Content-Length", "Transfer-Encoding", "Content-Encoding", "Location", "Retry-After", "X"]
        ),
        st.sampled_from(["5", "chunked", "gzip", "/x", "//", "http:", "1", "identity", "deflate"])
        | st.text(max_size=8),
    ),
    max_size=4,
)
answers = st.binary(max_size=60) | st.builds(
    lambda status, lines, body: (
        b"HTTP/1.1 %d X\r\n%s\r\n%s"
        % (status, b"".join(f"{name}: {value}\r\n".encode(errors="replace") for name, value in lines), body)
    ),
    st.sampled_from([200, 200, 206, 301, 304, 404, 429, 503]),
    headers,
    st.binary(max_size=40) | st.just(gzip.compress(b"x" * 50)),
)


@pytest.fixture(scope="module")
def server() -> Iterator[WebServer]:
    with WebServer() as made:
        yield made


@few
@given(answers)
def test_any_answer_is_content_or_a_reason(server: WebServer, answer: bytes) -> None:
    raw(server, answer)
    limits = Limits(connect=0.5, read=0.5, total=0.5, attempts=1)
    with Fetcher(limits, proxies={}) as fetcher, suppress(FetchError):
        assert isinstance(fetcher.get(f"{server.url}/x").content, bytes | None)


@pytest.mark.parametrize(
    ("times", "said"), [(1, "is larger than 16777216 bytes"), (2, "cannot be unpacked: ")]
)
def test_a_small_answer_that_grows(here: Scene, web: WebServer, times: int, said: str) -> None:
    bomb = b"\0" * (200 << 20)
    for _ in range(times):
        bomb = gzip.compress(bomb, 9 if len(bomb) < 1 << 20 else 1)
    web.page("/x.py", bomb, {"Content-Encoding": ", ".join(["gzip"] * times)})
    here.configure(web.url + "/pi/v2", f'x = "{web.url}/x.py"')
    del bomb
    tracemalloc.start()
    try:
        err = refused(here)
        assert tracemalloc.get_traced_memory()[1] < 60 << 20
    finally:
        tracemalloc.stop()
    assert f"{web.url}/x.py: {said}" in err


def test_packages_that_need_packages_for_ever(
    here: Scene, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("belay.packages.resolve.MAX_DEPTH", 100)
    for number in range(200):
        deps = [[f"{web.url}/m{number + 1}/package.json", ""]]
        web.page(f"/m{number}/package.json", json.dumps({"deps": deps, "urls": []}))
    here.configure(web.url + "/pi/v2", f'm0 = "{web.url}/m0/package.json"')
    err = refused(here, exits.PACKAGES)
    assert len(err) < 2000
    assert "error: more than 100 packages need each other in a row\n  m101 (http" in err
    assert len(web.counts().requests) < 200


def test_packages_that_need_too_many(here: Scene, web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("belay.packages.supply.MAX_PAGES", 20)
    deps = [[f"{web.url}/m{number}/package.json", ""] for number in range(40)]
    for number in range(40):
        web.page(f"/m{number}/package.json", json.dumps({"deps": deps, "urls": []}))
    here.configure(web.url + "/pi/v2", f'm0 = "{web.url}/m0/package.json"')
    assert "error: more than 20 manifests, or 256 MB of them, would be needed" in refused(
        here, exits.PACKAGES
    )
    assert len(web.counts().requests) <= 20


# --- proxies ---------------------------------------------------------------------------------------


def proxied(scene: Scene, **env: str) -> Result:
    return scene.run("update", env=env)


def test_a_proxy(here: Scene, web: WebServer) -> None:
    here.configure("http://index.test/pi/v2", 'p0 = "*"', lines=('http_hosts = ["index.test"]',))
    with Proxy(web.port) as proxy:
        result = proxied(here, http_proxy=f"http://us%40er:pass@{proxy.address}")
        assert result.code == 0, result.err
        asked = proxy.asked()
    assert (
        asked[0] == f"GET http://index.test/pi/v2/index.json Basic {base64.b64encode(b'us@er:pass').decode()}"
    )


def test_a_proxy_for_tls(here: Scene, authority: trustme.CA, ca_file: Path, tmp_path: Path) -> None:
    file = tmp_path / "server.pem"
    authority.issue_cert("index.test").private_key_and_cert_chain_pem.write_to_path(file)
    here.configure("https://index.test/pi/v2", 'p0 = "*"')
    with WebServer(file) as web, Proxy(web.port) as proxy:
        web.packages(PACKAGES)
        result = proxied(here, HTTPS_PROXY=f"http://u:p@{proxy.address}", SSL_CERT_FILE=str(ca_file))
        assert result.code == 0, result.err
        assert set(proxy.asked()) == {f"CONNECT index.test:443 Basic {base64.b64encode(b'u:p').decode()}"}


@pytest.mark.parametrize("hosts", ["index.test", ".test", "other,index.test:80", "*"])
def test_hosts_without_a_proxy(here: Scene, web: WebServer, hosts: str) -> None:
    here.configure("http://index.test/pi/v2", 'p0 = "*"', lines=('http_hosts = ["index.test"]',))
    with Proxy(web.port) as proxy:
        result = proxied(here, http_proxy=f"http://{proxy.address}", no_proxy=hosts)
        assert "the name of index.test is not known" in result.err
        assert not proxy.asked()


@pytest.mark.parametrize(
    ("proxy", "said"),
    [
        ("http://127.0.0.1:9", "the proxy refuses the connection\n"),
        (
            "socks5://user:secret@127.0.0.1:9",
            "the proxy that the environment names is none that belay can use\n",
        ),
        ("http://user:secret@[::1", "the proxy that the environment names is none that belay can use\n"),
    ],
)
def test_a_proxy_that_is_none(here: Scene, proxy: str, said: str) -> None:
    here.configure("https://index.test/pi/v2", 'p0 = "*"')
    result = proxied(here, https_proxy=proxy)
    assert result.code == exits.CONNECTION
    assert said in result.err
    assert "secret" not in result.err
