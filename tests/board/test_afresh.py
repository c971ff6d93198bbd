from __future__ import annotations

import pytest

from belay.board.afresh import clean, remember
from belay.exceptions import ConnectionFailedError
from belay.link import Link
from belay.transports import open_transport


def names(link: Link) -> set[str]:
    said = bytearray()
    link.run("print(*globals())", on_output=said.extend, timeout=20)
    return set(said.decode().split())


def test_what_was_added_is_forgotten_and_the_rest_stays() -> None:
    link = Link(open_transport("virtual:"))
    try:
        link.run("started = 1", timeout=20)
        remember(link)
        link.run("added = 2\nstarted = 3\nimport os\nopen('own.py', 'w').close()\nimport own", timeout=20)
        remember(link)
        clean(link)
        assert {"started", "_belay_kept"} <= names(link)
        assert not {"added", "os", "own"} & names(link)
        said = bytearray()
        link.run("import sys\nprint(started, 'own' in sys.modules)", on_output=said.extend, timeout=20)
        assert said == b"3 False\r\n"
    finally:
        link.close()


def test_a_board_that_cannot() -> None:
    link = Link(open_transport("virtual:"))
    try:
        link.run("_belay_kept = 5", timeout=20)
        with pytest.raises(ConnectionFailedError, match="TypeError") as caught:
            clean(link)
        assert "--no-reset" in str(caught.value.hint)
    finally:
        link.close()
