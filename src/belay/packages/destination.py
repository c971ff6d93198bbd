"""Where a package's files may go, and where they go.

A destination is a path below a group's folder. It must mean the same file, inside that folder, on every
system: what one of them forbids, or understands otherwise, is refused on all.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from keyword import iskeyword

from belay.exceptions import RequirementError, UnsafePathError
from belay.packages.requirement import MAX_NAME, NAME

MAX_PATH = 200
"""Bytes of a destination; with a project's folder before it, Windows allows 260 characters."""

MAX_PART = 100
MAX_DEPTH = 16

_FORBIDDEN = {
    "\\": "a backslash separates folders on some systems only",
    ":": "a colon stands for drives and streams on Windows",
    **dict.fromkeys('<>"|?*', "Windows does not allow it"),
}
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file: also with digits written as superscripts.
_DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"}
_DEVICES |= {f"{name}{digit}" for name in ("com", "lpt") for digit in "0123456789¹²³"}
# Git runs what the configuration in a folder of this name says, wherever it finds one.
_GIT = {".git", "git~1"}
_PLAIN = re.compile("[A-Za-z0-9_.-]+")
"""Nearly every name: no sign of it has to be looked at by itself."""


def check_destination(path: str, *, where: str = "") -> str:
    """Refuse a path that is not safe below a group's folder.

    Args:
        path: With forward slashes.
        where: Who asks for it, for the message.

    Returns:
        The path.

    Raises:
        UnsafePathError: The reason.
    """
    reason = _reason_against(path)
    if reason:
        raise UnsafePathError(path, reason, where=where)
    return path


def check_group(name: str) -> str:
    """Refuse what is no name of a group: it becomes a folder.

    Raises:
        UnsafePathError: The reason.
    """
    reason = _reason_against_part(name)
    if not reason and not NAME.fullmatch(name):
        reason = "is no name: letters, digits, and . _ - between them"
    if not reason and len(name) > MAX_NAME:
        reason = f"is longer than {MAX_NAME} characters"
    if reason:
        raise UnsafePathError(name, reason, where="group")
    return name


def check_together(paths: Iterable[str], *, where: str = "") -> None:
    """Refuse paths that cannot all be there on every system.

    Two paths may differ by case, or by the way an accented letter is composed, on some systems only; and no
    path can be a file and a folder.

    Args:
        paths: Each is safe by itself; a path that comes twice is no harm.
        where: Who asks for them, for the message.

    Raises:
        UnsafePathError: Two of them clash.
    """
    folders: dict[str, str] = {}
    files: dict[str, str] = {}
    for path in paths:
        for folder in parents(path):
            _note(folders, folder, "differ by their case only, and are one folder on some systems", where)
        _note(files, path, "differ by their case only, and are one file on some systems", where)
    for folded, path in files.items():
        if folded in folders:
            raise UnsafePathError(path, f"is to be a file and a folder ({folders[folded]}/…)", where=where)


def parents(path: str) -> list[str]:
    """The folders that a path is in, the outermost first."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]


def fold(path: str) -> str:
    """A text that is the same for paths that are one file on some system."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def import_folder(key: str) -> str:
    """The folder that ``import key`` looks into: ``umqtt/simple`` for ``umqtt.simple``.

    Raises:
        RequirementError: Nothing of this name can be imported.
    """
    parts = key.replace("-", "_").split(".")
    if not all(part.isidentifier() and not iskeyword(part) for part in parts):
        raise RequirementError(
            key, "cannot be imported: no Python name", hint="give the dependency another name"
        )
    return "/".join(parts)


def place_file(key: str, name: str, *, alone: bool, rename_to_init: bool) -> str:
    """Where a single file goes, so that ``import key`` finds it.

    Args:
        key: The name of the dependency.
        name: The name of the file.
        alone: Whether it is all of the dependency, not one of a list.
        rename_to_init: Whether a lone ``.py`` file becomes ``key/__init__.py``.

    Raises:
        RequirementError: Nothing of the dependency's name can be imported.
    """
    folder = import_folder(key)
    stem, dot, suffix = name.rpartition(".")
    if alone and suffix == "py" and rename_to_init:
        return f"{folder}/__init__.py"
    is_module = dot and suffix in {"py", "mpy"}
    if alone and is_module and stem.replace("-", "_") == folder.rpartition("/")[2]:
        # In a folder of its own name it would have to be imported as key.key.
        return f"{folder}.{suffix}"
    if alone and suffix == "mpy" and rename_to_init:
        return f"{folder}.mpy"
    return f"{folder}/{name}"


def _note(known: dict[str, str], path: str, reason: str, where: str) -> None:
    first = known.setdefault(fold(path), path)
    if first != path:
        if unicodedata.normalize("NFC", first) == unicodedata.normalize("NFC", path):
            reason = "have the same letters, put together in two ways: one name on some systems"
            raise UnsafePathError(path, f"and {first!a} {reason}", where=where)
        raise UnsafePathError(path, f"and {first!r} {reason}", where=where)


def _reason_against(path: str) -> str:
    if not path:
        return "is empty"
    if path.startswith("/"):
        return "is absolute"
    if len(path.encode(errors="replace")) > MAX_PATH:
        return f"is longer than {MAX_PATH} bytes"
    parts = path.split("/")
    if len(parts) > MAX_DEPTH:
        return f"is deeper than {MAX_DEPTH} folders"
    return next((reason for part in parts if (reason := _reason_against_part(part))), "")


def _reason_against_part(part: str) -> str:
    if part in {"", ".", ".."}:
        return "leads out of its folder" if part == ".." else "has a part that is empty or a dot"
    if not _PLAIN.fullmatch(part) and (reason := next(filter(None, map(_reason_against_sign, part)), "")):
        return reason
    return _reason_against_name(part)


def _reason_against_sign(sign: str) -> str:
    if sign in _FORBIDDEN:
        return f"has {sign!r} in it: {_FORBIDDEN[sign]}"
    # Control, format (they are invisible) and unassigned characters, surrogates, line separators.
    if unicodedata.category(sign)[0] == "C" or unicodedata.category(sign) in {"Zl", "Zp"}:
        return f"has the character U+{ord(sign):04X} in it, which cannot be seen or written"
    return ""


def _reason_against_name(part: str) -> str:
    if part[-1] in ". ":
        return "has a name that ends with a dot or a blank, which Windows drops"
    if part[0] == " ":
        return "has a name that begins with a blank"
    if len(part.encode()) > MAX_PART:
        return f"has a name longer than {MAX_PART} bytes"
    if part.partition(".")[0].rstrip().casefold() in _DEVICES:
        return "names a device of Windows"
    return "is a folder of git's own" if part.casefold() in _GIT else ""
