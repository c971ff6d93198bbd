from __future__ import annotations

import builtins
import functools
import linecache
import re
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from belay import BoardError, Device, PyboardException
from belay.board.calls import BoardFailure
from belay.remote.failure import MAX_TEXTS, Origin, describe, text_origin, to_exception
from belay.source import LineMap

HERE = Path(__file__).name
OURS = str(Path("src", "belay"))


def raised(call: Callable[[], Any]) -> BoardError:
    with pytest.raises(BoardError) as caught:
        call()
    return caught.value


def inside(error: BaseException) -> list[tuple[str, str, str]]:
    """File, function and source line of what the text that Python prints shows of the board's part."""
    text = "".join(traceback.format_exception(error))
    assert "_belay" not in text
    assert "During handling" not in text
    assert "direct cause" not in text
    found = re.findall(r'  File "(.*)", line \d+, in (.*)\n(?:    (?! *[\^~])(.*)\n)?', text)
    ours = [at for at, (file, _, _) in enumerate(found) if OURS in file]
    return [(Path(file).name, function, line) for file, function, line in found[ours[-1] + 1 :]]


# --- the way home --------------------------------------------------------------------------------


def test_a_task_shows_the_users_line(device: Device) -> None:
    @device.task
    def outer(n):
        # A comment, which is not sent.
        return inner(
            n,  # Which is not sent either.
        )

    @device.task
    def inner(n: int) -> int:
        """Fail."""

        return n // 0

    error = raised(lambda: outer(5))
    # An expression over several lines has the line on which the call ends, or begins: the board decides.
    (file, function, _), *rest = inside(error)
    assert (file, function) == (HERE, "outer")
    assert rest == [(HERE, "inner", "return n // 0")]


