"""What of a project goes where on a board.

==============  ===================================================================
``/lib``        the dependencies: vendored files, and develop dependencies as they are
``/<name>``     the project's package, the folder of that name
``/main.py``    the file that is to run, if one is named
==============  ===================================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from belay.exceptions import PackageError, SourceMissingError
from belay.files.folder import IGNORED, HostFile, HostTree, check_name, merged, read_folder
from belay.files.ignore import Patterns
from belay.files.tree import Folder, join, parents
from belay.packages.lock import Lock
from belay.project.config import Group, Project
from belay.project.create import module_name
from belay.project.environment import read_developed
from belay.project.upkeep import Talk

LIBRARY = "lib"
"""Where dependencies go: firmware looks for modules there."""

MAIN = "main.py"
"""What a board runs by itself."""


def lay_out(
    project: Project,
    groups: Sequence[Group],
    lock: Lock,
    talk: Talk,
    scratch: Path,
    *,
    main: Path | None = None,
    offline: bool = False,
) -> HostTree:
    """What goes where.

    Args:
        project: The project.
        groups: Those of its groups that are to go.
        lock: What is locked.
        talk: Whom to tell if something has to be fetched.
        scratch: An empty folder, for what is not in a file here yet.
        main: The file that becomes :data:`MAIN`; None to leave that of the board alone.
        offline: Whether nothing is fetched.

    Raises:
        FilesError: A file must not be sent, or two want one place.
        PackageError: A develop dependency is not there, or is not safe to use; or the package is missing.
        OSError: A file cannot be read or written.
    """
    package = package_folder(project)
    developed = read_developed(replace(project, groups=tuple(groups)), talk, offline=offline)
    trees = [_below(LIBRARY, _dependencies(project, groups, lock, _written(developed, scratch)))]
    if package is not None:
        trees.append(_below(package.name, own_files(project, package)))
    if main is not None:
        trees.append(_main(main))
    return merged(*trees)


def package_folder(project: Project) -> Path | None:
    """The folder of a project's own code; None if it has none.

    It has the project's name, or, where there is none of that name, what ``belay new`` makes of it:
    ``my_project`` of ``my-project``.

    Raises:
        PackageError: It is not there.
    """
    if not project.name:
        return None
    for name in dict.fromkeys((project.name, module_name(project.name))):
        if (project.root / name).is_dir():
            return project.root / name
    raise PackageError(
        f"the project's package is missing: there is no folder {project.root / project.name}",
        hint="make it; or take `name` out of [tool.belay], if dependencies are all there is",
    )


def own_files(project: Project, folder: Path) -> HostTree:
    """The files of a project's own package, but for vendored files that lie in it.

    Args:
        project: The project.
        folder: Its package, see :func:`package_folder`.

    Raises:
        FilesError: Something must not be sent, or cannot be read.
    """
    check_name(folder.name, folder)
    tree = read_folder(folder, ignore=[*IGNORED, *project.ignore])
    names = [group.name for group in project.groups]
    vendored = project.vendored
    # Where all of the package would be vendored, only the groups' own folders are.
    elsewhere = [vendored] if vendored != folder and vendored.is_relative_to(folder) else []
    elsewhere += [vendored / name for name in names]
    return {
        path: entry
        for path, entry in tree.items()
        if not any((folder / path).is_relative_to(place) for place in elsewhere)
    }


def _dependencies(
    project: Project, groups: Sequence[Group], lock: Lock, developed: Mapping[str, HostFile]
) -> HostTree:
    found = dict(developed)
    locked = lock.groups()
    for group in groups:
        for destination, file in locked.get(group.name, {}).items():
            place = project.vendored / group.name / destination
            found.setdefault(destination, HostFile(place, file.size))
    patterns = Patterns([*IGNORED, *project.ignore])
    return {path: file for path, file in found.items() if not _is_ignored(path, patterns)}


def _is_ignored(path: str, patterns: Patterns) -> bool:
    above = any(patterns.fit(folder, is_folder=True) for folder in parents(path))
    return above or patterns.fit(path, is_folder=False)


def _written(developed: Mapping[str, Mapping[str, bytes]], scratch: Path) -> dict[str, HostFile]:
    """Put contents into files; of several for one destination the first counts."""
    found: dict[str, HostFile] = {}
    for contents in developed.values():
        for destination, content in contents.items():
            if destination not in found:
                place = scratch / destination
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)
                found[destination] = HostFile(place, len(content))
    return found


def _main(file: Path) -> HostTree:
    if not file.exists():
        raise SourceMissingError(f"{file}: there is no such file", hint="is the path right?")
    if file.is_dir():
        raise SourceMissingError(f"{file} is a folder", hint="name the file in it that is to run")
    [entry] = read_folder(file).values()
    return {MAIN: entry}


def _below(folder: str, tree: HostTree) -> HostTree:
    found: dict[str, HostFile | Folder] = {folder: Folder()} if tree else {}
    return found | {join(folder, path): entry for path, entry in tree.items()}
