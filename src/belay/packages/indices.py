"""Several MicroPython indices: which of them a package is taken from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future

from belay.exceptions import FetchError, PackageNotFoundError, ResolutionError
from belay.packages.index import SOURCES, Index
from belay.packages.supply import Page, Supply
from belay.packages.version import Wanted


class Indices:
    """Several indices, in the order in which they are asked.

    A package is taken from the first that has it, whatever versions the others have: so nobody who can
    publish in a later index can take the place of a package of an earlier one.

    Args:
        urls: Their URLs, with names for those that have one.
        supply: Brings their pages.
        mpy: The mpy version to prefer, as ``"6"``; ``"py"`` for sources.
        warn: Called with a sentence when an index cannot be reached and is passed over; once for each.
    """

    def __init__(
        self,
        urls: Sequence[str | tuple[str, str]],
        supply: Supply,
        mpy: str = SOURCES,
        *,
        warn: Callable[[str], None] | None = None,
    ) -> None:
        pairs = [(url, url) if isinstance(url, str) else url for url in urls]
        self._supply = supply
        self._warn = warn
        self._warned: set[str] = set()
        self._mpy = mpy
        self.all = [Index(url, supply, mpy) for _, url in pairs]
        self._named = {name: index for (name, _), index in zip(pairs, self.all, strict=True)}

    def open(self) -> None:
        """Fetches all listings at once."""
        self._supply.gather([index.open_soon() for index in self.all], lambda _: ())
        for index in self.all:
            self._reach(index)

    def named(self, name: str) -> Index:
        """The index of a name or a URL; a URL need not be one of the list.

        Raises:
            ResolutionError: There is none of this name.
        """
        for index in self._named.values():
            if name.rstrip("/") == index.url:
                return index
        if name not in self._named:
            if "://" not in name:
                raise ResolutionError(
                    f"there is no index {name!r}", hint=f"there are {', '.join(self._named) or 'none'}"
                )
            self._named[name] = Index(name, self._supply, self._mpy)
        return self._named[name]

    def asked(self, index: str = "") -> list[Index]:
        """The indices that come into question: all, or the one of a name or URL."""
        return [self.named(index)] if index else self.all

    def prefetch(self, name: str, wanted: Sequence[Wanted], index: str = "") -> list[Future[Page]]:
        """Begins to fetch the pages that are most likely needed."""
        found = []
        for each in self.asked(index):
            listing = each.listing
            future = each.prefetch(name, wanted)
            if future is not None:
                found.append(future)
                if listing is not None:
                    break
        return found

    def find(self, name: str, wanted: Sequence[Wanted], index: str = "") -> Index:
        """The index that a package is taken from.

        Raises:
            PackageNotFoundError: None has it.
            FetchError: An index does not work, or the only one that may be asked cannot be reached.
        """
        for each in self.asked(index):
            if each.has(name, wanted):
                return each
            self._reach(each)
        raise self._not_found(name, self.asked(index))

    def _reach(self, index: Index) -> None:
        """Says if an index cannot be reached."""
        if index.listing is None and index.failure is not None and index.url not in self._warned:
            self._warned.add(index.url)
            # Of the only one there is no other: that is an error, if anything is wanted of it.
            if self._warn is not None and len(self.all) > 1:
                self._warn(f"the index {index.url} is passed over: {index.failure.reason}")

    def _not_found(self, name: str, asked: list[Index]) -> PackageNotFoundError | FetchError:
        dead = [index.failure for index in asked if index.failure]
        if len(dead) == len(asked) and dead:
            return dead[0]
        missing = "does not have it" + (", as far as the store knows" if self._supply.offline else "")
        lines = [f"no index has a package {name!r}"]
        lines += [
            f"  {index.url} " + (f"was passed over: {index.failure.reason}" if index.failure else missing)
            for index in asked
        ]
        from difflib import get_close_matches

        near = get_close_matches(name, self.names(), 1)
        if self._supply.offline:
            hint: str | None = "without --offline the indices would be asked"
        else:
            hint = f"did you mean {near[0]}?" if near else None if asked else "package_indices is empty"
        return PackageNotFoundError(name, "\n".join(lines), hint=hint)

    def names(self) -> list[str]:
        """All packages of all listings."""
        return sorted({name for index in self.all for name in index.listing or ()})
