from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from patience import SOON
from servers.web import WebServer

from belay.exceptions import FetchError
from belay.packages.fetch import Answer, Fetcher, Limits

QUICK = Limits(connect=1.0, read=0.5, total=3.0, pause=0.01)


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    with Fetcher(QUICK, proxies={}) as made:
        yield made


@pytest.fixture
def refusing() -> Iterator[str]:
    """The URL of a port that nobody listens to."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def fails(fetcher: Fetcher, url: str, **options: int) -> FetchError:
    with pytest.raises(FetchError) as caught:
        fetcher.get(url, **options)
    return caught.value


def test_content_comes_with_its_name(web: WebServer, fetcher: Fetcher) -> None:
    url = web.page("/a", b"hello\x00", {"Last-Modified": "Tue, 14 Nov 2023 22:13:20 GMT"})
    got = fetcher.get(url)
    assert got.content == b"hello\x00"
    assert got.etag
    assert got.modified == "Tue, 14 Nov 2023 22:13:20 GMT"


def test_empty_content_is_content(web: WebServer, fetcher: Fetcher) -> None:
    assert fetcher.get(web.page("/empty", b"")).content == b""


def test_what_has_not_changed_is_not_sent(web: WebServer, fetcher: Fetcher) -> None:
    url = web.page("/a", b"hello")
    known = fetcher.get(url)
    assert fetcher.get(url, etag=known.etag) == Answer(None)
    web.page("/a", b"other")
    assert fetcher.get(url, etag=known.etag).content == b"other"


def test_a_date_is_asked_with_where_there_is_no_etag(web: WebServer, fetcher: Fetcher) -> None:
    fetcher.get(web.page("/a", b"hello"), modified="Tue, 14 Nov 2023 22:13:20 GMT")
    assert web.counts().requests[0].headers["if-modified-since"] == "Tue, 14 Nov 2023 22:13:20 GMT"


def test_connections_are_kept(web: WebServer, fetcher: Fetcher) -> None:
    url = web.page("/a", b"hello")
    for _ in range(20):
        fetcher.get(url)
    fails(fetcher, web.url + "/nothing")
    fetcher.get(url)
    assert web.counts().connections == 1


def test_there_are_no_more_connections_than_allowed(web: WebServer) -> None:
    url = web.page("/a", b"hello")
    web.behave(latency=0.02)
    with Fetcher(Limits(connections=4), proxies={}) as fetcher, ThreadPoolExecutor(12) as pool:
        assert len(list(pool.map(fetcher.get, [url] * 40))) == 40
    counts = web.counts()
    assert counts.most_open <= 4
    assert counts.connections <= 4


def test_what_is_not_there(web: WebServer, fetcher: Fetcher) -> None:
    error = fails(fetcher, web.url + "/nothing")
    assert (error.kind, error.status, error.url) == ("not-found", 404, web.url + "/nothing")
    assert len(web.counts().requests) == 1


@pytest.mark.parametrize("status", [401, 403, 418, 501])
def test_other_statuses_are_told(web: WebServer, fetcher: Fetcher, status: int) -> None:
    web.fault("status", status=status)
    error = fails(fetcher, web.url + "/a")
    assert (error.kind, error.status) == ("status", status)
    assert len(web.counts().requests) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(web: WebServer, fetcher: Fetcher, status: int) -> None:
    url = web.page("/a", b"hello")
    web.fault("status", status=status, times=2)
    assert fetcher.get(url).content == b"hello"
    assert len(web.counts().requests) == 3


def test_a_server_that_stays_busy_is_given_up(web: WebServer, fetcher: Fetcher) -> None:
    web.fault("status", status=503)
    error = fails(fetcher, web.url + "/a")
    assert (error.kind, error.status) == ("status", 503)
    assert len(web.counts().requests) == QUICK.attempts


def test_the_pause_that_a_server_asks_for_is_made_by_all(web: WebServer, fetcher: Fetcher) -> None:
    url = web.page("/a", b"hello")
    web.fault("status", status=429, headers={"Retry-After": "1"}, times=1)
    start = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(fetcher.get, url)
        web.until_asked()
        # The answer is on its way; whoever asks from now on waits too, or is asked to.
        assert first.result().content == b"hello"
    assert fetcher.get(url).content == b"hello"
    assert time.monotonic() - start >= 1.0


def test_a_pause_until_a_date(web: WebServer, fetcher: Fetcher) -> None:
    url = web.page("/a", b"hello")
    past = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
    web.fault("status", status=429, headers={"Retry-After": past}, times=1)
    assert fetcher.get(url).content == b"hello"
    web.fault("status", status=429, headers={"Retry-After": "soon"}, times=1)
    assert fetcher.get(url).content == b"hello"


def test_a_pause_longer_than_the_time_there_is(web: WebServer, fetcher: Fetcher) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    web.fault("status", status=429, headers={"Retry-After": later})
    start = time.monotonic()
    error = fails(fetcher, web.url + "/a")
    assert error.kind == "status"
    assert "patience" in error.reason
    assert time.monotonic() - start < SOON


@pytest.mark.parametrize("kind", ["drop", "garbage", "truncate"])
def test_what_breaks_is_asked_for_again(web: WebServer, fetcher: Fetcher, kind: str) -> None:
    url = web.page("/a", b"hello" * 100)
    web.fault(kind, times=2)
    assert fetcher.get(url).content == b"hello" * 100
    assert len(web.counts().requests) == 3


@pytest.mark.parametrize(
    ("fault", "kind"), [("drop", "dropped"), ("garbage", "dropped"), ("truncate", "truncated")]
)
def test_what_always_breaks_is_told(web: WebServer, fetcher: Fetcher, fault: str, kind: str) -> None:
    web.page("/a", b"hello" * 100)
    web.fault(fault)
    assert fails(fetcher, web.url + "/a").kind == kind
    assert len(web.counts().requests) == QUICK.attempts


def test_a_server_that_never_answers_costs_one_time_out(web: WebServer, fetcher: Fetcher) -> None:
    web.fault("mute")
    start = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        kinds = set(pool.map(lambda i: fails(fetcher, f"{web.url}/{i}").kind, range(100)))
    assert kinds == {"timeout"}
    assert time.monotonic() - start < 2 * QUICK.read
    assert len(web.counts().requests) <= 8


def test_a_server_that_falls_silent_is_asked_again(web: WebServer, fetcher: Fetcher) -> None:
    url = web.page("/a", b"hello")
    fetcher.get(url)
    web.fault("mute", times=1)
    assert fetcher.get(url).content == b"hello"


def test_a_server_that_stays_silent_is_asked_twice_and_no_more(web: WebServer, fetcher: Fetcher) -> None:
    fetcher.get(web.page("/a", b"hello"))
    web.fault("mute")
    web.counts()
    for _ in range(3):
        assert fails(fetcher, web.url + "/a").kind == "timeout"
    assert len(web.counts().requests) == 2


def test_dripping_does_not_stretch_the_time_out(web: WebServer) -> None:
    web.page("/a", b"hello" * 1000)
    web.fault("drip", every=0.05)
    start = time.monotonic()
    with Fetcher(Limits(read=0.5, total=0.7), proxies={}) as fetcher:
        assert fails(fetcher, web.url + "/a").kind == "timeout"
    assert 0.6 < time.monotonic() - start < SOON


def test_a_port_that_nobody_listens_to(refusing: str, fetcher: Fetcher) -> None:
    assert fails(fetcher, refusing + "/a").kind == "refused"
    assert fails(fetcher, refusing + "/b").url == refusing + "/b"


def test_a_name_that_nobody_knows(fetcher: Fetcher) -> None:
    error = fails(fetcher, "https://no-such-host.invalid/a")
    assert error.kind == "dns"
    assert "no-such-host.invalid" in error.reason


def test_tls(tls_web: WebServer, ca_file: Path) -> None:
    url = tls_web.page("/a", b"secret")
    with Fetcher(QUICK, ca_file=ca_file, proxies={}) as fetcher:
        assert fetcher.get(url).content == b"secret"
        assert fetcher.get(url.replace("127.0.0.1", "localhost")).content == b"secret"


def test_a_certificate_that_is_not_trusted(tls_web: WebServer, fetcher: Fetcher) -> None:
    error = fails(fetcher, tls_web.page("/a", b"secret"))
    assert error.kind == "tls"
    assert "certificate" in error.reason
    assert error.hint is not None
    assert not tls_web.counts().requests


def test_a_web_server_without_tls(web: WebServer, fetcher: Fetcher) -> None:
    assert fails(fetcher, web.url.replace("http:", "https:") + "/a").kind == "tls"


def test_redirects_are_followed(web: WebServer, fetcher: Fetcher) -> None:
    web.page("/b", b"there")
    web.fault("redirect", "/a", to="/b")
    assert fetcher.get(web.url + "/a").content == b"there"


def test_redirects_in_a_circle(web: WebServer, fetcher: Fetcher) -> None:
    web.fault("redirect", "/a", to="/a")
    assert fails(fetcher, web.url + "/a").kind == "redirect"
    assert len(web.counts().requests) == QUICK.redirects + 1


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://x/y", "https://", "http://[x"])
def test_redirects_to_what_is_no_web_server(web: WebServer, fetcher: Fetcher, to: str) -> None:
    web.fault("redirect", "/a", to=to)
    assert fails(fetcher, web.url + "/a").kind in ("redirect", "address")


def test_a_redirect_does_not_lead_out_of_tls(web: WebServer, tls_web: WebServer, ca_file: Path) -> None:
    tls_web.fault("redirect", "/a", to=web.page("/b", b"changed on the way"))
    with Fetcher(QUICK, ca_file=ca_file, proxies={}) as fetcher:
        assert fails(fetcher, tls_web.url + "/a").kind == "redirect"
    assert not web.counts().requests


def test_a_redirect_of_others_does_not_lead_to_this_machine(web: WebServer) -> None:
    secret = web.page("/only-for-this-machine", b"secret")
    web.fault("redirect", "/a", to=secret)
    with Fetcher(QUICK, http_hosts=["lab"], proxies={"http": web.url}) as fetcher:
        web.fault("redirect", "http://lab/a", to=secret)
        error = fails(fetcher, "http://lab/a")
        assert (error.kind, error.reason) == ("redirect", f"is redirected to this machine, {web.url[7:]}")
        assert fetcher.get(web.url + "/a").content == b"secret"


def test_a_redirect_to_a_server_that_is_not_allowed(web: WebServer, fetcher: Fetcher) -> None:
    web.fault("redirect", "/a", to="http://192.0.2.1/b")
    assert fails(fetcher, web.url + "/a").kind == "insecure"


def test_plain_http_only_where_allowed(web: WebServer) -> None:
    web.page("/a", b"hello")
    # The proxy stands for all hosts, those that do not exist included.
    with Fetcher(QUICK, http_hosts=["192.0.2.1", "lab:81"], proxies={"http": web.url}) as fetcher:
        assert fetcher.get("http://192.0.2.1/a").content == b"hello"
        assert fetcher.get("http://LAB:81/a").content == b"hello"
        assert fails(fetcher, "http://lab:82/a").kind == "insecure"
        assert fails(fetcher, "http://192.0.2.2/a").kind == "insecure"


def test_proxies_of_the_environment(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    web.page("/a", b"hello")
    monkeypatch.setenv("http_proxy", web.url.removeprefix("http://"))
    monkeypatch.setenv("no_proxy", "direct.invalid")
    with Fetcher(QUICK, http_hosts=["by-proxy.invalid", "direct.invalid"]) as fetcher:
        assert fetcher.get("http://by-proxy.invalid/a").content == b"hello"
        assert fails(fetcher, "http://direct.invalid/a").kind == "dns"
        assert fetcher.get(web.url + "/a").content == b"hello"
    assert [request.path for request in web.counts().requests] == ["http://by-proxy.invalid/a", "/a"]


def test_a_proxy_that_fails(web: WebServer, refusing: str) -> None:
    with Fetcher(QUICK, proxies={"https": web.url}) as fetcher:
        assert fails(fetcher, "https://anything.invalid/a").kind == "proxy"
    with Fetcher(QUICK, proxies={"all": refusing}) as fetcher:
        assert fails(fetcher, "https://anything.invalid/a").kind == "proxy"


def test_too_much(web: WebServer, fetcher: Fetcher) -> None:
    url = web.page("/a", b"x" * 100_000)
    assert fails(fetcher, url, most=99_999).kind == "too-large"
    assert fetcher.get(url, most=100_000).content is not None


@pytest.mark.parametrize(
    "url", ["", "nonsense", "ftp://x/y", "https://", "https://x:y/", "http://[x", "https://me:secret@x/y"]
)
def test_what_is_no_address(fetcher: Fetcher, url: str) -> None:
    assert fails(fetcher, url).kind == "address"


@pytest.mark.parametrize(
    "between", ["\\", "%2f", "%40", ";", "&", " ", "\t", "\u2100", "\uff0f", "|", "\0", "]", "[", ","]
)
@pytest.mark.parametrize(
    "form", ["http://127.0.0.1{0}.invalid/", "http://a.invalid{0}127.0.0.1/", "https://{0}/"]
)
def test_what_two_read_differently_is_no_address(fetcher: Fetcher, form: str, between: str) -> None:
    assert fails(fetcher, form.format(between)).kind in {"address", "insecure"}


def test_what_is_no_file_is_not_opened(fetcher: Fetcher, tmp_path: Path) -> None:
    if sys.platform != "win32":
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        for url in (pipe.as_uri(), "file:///dev/zero"):
            assert "is no file" in fails(fetcher, url).reason


def test_files(fetcher: Fetcher, tmp_path: Path) -> None:
    file = tmp_path / "a b%c.txt"
    file.write_bytes(b"hello")
    assert fetcher.get(file.as_uri()) == Answer(b"hello")
    assert fails(fetcher, file.as_uri(), most=4).kind == "too-large"
    assert fails(fetcher, (tmp_path / "nothing").as_uri()).kind == "not-found"
    assert fails(fetcher, tmp_path.as_uri()).kind == "file"
    assert fails(fetcher, "file://elsewhere/a").kind == "address"
    assert fails(fetcher, file.as_uri() + "/%00").kind in ("not-found", "file")


def test_closing_cuts_what_is_under_way(web: WebServer) -> None:
    web.fault("mute")
    fetcher = Fetcher(Limits(read=60.0), proxies={})
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(fails, fetcher, web.url + "/a")
        web.until_asked()
        start = time.monotonic()
        fetcher.close()
        assert waiting.result().kind == "interrupted"
    assert time.monotonic() - start < SOON
    assert fails(fetcher, web.url + "/b").kind == "interrupted"


def test_closing_ends_a_pause(web: WebServer) -> None:
    web.fault("status", status=429, headers={"Retry-After": "60"})
    fetcher = Fetcher(proxies={})
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(fails, fetcher, web.url + "/a")
        web.until_asked()
        fetcher.close()
        assert waiting.result().kind == "interrupted"


INTERRUPTED = """
import sys
from belay.packages.fetch import Fetcher
from belay.packages.workers import Workers
print("started", flush=True)
workers, fetcher = Workers(4), Fetcher(proxies={})
try:
    workers.submit(fetcher.get, sys.argv[1]).result()
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are not sent to one process there")
def test_ctrl_c_ends_the_program_at_once(web: WebServer) -> None:
    web.fault("mute")
    program = [sys.executable, "-c", INTERRUPTED, web.url + "/a"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        web.until_asked()
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (130, b"")
    assert time.monotonic() - start < SOON


def test_threads_end_when_the_fetcher_is_closed(web: WebServer) -> None:
    before = set(threading.enumerate())
    with Fetcher(QUICK, proxies={}) as fetcher:
        fetcher.get(web.page("/a", b"hello"))
    for thread in set(threading.enumerate()) - before:
        thread.join(20)
        assert not thread.is_alive()
