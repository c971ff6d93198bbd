from __future__ import annotations

from typing import Any, cast

import pytest

from belay.board.calls import BoardFailure, Calls, Terms
from belay.board.history import History
from belay.exceptions import MaxHistoryLengthError

CALLS = cast("Calls", None)


class Board:
    """What steps have done, and names whose definitions are refused."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.refused: set[str] = set()

    def step(self, what: str) -> Any:
        def step(calls: Calls, terms: Terms) -> None:
            if what in self.refused:
                raise BoardFailure(["NameError"], (what,), what)
            self.done.append(what)

        return step


def test_all_is_replayed_in_the_order_in_which_it_was_done() -> None:
    board, history = Board(), History(10)
    history.add(board.step("import"))
    history.define("f", "source", board.step("f"))
    history.add(board.step("x = f()"))
    history.define("f", "other source", board.step("f again"))
    history.replay(CALLS, Terms())
    assert board.done == ["import", "f", "x = f()", "f again"]


def test_a_definition_that_is_made_again_is_one_step() -> None:
    board, history = Board(), History(2)
    for _ in range(5):
        history.define("f", "source", board.step("f"))
    history.check_room()
    assert history.knows("f", "source")
    assert not history.knows("f", "other")
    history.replay(CALLS, Terms())
    assert board.done == ["f"]


def test_after_a_reset_definitions_alone_are_left_and_missing() -> None:
    board, history = Board(), History(10)
    history.add(board.step("x = 1"))
    history.define("f", "f1", board.step("f1"))
    history.define("g", "g1", board.step("g1"))
    history.define("f", "f2", board.step("f2"))
    history.forget_steps()
    assert history.missing == ["f", "g"]
    board.refused = {"f2"}
    history.define_missing(CALLS, Terms())
    assert (board.done, history.missing) == (["g1"], ["f"])
    board.refused.clear()
    history.define_missing(CALLS, Terms())
    assert (board.done, history.missing) == (["g1", "f2"], [])
    history.replay(CALLS, Terms())
    assert board.done == ["g1", "f2", "f2", "g1"]


def test_a_step_that_fails_ends_the_replay() -> None:
    board, history = Board(), History(10)
    history.add(board.step("bad"))
    history.add(board.step("good"))
    board.refused = {"bad"}
    with pytest.raises(BoardFailure):
        history.replay(CALLS, Terms())
    assert board.done == []


def test_there_is_a_limit() -> None:
    board, history = Board(), History(3)
    for number in range(3):
        history.check_room()
        history.add(board.step(str(number)))
    with pytest.raises(MaxHistoryLengthError) as caught:
        history.check_room()
    assert "3" in str(caught.value)
    assert "record=False" in str(caught.value.hint)
    history.check_complete()


def test_beyond_the_limit_nothing_is_replayed_rather_than_a_part() -> None:
    board, history = Board(), History(3)
    for number in range(5):
        history.add(board.step(str(number)))
    with pytest.raises(MaxHistoryLengthError):
        history.check_complete()
    history.define("f", "source", board.step("f"))
    history.forget_steps()
    history.check_complete()
    history.replay(CALLS, Terms())
    assert board.done == ["f"]


def test_what_lasts_comes_back_until_it_is_abolished() -> None:
    board, history = Board(), History(10)
    history.establish("mount", board.step("mount"))
    history.add(board.step("use"))
    history.forget_steps()
    assert history.missing == ["mount"]
    history.define_missing(CALLS, Terms())
    assert (board.done, history.missing) == (["mount"], [])
    history.forget_lasting()
    history.forget_lasting()
    assert history.missing == ["mount"]
    assert history.abolish("mount", board.step("unmount"))
    assert not history.abolish("mount", board.step("unmount"))
    history.define_missing(CALLS, Terms())
    history.replay(CALLS, Terms())
    assert board.done == ["mount"]


def test_what_was_done_while_something_lasted_is_replayed_in_between() -> None:
    board, history = Board(), History(10)
    history.establish("mount", board.step("mount"))
    history.add(board.step("use"))
    assert history.abolish("mount", board.step("unmount"))
    history.replay(CALLS, Terms())
    assert board.done == ["mount", "use", "unmount"]
