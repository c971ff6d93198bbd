from __future__ import annotations

from pathlib import Path

import pytest

from belay.cache.made import Made
from belay.exceptions import FeatureUnavailableError
from belay.mpy import read_header
from belay.publish.compiled import compile_files, find_compilers
from belay.source.compile import Compiler, find_compiler

NATIVE = b"import micropython\n@micropython.native\ndef f():\n    return 1\n"


@pytest.fixture(scope="module")
def compiler() -> Compiler:
    return find_compilers([6])[6]


def test_files(compiler: Compiler, tmp_path: Path) -> None:
    files = {"a/__init__.py": b"X = 1\n", "a/b.py": b"\xef\xbb\xbfY = 2\n", "a/data.txt": b"z"}
    made = compile_files(files, compiler, 6, cache=Made(tmp_path))
    assert list(made.files) == ["a/__init__.mpy", "a/b.mpy", "a/data.txt"]
    assert made.files["a/data.txt"] == b"z"
    assert b"a/b.py" in made.files["a/b.mpy"]
    assert made == compile_files(files, compiler, 6, cache=Made(tmp_path))


def test_a_file_may_have_another_name(compiler: Compiler, tmp_path: Path) -> None:
    made = compile_files({"lib/x.py": b""}, compiler, 6, names={"lib/x.py": "x.py"}, cache=Made(tmp_path))
    assert b"lib" not in made.files["lib/x.mpy"]


def test_native_code_is_for_one_architecture(compiler: Compiler, tmp_path: Path) -> None:
    files = {"fast.py": NATIVE, "slow.py": b""}
    made = compile_files(files, compiler, 6, cache=Made(tmp_path))
    assert (set(made.files), made.kept) == ({"fast.py", "slow.mpy"}, ("fast.py",))
    made = compile_files(files, compiler, 6, arch="armv7m", cache=Made(tmp_path))
    heads = {path: read_header(content) for path, content in made.files.items()}
    assert {path: head.arch for path, head in heads.items() if head} == {"fast.mpy": "armv7m", "slow.mpy": ""}


def test_what_cannot_be_compiled(compiler: Compiler, tmp_path: Path) -> None:
    made = compile_files({"good.py": b"", "bad.py": b"\nx = ("}, compiler, 6, cache=Made(tmp_path))
    assert set(made.files) == {"good.mpy"}
    assert [each.path for each in made.failures] == ["bad.py"]


def test_a_compiler_that_makes_another_version_than_it_says(compiler: Compiler, tmp_path: Path) -> None:
    with pytest.raises(FeatureUnavailableError, match="version 7"):
        compile_files({"x.py": b""}, compiler, 7, cache=Made(tmp_path))


def test_compilers() -> None:
    assert find_compilers([]) == {}
    assert set(find_compilers([6, 6], [find_compiler()])) == {6}
    with pytest.raises(FeatureUnavailableError, match="makes files of version 6, not 5"):
        find_compilers([5, 6])
