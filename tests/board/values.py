"""Values that travel: strategies for them, and what it means that one has arrived."""

from __future__ import annotations

import math
import struct
from array import array
from collections import OrderedDict
from typing import Any

from hypothesis import strategies as st


def same(left: object, right: object) -> bool:
    """Equal and of one type, bit for bit, and so are the parts."""
    return bits(left) == bits(right)


def bits(value: object) -> object:
    """What is equal where values are the same."""
    same: object = value
    match value:
        case float():
            # The bits of a NaN do not travel.
            same = "nan" if math.isnan(value) else struct.pack("d", value)
        case complex():
            same = (bits(value.real), bits(value.imag))
        case array():
            same = (value.typecode, value.tobytes())
        case list() | tuple():
            same = [bits(item) for item in value]
        case OrderedDict():
            same = bits(list(value.items()))
        case dict():
            same = {key: (bits(key), bits(item)) for key, item in value.items()}
        case set() | frozenset():
            same = {key: bits(key) for key in value}
    return type(value), same


decimals = st.integers(-(10**9), 10**9).map(lambda number: number / 10**5)
floats = st.floats() | st.floats(0, 1) | decimals
complexes = st.builds(complex, floats, floats)
# All characters, halves of surrogate pairs too; long ones travel apart.
texts = st.text(st.characters(exclude_categories=[])) | st.text("aé€😀\x03\ud800", min_size=60, max_size=70)
binaries = st.binary() | st.binary(min_size=60, max_size=200) | st.integers(60, 9000).map(lambda n: b"\3" * n)


def arrays_of(code: str) -> st.SearchStrategy[array[Any]]:
    # Any bytes: also those of a NaN that carries something.
    size = array(code).itemsize
    return st.binary(max_size=30).map(lambda data: array(code, data * size))


arrays = st.sampled_from("bBhHiIlLqQfd").flatmap(arrays_of)
hashable = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | decimals.filter(lambda number: number % 1)
    | texts
    | binaries
    | st.just(...),
    lambda inner: st.tuples(inner, inner) | st.tuples(inner) | st.frozensets(inner, max_size=4),
    max_leaves=6,
)
values = st.recursive(
    hashable
    | floats
    | complexes
    | arrays
    | binaries.map(bytearray)
    | st.builds(range, st.integers(-99, 99), st.integers(-99, 99), st.integers(1, 9)),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(hashable, inner, max_size=4)
        | st.dictionaries(texts, inner, max_size=4)
        | st.dictionaries(hashable, inner, max_size=4).map(OrderedDict)
        | st.sets(hashable, max_size=4)
    ),
    max_leaves=12,
)
