"""Packages in repositories of git hosts: a file, a folder with a package.json, a folder without.

A branch or tag is looked up once for each update and becomes a commit. Everything then comes from that
commit, so it belongs together, and what is known of it is known for ever.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from belay.exceptions import FetchError, ManifestError, PackageError, PackageNotFoundError
from belay.packages import hosts, manifest
from belay.packages.model import Candidate, FromHost, RemoteFile
from belay.packages.pinning import Pinned, Pins, absent
from belay.packages.refs import Refs
from belay.packages.store import Memory
from belay.packages.supply import Supply
from belay.packages.unpacked import Chosen, as_package, recall, remember, unpack
from belay.packages.unpacking import Archive, listing_url

DESCRIPTION = "package.json"


class Repositories:
    """Reads packages out of repositories.

    Args:
        supply: Brings what they are made of, and knows the hosts.
    """

    def __init__(self, supply: Supply) -> None:
        self._supply = supply
        self._pins = Pins(supply)
        self._fixed: set[str] = set()
        self._chosen: dict[str, Chosen | None] = {}

    def read(
        self, key: str, place: FromHost, *, alone: bool = True, rename_to_init: bool = True
    ) -> Candidate:
        """See what is at a place.

        Args:
            key: The name of the dependency.
            place: The place.
            alone: Whether it is all of the dependency, not one of a list.
            rename_to_init: As in :class:`~belay.packages.model.Requirement`.

        Raises:
            PackageNotFoundError: There is no such repository, ref or place.
            RequirementError: Nothing there can be imported as ``key``, the host is not known, or the ref is a
                branch and a tag.
            ManifestError: Its manifest is not understood.
            UnsafePathError: A file has an unsafe name.
            FetchError: It could not be had.
        """
        pinned, source = self._pins.pin(place), hosts.canonical(place)
        path = pinned.place.path
        if path.endswith((".py", ".mpy")):
            url = self._file_url(pinned, path)
            found = manifest.single_file(key, url, source=source, alone=alone, rename_to_init=rename_to_init)
        elif (page := self._description(pinned, key)) is not None:
            found = self._described(key, pinned, page, source)
        else:
            found = self._folder(key, pinned, alone=alone, rename_to_init=rename_to_init)
        self._pins.say_if_unknown(pinned)
        return replace(
            found, source=source, version=pinned.commit, files=tuple(map(self._known, found.files))
        )

    def url(self, place: FromHost) -> str:
        """The address of a file, at the commit that its ref is.

        Raises:
            PackageNotFoundError: There is no such repository or ref.
            FetchError: It could not be asked.
        """
        pinned = self._pins.pin(place)
        self._pins.say_if_unknown(pinned)
        return self._file_url(pinned, pinned.place.path)

    def refs(self, place: FromHost) -> Refs | None:
        """The refs of a repository; as :meth:`~belay.packages.pinning.Pins.refs`."""
        return self._pins.refs(place)

    # --- fetching ahead --------------------------------------------------------------------------

    def soon(self, place: FromHost, key: str) -> list[Future[Any]]:
        """Begin to fetch what is missing next before a place can be read.

        Returns:
            What to wait for before this is asked again; empty if nothing is missing, or something is wrong.
        """
        try:
            missing = next((future for future in self._steps(place, key) if not future.done()), None)
        except PackageError:
            return []  # whoever reads it is told
        return [] if missing is None else [missing]

    def _steps(self, place: FromHost, key: str) -> Iterator[Future[Any]]:
        """What is needed, one after the other; the first that is not here must be waited for."""
        yield from self._pins.soon(place)
        pinned = self._pins.pin(place)
        path = pinned.place.path
        if path.endswith((".py", ".mpy")) or self._remembered(pinned, key) is not None:
            return
        page = self._page_soon(pinned, _description_of(path))
        yield page
        if page.exception() is None:
            yield from self._named_elsewhere(page.result().content, pinned)
        elif _is_absent(page.exception()) and not path.endswith(".json"):
            yield self._supply.archive_soon(self._archive_url(pinned))

    def _named_elsewhere(self, data: bytes, pinned: Pinned) -> Iterator[Future[Any]]:
        """The refs of the repositories whose files a manifest names."""
        where = self._file_url(pinned, _description_of(pinned.place.path))
        # A list: all of them at once, and not each when the one before it is here.
        yield from [
            future for place in manifest.hosted_files(data, where) for future in self._pins.soon(place)
        ]

    # --- what is there ---------------------------------------------------------------------------

    def _file_url(self, pinned: Pinned, path: str) -> str:
        url = self._pins.host(pinned.place).file_url(pinned.place, pinned.ref, path)
        if pinned.commit:
            self._fixed.add(url)
        return url

    def _archive_url(self, pinned: Pinned) -> str:
        return self._pins.host(pinned.place).archive_url(pinned.place, pinned.ref)

    def _page_soon(self, pinned: Pinned, path: str) -> Future[Any]:
        # What is at a commit never changes, so whoever had it needs not ask again.
        return self._supply.page_soon(self._file_url(pinned, path), under=pinned.commit)

    def _description(self, pinned: Pinned, key: str) -> bytes | None:
        """The manifest at a place; None if it is a folder without one, or a file."""
        if self._remembered(pinned, key) is not None:
            return None
        try:
            page = self._supply.wait_for(self._page_soon(pinned, _description_of(pinned.place.path)))
        except FetchError as error:
            if not _is_absent(error):
                raise
            if pinned.place.path.endswith(".json"):
                raise self._nothing(pinned) from error
            return None
        content: bytes = page.content
        return content

    def _described(self, key: str, pinned: Pinned, data: bytes, source: str) -> Candidate:
        described = _description_of(pinned.place.path)
        where = self._file_url(pinned, described)

        def relative(path: str) -> str:
            target = posixpath.normpath(posixpath.join(posixpath.dirname(described), path))
            if target.startswith(("../", "/")) or target in {"..", "."}:
                raise ManifestError(where, f"{path!r} leads out of the repository")
            return self._file_url(pinned, target)

        try:
            return manifest.parse_manifest(
                data, name=key, place=where, source=source, host_url=self.url, relative=relative
            )
        except ManifestError:
            self._doubt(where)
            raise

    def _doubt(self, url: str) -> None:
        """Have a page asked for again the next time: it may never have been the one of the commit."""
        if (known := self._supply.store.recall(url)) is not None:
            memory, content = known
            self._supply.store.remember(Memory(url, memory.sha256, memory.size, here=memory.here), content)

    def _folder(self, key: str, pinned: Pinned, *, alone: bool, rename_to_init: bool) -> Candidate:
        """A folder without a package.json."""
        url, source = self._archive_url(pinned), hosts.canonical(pinned.place)
        where = f"{source} ({pinned.commit[:12]})" if pinned.commit else source
        chosen = self._remembered(pinned, key)
        if chosen is None:
            chosen = unpack(
                self._archive(pinned, url), key, pinned.place.path, self._supply.store, where=where
            )
            if pinned.commit:
                address = listing_url(url, pinned.place.path, key)
                self._chosen[address] = chosen
                remember(self._supply.store, address, chosen)
        for remark in chosen.remarks:
            self._supply.warn(remark)
        return as_package(
            chosen, key, url, source=source, where=where, alone=alone, rename_to_init=rename_to_init
        )

    def _archive(self, pinned: Pinned, url: str) -> Archive:
        try:
            archive = self._supply.wait_for(self._supply.archive_soon(url))
        except FetchError as error:
            if _is_absent(error):
                raise self._nothing(pinned) from error
            raise
        commit = archive.listing().commit
        if pinned.commit and commit not in {"", pinned.commit}:
            raise FetchError(url, "mismatch", f"is of the commit {commit}")
        return archive

    def _nothing(self, pinned: Pinned) -> PackageNotFoundError:
        place = pinned.place
        what = f"there is no {place.path!r} in it" if place.path else "there is nothing in it"
        at = f" at {pinned.ref[:12]}" if pinned.ref else ""
        unsure = "" if pinned.commit else ", or there is no such commit or repository"
        return absent(hosts.canonical(place), f"{what}{at}{unsure}")

    # --- what is known for ever ------------------------------------------------------------------

    def _known(self, file: RemoteFile) -> RemoteFile:
        """A file with the hash that it had before, if it is of a commit and so has it still."""
        known = self._supply.store.recall(file.url)
        if file.hash_prefix or known is None or file.url not in self._fixed:
            return file
        return replace(file, hash_prefix=known[0].sha256)

    def _remembered(self, pinned: Pinned, key: str) -> Chosen | None:
        """What was chosen of a folder without a package.json, if the store has it all still."""
        if not pinned.commit:
            return None
        url = listing_url(self._archive_url(pinned), pinned.place.path, key)
        if url not in self._chosen:
            self._chosen[url] = recall(self._supply.store, url)
        return self._chosen[url]


def _description_of(path: str) -> str:
    """The manifest that a place means."""
    return path if path.endswith(".json") else posixpath.join(path, DESCRIPTION)


def _is_absent(error: BaseException | None) -> bool:
    return isinstance(error, FetchError) and error.kind == "not-found"
