"""belay.lock: the text of a lock.

The format is described in docs/lockfile.md. The text depends on nothing but the lock: same lock, same bytes;
and each entry has a line of its own, so that two people's changes merge.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import msgspec

from belay.exceptions import LockError, PackageError, UnsafePathError
from belay.packages.destination import check_destination, check_group, check_together
from belay.packages.document import load_toml
from belay.packages.lines import CONFLICT, dotted, find_lines, line_of, where_it_broke
from belay.packages.lines import Path as Place
from belay.packages.local import path_of
from belay.packages.lock import Lock, LockedRequirement, preferred_files
from belay.packages.model import LockedFile, LockedPackage
from belay.packages.reading import open_regular
from belay.packages.requirement import check_key, parse_source
from belay.packages.writing import replace_file

FORMAT = 1
NAME = "belay.lock"
MAX_BYTES = 32 << 20
MAX_FILE = 16 << 20
"""Bytes of a file: no larger one is fetched, so none is locked."""

_HEADER = """\
# Written by belay, for belay: exactly which files were chosen. Keep it under version control; do not edit it.
# After a merge conflict in here, take either side and run `belay lock`.
"""
_AGAIN = "if it was edited by hand, bring the old one back; else remove it and run `belay lock`"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_AT = re.compile(r"(?P<reason>.*?)(?: - at `\$(?P<path>.*)`)?", re.DOTALL)
_STEP = re.compile(r"\.([A-Za-z0-9_]+)|\[(\d+)\]")


def write_lock(path: Path, lock: Lock) -> None:
    """Write a lockfile, as a whole or not at all.

    Raises:
        OSError: It cannot be written.
    """
    replace_file(path, to_text(lock, path.parent).encode())


def to_text(lock: Lock, root: Path) -> str:
    """The text of a lockfile.

    Args:
        lock: The lock.
        root: The project's folder: files of this machine are written relative to it.
    """
    lines = [_HEADER, f"version = {FORMAT}", f"mpy_version = {_quoted(lock.mpy_version)}"]
    lines += [f"arch = {_quoted(lock.arch)}"] if lock.arch else []
    lines += _array("indices", (_quoted(_relative(url, root)) for url in lock.indices))
    if lock.prefer:
        lines += _array("prefer", (_preference_line(*pair) for pair in sorted(lock.prefer.items())))
    lines += _array("requirements", map(_requirement_line, sorted(lock.requirements, key=_group_and_key)))
    for package in sorted(lock.packages, key=lambda package: package.name):
        lines += ["", "[[package]]"]
        lines += [f"{name} = {_quoted(getattr(package, name))}" for name in ("name", "version")]
        lines += [f"source = {_quoted(_relative(package.source, root))}"]
        lines += ["develop = true"] if package.develop else []
        for name in ("groups", "dependencies"):
            lines += _array(name, map(_quoted, sorted(getattr(package, name))))
        if package.constraints:
            lines += _array("constraints", (_constraint_line(*each) for each in sorted(package.constraints)))
        files = sorted(package.files, key=lambda file: file.destination)
        near = [root.parent, *_folders(package.source, root)]
        lines += _array("files", (_file_line(file, root, near) for file in files))
    return "\n".join(lines) + "\n"


def read_lock(path: Path) -> Lock | None:
    """Read a lockfile; None if there is none.

    Raises:
        LockError: It is not understood, or newer than this belay.
        OSError: It cannot be read.
    """
    try:
        with open_regular(path) as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    if len(data) > MAX_BYTES:
        raise LockError(str(path), f"is larger than {MAX_BYTES} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LockError(str(path), f"is no UTF-8 at byte {error.start}") from error
    return from_text(text, path)


def from_text(text: str, path: Path) -> Lock:
    """Understand the text of a lockfile.

    Args:
        text: The text.
        path: The lockfile: for messages, and because files of this machine are relative to its folder.

    Raises:
        LockError: It is not understood, or newer than this belay.
    """
    try:
        document = load_toml(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _unreadable(error, text, path) from error
    reader = _Reader(str(path), text)
    reader.check_format(document)
    try:
        page = msgspec.convert(document, _Page)
    except msgspec.ValidationError as error:
        reader.fail_by(str(error))
    return reader.lock(page, path.parent)


class _Struct(msgspec.Struct, forbid_unknown_fields=True):
    pass


class _Requirement(_Struct):
    group: str
    key: str
    wanted: str
    packages: tuple[str, ...]


class _File(_Struct):
    path: str
    size: int
    sha256: str
    url: str


class _Constraint(_Struct):
    name: str
    wanted: str


class _Package(_Struct):
    name: str
    version: str
    source: str
    groups: tuple[str, ...]
    dependencies: tuple[str, ...]
    files: tuple[_File, ...]
    develop: bool = False
    constraints: tuple[_Constraint, ...] = ()


class _Preference(_Struct):
    path: str
    package: str


class _Page(_Struct):
    version: int
    mpy_version: str = "py"
    arch: str = ""
    prefer: tuple[_Preference, ...] = ()
    indices: tuple[str, ...] = ()
    requirements: tuple[_Requirement, ...] = ()
    package: tuple[_Package, ...] = ()


class _Reader:
    """Finds what is wrong in a document, and where."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text

    def fail(self, reason: str, place: Place = (), hint: str | None = None) -> NoReturn:
        line = line_of(find_lines(self.text), place)
        reason += self.whose(place)
        raise LockError(self.file, reason, key=dotted(place), line=line, hint=hint or _AGAIN)

    def whose(self, place: Place) -> str:
        """Of which package it is what stands at a place."""
        match place:
            case ("package", int(number), *_, _):
                name = tomllib.loads(self.text)["package"][number].get("name", "")
                return f" (of the package {name!r:.50})"
        return ""

    def fail_by(self, message: str) -> NoReturn:
        """Fail with what the validation says: ``Expected `int`, got `str` - at `$.package[0].size```."""
        match = _AT.fullmatch(message)
        assert match is not None
        place = tuple(int(step[2]) if step[2] else step[1] for step in _STEP.finditer(match["path"] or ""))
        reason = match["reason"]
        unknown = re.search(r"unknown field `([^`]*)`", reason)
        if unknown:
            place = (*place, unknown[1])
        self.fail(reason[:1].lower() + reason[1:], place)

    def check_format(self, document: dict[str, object]) -> None:
        version = document.get("version")
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            self.fail("has no number of its format", ("version",))
        if version > FORMAT:
            reason = f"is of format {version}; this belay knows {FORMAT}"
            self.fail(reason, ("version",), "a newer belay wrote it; install that one")

    def check_legible(self, text: str, *place: str | int) -> None:
        """Refuse what nobody could read: it is shown to people, and a terminal would obey some of it."""
        if not text.isprintable():
            self.fail(f"{text!r:.80} has characters that are not printable", place)

    def lock(self, page: _Page, root: Path) -> Lock:
        for name in ("mpy_version", "arch"):
            self.check_legible(getattr(page, name), name)
        for count, url in enumerate(page.indices):
            self.check_legible(url, "indices", count)
        packages = tuple(self.package(number, package, root) for number, package in enumerate(page.package))
        names = {package.name for package in packages}
        seen: set[str] = set()
        for number, package in enumerate(packages):
            if package.name in seen:
                self.fail(f"{package.name} is there twice", ("package", number, "name"))
            seen.add(package.name)
            self.check_names(package.dependencies, names, ("package", number, "dependencies"))
            self.check_constraints(package, ("package", number, "constraints"))
        for number, need in enumerate(page.requirements):
            with self.at("requirements", number):
                check_group(need.group)
                check_key(need.key)
            self.check_legible(need.wanted, "requirements", number, "wanted")
            self.check_names(need.packages, names, ("requirements", number, "packages"))
        prefer = {preference.path: preference.package for preference in page.prefer}
        self.check_groups(packages, prefer)
        needs = tuple(LockedRequirement(**msgspec.structs.asdict(need)) for need in page.requirements)
        indices = tuple(_absolute(url, root) for url in page.indices)
        return Lock(packages, needs, page.mpy_version, indices, page.arch, prefer)

    def package(self, number: int, package: _Package, root: Path) -> LockedPackage:
        place: Place = ("package", number)
        with self.at(*place, "name"):
            check_key(package.name)
        self.check_legible(package.version, *place, "version")
        self.check_legible(package.source, *place, "source")
        for count, group in enumerate(package.groups):
            with self.at(*place, "groups", count):
                check_group(group)
        return LockedPackage(
            package.name,
            package.version,
            _absolute(package.source, root) if package.source.startswith("index+") else package.source,
            package.groups,
            package.dependencies,
            tuple(
                self.locked_file(file, root, (*place, "files", count))
                for count, file in enumerate(package.files)
            ),
            package.develop,
            tuple((each.name, each.wanted) for each in package.constraints),
        )

    def locked_file(self, file: _File, root: Path, place: Place) -> LockedFile:
        with self.at(*place, "path"):
            check_destination(file.path)
        self.check_legible(file.url, *place, "url")
        if not 0 <= file.size <= MAX_FILE:
            self.fail(f"{file.size} is no size: of 0 to {MAX_FILE} bytes", (*place, "size"))
        if not _SHA256.fullmatch(file.sha256):
            self.fail("is no SHA-256: 64 digits, lower case", (*place, "sha256"))
        return LockedFile(file.path, file.size, file.sha256, _absolute(file.url, root))

    def check_names(self, wanted: Iterable[str], names: set[str], place: Place) -> None:
        for count, name in enumerate(wanted):
            if name not in names:
                self.fail(f"there is no package {name!r}", (*place, count))

    def check_constraints(self, package: LockedPackage, place: Place) -> None:
        for count, (name, wanted) in enumerate(package.constraints):
            if name not in package.dependencies:
                self.fail(f"{name!r} is no dependency of {package.name}", (*place, count))
            with self.at(*place, count):
                parse_source(wanted)

    def check_groups(self, packages: tuple[LockedPackage, ...], prefer: Mapping[str, str]) -> None:
        preferred = preferred_files(packages, prefer)
        known: dict[str, dict[str, tuple[str, Place]]] = {}
        for number, package in enumerate(packages):
            for group in package.groups:
                inside = known.setdefault(group, {})
                for count, file in enumerate(package.files):
                    place: Place = ("package", number, "files", count)
                    digits = preferred.get(file.destination, file).sha256
                    if inside.setdefault(file.destination, (digits, place))[0] != digits:
                        self.fail(f"another package has other content for {file.destination}", place)
        for inside in known.values():
            try:
                check_together(inside)
            except UnsafePathError as error:
                places = (
                    place for path, (_, place) in inside.items() if f"{path}/".startswith(f"{error.path}/")
                )
                self.fail(error.message, next(places))

    @contextmanager
    def at(self, *place: str | int) -> Iterator[None]:
        """Errors in here are of what stands at a place."""
        try:
            yield
        except PackageError as error:
            self.fail(error.message, place)


