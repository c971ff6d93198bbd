from __future__ import annotations

import struct
from array import array
from collections import OrderedDict
from typing import Any

import pytest

from belay.board.calls import Terms
from belay.board.results import read_result
from belay.exceptions import NotBelayResponseError, UntransferableError
from tests.board.values import same

TERMS = Terms()
TRUSTED = Terms(trusted=True)


@pytest.mark.parametrize(
    ("text", "chunks", "value"),
    [
        ("0", [], 0),
        ("17", [], 17),
        ("-17", [], -17),
        ("1" * 4000, [], (10**4000 - 1) // 9),
        ("[1, 'x', (None,), {2: nan}]", [], [1, "x", (None,), {2: float("nan")}]),
        ("_(3)", [b"abc"], b"abc"),
        ("[_(3),bytearray(_(2)),_s(4)]", [b"ab", b"cde", "f€".encode()], [b"abc", bytearray(b"de"), "f€"]),
        ("_s(3)", ["\ud800".encode(errors="surrogatepass")], "\ud800"),
        ("(_a('H',2,4),)", [b"\1\0\2\0"], (array("H", [1, 2]),)),
        ("_a('d',0,0)", [], array("d")),
        ("_d('3fb999999999999a')", [], 0.1),
        ("_c(_d('3fb999999999999a'),-0.0)", [], complex(0.1, -0.0)),
        ("dict([(_(2),set([(1,)])),(2,frozenset([3]))])", [b"ab"], {b"ab": {(1,)}, 2: frozenset({3})}),
        ("OrderedDict([(2,1),(1,2)])", [], OrderedDict([(2, 1), (1, 2)])),
        ("range(1, 9, 2)", [], range(1, 9, 2)),
        ("array('H', [1, 2])", [], array("H", [1, 2])),
        ("_w('[_(2),_(1)]',b'ab',b'c')", [], [b"ab", b"c"]),
        ("Ellipsis", [], ...),
    ],
)
def test_an_answer_is_a_value(text: str, chunks: list[bytes], value: Any) -> None:
    assert same(read_result(text, chunks, TERMS), value)


@pytest.mark.parametrize(("code", "items", "width"), [("l", 3, 4), ("L", 3, 8), ("l", 3, 8), ("i", 3, 2)])
def test_an_item_of_an_array_is_as_long_as_on_the_board(code: str, items: int, width: int) -> None:
    data = bytes(range(items * width))
    result = read_result(f"_a('{code}',{items},{len(data)})", [data], TERMS)
    assert isinstance(result, array)
    assert (len(result), result.itemsize, result.tobytes()) == (items, width, data)
    if array(code).itemsize == width:
        assert result.typecode == code


@pytest.mark.parametrize(
    ("text", "chunks"),
    [("_(3)", [b"ab"]), ("_(3)", [b"abcd"]), ("1.5", [b"a"]), ("_d('00')", []), ("_a('H',1,2)", [b"a"])],
)
def test_bytes_that_do_not_fit_the_text_are_no_answer(text: str, chunks: list[bytes]) -> None:
    with pytest.raises(NotBelayResponseError):
        read_result(text, chunks, TERMS)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("_u('Pin','Pin(1)')", "Pin"),
        ("[1,{'k':(_u('Thing','<Thing>'),)}]", "Thing"),
        ("_u('deeply nested data','')", "deeply nested data"),
        ("_w('[_(1),_u(\\'Pin\\',\\'\\')]',b'a')", "Pin"),
        ("<Thing object at 7f12>", "Thing"),
        ("_a('O',1,8)", "array"),
        ("_d('zz')", "_d"),
    ],
)
def test_what_is_no_value_is_refused_by_name(text: str, name: str) -> None:
    with pytest.raises(UntransferableError) as caught:
        read_result(text, [bytes(8)] if "_a" in text else [], TERMS)
    assert (caught.value.where, caught.value.type_name) == ("the result", name)
    assert caught.value.hint


def test_trust_means_evaluating() -> None:
    assert read_result("[_(1),_u('Sum','1 + 1')]", [b"x"], TRUSTED) == [b"x", 2]
    assert read_result("dict(a=1 + 1)", [], TRUSTED) == {"a": 2}
    assert read_result("_w('[_(1),_u(\\'S\\',\\'1 + 1\\')]',b'a')", [], TRUSTED) == [b"a", 2]
    for text in "<Thing object at 1>", "_u('Thing','<Thing object at 1>')":
        with pytest.raises(UntransferableError, match="Thing"):
            read_result(text, [], TRUSTED)


def test_arrays_can_come_as_something_else() -> None:
    terms = Terms(arrays=list)
    data = struct.pack("<2h", -1, 2)
    assert read_result("[_a('h',2,4),array('B', [7]),_(1)]", [data, b"x"], terms) == [[-1, 2], [7], b"x"]
