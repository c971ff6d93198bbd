from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

import belay
from belay.cli.select.ways import SHELLS, address_of, code_of, shells_of
from belay.transports.address import parse_address
from belay.transports.usb import UsbSpecifier

SERIAL = UsbSpecifier(serial_number="e6614c311b137637")
PLACE = UsbSpecifier(vid=11914, pid=5, location="1-2")
ODD = UsbSpecifier(vid=1, product="a'b\"c $d `e` %F% !g & | \\ ü \N{RIGHT SINGLE QUOTATION MARK}")


@pytest.mark.parametrize(
    ("board", "address"),
    [
        (SERIAL, "id:e6614c311b137637"),
        (PLACE, '{"vid": 11914, "pid": 5, "location": "1-2"}'),
        (UsbSpecifier(serial_number="a b"), '{"serial_number": "a b"}'),
        (UsbSpecifier(serial_number="a;b"), '{"serial_number": "a\\u003bb"}'),
        (UsbSpecifier(device="/dev/ttyUSB0"), "/dev/ttyUSB0"),
    ],
)
def test_the_shortest_address(board: UsbSpecifier, address: str) -> None:
    assert address_of(board) == address


texts = st.none() | st.text(min_size=1)


@given(st.builds(UsbSpecifier, vid=st.integers(0, 0xFFFF), serial_number=texts, product=texts))
def test_an_address_means_the_board_and_has_no_sign_of_a_shells(board: UsbSpecifier) -> None:
    address = address_of(board)
    parsed = UsbSpecifier.from_json(parse_address(address).rest)
    assert parsed == board
    assert address.isascii()
    assert not set(address) & set("'`$%!&|;<>^*?#~=@\n\r\0")


@given(st.builds(UsbSpecifier, vid=st.integers(0, 0xFFFF), serial_number=texts, product=texts))
def test_code(board: UsbSpecifier) -> None:
    assert eval(code_of(board), {"belay": belay}) == board


@pytest.mark.parametrize("board", [SERIAL, PLACE, ODD])
def test_what_sh_makes_of_it(board: UsbSpecifier) -> None:
    shell = shutil.which("sh")
    if shell is None:
        pytest.skip("there is no sh")
    address = address_of(board)
    script = f'{SHELLS["sh"].setting(address)}\nprintf "%s\\n" "$BELAY_DEVICE" {SHELLS["sh"].word(address)}'
    done = subprocess.run([shell, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == f"{address}\n{address}\n"


@pytest.mark.parametrize(
    ("shell", "board", "expected"),
    [
        ("sh", SERIAL, "export BELAY_DEVICE=id:e6614c311b137637"),
        ("fish", SERIAL, "set -gx BELAY_DEVICE id:e6614c311b137637"),
        ("fish", PLACE, """set -gx BELAY_DEVICE '{"vid": 11914, "pid": 5, "location": "1-2"}'"""),
        (
            "fish",
            UsbSpecifier(product="it's"),
            """set -gx BELAY_DEVICE '{"product": "it\\\\u0027s"}'""",
        ),
        ("powershell", SERIAL, "$env:BELAY_DEVICE = 'id:e6614c311b137637'"),
        ("powershell", PLACE, """$env:BELAY_DEVICE = '{"vid": 11914, "pid": 5, "location": "1-2"}'"""),
        ("cmd", SERIAL, 'set "BELAY_DEVICE=id:e6614c311b137637"'),
        ("cmd", PLACE, 'set "BELAY_DEVICE={"vid": 11914, "pid": 5, "location": "1-2"}"'),
    ],
)
def test_lines_of_shells(shell: str, board: UsbSpecifier, expected: str) -> None:
    assert SHELLS[shell].setting(address_of(board)) == expected


@pytest.mark.parametrize(
    ("shell", "text", "word"),
    [
        ("sh", "@bench", "@bench"),
        ("fish", "a'\\", "'a\\'\\\\'"),
        ("powershell", "@bench", "'@bench'"),
        ("powershell", "a@bench", "a@bench"),
        ("powershell", "it's \u2018so\u2019", "'it''s \u2018\u2018so\u2019\u2019'"),
        ("cmd", "@bench", "@bench"),
        ("cmd", '{"vid": 1}', '"{\\"vid\\": 1}"'),
    ],
)
def test_words_of_shells(shell: str, text: str, word: str) -> None:
    assert SHELLS[shell].word(text) == word


@pytest.mark.parametrize(
    ("environ", "windows", "shells"),
    [
        ({"SHELL": "/bin/bash"}, False, ("sh",)),
        ({"SHELL": "/usr/bin/fish"}, False, ("fish",)),
        ({}, False, ("sh",)),
        ({"SHELL": "/bin/sh", "POWERSHELL_DISTRIBUTION_CHANNEL": "x"}, False, ("powershell",)),
        ({}, True, ("powershell", "cmd")),
    ],
)
def test_which_shell(environ: dict[str, str], windows: bool, shells: tuple[str, ...]) -> None:
    assert shells_of(environ, windows=windows) == shells


def test_json_stays_json() -> None:
    assert json.loads(address_of(ODD)) == ODD.given()
