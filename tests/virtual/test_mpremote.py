"""mpremote as it comes from PyPI, run as a program against the board on a pty."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import peers
import pytest

from belay import Device

pytestmark = pytest.mark.peers


@pytest.fixture(scope="session")
def mpremote_home(request: pytest.FixtureRequest) -> Path:
    return peers.mpremote_home(request.config)


@pytest.fixture
def port() -> Iterator[str]:
    code = "from belay.virtual import VirtualOptions\nfrom belay.virtual.serve import serve_pty\n"
    code += "serve_pty(VirtualOptions(), lambda path: print(path, flush=True))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.terminate()


def run(home: Path, port: str, *arguments: str) -> str:
    return peers.mpremote(home, "connect", port, *arguments)


def test_mpremote(mpremote_home: Path, port: str, tmp_path: Path) -> None:
    assert run(mpremote_home, port, "exec", "print(6 * 7)").strip() == "42"
    source = tmp_path / "source.py"
    source.write_text("word = 'hello'\n" * 100)
    run(mpremote_home, port, "fs", "cp", str(source), ":copied.py")
    assert "1500 copied.py" in run(mpremote_home, port, "fs", "ls")
    assert run(mpremote_home, port, "exec", "import copied; print(copied.word)").strip() == "hello"
    back = tmp_path / "back.py"
    run(mpremote_home, port, "fs", "cp", ":copied.py", str(back))
    assert back.read_bytes() == source.read_bytes()
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    (mounted / "remote_module.py").write_text("word = 'from the host'\n")
    output = run(
        mpremote_home, port, "mount", str(mounted), "exec", "import remote_module; print(remote_module.word)"
    )
    assert "from the host" in output


WAITS = """
import sys, time
from belay import Device
device = Device(sys.argv[1], agent=True)
device("x = 5")
print(device("x"))
time.sleep(60)
"""


def test_a_host_that_was_killed_leaves_a_board_to_mpremote(mpremote_home: Path, port: str) -> None:
    with subprocess.Popen([sys.executable, "-u", "-c", WAITS, port], stdout=subprocess.PIPE) as host:
        assert host.stdout is not None
        assert host.stdout.readline() == b"5\n"
        host.kill()
    assert run(mpremote_home, port, "resume", "exec", "print(x)").strip() == "5"


HOLDS = """
import sys
from belay import Device
device = Device(sys.argv[1], agent=True)
device("x = 5; import time")
device("print('begun')\\nwhile True: time.sleep(0.01)")
"""


def test_a_host_that_was_killed_within_a_call_leaves_a_board_to_mpremote(
    mpremote_home: Path, port: str, tmp_path: Path
) -> None:
    program = tmp_path / "holds.py"
    program.write_text(HOLDS)
    with subprocess.Popen([sys.executable, "-u", program, port], stdout=subprocess.PIPE) as host:
        assert host.stdout is not None
        assert host.stdout.readline() == b"begun\n"
        host.kill()
    assert run(mpremote_home, port, "resume", "exec", "print(x)").strip() == "5"


@pytest.mark.parametrize("agent", [False, True])
def test_mpremote_finds_a_prompt_and_what_was_there(mpremote_home: Path, port: str, agent: bool) -> None:
    with Device(port, agent=agent) as device:
        device("x = 5")
        assert device("x") == 5
    # "resume": without a soft reset.
    assert run(mpremote_home, port, "resume", "exec", "print(x)").strip() == "5"
    with Device(port, fresh=False, agent=agent) as device:
        assert device("x") == 5
