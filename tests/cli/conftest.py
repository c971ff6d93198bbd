from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from belay.cli import main

SNAPSHOTS = Path(__file__).parent / "snapshots"
BELAY = [sys.executable, "-m", "belay"]


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str


Belay = Callable[..., Result]
Start = Callable[..., "subprocess.Popen[bytes]"]
Check = Callable[[str, str], None]


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the user's own terminal is like, output is the same."""
    for name in ("NO_COLOR", "FORCE_COLOR", "BELAY_DEBUG", "BELAY_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture
def belay(capsys: pytest.CaptureFixture[str]) -> Belay:
    """Runs a command in this process."""

    def run(*words: str) -> Result:
        code = main(words)
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a command as a process, in a process group of its own; it is gone at the test's end."""
    started: list[subprocess.Popen[bytes]] = []

    def run(*words: str, **options: object) -> subprocess.Popen[bytes]:
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        process = subprocess.Popen([*BELAY, *words], start_new_session=True, **{**streams, **options})  # type: ignore[call-overload]
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                with suppress(BrokenPipeError):
                    stream.close()


@pytest.fixture
def snapshot() -> Check:
    """Compares a text with the file of that name; BELAY_UPDATE_SNAPSHOTS=1 writes the file instead."""

    def check(name: str, text: str) -> None:
        file = SNAPSHOTS / f"{name}.txt"
        if os.environ.get("BELAY_UPDATE_SNAPSHOTS"):
            file.write_text(text, encoding="utf-8")
        assert text == file.read_text(encoding="utf-8")

    return check


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A virtual board for many tests, since each takes less than to start one: its address, its files."""
    folder = tmp_path_factory.mktemp("served")
    command = [*BELAY, "-q", "virtual", str(folder), "--tcp", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), folder
        finally:
            process.terminate()


@pytest.fixture
def board(served: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of the board that is meant when none is named: an empty folder; the current one is empty."""
    address, folder = served
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    (folder / "lib").mkdir()
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.setenv("BELAY_DEVICE", address)
    monkeypatch.chdir(here)
    return folder


def files_in(folder: Path) -> dict[str, bytes]:
    """What the files in a folder hold, but for a board's record."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != ".belay")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(found)}


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write files, with the folders that they are in."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
