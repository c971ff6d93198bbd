from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from belay.cli import exits
from belay.cli.board import WrongUse
from belay.cli.run import BoardScript, understand

from .conftest import Belay

FILLING = "".join(f"filler_{number} = {number}\n" for number in range(100))
"""Makes a script longer than what travels inside a string."""

LENGTHS = pytest.mark.parametrize(
    "filling", ["", FILLING, "# a comment comes first\n" + FILLING], ids=["short", "long", "comment"]
)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return tmp_path / "script.py"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("script.py",), BoardScript(None, "script.py")),
        (("script",), BoardScript(None, "script")),
        (("-",), BoardScript(None, "-")),
        (("/some/where/script.py",), BoardScript(None, "/some/where/script.py")),
        (("virtual:", "script.py"), BoardScript("virtual:", "script.py")),
        (("/dev/ttyACM0", "-"), BoardScript("/dev/ttyACM0", "-")),
    ],
)
def test_the_first_word_decides(words: tuple[str, ...], expected: BoardScript) -> None:
    assert understand(words) == expected


@pytest.mark.parametrize("word", ["virtual:", "/dev/null", "/dev/no-such-port", "id:1", "COM3"])
def test_a_board_is_no_script(word: str) -> None:
    with pytest.raises(WrongUse, match="names a board"):
        understand((word,))


def test_a_file_may_have_the_name_of_a_board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a0").touch()
    assert understand(("a0",)) == BoardScript(None, "a0")


def test_output_and_end(belay: Belay, script: Path) -> None:
    script.write_text("print('one')\nprint('two', end='')\n", encoding="utf-8")
    result = belay("run", "virtual:", str(script))
    assert (result.code, result.out, result.err) == (0, "one\ntwo", "")


def test_it_is_the_main_program(belay: Belay, script: Path) -> None:
    script.write_text("if __name__ == '__main__':\n    print('main')\n", encoding="utf-8")
    assert belay("run", "virtual:", str(script)).out == "main\n"


@LENGTHS
@pytest.mark.parametrize(
    ("ending", "code", "err"),
    [
        ("sys.exit()", 0, ""),
        ("sys.exit(None)", 0, ""),
        ("sys.exit(7)", 7, ""),
        ("raise SystemExit", 0, ""),
        ("def f():\n    raise SystemExit(3)\nf()", 3, ""),
        ("sys.exit('out of paper')", 1, "out of paper\n"),
        ("try:\n    sys.exit(5)\nfinally:\n    print('tidied')", 5, ""),
    ],
)
def test_exit_code(  # noqa: PLR0917 - pytest gives them by name
    belay: Belay, script: Path, filling: str, ending: str, code: int, err: str
) -> None:
    script.write_text(f"{filling}import sys\nprint('here')\n{ending}\nprint('not here')\n", encoding="utf-8")
    result = belay("run", "virtual:", str(script))
    assert (result.code, result.err) == (code, err)
    assert result.out.replace("tidied\n", "") == "here\n"


@LENGTHS
def test_a_traceback_leads_into_the_file(belay: Belay, script: Path, filling: str) -> None:
    body = (
        'text = """\n  of two lines"""\n\ndef f(x):\n    # why\n    return 1 / x\n\nprint("before")\nf(0)\n'
    )
    script.write_text(filling + body, encoding="utf-8")
    result = belay("run", "virtual:", str(script))
    lines = (filling + body).splitlines()
    assert (result.code, result.out) == (exits.RAISED, "before\n")
    assert result.err.splitlines() == [
        "Traceback (most recent call last):",
        f'  File "{script}", line {lines.index("f(0)") + 1}, in <module>',
        "    f(0)",
        f'  File "{script}", line {lines.index("    return 1 / x") + 1}, in f',
        "    return 1 / x",
        "ZeroDivisionError: divide by zero",
    ]


