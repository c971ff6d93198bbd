"""The environment in which a MicroPython on this computer finds a project's code and what it depends on."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from belay.exceptions import FeatureUnavailableError
from belay.packages.exclusive import exclusive
from belay.packages.journal import STATE, State, check_no_links
from belay.packages.local import path_of
from belay.packages.lockfile import MAX_FILE, read_lock
from belay.packages.model import MAIN_GROUP, LockedFile, RemoteFile
from belay.packages.reading import read_regular
from belay.packages.vendor import CACHE, Vendored
from belay.packages.writing import replace_file
from belay.project.config import Project
from belay.project.upkeep import Talk, indices_of, supply_of, why_stale

if TYPE_CHECKING:
    from belay.packages.supply import Supply

VARIABLE = "MICROPYPATH"
DEFAULT_PATHS = (".frozen", "~/.micropython/lib", "/usr/lib/micropython")
"""Where MicroPython's unix port looks without :data:`VARIABLE`, behind the script's own folder."""
DEFAULT_PATHS_WINDOWS = DEFAULT_PATHS[:2]
"""The same for its Windows port."""
LAYOUT = STATE / "run"
"""The folder for what cannot be imported from where it is, relative to the project's."""

_MOST_NAMED = 3

Layer = Mapping[str, bytes | Path]
"""Files by destination: their content, or where it is."""


@dataclass(frozen=True)
class Concern:
    """Why what is imported may not be what the project asks for.

    Attributes:
        reason: A sentence.
        hint: What helps.
    """

    reason: str
    hint: str


def import_folders(project: Project, talk: Talk | None = None) -> list[Path]:
    """The folders to import from, the first counts; what is needed for that is laid out.

    First comes the project's own folder. Then, if there is any of that, :data:`LAYOUT`: the develop
    dependencies as they are now, and the packages whose files are in the folders of several groups, since
    MicroPython looks for all of a package in the first folder that has some of it. Then come the groups'
    folders, whether they exist or not: the main one, and the others by name.

    Args:
        project: The project.
        talk: Whom to tell what happens meanwhile.

    Raises:
        PackageError: A develop dependency is not there, or is not safe to use.
        OSError: Something cannot be read or written.
    """
    names = group_names(project)
    folders = [project.vendored / name for name in names]
    developed = read_developed(project, talk or Talk())
    layers: list[Layer] = [files for name in names if (files := developed.get(name))]
    wanted = merged([*layers, *map(_files, folders)], whole=len(layers))
    laid_out = _lay_out(project.root, wanted)
    return [project.root, *([laid_out] if laid_out else []), *folders]


def group_names(project: Project) -> list[str]:
    """The names of a project's groups, optional ones too: the main one first, the others by name."""
    names = {group.name for group in project.groups}
    return sorted(names, key=lambda name: (name != MAIN_GROUP, name))


def search_path(folders: list[Path], before: str | None, *, windows: bool = os.name == "nt") -> str:
    """The value for :data:`VARIABLE`.

    Args:
        folders: Where to look first.
        before: Its value until now, which comes next; None or empty for none.
        windows: Whether it is for the Windows port.

    Returns:
        These, and what the interpreter has by default.

    Raises:
        FeatureUnavailableError: A folder has the separator in its name, which there is no way to write.
    """
    separator = ";" if windows else ":"
    texts = [str(folder) for folder in folders]
    for text in texts:
        if separator in text:
            raise FeatureUnavailableError(
                f"{VARIABLE} cannot name a folder with {separator!r} in its name: {text}",
                hint="move the project elsewhere",
            )
    texts += before.split(separator) if before else []
    texts += DEFAULT_PATHS_WINDOWS if windows else DEFAULT_PATHS
    return separator.join(dict.fromkeys(texts))


def concerns(project: Project) -> list[Concern]:
    """Why what is imported may not be what the project asks for; empty if all is well.

    Raises:
        PackageError: The lockfile is not understood, or the vendored files are behind a link.
        OSError: Something cannot be read.
    """
    lock = read_lock(project.lock_file)
    if lock is None:
        nothing = Concern("the dependencies are not locked and not vendored", "`belay update` does both")
        return [nothing] if project.requirements else []
    found = Vendored(project.root, project.dependencies_path).verify(lock.groups())
    wrong = [f"{finding.path} is {finding.kind}" for finding in found if finding.kind != "unknown"]
    reasons = []
    if wrong:
        more = f" and {len(wrong) - _MOST_NAMED} more" if len(wrong) > _MOST_NAMED else ""
        said = f"vendored files are not as locked: {', '.join(wrong[:_MOST_NAMED])}{more}"
        reasons.append(Concern(said, "`belay fetch` restores them"))
    if stale := why_stale(project, lock):
        said = f"the lockfile does not fit pyproject.toml: {'; '.join(stale)}"
        reasons.append(Concern(said, "`belay update` makes it fit"))
    return reasons


