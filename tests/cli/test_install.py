"""``belay install``."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

import pytest
from click.shell_completion import ShellComplete
from patience import SOON

from belay.cli import exits
from belay.cli.app import cli
from belay.transports import reopening
from belay.transports.base import Transport
from belay.transports.virtual import VirtualTransport, open_virtual
from tests.link.conftest import Wrapper

from .conftest import Belay, Start

FILES = {
    "sensor.py": "VALUE = 40\n",
    "probe.py": "PROBE = 1\n",
    "app/pyproject.toml": """\
[tool.belay]
name = "app"
[tool.belay.dependencies]
sensor = "../sensor.py"
[tool.belay.group.dev]
optional = true
[tool.belay.group.dev.dependencies]
probe = "../probe.py"
""",
    "app/app/__init__.py": "from sensor import VALUE\n",
    "app/main.py": "import app\nprint('main', app.VALUE + 2)\n",
}


class Kept(Wrapper):
    """A board that goes on when its port is closed."""

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose dependencies are vendored; the tests leave it as it is."""
    root = tmp_path_factory.mktemp("locked")
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    from belay.project import load_project
    from belay.project.upkeep import Talk, update_project

    update_project(load_project(root / "app" / "pyproject.toml"), Talk(), offline=True)
    return root


@pytest.fixture
def project(locked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, which is the current folder."""
    import shutil

    shutil.copytree(locked, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy" / "app")
    return tmp_path / "copy" / "app"


@pytest.fixture(scope="module")
def shared() -> Iterator[VirtualTransport]:
    transport = open_virtual("?fs=lfs2:256k&heap=128k")
    yield transport
    transport.close()


@pytest.fixture
def board(shared: VirtualTransport, monkeypatch: pytest.MonkeyPatch) -> VirtualTransport:
    """The board at each port."""

    def open_transport(address: str, **_options: object) -> Transport:
        return Kept(shared)

    monkeypatch.setattr(reopening, "open_transport", open_transport)
    return shared


def test_all_of_it(belay: Belay, project: Path, board: VirtualTransport) -> None:
    dry = belay("install", "/dev/ttyX", "--main", "main.py", "-n")
    sent = "+ app/__init__.py\n+ lib/sensor/__init__.py\n+ main.py\n"
    assert (dry.code, dry.out) == (0, sent)
    assert dry.err == "would send: 3 files (68 B)\n"

    first = belay("install", "/dev/ttyX", "--main", "main.py", "--follow")
    assert (first.code, first.out) == (0, "main 42\n")
    assert first.err.startswith("sent: 3 files (68 B); ")
    assert " free of " in first.err

    again = belay("install", "/dev/ttyX", "--json")
    assert again.code == 0
    assert again.err.startswith("sent: 0 files (0 B); skipped: 2; ")
    [page] = json.loads(again.out)
    assert page | {"seconds": 0, "free": 0, "free_before": 0} == {
        "port": board.name,
        "done": True,
        "error": None,
        "sent": [],
        "skipped": ["app/__init__.py", "lib/sensor/__init__.py"],
        "deleted": [],
        "bytes": 0,
        "seconds": 0,
        "free_before": 0,
        "free": 0,
        "warnings": [],
    }

    (project / "once.py").write_text("import probe, sys\nprint(probe.PROBE)\nsys.exit(7)\n", encoding="utf-8")
    ran = belay("install", "/dev/ttyX", "--with", "dev", "--run", "once.py")
    assert (ran.code, ran.out) == (7, "1\n")
    gone = belay("install", "/dev/ttyX", "-v", "-f")
    assert gone.code == 0
    assert "deleted: lib/probe/__init__.py\n" in gone.err
    assert gone.out == "main 42\n"


def test_a_main_that_raises(belay: Belay, project: Path, board: VirtualTransport) -> None:
    (project / "main.py").write_text(
        "def f(x):\n    return 1 / x\n\nprint('so far')\nf(0)\n", encoding="utf-8"
    )
    result = belay("install", "/dev/ttyX", "--main", "main.py", "--follow")
    assert result.code == exits.RAISED
    assert result.out.startswith("so far\nTraceback (most recent call last):\n")
    assert result.out.endswith("ZeroDivisionError: divide by zero\n")
    # One that it has dealt with is none of ours.
    text = "import sys\ntry:\n    1 / 0\nexcept Exception as e:\n    sys.print_exception(e)\nprint('on')\n"
    (project / "main.py").write_text(text, encoding="utf-8")
    dealt = belay("install", "/dev/ttyX", "--main", "main.py", "--follow")
    assert (dealt.code, dealt.out[-3:]) == (0, "on\n")


def test_a_board_without_a_main(belay: Belay, project: Path) -> None:
    result = belay("install", "virtual:")
    assert "note: there is no main.py on the board; --main FILE puts one there\n" in result.err


def test_it_runs_on_without_us(belay: Belay, project: Path, board: VirtualTransport) -> None:
    """The board was reset and runs main.py; whoever connects finds what that left."""
    (project / "main.py").write_text("open('/ran', 'w').close()\nwhile True: pass\n", encoding="utf-8")
    assert belay("install", "/dev/ttyX", "--main", "main.py").code == 0
    end = time.monotonic() + SOON
    while "ran" not in belay("fs", "ls", "/dev/ttyX", ":", "--no-reset").out.split():
        assert time.monotonic() < end
        assert belay("install", "/dev/ttyX").code == 0
    timed = belay("install", "/dev/ttyX", "--follow", "--timeout", "0.2")
    assert timed.code == exits.TIMEOUT
    assert "hint: it goes on\n" in timed.err


# --- what is refused ---------------------------------------------------------------------------------


def test_a_stale_lock(belay: Belay, project: Path) -> None:
    file = project / "pyproject.toml"
    file.write_text(file.read_text().replace("sensor =", "other ="), encoding="utf-8")
    result = belay("install", "virtual:")
    assert (result.code, result.out) == (exits.PACKAGES, "")
    assert result.err == (
        "error: belay.lock does not fit pyproject.toml: other (main) is not locked; sensor (main) is no "
        "longer wanted\n"
        "hint: `belay update` makes it fit; `belay lock` too, with as few changes as possible\n"
    )


def test_an_edited_file(belay: Belay, project: Path) -> None:
    file = project / ".belay" / "dependencies" / "main" / "sensor" / "__init__.py"
    file.write_text("VALUE = 'evil'\n", encoding="utf-8")
    frozen = belay("install", "virtual:", "--frozen")
    assert frozen.code == exits.PACKAGES
    assert "main/sensor/__init__.py is changed\n" in frozen.err
    assert belay("install", "virtual:", "--dry-run").code == exits.PACKAGES
    result = belay("install", "virtual:")
    assert result.code == 0
    assert "note: .belay/dependencies/main/sensor/__init__.py had been edited; it is as locked again" in (
        result.err
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "nowhere"),
        (["virtual:", "virtual:"], "named twice"),
        (["virtual:", "virtual:?heap=1M", "--follow"], "for one board"),
        (["--json", "--run", "main.py"], "excludes"),
        (["--with", "dve"], "has no group 'dve'"),
        (["virtual:", "virtual:?heap=1M", "--trace", "-"], "for one board"),
    ],
    ids=range(6),
)
def test_wrong_use(belay: Belay, project: Path, words: list[str], said: str) -> None:
    result = belay("install", *words)
    assert (result.code, result.out) == (exits.USAGE, "")
    assert said in result.err
    assert "hint: " in result.err


@pytest.mark.parametrize("option", ["--main", "--run"])
def test_a_file_that_is_not_there(belay: Belay, project: Path, option: str) -> None:
    result = belay("install", "virtual:", option, "none.py")
    assert (result.code, result.out) == (exits.FILE, "")
    assert "none.py" in result.err


def test_no_project(belay: Belay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert belay("install", "virtual:").code == exits.PACKAGES


# --- several boards ----------------------------------------------------------------------------------


def test_several_boards_of_which_one_fails(belay: Belay, project: Path, tmp_path: Path) -> None:
    (project / "app" / "large.bin").write_bytes(bytes(range(256)) * 400)
    good, small = f"virtual:{tmp_path / 'good'}", "virtual:?fs=lfs2:64k"
    result = belay("install", small, good)
    assert (result.code, result.out) == (exits.FILE, "")
    assert f"error: {small}: /: " in result.err
    assert "app/large.bin (102400 bytes)" in result.err
    assert f"{good}: sent: 3 files" in result.err
    assert result.err.endswith("failed: 1 of 2 boards\n")
    assert (tmp_path / "good" / "app" / "large.bin").stat().st_size == 102400

    result = belay("install", small, good, "--json")
    assert result.code == exits.FILE
    pages = json.loads(result.out)
    assert [(page["port"], page["done"]) for page in pages] == [(small, False), (good, True)]
    assert "102400" in pages[0]["error"]

    (project / "app" / "large.bin").write_bytes(b"small now")
    result = belay("install", small, good, "-n")
    assert result.code == 0
    assert result.out == (
        f"{small}:\n+ app/__init__.py\n+ app/large.bin\n+ lib/sensor/__init__.py\n{good}:\n+ app/large.bin\n"
    )


# --- Ctrl-C ------------------------------------------------------------------------------------------


def wait_for(stream: IO[bytes] | None, text: bytes) -> None:
    assert stream is not None
    seen = b""
    end = time.monotonic() + SOON
    while text not in seen:
        ready, _, _ = select.select([stream], [], [], end - time.monotonic())
        assert ready, seen
        seen += os.read(stream.fileno(), 4096)


@pytest.mark.skipif(os.name == "nt", reason="pipes cannot be waited for")
def test_ctrl_c_ends_what_is_followed(start: Start, belay: Belay, project: Path) -> None:
    """The board stops as well, and is of use at once."""
    text = "import time\nprint('on', 'it')\nwhile True: time.sleep(1)\n"
    (project / "main.py").write_text(text, encoding="utf-8")
    server = start("-q", "virtual", "--tcp", "0")
    assert server.stdout is not None
    address = server.stdout.readline().decode().strip()
    process = start("install", address, "--main", "main.py", "--follow")
    wait_for(process.stdout, b"on it")
    process.send_signal(signal.SIGINT)
    assert process.wait(SOON) == exits.INTERRUPTED
    assert belay("eval", "--no-reset", address, "1 + 1").out == "2\n"


def test_ctrl_c_with_several_boards(start: Start, belay: Belay, project: Path, tmp_path: Path) -> None:
    boards = [f"virtual:{tmp_path / name}" for name in ("one", "two")]
    assert belay("install", *boards).code == 0
    large = project / "app" / "large.bin"
    large.write_bytes(os.urandom(8_000_000))
    process = start("install", *boards)
    end = time.monotonic() + SOON
    while not all((tmp_path / name / "app" / ".belay.new").exists() for name in ("one", "two")):
        assert time.monotonic() < end
        with suppress(subprocess.TimeoutExpired):
            raise AssertionError(process.wait(0.01))
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == exits.INTERRUPTED
    assert process.stderr is not None
    assert b"note: each file on the boards is whole; another install does what is left" in (
        process.stderr.read()
    )
    assert not (tmp_path / "one" / "app" / "large.bin").exists()
    large.write_bytes(b"small")
    assert belay("install", *boards).code == 0
    assert (tmp_path / "two" / "app" / "large.bin").read_bytes() == b"small"


def test_completion(project: Path) -> None:
    complete = ShellComplete(cli, {}, "belay", "_BELAY_COMPLETE")
    groups = complete.get_completions(["install", "--with"], "d")
    assert [item.value for item in groups] == ["dev"]
    ports = complete.get_completions(["install", "virtual:"], "")
    assert "virtual:" not in [item.value for item in ports]
    assert "virtual:" in [item.value for item in complete.get_completions(["install"], "v")]
