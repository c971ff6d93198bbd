from __future__ import annotations

from typing import Any, cast

import pytest

from belay.board.calls import BoardFailure, Calls, Terms
from belay.board.history import History, Newest, Quiet, ReplayFailed
from belay.exceptions import BoardFileError, ConnectionLost, MaxHistoryLengthError
from belay.source.effect import effect_of

CALLS = cast("Calls", None)


class Board:
    """What steps have done, and names whose definitions are refused."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.refused: dict[str, Exception] = {}

    def refuse(self, what: str) -> None:
        self.refused[what] = BoardFailure(["NameError"], (what,), f"NameError: {what}\n")

    def step(self, what: str) -> Any:
        def step(calls: Calls, terms: Terms) -> None:
            if what in self.refused:
                raise self.refused[what]
            self.done.append(what)

        return step

    def code(self, text: str) -> Any:
        effect = effect_of(text)
        return Quiet(self.step(text), effect) if effect else self.step(text)

    def replayed(self, history: History) -> list[str]:
        self.done.clear()
        history.replay(CALLS, Terms())
        return self.done


def test_all_is_replayed_in_the_order_in_which_it_was_done() -> None:
    board, history = Board(), History(10)
    history.add(board.step("import"))
    history.define("f", "def f(): pass", board.step("f"))
    history.add(board.step("x = f()"))
    history.define("f", "def f(): return 1", board.step("f again"))
    assert board.replayed(history) == ["import", "f", "x = f()", "f again"]


def test_a_definition_that_is_made_again_is_one_step() -> None:
    board, history = Board(), History(2)
    for _ in range(5):
        history.check_definition("f", "def f(x=led): pass")
        history.define("f", "def f(x=led): pass", board.step("f"))
        history.check_definition("g", "def g(): return f()")
        history.define("g", "def g(): return f()", board.step("g"))
    assert board.replayed(history) == ["f", "g"]
    with pytest.raises(MaxHistoryLengthError):
        history.check_definition("h", "def h(): pass")


def test_a_definition_that_others_may_have_undone_is_made_again() -> None:
    board, history = Board(), History(10)
    history.define("f", "def f(): pass", board.step("f"))
    history.add(board.step("f = None"))
    history.define("f", "def f(): pass", board.step("f"))
    assert board.replayed(history) == ["f", "f = None", "f"]


@pytest.mark.parametrize(
    ("codes", "left"),
    [
        (["x = 1", "y = 2", "x = 3", "y = 4"], ["x = 3", "y = 4"]),
        (["x = 1", "x = 2; y = 2"], ["x = 2; y = 2"]),
        (["x = 1; y = 1", "x = 2"], ["x = 1; y = 1", "x = 2"]),
        (["x = 1", "y = x", "x = 2"], ["x = 1", "y = x", "x = 2"]),
        (["x = 1", "x = [x]"], ["x = 1", "x = [x]"]),
        (["x = 1", "def f(a=x): pass", "x = 2"], ["x = 1", "def f(a=x): pass", "x = 2"]),
        (["x = 1", "print(x)", "x = 2"], ["x = 1", "print(x)", "x = 2"]),
        (["x = 1", "x += 1", "x += 1"], ["x = 1", "x += 1", "x += 1"]),
        (["x = f()", "x = f()"], ["x = f()", "x = f()"]),
    ],
)
def test_only_what_nothing_can_have_seen_is_left_out(codes: list[str], left: list[str]) -> None:
    board, history = Board(), History(10)
    for code in codes:
        history.add(board.code(code))
    assert board.replayed(history) == left


def test_the_newest_of_several_is_done_in_the_place_of_the_first_and_its_own() -> None:
    board, history = Board(), History(10)
    for number in range(4):
        history.add(Newest("/", board.step(f"sync {number}")))
        history.add(Newest("/lib", board.step(f"lib {number}")))
        history.add(board.step(f"import {number}"))
    assert board.replayed(history) == [
        *("sync 3", "lib 3", "import 0", "import 1", "import 2", "sync 3", "lib 3", "import 3")
    ]


def test_the_newest_of_several_is_done_once_where_nothing_touched_its_files() -> None:
    board, history = Board(), History(3)
    for number in range(9):
        step = Newest("/", board.step(f"sync {number}"))
        history.check_step(step)
        history.add(step)
        history.define("f", "def f(): pass", board.step("f"))
        history.add(board.code("x = 1"))
    assert board.replayed(history) == ["sync 8", "f", "x = 1"]


def test_after_a_reset_definitions_and_files_are_left() -> None:
    board, history = Board(), History(10)
    history.add(Newest("/", board.step("sync")))
    history.add(board.step("x = 1"))
    history.define("f", "def f(x=y): pass", board.step("f1"))
    history.define("g", "def g(): pass", board.step("g1"))
    history.define("f", "def f(x=z): pass", board.step("f2"))
    history.add(Newest("/lib", board.step("lib")))
    history.add(Newest("/", board.step("sync again")))
    history.forget_steps()
    assert sorted(history.missing) == ["f", "g"]
    board.refuse("f2")
    history.define_missing(CALLS, Terms())
    assert (board.done, history.missing) == (["g1"], ["f"])
    board.refused.clear()
    history.define_missing(CALLS, Terms())
    assert (board.done, history.missing) == (["g1", "f2"], [])
    assert board.replayed(history) == ["lib", "sync again", "f2", "g1"]


@pytest.mark.parametrize(
    "error", [BoardFailure(["NameError"], (), "NameError: bad\n"), BoardFileError("bad: is gone", "bad")]
)
def test_a_step_that_fails_ends_the_replay(error: Exception) -> None:
    board, history = Board(), History(10)
    history.add(board.step("bad"))
    history.add(board.step("good"))
    board.refused["bad"] = error
    with pytest.raises(ReplayFailed, match="bad"):
        history.replay(CALLS, Terms())
    assert board.done == []


def test_a_loss_within_a_replay_stays_one() -> None:
    board, history = Board(), History(10)
    history.add(board.step("bad"))
    board.refused["bad"] = ConnectionLost("gone")
    with pytest.raises(ConnectionLost):
        history.replay(CALLS, Terms())


def test_there_is_a_limit() -> None:
    board, history = Board(), History(3)
    for number in range(3):
        history.check_room()
        history.check_step(board.step("any"))
        history.add(board.step(str(number)))
    for check in (history.check_room, lambda: history.check_step(board.step("any"))):
        with pytest.raises(MaxHistoryLengthError) as caught:
            check()
        assert "3" in str(caught.value)
        assert "record=False" in str(caught.value.hint)
    history.check_complete()


def test_beyond_the_limit_nothing_is_replayed_rather_than_a_part() -> None:
    board, history = Board(), History(3)
    for number in range(5):
        history.add(board.step(str(number)))
    with pytest.raises(MaxHistoryLengthError):
        history.check_complete()
    history.define("f", "def f(): pass", board.step("f"))
    history.forget_steps()
    history.check_complete()
    assert board.replayed(history) == ["f"]


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
    assert board.replayed(history) == ["mount", "use", "unmount"]
