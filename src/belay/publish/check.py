"""Refuses to publish what nobody could import."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from keyword import iskeyword

from belay.exceptions import CompileError, PublishError
from belay.mpy import read_header
from belay.packages.manifest import MAX_FILES
from belay.publish.imports import missing_imports
from belay.source.syntax import unsupported_syntax

# On a MicroPython of today, with a file of each name in /lib, these were the firmware's own all the same.
_FIRST = (
    "__main__ _asyncio _thread builtins cmath deflate framebuf gc math micropython sys termios tls uctypes "
    "vfs"
)
# These were the file: so one can extend them.
_EXTENSIBLE = (
    "array binascii bluetooth btree collections cryptolib errno esp esp32 hashlib heapq io json lwip machine "
    "network os platform random re rp2 select socket struct time websocket"
)
FIRST = frozenset(_FIRST.split())
"""Modules of firmware that go before any file."""
EXTENSIBLE = frozenset(_EXTENSIBLE.split())
"""Modules of firmware that a file of their name takes the place of."""

_MOST = 20
"""So many reasons are named."""


def check(files: Mapping[str, bytes], *, mpy_versions: Iterable[int] = ()) -> list[str]:
    """Refuse files that a board could not import; the compiler has its own say.

    Args:
        files: The project's own files, by destination.
        mpy_versions: Those for which compiled files are published.

    Returns:
        What may surprise, in sentences.

    Raises:
        PublishError: Something could not be imported; the error has all reasons.
    """
    if len(files) > MAX_FILES:
        raise PublishError(f"the package has {len(files)} files, and belay installs {MAX_FILES} at most")
    reasons = [*_names(files), *_doubles(files), *_compiled(files, set(mpy_versions))]
    reasons += [
        f"{path}, line {line}: imports {what}, which is not there"
        for path, line, what in missing_imports(files)
    ]
    refuse(reasons)
    return list(_notes(files))


def check_syntax(files: Mapping[str, bytes]) -> None:
    """Refuse what is no Python, or none of MicroPython's, where there is no compiler to ask.

    Raises:
        PublishError: One of the files is.
    """
    refuse(
        reason for path, source in files.items() if path.endswith(".py") for reason in _syntax(path, source)
    )


def refuse(reasons: Iterable[str | CompileError], hint: str = "") -> None:
    """Refuse to publish for these reasons, if there are any.

    Raises:
        PublishError: There are.
    """
    lines = [reason if isinstance(reason, str) else reason.message for reason in reasons]
    if lines:
        more = [f"and {len(lines) - _MOST} more"] if len(lines) > _MOST else []
        raise PublishError(
            "\n  ".join(["this would not work on a board:", *lines[:_MOST], *more]),
            hint=hint or "mend it, or leave a file out by `ignore` in [tool.belay]",
        )


def _names(files: Mapping[str, bytes]) -> Iterator[str]:
    for path in files:
        if not path.endswith((".py", ".mpy")):
            continue
        parts = path.rpartition(".")[0].split("/")
        for part in parts:
            if not part.isidentifier() or iskeyword(part):
                yield f"{path}: {part!r} is no name that Python can import"
    for top in sorted({path.partition("/")[0] for path in files}):
        if _stem(top) in FIRST:
            yield f"{top}: a board imports the module {_stem(top)} of its firmware in its place"


def _doubles(files: Mapping[str, bytes]) -> Iterator[str]:
    folders = {path.rpartition("/")[0] for path in files if path.endswith((".py", ".mpy"))}
    for path in files:
        stem = path.rpartition(".")[0]
        if path.endswith(".py") and f"{stem}.mpy" in files:
            yield f"{path}: there is {stem}.mpy, too, and only one of them can be imported"
        if path.endswith((".py", ".mpy")) and stem in folders:
            yield f"{path}: there is a folder {stem}, which is imported in its place"


def _compiled(files: Mapping[str, bytes], versions: set[int]) -> Iterator[str]:
    for path, content in files.items():
        if path.endswith(".mpy"):
            header = read_header(content)
            if header is None:
                yield f"{path}: is no compiled file"
            elif others := sorted(versions - {header.version}):
                wanted = " and ".join(map(str, others))
                yield f"{path}: is of mpy version {header.version}, and is to be published for {wanted}"


def _syntax(path: str, source: bytes) -> Iterator[str]:
    try:
        text = source.decode("utf-8-sig").replace("\r\n", "\n")
        findings = unsupported_syntax(text)
    except UnicodeDecodeError:
        yield f"{path}: is not of UTF-8"
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        yield f"{path}{f', line {line}' if line else ''}: {getattr(error, 'msg', None) or error}"
    else:
        yield from (f"{path}, line {line}: MicroPython does not know {what}" for line, what in findings)


def _notes(files: Mapping[str, bytes]) -> Iterator[str]:
    for top in sorted({path.partition("/")[0] for path in files}):
        if _stem(top) in EXTENSIBLE:
            yield f"{top} takes the place of the module {_stem(top)} of a board's firmware"
        has_modules = any(path.startswith(f"{top}/") and path.endswith((".py", ".mpy")) for path in files)
        if has_modules and not {f"{top}/__init__.py", f"{top}/__init__.mpy"} & files.keys():
            yield f"{top} has no __init__.py: `import {top}` gives nothing, its modules can be imported"


def _stem(top: str) -> str:
    return top.removesuffix(".py").removesuffix(".mpy")
