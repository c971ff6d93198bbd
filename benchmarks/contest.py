"""Puts contenders through the same work on the same board, and counts what passes."""

from __future__ import annotations

import json
import os
import select
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from environments import clean_environment
from port import CountedPort, Traffic

PATIENCE = 120.0
"""Seconds that one work may take."""


@dataclass(frozen=True)
class Measured:
    """What a work cost, per unit of it: a call, an item, a transfer.

    Attributes:
        turns: How often the host waited for the board; None where nobody counted.
        bytes_out: Bytes to the board.
        bytes_in: Bytes from the board.
        seconds: The time it took in the fastest round, which other programs disturbed least.
        median: The time it took in half of the rounds.
        error: Why it could not be done; the figures mean nothing then.
    """

    turns: float | None = None
    bytes_out: float | None = None
    bytes_in: float | None = None
    seconds: float | None = None
    median: float | None = None
    error: str | None = None

    @property
    def wire(self) -> float | None:
        if self.bytes_out is None or self.bytes_in is None:
            return None
        return self.bytes_out + self.bytes_in


Figures = dict[str, Measured]


def contend(
    python: str | Path,
    part: str,
    *,
    options: dict[str, Any] | None = None,
    heap: str = "2M",
    fs: str = "host",
    quick: bool = False,
    direct: bool = False,
    program: str = "contender.py",
    more: Sequence[str] = (),
) -> Figures:
    """Run a contender.

    Args:
        python: The Python that has the contender.
        part: Which part of its works.
        options: Keywords for its device.
        heap: The board's heap.
        fs: The board's file system.
        quick: A few calls of each only.
        direct: Whether it connects to ``virtual:`` instead of a pty; nothing is counted then.
        program: Its file.
        more: Further arguments for it.
    """
    with nullcontext() if direct else CountedPort(heap, fs) as port:
        address = port.path if port else f"virtual:?heap={heap}&fs={fs}"
        # -P: our file names are no modules of the contender's.
        command = [python, "-P", Path(__file__).with_name(program), address, part]
        command += ["--options", json.dumps(options or {}), *(["--quick"] if quick else []), *more]
        with _started(command) as (process, errors):
            figures = _listen(process, port)
            if process.poll():
                errors.seek(0)
                lines = errors.read().decode(errors="replace").strip().splitlines()
                figures["end"] = Measured(error=lines[-1] if lines else f"exit code {process.returncode}")
    return figures


def port_turn(*, quick: bool = False) -> float:
    """The seconds that the counting port itself takes for a turn of a call's size: no contender's fault."""
    with CountedPort(None) as port:
        command = [sys.executable, "-P", Path(__file__).with_name("turns.py"), port.path]
        command.append("500" if quick else "5000")
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=clean_environment())
    return float(done.stdout)


@contextmanager
def _started(command: list[Any]) -> Iterator[tuple[subprocess.Popen[str], IO[bytes]]]:
    pipe = subprocess.PIPE
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=errors, text=True, env=clean_environment()
        )
        try:
            yield process, errors
        finally:
            process.kill()
            process.communicate()


def _listen(process: subprocess.Popen[str], port: CountedPort | None) -> Figures:
    """Answer what the contender tells until it ends, or takes too long."""
    assert process.stdin is not None
    assert process.stdout is not None
    figures: Figures = {}
    work = "connect"
    while line := _line(process.stdout):
        told = json.loads(line)
        answer: dict[str, Any] = {}
        if "begin" in told:
            work = told["begin"]
            if port:
                port.recording = work == "captured call"
                port.reset()
        else:
            work = told["end"]
            traffic = port.traffic() if port else None
            figures[work] = _measured(told, traffic)
            if port and port.recording:
                answer["sent"] = b"".join(port.sent).decode("latin-1")
        process.stdin.write(json.dumps(answer) + "\n")
        process.stdin.flush()
    if line is None:
        figures[work] = Measured(error=f"not done after {PATIENCE:.0f} s")
        process.kill()
    process.wait()
    return figures


def _line(stream: IO[str]) -> str | None:
    """The next line, empty at the end; None if none came in time. Each is answered: only one is under way."""
    ready, _, _ = select.select([stream], [], [], PATIENCE)
    return stream.readline() if ready else None


def _measured(told: dict[str, Any], traffic: Traffic | None) -> Measured:
    # Without times of its own: from the first byte on the wire to the last.
    whole = told["seconds"] if told["seconds"] is not None or not traffic else [traffic.seconds]
    rounds = [seconds / told["units"] for seconds in whole]
    if told["error"] or not rounds:
        return Measured(error=told["error"] or "not done")
    best, median = min(rounds), statistics.median(rounds)
    if traffic is None:
        return Measured(seconds=best, median=median)
    units = told["units"] * len(rounds)
    return Measured(traffic.turns / units, traffic.bytes_out / units, traffic.bytes_in / units, best, median)


# --- mpremote ------------------------------------------------------------------------------------------

_MANY = 50
_RUNS = 3


def contend_mpremote(python: Path, *, heap: str = "2M", bulk: bool = True) -> Figures:
    """Run mpremote: a program for each work, timed from the first byte on the wire to the last."""
    figures: Figures = {}
    with CountedPort(heap) as port, tempfile.TemporaryDirectory() as folder:

        def run(*arguments: str) -> Measured:
            port.reset()
            command = [str(python), "-P", "-m", "mpremote", "connect", port.path, *arguments]
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                env=clean_environment(),
                check=False,
            )
            if done.returncode:
                return Measured(error=(done.stderr or done.stdout).strip().splitlines()[-1])
            traffic = port.traffic()
            return Measured(
                traffic.turns, traffic.bytes_out, traffic.bytes_in, traffic.seconds, traffic.seconds
            )

        run("exec", "0")  # it resets the board, whose first words shall not count
        figures["connect"] = _fastest(run("exec", "0") for _ in range(_RUNS))
        for work, command in (("eval", ["eval", "1+1"]), ("exec", ["exec", "x=1"])):
            one, many = (_fastest(run(*command * times) for _ in range(_RUNS)) for times in (1, 1 + _MANY))
            figures[work] = _difference(one, many, _MANY)
        place, back = Path(folder, "data"), Path(folder, "back")
        if bulk:
            for kind, data in (("random bytes", os.urandom(65536)), ("bytes 0x03", b"\3" * 65536)):
                place.write_bytes(data)
                figures[f"{kind} to the board"] = run("cp", str(place), ":data")
                figures[f"{kind} to the host"] = run("cp", ":data", str(back))
                assert back.read_bytes() == data
    return figures


def _fastest(runs: Iterable[Measured]) -> Measured:
    return min(runs, key=lambda run: run.seconds or 0.0)


def _difference(one: Measured, many: Measured, more: int) -> Measured:
    """What each of the ``more`` commands cost by which one run was longer than the other."""
    names = ("turns", "bytes_out", "bytes_in", "seconds", "median")
    return Measured(**{name: (getattr(many, name) - getattr(one, name)) / more for name in names})
