from __future__ import annotations

import json
from dataclasses import replace

from belay.cli.clock import as_text
from belay.remote.clock import TimeEstimate

from .conftest import Belay


def test_says_how_the_clocks_stand(belay: Belay) -> None:
    result = belay("time", "--seconds", "0.2", "virtual:")
    assert (result.code, result.err) == (0, "")
    clock, drift, error, trip = result.out.splitlines()
    assert clock.split() == ["clock:", "time.ticks_us"]
    assert "ppm, give or take" in drift
    assert error.endswith(" ms")
    assert "the shortest of" in trip


def test_json(belay: Belay) -> None:
    found = json.loads(belay("time", "--seconds", "0", "--json", "virtual:").out)
    assert found["clock"] == "time.ticks_us"
    assert found["exchanges"] == 8
    assert 0 < found["round_trip"] / 2 <= found["error"] < 1
    assert found["drift_error"] > 0


def test_only_a_period_that_somebody_lives_to_see_is_told() -> None:
    usual = TimeEstimate(
        offset=0,
        error=1e-4,
        drift=1,
        drift_error=1,
        round_trip=2e-4,
        exchanges=8,
        clock="time.ticks_us",
        period=2**30 / 1e6,
    )
    assert "time.ticks_us, begins anew every 1073.7 s" in as_text(usual)
    assert "anew" not in as_text(replace(usual, period=2**62 / 1e6))
    assert "anew" not in as_text(replace(usual, period=None))
