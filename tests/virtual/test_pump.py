"""Ctrl-C, and the bytes around it."""

from __future__ import annotations

import hashlib
import os
import random
import re
import time

import pytest

from .conftest import END, PROMPT, RAW_PROMPT, Keyboard, MakeBoard

TIMES = 100


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "while True: [0] * 50; str(1) + 'x'",
        "import time\ntime.sleep(1000)",
        "import sys\nsys.stdin.read(1)",
        "import sys\nsys.stdin.buffer.read(1)",
        "import asyncio\nasync def main(): await asyncio.sleep(1000)\nasyncio.run(main())",
        "input()",
    ],
    ids=["tight", "allocating", "sleep", "read", "read-bytes", "asyncio", "input"],
)
def test_ctrl_c_stops_everything_each_time(keyboard: Keyboard, code: str) -> None:
    for _ in range(TIMES):
        keyboard.start(code)
        keyboard.type(b"\x03")
        output, error = keyboard.finish()
        assert output == b""
        assert error.endswith(b"KeyboardInterrupt: \r\n")
    assert keyboard.run("print('well')") == b"well\r\n"


def test_ctrl_c_while_a_timer_calls_back(keyboard: Keyboard) -> None:
    keyboard.run("import machine\ncalls = 0\ndef call(timer):\n global calls\n calls += 1")
    keyboard.run("timer = machine.Timer(period=1, callback=call)")
    for _ in range(TIMES):
        keyboard.start("while True: pass")
        keyboard.type(b"\x03")
        output, error = keyboard.finish()
        assert output == b""
        assert error.endswith(b"KeyboardInterrupt: \r\n")
    assert int(keyboard.text("timer.deinit(); print(calls)")) > 0


def test_a_handler_that_never_returns_is_stopped_too(keyboard: Keyboard) -> None:
    keyboard.start(
        "import machine, time\ndef stuck(timer):\n print('in')\n while True: pass\n"
        "machine.Timer(mode=machine.Timer.ONE_SHOT, period=1, callback=stuck)\nwhile True: pass"
    )
    keyboard.until(b"in\r\n")
    keyboard.type(b"\x03")
    _, error = keyboard.finish()
    assert error.endswith(b"KeyboardInterrupt: \r\n")
    assert keyboard.run("print('well')") == b"well\r\n"


def test_several_ctrl_c_at_once(keyboard: Keyboard) -> None:
    for count in range(1, 41):
        keyboard.start("while True: pass")
        keyboard.type(b"\x03" * (count % 5 + 1))
        assert keyboard.finish()[1].endswith(b"KeyboardInterrupt: \r\n")


def test_a_caught_interrupt_and_another_one(keyboard: Keyboard) -> None:
    for _ in range(20):
        keyboard.start("try:\n while True: pass\nexcept KeyboardInterrupt:\n print('one')\nwhile True: pass")
        keyboard.type(b"\x03")
        keyboard.until(b"one\r\n")
        keyboard.type(b"\x03")
        assert keyboard.finish()[1].endswith(b"KeyboardInterrupt: \r\n")


def test_ctrl_c_about_when_the_code_ends(keyboard: Keyboard) -> None:
    """It may hit the code, the prompt, or the gap between the two; the REPL survives it."""
    for turn in range(300):
        keyboard.type(b"for i in range(%d): pass\x04\x03" % (turn * 7 % 500))
        keyboard.type(b"\x03\x02\r\x01")
        keyboard.until(RAW_PROMPT)
    keyboard.type(b"\x02")
    keyboard.until(PROMPT)


def test_ctrl_c_right_behind_the_code_is_for_the_code(keyboard: Keyboard) -> None:
    """It does not get lost in the compiler."""
    for _ in range(20):
        keyboard.type(b"x = [" + b"1, " * 500 + b"]\nwhile True: pass\x04\x03")
        keyboard.until(b"OK")
        assert keyboard.finish()[1].endswith(b"KeyboardInterrupt: \r\n")


def test_ctrl_c_behind_what_follows_the_code_is_for_the_code(keyboard: Keyboard) -> None:
    """Also if it comes while the code is still being compiled, and input for it in between."""
    for between in (b"", b"x", b"x" * 10_000, b"line\r\n"):
        keyboard.start("x = 1\n" * 10_000 + "while True: pass")
        keyboard.type(between + b"\x03")
        assert keyboard.finish()[1].endswith(b"KeyboardInterrupt: \r\n")
        keyboard.type(b"\x03\x01")
        keyboard.until(RAW_PROMPT)


def test_what_follows_ctrl_c_is_not_for_the_stopped_code(keyboard: Keyboard) -> None:
    for _ in range(20):
        keyboard.start("import sys\nprint('got', sys.stdin.read(1))")
        keyboard.type(b"\x03print(7)\x04")
        output, error = keyboard.finish()
        assert output == b""
        assert error.endswith(b"KeyboardInterrupt: \r\n")
        assert keyboard.until(b"\x04>") == b"OK7\r\n\x04\x04>"


def test_ctrl_c_is_a_byte_when_switched_off(keyboard: Keyboard) -> None:
    payload = bytes(range(256)) * 8
    keyboard.start(
        "import micropython, sys\nmicropython.kbd_intr(-1)\nsys.stdout.write('go')\n"
        f"data = sys.stdin.buffer.read({len(payload)})\nmicropython.kbd_intr(3)\n"
        "print(data == bytes(range(256)) * 8)"
    )
    keyboard.until(b"go")
    keyboard.type(payload)
    assert keyboard.finish() == (b"True\r\n", b"")


