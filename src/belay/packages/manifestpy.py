"""What a repository's manifest.py says, without running it.

The format is MicroPython's (https://docs.micropython.org/en/latest/reference/manifest.html): ``metadata``,
``require``, ``package``, ``module``, ``include``, ``add_library``. It is Python, and written by strangers, so
it is read and never executed. What it leaves open unless it is executed is an error with its line: a package
with half of its files would be none.
"""

from __future__ import annotations

import ast
import posixpath
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NoReturn, Protocol

from belay.exceptions import ManifestError, PackageError
from belay.packages.constants import Options
from belay.packages.destination import check_destination, check_together
from belay.packages.model import Candidate, FromIndex, RemoteFile, Requirement
from belay.packages.requirement import check_key
from belay.packages.statements import Walk, bound
from belay.packages.version import parse_wanted

NAME = "manifest.py"
MAX_BYTES = 256 << 10
MAX_DEPTH = 16
"""Manifests that include each other in a row."""
MAX_MANIFESTS = 200
"""Manifests that are read for one package."""
MAX_FILES = 2000
MAX_DEPENDENCIES = 500
MAX_METADATA = 1000
"""Characters of what ``metadata`` says of one thing."""

_FIRMWARE = frozenset({"freeze", "freeze_as_mpy", "freeze_as_str", "freeze_mpy", "c_module"})
_WORDS = _FIRMWARE | {"metadata", "require", "package", "module", "include", "add_library"}
"""The functions that a manifest consists of."""
_HINT = "a package.json in the same folder is read instead"


class Tree(Protocol):
    """The files that a manifest is among: a folder, or a commit of a repository.

    Paths are relative to its root, with forward slashes, and never lead out of it.
    """

    def read(self, path: str) -> bytes | None:
        """What is in a file; None if there is none."""
        ...

    def has(self, path: str) -> bool:
        """Whether there is a file."""
        ...

    def files(self, folder: str) -> Iterable[str]:
        """The paths of all files in a folder and below; the root is the empty text."""
        ...


