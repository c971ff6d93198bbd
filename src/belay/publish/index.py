"""A static index: a folder that any web server can show, and that keeps what was published before.

Whoever reads it meanwhile finds at each moment pages whose files are all there: files are written first, then
pages, then the list. Nothing that a page has ever named is taken away, so what somebody has locked stays.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from belay.exceptions import PublishError
from belay.packages.exclusive import exclusive
from belay.packages.index import LISTING_BYTES
from belay.packages.lockfile import MAX_FILE
from belay.packages.manifest import MAX_BYTES
from belay.packages.reading import read_regular
from belay.packages.writing import replace_file
from belay.publish import pages
from belay.publish.about import About
from belay.publish.needs import Dependency
from belay.publish.pages import LATEST, LISTING, SOURCES

IN_USE = ".belay-in-use"
"""Keeps a second process out; an empty file that stays."""
DIGITS = 8
_HINTS_FOR_SERVERS = {
    # Without it GitHub's pages leave out what begins with _, as the package __future__.
    ".nojekyll": b"",
    # The files are known by their content: git must not change how their lines end.
    ".gitattributes": b"* -text\n",
}


@dataclass(frozen=True)
class Release:
    """A package in one version, as it is published.

    Attributes:
        about: What it says of itself.
        files: Contents by directory of the index (``"py"``, ``"6"``) and destination.
        dependencies: What it needs.
        path: Where it is in its repository.
        is_copy: Whether it is another index's: then what is there already stays, if its files are the same.
    """

    about: About
    files: Mapping[str, Mapping[str, bytes]]
    dependencies: tuple[Dependency, ...] = ()
    path: str = ""
    is_copy: bool = False


@dataclass
class Plan:
    """What has to be written into an index.

    Attributes:
        writes: Contents by place, in the order in which they are written.
        unchanged: The places that are as they shall be.
        notes: What may surprise, in sentences.
    """

    writes: dict[str, bytes] = field(default_factory=dict)
    unchanged: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def publish(
    folder: Path,
    releases: Sequence[Release],
    *,
    replace: bool = False,
    waiting: Callable[[], None] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Plan:
    """Put packages into an index; what is in it of other packages and versions stays.

    Args:
        folder: The index; made if there is none.
        releases: The packages.
        replace: Whether a version that is there with other content is replaced.
        waiting: Called if another process writes into it, before waiting for that.
        progress: Called with what is written, how many bytes are and how many there are in all.

    Returns:
        What was written.

    Raises:
        PublishError: A version is there with other content, or the index is not understood; nothing was
            changed.
        OSError: A file cannot be read or written; what was there before is there, whole.
    """
    if not folder.exists():
        plan(folder, releases, replace=replace)  # what is refused leaves no folder behind
    folder.mkdir(parents=True, exist_ok=True)
    with exclusive(folder / IN_USE, waiting=waiting):
        made = plan(folder, releases, replace=replace)
        total, done = sum(map(len, made.writes.values())), 0
        for place, content in made.writes.items():
            if progress is not None:
                progress(place, done, total)
            target = folder / place
            target.parent.mkdir(parents=True, exist_ok=True)
            replace_file(target, content)
            done += len(content)
    return made


def plan(folder: Path, releases: Sequence[Release], *, replace: bool = False) -> Plan:
    """What :func:`publish` would write.

    Raises:
        PublishError: A version is there with other content, or the index is not understood.
        OSError: A file cannot be read.
    """
    return _Planner(folder, replace).plan(releases)


class _Planner:
    def __init__(self, folder: Path, replace: bool) -> None:
        self.folder = folder
        self.replace = replace
        self.made = Plan()
        self.files: dict[str, bytes] = {}
        self.pages: dict[str, bytes] = {}

    def plan(self, releases: Sequence[Release]) -> Plan:
        packages = self.listed()
        for release in releases:
            _check_case(release.about.name, packages)
        conflicts = [why for release in releases for why in self.release(release)]
        if conflicts:
            raise PublishError(
                "\n  ".join([f"{self.folder} has other content already:", *conflicts]),
                hint="publish another version: who has locked this one would be refused the new content; "
                "--replace puts it there all the same",
            )
        for release in releases:
            name = release.about.name
            packages[name] = self.package(release, packages.get(name, {}))
        for release in releases:
            self.made.notes += _missing(release, packages)
        for place, content in _HINTS_FOR_SERVERS.items():
            if not (self.folder / place).exists():
                self.made.writes[place] = content
        for place, content in [*self.files.items(), *_latest_last(self.pages)]:
            self.write(place, content)
        self.write(LISTING, pages.listing(packages, _updated()))
        return self.made

    def write(self, place: str, content: bytes) -> None:
        if self.read(place, LISTING_BYTES) == content:
            self.made.unchanged.append(place)
        else:
            self.made.writes[place] = content

    def read(self, place: str, most: int = MAX_BYTES) -> bytes | None:
        try:
            return read_regular(self.folder / place, most)
        except (FileNotFoundError, NotADirectoryError):
            return None

    # --- what is there -----------------------------------------------------------------------

    def listed(self) -> dict[str, dict[str, object]]:
        """What the list says, by name; without a list, what there is."""
        content = self.read(LISTING, LISTING_BYTES)
        if content is None:
            return {name: self.unlisted(name) for name in self.names()}
        try:
            found = {_name(each["name"]): each for each in json.loads(content)["packages"]}
            pages.listing(found, None)  # what cannot be written in UTF-8 could not be kept
            return found
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise PublishError(
                f"{self.folder / LISTING} is no list of an index",
                hint="remove it, and it is made anew of the pages that are there",
            ) from error

    def names(self) -> list[str]:
        """The packages that have a page; a build that was ended may leave an empty folder."""
        found = {path.parent.name for path in (self.folder / "package").glob("*/*/*.json")}
        return sorted(name for name in found if self.versions(name))

    def unlisted(self, name: str) -> dict[str, object]:
        versions = self.versions(name)
        version = pages.newest(each for found in versions.values() for each in found)
        return pages.entry(name, version, {}, versions, self.all_pages(name, versions))

    def versions(self, name: str) -> dict[str, list[str]]:
        """The versions of a package by directory: those that are there, and those that will be."""
        found: dict[str, set[str]] = {}
        for path in (self.folder / "package").glob(f"*/{name}/*.json"):
            found.setdefault(path.parent.parent.name, set()).add(path.stem)
        for place in self.pages:
            _, directory, its, page = place.split("/")
            if its == name:
                found.setdefault(directory, set()).add(page.removesuffix(".json"))
        return {
            directory: pages.in_order(kept)
            for directory, each in sorted(found.items())
            if (kept := each - {LATEST})
        }

    def all_pages(self, name: str, versions: Mapping[str, Sequence[str]]) -> Iterator[bytes]:
        for directory, found in versions.items():
            for version in (*found, LATEST):
                place = pages.page_place(directory, name, version)
                yield self.pages.get(place) or self.read(place) or b""

    # --- what comes --------------------------------------------------------------------------

    def release(self, release: Release) -> Iterator[str]:
        """Take a release's pages and files; what is in the way of that, in sentences."""
        about = release.about
        has_same_sources = False
        for directory, files in release.files.items():
            added: dict[str, bytes] = {}
            hashes = [(path, self.digits(content, added)) for path, content in sorted(files.items())]
            content = pages.page(hashes, about.version, release.dependencies)
            place = pages.page_place(directory, about.name, about.version)
            there = self.read(place)
            if there is not None and _is_same(there, content, but_needs=release.is_copy):
                # How it is written is no difference.
                self.pages[place] = there
                self.files |= added
                has_same_sources |= directory == SOURCES
            elif there is None or self.replace:
                self.pages[place] = content
                self.files |= added
            elif has_same_sources:
                self.pages[place] = there
                note = f"{about.name} {about.version}: {directory} stays as another mpy-cross has made it"
                self.made.notes.append(note)
            else:
                yield f"{about.name} {about.version} ({directory}): {_difference(there, content)}"

    def digits(self, content: bytes, added: dict[str, bytes]) -> str:
        """As many digits of a content's SHA-256 as tell it from all others of the index."""
        whole = hashlib.sha256(content).hexdigest()
        for count in range(DIGITS, len(whole) + 1, 2):
            place = pages.file_place(whole[:count])
            there = added.get(place) or self.files.get(place) or self.read(place, MAX_FILE)
            damaged = there is not None and not hashlib.sha256(there).hexdigest().startswith(whole[:count])
            if there is None or there == content or damaged:
                added[place] = content
                return whole[:count]
        raise AssertionError("two contents of one SHA-256")  # pragma: no cover

    def package(self, release: Release, before: Mapping[str, object]) -> dict[str, object]:
        """Take a package's latest pages; what the list says of it."""
        about = release.about
        versions = self.versions(about.name)
        newest = pages.newest(each for found in versions.values() for each in found)
        if not versions.keys() - {SOURCES}:
            self.made.notes.append(
                f"{about.name}: there are no compiled files, which mip asks for unless told not to: "
                "mpy=False, or --no-mpy"
            )
        for directory, found in versions.items():
            latest = pages.newest(found)
            if latest != newest:
                note = f"{about.name}: who installs from {directory} gets {latest}, and not {newest}"
                self.made.notes.append(note)
            place = pages.page_place(directory, about.name, latest)
            content = self.pages.get(place) or self.read(place) or b""
            self.pages[pages.page_place(directory, about.name, LATEST)] = content
        told: Mapping[str, object] = before
        if newest == about.version and not (release.is_copy and before):
            told = {
                "author": about.author,
                "description": about.description,
                "license": about.license,
                "path": release.path or about.name,
            }
        return pages.entry(about.name, newest, told, versions, self.all_pages(about.name, versions))


