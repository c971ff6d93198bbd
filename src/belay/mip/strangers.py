"""Recognises packages that somebody else has installed: ``mip`` on the board, ``mpremote``.

They leave no record. What is in a folder is compared with what an index offers: a package is recognised where
all files of a version of it are there, and have the hashes that the index states.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

from belay.files.tree import File, Tree
from belay.mip.choice import USUAL, Choice, Origins
from belay.mip.installed import Installed
from belay.packages.index import LATEST, SOURCES, Index
from belay.packages.model import Candidate, LockedFile
from belay.packages.resolve import identify
from belay.packages.supply import Supply
from belay.project.upkeep import Talk, indices_of, supply_of

_PYTHON = (".py", ".mpy")


@dataclass(frozen=True)
class Stranger:
    """A package that is there, and was not put there by us.

    Attributes:
        name: Its name.
        version: Its version; where files differ from those of all versions, the one with the fewest.
        changed: Its files that are not as the index has them.
        candidate: What the index says of it.
    """

    name: str
    version: str
    changed: tuple[str, ...]
    candidate: Candidate

    def __str__(self) -> str:
        return f"{self.name} {self.version}".rstrip()


def recognise(
    tree: Tree,
    hash_of: Callable[[str], str],
    talk: Talk,
    *,
    mpy_version: str,
    origins: Origins = USUAL,
) -> list[Stranger]:
    """Find packages among the files of a folder.

    Args:
        tree: Those of the files that nobody is known to have put there, with the folders that they are in.
        hash_of: The SHA-256 of one of them, in hexadecimal.
        talk: Whom to tell.
        mpy_version: Of compiled files, as ``"6"``.
        origins: Which index to ask.

    Raises:
        PackageError: The index cannot be asked, or says something that is not understood.
    """
    files = {path: entry for path, entry in tree.items() if isinstance(entry, File)}
    found: list[Stranger] = []
    hashes: dict[str, str] = {}

    def known_hash(path: str) -> str:
        if path not in hashes:
            hashes[path] = hash_of(path)
        return hashes[path]

    unlisted: set[str] = set()
    for form in dict.fromkeys((mpy_version, SOURCES)):
        suffix = ".py" if form == SOURCES else ".mpy"
        mine = {path for path in files if not path.endswith(_PYTHON) or path.endswith(suffix)}
        project = origins.project((), form)
        with supply_of(project, talk, offline=origins.offline) as supply:
            for asked in indices_of(project, supply, talk).all if mine else ():
                if _is_listed(asked):
                    found += _recognise(asked, mine, known_hash)
                else:
                    unlisted.add(asked.url)
    for url in sorted(unlisted):
        talk.note(f"{url} has no listing at hand: nothing of it is recognised")
    return _largest(found)


def adopted(strangers: Iterable[Stranger], talk: Talk, origins: Origins = USUAL) -> Choice:
    """Recognised packages as if they had been chosen.

    Raises:
        PackageError: A file cannot be had.
    """
    chosen = list(strangers)
    project = origins.project((), SOURCES)
    with supply_of(project, talk, offline=origins.offline) as supply:
        contents = _contents([stranger.candidate for stranger in chosen], supply)
    return Choice({stranger.name: _installed(stranger, contents) for stranger in chosen}, contents)


def _contents(candidates: Sequence[Candidate], supply: Supply) -> dict[str, bytes]:
    files = [file for candidate in candidates for file in candidate.files]
    held = supply.files(files)
    return {
        file.destination: supply.content(LockedFile(file.destination, has.size, has.sha256, file.url))
        for file, has in zip(files, held, strict=True)
    }


def _installed(stranger: Stranger, contents: dict[str, bytes]) -> Installed:
    candidate = stranger.candidate
    data = {file.destination: contents[file.destination] for file in candidate.files}
    files = {path: File(len(content), crc32(content)) for path, content in data.items()}
    needs = tuple(sorted(map(identify, candidate.dependencies)))
    # Nobody knows which of them was asked for: none is to go with another one.
    return Installed(
        stranger.name, stranger.version, candidate.source, files, asked=stranger.name, needs=needs
    )


def _is_listed(index: Index) -> bool:
    """Whether an index says which packages it has.

    Raises:
        FetchError: It cannot be asked.
    """
    is_listed = index.listing is not None
    if index.failure:
        raise index.failure
    return is_listed


def _recognise(index: Index, files: set[str], hash_of: Callable[[str], str]) -> Iterator[Stranger]:
    firsts = {re.split(r"[./]", path)[0] for path in files}
    for name in sorted(index.listing or ()):
        if firsts.isdisjoint({re.split(r"[.-]", name)[0], name.replace("-", "_")}):
            # It is imported by another name; this spares us its pages.
            continue
        best: Stranger | None = None
        for version in dict.fromkeys([LATEST, *reversed(index.versions(name))]):
            candidate = index.candidate(name, version)
            if candidate is None or not candidate.files:
                continue
            if not files.issuperset(file.destination for file in candidate.files):
                continue
            changed = [
                f.destination for f in candidate.files if not hash_of(f.destination).startswith(f.hash_prefix)
            ]
            stranger = Stranger(name, candidate.version, tuple(sorted(changed)), candidate)
            if best is None or len(stranger.changed) < len(best.changed):
                best = stranger
            if not changed:
                break
        # Of a package that is all different, nothing but the names is known.
        if best is not None and len(best.changed) < len(best.candidate.files):
            yield best


def _largest(found: Sequence[Stranger]) -> list[Stranger]:
    """Those that are not a part of another one: packages hold the files of what they need, too."""
    kept: list[Stranger] = []
    for stranger in sorted(
        found, key=lambda each: (-len(each.candidate.files), len(each.changed), each.name)
    ):
        mine = {file.destination for file in stranger.candidate.files}
        if not any(mine <= {file.destination for file in other.candidate.files} for other in kept):
            kept.append(stranger)
    return sorted(kept, key=lambda each: each.name)