def test_random_bytes_when_switched_off_and_nobody_reads_for_a_while(keyboard: Keyboard) -> None:
    """It looks like code that is still being compiled, but not for ever."""
    payload = random.Random(1).randbytes(20_000)
    keyboard.start(
        "import micropython, sys, time, hashlib\nmicropython.kbd_intr(-1)\nsys.stdout.write('go')\n"
        f"time.sleep_ms(1500)\nparts = [sys.stdin.buffer.read(500) for _ in range({len(payload) // 500})]\n"
        "micropython.kbd_intr(3)\nprint(hashlib.sha256(b''.join(parts)).digest().hex())"
    )
    keyboard.until(b"go")
    keyboard.type(payload)
    assert keyboard.finish() == (hashlib.sha256(payload).hexdigest().encode() + b"\r\n", b"")


def test_ctrl_c_clears_the_line_at_the_prompt(make_board: MakeBoard) -> None:
    keyboard = make_board(raw=False)
    keyboard.prompt()
    keyboard.type(b"nonsense\x03")
    assert keyboard.prompt().endswith(b"nonsense\r\n>>> ")
    keyboard.type(b"1+1\r")
    assert keyboard.prompt() == b"1+1\r\n2\r\n>>> "


def test_ctrl_c_behind_much_that_nobody_reads(keyboard: Keyboard) -> None:
    keyboard.start("while True: pass")
    keyboard.type(b"x" * 100_000 + b"\x03")
    assert keyboard.finish()[1].endswith(b"KeyboardInterrupt: \r\n")


def test_input_and_stdin(keyboard: Keyboard) -> None:
    keyboard.start("print(repr(input('name? ')))")
    keyboard.until(b"name? ")
    keyboard.type(b"Ada\r")
    assert b"'Ada'" in keyboard.finish()[0]
    keyboard.start("import sys\nprint(sys.stdin.buffer.read(4), sys.stdin.read(2))")
    keyboard.type(b"\x00\xff\r\nhi")
    assert keyboard.finish()[0] == b"b'\\x00\\xff\\r\\n' hi\r\n"


def test_input_that_was_not_read_survives_a_soft_reset(keyboard: Keyboard) -> None:
    keyboard.type(b"\x04print(1)\x04print(2)\x04")
    keyboard.until(RAW_PROMPT)
    assert keyboard.until(b"\x04>") == b"OK1\r\n\x04\x04>"
    assert keyboard.until(b"\x04>") == b"OK2\r\n\x04\x04>"


def test_a_hundred_kilobytes_of_input(keyboard: Keyboard) -> None:
    payload = os.urandom(100_000).replace(b"\x03", b"?")
    keyboard.start(
        f"import sys, hashlib\ndigest = hashlib.sha256()\nleft = {len(payload)}\nwhile left:\n"
        " piece = sys.stdin.buffer.read(min(left, 4096))\n digest.update(piece)\n left -= len(piece)\n"
        "print(digest.digest().hex())"
    )
    keyboard.type(payload)
    assert keyboard.finish()[0].strip().decode() == hashlib.sha256(payload).hexdigest()


SERVER = """
import sys
def serve():
    read, write = sys.stdin.buffer.readinto, sys.stdout.buffer.write
    request = bytearray(8)
    while True:
        read(request)
        try:
            for _ in range(request[0] * 500): pass
            write(b"<" + request + b">")
        except KeyboardInterrupt:
            write(b"!")
"""


ANSWER = re.compile(rb"<(.{8})>", re.DOTALL)


class Client:
    """Sends requests of eight bytes to a program that answers them, and presses Ctrl-C."""

    def __init__(self, keyboard: Keyboard, seed: int) -> None:
        self._keyboard, self._chance, self._number = keyboard, random.Random(seed), 0
        keyboard.run(SERVER)
        self.start()

    def start(self) -> None:
        """Start it anew; a part of a request may be left over at the prompt."""
        self._keyboard.type(b"\x03\x01")
        self._keyboard.until(RAW_PROMPT)
        self._keyboard.start("serve()")

    def request(self) -> bytes:
        self._number += 1
        return b"%c%07d" % (self._chance.choice(b" @\xff"), self._number)

    def interrupt(self) -> bool:
        """Press Ctrl-C before, within or behind some requests; whether the program went on."""
        requests = [self.request() for _ in range(self._chance.randrange(1, 4))]
        data = b"".join(requests)
        at = self._chance.choice((len(data), self._chance.randrange(len(data))))
        if self._chance.randrange(2):
            self._keyboard.type(data[:at])
            time.sleep(self._chance.uniform(0, 0.003))  # any moment will do
            self._keyboard.type(b"\x03" + data[at:])
        else:
            self._keyboard.type(data[:at] + b"\x03" + data[at:])
        requests.append(self.request())
        self._keyboard.type(requests[-1])
        last = b"<" + requests[-1] + b">"
        came = self._keyboard.until_any(last, b"KeyboardInterrupt: \r\n" + END)
        answers = ANSWER.findall(came.partition(b"\x04")[0])
        assert [
            request for request in requests if request in answers
        ] == answers  # none shifted, none changed
        if not came.endswith(last):
            return False
        # Only a request that was interrupted has no answer.
        assert len(requests) - len(answers) <= came.count(b"!") <= 1
        return True


def press_ctrl_c(keyboard: Keyboard, times: int, seed: int) -> None:
    client = Client(keyboard, seed)
    alive = 0
    for _ in range(times):
        if client.interrupt():
            alive += 1
        else:
            client.start()
    assert 0 < alive < times  # both were put to the test


def test_ctrl_c_at_a_program_that_reads_and_answers(keyboard: Keyboard) -> None:
    press_ctrl_c(keyboard, 500, 1)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 12))
def test_ctrl_c_at_a_program_that_reads_and_answers_often(keyboard: Keyboard, seed: int) -> None:
    press_ctrl_c(keyboard, 2000, seed)
