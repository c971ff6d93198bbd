from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest

from belay.repl import (
    NEED_DATA,
    Candidate,
    Event,
    Finished,
    NeedData,
    Output,
    RawRepl,
    Rebooted,
    State,
    check_code,
)

from .conversations import BANNER, CONVERSATIONS, ENTER, FRAME, MARK, RUN, Ask, Conversation

Splitter = Callable[[bytes], Iterable[bytes]]

parametrize = pytest.mark.parametrize(
    "conversation", CONVERSATIONS, ids=lambda conversation: conversation.name
)


def whole(data: bytes) -> Iterable[bytes]:
    return [data]


def bytewise(data: bytes) -> Iterable[bytes]:
    return (data[at : at + 1] for at in range(len(data)))


def drain(repl: RawRepl) -> Iterator[Event]:
    while not isinstance(event := repl.next_event(), NeedData):
        yield event


def replay(steps: Iterable[Ask | bytes], split: Splitter) -> Iterator[Event]:
    repl = RawRepl(MARK)
    for step in steps:
        if isinstance(step, Ask):
            arguments = [] if step.argument is None else [step.argument]
            sent = getattr(repl, step.method)(*arguments)
            assert step.sends in (None, sent)
            continue
        for piece in split(step):
            repl.receive(piece)
            yield from drain(repl)


def joined(events: Iterable[Event]) -> list[Event]:
    """Without candidates, which depend on how the bytes come; output in one piece."""
    result: list[Event] = []
    for event in events:
        if isinstance(event, Candidate):
            continue
        last = result[-1] if result else None
        if isinstance(event, Output) and isinstance(last, Output):
            result[-1] = Output(last.data + event.data)
        else:
            result.append(event)
    return result


@parametrize
def test_whole(conversation: Conversation) -> None:
    assert joined(replay(conversation.steps, whole)) == list(conversation.events)


@parametrize
def test_one_byte_at_a_time(conversation: Conversation) -> None:
    assert joined(replay(conversation.steps, bytewise)) == list(conversation.events)


@parametrize
def test_split_at_every_byte(conversation: Conversation) -> None:
    longest = max(len(step) for step in conversation.steps if isinstance(step, bytes))
    for at in range(1, longest):
        events = replay(conversation.steps, lambda data, at=at: filter(None, (data[:at], data[at:])))
        assert joined(events) == list(conversation.events), f"split at {at}"


@parametrize
def test_the_host_learns_when_to_ask(conversation: Conversation) -> None:
    """A program's first challenge is asked for by a candidate, unless it is the test's whim."""
    if "printed into the end" in conversation.name:
        pytest.skip("nothing but the clock can tell")
    for split in (whole, bytewise):
        repl = RawRepl(MARK)
        hinted = False
        for step in conversation.steps:
            if isinstance(step, Ask):
                if step.method == "challenge" and repl.state is State.RUNNING:
                    assert hinted
                    assert repl.doubtful
                getattr(repl, step.method)(*([] if step.argument is None else [step.argument]))
                hinted = False
                continue
            for piece in split(step):
                repl.receive(piece)
                hinted |= any(isinstance(event, Candidate) for event in drain(repl))


def entered() -> RawRepl:
    repl = RawRepl(MARK)
    list(replay_into(repl, ENTER))
    assert repl.state is State.IDLE
    return repl


def running() -> RawRepl:
    repl = entered()
    list(replay_into(repl, (RUN, b"OK")))
    assert repl.state is State.RUNNING
    return repl


def replay_into(repl: RawRepl, steps: Iterable[Ask | bytes]) -> Iterator[Event]:
    for step in steps:
        if isinstance(step, Ask):
            getattr(repl, step.method)(*([] if step.argument is None else [step.argument]))
        else:
            repl.receive(step)
            yield from drain(repl)


def test_output_comes_at_once() -> None:
    repl = running()
    repl.receive(b"progress 10 %")
    assert repl.next_event() == Output(b"progress 10 %")
    assert not repl.holding
    assert not repl.doubtful


