from __future__ import annotations

import enum
import math
import struct
import sys
from array import array
from collections import Counter, OrderedDict, defaultdict, namedtuple
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from belay import Device
from belay.board.literal import MAX_DEPTH, NotALiteral, decode, encode, evaluate_trusted
from belay.exceptions import UntransferableError

Echo = Callable[[Any], Any]


@pytest.fixture(scope="module")
def echo(device: Device) -> Echo:
    @device.task
    def echo(x):
        return x

    return echo


def same(left: object, right: object) -> bool:
    """Equal and of one type, and so are the parts."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float) and isinstance(right, float):
        return same_float(left, right)
    if isinstance(left, complex):
        return same(left.real, right.real) and same(left.imag, right.imag)
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    return left == right


def same_float(left: float, right: float) -> bool:
    if math.isnan(left):
        return math.isnan(right)
    if left == 0:
        return struct.pack("d", left) == struct.pack("d", right)
    # Of some thousand doubles MicroPython prints one with a last digit that is the next double's.
    return left == right or math.nextafter(left, right) == right


# A complex zero's sign is not in what MicroPython prints.
complexes = st.complex_numbers(allow_infinity=False, allow_nan=False).filter(lambda z: z.real and z.imag)
hashable = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**6), 10**6).map(lambda number: number / 8)
    | st.text(st.characters(exclude_categories=[]))
    | st.binary()
    | st.just(...),
    lambda inner: st.tuples(inner, inner) | st.tuples(inner) | st.frozensets(inner, max_size=4),
    max_leaves=6,
)
values = st.recursive(
    hashable
    | st.floats()
    | complexes
    | st.binary().map(bytearray)
    | st.builds(range, st.integers(-99, 99), st.integers(-99, 99), st.integers(1, 9)),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(hashable, inner, max_size=4)
        | st.sets(hashable, max_size=4)
    ),
    max_leaves=12,
)

EXAMPLES: list[Any] = [
    *(
        None,
        True,
        False,
        ...,
        0,
        -1,
        2**63,
        -(2**63),
        2**64,
        -(2**200),
        10**5000,
        -(10**5000),
        [10**4400, "1" * 5000],
    ),
    *(
        0.0,
        -0.0,
        0.1,
        5e-324,
        1.7976931348623157e308,
        math.inf,
        -math.inf,
        math.nan,
        [math.inf, {1: -math.nan}],
    ),
    *(1 + 2j, -1.5 - 2.5j, complex(math.inf, -math.inf), complex(1, math.nan), complex(math.nan, math.inf)),
    *(
        "",
        "'",
        '"',
        "'\"",
        "\\",
        "\\'",
        "a\nb\r\t\0",
        "é€😀",
        "\ud800",
        "\x01\x02\x03\x04\x05",
        "<Pin at 1>",
        "'" * 50,
    ),
    *(b"", bytes(range(256)), bytearray(), bytearray(range(256))),
    *(
        (),
        (1,),
        (1, 2),
        [],
        [[]],
        {},
        {(): []},
        set(),
        {1},
        frozenset(),
        frozenset({1}),
        [set(), frozenset()],
    ),
    *(range(3), range(1, 10, 2), range(9, 0, -3)),
    *(array("B"), array("b", [-1, 1]), array("H", [65535]), array("i", [-5]), array("q", [-(2**63)])),
    *(array("d", [0.1, math.inf, -math.nan]), array("f", [0.5, -math.inf])),
]


@pytest.mark.parametrize("value", EXAMPLES, ids=map(str, range(len(EXAMPLES))))
def test_what_python_writes_as_a_literal_goes_there_and_back(echo: Echo, value: Any) -> None:
    assert same(echo(value), value) or (isinstance(value, array) and repr(echo(value)) == repr(value))


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(values, max_size=6))
def test_any_literal_goes_there_and_back(echo: Echo, value: list[Any]) -> None:
    assert same(echo(value), value)


@given(values)
def test_what_was_encoded_is_a_program_that_gives_the_value(value: Any) -> None:
    assert same(eval(encode(value, "it")), value)


Point = namedtuple("Point", "x y")


class Colour(enum.IntEnum):
    RED = 1


class Word(str):
    def __repr__(self) -> str:
        return "os.remove('/')"


@pytest.mark.parametrize(
    ("value", "base"),
    [
        (Point(1, 2), (1, 2)),
        (Colour.RED, 1),
        (Word("w"), "w"),
        (OrderedDict(a=1), {"a": 1}),
        (defaultdict(int, a=1), {"a": 1}),
        (Counter("aab"), {"a": 2, "b": 1}),
        (memoryview(b"view"), b"view"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_subclasses_go_as_what_they_are_based_on(echo: Echo, value: Any, base: Any) -> None:
    assert same(echo(value), base)


def test_names_of_the_users_do_not_hide_what_values_are_made_of(device: Device, echo: Echo) -> None:
    device("set = range = frozenset = bytearray = complex = float = array = None")
    value = [set(), range(3), frozenset(), bytearray(b"x"), 1 + 2j, math.inf, array("B", [1])]
    assert echo(value) == value


def test_64_kib_come_back_and_200_kb_go_there(echo: Echo, device: Device) -> None:
    data = bytes(range(256)) * 256
    assert device(f"bytes({list(range(256))}) * 256") == data
    text = "0123456789" * 20_000
    assert echo(text) == text


class Thing:
    pass


def function() -> None:
    pass


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (Thing(), "Thing"),
        (Thing, "type"),
        (function, "function"),
        (math, "module"),
        ((x for x in ""), "generator"),
        (array("w" if sys.version_info >= (3, 13) else "u", "text"), "array of characters"),
        (1j.conjugate, "builtin_function_or_method"),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.filterwarnings("ignore:The 'u' type code:DeprecationWarning")
def test_what_cannot_go_is_refused_by_the_name_of_its_type(value: Any, name: str) -> None:
    for inside in (value, [1, value], {"k": (value,)}):
        with pytest.raises(UntransferableError) as caught:
            encode(inside, "argument 'pin'")
        assert caught.value.where == "argument 'pin'"
        assert caught.value.type_name == name
        assert caught.value.hint


def test_values_that_nest_too_deep_are_refused_on_the_way_there() -> None:
    deep: list[Any] = []
    for _ in range(MAX_DEPTH - 1):
        deep = [deep]
    assert eval(encode(deep, "it")) == deep
    with pytest.raises(UntransferableError, match="list, nested more than 32 deep"):
        encode([deep], "it")
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(UntransferableError, match="nested"):
        encode(endless, "it")


@pytest.mark.parametrize("depth", [150, 900])
def test_values_that_nest_too_deep_are_refused_on_the_way_back(device: Device, depth: int) -> None:
    device(f"deep = []\nfor _ in range({depth}): deep = [deep]")
    if depth < 200:
        assert str(device("deep")).count("[") == depth + 1
    else:
        with pytest.raises(UntransferableError, match="deeply nested data"):
            device("deep")
    assert device("1") == 1


@pytest.mark.parametrize("text", ["[" * 5000 + "]" * 5000, "-" * 100_000 + "1"])
def test_what_is_too_much_for_the_parser_is_no_literal(text: str) -> None:
    with pytest.raises(NotALiteral, match="deeply nested data"):
        decode(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("<Thing object at 7f12>", "Thing"),
        ("<function f at 0x7f>", "function"),
        ("<class 'int'>", "type"),
        ("<module 'os'>", "module"),
        ("Pin(25, mode=OUT)", "Pin"),
        ("Pin(GPIO25)", "Pin"),
        ("['<b>', <generator object 'g' at 1>]", "generator"),
        ('["Pin(1)", dict_keys([1])]', "dict_keys"),
        ("Point(x=1, y=2)", "Point"),
        ("1 + 1", "unknown"),
        ("'a' + 'b'", "unknown"),
        ("f'{1}'", "unknown"),
        ("{**{}}", "unknown"),
        ("[x for x in ()]", "unknown"),
        ("a.b", "unknown"),
        ("", "unknown"),
        ("1 2", "unknown"),
        ("__import__('os')", "__import__"),
        ("range(1, 2, 0)", "range"),
        ("{[]: 1}", "unknown"),
    ],
)
def test_what_is_no_literal_says_what_it_seems_to_be(text: str, name: str) -> None:
    with pytest.raises(NotALiteral) as caught:
        decode(text)
    assert caught.value.type_name == name


def test_a_board_may_write_more_than_literals() -> None:
    assert decode("OrderedDict({'a': 1})") == {"a": 1}
    assert decode(" OrderedDict([('a', 1)])") == {"a": 1}
    assert decode("[nan, -inf]")[1] == -math.inf  # type: ignore[index]


def test_trust_means_evaluating() -> None:
    assert evaluate_trusted("inf") == math.inf
    assert evaluate_trusted("dict(a=1 + 1)") == {"a": 2}
    with pytest.raises(NotALiteral, match="Thing"):
        evaluate_trusted("<Thing object at 1>")
    with pytest.raises(NotALiteral, match="Pin"):
        evaluate_trusted("Pin(1)")
