from __future__ import annotations

import math
import subprocess
import sys
from array import array
from collections.abc import Callable, Iterator
from typing import Any

import numpy
import pytest

from belay import Device
from belay.board.foreign import as_pythons
from belay.exceptions import UntransferableError
from tests.board.values import same

Echo = Callable[[Any], Any]
DTYPES = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]


@pytest.fixture(scope="module", params=[True, False], ids=["agent", "plain"])
def device(request: pytest.FixtureRequest) -> Iterator[Device]:
    with Device("virtual:", agent=request.param, arrays=numpy.asarray) as device:
        yield device


@pytest.fixture(scope="module")
def echo(device: Device) -> Echo:
    @device.task
    def echo(x):
        return x

    return echo


def equal(left: Any, right: Any) -> bool:
    """Arrays of one type and of the same bits."""
    assert isinstance(left, numpy.ndarray)
    return left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [0, 1, 7, 3000])
def test_arrays_go_there_and_back(echo: Echo, dtype: str, size: int) -> None:
    values = numpy.random.default_rng(1).integers(0, 256, size * 8, numpy.uint8).view(dtype)[:size]
    assert equal(echo(values), values)
    assert equal(echo({"k": [values]})["k"][0], values)


@pytest.mark.parametrize("size", [7, 3000])
def test_the_order_of_bytes_and_items_does_not_matter(echo: Echo, size: int) -> None:
    values = numpy.arange(size, dtype=">i4")
    assert equal(echo(values), numpy.arange(size, dtype="=i4"))
    assert equal(echo(values[::-2]), numpy.ascontiguousarray(values[::-2].astype("=i4")))
    table = numpy.arange(2 * size, dtype=float).reshape(size, 2)
    assert equal(echo(table[:, 1]), table[:, 1].copy())
    assert equal(echo(table.ravel()), table.ravel())


def test_half_precision_arrives_as_single(echo: Echo) -> None:
    values = numpy.array([0.1, -math.inf, 65504, 6e-8], numpy.float16)
    assert equal(echo(values), values.astype(numpy.float32))


@pytest.mark.parametrize(
    ("value", "own"),
    [
        *((numpy.dtype(dtype).type(7), 7.0 if "float" in dtype else 7) for dtype in [*DTYPES, "float16"]),
        (numpy.uint64(2**64 - 1), 2**64 - 1),
        (numpy.float32(0.1), float(numpy.float32(0.1))),
        (numpy.float64(-0.0), -0.0),
        (numpy.bool_(True), True),
        (numpy.complex64(1 + 2j), 1 + 2j),
        (numpy.str_("text"), "text"),
        (numpy.bytes_(b"bytes"), b"bytes"),
        (numpy.array(5, "i2"), 5),
    ],
    ids=repr,
)
def test_numbers_are_pythons_own(echo: Echo, value: Any, own: object) -> None:
    assert same(echo(value), own)
    assert same(echo((value, {"k": value})), (own, {"k": own}))


@pytest.mark.parametrize(
    ("value", "what", "hint"),
    [
        (numpy.zeros((2, 3)), "numpy array of 2 dimensions", "flatten"),
        (numpy.zeros(3, complex), "numpy array of complex128", "tolist"),
        (numpy.zeros(3, bool), "numpy array of bool", "astype"),
        (numpy.array(["a"]), "numpy array of str", "tolist"),
        (numpy.array([None]), "numpy array of object", "tolist"),
        (numpy.datetime64("2024-01-01"), "datetime64", "parts"),
        (numpy.int8, "type", "parts"),
        *([(numpy.longdouble(1), "longdouble", "parts")] if numpy.longdouble(1).itemsize > 8 else []),
    ],
    ids=repr,
)
def test_what_no_array_holds_is_refused_with_a_hint(echo: Echo, value: Any, what: str, hint: str) -> None:
    with pytest.raises(UntransferableError) as caught:
        echo([value])
    assert what in caught.value.type_name
    assert hint in (caught.value.hint or "")


def test_arrays_are_arrays_of_pythons_own_unless_asked_for() -> None:
    with Device("virtual:") as device:
        result = device("__import__('array').array('H', [1, 2])")
        assert same(result, array("H", [1, 2]))


def test_other_values_are_left_alone() -> None:
    value = object()
    assert as_pythons(value) is value


def test_numpy_is_never_imported() -> None:
    code = (
        "import sys, belay\n"
        "with belay.Device('virtual:') as device: assert device('[1, 0.1]') == [1, 0.1]\n"
        "assert 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
