from __future__ import annotations

import io
import os
import select
import signal
import subprocess
import sys
import time
from ast import literal_eval
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from servers.web import WebServer

from belay.cli import exits
from belay.cli.app import cli
from belay.cli.board import WrongUse
from belay.cli.program import Program
from belay.cli.run import BoardScript, understand
from belay.project.environment import DEFAULT_PATHS

from .conftest import Belay, Result, Start

FILLING = "".join(f"filler_{number} = {number}\n" for number in range(100))
"""Makes a script longer than what travels inside a string."""

LENGTHS = pytest.mark.parametrize(
    "filling", ["", FILLING, "# a comment comes first\n" + FILLING], ids=["short", "long", "comment"]
)


@pytest.fixture(autouse=True)
def no_history_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """MicroPython's prompt writes down what was typed."""
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return tmp_path / "script.py"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("script.py",), BoardScript(None, "script.py")),
        (("no-such-program",), BoardScript(None, "no-such-program")),
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


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of PATH, with a program; the current folder is beside it."""
    if os.name == "nt":
        pytest.skip("the programs are scripts of a shell")
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("tool", "a0", "COM3", "script.py"):
        (folder / name).write_text('#!/bin/sh\necho "$MICROPYPATH" "$@"\n', encoding="utf-8")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return folder


@pytest.mark.parametrize("rest", [(), ("-m", "x", "--help"), ("virtual:", "x.py"), ("--", "-")])
def test_a_program_is_found_on_path_or_is_a_path(tools: Path, rest: tuple[str, ...]) -> None:
    file = str(tools / "tool")
    assert understand(("tool", *rest)) == Program(file, ("tool", *rest))
    assert understand((file, *rest)) == Program(file, (file, *rest))
    Path("own").symlink_to(file)
    assert understand(("./own", *rest)) == Program("./own", ("./own", *rest))


@pytest.mark.parametrize("word", ["", "a\0b", "x" * 5000])
def test_a_word_that_can_be_no_file(belay: Belay, tools: Path, word: str) -> None:
    assert understand((word,)) == BoardScript(None, word)
    assert belay("run", word, "-m", "x").code == exits.USAGE


def test_an_option_that_nobody_knows(belay: Belay, tools: Path) -> None:
    result = belay("run", "x.py", "--nosuch")
    assert result.code == exits.USAGE
    assert "neither a program" not in result.err


def test_the_interpreter_is_a_program_even_if_there_is_none(tools: Path) -> None:
    assert understand(("micropython", "-c", "1")) == Program(None, ("micropython", "-c", "1"))
    assert understand(("micropython",)) == Program(None, ("micropython",))
    (tools / "micropython").symlink_to(tools / "tool")
    assert understand(("micropython",)) == Program(str(tools / "micropython"), ("micropython",))


def test_what_is_no_program(tools: Path) -> None:
    assert understand(("a0", "tool")) == BoardScript("a0", "tool")
    assert understand(("COM3", "tool")) == BoardScript("COM3", "tool")
    assert understand(("script.py",)) == BoardScript(None, "script.py")
    assert understand((str(tools / "script.py"),)) == BoardScript(None, str(tools / "script.py"))
    Path("tool").touch()
    assert understand(("tool",)) == BoardScript(None, "tool")
    assert understand(("tool", "x.py")) == Program(str(tools / "tool"), ("tool", "x.py"))
    Path("tool").chmod(0o755)
    assert understand(("tool",)) == Program(str(tools / "tool"), ("tool",))
    Path("text").touch()
    assert understand(("text",)) == BoardScript(None, "text")
    assert understand(("./text",)) == BoardScript(None, "./text")
    assert understand(("virtual:", "tool")) == BoardScript("virtual:", "tool")
    with pytest.raises(WrongUse, match="neither a program nor"):
        understand(("text", "x.py"))


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
    assert result.code == exits.FILE
    assert (
        result.err == f"error: {tmp_path}: Is a directory\nhint: there is a folder where a file should be\n"
    )


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


def test_standard_input_is_at_its_end_behind_a_script_from_there(
    belay: Belay, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = b"try:\n    input('? ')\nexcept EOFError:\n    print('none left')\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
    assert belay("run", "virtual:", "-").out == "? none left\n"


def test_imports_come_from_a_mounted_folder(belay: Belay, script: Path, tmp_path: Path) -> None:
    folder = tmp_path / "source"
    (folder / "package").mkdir(parents=True)
    (folder / "package/__init__.py").write_text("from .part import answer\n", encoding="utf-8")
    (folder / "package/part.py").write_text("def answer(x):\n    return 42 // x\n", encoding="utf-8")
    script.write_text("import package\nprint(package.answer(1))\npackage.answer(0)\n", encoding="utf-8")
    result = belay("run", "virtual:", str(script), "--mount", str(folder))
    assert (result.code, result.out) == (exits.RAISED, "42\n")
    assert f'File "{script}", line 3, in <module>\n    package.answer(0)\n' in result.err
    assert 'File "/remote/package/part.py", line 2, in answer\n' in result.err
    code = "__import__('package').answer(2)"
    assert belay("eval", "virtual:", code, "--mount", str(folder)).out == "21\n"
    assert belay("exec", "--mount", str(folder), "virtual:", f"print({code})").out == "21\n"


def test_a_module_that_lies_beside_the_script(belay: Belay, script: Path) -> None:
    script.with_name("beside.py").touch()
    script.write_text("import beside.part\n", encoding="utf-8")
    result = belay("run", "virtual:", str(script))
    assert result.code == exits.RAISED
    note = f"note: beside is here, and not on the board: `--mount {script.parent}` lets it import from here\n"
    assert result.err.endswith(f"ImportError: no module named 'beside'\n{note}")
    script.write_text("import elsewhere\n", encoding="utf-8")
    assert "note:" not in belay("run", "virtual:", str(script)).err


def test_a_folder_is_mounted_for_scripts_only(belay: Belay, tools: Path) -> None:
    result = belay("run", "--mount", ".", "tool")
    assert result.code == exits.USAGE
    assert "--mount is for scripts on a board" in result.err


# --- programs of this computer ---------------------------------------------------------------------

UNITTEST = """\
class TestCase:
    def assertEqual(self, one, other):
        assert one == other, (one, other)
