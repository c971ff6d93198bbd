"""Objects that the board holds, asked below the level of proxies, by both ways to it."""

from __future__ import annotations

import builtins
from array import array
from collections.abc import Iterator
from typing import Any

import pytest

from belay import Device
from belay.board import onboard
from belay.board.calls import BoardFailure, Calls, Terms
from belay.board.objects import Buffers, Held, Instead, OnBoard, Target, source_of, stand_ins, understood
from belay.exceptions import BoardTimeoutError, UntransferableError
from belay.transports.trace import CountingTransport

TERMS = Terms(timeout=20)
HELD = "sorted(_belay_o.__globals__['held'])"
NOBODY = Target()


class Board:
    """A board, asked by its way alone."""

    def __init__(self, address: str, *, agent: bool) -> None:
        self.device = Device(address, agent=agent)
        self.calls: Calls = self.device._session.ask(lambda calls: calls)

    def hold(self, expression: str) -> Target:
        [key] = self.calls.hold("held[k]=eval(b,names)", NOBODY, [expression], 1, TERMS)
        return Target(key)

    @property
    def held(self) -> Any:
        return self.calls.evaluate(HELD, TERMS)


@pytest.fixture(scope="module", params=[True, False], ids=["agent", "plain"])
def board(request: pytest.FixtureRequest) -> Iterator[Board]:
    board = Board("virtual:", agent=request.param)
    with board.device:
        yield board


def test_an_answer_is_a_value_or_stands_for_an_object(board: Board) -> None:
    calls = board.calls
    box = board.hold("[[1], (2, ([3],))]")
    item = calls.operate("return a[b]", box, [0], TERMS)
    assert isinstance(item, Held)
    assert calls.operate("return a", Target(item.key), [], TERMS) is Instead.ITSELF
    assert calls.operate("return a", Target(item.key), [], TERMS, copied=True) == [1]
    # A tuple with something in it that can be changed is no value.
    assert isinstance(calls.operate("return a[1]", box, [], TERMS), Held)
    assert calls.operate("return len(a),b", box, ["x"], TERMS) == (2, "x")
    assert calls.get(box, "append", TERMS) is Instead.METHOD
    assert calls.apply(Target(box.key, "append"), [[0]], {}, TERMS) is None
    assert calls.operate("return len(a)", box, [], TERMS) == 3


def test_a_list_of_one_is_a_value_where_one_is_wanted(board: Board) -> None:
    for value in ([0], [1], [[2]], []):
        key = board.hold(repr(value))
        assert board.calls.operate("return a", key, [], TERMS, copied=True) == value


def test_what_is_held_without_an_answer_is_let_go_of(board: Board) -> None:
    before = board.held
    with pytest.raises(BoardFailure):
        board.calls.hold("held[k]=[1]\n held[k+1]=eval(b)", NOBODY, ["1/0"], 2, TERMS)
    assert board.held == before


def test_to_let_go_twice_makes_no_difference(board: Board) -> None:
    before = board.held
    board.calls.execute("name = [1]", TERMS)
    kept, dropped = board.hold("[1]"), board.hold("name")
    for _ in range(2):
        board.calls.release(dropped.key or 0, "name")
        board.calls.release(99999)
        assert board.held == [*before, kept.key]
    assert board.calls.evaluate("'name' in globals()", TERMS) is False
    # Another object of the same name stays.
    board.calls.execute("name = [2]", TERMS)
    board.calls.release(kept.key or 0, "name")
    assert board.held == before
    assert board.calls.evaluate("name", TERMS) == [2]


def test_what_may_not_have_been_let_go_of_is_said_again(board: Board) -> None:
    before = board.held
    board.calls.define("slow", "def slow():\n  while True: pass", TERMS)
    dropped = board.hold("[1]")
    board.calls.release(dropped.key or 0)
    with pytest.raises(BoardTimeoutError):
        board.calls.call("slow", [], {}, Terms(timeout=0.3))
    assert dropped.key in board.calls._released  # type: ignore[attr-defined]
    assert board.held == before
    assert not board.calls._released  # type: ignore[attr-defined]


