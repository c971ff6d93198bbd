"""Frames: found whole in any pieces, and found again after whatever was torn."""

from __future__ import annotations

import json
import re
from binascii import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belay.repl import NEED_DATA, Answer, Chunk, Event, Finished, Frame, Output, RawRepl, State, Torn
from belay.repl.buffer import Buffer
from belay.repl.frames import FIRST, LARGEST, LAST, read_frame, request

from .conversations import FRAME, MARK
from .test_raw import drain, running

letters = st.sampled_from("!ABCDEFGHIJKLMNOPQRSTUVWXYZ")
kinds = st.sampled_from("ryeRYmahbvlx")
texts = st.text(st.characters(exclude_characters="\x04", exclude_categories=["Cs"])).map(str.encode)
prints = st.text(st.characters(exclude_characters="\x04\x1e", exclude_categories=["Cs"])).map(str.encode)


def text_frame(sequence: str, kind: str, body: bytes) -> bytes:
    content = (sequence + kind).encode() + body
    return MARK + content + b"\x04%08x" % crc32(content)


def chunk_frame(sequence: str, index: int, data: bytes) -> bytes:
    head = b"%cc%04x%04x" % (ord(sequence), index, len(data))
    return MARK + head + b"%08x" % crc32(data, crc32(head)) + data


answers = st.builds(Answer, letters, kinds, texts)
chunks = st.builds(Chunk, letters, st.integers(0, 0xFFFF), st.binary(max_size=300))


def written(event: Event) -> bytes:
    if isinstance(event, Answer):
        return text_frame(event.sequence, event.kind, event.body)
    if isinstance(event, Chunk):
        return chunk_frame(event.sequence, event.index, event.data)
    assert isinstance(event, Output)
    return event.data


def read(data: bytes, sizes: list[int]) -> list[Event]:
    """What a running program's bytes are understood as, in pieces of some sizes."""
    repl = running()
    events: list[Event] = []
    while data:
        size = sizes.pop() if sizes else len(data)
        repl.receive(data[:size])
        data = data[size:]
        events += drain(repl)
    repl.release()
    return joined([*events, *drain(repl)])


def joined(events: list[Event]) -> list[Event]:
    result: list[Event] = []
    for event in events:
        if isinstance(event, Output) and result and isinstance(result[-1], Output):
            result[-1] = Output(result[-1].data + event.data)
        else:
            result.append(event)
    return result


@given(st.lists(texts, min_size=1, max_size=4), st.lists(st.integers(1, 30)))
def test_printed_text_in_frames_is_output(printed: list[bytes], sizes: list[int]) -> None:
    data = b"before" + b"".join(text_frame("!", "t", text) for text in printed) + b"after"
    assert read(data, sizes) == [Output(b"before" + b"".join(printed) + b"after")]


@given(st.lists(answers | chunks | prints.filter(bool).map(Output), max_size=6), st.lists(st.integers(1, 30)))
def test_any_split_with_output_in_between(events: list[Event], sizes: list[int]) -> None:
    assert read(b"".join(map(written, events)), sizes) == joined(events)


@given(answers | chunks, st.data())
def test_what_is_printed_into_a_frame_tears_it(event: Event, data: st.DataObject) -> None:
    """Whatever stands where: never another answer, and the next frame is found."""
    whole = written(event)
    at = data.draw(st.integers(len(MARK), len(whole)))
    printed = data.draw(prints)
    following = text_frame("Z", "r", b"42")
    events = read(whole[:at] + printed + whole[at:] + following + b" " * 70000, data.draw(sizes))
    frames = [event for event in events if isinstance(event, Answer | Chunk)]
    # Where nothing was printed, or behind the frame, it is whole.
    assert frames in ([event, Answer("Z", "r", b"42")], [Answer("Z", "r", b"42")])
    if not printed or at == len(whole):
        assert frames[0] == event


sizes = st.lists(st.integers(1, 30))


@given(answers | chunks, st.data())
def test_a_flipped_bit_tears_a_frame(event: Event, data: st.DataObject) -> None:
    spoiled = bytearray(written(event))
    at = data.draw(st.integers(0, len(spoiled) - 1))
    spoiled[at] ^= 1 << data.draw(st.integers(0, 7))
    following = text_frame("Z", "r", b"42")
    repl = running()
    repl.receive(bytes(spoiled) + following)
    events = list(drain(repl))
    if repl.inside_frame:
        # It seems longer than it is.
        repl.give_up_frame()
        events += drain(repl)
        assert not repl.inside_frame
    frames = [event for event in events if isinstance(event, Answer | Chunk)]
    assert frames == [Answer("Z", "r", b"42")]


