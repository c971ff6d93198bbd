"""What a project's pyproject.toml says below ``[tool.belay]``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn, TypeVar
from urllib.parse import urlsplit

from belay.exceptions import ConfigError, PackageError, ProjectNotFoundError, RequirementError
from belay.mpy import ARCHES
from belay.packages.destination import check_destination, check_group, check_together
from belay.packages.document import load_toml
from belay.packages.hosting import Host
from belay.packages.journal import check_not_own
from belay.packages.lines import CONFLICT, dotted, find_lines, line_of, suggest, where_it_broke
from belay.packages.lines import Path as Place
from belay.packages.local import locate
from belay.packages.lockfile import NAME as LOCK
from belay.packages.model import MAIN_GROUP, FromIndex, FromPath, Requirement
from belay.packages.reading import read_regular
from belay.packages.requirement import NAME, parse_requirement
from belay.project.hosts import read_host

T = TypeVar("T")

FILE = "pyproject.toml"
MAX_BYTES = 32 << 20
DEFAULT_INDEX = "https://micropython.org/pi/v2"
DEFAULT_IGNORE = ("*.pyc", "__pycache__", ".DS_Store", ".pytest_cache")
DEFAULT_PATH = ".belay/dependencies"
_DEFAULT_PATH = PurePosixPath(DEFAULT_PATH)

TABLE: Place = ("tool", "belay")
_KEYS = (
    "name",
    "ignore",
    "dependencies",
    "dependencies_path",
    "package_indices",
    "http_hosts",
    "hosts",
    "mpy_version",
    "arch",
    "prefer",
    "group",
)
_MPY_VERSION = re.compile(r"py|[1-9][0-9]?")
_FOLDER = re.compile(r"\.{0,2}/|\.{1,2}$|~|[A-Za-z]:[/\\]")
_KINDS: dict[type, str] = {str: "a text", bool: "true or false", list: "a list", dict: "a table"}


@dataclass(frozen=True)
class Group:
    """A group of dependencies.

    Attributes:
        name: Its name, which is also the name of its folder.
        requirements: What is wanted, in the file's order.
        optional: Whether it is left out of an install unless it is asked for.
    """

    name: str
    requirements: tuple[Requirement, ...] = ()
    optional: bool = False


@dataclass(frozen=True)
class Project:
    """What a project says of itself; made by :func:`load_project`.

    Attributes:
        file: Its pyproject.toml, an absolute path.
        name: The name of the folder with its code, or empty.
        ignore: Patterns, as in a .gitignore, of files that are not for a board.
        groups: The groups of dependencies, the main one first.
        dependencies_path: Where the groups' folders are, relative to the project's folder.
        indices: Name and URL of each package index, in the order in which they are asked; the name is the URL
            where there is no other.
        http_hosts: The hosts that may be used without encryption, as ``name`` or ``name:port``.
        mpy_version: For which ``.mpy`` files, ``"py"`` for sources.
        arch: The architecture whose native code the project's boards run, as ``"armv6m"``, or empty.
        prefer: By destination, the package whose file is taken where several have other content for it.
        hosts: Its git hosts beside the known ones, or in their place.
    """

    file: Path
    name: str = ""
    ignore: tuple[str, ...] = DEFAULT_IGNORE
    groups: tuple[Group, ...] = (Group(MAIN_GROUP),)
    dependencies_path: PurePosixPath = _DEFAULT_PATH
    indices: tuple[tuple[str, str], ...] = ((DEFAULT_INDEX, DEFAULT_INDEX),)
    http_hosts: tuple[str, ...] = ()
    mpy_version: str = "py"
    arch: str = ""
    prefer: Mapping[str, str] = field(default_factory=dict)
    hosts: tuple[Host, ...] = ()

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self.file.parent

    @property
    def lock_file(self) -> Path:
        """Where its lockfile is, or would be."""
        return self.root / LOCK

    @property
    def vendored(self) -> Path:
        """The folder of the groups' folders."""
        return self.root / self.dependencies_path

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """What is wanted, of all groups."""
        return tuple(need for group in self.groups for need in group.requirements)


def find_project(start: Path | None = None) -> Path:
    """The pyproject.toml of the project that a folder is in.

    Args:
        start: The folder; the current one if not given.

    Raises:
        ProjectNotFoundError: No pyproject.toml there or above has a table ``[tool.belay]``.
        ConfigError: One of them is no TOML.
        OSError: One of them cannot be read.
    """
    start = (start or Path.cwd()).absolute()
    others = []
    for folder in (start, *start.parents):
        file = folder / FILE
        if file.is_file():
            document, _ = parse(file)
            if isinstance(tool := document.get("tool"), dict) and "belay" in tool:
                return file
            others.append(file)
    if others:
        raise ProjectNotFoundError(f"{others[0]} has no [tool.belay]", hint="`belay new` adds it")
    raise ProjectNotFoundError(f"there is no {FILE} in {start} or above", hint="`belay new` makes a project")