def _missing(release: Release, packages: Mapping[str, object]) -> Iterator[str]:
    for name, _ in release.dependencies:
        if ":" not in name and name not in packages:
            yield f"{release.about.name} needs {name}, which the index has not: mip looks nowhere else"


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(name)
    return name


def _check_case(name: str, packages: Mapping[str, object]) -> None:
    for other in packages:
        if other != name and other.lower() == name.lower():
            raise PublishError(
                f"the index has {other}, and {name} differs from it by case only: one folder on some systems",
                hint="publish it by that name, or choose another one",
            )


def _latest_last(found: Mapping[str, bytes]) -> list[tuple[str, bytes]]:
    return sorted(found.items(), key=lambda item: (item[0].endswith(f"/{LATEST}.json"), item[0]))


def _updated() -> int | None:
    """When the index says it was made: https://reproducible-builds.org/specs/source-date-epoch/."""
    text = os.environ.get("SOURCE_DATE_EPOCH", "")
    return int(text) if text.isascii() and text.isdigit() else None


def _is_same(there: bytes, comes: bytes, *, but_needs: bool) -> bool:
    """Whether a page that is there says what one says that comes."""
    try:
        same = bool(json.loads(there) == json.loads(comes))
    except ValueError:
        return False
    return same or (but_needs and _hashes(there) == _hashes(comes))


def _hashes(page: bytes) -> dict[str, str]:
    try:
        return dict(json.loads(page)["hashes"])
    except (ValueError, TypeError, KeyError):
        return {}


def _difference(there: bytes, comes: bytes) -> str:
    old, new = _hashes(there), _hashes(comes)
    said = [f"{path} is new" for path in sorted(new.keys() - old.keys())]
    said += [f"{path} is gone" for path in sorted(old.keys() - new.keys())]
    said += [f"{path} has changed" for path in sorted(old.keys() & new.keys()) if old[path] != new[path]]
    return ", ".join(said[:5] or ["its dependencies have changed"]) + (", …" if len(said) > 5 else "")
