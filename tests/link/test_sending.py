from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from patience import SOON

from belay.exceptions import BoardResetError, BoardTimeoutError
from belay.link import Link
from belay.link.sending import PASTE_FROM
from belay.transports.trace import CountingTransport
from belay.transports.virtual import VirtualTransport

from .conftest import OneByte, Script, Uart, run, works


def long_code(size: int, end: str = "print('end')") -> str:
    line = "x = 'äöü 0123456789'\n"
    return line * (size // len(line)) + end


@pytest.mark.parametrize("size", [100, PASTE_FROM - 200, PASTE_FROM + 100, 20_000, 100_000])
def test_code_of_any_size(link: Link, size: int) -> None:
    code = long_code(size)
    assert run(link, code) == b"end\r\n"
    assert link.paste is (True if len(code.encode()) >= PASTE_FROM else None)
    works(link)


@pytest.mark.parametrize("wrap", [OneByte, Uart])
def test_code_over_another_transport(transport: VirtualTransport, wrap: type[OneByte] | type[Uart]) -> None:
    wrapped = wrap(transport)
    link = Link(wrapped)
    link.enter()
    for size in (200, 300, 2000, 20_000):
        assert run(link, long_code(size)) == b"end\r\n"
    if isinstance(wrapped, Uart):
        assert wrapped.lost == 0


def test_pieces_without_raw_paste(transport: VirtualTransport) -> None:
    """A UART and an old firmware: nothing but patience."""
    uart = Uart(transport)
    link = Link(uart)
    link.enter()
    link._wire.paste = False
    assert run(link, long_code(5000)) == b"end\r\n"
    assert uart.lost == 0
    assert link.paste is False


def test_the_uart_of_these_tests_loses_bytes(transport: VirtualTransport) -> None:
    uart = Uart(transport)
    uart.write(b"#" * 1000)
    assert uart.lost == 1000 - 256


@pytest.mark.parametrize("bad", ["def f(:\n", "  x = 1\n", "x = (\n)\n)\n"])
@pytest.mark.parametrize("where", ["first", "middle", "last"])
def test_a_syntax_error_in_a_raw_paste(link: Link, bad: str, where: str) -> None:
    filler = "x = 1\n" * 5000
    code = {"first": bad + filler, "middle": filler + bad + filler, "last": filler + bad}[where]
    outcome = link.run(code, timeout=10)
    assert outcome.error.startswith(b"Traceback")
    assert b"SyntaxError" in outcome.error or b"IndentationError" in outcome.error
    works(link)
    assert run(link, long_code(5000)) == b"end\r\n"


def test_an_exception_in_a_raw_paste(link: Link) -> None:
    outcome = link.run(long_code(5000, "1/0"))
    assert outcome.error.endswith(b"ZeroDivisionError: divide by zero\r\n")
    works(link)


@pytest.mark.parametrize("size", [10, 5000])
@pytest.mark.parametrize("byte", ["\x01", "\x02", "\x03", "\x04", "\x05"])
def test_code_with_commands_in_it(link: Link, size: int, byte: str) -> None:
    counting = CountingTransport(link.transport)
    link._wire.transport = counting
    with pytest.raises(ValueError, match="cannot hold the byte 0x0"):
        link.run(long_code(size, f"print('{byte}')"))
    assert counting.writes == 0
    works(link)


def test_code_that_is_no_unicode(link: Link) -> None:
    with pytest.raises(ValueError, match="surrogates"):
        link.run("print('\udc80')")
    works(link)


@pytest.mark.parametrize("size", [10, 5000])
def test_carriage_returns(link: Link, size: int) -> None:
    code = long_code(size, "if True:\n    print('''a\nb''')\n").replace("\n", "\r\n")
    assert run(link, code) == b"a\r\nb\r\n"


def test_not_ascii(link: Link) -> None:
    assert run(link, "print('äöü €')") == "äöü €\r\n".encode()


def test_turns_of_a_raw_paste(transport: VirtualTransport) -> None:
    counting = CountingTransport(transport)
    link = Link(counting)
    link.enter()
    run(link, "pass")
    counting.reset()
    mark = link.mark.decode()
    link.run("#" * 4096 + f"\nm={mark!r}\nprint(m+'r'+m+'.',end='')")
    # The question, some 4200 bytes in windows of 128, the end.
    assert counting.writes <= 36


RAW = b"raw REPL; CTRL-B to exit\r\n>"


def proof(data: bytes) -> bytes:
    """What a raw prompt answers to a challenge."""
    halves = data[data.index(b"print(") :].split(b"'")
    return RAW + b"OK" + halves[1] + halves[3] + b"\r\n\x04\x04>"


def board(*answers: bytes | Callable[[bytes], bytes]) -> tuple[Link, Script]:
    """A link to a board that has entered the raw REPL, and answers so."""
    script = Script(b"", proof, *answers)
    link = Link(script)
    link.enter()
    return link, script


@pytest.mark.parametrize("answer", [RAW, b"R\x00"], ids=["unknown", "refused"])
def test_no_raw_paste(answer: bytes) -> None:
    code = "x = 1\n" * 1000
    link, script = board(answer, b"OK\x04\x04>", proof, b"OK\x04\x04>", proof)
    assert link.run(code).error == b""
    assert link.paste is False
    assert script.written[2:4] == [b"\x05A\x01", code.encode() + b"\x04"]
    # Nobody asks twice.
    assert link.run(code).error == b""
    assert script.written[5] == code.encode() + b"\x04"


def test_a_window_that_never_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("belay.link.sending.ANSWER_TIMEOUT", 0.1)
    link, script = board(b"R\x01\x20\x00\x01", b"", b"\x04\x04KeyboardInterrupt: \r\n\x04>", proof)
    start = time.monotonic()
    with pytest.raises(BoardTimeoutError, match="sending the code"):
        link.run("x = 1\n" * 1000)
    assert time.monotonic() - start < SOON
    assert link.synchronised
    assert sum(map(len, script.written[3:4])) == 64


def test_a_reset_just_before_the_command() -> None:
    banner = b'MicroPython v1.29.0 on 2026-01-01; board\r\nType "help()" for more information.\r\n>>> '
    link, _ = board(banner + b"print(1)")
    with pytest.raises(BoardResetError) as caught:
        link.run("print(1)")
    assert caught.value.sent
    assert not link.synchronised


def test_a_thread_prints_while_code_is_sent() -> None:
    idle = bytearray()
    link, _ = board(b"bg1R\x01\x00\x20bg2", b"", b"bg3\x04\x04\x04>", proof)
    link.on_idle_output = idle.extend
    link.run("x = 1\n" * 1000)
    assert idle == b"bg1bg2bg3"


def test_whether_a_board_knows_raw_paste_can_be_asked(link: Link) -> None:
    assert link.paste is None
    assert link.knows_paste()
    assert link.paste is True
    works(link)