def load_project(file: Path, *, text: str | None = None) -> Project:
    """Read a project's pyproject.toml.

    Args:
        file: The file.
        text: What it is to be taken to say, instead of what it says.

    Raises:
        ProjectNotFoundError: It has no table ``[tool.belay]``.
        ConfigError: It is not understood; the error names file, line and key.
        OSError: It cannot be read.
    """
    file = file.absolute()
    document, text = parse(file, text)
    return _Reader(file, text).project(document)


def parse(file: Path, text: str | None = None) -> tuple[dict[str, Any], str]:
    """A pyproject.toml as TOML, and its text.

    Args:
        file: The file.
        text: Its text, if it is not to be read.

    Raises:
        ConfigError: It is no TOML.
        OSError: It cannot be read.
    """
    text = _read(file) if text is None else text
    try:
        return load_toml(text), text
    except tomllib.TOMLDecodeError as error:
        reason, line = where_it_broke(error, text)
        hint = "settle it, then take either side of belay.lock" if reason == CONFLICT else None
        raise ConfigError(str(file), reason, line=line, hint=hint) from error
    except RecursionError as error:
        raise ConfigError(str(file), "is nested too deeply") from error


def _read(file: Path) -> str:
    data = read_regular(file, MAX_BYTES)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(str(file), "is no UTF-8", line=line) from error