"""
UNITTEST_MAIN = """\
import os, sys, unittest

names = sorted(name[:-3] for name in os.listdir(".") if name.startswith("test_"))
failed = 0
for case in [getattr(__import__(name), "Test") for name in names]:
    for method in sorted(name for name in dir(case) if name.startswith("test_")):
        try:
            getattr(case(), method)()
            print(method, "ok")
        except AssertionError as error:
            failed += 1
            print(method, "failed:", error)
print("arguments:", sys.argv[1:])
sys.exit(1 if failed else 0)
"""
TEST = """\
import my_project, sensor, unittest

class Test(unittest.TestCase):
    def test_double(self):
        self.assertEqual(my_project.double(21), 42)

    def test_sensor(self):
        self.assertEqual(sensor.read(), 1)
"""
PYPROJECT = """\
[tool.belay]
package_indices = ["{url}"]

[tool.belay.dependencies]
sensor = {{uri = "../sensor", develop = true}}
unittest = "*"

[tool.belay.group.dev]
optional = true
dependencies.unittest-discover = "*"
"""


@pytest.fixture(scope="module")
def index() -> Iterator[str]:
    """An index with a unittest, whose parts are packages as those of the real one are."""
    init = {"unittest/__init__.py": UNITTEST}
    packages = {
        "unittest": {"1.0": {"files": init}},
        "unittest-discover": {"1.0": {"files": {**init, "unittest/__main__.py": UNITTEST_MAIN}}},
    }
    with WebServer() as web:
        yield web.packages(packages)


@pytest.fixture
def project(index: str, belay: Belay, tools: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with tests, which is the current folder; on PATH is no MicroPython."""
    root = tools.parent / "project"
    files = {
        "project/pyproject.toml": PYPROJECT.format(url=index),
        "project/my_project/__init__.py": "def double(x):\n    return 2 * x\n",
        "project/test_it.py": TEST,
        "sensor/__init__.py": "def read():\n    return 1\n",
    }
    for name, text in files.items():
        (tools.parent / name).parent.mkdir(exist_ok=True)
        (tools.parent / name).write_text(text, encoding="utf-8")
    monkeypatch.setenv("BELAY_CACHE_DIR", str(tools.parent / "cache"))
    monkeypatch.delenv("MICROPYPATH", raising=False)
    monkeypatch.chdir(root)
    assert belay("update").code == 0
    return root


