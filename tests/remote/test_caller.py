from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import pytest

from belay import BoardError, ConnectionLost, Implementation
from belay.board.calls import BoardFailure, Calls, Terms
from belay.board.history import Quiet, Step, Steps
from belay.remote.caller import DEFAULT, Caller
from belay.remote.failure import Origin
from belay.source import LineMap, extract
from belay.source.effect import Effect

T = TypeVar("T")
FAILURE = BoardFailure(
    ["ValueError"], ("x",), 'Traceback (most recent call last):\n  File "<stdin>", line 1\nValueError: x\n'
)


class Session:
    """Answers with what it was made with, and remembers what it was asked."""

    implementation = Implementation("micropython")

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.replays: list[object] = []
        self.repeatable: Callable[[], bool] | None = None
        self.defined: list[tuple[str, str]] = []

    def ask(
        self,
        question: Callable[[Calls], T],
        *,
        replay: Step | Steps[T] | None = None,
        repeatable: Callable[[], bool] | None = None,
    ) -> T:
        self.repeatable = repeatable
        if replay:
            self.replays.append(replay)
        if self.error:
            raise self.error
        return question(cast("Calls", self))

    def define(self, name: str, source: str) -> None:
        self.defined.append((name, source))
        if self.error:
            raise self.error


def question(calls: Calls, terms: Terms) -> Terms:
    return terms


def example() -> None:
    pass


def test_terms_come_from_the_device_unless_the_call_says_otherwise() -> None:
    caller = Caller(Session(), 5.0, LineMap())
    assert caller.ask(question).timeout == 5.0
    assert caller.ask(question, timeout=DEFAULT).timeout == 5.0
    assert caller.ask(question, timeout=None).timeout is None
    assert caller.ask(question, timeout=1).timeout == 1
    assert caller.ask(question, trusted=True).trusted
    assert caller.ask(question, stream=None).on_output is None
    assert caller.ask(question).on_output is not None
    assert repr(DEFAULT) == "the device's"


def test_what_is_recorded_is_the_question_itself() -> None:
    session = Session()
    Caller(session, None, LineMap()).ask(question)
    Caller(session, None, LineMap()).ask(question, record=True)
    assert session.replays == [question]
    effect = Effect(frozenset({"x"}), frozenset())
    Caller(session, None, LineMap()).ask(question, record=True, effect=effect)
    assert session.replays[1:] == [Quiet(question, effect)]


def test_who_knows_says_whether_it_may_be_asked_again() -> None:
    session = Session()
    Caller(session, None, LineMap()).ask(question)
    assert session.repeatable is None
    Caller(session, None, LineMap()).ask(question, repeatable=lambda: True)
    assert session.repeatable is not None
    assert session.repeatable()


def test_a_boards_error_becomes_ours() -> None:
    caller = Caller(Session(FAILURE), None, LineMap())
    with pytest.raises(ValueError, match="x") as caught:
        caller.ask(question, origin=lambda: Origin("user.py", 7))
    assert isinstance(caught.value, BoardError)
    assert caught.value.__context__ is None
    with pytest.raises(ValueError, match="x"):
        caller.ask(question, stream=None)
    frames = caught.value.board_frames
    assert frames is not None
    assert (frames.tb_frame.f_code.co_filename, frames.tb_lineno) == ("user.py", 7)


def test_other_errors_pass() -> None:
    with pytest.raises(ConnectionLost):
        Caller(Session(ConnectionLost("gone")), None, LineMap()).ask(question)


def test_lines_are_known_once_a_definition_was_taken() -> None:
    lines = LineMap()
    source = extract(example)
    with pytest.raises(ValueError, match="x") as caught:
        Caller(Session(FAILURE), None, lines).define(source, "text")
    assert cast("Any", caught.value).board_frames.tb_frame.f_code.co_filename == __file__
    assert lines.locate("example", 1) is None
    session = Session()
    Caller(session, None, lines).define(source, "text")
    assert session.defined == [("example", "text")]
    assert lines.locate("example", 1) is not None
