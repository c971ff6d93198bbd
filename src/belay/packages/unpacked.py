"""Folders without a package.json, out of the archive of a commit: what was chosen, and what it is.

Such a folder is described by its manifest.py, or else is taken as it is. What was chosen of a commit is
remembered: it will never be anything else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

import msgspec

from belay.exceptions import UnsafePathError
from belay.packages.archive import Entry
from belay.packages.folders import Choice, choose, destinations
from belay.packages.manifestpy import Described, as_candidate, read_manifest_py
from belay.packages.model import Candidate, FromIndex, RemoteFile
from belay.packages.store import Memory, Store
from belay.packages.unpacking import Archive, member_url


class Chosen(msgspec.Struct):
    """What was chosen of an archive.

    Attributes:
        base: The path of the folder that all is in, or of the only file.
        files: SHA-256 and size of each file, by its path.
        described: Destination and path of each file as a manifest.py says it; None if there is none.
        requires: What that needs of an index: name, and wanted versions.
        remarks: What of that is not used.
    """

    base: str
    files: dict[str, tuple[str, int]]
    described: tuple[tuple[str, str], ...] | None = None
    requires: tuple[tuple[str, str], ...] = ()
    remarks: tuple[str, ...] = ()


def unpack(archive: Archive, key: str, path: str, store: Store, *, where: str) -> Chosen:
    """Choose what a package is made of, and put it into a store.

    Args:
        archive: The archive.
        key: The name of the dependency.
        path: The folder in the repository, or a file; empty for the repository.
        store: The store.
        where: The place, for messages.

    Raises:
        PackageNotFoundError: There is nothing at the path.
        ManifestError: Its manifest.py is not understood.
        UnsafePathError: A file of the package is a link, or has an unsafe name.
        FetchError: The archive is damaged.
        PackageError: There is too much.
    """
    entries = archive.listing().entries
    tree = _Tree(archive, entries)
    described = None if path in tree.entries else read_manifest_py(tree, path, where=where)
    if described is None:
        choice = choose(key, path, entries, where=where)
    else:
        choice = Choice(path, tuple(dict.fromkeys(file for _, file in described.files)))
        for each in choice.paths:
            if not tree.entries[each].is_file:
                raise UnsafePathError(each, "is a link, which is not followed", where=where)
    held = archive.unpack(choice.paths, store)
    return Chosen(
        choice.base,
        {each: (held[each].sha256, held[each].size) for each in choice.paths},
        described.files if described else None,
        tuple((need.name, need.wanted) for need in described.requires) if described else (),
        described.remarks if described else (),
    )


def as_package(
    chosen: Chosen, key: str, url: str, *, source: str, where: str, alone: bool, rename_to_init: bool
) -> Candidate:
    """The package that was chosen.

    Args:
        chosen: What was chosen.
        key: The name of the dependency.
        url: The archive's address.
        source: The candidate's source.
        where: The place, for messages.
        alone: Whether it is all of the dependency, not one of a list.
        rename_to_init: As in :class:`~belay.packages.model.Requirement`.

    Raises:
        RequirementError: Nothing can be imported as ``key``.
        UnsafePathError: A name is not safe.
    """
    if chosen.described is None:
        choice = Choice(chosen.base, tuple(chosen.files))
        places = destinations(key, choice, where=where, alone=alone, rename_to_init=rename_to_init)
        files = [RemoteFile(place, path) for place, path in sorted(places.items())]
        found = Candidate(key, "", source, tuple(files))
    else:
        requires = tuple(FromIndex(name, wanted) for name, wanted in chosen.requires)
        found = as_candidate(Described(chosen.described, requires), key, source, str, where=where)
    # Until here, their addresses are paths.
    return replace(
        found,
        files=tuple(
            RemoteFile(file.destination, member_url(url, file.url), chosen.files[file.url][0])
            for file in found.files
        ),
    )


def recall(store: Store, url: str) -> Chosen | None:
    """What was chosen, if the store has all of it still.

    Args:
        store: The store.
        url: Under which address it was remembered.
    """
    known = store.recall(url)
    if known is None:
        return None
    try:
        chosen = msgspec.json.decode(known[1], type=Chosen)
    except msgspec.DecodeError:
        return None
    return chosen if all(store.has(digits, size) for digits, size in chosen.files.values()) else None


def remember(store: Store, url: str, chosen: Chosen) -> None:
    """Keep what was chosen; as :func:`recall`."""
    data = msgspec.json.encode(chosen)
    store.remember(Memory(url, hashlib.sha256(data).hexdigest(), len(data), here=True), data)


class _Tree:
    """The files of an archive; a :class:`~belay.packages.manifestpy.Tree`."""

    def __init__(self, archive: Archive, entries: Iterable[Entry]) -> None:
        self._archive = archive
        self.entries = {entry.path: entry for entry in entries}

    def read(self, path: str) -> bytes | None:
        entry = self.entries.get(path)
        return self._archive.read(path) if entry is not None and entry.is_file else None

    def has(self, path: str) -> bool:
        return path in self.entries

    def files(self, folder: str) -> Iterable[str]:
        return [path for path in self.entries if not folder or path.startswith(f"{folder}/")]