@pytest.mark.parametrize("held", [b"\x04", b"\x04\x04>", b"M", b"MicroPython v1", BANNER[:-1], b"\x04Trace"])
def test_what_may_be_the_end_is_held_until_it_is_released(held: bytes) -> None:
    repl = running()
    repl.receive(b"a" + held)
    assert joined(drain(repl)) == [Output(b"a")]
    assert repl.holding
    repl.release()
    assert repl.next_event() == Output(held)
    assert not repl.holding
    repl.receive(b"b")
    assert joined(drain(repl)) == [Output(b"b")]


def test_a_release_tears_neither_mark_nor_answer() -> None:
    repl = running()
    repl.receive(b"\x04E: " + MARK[:3])
    assert list(drain(repl)) == []
    repl.release()
    assert joined(drain(repl)) == [Output(b"\x04E: ")]
    repl.receive(FRAME[3:])
    assert [type(event).__name__ for event in drain(repl)] == ["Frame"]
    repl.challenge("11aa22bb")
    repl.receive(b"\x04\x04>11aa")
    repl.release()
    assert joined(drain(repl)) == [Output(b"\x04\x04>")]
    repl.release()
    repl.receive(b"22bb\r\n\x04\x04>")
    assert Finished() in joined(drain(repl))


def test_an_end_that_was_shown_is_still_understood() -> None:
    repl = running()
    shown = b""
    for piece in (b"out\x04", b"Traceback (most recent ", b"call last):\r\nE", b": e\r\n\x04", b">"):
        repl.receive(piece)
        repl.release()
        shown += b"".join(event.data for event in drain(repl) if isinstance(event, Output))
    assert shown == b"out\x04Traceback (most recent call last):\r\nE: e\r\n\x04>"
    assert repl.doubtful
    repl.challenge("11aa22bb")
    repl.receive(b"raw REPL; CTRL-B to exit\r\n>OK11aa22bb\r\n\x04\x04>bg")
    assert joined(drain(repl)) == [
        Finished(b"Traceback (most recent call last):\r\nE: e\r\n"),
        Output(b"bg"),
    ]


def test_a_number_that_nothing_follows_is_no_proof() -> None:
    repl = running()
    repl.challenge("11aa22bb")
    repl.receive(b"11aa22bb" + b"x" * 200_000)
    given = joined(drain(repl))
    assert given == [Output(b"11aa22bb" + b"x" * 200_000)]
    assert repl.doubtful


def test_release_where_nothing_runs() -> None:
    repl = entered()
    repl.receive(b"M")
    repl.release()
    assert repl.next_event() is NEED_DATA
    assert not repl.holding
    assert not repl.doubtful


@pytest.mark.parametrize(
    ("method", "argument"),
    [("execute", b"1"), ("ask_paste", None), ("soft_reset", None), ("reboot", None), ("paste_end", None)],
)
def test_commands_out_of_turn(method: str, argument: bytes | None) -> None:
    repl = RawRepl(MARK)
    with pytest.raises(RuntimeError, match="the REPL is UNKNOWN"):
        getattr(repl, method)(*([] if argument is None else [argument]))


def test_abandoning_forgets_everything() -> None:
    repl = running()
    repl.receive(b"\x04\x04>")
    repl.abandon()
    assert repl.state is State.UNKNOWN
    repl.receive(b"x" * 1000)
    assert repl.next_event() is NEED_DATA


def test_a_reset_after_a_reset_is_noticed() -> None:
    repl = entered()
    repl.receive(b"soft reboot\r\n")
    assert repl.next_event() == Rebooted(raw=False)
    assert repl.state is State.UNKNOWN


@pytest.mark.parametrize("byte", range(1, 6))
def test_code_with_commands_in_it(byte: int) -> None:
    with pytest.raises(ValueError, match=f"0x0{byte}"):
        check_code(b"print('" + bytes([byte]) + b"')")


def test_code_with_any_other_byte() -> None:
    check_code(bytes(set(range(256)) - set(range(1, 6))))
