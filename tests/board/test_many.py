from __future__ import annotations

import json
from array import array
from collections import OrderedDict
from typing import Any

import pytest

from belay.board.calls import Terms
from belay.board.many import Call, Lost, Packed, Way, gather, read_many, snapshot, written
from belay.exceptions import NotBelayResponseError, UntransferableError

CALL = Call(Way.CALL, "f")


def packed(
    payload: bytes = b"[1]", function: int | None = 58, timeout: float | None = None, bulk: int = 0
) -> Packed:
    return Packed(CALL._replace(timeout=timeout), function, payload, {"b0": memoryview(bytes(bulk))})


# --- the request ---------------------------------------------------------------------------------


def test_calls_of_one_function_name_it_once() -> None:
    calls = [packed(b"[1]"), packed(b"[2]"), packed(b'["x"]', 59), packed(b"[3]")]
    assert json.loads(written(calls)) == [[58, [1], [2]], [59, ["x"]], [58, [3]]]


@pytest.mark.parametrize(
    ("calls", "size"),
    [
        ([packed()] * 9, 4),
        ([packed()] * 3, 3),
        ([packed(), packed(), packed(function=None), packed()], 2),
        ([packed(function=None), packed()], 1),
        ([packed(timeout=1), packed(timeout=1), packed(timeout=2)], 2),
        ([packed(b"[%s]" % (b"1" * 80)), packed(b"[1]"), packed(b"[1]")], 2),
        ([packed(b"[%s]" % (b"1" * 998)), packed(b"[1]")], 1),
        ([packed(bulk=60), packed(bulk=50), packed(bulk=10)], 2),
        ([packed(bulk=900), packed(bulk=10)], 1),
        ([packed(b"[[],[]]"), packed(), packed()], 2),
        ([packed(b'["a"]'), packed(b'[{"b":1}]')], 1),
    ],
)
def test_a_request_holds_as_many_calls_as_fit(calls: list[Packed], size: int) -> None:
    assert gather(calls, 4, 110) == calls[:size]


# --- the answer ----------------------------------------------------------------------------------


def read(
    text: str, chunks: tuple[bytes, ...] = (), trusted: tuple[bool, ...] = (False,) * 9
) -> tuple[list[Any], str]:
    return read_many(text, chunks, [CALL._replace(trusted=each) for each in trusted], Terms())


@pytest.mark.parametrize(
    ("text", "results"),
    [
        ("None", []),
        ("1,\n-2,\nNone", [1, -2]),
        ("1,\nNone,\n1.5,\n'a,\\n:b',\n{1: 2},\nNone", [1, None, 1.5, "a,\n:b", {1: 2}]),
        ("dict([(1,2)]),\nTrue,\nNone", [{1: 2}, True]),
    ],
)
def test_results_are_lines(text: str, results: list[Any]) -> None:
    assert read(text) == (results, "None")


def test_the_last_line_tells_of_a_failure() -> None:
    assert read("1,\n(['ValueError'],'()','')") == ([1], "(['ValueError'],'()','')")


def test_each_result_has_bytes_of_its_own() -> None:
    text = "2:_(2),\n'5:_(2)',\n3:[_(1),_u('Pin','Pin(1)'),_(2)],\n4:_s(4),\n7,\nNone"
    results, _ = read(text, (b"abc", b"dewx", b"yz"))
    assert results[0] == b"ab"
    assert results[1] == "5:_(2)"
    assert isinstance(results[2], Lost)
    assert isinstance(results[2].error, UntransferableError)
    assert results[2].error.type_name == "Pin"
    assert results[3:] == ["wxyz", 7]


def test_only_trusted_results_are_evaluated() -> None:
    (first, second), _ = read("_u('int','int(3)'),\n_u('int','int(3)'),\nNone", trusted=(False, True))
    assert isinstance(first, Lost)
    assert second == 3


def test_more_results_than_calls() -> None:
    with pytest.raises(NotBelayResponseError, match="2 results came of 1 calls"):
        read("1,\n2,\nNone", trusted=(False,))


# --- arguments -----------------------------------------------------------------------------------


class Named(OrderedDict[str, Any]):
    pass


def test_a_snapshot_does_not_change() -> None:
    deep = [1, (2, [3]), {"a": bytearray(b"x")}, Named(b=array("h", [1])), {4}, frozenset({5})]
    view = memoryview(bytearray(b"yz"))
    args, kwargs = snapshot((deep, view), {"c": deep})
    deep[1][1].append(9)  # type: ignore[index]
    deep[2]["a"][0] = 0  # type: ignore[index]
    deep[3]["b"][0] = 7  # type: ignore[index]
    view[0] = 0
    expected = [1, (2, [3]), {"a": bytearray(b"x")}, OrderedDict(b=array("h", [1])), {4}, frozenset({5})]
    assert args == (expected, b"yz")
    assert kwargs == {"c": expected}
    assert isinstance(args[0][3], OrderedDict)  # type: ignore[index]


def test_a_snapshot_of_numpys() -> None:
    numpy = pytest.importorskip("numpy")
    data = numpy.array([1, 2], dtype="int16")
    args, _ = snapshot((data, numpy.int8(3)), {})
    data[0] = 9
    assert [list(args[0]), args[1]] == [[1, 2], 3]  # type: ignore[call-overload]


def test_what_cannot_travel_is_refused_at_once() -> None:
    with pytest.raises(UntransferableError, match=r"argument 2.*object"):
        snapshot((1, object()), {})
