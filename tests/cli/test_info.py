from __future__ import annotations

import json

import pytest

from belay.cli.info import _lines, _try, readable
from belay.device import Device

from .conftest import Belay


def test_text(belay: Belay) -> None:
    result = belay("info", "virtual:")
    assert (result.code, result.err) == (0, "")
    facts = dict(line.split("  ", 1) for line in result.out.splitlines())
    assert list(facts) == [
        "implementation", "board", "platform", "mpy version", "emitters", "unique id", "heap", "filesystem",
        "address", "calls", "agent's memory", "largest request", "raw paste", "flow control", "connected in",
    ]  # fmt: skip
    values = {name: value.strip() for name, value in facts.items()}
    assert values["implementation"].startswith("micropython 1.")
    assert values["address"] == "virtual:"
    assert values["calls"] == "by the agent"
    assert 2 < float(values["agent's memory"].removesuffix(" KiB")) <= 8
    assert values["largest request"] == "16.0 KiB"
    assert values["raw paste"] == values["flow control"] == "yes"
    assert values["heap"].endswith("of 2.0 MiB")
    assert len({len(line) - len(line.split("  ", 1)[1].lstrip()) for line in result.out.splitlines()}) == 1


def test_json(belay: Belay) -> None:
    facts = json.loads(belay("info", "virtual:?heap=256k", "--json").out)
    assert facts["implementation"] == "micropython"
    assert 0 < facts["heap_free"] < facts["heap_size"] <= 256 * 1024
    assert 0 <= facts["filesystem_free"] <= facts["filesystem_size"]
    assert facts["raw_paste"] is facts["flow_control"] is facts["agent"] is True
    assert facts["agent_lacks"] == []
    assert 2048 < facts["agent_memory"] <= 8192
    assert 512 <= facts["largest_request"] < 16384
    assert facts["address"] == "virtual:?heap=256k"
    assert 0 < facts["connect_seconds"] < 60
    assert facts["emitters"] == ["native", "viper"]


def test_without_the_agent(belay: Belay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELAY_AGENT", "0")
    result = belay("info", "virtual:")
    values = {
        name: value.strip() for name, value in (line.split("  ", 1) for line in result.out.splitlines())
    }
    assert values["calls"] == "over the plain REPL: the agent is switched off"
    assert values["agent's memory"] == values["largest request"] == "unknown"
    facts = json.loads(belay("info", "virtual:", "--json").out)
    assert facts["agent"] is False
    assert facts["agent_memory"] is facts["largest_request"] is None


def test_a_board_that_says_little() -> None:
    nothing = dict.fromkeys(
        (
            "mpy_version", "heap_free", "heap_size", "filesystem_free", "filesystem_size", "raw_paste",
            "flow_control", "agent", "agent_memory", "largest_request",
        )
    )  # fmt: skip
    empty = dict.fromkeys(("board", "arch", "unique_id"), "")
    rest = {
        "implementation": "x", "version": [1, 9, 2], "platform": "p", "emitters": [], "address": "a",
        "connect_seconds": 1, "agent_lacks": ["json", "crc32"],
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
        "calls": "over the plain REPL: the firmware lacks json, crc32",
        "agent's memory": "unknown",
        "largest request": "unknown",
        "raw paste": "no",
        "flow control": "no",
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
