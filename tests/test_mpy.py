from __future__ import annotations

import pytest

from belay.mpy import ARCHES, Header, arch_name, read_header, runs


@pytest.mark.parametrize(
    ("content", "header"),
    [
        (b"M\x06\x00\x1f", Header("M", 6, 0, "")),
        (b"M\x06\x13\x1f", Header("M", 6, 3, "armv6m")),
        (b"M\x06\x6e", Header("M", 6, 2, "rv32imc")),
        (b"C\x05\x00\x1f", Header("C", 5, 0, "")),
        (b"M\x06\x3c", Header("M", 6, 0, "unknown (15)")),
        (b"X\x06\x00", None),
        (b"M\x06", None),
        (b"", None),
    ],
)
def test_headers(content: bytes, header: Header | None) -> None:
    assert read_header(content) == header


def test_architectures_have_numbers() -> None:
    assert [arch_name(number) for number in range(len(ARCHES))] == list(ARCHES)


def test_a_cortex_m_runs_the_code_of_the_smaller_ones() -> None:
    assert runs("armv6m", "armv7emsp")
    assert not runs("armv7emsp", "armv6m")
    # These are no Cortex-M.
    assert not runs("armv6", "armv7em")
    assert not runs("armv6m", "armv6")
    assert all(runs(arch, arch) and runs("", arch) for arch in ARCHES)