def _unreadable(error: Exception, text: str, path: Path) -> LockError:
    if isinstance(error, tomllib.TOMLDecodeError):
        reason, line = where_it_broke(error, text)
        hint = "take either side, then run `belay lock`" if reason == CONFLICT else _AGAIN
        return LockError(str(path), reason, line=line, hint=hint)
    return LockError(str(path), "is nested too deeply", hint=_AGAIN)


def _array(name: str, entries: Iterable[str]) -> list[str]:
    lines = [f"    {entry}," for entry in entries]
    return [f"{name} = [", *lines, "]"] if lines else [f"{name} = []"]


def _requirement_line(need: LockedRequirement) -> str:
    packages = ", ".join(map(_quoted, need.packages))
    return (
        f"{{ group = {_quoted(need.group)}, key = {_quoted(need.key)}, wanted = {_quoted(need.wanted)}, "
        f"packages = [{packages}] }}"
    )


def _preference_line(path: str, package: str) -> str:
    return f"{{ path = {_quoted(path)}, package = {_quoted(package)} }}"


def _constraint_line(name: str, wanted: str) -> str:
    return f"{{ name = {_quoted(name)}, wanted = {_quoted(wanted)} }}"


def _file_line(file: LockedFile, root: Path, near: Iterable[Path]) -> str:
    url = _quoted(_relative(file.url, root, near))
    return (
        f"{{ path = {_quoted(file.destination)}, size = {file.size}, sha256 = {_quoted(file.sha256)}, "
        f"url = {url} }}"
    )


