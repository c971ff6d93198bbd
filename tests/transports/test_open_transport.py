from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from belay.aliases import save_alias
from belay.exceptions import AddressError, DeviceNotFoundError
from belay.transports import UsbSpecifier, open_transport


def test_an_unknown_form() -> None:
    with pytest.raises(AddressError):
        open_transport("nonsense")


@pytest.mark.parametrize("address", ["exec:cat", "execpty:cat", "loop://"])
def test_each_scheme_has_its_transport(address: str) -> None:
    transport = open_transport(address)
    transport.write(b"x", timeout=20)
    assert transport.read(timeout=20) == b"x"
    transport.close()


def test_a_tcp_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"socket://127.0.0.1:{server.getsockname()[1]}"
        transport = open_transport(address)
        server.accept()[0].close()
    assert transport.name == address
    transport.close()


def test_a_board_that_is_not_there() -> None:
    with pytest.raises(DeviceNotFoundError):
        open_transport("2e8a:0005", ports=list)


def test_a_name_is_looked_up_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A board that comes back on another port is found again."""
    monkeypatch.setenv("BELAY_CONFIG_DIR", str(tmp_path))
    save_alias("bench", {"serial_number": "e6614c311b137637"})
    tty = pytest.importorskip("tty")
    read, write = os.openpty()
    tty.setraw(write)
    board = UsbSpecifier(1, 2, "E6614C311B137637", location="1-2", device=os.ttyname(write))
    with pytest.raises(DeviceNotFoundError) as caught:
        open_transport("@bench", ports=list)
    assert caught.value.__notes__ == [
        f'@bench is {{"serial_number": "e6614c311b137637"}}, by {tmp_path / "config.toml"}',
        "hint: no board is connected",
    ]
    with closing(open_transport("@bench", ports=lambda: [board])) as transport:
        transport.write(b"x", timeout=20)
        assert os.read(read, 1) == b"x"
    save_alias("bench", "exec:cat")
    with closing(open_transport("@bench")) as transport:
        transport.write(b"x", timeout=20)
        assert transport.read(timeout=20) == b"x"
    os.close(read)
    os.close(write)


@pytest.mark.parametrize("meaning", ["nonsense", "@bench", {"colour": "red"}])
def test_a_name_that_means_no_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, meaning: str | dict[str, object]
) -> None:
    monkeypatch.setenv("BELAY_CONFIG_DIR", str(tmp_path))
    save_alias("bench", meaning)
    for name in ("@bench", "@nobody"):
        with pytest.raises(AddressError):
            open_transport(name)


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys, belay.transports; print({'serial', 'rich', 'click', 'belay.virtual'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