class _Reader:
    """Reads a document; what is wrong in it is told with its place."""

    def __init__(self, file: Path, text: str) -> None:
        self.file = file
        self.text = text
        self._lines: dict[Place, int] | None = None
        self._hosts: tuple[Host, ...] = ()

    def line(self, place: Place) -> int | None:
        if self._lines is None:
            self._lines = find_lines(self.text)
        return line_of(self._lines, place)

    def fail(self, place: Place, reason: str, hint: str | None = None) -> NoReturn:
        raise ConfigError(str(self.file), reason, key=dotted(place), line=self.line(place), hint=hint)

    @contextmanager
    def at(self, place: Place) -> Iterator[None]:
        """Errors in here are of what stands at a place."""
        try:
            yield
        except RequirementError as error:
            reason = error.reason if place[-1] == error.text else error.message
            self.fail(place, reason, error.hint)
        except PackageError as error:
            self.fail(place, error.message, error.hint)

    def take(self, table: Mapping[str, Any], place: Place, key: str, kind: type[T], default: T) -> T:
        value = table.get(key, default)
        if not isinstance(value, kind):
            self.fail((*place, key), f"must be {_KINDS[kind]}, not {value!r:.50}")
        return value

    def known(self, table: Mapping[str, Any], place: Place, keys: tuple[str, ...]) -> None:
        for key in table:
            if key not in keys:
                self.fail((*place, key), "is no known key", suggest(key, keys))

    def project(self, document: Mapping[str, Any]) -> Project:
        tool = self.take(document, (), "tool", dict, {})
        if "belay" not in tool:
            raise ProjectNotFoundError(f"{self.file} has no [tool.belay]", hint="`belay new` adds it")
        table = self.take(tool, ("tool",), "belay", dict, {})
        self.known(table, TABLE, _KEYS)
        indices = self.indices(table)
        self._hosts = self.hosts(table)
        groups = self.groups(table)
        self.check_indices(groups, indices)
        return Project(
            self.file,
            self.name(table),
            self.texts(table, "ignore", DEFAULT_IGNORE, lambda _: None),
            groups,
            self.path(table),
            indices,
            tuple(host.lower() for host in self.texts(table, "http_hosts", (), _check_host)),
            self.mpy_version(table),
            self.arch(table),
            self.prefer(table),
            self._hosts,
        )

    def name(self, table: Mapping[str, Any]) -> str:
        name = self.take(table, TABLE, "name", str, "")
        if name:
            with self.at((*TABLE, "name")):
                check_destination(name)
            if "/" in name:
                self.fail((*TABLE, "name"), "must be the name of a folder, without /")
        return name

    def texts(
        self, table: Mapping[str, Any], key: str, default: tuple[str, ...], check: Callable[[str], None]
    ) -> tuple[str, ...]:
        place = (*TABLE, key)
        values = self.take(table, TABLE, key, list, list(default))
        for number, value in enumerate(values):
            if not isinstance(value, str) or not value:
                self.fail((*place, number), f"must be a text, not {value!r:.50}")
            with self.at((*place, number)):
                check(value)
        return tuple(values)

    def path(self, table: Mapping[str, Any]) -> PurePosixPath:
        place = (*TABLE, "dependencies_path")
        text = self.take(table, TABLE, "dependencies_path", str, DEFAULT_PATH)
        parts = [part for part in text.split("/") if part not in {"", "."}]
        if text.startswith("/") or ".." in parts:
            self.fail(place, f"{text!r} must be a folder in the project")
        if parts:
            with self.at(place):
                check_destination("/".join(parts))
                check_not_own(PurePosixPath(*parts))
        return PurePosixPath(*parts)

    def mpy_version(self, table: Mapping[str, Any]) -> str:
        version = table.get("mpy_version", "py")
        if isinstance(version, int) and not isinstance(version, bool):
            version = str(version)
        if not isinstance(version, str) or not _MPY_VERSION.fullmatch(version):
            hint = "boards tell it as sys.implementation._mpy & 0xff"
            self.fail(
                (*TABLE, "mpy_version"), f'must be "py" or a number like "6", not {version!r:.50}', hint
            )
        return version

    def arch(self, table: Mapping[str, Any]) -> str:
        arch = self.take(table, TABLE, "arch", str, "")
        if arch not in ARCHES:
            self.fail((*TABLE, "arch"), f"{arch!r:.50} is no architecture", suggest(arch, ARCHES[1:]))
        return arch

    def prefer(self, table: Mapping[str, Any]) -> dict[str, str]:
        found = self.take(table, TABLE, "prefer", dict, {})
        for path, name in found.items():
            place = (*TABLE, "prefer", path)
            with self.at(place):
                check_destination(path)
            if not isinstance(name, str) or not NAME.fullmatch(name):
                self.fail(place, f"must be the name of a package, not {name!r:.50}")
        return found

    def hosts(self, table: Mapping[str, Any]) -> tuple[Host, ...]:
        found = []
        for name, value in self.take(table, TABLE, "hosts", dict, {}).items():
            with self.at((*TABLE, "hosts", name)):
                found.append(read_host(name, value))
        return tuple(found)

    def indices(self, table: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
        place = (*TABLE, "package_indices")
        values = self.take(table, TABLE, "package_indices", list, [DEFAULT_INDEX])
        found = [self.index((*place, number), value) for number, value in enumerate(values)]
        for number, (name, _) in enumerate(found):
            if name in dict(found[:number]):
                self.fail((*place, number), f"{name!r} is there twice")
        return tuple(found)

    def index(self, place: Place, value: object) -> tuple[str, str]:
        if isinstance(value, str):
            url = self.index_url(place, value)
            return url, url
        if not isinstance(value, dict):
            self.fail(place, f"must be a text or a table with name and url, not {value!r:.50}")
        self.known(value, place, ("name", "url"))
        name, url = (self.take(value, place, key, str, "") for key in ("name", "url"))
        if not NAME.fullmatch(name):
            self.fail((*place, "name"), f"{name!r} is no name: letters, digits, and . _ - between them")
        return name, self.index_url((*place, "url"), url)

    def index_url(self, place: Place, text: str) -> str:
        text = text.strip().rstrip("/")
        if _FOLDER.match(text):
            with self.at(place):
                return locate(FromPath(text), self.file.parent).as_uri()
        try:
            parts = urlsplit(text)
            known = parts.scheme in {"http", "https"} and parts.hostname
            if not (known or text.startswith("file:///")) or not text.isprintable() or " " in text:
                raise ValueError(text)
        except ValueError:
            self.fail(place, f"{text!r} is no address of an index", f"as {DEFAULT_INDEX}, or ./folder")
        if parts.username is not None:
            self.fail(place, "has a login in it, which would be written down in the lockfile")
        return text

    def groups(self, table: Mapping[str, Any]) -> tuple[Group, ...]:
        main = Group(MAIN_GROUP, self.dependencies(table, TABLE, MAIN_GROUP))
        place = (*TABLE, "group")
        others = []
        for name, group in self.take(table, TABLE, "group", dict, {}).items():
            below = (*place, name)
            if name == MAIN_GROUP:
                self.fail(below, f"is what stands in [{dotted((*TABLE, 'dependencies'))}]")
            with self.at(below):
                check_group(name)
            if not isinstance(group, dict):
                self.fail(below, f"must be a table, not {group!r:.50}")
            self.known(group, below, ("dependencies", "optional"))
            optional = self.take(group, below, "optional", bool, False)
            others.append(Group(name, self.dependencies(group, below, name), optional))
        with self.at(place):
            check_together([MAIN_GROUP, *(group.name for group in others)])
        return (main, *others)

    def dependencies(self, table: Mapping[str, Any], place: Place, group: str) -> tuple[Requirement, ...]:
        found = []
        for key, value in self.take(table, place, "dependencies", dict, {}).items():
            below = (*place, "dependencies", key)
            with self.at(below):
                where = f"{self.file.name}, line {self.line(below)}"
                found.append(parse_requirement(key, value, group=group, where=where, own=self._hosts))
        return tuple(found)

    def check_indices(self, groups: tuple[Group, ...], indices: tuple[tuple[str, str], ...]) -> None:
        known = {text for index in indices for text in index}
        for group in groups:
            above = TABLE if group.name == MAIN_GROUP else (*TABLE, "group", group.name)
            for need in group.requirements:
                for source in need.sources:
                    if (
                        isinstance(source, FromIndex)
                        and source.index
                        and source.index.rstrip("/") not in known
                    ):
                        self.fail(
                            (*above, "dependencies", need.key),
                            f"there is no index {source.index!r}",
                            suggest(source.index, tuple(name for name, _ in indices)),
                        )


def _check_host(host: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9.-]+(:[0-9]+)?|\[[0-9A-Fa-f:.]+\](:[0-9]+)?", host):
        raise RequirementError(host, "is no host: a name, or name:port")
