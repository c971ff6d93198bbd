from __future__ import annotations

import json
from binascii import a2b_base64, crc32

import pytest

from belay.board.asking import Brought, Denied, reply_to

ASKED = b"(7, 'weather', ('here', 2))"


def test_an_answer() -> None:
    asked: list[object] = []

    def answer(*about: object) -> object:
        asked.extend(about)
        return ["sunny", "\U0001f600", None]

    payload, bulk = reply_to(ASKED, answer, 1000)
    assert (json.loads(payload), bulk) == ([7, ["sunny", "\U0001f600", None], None], b"")
    assert asked == ["weather", "here", 2]


def test_refusals_are_the_boards_errors() -> None:
    def deny(*_: object) -> object:
        raise Denied(30)

    def refuse(*_: object) -> object:
        raise NotImplementedError("no weather")

    assert json.loads(reply_to(ASKED, deny, 1000)[0]) == [7, None, 30]
    assert json.loads(reply_to(ASKED, refuse, 1000)[0]) == [7, None, "no weather"]
    assert json.loads(reply_to(ASKED, None, 1000)[0]) == [7, None, "the host does not answer 'weather'"]


def test_other_errors_are_the_hosts() -> None:
    def fail(*_: object) -> object:
        raise ValueError("a mistake")

    with pytest.raises(ValueError, match="a mistake"):
        reply_to(ASKED, fail, 1000)


SAMPLES = {
    "nothing": b"",
    "text": b"text",
    "all": bytes(range(256)),
    "threes": b"\x03" * 100,
    "last": b"x" * 9 + b"\x04",
    "first": b"\x02\x03\x04\x05" + b"." * 40,
}


@pytest.mark.parametrize("data", SAMPLES.values(), ids=SAMPLES)
def test_bytes_come_along_without_what_a_prompt_obeys(data: bytes) -> None:
    payload, bulk = reply_to(ASKED, lambda *_: Brought(["kind"], data), 2000)
    about, value, error, size, check, gaps = json.loads(payload)
    assert (about, value, error, size, check) == (7, ["kind"], None, len(bulk), crc32(bulk))
    assert not set(bulk) & {2, 3, 4, 5}
    if gaps is None:
        assert a2b_base64(bulk) == data
        return
    back = bytearray(bulk)
    place = -1
    for gap in gaps:
        place += gap
        back[place] &= 15
    assert back == data


def test_what_the_board_has_no_room_for_is_not_sent() -> None:
    payload, bulk = reply_to(ASKED, lambda *_: "x" * 100, 100)
    assert (json.loads(payload), bulk) == ([7, None, 27], b"")
    payload, bulk = reply_to(ASKED, lambda *_: Brought(["x" * 100], b"bytes"), 100)
    assert (json.loads(payload), bulk) == ([7, None, 27], b"")
