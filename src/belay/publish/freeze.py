"""manifest.py: what a firmware is to have in it, for building one with the project frozen.

The format: https://docs.micropython.org/en/latest/reference/manifest.html
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from belay.deploy.layout import own_files, package_folder
from belay.exceptions import PublishError
from belay.files.folder import HostFile
from belay.packages.lock import Lock
from belay.packages.model import LockedPackage
from belay.packages.reading import read_regular
from belay.project.config import DEFAULT_INDEX, Group, Project
from belay.publish.about import About
from belay.publish.needs import Deps

NAME = "manifest.py"
_FIRST = "# Written by `belay build --manifest`, which overwrites it."
_MOST = 1 << 20


@dataclass(frozen=True)
class Manifest:
    """A manifest.py.

    Attributes:
        content: Its content.
        notes: What may surprise, in sentences.
    """

    content: bytes
    notes: tuple[str, ...] = ()


def manifest_py(
    project: Project, about: About | None, groups: Sequence[Group], lock: Lock, how: Deps
) -> Manifest:
    """Write down what of a project is to be frozen.

    Packages of MicroPython's own index are required by name, as the firmware's build takes them from its
    micropython-lib; with :attr:`Deps.BUNDLED` they are the vendored files, as all others are anyway.

    Args:
        project: The project; its vendored files are as locked.
        about: What it says of itself; None if it has no version.
        groups: Those of its groups that are to be frozen.
        lock: What is locked.
        how: What becomes of packages of MicroPython's own index.

    Raises:
        PublishError: A dependency cannot be frozen.
        PackageError: The project's package is missing.
        FilesError: A file of it cannot be read.
    """
    names = [group.name for group in groups]
    _refuse_developed(groups)
    packages = [each for each in lock.packages if set(names) & set(each.groups)]
    required = [each for each in packages if how is not Deps.BUNDLED and _is_of_micropython(each)]
    others = [each for each in packages if each not in required]
    notes: list[str] = []
    lines = [_FIRST, *_metadata(about)]
    lines += [f"require({_quoted(each.name)}, version={_quoted(each.version)})" for each in required]
    lines += _vendored(project, names, others, lock, notes)
    lines += _own(project, notes)
    if required and how is not Deps.BUNDLED:
        notes.append(
            "require takes what the firmware's micropython-lib has, whatever is locked; see --deps bundled"
        )
    return Manifest(("\n".join(lines) + "\n").encode(), tuple(dict.fromkeys(notes)))


def check_replaceable(file: Path) -> None:
    """Refuse to replace a manifest.py that somebody has written.

    Raises:
        PublishError: It was not written here.
        OSError: It cannot be read.
    """
    if file.exists() and not read_regular(file, _MOST).startswith(_FIRST.encode()):
        raise PublishError(
            f"{file} is there already, and is not what this command writes",
            hint="rename yours and include this one in it; or replace it with --replace",
        )


def _refuse_developed(groups: Iterable[Group]) -> None:
    if developed := [need for group in groups for need in group.requirements if need.develop]:
        said = ", ".join(f"{need.key} ({need.where})" if need.where else need.key for need in developed)
        raise PublishError(
            f"develop dependencies have no files to freeze from: {said}",
            hint="take `develop` away while you build a firmware, and run `belay update`",
        )


def _is_of_micropython(package: LockedPackage) -> bool:
    return package.source == f"index+{DEFAULT_INDEX}"


def _metadata(about: About | None) -> list[str]:
    if about is None:
        return []
    told = {key: getattr(about, key) for key in ("version", "description", "license", "author")}
    return [f"metadata({', '.join(f'{key}={_quoted(value)}' for key, value in told.items() if value)})"]


def _vendored(
    project: Project, names: list[str], packages: list[LockedPackage], lock: Lock, notes: list[str]
) -> Iterator[str]:
    locked, seen = lock.groups(), set[str]()
    for name in names:
        wanted = {file.destination for each in packages if name in each.groups for file in each.files}
        paths = [path for path in sorted(locked.get(name, {})) if path in wanted - seen]
        seen |= wanted
        base = Path(os.path.relpath(project.vendored / name, project.root)).as_posix()
        yield from _lines(paths, base, notes)


def _own(project: Project, notes: list[str]) -> Iterator[str]:
    folder = package_folder(project)
    if folder is not None:
        tree = own_files(project, folder)
        paths = [f"{folder.name}/{path}" for path, entry in tree.items() if isinstance(entry, HostFile)]
        yield from _lines(paths, "", notes)


def _lines(paths: Iterable[str], base: str, notes: list[str]) -> Iterator[str]:
    """Each file by name: nothing is frozen that only lies beside them."""
    packages: dict[str, list[str]] = {}
    for path in paths:
        if not path.endswith(".py"):
            if path.endswith(".mpy"):
                raise PublishError(
                    f"{path} is compiled, and a firmware's build takes sources",
                    hint='set mpy_version = "py" in [tool.belay], and run `belay update`',
                )
            notes.append(f"{path} is not frozen: it is no Python file")
            continue
        top, _, rest = path.partition("/")
        packages.setdefault(top, []).append(rest)
    where = f", base_path={_quoted(base)}" if base else ""
    for top, files in packages.items():
        if files == [""]:
            yield f"module({_quoted(top)}{where})"
        else:
            yield f"package({_quoted(top)}, files=[{', '.join(map(_quoted, files))}]{where})"


def _quoted(text: str) -> str:
    """A text of Python: as in JSON, but for what JSON takes apart."""
    return json.dumps(text, ensure_ascii=False)
