"""Objects of the board, used as if they were here; by both ways to it."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from belay import BoardError, Device, Proxy
from belay.exceptions import UntransferableError

THERMOMETER = """
class Thermometer:
    unit = "C"
    def __init__(self):
        self.value = 20
        self.log = []
    def read(self, offset=0):
        return self.value + offset
    def itself(self):
        return self
    def history(self):
        return self.log
    def fail(self, key):
        return {}[key]
    def __enter__(self):
        return self
    def __exit__(self, kind, error, trace):
        self.left = repr((kind, error))
        return kind is ValueError
    def __call__(self, *args, **named):
        return len(args), sorted(named.items())
thermometer = Thermometer()
"""


@pytest.fixture
def thermometer(device: Device) -> Any:
    device(THERMOMETER)
    return device.proxy("thermometer")


def test_attributes(device: Device, thermometer: Any) -> None:
    assert isinstance(thermometer, Proxy)
    assert (thermometer.value, thermometer.unit) == (20, "C")
    thermometer.value = 21
    assert device("thermometer.value") == 21
    thermometer.extra = {"a": [1]}
    assert device("thermometer.extra") == {"a": [1]}
    del thermometer.extra
    assert not hasattr(thermometer, "extra")
    assert getattr(thermometer, "extra", "none") == "none"
    with pytest.raises(AttributeError, match="nope") as caught:
        _ = thermometer.nope
    assert isinstance(caught.value, BoardError)
    assert {"read", "value", "log"} <= set(dir(thermometer))
    # Names of the class are the board's, too.
    assert thermometer.__dict__["value"] == 21


def test_results_that_can_be_changed_stay_there(device: Device, thermometer: Any) -> None:
    log = thermometer.history()
    assert isinstance(log, Proxy)
    log.append(1)
    assert device("thermometer.log") == [1]
    assert device(log) == [1]
    assert repr(log) == "<Proxy of list: [1]>"
    assert str(log) == "[1]"
    with pytest.raises(UntransferableError) as caught:
        device(thermometer)
    assert "proxy=True" in str(caught.value.hint)


@pytest.mark.parametrize(
    "value",
    [None, True, -7, 1 << 70, 2.5, "x" * 100, b"\x00\xff" * 50, (1, ("a", None)), range(3), ()],
    ids=["none", "bool", "int", "long", "float", "text", "bytes", "tuple", "range", "empty"],
)
def test_what_cannot_be_changed_comes_as_it_is(device: Device, value: object) -> None:
    device("def same(x):\n return x")
    result = device.proxy("same")(value)
    assert type(result) is type(value)
    assert result == value


def test_calls(device: Device, thermometer: Any) -> None:
    assert [thermometer.read(), thermometer.read(5), thermometer.read(offset=-1)] == [20, 25, 19]
    count, named = thermometer(1, (2,), a=b"x")
    assert (count, device(named)) == (2, [("a", b"x")])
    itself = thermometer.itself()
    itself.value = 3
    assert thermometer.read() == 3
    # A method is found again by its name, and can be kept, passed on and asked itself.
    read = thermometer.read
    assert read(1) == 4
    assert list(device.proxy("map")(read, [1, 2])) == [4, 5]
    with pytest.raises(KeyError) as caught:
        thermometer.fail("k")
    assert isinstance(caught.value, BoardError)
    assert caught.value.args == ("k",)
    with pytest.raises(TypeError):
        thermometer.read(1, 2, 3)


def test_a_method_that_is_replaced(device: Device, thermometer: Any) -> None:
    assert thermometer.read() == 20
    thermometer.read = 7
    assert thermometer.read == 7
    del thermometer.read
    assert thermometer.read(1) == 21


def test_proxies_as_arguments(device: Device, thermometer: Any) -> None:
    inner = device.proxy("[1, 2]")

    @device.task
    def total(items, more):
        more["list"][0].append(9)
        return sum(items), more["t"].value

    assert total(inner, {"list": [inner], "t": thermometer}) == (12, 20)
    assert device(inner) == [1, 2, 9]
    thermometer.log.extend((inner, [inner]))
    assert device("thermometer.log") == [[1, 2, 9], [[1, 2, 9]]]

    @device.setup
    def keep(what):
        kept = what  # noqa: F841 - a global on the board

    keep([inner])
    assert device("kept[0] is thermometer.log[0]")
    with device.batch() as batch:
        keep(inner)
        added = batch.submit(total, inner, {"list": [inner], "t": thermometer})
    assert added.result() == (21, 20)
    assert device("kept") == [1, 2, 9, 9]


def test_items_and_slices(device: Device) -> None:
    items = device.proxy("[0, 1, 2, 3, [4]]")
    assert len(items) == 5
    assert items[-2] == 3
    assert isinstance(items[4], Proxy)
    assert items[4][0] == 4
    assert device(items[1:3]) == [1, 2]
    assert device(items[:2]) == [0, 1]
    items[0] = "a"
    items[1:3] = ["b"]
    items[1:1] = ["x", "y"]
    del items[1:3]
    del items[-1]
    assert device(items) == ["a", "b", 3]
    assert "b" in items
    assert 99 not in items
    for wrong, error in ((99, IndexError), ("x", TypeError)):
        with pytest.raises(error):
            items[wrong]
    table = device.proxy("{'a': 1}")
    table["b"] = [2]
    assert sorted(table) == ["a", "b"]
    assert sorted(key for key, _ in table.items()) == ["a", "b"]
    with pytest.raises(KeyError):
        table["c"]


def test_iteration_asks_for_what_is_wanted(device: Device) -> None:
    device(
        "seen = []\ndef numbers(n):\n  for i in range(n):\n    seen.append(i)\n    yield i\n  return 'done'"
    )
    numbers = iter(device.proxy("numbers")(1000))
    assert [next(numbers), next(numbers)] == [0, 1]
    assert device("seen") == [0, 1]

    def delegated() -> Any:
        return (yield from device.proxy("numbers")(2))

    generator = delegated()
    assert [next(generator), next(generator)] == [0, 1]
    with pytest.raises(StopIteration) as caught:
        next(generator)
    assert caught.value.value == "done"
    assert next(device.proxy("iter([5])")) == 5
    with pytest.raises(StopIteration):
        next(device.proxy("iter([])"))
    assert list(device.proxy("list(range(100))")) == list(range(100))
    assert list(device.proxy("[]")) == []
    assert [*map(len, device.proxy("[[1], [2, 3]]"))] == [1, 2]
    assert list(reversed(device.proxy("[1, 2]"))) == [2, 1]
    with pytest.raises(TypeError):
        iter(device.proxy("len"))


def test_operators(device: Device) -> None:
    five, items = device.proxy("5"), device.proxy("[1]")
    assert [five + 1, 1 + five, five - 1, 11 - five, five * 2, five / 2, 6 // five] == [
        6,
        6,
        4,
        6,
        10,
        2.5,
        1,
    ]
    assert [five % 3, 2**five, five**2, divmod(five, 2), -five, +five, ~five, abs(-five)] == [
        2, 32, 25, (2, 1), -5, 5, -6, 5,
    ]  # fmt: skip
    assert [five & 4, five | 2, five ^ 1, five << 1, five >> 1, 1 << five] == [4, 7, 4, 10, 2, 32]
    assert five == 5
    assert five != 4
    assert (five < 6, five >= 6, five > 4, five <= 4) == (True, False, True, False)
    assert five != object()
    assert pow(five, 2, 7) == 4
    assert bool(five)
    assert not device.proxy("[]")
    assert (int(five), float(five), complex(five), round(device.proxy("2.25"), 1)) == (5, 5.0, 5 + 0j, 2.2)
    assert [10, 11, 12, 13, 14, 15][five] == 15
    assert f"{five:03d} {five}" == "005 5"
    assert hash(five) == 5
    assert bytes(device.proxy("bytearray(b'ab')")) == b"ab"
    before = items
    items += [2]
    assert device(before) == [1, 2]
    assert device(items + device.proxy("[3]")) == [1, 2, 3]
    assert device(items * 2) == [1, 2, 1, 2]
    five += 1
    assert five == 6
    with pytest.raises(TypeError):
        hash(items)
    with pytest.raises(TypeError):
        _ = items - 1
    with pytest.raises(TypeError):
        int(items)
    with pytest.raises(TypeError):
        [1][device.proxy("'a'")]


def test_a_context_manager(device: Device, thermometer: Any) -> None:
    with thermometer as entered:
        assert entered.read() == 20
    assert thermometer.left == "(None, None)"
    with thermometer:
        raise ValueError("on the host")
    assert "ValueError('on the host'" in thermometer.left
    with pytest.raises(BoardError), thermometer:
        thermometer.fail(1)
    assert "KeyError" in thermometer.left


def test_classes_are_asked_on_the_board(device: Device, thermometer: Any) -> None:
    assert isinstance(thermometer, device.proxy("Thermometer"))
    assert not isinstance(5, device.proxy("Thermometer"))


def test_a_proxy_is_no_more_than_a_name(thermometer: Any) -> None:
    assert copy.copy(thermometer) is thermometer
    assert copy.deepcopy([thermometer])[0] is thermometer
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(thermometer)
    with pytest.raises(AttributeError):
        _ = thermometer._repr_html_