# --- develop dependencies --------------------------------------------------------------------------


def read_developed(project: Project, talk: Talk, *, offline: bool = False) -> dict[str, dict[str, bytes]]:
    """The files of the develop dependencies as they are now, by group and destination.

    Args:
        project: The project.
        talk: Whom to tell if something has to be fetched: a manifest may name files of other machines.
        offline: Whether the store is all that there is.

    Raises:
        PackageError: A dependency is not there, or is not safe to use.
        OSError: A file cannot be read.
    """
    needs = [need for need in project.requirements if need.develop]
    found: dict[str, dict[str, bytes]] = {}
    if not needs:
        return found
    from belay.packages.catalogue import Catalogue
    from belay.packages.resolve import identify

    with supply_of(project, talk, offline=offline) as supply:
        catalogue = Catalogue(needs, supply, indices_of(project, supply, talk), project.root)
        for need in needs:
            group = found.setdefault(need.group, {})
            for candidate in catalogue.candidates(identify(need), [need]):
                for file in candidate.files:
                    group.setdefault(file.destination, _content(file, supply))
    return found


def _content(file: RemoteFile, supply: Supply) -> bytes:
    if file.url.startswith("file:"):
        return read_regular(path_of(file.url), MAX_FILE)
    held = supply.file(file)
    return supply.content(LockedFile(file.destination, held.size, held.sha256, file.url))


# --- what cannot be imported from where it is ------------------------------------------------------


def merged(layers: list[Layer], *, whole: int) -> dict[str, bytes | Path]:
    """What has to be in one folder before all others, so that everything can be imported.

    Args:
        layers: The files of each folder, the first counts.
        whole: How many of the first are to be there in any case; of the others, the packages of which several
            have a part.
    """
    tops = [{_top(path) for path in files if "/" in path} for files in layers]
    count = Counter(top for each in tops for top in each)
    split = {top for top, number in count.items() if number > 1}
    found: dict[str, bytes | Path] = {}
    for number, files in enumerate(layers):
        for path, content in files.items():
            if number < whole or ("/" in path and _top(path) in split):
                found.setdefault(path, content)
    return found


def _top(path: str) -> str:
    return path.partition("/")[0]


def _files(folder: Path) -> dict[str, bytes | Path]:
    return {path.relative_to(folder).as_posix(): path for path in _walk(folder) if not path.is_symlink()}


def _walk(folder: Path) -> Iterator[Path]:
    """What is in a folder, and no folders but links to such."""
    for place, folders, names in os.walk(folder):
        links = [name for name in folders if Path(place, name).is_symlink()]
        folders[:] = sorted(name for name in folders if name not in links and name != CACHE)
        yield from (Path(place, name) for name in sorted([*links, *names]))


def _lay_out(root: Path, wanted: Mapping[str, bytes | Path]) -> Path | None:
    """Make a project's layout folder what is wanted; the folder, or None if nothing is.

    Other processes may import from it meanwhile: a file is the old one or the new one.
    """
    folder = root / LAYOUT
    contents = {
        name: content if isinstance(content, bytes) else read_regular(content, MAX_FILE)
        for name, content in wanted.items()
    }
    check_no_links(root, LAYOUT)
    if not _is_laid_out(folder, contents):
        try:
            _change_layout(root, folder, contents)
        except OSError:
            # What nobody wants is in nobody's way.
            if contents:
                raise
    return folder if contents else None


def _is_laid_out(folder: Path, contents: Mapping[str, bytes]) -> bool:
    try:
        there = {name: path for path in _walk(folder) for name in [path.relative_to(folder).as_posix()]}
        return there.keys() == contents.keys() and all(
            not path.is_symlink() and path.read_bytes() == contents[name] for name, path in there.items()
        )
    except OSError:
        return False  # another process changes it just now


def _change_layout(root: Path, folder: Path, contents: Mapping[str, bytes]) -> None:
    state = State(root)
    state.prepare()
    with exclusive(state.folder / "run-in-use"):
        for path in _walk(folder):
            if path.is_symlink() or path.relative_to(folder).as_posix() not in contents:
                path.unlink()
        _drop_empty(folder)
        for name, content in contents.items():
            _put(folder / name, content)


def _drop_empty(folder: Path) -> None:
    for place, _, _ in os.walk(folder, topdown=False):
        if not os.listdir(place):  # noqa: PTH208 - a text is at hand
            Path(place).rmdir()


def _put(path: Path, content: bytes) -> None:
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, content)
