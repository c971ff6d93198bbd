from __future__ import annotations

import json

from .conftest import Belay


def test_says_how_the_clocks_stand(belay: Belay) -> None:
    result = belay("time", "--seconds", "0.2", "virtual:")
    assert (result.code, result.err) == (0, "")
    clock, drift, error, trip = result.out.splitlines()
    assert clock.startswith("clock: ")
    assert "time.ticks_us, begins anew every" in clock
    assert "ppm, give or take" in drift
    assert error.endswith(" ms")
    assert "the shortest of" in trip


def test_json(belay: Belay) -> None:
    found = json.loads(belay("time", "--seconds", "0", "--json", "virtual:").out)
    assert found["clock"] == "time.ticks_us"
    assert found["exchanges"] == 8
    assert 0 < found["round_trip"] / 2 <= found["error"] < 1
    assert found["drift_error"] > 0
