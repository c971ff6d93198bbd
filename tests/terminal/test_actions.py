from __future__ import annotations

import os
from pathlib import Path

import pytest
from patience import SOON

from belay.exceptions import DeviceNotFoundError, NoRoomError
from belay.link import Lent, Link
from belay.terminal.actions import completed, run_file, told
from belay.transports.virtual import VirtualTransport
from tests.link.conftest import run


def test_paths_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("main.py", "main_old.py", "sensor[1].py"):
        Path(name).touch()
    Path("library").mkdir()
    Path("library/x.py").touch()
    assert completed("m") == "main"
    assert completed("main.") == "main.py"
    assert completed("lib") == f"library{os.sep}"
    assert Path(completed("library/")) == Path("library/x.py")
    assert completed("sensor[") == "sensor[1].py"
    assert completed("none") == "none"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert Path(completed("~/sens")) == tmp_path / "sensor[1].py"


def test_a_firmware_without_a_compiler_function(port: VirtualTransport, link: Link, tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("print('it', 'runs')", encoding="utf-8")
    run(link, "def compile(*_): raise NameError('compile')")

    def use(lent: Lent) -> bytes:
        assert run_file(lent, str(tmp_path / "x.py")) == ""
        seen = b""
        while b"it runs\r\n>>> " not in seen:
            seen += lent.read(timeout=SOON)
        return seen

    assert b">>> exec(_file)\r\nit runs\r\n>>> " in link.lend(use)


def test_how_errors_are_told() -> None:
    assert told(DeviceNotFoundError("it is not there", hint="look again")) == (
        "error: it is not there\nhint: look again"
    )
    assert told(NoRoomError("the board is full", "/x")) == "error: the board is full"
    assert told(FileNotFoundError(2, "No such file", "x.py")) == "error: x.py: No such file"
    assert told(OSError("odd")) == "error: odd"
    assert told(UnicodeDecodeError("utf-8", b"", 0, 1, "bad")) == "error: this is no text in UTF-8"
