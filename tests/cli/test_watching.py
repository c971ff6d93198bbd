from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from belay import Device
from belay.cli.settings import Settings
from belay.cli.watching import Watching, board_files
from belay.exceptions import FilesError
from belay.watch import Changes, Place


@dataclass
class Told(Settings):
    """Says nothing, and saves something when nobody does anything else.

    Attributes:
        said: What it was to say.
        saves: What to do, one after another.
    """

    said: list[str] = field(default_factory=list)
    saves: list[Callable[[], object]] = field(default_factory=list)

    def say(self, text: str, *, at: int = 0) -> None:
        self.said.append(text)
        if text == "waiting for changes":
            self.saves.pop(0)()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path.resolve()


@pytest.fixture(scope="module")
def device() -> Iterator[Device]:
    with Device("virtual:") as device:
        yield device


def watching(folder: Path, device: Device, *jobs: Callable[[], object], saves: int) -> list[str]:
    """What is said while one job after another is done; the last is followed by Ctrl-C."""
    left = [*jobs, lambda: signal.raise_signal(signal.SIGINT)]

    def job() -> None:
        left.pop(0)()

    settings = Told(saves=[(folder / f"file_{number}").touch for number in range(saves)])
    with Changes([Place(folder)]) as changes, pytest.raises(KeyboardInterrupt):
        Watching(settings, device, changes, job, folder).forever()
    assert not left
    assert not settings.saves
    return settings.said


def test_errors_of_every_kind_are_told(folder: Path, device: Device) -> None:
    def fail() -> None:
        raise FilesError("no room", hint="make some")

    said = watching(
        folder,
        device,
        lambda: device.run("1/0"),
        lambda: device.run("raise SystemExit(3)"),
        fail,
        (folder / "missing").read_bytes,
        saves=4,
    )
    assert said[0].splitlines()[1:] == [
        '  File "<program>", line 1, in <module>',
        "ZeroDivisionError: divide by zero",
    ]
    assert said[1:] == [
        *("waiting for changes", "changed: file_0"),
        *("waiting for changes", "changed: file_1"),
        *("error: no room", "hint: make some", "waiting for changes", "changed: file_2"),
        f"error: {folder / 'missing'}: No such file or directory",
        *("waiting for changes", "changed: file_3"),
    ]


def test_each_finds_a_fresh_interpreter(folder: Path, device: Device) -> None:
    found: list[object] = []

    def job() -> None:
        found.append(device("'mark' in globals()"))
        device("mark = 1")

    watching(folder, device, job, job, saves=2)
    assert found == [False, False]


def test_a_change_stops_what_runs(folder: Path, device: Device) -> None:
    def job() -> None:
        (folder / "main.py").touch()
        device.run("while True:\n    try:\n        pass\n    except KeyboardInterrupt:\n        break")
        device.run("while True: pass")

    said = watching(folder, device, job, saves=0)
    assert said == ["changed: main.py"]


def test_many_changes_are_told_in_short(folder: Path, device: Device) -> None:
    settings = Told()
    paths = [folder / name for name in ("a\n", "b", "c", "d", "e")]
    Watching(settings, device, Changes([]), print, folder)._say_changed(paths)
    assert settings.said == [r"changed: a\n, b, c and 2 more"]


def test_a_board_that_is_reset(folder: Path, device: Device) -> None:
    reset = "import machine\nmachine.reset()"
    said = watching(folder, device, lambda: device.run(reset), lambda: device.run("1"), saves=2)
    assert said[0].startswith("error: the board was reset")
    assert [word for word in said if word.startswith("changed")] == ["changed: file_0", "changed: file_1"]


def test_a_board_that_goes_away_is_waited_for(folder: Path) -> None:
    (folder / "module.py").write_text("x = 42\n", encoding="utf-8")
    found: list[object] = []

    with Device("virtual:") as device, device.mount(folder):

        def job() -> None:
            found.append(device("__import__('module').x"))
            os.kill(device.virtual.interpreter_pid, signal.SIGKILL)
            device("1")

        said = watching(folder, device, job, job, saves=1)
    assert found == [42, 42]
    talk = [word for word in said if not word.startswith(("error", "hint"))]
    again = ["waiting until the board is back", "the board is back"]
    assert talk == [*again, *again, "waiting for changes", "changed: file_0"]


@pytest.mark.parametrize("address", ["virtual:{}/board", "virtual:?fs=lfs2:64k&image={}/board"])
def test_the_files_of_a_virtual_board(folder: Path, address: str) -> None:
    with Device(address.format(folder)) as device:
        assert board_files(device, folder) == {folder / "board"}
        assert board_files(device, folder / "board") == frozenset()


def test_other_boards_have_no_files_here(folder: Path, device: Device) -> None:
    assert board_files(device, folder) == frozenset()
