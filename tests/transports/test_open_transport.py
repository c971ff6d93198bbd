from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from belay.exceptions import AddressError, DeviceNotFoundError
from belay.transports import open_transport


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


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys, belay.transports; print({'serial', 'rich', 'click', 'belay.virtual'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
