"""Every step from what runs on a board to what is wanted there, on a real one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from belay import Device
from belay.board.agent import AgentCalls
from belay.board.calls import Terms
from belay.board.firmware import Implementation
from belay.exceptions import BoardResetError
from belay.link import Link, Mode
from belay.link.mode import STEPS, go, mode_of
from belay.transports.virtual import VirtualTransport

from .conftest import eventually, run, works

MAIN = "import time\nprint('main')\nwhile True: time.sleep(0.01)"


@pytest.fixture
def calls(link: Link) -> AgentCalls:
    calls = AgentCalls(link, Implementation("micropython", double=True))
    calls.install(Terms(timeout=20))
    return calls


def be(link: Link, mode: Mode, files: Path) -> None:
    """Bring the board into a mode, as it comes to it in real life."""
    wire = link._wire
    go(wire, Mode.AGENT)
    if mode is Mode.UNKNOWN:
        wire.repl.abandon()
    elif mode is Mode.FOREIGN:
        # A program that nobody waits for; the agent stays in memory, other than after a reboot.
        go(wire, Mode.RAW)
        wire.write(wire.repl.execute(MAIN.encode()))
        while wire.repl.state.name != "RUNNING":
            wire.receive(10)
            wire.events()
    else:
        go(wire, mode)
    assert link.mode is mode


def test_the_table_is_complete() -> None:
    wanted = (Mode.RAW, Mode.AGENT, Mode.FRIENDLY)
    assert {(mode, aim) for mode in Mode for aim in wanted if mode is not aim} == set(STEPS)


@pytest.mark.parametrize(("mode", "wanted"), STEPS, ids=lambda mode: mode.name)
def test_every_step(link: Link, calls: AgentCalls, files: Path, mode: Mode, wanted: Mode) -> None:
    be(link, mode, files)
    assert not go(link._wire, wanted)
    assert mode_of(link._wire) is wanted
    assert calls.evaluate("6 * 7", Terms(timeout=20)) == 42
    assert link.mode is Mode.AGENT
    works(link)
    assert link.mode is Mode.RAW


def test_a_board_reset_by_hand_while_the_agent_runs(link: Link, calls: AgentCalls, files: Path) -> None:
    (files / "main.py").write_text(MAIN)
    assert calls.evaluate("1", Terms()) == 1
    assert not link.reboot(timeout=0.2)
    assert link.mode is Mode.FOREIGN
    with pytest.raises(BoardResetError, match="gone"):
        calls.evaluate("1", Terms())
    works(link)


def test_the_agent_is_left_for_long_programs_and_comes_back(link: Link, calls: AgentCalls) -> None:
    terms = Terms(timeout=20)
    calls.execute("def f(x): return x", terms)
    assert calls.call("f", [5], {}, terms) == 5
    assert link.mode is Mode.AGENT
    assert run(link, "#" * 10000 + "\nprint('long')") == b"long\r\n"
    assert link.mode is Mode.RAW
    assert calls.call("f", [6], {}, terms) == 6


@pytest.mark.parametrize("mode", [Mode.RAW, Mode.AGENT])
def test_leaving(link: Link, calls: AgentCalls, files: Path, transport: VirtualTransport, mode: Mode) -> None:
    """A person at the board finds the prompt, and nothing of ours but one name."""
    be(link, mode, files)
    link.leave()
    assert link.mode is Mode.FRIENDLY
    transport.write(b"\rprint([n for n in dir() if 'elay' in n or 'bl' in n])\r")
    seen = bytearray()

    def read() -> bool:
        seen.extend(transport.read(timeout=10))
        return seen.endswith(b"\r\n>>> ") and b"['" in seen

    eventually(read)
    assert b"['_belay']\r\n>>> " in seen


def test_leaving_what_somebody_else_runs(link: Link, files: Path) -> None:
    (files / "main.py").write_text(MAIN)
    assert not link.reboot(timeout=0.2)
    link.leave()
    assert link.mode is Mode.FOREIGN


HOLDS = """
import sys
from belay import Device
device = Device(sys.argv[1], agent=True)
device("def f():\\n print('begun')\\n while True: pass")
device("f()", stream_out=sys.stdout)
"""


@pytest.fixture
def port() -> Iterator[str]:
    """A board that outlives its host, on a pty."""
    command = [sys.executable, "-u", "-m", "belay", "virtual", "--pty"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.terminate()


@pytest.fixture
def killed(port: str) -> str:
    """The port of a board whose host was killed in the middle of a call."""
    with subprocess.Popen([sys.executable, "-u", "-c", HOLDS, port], stdout=subprocess.PIPE) as host:
        assert host.stdout is not None
        assert host.stdout.readline() == b"begun\n"
        os.kill(host.pid, signal.SIGKILL)
    return port


def test_a_host_that_was_killed_leaves_a_board_to_the_next_one(killed: str) -> None:
    for fresh in (False, True):
        with Device(killed, fresh=fresh) as device:
            assert device("6 * 7") == 42
            assert [name for name in device("dir()") if "belay" in name.lower()] == ["_belay"]