@LENGTHS
def test_a_syntax_error_leads_into_the_file(belay: Belay, script: Path, filling: str) -> None:
    script.write_text(f"print('never')\n{filling}x = = 1\n", encoding="utf-8")
    result = belay("run", "virtual:", str(script))
    assert (result.code, result.out) == (exits.RAISED, "")
    line = filling.count("\n") + 2
    assert result.err.splitlines()[1:] == [
        f'  File "{script}", line {line}, in <module>',
        "    x = = 1",
        "SyntaxError: invalid syntax",
    ]


def test_syntax_that_only_the_board_refuses(belay: Belay, script: Path) -> None:
    script.write_text(f"{FILLING}print(1)\nmatch 1:\n    case 1:\n        pass\n", encoding="utf-8")
    result = belay("run", "virtual:", str(script))
    assert (result.code, result.out) == (exits.RAISED, "")
    assert f'File "{script}", line 102' in result.err


def test_a_script_from_standard_input(belay: Belay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"print('in')\n1/0\n")))
    result = belay("run", "virtual:", "-")
    assert result.out == "in\n"
    assert result.err.splitlines()[1:3] == ['  File "<stdin>", line 2, in <module>', "    1/0"]


def test_a_big_script(belay: Belay, script: Path) -> None:
    function = "def f{0}():\n    'A docstring: äöü €. It goes.'\n    return '€€€ {0} äöü\U0001f600'\n\n"
    text = "".join(function.format(number) for number in range(1200))
    assert len(text.encode()) > 100_000
    script.write_text(f"{text}print(f1199())\nraise SystemExit(4)\n", encoding="utf-8")
    result = belay("run", "virtual:", str(script))
    assert (result.code, result.err) == (4, "")
    assert result.out == "€€€ 1199 äöü\U0001f600\n"


def test_a_straight_script_too_long_to_be_guarded_runs(belay: Belay, script: Path) -> None:
    script.write_text("x = 1\n" * 9000 + "print(x)\n1/0\n", encoding="utf-8")
    result = belay("run", "virtual:", str(script))
    assert (result.code, result.out) == (exits.RAISED, "1\n")
    assert f'File "{script}", line 9002, in <module>' in result.err


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfx = 'a'\r\nprint(x,\r\n  '''b\r\nc''')\r\n",
        b"x = '\x01\x02\x03\x04\x05'\nprint('a b\\nc' if len(x) == 5 else x)\n",
        b"\n\n# only\nprint('a b\\nc')",
    ],
    ids=["bom-and-crlf", "control-characters", "no-newline-at-the-end"],
)
def test_strange_scripts(belay: Belay, script: Path, data: bytes) -> None:
    for filling in (b"", FILLING.encode()):
        script.write_bytes(data + b"\n" + filling)
        result = belay("run", "virtual:", str(script))
        assert (result.code, result.out, result.err) == (0, "a b\nc\n", "")


def test_an_empty_script(belay: Belay, script: Path) -> None:
    script.write_text("", encoding="utf-8")
    assert belay("run", "virtual:", str(script)).code == 0


def test_a_folder_is_no_script(belay: Belay, tmp_path: Path) -> None:
    result = belay("run", "virtual:", str(tmp_path))
    assert (result.code, result.err) == (exits.FILE, f"error: {tmp_path}: Is a directory\n")


def test_what_is_no_text_is_no_script(belay: Belay, script: Path) -> None:
    script.write_bytes(b"\xff\xfe\x00")
    result = belay("run", "virtual:", str(script))
    assert result.code == exits.FILE
    assert f"{script}" in result.err


def test_a_board_that_is_reset_by_the_script(belay: Belay, script: Path) -> None:
    script.write_text("import machine\nmachine.reset()\n", encoding="utf-8")
    result = belay("run", "virtual:", str(script))
    assert result.code == exits.CONNECTION
    assert "the board was reset" in result.err


@LENGTHS
def test_input_reads_standard_input(
    belay: Belay, script: Path, monkeypatch: pytest.MonkeyPatch, filling: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("1\n2\n"))
    script.write_text(f"{filling}print(int(input('a? ')) + int(input('b? ')))\n", encoding="utf-8")
    result = belay("run", "virtual:", str(script))
    assert (result.code, result.out, result.err) == (0, "a? b? 3\n", "")
