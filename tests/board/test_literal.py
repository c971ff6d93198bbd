from __future__ import annotations

import enum
import math
import struct
import sys
from array import array
from collections import Counter, OrderedDict, defaultdict, namedtuple
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from belay import Device
from belay.board.literal import MAX_DEPTH, NotALiteral, decode, encode, float_text
from belay.exceptions import UntransferableError
from tests.board.values import floats, same, values

Echo = Callable[[Any], Any]


@pytest.fixture(scope="module", params=[True, False], ids=["agent", "plain"])
def device(request: pytest.FixtureRequest) -> Iterator[Device]:
    """The same board by the agent and over the plain REPL."""
    with Device("virtual:", agent=request.param) as device:
        yield device


@pytest.fixture(scope="module")
def echo(device: Device) -> Echo:
    @device.task
    def echo(x):
        return x

    return echo


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
    *(array(code, bytes(range(96))) for code in "bBhHiIlLqQfd"),
    *(array("l", [-1]), array("L", [1]), array("d", bytes.fromhex("0102030405fff87f") * 20)),
    *(OrderedDict(b=1, a=2), OrderedDict({("x",): [1.25], None: "n"})),
    *({(1, (2, (3,))): 0.1}, {frozenset({frozenset({b""})}): b"x" * 100}, {b"x" * 100: {"y" * 100: ()}}),
    *(0.937327172721863, 0.234650918, 0.20939492537865179, -4.4729000679995884e-223, 2.028027166683429e-308),
    *([0.1, 0.2, 0.3, 1e22, 1e300, 1e8, 123456.015625], (1e-5, -1e-320), {"x": 0.1, "y": [-0.0, 5e-324]}),
    *(
        "\ud800" * 70,
        "é€😀" * 100,
        "\x00\x01\x02\x03\x04\x7f" * 30,
        {"\ud800": 1},
        ["\x03" * 64, "\x03" * 65],
    ),
    *(b"\x03" * 1000, bytearray(b"\x03" * 5000), [b"a" * 64, b"b" * 65, b"c" * 4096, b"d" * 4097]),
    *(7**3000, [-(7**3000)], list(range(3000)), "x" * 20_000, {str(n): n for n in range(500)}),
    *((1 + 0.1j), complex(-0.0, 0.0), complex(0.0, -0.0), [complex(0.3, math.nan)]),
]


@pytest.mark.parametrize("value", EXAMPLES, ids=map(str, range(len(EXAMPLES))))
def test_what_python_writes_as_a_literal_goes_there_and_back(echo: Echo, value: Any) -> None:
    assert same(echo(value), value)


def there_and_back(examples: int) -> settings:
    return settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))


@there_and_back(40)
@given(st.lists(values, max_size=6))
def test_any_value_goes_there_and_back(echo: Echo, value: list[Any]) -> None:
    assert same(echo(value), value)


@pytest.mark.long
@there_and_back(5000)
@given(st.lists(values, max_size=6))
def test_any_value_goes_there_and_back_always(echo: Echo, value: list[Any]) -> None:
    assert same(echo(value), value)


@there_and_back(20)
@given(st.lists(floats, min_size=100, max_size=200))
def test_floats_arrive_bit_for_bit(echo: Echo, value: list[float]) -> None:
    assert same(echo(value), value)
    assert same(echo(tuple(value)), tuple(value))


def test_a_number_of_three_thousand_random_ones_arrives_as_its_neighbour_by_its_shortest_text(
    device: Device,
) -> None:
    # What float_text is for. If boards learn to read exactly, it can go.
    text = "0.234650918"
    assert float_text(float(text)) != text
    device("import struct")
    assert device(f"struct.pack('<d', float({text!r}))") != struct.pack("<d", float(text))
    assert device(f"struct.pack('<d', {float_text(float(text))})") == struct.pack("<d", float(text))


