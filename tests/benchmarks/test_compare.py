"""The benchmark still runs, and says what it should of what does not depend on the machine's speed."""

from __future__ import annotations

import os
from typing import Any

import pytest

from .programs import FOLDER, told_by

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs a pty")


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The benchmarks are programs in a folder, not a package."""
    monkeypatch.syspath_prepend(str(FOLDER))


def test_ours_alone_in_short() -> None:
    told = told_by("compare.py", "--ours")
    missing = [
        (who, work, figure["error"])
        for who, figures in told["figures"].items()
        for work, figure in figures.items()
        if figure["error"] and "128" not in who
    ]
    assert not missing
    met = {(row["work"], row["quantity"]): row["met"] for row in told["rows"]}
    counted = {key: met[key] for key in met if key[1] in {"turns", "bytes", "turns an item"}}
    assert len(counted) > 4
    assert False not in counted.values(), counted
    assert all(row["cells"].keys() == {"ours"} for row in told["rows"])


@pytest.mark.usefixtures("modules")
def test_a_turn_is_an_answer_to_the_host() -> None:
    from port import CountedPort  # type: ignore[import-not-found]

    with CountedPort() as port:
        fd = os.open(port.path, os.O_RDWR)
        try:
            os.write(fd, b"\r\3\1")
            read_until(fd, b"raw REPL; CTRL-B to exit\r\n>")
            port.reset()
            port.recording = True
            for _ in range(2):
                os.write(fd, b"print(1);print(2)\4")
                read_until(fd, b"2\r\n\4\4>")
            traffic = port.traffic()
        finally:
            os.close(fd)
        assert (traffic.turns, traffic.bytes_out, traffic.bytes_in) == (2, 36, 2 * len("OK1..2..\4\4>"))
        assert b"".join(port.sent) == b"print(1);print(2)\4" * 2
        port.reset()
        assert port.traffic().wire == 0


def read_until(fd: int, end: bytes) -> None:
    got = b""
    while not got.endswith(end):
        got += os.read(fd, 4096)


@pytest.mark.usefixtures("modules")
def test_targets_are_judged_against_the_best_peer() -> None:
    from comparison import Table  # type: ignore[import-not-found]
    from contest import Measured  # type: ignore[import-not-found]

    def judge(ours: Any, belay: Any, mpremote: Any, **target: float) -> Any:
        figures = {"ours": {"w": ours}, "belay": {"w": belay}, "mpremote": {"w": mpremote}}
        table = Table({who: done for who, done in figures.items() if done["w"]})
        table.add("w", "s", lambda one: one.seconds, {who: (who, "w") for who in figures}, **target)
        [row] = table.rows
        return row.ratio, row.met

    fast, slow, failed = Measured(seconds=1.0), Measured(seconds=4.0), Measured(error="MemoryError: 5")
    assert judge(fast, slow, Measured(seconds=3.0), times=3) == (3, True)
    assert judge(fast, slow, Measured(seconds=3.0), times=3.5) == (3, False)
    assert judge(fast, slow, failed, times=4) == (4, True)
    assert judge(fast, slow, failed, times=4, at_most=0.5) == (4, False)
    assert judge(failed, slow, failed, times=4) == (None, False)
    assert judge(fast, None, None, times=4) == (None, None), "without a peer nobody knows"
    assert judge(slow, None, None, at_most=1) == (None, False)
