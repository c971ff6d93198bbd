from __future__ import annotations

import json
import math
from array import array
from collections import OrderedDict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belay import Device
from belay.board.arguments import INLINE, Source, as_json
from belay.board.literal import MAX_DEPTH
from belay.board.requests import json_of
from belay.exceptions import UntransferableError
from tests.board.values import floats, same, texts

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | floats.filter(math.isfinite)
    | texts.filter(lambda text: text.isascii() or text.encode(errors="ignore").decode() == text),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(plain)
def test_json_says_the_same(value: Any) -> None:
    written = as_json(value)
    assert written is not None
    assert same(json.loads(written), value)
    assert not any(byte < 0x20 for byte in written)


class Word(str):
    pass


@pytest.mark.parametrize(
    "value",
    [
        2**63,
        math.inf,
        math.nan,
        (),
        b"",
        ...,
        {1: 1},
        {None: 1},
        {Word("w"): 1},
        Word("w"),
        OrderedDict(),
        {"\ud800": 1},
        set(),
        array("B"),
        1j,
        range(3),
    ],
    ids=repr,
)
def test_json_says_nothing_else(value: Any) -> None:
    assert as_json(value) is None
    assert as_json([1, {"k": value}]) is None


def test_json_does_not_go_too_deep() -> None:
    deep: Any = []
    for _ in range(MAX_DEPTH - 1):
        deep = [deep]
    assert json.loads(as_json(deep) or b"") == deep
    assert as_json([deep]) is None
    ring: list[Any] = []
    ring.append(ring)
    assert as_json(ring) is None


# --- as source -----------------------------------------------------------------------------------


def evaluated(source: Source, text: str) -> Any:
    """What the board makes of it."""
    kept = {name: bytearray(data) for name, data in source.blobs.items()}
    args = eval(text, {"_bytes": lambda name: bytes(kept.pop(name)), "_bytearray": kept.pop})
    assert not kept
    return args


def test_long_bytes_are_taken_out_of_the_source() -> None:
    long = bytes(range(INLINE + 1))
    items = array("l", range(100))
    args = [long, bytearray(long), memoryview(long)[::2], memoryview(long)[::-1], items, (1, [long])]
    named = {"key": {long: array("d", [0.1] * 20)}, "short": b"x" * INLINE}
    source = Source()
    text = source.write(args, named)
    assert len(text) < 700
    assert [len(data) for data in source.blobs.values()] == [65, 65, 65, 800, 65, 65, 160]
    got, got_named = evaluated(source, text)
    assert same(got, (long, bytearray(long), long[::2], long[::-1], items, (1, [long])))
    assert same(got_named, named)


def test_no_two_blobs_have_one_name() -> None:
    sources = [Source(), Source()]
    for source in sources:
        source.write([bytes(100), bytes(100)], {})
    assert len({name for source in sources for name in source.blobs}) == 4


@pytest.mark.parametrize(
    ("args", "named", "where"), [([1, object()], {}, "argument 2"), ([], {"k": object}, "argument 'k'")]
)
def test_what_cannot_go_is_refused_by_its_place(args: list[Any], named: dict[str, Any], where: str) -> None:
    with pytest.raises(UntransferableError) as caught:
        Source().write(args, named)
    assert caught.value.where == where


@pytest.mark.parametrize("text", ["ü", "\U0001f600", "x\ud800", "\x7f\n"])
def test_lists_with_tuples_reach_the_board_as_they_are(device: Device, text: str) -> None:
    payload = json_of([(text,)])
    assert b"\\ud83d" not in payload
    if text.isprintable():
        assert device(f"__import__('json').loads({payload.decode()!r})[0][0]") == text
