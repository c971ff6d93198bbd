from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from belay.source import BoardTraceback, Frame, parse_traceback

from .conftest import Run

HEADER = "Traceback (most recent call last):\n"


def test_frames_type_and_message() -> None:
    text = (
        HEADER
        + '  File "<stdin>", line 12, in <module>\n  File "a b.py", line 2, in f\nValueError: no: that\n'
    )
    assert parse_traceback(text) == BoardTraceback(
        (Frame("<stdin>", 12, "<module>"), Frame("a b.py", 2, "f")), "ValueError", "no: that"
    )


def test_the_line_ends_of_a_terminal() -> None:
    text = HEADER + '  File "<stdin>", line 1, in <module>\nOSError: [Errno 2] ENOENT\n'
    assert parse_traceback(text.replace("\n", "\r\n")) == parse_traceback(text)


def test_a_syntax_error_has_a_frame_without_a_function() -> None:
    found = parse_traceback(HEADER + '  File "<stdin>", line 3\nSyntaxError: invalid syntax\n')
    assert found == BoardTraceback((Frame("<stdin>", 3, None),), "SyntaxError", "invalid syntax")


@pytest.mark.parametrize("line", ["KeyboardInterrupt", "KeyboardInterrupt:", "KeyboardInterrupt: "])
def test_an_exception_without_a_message(line: str) -> None:
    found = parse_traceback(HEADER + f'  File "<stdin>", line 1, in <module>\n{line}\r\n')
    assert (found.type_name, found.message) == ("KeyboardInterrupt", "")


def test_an_exception_without_frames() -> None:
    assert parse_traceback("ValueError: x\n") == BoardTraceback((), "ValueError", "x")
    assert parse_traceback("MemoryError: ").type_name == "MemoryError"


def test_a_message_of_several_lines() -> None:
    found = parse_traceback(HEADER + '  File "<stdin>", line 1, in f\nE: a\n\n  b\nValueError: c\n')
    assert (found.type_name, found.message) == ("E", "a\n\n  b\nValueError: c")


def test_a_message_that_looks_like_a_traceback() -> None:
    inner = HEADER + '  File "<stdin>", line 9, in g\nKeyError: x'
    found = parse_traceback(HEADER + f'  File "<stdin>", line 1, in f\nValueError: {inner}\n')
    assert found == BoardTraceback((Frame("<stdin>", 1, "f"),), "ValueError", inner)
    assert parse_traceback(f"ValueError: a\n{inner}\n").message == f"a\n{inner}"


def test_text_before_the_traceback_is_passed_over() -> None:
    text = HEADER + '  File "<stdin>", line 1, in f\nValueError: x\n'
    assert parse_traceback(f"\r\nsome noise here\n{text}") == parse_traceback(text)


@pytest.mark.parametrize(
    "joint",
    [
        "During handling of the above exception, another exception occurred:",
        "The above exception was the direct cause of the following exception:",
    ],
)
def test_chained_exceptions(joint: str) -> None:
    first = HEADER + '  File "code.py", line 1, in f\nValueError: a\n'
    second = HEADER + '  File "code.py", line 2, in g\nKeyError: b\n'
    found = parse_traceback(f"{first}\n{joint}\n\n{second}")
    context = BoardTraceback((Frame("code.py", 1, "f"),), "ValueError", "a")
    assert found == BoardTraceback((Frame("code.py", 2, "g"),), "KeyError", "b", context)


@pytest.mark.parametrize("text", ["", "\n", "no traceback at all", "->", HEADER, HEADER + "  File?\n"])
def test_what_is_no_traceback_is_given_back_as_the_message(text: str) -> None:
    assert parse_traceback(text) == BoardTraceback((), "", text.strip("\n"))


LINES = st.sampled_from(
    [
        HEADER.strip(),
        '  File "<stdin>", line 1, in f',
        '  File "<stdin>", line 99999999999999999999',
        "ValueError: x",
        "During handling of the above exception, another exception occurred:",
        "",
        "\r",
    ]
)


@given(st.one_of(st.text(), st.lists(st.one_of(LINES, st.text(max_size=5))).map("\n".join)))
@example(HEADER + '  File "x", line ' + "9" * 5000)
def test_any_text_is_accepted(text: str) -> None:
    found = parse_traceback(text)
    assert found.type_name or found.message == found.message.strip("\n")


@given(
    st.lists(
        st.builds(Frame, st.just("<stdin>"), st.integers(1, 9999), st.sampled_from(["f", "<module>", None]))
    ),
    st.sampled_from(["ValueError", "é", "binascii.Error"]),
    st.text().filter(
        lambda text: text == text.strip("\n") and "\r" not in text and " above exception" not in text
    ),
)
def test_what_was_printed_is_read_again(frames: list[Frame], name: str, message: str) -> None:
    where = [
        f'  File "{frame.file}", line {frame.line}' + (f", in {frame.function}" if frame.function else "")
        for frame in frames
    ]
    text = "\n".join([HEADER.strip(), *where, f"{name}: {message}"])
    assert parse_traceback(text) == BoardTraceback(tuple(frames), name, message)


def test_the_real_one(run_on_micropython: Run) -> None:
    (output,) = run_on_micropython(["def f():\n raise ValueError('a\\nb', )\n\nx = lambda: f()\nx()"])
    found = parse_traceback(output)
    assert found.frames[-3:] == (
        Frame("<stdin>", 5, "<module>"),
        Frame("<stdin>", 4, "<lambda>"),
        Frame("<stdin>", 2, "f"),
    )
    assert (found.type_name, found.message) == ("ValueError", "a\nb")


def test_a_real_syntax_error(compile_on_micropython: Run) -> None:
    (output,) = compile_on_micropython(["x = 1\ny = ("])
    found = parse_traceback(output)
    assert (found.type_name, found.frames[-1].function) == ("SyntaxError", None)