def test_what_a_program_runs_along_with_it_finds_its_own_names(board: Board) -> None:
    for code in ("seen = 'held' in globals()", "seen = sorted(globals()) and 'held' in locals()"):
        board.calls.release((board.hold("[1]")).key or 0)
        board.calls.execute(code, TERMS)
        assert board.calls.evaluate("seen", TERMS) is False
    board.calls.release((board.hold("[1]")).key or 0)
    assert board.calls.evaluate("'seen' in globals()", TERMS) is True


def test_items_of_iterators(board: Board) -> None:
    def items(expression: str, most: int) -> list[Any]:
        iterator = board.hold(f"iter({expression})")
        return board.calls.take(iterator.key or 0, most, TERMS)

    assert items("[1, 2, 3]", 2) == [1, 2]
    assert items("[1, 2]", 3) == [1, 2, Instead.END]
    assert items("{}", 3) == [Instead.END]
    first, second = items("([1], [2])", 2)
    assert isinstance(first, Held)
    assert second.key == first.key + 1
    # Nobody knows what happens when other iterators are asked: one at a time.
    assert items("(i for i in (1, 2))", 5) == [1]
    with pytest.raises(BoardFailure) as caught:
        items("(i for i in ())", 5)
    assert caught.value.types[0] == "StopIteration"


def test_a_function_of_the_firmwares_is_found_again_by_its_name(board: Board) -> None:
    board.calls.execute(
        "import math, sys\nclass Own:\n  def f(self): pass\nown = Own()\nown.g = own.f", TERMS
    )
    asked = {
        ("math", "sqrt"): Instead.METHOD,
        ("own", "f"): Instead.METHOD,
        ("{}", "items"): Instead.METHOD,
        ("own", "g"): Held,
        ("Own", "f"): Held,
        ("sys.modules['__main__'] if '__main__' in sys.modules else own", "own"): Held,
    }
    for (expression, name), expected in asked.items():
        try:
            answer = board.calls.get(board.hold(expression), name, TERMS)
        except BoardFailure:
            # Not every firmware has __main__ among its modules; an Own has no "own".
            assert name == "own"
            continue
        assert answer is expected or type(answer) is expected, (expression, name)


def test_a_body_is_compiled_once(board: Board) -> None:
    target = board.hold("5")
    code = "return a+b*100"
    assert [board.calls.operate(code, target, [n], TERMS) for n in range(3)] == [5, 105, 205]
    assert board.calls.evaluate(f"{code!r} in _belay_o.__globals__['bodies']", TERMS) is True


def test_an_argument_that_cannot_travel_leaves_nothing(board: Board) -> None:
    before = board.held
    target = board.hold("[1]")
    for ask in (
        lambda: board.calls.apply(Target(target.key, "append"), [object()], {}, TERMS),
        lambda: board.calls.operate("return b", target, [object()], TERMS),
        lambda: board.calls.hold("held[k]=b", target, [object()], 1, TERMS),
    ):
        with pytest.raises(UntransferableError):
            ask()
    board.calls.release(target.key or 0)
    assert board.held == before


def test_bulk_among_the_arguments(board: Board) -> None:
    data = bytes(range(256)) * 20
    target = board.hold("[]")
    board.calls.apply(Target(target.key, "append"), [data], {}, TERMS)
    assert board.calls.operate("return a[0]==b", target, [data], TERMS) is True
    buffer = bytearray(data)
    body = "\n def fill(x):x[-1]=7\n held[k]=fill"
    [fill] = board.calls.hold(body, NOBODY, [], 1, TERMS)
    board.calls.apply(Target(fill), [buffer], {}, TERMS)
    assert buffer == data[:-1] + b"\x07"