@given(answers | chunks, st.data())
def test_a_lost_byte_tears_a_frame(event: Event, data: st.DataObject) -> None:
    whole = written(event)
    at = data.draw(st.integers(0, len(whole) - 1))
    lost = whole[:at] + whole[at + 1 :]
    repl = running()
    repl.receive(lost + text_frame("Z", "r", b"42"))
    events = list(drain(repl))
    if repl.inside_frame:
        repl.give_up_frame()
        events += drain(repl)
    frames = [event for event in events if isinstance(event, Answer | Chunk)]
    # The byte that a chunk lacks may be taken from the mark of what follows; but never is it whole.
    assert frames in ([Answer("Z", "r", b"42")], [])
    # A frame that comes then is found.
    repl.receive(text_frame("Y", "r", b"7") * 2)
    assert Answer("Y", "r", b"7") in list(drain(repl))


def test_marks_inside_data_are_data() -> None:
    data = FRAME + text_frame("A", "r", b"1") + MARK
    assert read(chunk_frame("B", 0, data) + text_frame("B", "R", b"1 _(9)"), []) == [
        Chunk("B", 0, data),
        Answer("B", "R", b"1 _(9)"),
    ]


def test_a_frame_that_was_cut_by_the_next() -> None:
    whole = text_frame("A", "r", b"1" * 30)
    assert read(whole[:20] + whole, []) == [Torn(whole[:20]), Answer("A", "r", b"1" * 30)]


def test_a_chunk_with_another_number_is_none() -> None:
    whole = chunk_frame("A", 3, b"data")
    assert whole.count(b"0003") == 1
    assert isinstance(read(whole.replace(b"0003", b"0001"), [])[0], Torn)


def test_giving_up_where_nothing_is_awaited() -> None:
    repl = running()
    repl.receive(b"text")
    repl.give_up_frame()
    repl.receive(b"\n")
    assert joined(list(drain(repl))) == [Output(b"text\n")]


def test_an_end_inside_a_frame_that_was_given_up() -> None:
    repl = running()
    repl.receive(MARK + b"Ar12\x04\x04>")
    list(drain(repl))
    assert repl.inside_frame
    repl.give_up_frame()
    assert not repl.inside_frame
    list(drain(repl))
    assert repl.doubtful
    repl.challenge("33cc44dd")
    repl.receive(b"raw REPL; CTRL-B to exit\r\n>OK33cc44dd\r\n\x04\x04>")
    assert Finished() in list(drain(repl))


def test_what_follows_an_answer_is_an_end() -> None:
    repl = running()
    repl.receive(text_frame("A", "r", b"1") + b"\x04\x04>")
    assert list(drain(repl)) == [Answer("A", "r", b"1"), Finished()]


def test_what_follows_a_request_may_be_output() -> None:
    repl = running()
    repl.receive(text_frame("A", "r", b"1"))
    list(drain(repl))
    assert repl.request(b"bytes") == b"bytes"
    repl.receive(b"\x04\x04>" + text_frame("B", "r", b"2"))
    assert Finished() not in list(drain(repl))
    assert repl.state is State.RUNNING


def test_a_request_needs_a_program() -> None:
    with pytest.raises(RuntimeError, match="UNKNOWN"):
        RawRepl(MARK).request(b"")


def test_the_agent_says_that_a_challenge_is_no_request() -> None:
    repl = running()
    repl.challenge("33cc44dd")
    repl.receive(text_frame("!", "x", b"A"))
    assert list(drain(repl)) == [Answer("!", "x", b"A")]
    assert repl.state is State.RUNNING


@given(
    st.integers(FIRST, LAST),
    st.sampled_from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    st.lists(st.integers() | st.text(st.characters(exclude_categories=["Cs"])), max_size=20),
)
def test_requests(function: int, sequence: int, values: list[object]) -> None:
    payload = json.dumps(values, ensure_ascii=False).encode()
    data = request(function, sequence, payload)
    size = int.from_bytes(data[:2], "little") - 0x8080
    assert data[2:4] == bytes([function, sequence])
    assert data[8:].rstrip(b" ") == payload
    assert size == len(data) - 8
    assert int.from_bytes(data[4:8], "little") == crc32(data[8:], function << 8 | sequence)
    assert not re.search(rb"[\x00-\x1f]", data)


def test_padding_ends() -> None:
    for size in range(1000):
        assert len(request(FIRST, ord("A"), b"x" * size)) < size + 8 + 300


def test_the_largest_request() -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        request(FIRST, ord("A"), b" " * (LARGEST + 1))


def test_too_few_bytes() -> None:
    buffer = Buffer()
    buffer.feed(MARK + b"A")
    assert read_frame(buffer, MARK) is None
    assert read(FRAME, []) == [Frame(b"r1 2")]
    assert RawRepl(MARK).next_event() is NEED_DATA
