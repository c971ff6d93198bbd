from __future__ import annotations

import pytest

from belay.terminal.paste import as_keys

PROGRAM = b"for x in range(2):\r\n    print('\xc3\xa4')\n\n1"


@pytest.mark.parametrize(
    ("paste", "at_prompt", "keys"),
    [
        (b"x = 1", True, [b"x = 1"]),
        (b"x = 1\n", True, [b"x = 1\r"]),
        (
            PROGRAM,
            True,
            [b"\x05", b"for x in range(2):\r", b"    print('\xc3\xa4')\r", b"\r", b"1", b"\x04"],
        ),
        (PROGRAM, False, [b"for x in range(2):\r", b"    print('\xc3\xa4')\r", b"\r", b"1"]),
        (b"a\rb", True, [b"\x05", b"a\r", b"b", b"\x04"]),
        (b"\x03a\x04\tb\x1b\x00\x7f", True, [b"a\tb"]),
        (b"", True, []),
        (b"a\x0bb\x0cc\n", True, [b"abc\r"]),
    ],
    ids=["word", "line", "program", "program elsewhere", "old line ends", "commands", "nothing", "feeds"],
)
def test_pastes(paste: bytes, at_prompt: bool, keys: list[bytes]) -> None:
    assert as_keys(paste, at_prompt=at_prompt) == keys
