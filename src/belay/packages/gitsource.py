"""Packages in repositories that the git program reaches: files, and folders with a description and without.

A branch or tag is looked up once for each update and becomes a commit, which is the package's version.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from dataclasses import replace

from belay.exceptions import FetchError, ManifestError, PackageError, RequirementError
from belay.packages import manifest
from belay.packages.archive import Entry
from belay.packages.folders import choose, destinations
from belay.packages.gitlisting import FILE, SUBMODULE, Listed, read_listing
from belay.packages.gitplace import Address, beside, canonical, ref_address
from belay.packages.manifestpy import as_candidate, read_manifest_py
from belay.packages.model import Candidate, FromGit, FromHost, RemoteFile
from belay.packages.supply import Supply

LISTING_BYTES = 16 << 20
"""The largest list of a commit's files."""
MAX_TOTAL = 64 << 20
"""The most bytes of a package; no board has room for more."""
DESCRIPTION = "package.json"
_SHORT = 12
"""Digits of a commit that are shown."""


def read_git(
    key: str,
    source: FromGit,
    supply: Supply,
    *,
    alone: bool = True,
    rename_to_init: bool = True,
    host_url: Callable[[FromHost], str] = manifest.refuse_host,
) -> Candidate:
    """See what is at a place in a repository.

    Args:
        key: The name of the dependency.
        source: The place.
        supply: Brings what is there.
        alone: Whether it is all of the dependency, not one of a list.
        rename_to_init: As in :class:`~belay.packages.model.Requirement`.
        host_url: As for :func:`~belay.packages.manifest.parse_manifest`.

    Raises:
        RequirementError: There is no such file or folder, or nothing that can be imported as ``key``.
        ManifestError: Its description is not understood.
        UnsafePathError: A file has an unsafe name, or is a link.
        FetchError: It could not be had.
        PackageError: There is no git, or there are too many files.
    """
    text = canonical(source)
    commit = supply.page(ref_address(source)).content.decode()
    files = CommitFiles(source.url, commit, supply)
    listed = files.listed(source.path, text)
    paths = {file.path for file in listed if file.mode.startswith(FILE)}
    described = source.path if source.path.endswith(".json") else posixpath.join(source.path, DESCRIPTION)
    if described in paths:
        found = _described(key, files.url(described), text, supply, host_url)
    elif (
        source.path in paths
        or (said := read_manifest_py(files, source.path, where=_shown(text, commit))) is None
    ):
        found = _files(key, source, listed, files, supply, alone=alone, rename_to_init=rename_to_init)
    else:
        for remark in said.remarks:
            supply.warn(remark)
        found = as_candidate(said, key, text, files.url, where=_shown(text, commit))
    files.check_size(found, text)
    return replace(found, version=commit)


def _described(
    key: str, url: str, text: str, supply: Supply, host_url: Callable[[FromHost], str]
) -> Candidate:
    """What the package.json at an address says."""

    def relative(path: str) -> str:
        try:
            return beside(url, path)
        except RequirementError as error:
            raise ManifestError(url, error.message) from error

    content = supply.page(url).content
    return manifest.parse_manifest(
        content, name=key, place=url, source=text, host_url=host_url, relative=relative
    )


class CommitFiles:
    """The files of a commit; a :class:`~belay.packages.manifestpy.Tree`.

    Args:
        url: The repository, as git takes it.
        commit: The commit's full name.
        supply: Brings what is in it.
    """

    def __init__(self, url: str, commit: str, supply: Supply) -> None:
        self._url = url
        self._commit = commit
        self._supply = supply
        self._all: dict[str, list[str]] = {}

    def url(self, path: str) -> str:
        """The address of a file."""
        return str(Address(self._url, self._commit, path))

    def check_size(self, candidate: Candidate, text: str) -> None:
        """Refuses a package that would fill the disk.

        Raises:
            PackageError: It would.
        """
        sizes = {self.url(entry.path): entry.size for entry in self.listed("", text)}
        if sum(sizes.get(file.url, 0) for file in candidate.files) > MAX_TOTAL:
            hint = "name the folder of the package with subdirectory"
            raise PackageError(f"{text}: is larger than {MAX_TOTAL >> 20} MiB", hint=hint)

    def listed(self, path: str, text: str) -> list[Listed]:
        """What is at a path and below.

        Args:
            path: The path; empty for the whole repository.
            text: How the place was written, for messages.

        Raises:
            RequirementError: There is nothing.
            FetchError: It could not be had.
        """
        try:
            page = self._supply.page(str(Address(self._url, self._commit, f"{path}/")), most=LISTING_BYTES)
        except FetchError as error:
            if error.kind != "not-found" or not path:
                raise
            reason = f"there is no {path!r} in the commit {self._commit[:_SHORT]}"
            hint = error.hint or "is the subdirectory right, and the branch, tag or commit?"
            raise RequirementError(text, reason, hint=hint) from error
        return read_listing(page.content)

    def read(self, path: str) -> bytes | None:
        """What is in a file; None if there is none."""
        return self._supply.page(self.url(path)).content if self.has(path) else None

    def has(self, path: str) -> bool:
        """Whether there is a file."""
        return path in self.files("")

    def files(self, folder: str) -> Iterable[str]:
        """The paths of all files in a folder and below; a link is one of them, and cannot be read."""
        if folder not in self._all:
            if "" not in self._all:
                entries = self.listed("", self._url)
                self._all[""] = [entry.path for entry in entries if not entry.mode.startswith(SUBMODULE)]
            self._all[folder] = [path for path in self._all[""] if path.startswith(f"{folder}/".lstrip("/"))]
        return self._all[folder]


def _files(
    key: str,
    source: FromGit,
    listed: list[Listed],
    files: CommitFiles,
    supply: Supply,
    *,
    alone: bool,
    rename_to_init: bool,
) -> Candidate:
    """A file, or a folder that nobody has described."""
    text = canonical(source)
    entries = [
        Entry(file.path, file.size, is_file=file.mode.startswith(FILE))
        for file in listed
        if not file.mode.startswith(SUBMODULE)
    ]
    choice = choose(key, source.path, entries, where=text)
    for file in listed:
        inside = not choice.base or file.path == choice.base or file.path.startswith(f"{choice.base}/")
        if file.mode.startswith(SUBMODULE) and inside:
            supply.warn(f"{text}: {file.path} is a submodule, and left out")
    places = destinations(key, choice, where=text, alone=alone, rename_to_init=rename_to_init)
    found = (RemoteFile(destination, files.url(path)) for destination, path in sorted(places.items()))
    return Candidate(key, "", text, tuple(found))


def _shown(text: str, commit: str) -> str:
    return f"{text} ({commit[:_SHORT]})"