def test_decorated_indented_and_unminified_functions_too(device: Device) -> None:
    def also(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper(*args: Any) -> Any:
            return function(*args)

        return wrapper

    class Here:
        @staticmethod
        @device.task(minify=False)
        @also
        def fails():
            # One, two.

            raise ValueError("three")

    assert inside(raised(Here.fails)) == [(HERE, "fails", 'raise ValueError("three")')]


def test_functions_within_functions_and_lambdas(device: Device) -> None:
    @device.task
    def outer():
        def helper(x):
            return [y / 0 for y in x]

        return (lambda: helper([1]))()  # noqa: PLC3002

    entries = inside(raised(outer))
    assert [function for _, function, _ in entries] == ["outer", "<lambda>", "helper", "<listcomp>"]
    assert {file for file, _, _ in entries} == {HERE}
    assert entries[-1][2] == "return [y / 0 for y in x]"


def test_setups_and_what_they_define(device: Device) -> None:
    @device.setup
    def prepare(divisor):
        def divide(n):
            return n / divisor

        half = divide(1)  # noqa: F841 - a global of the board

    entries = inside(raised(lambda: prepare(0)))
    assert entries == [
        (HERE, "prepare", "half = divide(1)  # noqa: F841 - a global of the board"),
        (HERE, "divide", "return n / divisor"),
    ]

    @device.task
    def later():
        return divide("x")  # noqa: F821 - on the board

    prepare(1)
    assert inside(raised(later))[-1] == (HERE, "divide", "return n / divisor")


def test_generators(device: Device) -> None:
    @device.task
    def items():
        yield 1
        raise IndexError("done")

    assert inside(raised(lambda: list(items())))[-1] == (HERE, "items", 'raise IndexError("done")')


def test_statements_and_expressions_show_their_own_text(device: Device) -> None:
    error = raised(lambda: device("x = 0  # A comment.\n\n\nx = (1 /\n     x)"))
    ((_, function, line),) = inside(error)
    assert (function, line) in {("<module>", "x = (1 /"), ("<module>", "x)")}
    assert inside(raised(lambda: device("1 / 0  # why not")))[-1][1:] == ("<module>", "1 / 0  # why not")
    long = raised(lambda: device("x = 1\n" * 500 + "raise ValueError(5)\n" + "x = 1\n" * 500))
    assert inside(long)[-1][1:] == ("<module>", "raise ValueError(5)")
    assert "line 501" in "".join(traceback.format_exception(long))
    device("def g():\n    return 1 / 0")
    assert [entry[1] for entry in inside(raised(lambda: device("g()")))] == ["<module>", "g"]


def test_text_that_is_indented_as_a_whole(device: Device) -> None:
    device("""
        if True:
            indented = '''a

        b'''
    """)
    assert device("indented") == "a\n\nb"
    assert device("  1 + 1") == 2
    assert device("\n (1 +\n   1)") == 2


def test_a_whole_program_shows_its_file(device: Device, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("def f():\n    # no\n    raise ValueError(5)\n\nf()\n")
    error = raised(lambda: device.run(script.read_text(), file=str(script)))
    assert inside(error) == [("script.py", "<module>", "f()"), ("script.py", "f", "raise ValueError(5)")]


def test_modules_on_the_board(device: Device) -> None:
    root = device.virtual.root
    (root / "sensor.py").write_text("def read():\n    raise OSError(5)\n")
    (root / "broken.py").write_text("x = 1\nx = 1 / 0\n")
    (root / "wrong.py").write_text("x = 1\nx x\n")

    @device.task
    def measure():
        import sensor

        return sensor.read()

    assert inside(raised(measure)) == [(HERE, "measure", "return sensor.read()"), ("sensor.py", "read", "")]
    assert inside(raised(lambda: device("import broken")))[-1] == ("broken.py", "<module>", "")
    error = raised(lambda: device("import wrong"))
    assert isinstance(error, SyntaxError)
    assert inside(error)[-1] == ("wrong.py", "<module>", "")


def test_definitions_that_fail(device: Device) -> None:
    def define() -> None:
        @device.task
        def wrong(a=1, b=HERE):
            return a + b

    assert inside(raised(define)) == [(HERE, "<module>", "def wrong(a=1, b=HERE):")]
    assert isinstance(raised(define), NameError)


def test_what_the_board_cannot_compile(device: Device) -> None:
    error = raised(lambda: device("x = 1\nx = = 2"))
    assert isinstance(error, SyntaxError)
    assert str(error) == "invalid syntax"
    assert [entry[1:] for entry in inside(error)] == [("<module>", "x = = 2")]


def test_nothing_else_is_chained(device: Device) -> None:
    error = raised(lambda: device("1 / 0"))
    assert error.__cause__ is None
    assert error.__context__ is None

    def within() -> None:
        try:
            raise LookupError("host")
        except LookupError:
            device("1 / 0")

    context = raised(within).__context__
    assert context is None or isinstance(context, LookupError)


def test_our_own_part_of_the_traceback_is_one_line(device: Device) -> None:
    @device.task
    def fails():
        return 1 / 0

    for call in (fails, lambda: device("1 / 0")):
        entries = traceback.extract_tb(raised(call).__traceback__)
        ours = [entry for entry in entries if OURS in entry.filename]
        assert [entry.name for entry in ours] == ["__call__"]


# --- types ---------------------------------------------------------------------------------------


def test_builtin_types_are_those_of_the_host(device: Device) -> None:
    error = raised(lambda: device("raise ValueError('a', 1)"))
    assert isinstance(error, ValueError)
    assert not isinstance(error, KeyError)
    assert type(error).__name__ == "ValueError"
    assert error.args == error.board_args == ("a", 1)
    assert error.board_type == "ValueError"
    assert error.board_message == str(error) == error.message == "('a', 1)"
    assert error.board_traceback.startswith("Traceback (most recent call last):\n  File")
    assert error.board_traceback.endswith("ValueError: ('a', 1)\n")
    assert error.hint is None
    assert PyboardException is BoardError


def test_the_users_own_types_are_caught_as_what_they_are_based_on(device: Device) -> None:
    device("class Mine(ValueError): pass\nclass Deeper(Mine): pass\nclass Plain(Exception): pass")
    error = raised(lambda: device("raise Deeper('x')"))
    assert isinstance(error, ValueError)
    assert (error.board_type, type(error).__name__) == ("Deeper", "Deeper")
    assert describe(error) == "Deeper: x"
    assert "board.Deeper: x" in traceback.format_exception(error)[-1]
    assert type(raised(lambda: device("raise Plain"))).__mro__[1] is BoardError
    assert describe(raised(lambda: device("raise Plain"))) == "Plain"


def test_os_errors_have_their_number(device: Device) -> None:
    error = raised(lambda: device("open('nowhere')"))
    assert isinstance(error, OSError)
    assert (error.errno, str(error)) == (2, "[Errno 2] ENOENT")


@pytest.mark.parametrize("name", ["SystemExit", "KeyboardInterrupt", "GeneratorExit"])
def test_what_ends_programs_there_does_not_end_them_here(device: Device, name: str) -> None:
    error = raised(lambda: device(f"raise {name}(3)"))
    assert isinstance(error, Exception)
    assert (error.board_type, error.args) == (name, (3,))

    @device.task
    def leave():
        import sys

        sys.exit(4)

    assert raised(leave).args == (4,)


def test_stop_iteration_has_its_value(device: Device) -> None:
    error = raised(lambda: device("raise StopIteration(5)"))
    assert isinstance(error, StopIteration)
    assert error.value == 5
    assert raised(lambda: device("raise StopIteration")).value is None  # type: ignore[attr-defined]


def test_errors_raised_while_handling_others(device: Device) -> None:
    error = raised(
        lambda: device("try:\n  1/0\nexcept ZeroDivisionError as e:\n  raise ValueError(2) from e")
    )
    assert isinstance(error, ValueError)


BUILTINS = sorted(
    {
        kind
        for kind in vars(builtins).values()
        if isinstance(kind, type) and issubclass(kind, Exception) and not issubclass(kind, BaseExceptionGroup)
    },
    key=lambda kind: kind.__name__,
)


@pytest.mark.parametrize("kind", BUILTINS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("args", [(), ("text",), (2,), (1, 2, 3, 4, 5, 6)], ids=repr)
def test_any_builtin_exception_can_be_made(kind: type[Exception], args: tuple[object, ...]) -> None:
    text = f'Traceback (most recent call last):\n  File "<stdin>", line 1, in f\n{kind.__name__}: what\n'
    error = to_exception(BoardFailure([kind.__name__, "Exception"], args, text), LineMap())
    expected = BoardError if kind is Exception else kind
    assert isinstance(error, expected)
    assert (error.args, str(error)) == (args, "what")
    assert f"board.{kind.__name__}: what" in "".join(traceback.format_exception(error))


@pytest.mark.parametrize("types", [[], [""], ["int"], ["ExceptionGroup"], ["print", "BaseException"]])
def test_other_names_make_plain_board_errors(types: list[str]) -> None:
    error = to_exception(BoardFailure(types, (), "???"), LineMap())
    assert type(error).__mro__[1] is BoardError
    assert error.board_frames is None
    assert str(error) == "???"


def test_lines_are_kept_for_the_latest_texts_only() -> None:
    names = [text_origin(f"text {n}").file for n in range(MAX_TEXTS + 1)]
    assert len(set(names)) == len(names)
    assert linecache.getline(names[-1], 1) == f"text {MAX_TEXTS}\n"
    assert linecache.getline(names[1], 1) == "text 1\n"
    assert linecache.getline(names[0], 1) == ""


def test_origins_know_their_lines() -> None:
    origin = Origin("file.py", 10, "f")
    assert (origin.at(3).file, origin.at(3).line, origin.at(3).function) == ("file.py", 12, "f")
    assert origin.at(1, "g").function == "g"