def finish(process: subprocess.Popen[bytes], text: bytes | None = None) -> Result:
    out, err = process.communicate(text, timeout=60)
    return Result(process.returncode, out.decode(), err.decode())


def test_unittest_just_works(project: Path, start: Start) -> None:
    done = finish(start("run", "micropython", "-m", "unittest", "--help", "-v", "x y"))
    assert (done.code, done.err) == (0, "")
    assert done.out == "test_double ok\ntest_sensor ok\narguments: ['--help', '-v', 'x y']\n"
    sensor = project.parent / "sensor" / "__init__.py"
    sensor.write_text("def read():\n    return 2\n", encoding="utf-8")
    done = finish(start("run", "micropython", "-m", "unittest"))
    assert (done.code, done.err) == (1, "")
    assert done.out == "test_double ok\ntest_sensor failed: (2, 1)\narguments: []\n"


def test_what_the_interpreter_has_by_itself_is_kept(
    project: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/homes/me")
    monkeypatch.setenv("MICROPYPATH", "/mine")
    (project / "sub").mkdir()
    done = finish(
        start("run", "micropython", "-c", "import asyncio, my_project, sys; print(sys.path)", cwd="sub")
    )
    assert (done.code, done.err) == (0, "")
    folders = ["", "/.belay/.local/run", "/.belay/dependencies/main", "/.belay/dependencies/dev"]
    defaults = [".frozen", "/homes/me/.micropython/lib", "/usr/lib/micropython"]
    expected = ["", *(f"{project}{folder}" for folder in folders), "/mine", *defaults]
    assert literal_eval(done.out) == expected


def test_the_defaults_are_those_of_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "~")
    monkeypatch.delenv("MICROPYPATH", raising=False)
    program = "import sys; from belay.virtual.command import become_micropython as m; m(sys.argv[1:], {})"
    words = [sys.executable, "-c", program, "-c", "import sys; print(sys.path)"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert literal_eval(done.stdout) == ["", *DEFAULT_PATHS]


def test_a_program_gets_its_arguments_as_they_are(project: Path, start: Start) -> None:
    done = finish(start("run", "tool", "--timeout", "1", "--", "-h", "a b", cwd="my_project"))
    assert (done.code, done.err) == (0, "")
    path, _, rest = done.out.partition(" ")
    assert path.startswith(f"{project}:{project}/.belay/.local/run:{project}/.belay/dependencies/main:")
    assert rest == "--timeout 1 -- -h a b\n"
    done = finish(start("-v", "run", "--", "tool", "-x"))
    assert (done.code, done.err) == (0, f"MICROPYPATH={path}\n")
    assert done.out == f"{path} -x\n"


def test_a_micropython_on_path_is_preferred(project: Path, tools: Path, start: Start) -> None:
    (tools / "micropython").symlink_to(tools / "tool")
    assert finish(start("run", "micropython", "-m", "x")).out.endswith(" -m x\n")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("micropython", "-c", "raise SystemExit(7)"), 7),
        (("micropython", "-c", "1/0"), 1),
        (("micropython", "nosuch.py"), 2),
        (("/bin/sh", "-c", "exit 41"), 41),
        (("/bin/sh", "-c", "kill -9 $$"), -9),
        (("/bin/sh", "-c", "kill -PIPE $$"), -13),
    ],
)
def test_the_end_is_the_programs(project: Path, start: Start, words: tuple[str, ...], code: int) -> None:
    assert finish(start("run", *words)).code == code


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", -15), ("SIGHUP", -1)])
def test_signals_are_the_programs(project: Path, start: Start, name: str, code: int) -> None:
    program = "print('ready')\nwhile True: pass"
    process = start("run", "micropython", "-c", program)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(getattr(signal, name))
    done = finish(process)
    assert done.code == code
    assert ("KeyboardInterrupt" in done.out + done.err) == (name == "SIGINT")


