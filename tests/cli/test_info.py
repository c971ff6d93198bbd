from __future__ import annotations

import json

from belay.cli.info import _lines, _try, readable
from belay.device import Device

from .conftest import Belay


def test_text(belay: Belay) -> None:
    result = belay("info", "virtual:")
    assert (result.code, result.err) == (0, "")
    facts = dict(line.split("  ", 1) for line in result.out.splitlines())
    assert list(facts) == [
        "implementation", "board", "platform", "mpy version", "emitters", "unique id", "heap", "filesystem",
        "address", "raw paste", "connected in",
    ]  # fmt: skip
    values = {name: value.strip() for name, value in facts.items()}
    assert values["implementation"].startswith("micropython 1.")
    assert values["address"] == "virtual:"
    assert values["raw paste"] == "yes"
    assert values["heap"].endswith("of 2.0 MiB")
    assert len({len(line) - len(line.split("  ", 1)[1].lstrip()) for line in result.out.splitlines()}) == 1


def test_json(belay: Belay) -> None:
    facts = json.loads(belay("info", "virtual:?heap=256k", "--json").out)
    assert facts["implementation"] == "micropython"
    assert 0 < facts["heap_free"] < facts["heap_size"] <= 256 * 1024
    assert 0 <= facts["filesystem_free"] <= facts["filesystem_size"]
    assert facts["raw_paste"] is True
    assert facts["address"] == "virtual:?heap=256k"
    assert 0 < facts["connect_seconds"] < 60
    assert facts["emitters"] == ["native", "viper"]


def test_a_board_that_says_little() -> None:
    nothing = dict.fromkeys(
        ("mpy_version", "heap_free", "heap_size", "filesystem_free", "filesystem_size", "raw_paste")
    )
    empty = dict.fromkeys(("board", "arch", "unique_id"), "")
    rest = {
        "implementation": "x", "version": [1, 9, 2], "platform": "p", "emitters": [], "address": "a",
        "connect_seconds": 1,
    }  # fmt: skip
    assert dict(_lines({**nothing, **empty, **rest})) == {
        "implementation": "x 1.9.2",
        "board": "unknown",
        "platform": "p",
        "mpy version": "unknown",
        "emitters": "none",
        "unique id": "unknown",
        "heap": "unknown",
        "filesystem": "unknown",
        "address": "a",
        "raw paste": "no",
        "connected in": "1.00 s",
    }


def test_a_question_that_the_board_cannot_answer() -> None:
    with Device("virtual:") as device:
        assert _try(device, "__import__('no_such_module')") is None
        assert _try(device, "1 + 1") == 2


def test_sizes_for_people() -> None:
    assert [readable(size) for size in (0, 1023, 1024, 1536 * 1024, 3 << 30, 5 << 40)] == [
        "0 B", "1023 B", "1.0 KiB", "1.5 MiB", "3.0 GiB", "5120.0 GiB",
    ]  # fmt: skip
