"""MicroPython indices for tests: of the shape of micropython-lib, or as large as wanted. Content is made up.

An index is a function from a path below its root to bytes, so that a large one costs nothing until it is
asked. Everything follows from the recipe: the same recipe gives the same bytes on every machine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

SHAPE = Path(__file__).with_name("index_shape.json")
UPDATED = 1_700_000_000
"""When an index says that it was made, unless told otherwise; long ago."""
MPY_HEADER = b"M\x06\x00\x1f"
"""Of an ``.mpy`` file of version 6 without native code."""


@dataclass(frozen=True)
class Release:
    """A package in one version.

    Attributes:
        files: Content by destination.
        deps: What it needs, as ``[name, version]``, in the order of its manifest.
        urls: Files that lie elsewhere, as ``[destination, URL]``.
    """

    files: Mapping[str, bytes]
    deps: tuple[tuple[str, str], ...] = ()
    urls: tuple[tuple[str, str], ...] = ()


@dataclass
class Package:
    """A package with all its versions, oldest first.

    Attributes:
        versions: Releases by version.
        latest: What ``latest.json`` holds; by default the last of the versions.
        latest_version: The version that ``latest.json`` states.
        mpy: Whether the directory of mpy version 6 has it too.
    """

    versions: dict[str, Release]
    latest: Release | None = None
    latest_version: str = ""
    mpy: bool = True
    description: str = ""


@dataclass
class Index:
    """A MicroPython index (version 2) out of packages.

    Attributes:
        packages: By name.
        listed: Whether it has an ``index.json``.
        updated: What ``index.json`` says of its age, in seconds since 1970.
        digits: Of a SHA-256 that name a file; micropython-lib uses 8.
    """

    packages: dict[str, Package]
    listed: bool = True
    updated: int = UPDATED
    digits: int = 8
    _files: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for package in self.packages.values():
            for release in [*package.versions.values(), *([package.latest] if package.latest else [])]:
                self._add(release)

    def _add(self, release: Release) -> None:
        for destination, content in release.files.items():
            for data in (content, compiled(destination, content)):
                self._files[hashlib.sha256(data).hexdigest()[: self.digits]] = data

    def get(self, path: str) -> bytes | None:
        """What lies at a path below the index, as ``"package/py/abc/latest.json"``; None for nothing."""
        match path.split("/"):
            case ["index.json"] if self.listed:
                return _json(self.listing())
            case ["package", mpy, name, page] if page.endswith(".json"):
                return self._page(mpy, name, page.removesuffix(".json"))
            case ["file", start, digits] if digits.startswith(start) and len(start) == 2:
                return self._files.get(digits)
        return None

    def listing(self) -> dict[str, Any]:
        """What ``index.json`` holds."""
        packages = [self._entry(name, self.packages[name]) for name in sorted(self.packages)]
        return {"v": 2, "updated": self.updated, "packages": packages}

    def _entry(self, name: str, package: Package) -> dict[str, Any]:
        versions = list(package.versions)
        return {
            "name": name,
            "version": package.latest_version or versions[-1],
            "author": "",
            "description": package.description,
            "license": "MIT",
            "versions": {"py": versions, **({"6": versions} if package.mpy else {})},
            "path": f"micropython/{name}",
        }

    def _page(self, mpy: str, name: str, version: str) -> bytes | None:
        package = self.packages.get(name)
        if package is None or mpy not in ({"py", "6"} if package.mpy else {"py"}):
            return None
        if version == "latest":
            newest = list(package.versions)[-1]
            release: Release | None = package.latest or package.versions[newest]
            version = package.latest_version or newest
        else:
            release = package.versions.get(version)
        return None if release is None else _json(self._manifest(release, version, mpy != "py"))

    def _manifest(self, release: Release, version: str, mpy: bool) -> dict[str, Any]:
        hashes = []
        for destination, content in release.files.items():
            compile_it = mpy and destination.endswith(".py")
            data = compiled(destination, content) if compile_it else content
            place = destination.removesuffix(".py") + ".mpy" if compile_it else destination
            hashes.append([place, hashlib.sha256(data).hexdigest()[: self.digits]])
        made: dict[str, Any] = {"v": 1, "hashes": hashes, "version": version}
        if release.urls:
            made["urls"] = [list(pair) for pair in release.urls]
        if release.deps:
            made["deps"] = [list(pair) for pair in release.deps]
        return made

    def paths(self) -> Iterable[str]:
        """Every path that has something."""
        if self.listed:
            yield "index.json"
        for name, package in self.packages.items():
            for mpy in ["py", "6"] if package.mpy else ["py"]:
                for version in [*package.versions, "latest"]:
                    yield f"package/{mpy}/{name}/{version}.json"
        for digits in self._files:
            yield f"file/{digits[:2]}/{digits}"

    def write(self, folder: Path) -> None:
        """Puts the index into a folder, as a web server would have it."""
        for path in self.paths():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(self.get(path) or b"")


def compiled(destination: str, content: bytes) -> bytes:
    """What stands for the ``.mpy`` of a source: it can be imported, and its ``CONTENT`` is :func:`mark`.

    https://docs.micropython.org/en/latest/reference/mpyfiles.html: names, no constants, then one function.
    """
    names = [destination, "<module>", "CONTENT", mark(destination, content)]
    table = b"".join(_number(len(name.encode()) << 1) + name.encode() + b"\0" for name in names)
    # Two places on the stack, one byte of information: the function's name. Then: load text 3, store name 2,
    # load None, return.
    code = bytes([0x08, 0x02, 0x01, 0x10, 3, 0x16, 2, 0x51, 0x63])
    return MPY_HEADER + _number(len(names)) + _number(0) + table + _number(len(code) << 3) + code


def mark(destination: str, content: bytes) -> str:
    """What tells the ``.mpy`` of a source from all others."""
    return hashlib.sha256(destination.encode() + content).hexdigest()


def _number(value: int) -> bytes:
    more = _number(value >> 7) if value > 0x7F else b""
    return bytes(byte | 0x80 for byte in more) + bytes([value & 0x7F])


@cache
def made_up(number: int, size: int) -> bytes:
    """The content of a number: a Python module of exactly ``size`` bytes, 40 or more."""
    start = f"CONTENT = {number}\n\n\ndef content():\n    return {number}\n".encode()
    if len(start) + 2 > size:
        start = f"CONTENT = {number}\n".encode()
    line = b"# " + b"." * 97 + b"\n"
    padding = (line * (size // len(line) + 1))[: size - len(start) - 1]
    if padding.endswith(b"\n"):
        padding = padding[:-1] + b"#"
    return (start + padding.replace(b"\n.", b"\n#") + b"\n")[:size]


def of(packages: Mapping[str, Mapping[str, Any]], *, sources: Collection[str] = (), **options: Any) -> Index:
    """An index of a few packages, written down shortly.

    Args:
        packages: ``{name: {version: {"files": {destination: text}, "deps": [...], "urls": [...]}}}``; all may
            be left out, and a package without files has a module of its own name.
        sources: The packages that are there as sources only.
        options: Of :class:`Index`.
    """
    made = {}
    for name, versions in packages.items():
        made[name] = Package(
            {
                version: Release(
                    {
                        k: v.encode()
                        for k, v in wanted.get("files", {_module(name): f"V = '{version}'\n"}).items()
                    },
                    tuple((dep[0], dep[1]) for dep in wanted.get("deps", ())),
                    tuple((url[0], url[1]) for url in wanted.get("urls", ())),
                )
                for version, wanted in versions.items()
            },
            mpy=name not in sources,
        )
    return Index(made, **options)


def _module(name: str) -> str:
    return name.replace("-", "_").replace(".", "/") + ".py"


def micropython_lib(**options: Any) -> Index:
    """An index of micropython-lib's shape: its names, versions, destinations, sizes and shared contents.

    All ``latest.json`` are of one tree, as in the real one, so no two of them differ in a file; the pages of
    versions are as old as the versions.
    """
    shape = json.loads(SHAPE.read_text())
    newest = _one_tree(shape)
    packages = {}
    for name, package in shape.items():
        versions = {v: _release(files) for v, files in package["versions"].items()}
        latest = _release([newest[_place(file)] for file in package["versions"][package["latest"]]])
        packages[name] = Package(versions, latest, package["latest"], description=f"The {name} module")
    return Index(packages, **options)


def _one_tree(shape: dict[str, Any]) -> dict[str, list[Any]]:
    """The newest file of each module among the latest versions; one became a folder of its name."""
    tree: dict[str, list[Any]] = {}
    for package in shape.values():
        for destination, size, number in package["versions"][package["latest"]]:
            file = [destination, size, number]
            tree[_place(file)] = max(tree.get(_place(file), file), file, key=_age)
    return tree


def _place(file: list[Any]) -> str:
    """What a file is imported as, with slashes."""
    return str(file[0]).removesuffix(".py").removesuffix("/__init__")


def _age(file: list[Any]) -> int:
    return int(file[2])


def _release(files: list[list[Any]]) -> Release:
    return Release({destination: made_up(number, size) for destination, size, number in files})


def large(packages: int = 2000, versions: int = 10, **options: Any) -> Index:
    """An index with closures of known sizes: ``closure-N-0`` needs N packages, itself counted.

    N is 10, 30, 100, 300 and 1000, as far as there is room; the other packages need nothing. Each package of
    a closure needs two or three others of it, some in a range of versions, and there are cycles.
    """
    made: dict[str, Package] = {}
    for size in (10, 30, 100, 300, 1000):
        if len(made) + size <= packages:
            made.update(_closure(size, versions))
    for number in range(packages - len(made)):
        made[f"alone-{number}"] = _versions(f"alone_{number}.py", number, (), versions)
    return Index(made, **options)


def _closure(size: int, versions: int) -> dict[str, Package]:
    made = {}
    for number in range(size):
        children = [(2 * number + 1, ""), (2 * number + 2, ">=1.1,<2"), (number // 3, "*")]
        deps = tuple((f"closure-{size}-{i}", wanted) for i, wanted in children if i < size and i != number)
        made[f"closure-{size}-{number}"] = _versions(f"closure_{size}_{number}.py", number, deps, versions)
    return made


def _versions(file: str, number: int, deps: tuple[tuple[str, str], ...], count: int) -> Package:
    return Package({f"1.{i}.0": Release({file: made_up(number, 80 + i)}, deps) for i in range(count)})


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