def test_standard_input_is_the_programs(project: Path, start: Start) -> None:
    process = start("run", "micropython", "-c", "import sys; print(sys.stdin.readline(), sys.stdin.read())")
    assert finish(process, b"one\ntwo").out == "one\n two\n"
    assert finish(start("run", "/bin/cat"), b"\0\xc3\xa9").out == "\0é"


def test_a_terminal_stays_one(project: Path, start: Start) -> None:
    host, program = os.openpty()
    try:
        process = start("run", "micropython", stdin=program, stdout=program, stderr=program)
        until(host, b">>> ")
        until_raw(program)
        os.write(host, b"1+\x7f*42\r")
        seen = until(host, b"\n42\r\n>>> ")
        until_raw(program)
        os.write(host, b"\x04")
        until(host, b"\n")
        assert process.wait(60) == 0, seen
    finally:
        os.close(host)
        os.close(program)


def until(host: int, end: bytes) -> bytes:
    """What a terminal shows up to an end."""
    seen = b""
    while end not in seen:
        assert select.select([host], [], [], 60)[0], seen
        seen += os.read(host, 1000)
    return seen


def until_raw(terminal: int) -> None:
    """Wait until the interpreter reads single keys: what was typed before it throws away."""
    import termios

    deadline = time.monotonic() + 60
    while termios.tcgetattr(terminal)[3] & termios.ICANON:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_vendored_files_that_are_missing_are_told(project: Path, start: Start) -> None:
    (project / ".belay/dependencies/dev/unittest/__main__.py").unlink()
    done = finish(start("run", "tool"))
    assert done.code == 0
    missing = Path(".belay/dependencies/dev/unittest/__main__.py")
    assert done.err == (
        f"warning: vendored files are not as locked: {missing} is missing\n"
        "hint: `belay fetch` restores them\n"
    )
    assert finish(start("-q", "run", "tool")).err == ""


def test_outside_of_a_project(belay: Belay, tools: Path) -> None:
    result = belay("run", "micropython")
    assert result.code == exits.PACKAGES
    assert "belay new" in result.err


def test_no_interpreter_at_all(belay: Belay, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "micropython_run", None)
    result = belay("run", "micropython", "-m", "unittest")
    assert result.code == exits.UNAVAILABLE
    assert result.err.startswith("error: there is no micropython on PATH, and none that belay brings along\n")
    assert "hint: install a MicroPython" in result.err
    assert "MICROPYPATH" not in os.environ


def test_a_program_that_cannot_be_run(belay: Belay, project: Path, tools: Path) -> None:
    (tools / "tool").write_text("#!/no/such/interpreter\n", encoding="utf-8")
    result = belay("run", "tool")
    assert (result.code, result.err) == (exits.FILE, f"error: {tools / 'tool'}: No such file or directory\n")
    assert signal.getsignal(signal.SIGPIPE) is signal.SIG_IGN


def test_a_develop_dependency_that_is_gone(belay: Belay, project: Path) -> None:
    (project.parent / "sensor").rename(project.parent / "elsewhere")
    result = belay("run", "tool")
    assert result.code == exits.USAGE
    assert "there is no such file or folder" in result.err


def test_completion(tools: Path) -> None:
    complete = ShellComplete(cli, {}, "belay", "_BELAY_COMPLETE")
    found = complete.get_completions(["run"], "micro")
    assert [(item.value, item.type) for item in found] == [("micropython", "plain"), ("micro", "file")]
    assert [item.type for item in complete.get_completions(["run", "tool"], "x")] == ["file"]
    assert complete.get_completions(["run", "tool"], "--") == []
    assert "--timeout" in [item.value for item in complete.get_completions(["run"], "--")]