@pytest.mark.parametrize("value", [0.1, 0.5, -0.0, 21.0, 0.937327172721863, 1e300, 5e-324])
def test_the_text_of_a_float_is_short_where_that_is_safe(value: float) -> None:
    assert same(float(float_text(value)), value)
    assert len(float_text(value)) <= (len(repr(value)) if value != 0.937327172721863 else 24)


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
    device("del set, range, frozenset, bytearray, complex, float, array")


def test_64_kib_come_back_and_200_kb_go_there(echo: Echo, device: Device) -> None:
    # As much room in one piece as a fresh board has.
    device.soft_reset(main=False)
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


@pytest.mark.parametrize("wrap", ["[{}]", "({},)", "{{1:{}}}", "[{},b'x'*99]", "OrderedDict([(1,{})])"])
def test_values_that_nest_too_deep_are_refused_on_the_way_back(device: Device, wrap: str) -> None:
    device("from collections import OrderedDict")
    for depth, fits in (MAX_DEPTH - 1, True), (MAX_DEPTH, False), (150, False), (900, False):
        device(f"deep = ()\nfor _ in range({depth}): deep = {wrap.format('deep')}")
        if fits:
            assert str(device("deep")).count("1" if "1" in wrap else "(" if "(" in wrap else "[") >= depth
            continue
        with pytest.raises(UntransferableError, match="deeply nested data"):
            device("deep")
    assert device("1") == 1


@pytest.mark.parametrize("ring", ["ring = []; ring.append(ring)", "ring = {}; ring[0] = (ring, ring)"])
def test_values_that_hold_themselves_are_refused_on_the_way_back(device: Device, ring: str) -> None:
    device(ring)
    with pytest.raises(UntransferableError, match="deeply nested data"):
        device("ring")
    assert device("1") == 1


def test_a_board_returns_more_than_it_is_sent(device: Device) -> None:
    device(
        "from collections import namedtuple, OrderedDict\n"
        "from array import array\n"
        "class Word(str): pass\n"
        "class Many(list): pass\n"
        "Point = namedtuple('Point', 'x y')"
    )
    assert same(device("Point(1, Point(0.1, b'x'))"), (1, (0.1, b"x")))
    assert same(device("OrderedDict([('b', 1), ('a', 0.1)])"), OrderedDict(b=1, a=0.1))
    assert same(device("memoryview(b'view' * 50)"), b"view" * 50)
    assert same(device("memoryview(array('H', [1, 2]))"), array("H", [1, 2]).tobytes())
    assert same(device("[Word('w'), Many((1, 0.1))]"), ["w", [1, 0.1]])
    assert same(device("array('H', range(5000))"), array("H", range(5000)))


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("Pin(1)", "Pin"),
        ("[1, Thing()]", "Thing"),
        ("{'k': (Thing(),)}", "Thing"),
        ("Thing", "type"),
        ("[0.1, b'x' * 99, len]", "function"),
        ("(x for x in ())", "generator"),
        ("machine", "module"),
    ],
)
def test_what_cannot_come_is_refused_by_the_name_of_its_type(
    device: Device, expression: str, name: str
) -> None:
    device("class Thing: pass")
    with pytest.raises(UntransferableError) as caught:
        device(expression)
    assert (caught.value.where, caught.value.type_name) == ("the result", name)
    assert caught.value.hint
    assert device("1") == 1


def test_what_cannot_come_is_evaluated_if_the_board_is_trusted(device: Device) -> None:
    device("class Sum:\n def __repr__(self): return '1 + 1'\nclass Odd: pass")
    assert device("Sum()", trusted=True) == 2
    assert device("[0.1, Sum(), b'x' * 99]", trusted=True) == [0.1, 2, b"x" * 99]
    with pytest.raises(UntransferableError, match="Odd"):
        device("Odd()", trusted=True)
    with pytest.raises(UntransferableError, match="Sum"):
        device("Sum()")


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
