from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.web import WebServer

from belay.deadline import Deadline
from belay.exceptions import FetchError
from belay.packages.carrier import Carrier
from belay.packages.draft import Draft
from belay.packages.fetch import Limits


@pytest.fixture
def carrier() -> Iterator[Carrier]:
    made = Carrier(Limits(read=1.0), None, {})
    yield made
    made.close()


def ask(carrier: Carrier, url: str, most: int, seconds: float) -> bytes:
    draft = Draft(None)
    carrier.ask(url, {}, most, Deadline(seconds), draft)
    return draft.content()


def test_one_request_is_one_attempt(web: WebServer, carrier: Carrier) -> None:
    web.fault("status", status=503, headers={"Retry-After": "7"})
    draft = Draft(None)
    reply = carrier.ask(web.url + "/a", {"X-Mine": "1"}, 100, Deadline(5.0), draft)
    assert (reply.status, reply.headers["retry-after"], draft.content()) == (503, "7", b"fault")
    [request] = web.counts().requests
    assert request.headers["x-mine"] == "1"


@pytest.mark.parametrize("fault", ["truncate", "drop", "garbage", "drip"])
def test_a_broken_answer_does_not_spoil_the_next(web: WebServer, carrier: Carrier, fault: str) -> None:
    url = web.page("/a", b"hello" * 10)
    web.fault(fault, times=1)
    with pytest.raises(FetchError):
        ask(carrier, url, 1000, 0.5)
    assert ask(carrier, url, 1000, 5.0) == b"hello" * 10


def test_too_much_does_not_spoil_the_next(web: WebServer, carrier: Carrier) -> None:
    url = web.page("/a", b"x" * 1_000_000)
    with pytest.raises(FetchError):
        ask(carrier, url, 1000, 5.0)
    assert len(ask(carrier, url, 1_000_000, 5.0)) == 1_000_000


def test_packed_content_is_unpacked(web: WebServer, carrier: Carrier) -> None:
    import gzip

    headers = {"Content-Encoding": "gzip"}
    url = web.page("/a", gzip.compress(b"hello" * 1000, mtime=0), headers)
    assert ask(carrier, url, 10_000, 5.0) == b"hello" * 1000
    with pytest.raises(FetchError) as caught:
        ask(carrier, url, 4999, 5.0)
    assert caught.value.kind == "too-large"
    with pytest.raises(FetchError) as caught:
        ask(carrier, web.page("/b", b"not packed", headers), 100, 5.0)
    assert caught.value.kind == "mismatch"


def test_what_came_before_it_broke_is_not_there_twice(web: WebServer, carrier: Carrier) -> None:
    url = web.page("/a", b"hello" * 1000)
    web.fault("truncate", times=1)
    draft = Draft(None)
    with pytest.raises(FetchError):
        carrier.ask(url, {}, 10_000, Deadline(5.0), draft)
    carrier.ask(url, {}, 10_000, Deadline(5.0), draft)
    assert draft.content() == b"hello" * 1000


def test_a_certificate_file_that_is_none(tls_web: WebServer, tmp_path: Path) -> None:
    carrier = Carrier(Limits(), tmp_path / "nothing.pem", {})
    with pytest.raises(FetchError):
        ask(carrier, tls_web.url + "/a", 100, 5.0)


def test_what_nobody_has_a_word_for_is_told_as_it_is(web: WebServer, carrier: Carrier) -> None:
    with pytest.raises(FetchError) as caught:
        ask(carrier, web.url.replace("127.0.0.1", "a" * 300) + "/a", 100, 5.0)
    assert caught.value.kind in ("address", "dns", "dropped", "unreachable")
