from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest

from belay.cli.latency import _figures
from belay.transports.trace import CountingTransport

from .conftest import Belay, Start


def test_table(belay: Belay) -> None:
    result = belay("latency", "virtual:", "-n", "5", "--sizes", "0,100")
    assert (result.code, result.err) == (0, "")
    titles, *rows = [line.split() for line in result.out.splitlines()]
    assert titles == [
        "bytes",
        "calls",
        "min",
        "median",
        "p95",
        "max",
        "mean",
        "stdev",
        "turns",
        "sent",
        "received",
    ]
    assert [row[:2] for row in rows] == [["0", "5"], ["100", "5"]]
    assert float(rows[1][9]) >= float(rows[0][9]) + 100
    assert float(rows[0][2]) <= float(rows[0][3]) <= float(rows[0][4]) <= float(rows[0][5])


def test_json(belay: Belay) -> None:
    (row,) = json.loads(belay("latency", "virtual:", "--count", "3", "--warm-up", "0", "--json").out)
    assert (row["size"], row["calls"]) == (0, 3)
    assert 0 < row["min"] <= row["mean"] <= row["max"]
    assert row["turns"] >= 1


@pytest.mark.parametrize("to_file", [True, False])
def test_csv(belay: Belay, tmp_path: Path, to_file: bool) -> None:
    file = tmp_path / "times.csv"
    result = belay("latency", "virtual:", "-n", "2", "--sizes", "0,1", "--csv", str(file) if to_file else "-")
    text = file.read_text(encoding="utf-8") if to_file else result.out
    titles, *rows = csv.reader(text.splitlines())
    assert titles == ["bytes", "call", "milliseconds"]
    assert [row[:2] for row in rows] == [["0", "1"], ["0", "2"], ["1", "1"], ["1", "2"]]
    assert all(float(row[2]) > 0 for row in rows)
    assert ("median" in result.out) is to_file


@pytest.mark.parametrize(("calls", "p95"), [(1, 1), (10, 10), (19, 19), (20, 19), (100, 95), (101, 96)])
def test_the_95th_percentile_is_one_of_the_times(calls: int, p95: float) -> None:
    counter = CountingTransport(None)  # type: ignore[arg-type]
    figures = _figures(0, [float(n) for n in range(calls, 0, -1)], counter)
    assert figures.p95 == p95
    assert (figures.min, figures.max) == (1, calls)


def test_progress_is_for_a_terminal(start: Start) -> None:
    ours, theirs = os.openpty()
    process = start("latency", "virtual:", "-n", "3", "--sizes", "7", stderr=theirs)
    os.close(theirs)
    assert process.wait(20) == 0
    shown = os.read(ours, 4096).decode()
    os.close(ours)
    assert "7 bytes" in shown
    assert "100%" in shown