def test_arguments_that_json_cannot_say(board: Board) -> None:
    body = "\n def f(*args,**named):\n  return repr((args,sorted(named.items())))\n held[k]=f"
    [key] = board.calls.hold(body, NOBODY, [], 1, TERMS)
    show, inner = Target(key), board.hold("['in']")
    here = OnBoard(Known(board.calls, inner))
    args, kwargs = [b"\x00", here, 1, bytearray(b"ab"), b""], {"x": b"y", "z": bytearray(), "o": here}
    shown = (
        "((b'\\x00', ['in'], 1, bytearray(b'ab'), b''), [('o', ['in']), ('x', b'y'), ('z', bytearray(b''))])"
    )
    assert board.calls.apply(show, args, kwargs, TERMS) == shown
    # The same with something for which there is only source.
    assert board.calls.apply(show, [*args, (1,)], kwargs, TERMS) == shown.replace("b'')", "b'', (1,))", 1)
    strange = OnBoard(Known(object(), inner))
    for wrong in ([strange], [[strange]]):
        with pytest.raises(UntransferableError, match="argument 1"):
            board.calls.apply(show, wrong, {}, TERMS)
    with pytest.raises(UntransferableError, match="argument 'x'"):
        board.calls.apply(show, [], {"x": strange}, TERMS)


class Flipping(CountingTransport):
    """Spoils a byte in the middle of what is written next, once it is told to."""

    def __init__(self, inner: Any) -> None:
        super().__init__(inner)
        self.armed = False

    def write(self, data: bytes, timeout: float | None = None) -> None:
        if self.armed:
            self.armed, middle = False, len(data) // 2
            data = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
        super().write(data, timeout)


def test_what_lets_go_and_is_spoilt_on_its_way_is_done_once() -> None:
    wires: list[Flipping] = []

    def wrap(transport: Any) -> Flipping:
        wires.append(Flipping(transport))
        return wires[-1]

    with Device("virtual:", agent=True, wrap=wrap) as device:
        device("class Thing: pass\ncount = 0\ndef more():\n  global count\n  count += 1\n  return count")
        more = device.proxy("more")
        for round_number in range(1, 4):
            thing = device.proxy("Thing()")
            del thing
            wires[-1].armed = True
            assert more() == round_number
        assert not wires[-1].armed
        assert device(f"len({HELD}), count") == (1, 3)


@pytest.mark.parametrize("agent", [True, False], ids=["agent", "plain"])
def test_a_small_board_has_room_for_them(agent: bool) -> None:
    board = Board("virtual:?heap=72k", agent=agent)
    with board.device:
        target = board.hold("[1, 2]")
        assert board.calls.operate("return len(a)", target, [], TERMS) == 2
        assert board.calls.apply(Target(target.key, "append"), [3], {}, TERMS) is None
        assert board.calls.take((board.hold("iter([4, 5])")).key or 0, 5, TERMS) == [4, 5, Instead.END]


def test_a_small_firmware_has_fewer_types() -> None:
    few = {name: value for name, value in vars(builtins).items() if name not in ("complex", "frozenset")}
    scope: dict[str, Any] = {"ready": None, "names": {}, "__builtins__": few}
    exec(onboard.read("part_objects"), scope)
    assert scope["_belay_is_copied"]((1, ("a", None)), 8)
    assert not scope["_belay_is_copied"]((1, ([],)), 8)
    # So deep that nobody could write it: it stays on the board.
    deep: Any = ()
    for _ in range(20):
        deep = (deep,)
    assert not scope["_belay_is_copied"](deep, 8)


# --- here ----------------------------------------------------------------------------------------


SOME = Target(5, "read")


class Known:
    """What is known of an object."""

    def __init__(self, calls: object, target: Target = SOME) -> None:
        self.calls = calls
        self.is_gone = False
        self.target = target


def test_what_stands_for_objects_is_found_anywhere() -> None:
    here = OnBoard(Known(1))
    assert stand_ins([1, {"a": (here, [here]), here: 2}, {here}]) == [here] * 4
    assert stand_ins("abc") == []
    assert source_of(here) == source_of(here, 1) == "_belay_o(5,'read')"
    assert Target().source == "_belay_o()"
    assert understood([0], 7) == Held(7)
    assert understood((1,), 7) == (1,)


def test_buffers_are_those_that_can_be_changed() -> None:
    first, words = bytearray(4), array("i", [1, 2])
    view = memoryview(first)[1:3]
    buffers = Buffers([first, b"ab", view, memoryview(b"cd")], {"words": words, "n": 1})
    assert buffers.places == [0, 2, "words"]
    assert buffers.args[2] == bytearray(2)
    buffers.fill([None, b"\x05\x06", array("i", [8, 9]).tobytes()])
    assert (first, words) == (bytearray(b"\x00\x05\x06\x00"), array("i", [8, 9]))