def _group_and_key(need: LockedRequirement) -> tuple[str, str]:
    return need.group, need.key


def _quoted(text: str) -> str:
    """A basic string of TOML: as in JSON, but for one character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def _folders(source: str, root: Path) -> list[Path]:
    """Where a package is that the project names by paths relative to it."""
    texts = [part.removeprefix("path+") for part in source.split(" + ") if part.startswith("path+")]
    relative = [text for text in texts if not text.startswith("~") and not Path(text).is_absolute()]
    places = [Path(os.path.normpath(root / text)) for text in relative]
    return [place.parent if place.suffix == ".json" else place for place in places]


def _relative(url: str, root: Path, near: Iterable[Path] = ()) -> str:
    """An address as it is written: what is near the project does not say where the project is."""
    before, colon, _ = url.partition("file:")
    if not colon or before not in {"", "index+"}:
        return url
    path = path_of(url.removeprefix(before))
    if not any(path.is_relative_to(place) for place in near or (root.parent,)):
        return url
    return f"{before}path+{Path(os.path.relpath(path, root)).as_posix()}"


def _absolute(url: str, root: Path) -> str:
    before, colon, path = url.partition("path+")
    if not colon or before not in {"", "index+"}:
        return url
    return before + Path(os.path.normpath(root / path)).absolute().as_uri()