@dataclass(frozen=True)
class Described:
    """What a manifest.py says.

    Attributes:
        files: Destination and path in the tree of each file, in the manifest's order.
        requires: What it needs of an index.
        metadata: What it says of itself: version, description, license, author.
        remarks: What is not used, in sentences with lines.
    """

    files: tuple[tuple[str, str], ...] = ()
    requires: tuple[FromIndex, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """The version that it says it is, or empty."""
        return self.metadata.get("version", "")


def read_manifest_py(tree: Tree, folder: str = "", *, where: str = "") -> Described | None:
    """Read the manifest.py of a folder, without running it.

    Args:
        tree: The files of the repository.
        folder: The folder in it; empty for its root.
        where: What the tree is, for messages.

    Returns:
        What it says; None if there is none, or it is a module that only has this name.

    Raises:
        ManifestError: It is not understood, or says what only running it would tell.
        UnsafePathError: A destination is not safe.
    """
    path = posixpath.join(folder, NAME)
    source = tree.read(path)
    if source is None or not _is_description(module := _parse(source, where, path)):
        return None
    reader = _Reader(tree, where)
    reader.read(module, path, Options())
    check_together((destination for destination, _ in reader.files), where=where)
    return Described(
        tuple(reader.files), tuple(dict.fromkeys(reader.requires)), reader.metadata, tuple(reader.remarks)
    )


def as_candidate(
    described: Described, key: str, source: str, url_of: Callable[[str], str], *, where: str = ""
) -> Candidate:
    """The package that a manifest.py describes.

    Args:
        described: What it says.
        key: The candidate's name.
        source: The candidate's source.
        url_of: The URL of a file in the tree, by its path.
        where: Where the manifest is, for messages.
    """
    return Candidate(
        key,
        described.version,
        source,
        tuple(RemoteFile(destination, url_of(path)) for destination, path in described.files),
        tuple(Requirement(need.name, (need,), where=where) for need in described.requires),
    )


def _parse(source: bytes, where: str, path: str) -> ast.Module:
    if len(source) > MAX_BYTES:
        raise ManifestError(_place(where, path), f"is larger than {MAX_BYTES} bytes", hint=_HINT)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        raise ManifestError(
            _place(where, path, line), f"is no Python: {error.args[0]}", hint=_HINT
        ) from error
    except (RecursionError, MemoryError) as error:
        raise ManifestError(_place(where, path), "is nested too deeply", hint=_HINT) from error


def _place(where: str, path: str, line: int | None = None) -> str:
    place = f"{where}: {path}" if where else path
    return f"{place}, line {line}" if line else place


def _is_description(module: ast.Module) -> bool:
    """Whether it is a manifest and not a module that is called manifest."""
    words = _WORDS - bound(module)
    calls = (node for node in ast.walk(module) if isinstance(node, ast.Call))
    return any(isinstance(call.func, ast.Name) and call.func.id in words for call in calls)


class _Reader(Walk):
    """Goes through a manifest and those that it includes, and gathers what they say.

    Args:
        tree: The files of the repository.
        where: What the tree is, for messages.
    """

    def __init__(self, tree: Tree, where: str) -> None:
        super().__init__(_WORDS)
        self.tree = tree
        self.where = where
        self.files: list[tuple[str, str]] = []
        self.requires: list[FromIndex] = []
        self.metadata: dict[str, str] = {}
        self.remarks: list[str] = []
        self._libraries: dict[str, str | None] = {}
        self._paths: list[str] = []
        self._read = 0

    @property
    def _folder(self) -> str:
        return posixpath.dirname(self._paths[-1])

    def fail(self, reason: str, line: int | None = None) -> NoReturn:
        """Raise what is wrong with the manifest that is being read.

        Raises:
            ManifestError: Always.
        """
        raise ManifestError(_place(self.where, self._paths[-1], line or self.line), reason, hint=_HINT)

    def remark(self, sentence: str) -> None:
        self.remarks.append(f"{_place(self.where, self._paths[-1], self.line)}: {sentence}")

    def read(self, module: ast.Module, path: str, options: Options) -> None:
        """Go through a manifest."""
        before = self.names, self.line
        self._paths.append(path)
        self.names = {"options": options}
        self.run(module)
        self.names, self.line = before
        self._paths.pop()

    def called(self, name: str, call: ast.Call) -> None:
        """A function of a manifest was called."""
        if name in _FIRMWARE:
            self.fail(f"{name} is for building a firmware; what it would add is not known")
        getattr(self, f"do_{name}")(_Arguments(self, name, *self.arguments(call)))

    def other(self, call: ast.Call) -> None:
        """Something else was called: ``options.defaults``, or what is of no use here."""
        match call.func:
            case ast.Attribute(ast.Name("options"), "defaults") if not call.args:
                options = self.names.get("options")
                if isinstance(options, Options):
                    options.defaults(self.arguments(call)[1])
            case _:
                self.remark(f"{ast.unparse(call.func)!r:.60} is not called")

    def do_metadata(self, given: _Arguments) -> None:
        found = given.take("description", "version", "license", "author", others=True)
        if len(self._paths) > 1:
            return  # what is included tells of itself
        for name, value in found.items():
            if isinstance(value, str):
                if len(value) > MAX_METADATA or not value.replace("\n", " ").isprintable():
                    self.fail(f"the {name} is too long, or has characters that cannot be seen")
                self.metadata[name] = value.strip()
            elif name == "version" and value is not None:
                self.fail(f"the version must be a text, not {value!r:.50}")

    def do_require(self, given: _Arguments) -> None:
        found = given.take("name", "version", "pypi", "library", others=True)
        name, version, library = (given.text(found, each) for each in ("name", "version", "library"))
        if others := sorted(found.keys() - {"name", "version", "pypi", "library"}):
            self.remark(f"require: {', '.join(others)} is not used")
        if library:
            if library not in self._libraries:
                self.fail(f"there is no library {library!r}")
            self.include_from(library, name)
            return
        for each in self._libraries:
            if self._libraries[each] is not None and self.in_library(each, name):
                self.include_from(each, name)
                return
        try:
            check_key(name)
            self.requires.append(FromIndex(name, parse_wanted(version).text))
        except PackageError as error:
            self.fail(error.message)
        if len(self.requires) > MAX_DEPENDENCIES:
            self.fail(f"has more than {MAX_DEPENDENCIES} dependencies")

    def do_package(self, given: _Arguments) -> None:
        found = given.take("package_path", "files", "base_path", "opt")
        path, base = given.text(found, "package_path"), given.text(found, "base_path") or "."
        below = self.inside(self.inside(self._folder, base), path)
        names = found.get("files")
        if names is None:
            chosen = sorted(file for file in self.tree.files(below) if file.endswith(".py"))
        elif isinstance(names, list) and all(isinstance(each, str) for each in names):
            chosen = [self.inside(below, each) for each in names]
        else:
            self.fail(f"files must be a list of texts, not {names!r:.50}")
        if not chosen:
            self.fail(f"the package {path!r} has no .py files")
        for file in chosen:
            if not self.tree.has(file):
                self.fail(f"there is no file {file!r}")
            self.add(posixpath.normpath(posixpath.join(path, posixpath.relpath(file, below or "."))), file)

    def do_module(self, given: _Arguments) -> None:
        found = given.take("module_path", "base_path", "opt")
        path, base = given.text(found, "module_path"), given.text(found, "base_path") or "."
        file = self.inside(self.inside(self._folder, base), path)
        if not path.endswith(".py"):
            self.fail(f"the module {path!r} is no .py file")
        if not self.tree.has(file):
            self.fail(f"there is no file {file!r}")
        self.add(posixpath.normpath(path), file)

    def do_include(self, given: _Arguments) -> None:
        found = given.take("manifest_path", others=True)
        path = self.inside(self._folder, given.text(found, "manifest_path"))
        options = {name: value for name, value in found.items() if name != "manifest_path"}
        self.include(path if path.endswith(".py") else posixpath.join(path, NAME), options)

    def do_add_library(self, given: _Arguments) -> None:
        found = given.take("library", "library_path", "prepend")
        library, path = (given.text(found, each) for each in ("library", "library_path"))
        try:
            self._libraries[library] = self.inside(self._folder, path)
        except ManifestError as error:
            self.remark(f"the library {library!r} is left out: {error.reason}")
            self._libraries[library] = None

    # --- files -----------------------------------------------------------------------------------

    def add(self, destination: str, file: str) -> None:
        check_destination(destination, where=_place(self.where, self._paths[-1], self.line))
        for known, other in self.files:
            if known == destination:
                if other != file:
                    self.fail(f"has two files for {destination!r}: {other} and {file}")
                return
        self.files.append((destination, file))
        if len(self.files) > MAX_FILES:
            self.fail(f"has more than {MAX_FILES} files")

    def include(self, path: str, options: Mapping[str, object]) -> None:
        if path in self._paths:
            self.fail(f"includes {path!r}, which includes it")
        self._read += 1
        if len(self._paths) >= MAX_DEPTH or self._read > MAX_MANIFESTS:
            self.fail(f"includes more than {MAX_DEPTH} manifests in a row, or {MAX_MANIFESTS} in all")
        source = self.tree.read(path)
        if source is None:
            self.fail(f"there is no {path!r}")
        self.read(_parse(source, self.where, path), path, Options(options))

    def in_library(self, library: str, name: str) -> str | None:
        """The manifest of a package of a library of this repository, the uppermost; None if it has none."""
        end = f"/{name}/{NAME}"
        folder = self._libraries[library] or ""
        found = [path for path in self.tree.files(folder) if f"/{path}".endswith(end)]
        return min(found, key=lambda path: (path.count("/"), path), default=None)

    def include_from(self, library: str, name: str) -> None:
        if self._libraries[library] is None:
            self.fail(f"{name} is of the library {library!r}, which is not in this repository")
        path = self.in_library(library, name)
        if path is None:
            self.fail(f"the library {library!r} has no package {name!r}")
        if path not in self._paths:  # packages may need each other
            self.include(path, {})

    def inside(self, folder: str, path: str) -> str:
        """A path of the repository, from one that is relative to a folder of it.

        Raises:
            ManifestError: It leads out, or is none.
        """
        if "$(" in path:
            self.fail(f"{path!r} is a place of a firmware's build, which there is none of here")
        if not path or "\\" in path or not path.isprintable() or posixpath.isabs(path):
            self.fail(f"{path!r} is no path relative to the manifest")
        found = posixpath.normpath(posixpath.join(folder, path))
        if found == ".." or found.startswith("../"):
            self.fail(f"{path!r} leads out of the repository")
        return "" if found == "." else found


class _Arguments:
    """What a function of a manifest is called with.

    Args:
        reader: Raises what is wrong with it.
        function: The function's name.
        positional: Values without names.
        named: Values with names.
    """

    def __init__(
        self, reader: _Reader, function: str, positional: list[object], named: dict[str, object]
    ) -> None:
        self._reader = reader
        self._function = function
        self._positional = positional
        self._named = named

    def take(self, *names: str, others: bool = False) -> dict[str, object]:
        """The values by name.

        Args:
            names: Those of the function's parameters, in their order.
            others: Whether it takes values with other names.
        """
        if len(self._positional) > len(names):
            self._reader.fail(f"{self._function} takes at most {len(names)} values without a name")
        found = dict(zip(names, self._positional, strict=False))
        for name, value in self._named.items():
            if name in found or not (others or name in names):
                self._reader.fail(f"{self._function} takes no {name} here")
            found[name] = value
        first = names[0]
        if first not in found and self._function != "metadata":
            self._reader.fail(f"{self._function} needs a {first}")
        return found

    def text(self, found: Mapping[str, object], name: str) -> str:
        """A value that has to be a text, or may be left out."""
        value = found.get(name)
        if value is not None and not isinstance(value, str):
            self._reader.fail(f"{self._function}: {name} must be a text, not {value!r:.50}")
        return value or ""
