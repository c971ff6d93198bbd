"""MicroPython indices of version 2, as https://micropython.org/pi/v2 is one.

An index has ``package/{mpy version}/{name}/{version or latest}.json`` and ``file/{two digits}/{digits}``, and
most have ``index.json``, which lists all packages with their versions. ``latest.json`` is made anew with each
build of the index, ``{version}.json`` when the version is first seen; so the two may differ although they
state the same version. Whoever wants any version gets the former, whoever wants certain versions the latter.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import quote

import msgspec

from belay.exceptions import FetchError, ManifestError
from belay.packages.local import path_of
from belay.packages.manifest import MAX_BYTES, PORTAL, is_web_page, parse_manifest
from belay.packages.model import Candidate
from belay.packages.supply import Page, Supply
from belay.packages.version import Version, Wanted, allowed

DEFAULT_INDEX = "https://micropython.org/pi/v2"
LISTING_BYTES = 64 << 20
SETTLED = 3600.0
"""Seconds after which all pages of a new build of an index have reached everybody. From then on its listing
vouches for them: if it has not changed, they have not."""
SOURCES: Final = "py"
"""The directory of packages as sources, which every package has."""
LATEST: Final = "latest"
_MENDED = "is it an index? if so, whoever runs it has to mend that; package_indices can name another"
_NAMED = "package_indices names it"
_ABSENT = {"not-found", "offline"}
_UNREACHABLE = {"dns", "refused", "unreachable", "timeout"}


class Listed(msgspec.Struct, frozen=True):
    """A package as ``index.json`` lists it.

    Attributes:
        name: Its name.
        version: The latest.
        description: One line.
        author: A name, or whatever the index has there.
        versions: All of them, by mpy version, oldest first.
    """

    name: str
    version: str = ""
    description: str = ""
    author: object = ""
    versions: dict[str, list[str]] = msgspec.field(default_factory=dict)

    def directories(self, mpy: str) -> list[str]:
        """Where to look for the package, best first."""
        return [place for place in dict.fromkeys((mpy, SOURCES)) if place in self.versions] or [SOURCES]

    def all_versions(self, mpy: str) -> list[str]:
        """Its versions, of the directories that come into question."""
        found = [version for place in self.directories(mpy) for version in self.versions.get(place, ())]
        return list(dict.fromkeys(found or [self.version]))


class _Listing(msgspec.Struct):
    packages: list[Listed]
    v: int = 2
    updated: float = 0.0


class Index:
    """One index.

    Args:
        url: Its address, ``https:``, ``http:`` or ``file:``.
        supply: Brings its pages.
        mpy: The mpy version to prefer, as ``"6"``; ``"py"`` for sources.
    """

    def __init__(self, url: str, supply: Supply, mpy: str = SOURCES) -> None:
        self.url = url.rstrip("/")
        self.source = f"index+{self.url}"
        self.failure: FetchError | None = None
        self._supply = supply
        self._mpy = mpy
        self._packages: dict[str, Listed] | None = None
        self._opened = False
        self._under = ""
        self._settled = 0.0
        self._candidates: dict[str, Candidate | None] = {}
        self._absent: dict[str, FetchError] = {}

    # --- the listing -----------------------------------------------------------------------------

    def open_soon(self) -> Future[Page]:
        """Begins to fetch the listing."""
        return self._supply.page_soon(f"{self.url}/index.json", most=LISTING_BYTES)

    @property
    def listing(self) -> dict[str, Listed] | None:
        """The packages by name; None where the index has no listing or cannot be reached.

        Raises:
            FetchError: The listing is there, but cannot be had.
            ManifestError: It is no listing.
        """
        if not self._opened:
            try:
                self._read_listing(self._supply.wait_for(self.open_soon()))
            except FetchError as error:
                if error.kind in _UNREACHABLE:
                    self.failure = error
                elif error.kind not in _ABSENT:
                    raise
                elif self.url.startswith("file:") and not path_of(self.url).is_dir():
                    self.failure = FetchError(self.url, "unreachable", "there is no such folder", hint=_NAMED)
            self._opened = True
        return self._packages

    def _read_listing(self, page: Page) -> None:
        try:
            listing = msgspec.json.decode(page.content, type=_Listing)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            if is_web_page(page.content):
                raise ManifestError(page.url, "is a web page, and no listing", hint=PORTAL) from None
            raise ManifestError(page.url, f"is no listing of an index: {error}", hint=_MENDED) from error
        if listing.v != 2:
            reason = f"is of version {listing.v}; only version 2 is known"
            raise ManifestError(page.url, reason, hint=_MENDED)
        self._packages = {package.name: _legible(package) for package in listing.packages}
        made = max(listing.updated, _moment(page.modified))
        # Without a date nothing is ever settled, and each page is asked for.
        self._under = page.sha256 if made > 0 else ""
        self._settled = made + SETTLED

    # --- packages --------------------------------------------------------------------------------

    def prefetch(self, name: str, wanted: Sequence[Wanted]) -> Future[Page] | None:
        """Begins to fetch the page that is most likely needed of a package; None if there is none."""
        ways = (_exacts(wanted) or [LATEST]) if self.listing is None else self._ways(name, wanted)
        page = next(self._pages(name, ways), None)
        return None if page is None or self.failure else self._page_soon(page)

    def candidates(self, name: str, wanted: Sequence[Wanted]) -> Iterator[Candidate]:
        """The versions of a package that are wanted by all, the best first; fetched when they are reached.

        Raises:
            FetchError: A page cannot be had.
            ManifestError: A page is not understood.
        """
        for version in self._ways(name, wanted):
            candidate = self.candidate(name, version)
            if candidate is not None and all(want.allows(candidate.version) for want in wanted):
                yield candidate

    def candidate(self, name: str, version: str) -> Candidate | None:
        """A package in one version, or what ``"latest"`` is now; None if the index does not have it.

        Raises:
            FetchError: Its page cannot be had.
            ManifestError: Its page is not understood.
        """
        for url in self._pages(name, [version]):
            if url not in self._candidates:
                self._candidates[url] = self._read(name, version, url)
            if (candidate := self._candidates[url]) is not None:
                return candidate
        return None

    def has(self, name: str, wanted: Sequence[Wanted]) -> bool:
        """Whether the index has a package, in any version; asks for those wanted if it has no listing."""
        listing = self.listing
        if self.failure:
            return False
        if listing is not None:
            return name in listing
        return any(self.candidate(name, version) for version in [*_exacts(wanted), LATEST])

    def latest(self, name: str) -> str:
        """The version that the index calls the latest; empty if it does not have the package."""
        listing = self.listing
        if listing is not None:
            return listing[name].version if name in listing else ""
        found = self.candidate(name, LATEST)
        return found.version if found else ""

    def absence(self, name: str) -> FetchError | None:
        """Why a page of a package could not be had that is listed."""
        return self._absent.get(name) if self._packages is not None and name in self._packages else None

    def versions(self, name: str) -> list[str]:
        """The known versions of a package; without a listing that is the latest alone."""
        listing = self.listing
        if listing is not None:
            return listing[name].all_versions(self._mpy) if name in listing else []
        return [latest] if (latest := self.latest(name)) else []

    def _ways(self, name: str, wanted: Sequence[Wanted]) -> Iterator[str]:
        """The names of the pages that come into question, without ``.json``, best first."""
        if all(want.is_latest for want in wanted):
            yield LATEST
        elif self.listing is not None:
            yield from self._listed_ways(name, wanted)
        elif exacts := _exacts(wanted):
            yield from exacts
        elif (found := self.candidate(name, LATEST)) is not None:
            yield from (found.version, LATEST) if found.version else (LATEST,)

    def _listed_ways(self, name: str, wanted: Sequence[Wanted]) -> Iterator[str]:
        listing = self.listing
        if listing is None or name not in listing:
            return
        package = listing[name]
        versions: Sequence[str | Version] = package.all_versions(self._mpy)
        if any(want.text == LATEST for want in wanted):
            versions = [package.version]
        for want in wanted:
            versions = allowed(map(str, versions), want)
        yield from map(str, versions)

    def _pages(self, name: str, versions: Iterator[str] | Sequence[str]) -> Iterator[str]:
        """The addresses of the pages of a package, in each directory that comes into question."""
        listing = self.listing
        if listing is None:
            places = list(dict.fromkeys((self._mpy, SOURCES)))
        elif name in listing:
            places = listing[name].directories(self._mpy)
        else:
            return
        for version in versions:
            for place in places:
                if (
                    listing is None
                    or version == LATEST
                    or version in listing[name].versions.get(place, [version])
                ):
                    yield f"{self.url}/package/{quote(place)}/{quote(name)}/{quote(version, safe='')}.json"

    def _page_soon(self, url: str) -> Future[Page]:
        return self._supply.page_soon(url, most=MAX_BYTES, under=self._under, settled=self._settled)

    def _read(self, name: str, version: str, url: str) -> Candidate | None:
        try:
            page = self._supply.wait_for(self._page_soon(url))
        except FetchError as error:
            if error.kind in _ABSENT:
                self._absent[name] = error
                return None
            if error.kind in _UNREACHABLE and self._packages is None:
                self.failure = error
                return None
            raise
        found = parse_manifest(
            page.content,
            name=name,
            place=url,
            source=self.source,
            index=self.url,
            host_url=self._supply.host_url,
        )
        if not found.version and version != LATEST:
            return Candidate(name, version, found.source, found.files, found.dependencies)
        return found


def _exacts(wanted: Sequence[Wanted]) -> list[str]:
    return [want.exact for want in wanted if want.exact is not None]


def _legible(package: Listed) -> Listed:
    """A package without what nobody could read: a terminal would obey some of it."""
    texts = [package.name, package.version, package.description]
    if all(map(str.isprintable, texts)) and all(
        map(str.isprintable, (version for versions in package.versions.values() for version in versions))
    ):
        return package
    return msgspec.structs.replace(
        package,
        version=package.version if package.version.isprintable() else "",
        description="".join(sign if sign.isprintable() else " " for sign in package.description),
        versions={place: list(filter(str.isprintable, found)) for place, found in package.versions.items()},
    )


def _moment(date: str) -> float:
    """A date of HTTP's in seconds since 1970; 0 for none."""
    try:
        return min(parsedate_to_datetime(date).timestamp(), time.time())
    except (ValueError, OverflowError, OSError):
        return 0.0
