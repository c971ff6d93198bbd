"""Looks for words in the listings of indices."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from belay.exceptions import PackageError
from belay.packages.index import Index, Listed
from belay.packages.supply import Supply

_EXACT, _PREFIX, _IN_NAME, _IN_DESCRIPTION, _IN_AUTHOR = range(5)
_SAME = str.maketrans("_.", "--")


@dataclass(frozen=True)
class Hit:
    """A package that a search found.

    Attributes:
        name: Its name.
        version: The latest, as the index says.
        description: One line, or empty.
        author: As the index says, or empty.
        versions: All versions, oldest first.
        index: The URL of its index.
        taken: Whether no earlier index has one of its name, so that it is taken if no index is named.
    """

    name: str
    version: str
    description: str
    author: str
    versions: tuple[str, ...]
    index: str
    taken: bool = True


@dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes:
        hits: The packages, the best first.
        skipped: The indices that could not be searched, by URL, with the reason.
        count: How many packages were searched.
        near: Where there are no hits: the words with those that no package has replaced by the nearest that
            one has. As they were, if each of them is there; nothing, if there is nothing near.
    """

    hits: tuple[Hit, ...]
    skipped: dict[str, PackageError]
    count: int
    near: tuple[str, ...] = ()


def search(indices: Sequence[Index], words: Sequence[str], supply: Supply) -> Found:
    """Look for the packages that have all of some words in their name, description or author.

    Case does not matter, nor whether parts of a name are joined by ``-``, ``_`` or ``.``. First come names
    that are a word, then those that begin with one, those that have it in them, descriptions and authors.

    Args:
        indices: Where to look, in the order in which packages are taken from them.
        words: What to look for.
        supply: That of the indices.

    Raises:
        PackageError: None of the indices could be searched.
    """
    supply.gather([index.open_soon() for index in indices], lambda _: ())
    listings: dict[Index, Mapping[str, Listed]] = {}
    skipped: dict[str, PackageError] = {}
    for index in indices:
        try:
            listings[index] = _listing(index, supply)
        except PackageError as error:
            skipped[index.url] = error
    if skipped and not listings:
        raise next(iter(skipped.values()))
    hits = _hits(listings, [_folded(word) for word in words])
    near = () if hits else _near(words, [each for listing in listings.values() for each in listing.values()])
    return Found(hits, skipped, sum(map(len, listings.values())), near)


def _hits(listings: Mapping[Index, Mapping[str, Listed]], words: Sequence[str]) -> tuple[Hit, ...]:
    found: list[tuple[tuple[int, ...], Hit]] = []
    seen: set[str] = set()
    for index, listing in listings.items():
        for name, package in listing.items():
            if (rank := _rank(package, words)) is not None:
                found.append((rank, _hit(package, index, taken=name not in seen)))
        seen |= listing.keys()
    # Those of one name stay in the order of their indices.
    return tuple(hit for _, hit in sorted(found, key=lambda ranked: (ranked[0], ranked[1].name)))


def _listing(index: Index, supply: Supply) -> dict[str, Listed]:
    listing = index.listing
    if listing is not None:
        return listing
    if index.failure is not None:
        raise index.failure
    if supply.offline:
        raise PackageError(
            f"the list of packages of {index.url} is not in the store",
            hint="without --offline it would be fetched",
        )
    raise PackageError(
        f"{index.url} has no index.json, so it cannot be searched",
        hint="`belay add NAME` finds what is there by its exact name",
    )


def _rank(package: Listed, words: Sequence[str]) -> tuple[int, int] | None:
    """How well a package fits, by its best word first; None if it lacks one."""
    ranks = []
    for word in words:
        rank = next(_places(package, word), None)
        if rank is None:
            return None
        ranks.append(rank)
    if len(words) > 1 and _folded(package.name) == "-".join(words):
        return (_EXACT, _EXACT)
    return min(ranks), sum(ranks)


def _places(package: Listed, word: str) -> Iterator[int]:
    name = _folded(package.name)
    if name == word:
        yield _EXACT
    if name.startswith(word):
        yield _PREFIX
    if word in name:
        yield _IN_NAME
    if word in _folded(package.description):
        yield _IN_DESCRIPTION
    if word in _folded(_author(package)):
        yield _IN_AUTHOR


def _near(words: Sequence[str], packages: Sequence[Listed]) -> tuple[str, ...]:
    texts = [f"{package.name} {package.description} {_author(package)}".casefold() for package in packages]
    known = {word for text in texts for word in re.split(r"[^\w.-]+", text)}
    known |= {part for word in known for part in re.split(r"[-_.]", word)}
    everything = _folded("\n".join(texts))
    found: list[str] = []
    for word in words:
        if _folded(word) in everything:
            found.append(word)
        else:
            found += get_close_matches(word.casefold(), sorted(known), 1)
    return tuple(found) if len(found) == len(words) else ()


def _folded(text: str) -> str:
    return text.casefold().translate(_SAME)


def _author(package: Listed) -> str:
    return package.author if isinstance(package.author, str) else ""


def _hit(package: Listed, index: Index, *, taken: bool) -> Hit:
    versions = tuple(index.versions(package.name))
    return Hit(
        package.name, package.version, package.description, _author(package), versions, index.url, taken
    )
