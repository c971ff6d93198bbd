"""What there is to choose from: in indices, at addresses, on this machine, and in the lock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future
from functools import lru_cache
from pathlib import Path
from typing import Any

from belay.exceptions import PackageError, ResolutionError
from belay.packages import manifest
from belay.packages.gitplace import is_commit, ref_address
from belay.packages.index import LATEST, Index
from belay.packages.indices import Indices
from belay.packages.local import read_local
from belay.packages.model import (
    Candidate,
    FromGit,
    FromHost,
    FromIndex,
    FromPath,
    FromUrl,
    LockedPackage,
    RemoteFile,
    Requirement,
    Source,
)
from belay.packages.requirement import canonical, parse_source
from belay.packages.resolve import identify
from belay.packages.supply import Supply
from belay.packages.version import Version, Wanted, parse_wanted

_VERSIONS_SHOWN = 8
_TORN = "the index is not what its listing says: try again later, or name another version"
_AHEAD = 64
"""How deep packages that need each other are fetched ahead; nobody has such, except to keep others busy."""
_wanted = lru_cache(maxsize=4096)(parse_wanted)


class Catalogue:
    """The offers for :func:`~belay.packages.resolve.resolve`.

    The project decides where the packages come from that it names itself. What others say of these counts by
    the version only, so there is a way out of every disagreement of others.

    Args:
        requirements: What the project needs.
        supply: Brings pages.
        indices: The indices.
        root: The project's folder.
        locked: What was chosen the last time.
        fresh: The names of the packages to choose anew; the others stay as they were locked unless that suits
            nobody. None for all.
    """

    def __init__(
        self,
        requirements: Iterable[Requirement],
        supply: Supply,
        indices: Indices,
        root: Path,
        *,
        locked: Iterable[LockedPackage] = (),
        fresh: Collection[str] | None = None,
    ) -> None:
        self._requirements = list(requirements)
        self._own = {id(need) for need in self._requirements}
        self._own_names = {identify(need) for need in self._requirements}
        self._supply = supply
        self._indices = indices
        self._root = root
        self.kept = {
            package.name: _as_candidate(package)
            for package in locked
            if fresh is not None and package.name not in fresh and not package.develop
        }
        self._direct: dict[tuple[str, str, bool], Candidate] = {}

    # --- fetching ahead --------------------------------------------------------------------------

    def prepare(self) -> None:
        """Fetches at once the pages that will probably be needed.

        What cannot be had, or is wrong, is left for the resolution to find: there it is known who needs it.
        """
        needs = self._requirements
        if any(is_indexed(need) and identify(need) not in self.kept for need in needs):
            self._indices.open()
        seen: set[tuple[str, tuple[Source, ...]]] = set()
        expected: dict[Future[Any], list[Requirement]] = {}

        # By identity; the candidates are kept, and so their needs are.
        depths = {id(need): 0 for need in needs}

        def ahead(need: Requirement) -> Iterator[Future[Any]]:
            if (mark := (need.key, need.sources)) in seen:
                return
            seen.add(mark)
            try:
                futures = self._pages_soon(need)
            except PackageError:
                return
            if not futures:
                yield from behind(need)
            for future in futures:
                expected.setdefault(future, []).append(need)
                yield future

        def behind(need: Requirement) -> Iterator[Future[Any]]:
            try:
                candidate = next(self.candidates(identify(need), [need]), None)
            except (PackageError, OSError):
                return
            depth = depths.get(id(need), 0)
            for further in candidate.dependencies if candidate and depth < _AHEAD else ():
                depths.setdefault(id(further), depth + 1)
                yield from ahead(further)

        def further(need: Requirement) -> Iterator[Future[Any]]:
            """A place in a repository takes several steps."""
            if not (futures := self._hosted_soon(need)):
                yield from behind(need)
            for future in futures:
                expected.setdefault(future, []).append(need)
                yield future

        def come(future: Future[Any]) -> list[Future[Any]]:
            return [more for need in expected.pop(future, ()) for more in further(need)]

        self._supply.gather([future for need in needs for future in ahead(need)], come)

    def _pages_soon(self, need: Requirement) -> list[Future[Any]]:
        if identify(need) in self.kept:
            return []
        if is_indexed(need):
            source = _index_source(need)
            return self._indices.prefetch(source.name, [_wanted(source.wanted)], source.index)
        urls = [manifest.manifest_url(source.url) for source in need.sources if isinstance(source, FromUrl)]
        urls += [ref_address(source) for source in need.sources if isinstance(source, FromGit)]
        pages = [self._supply.page_soon(url) for url in urls if url is not None]
        return [*pages, *self._hosted_soon(need)]

    def _hosted_soon(self, need: Requirement) -> list[Future[Any]]:
        """What is missing next of the sources that are in repositories of git hosts."""
        hosted = [source for source in need.sources if isinstance(source, FromHost)]
        return [future for place in hosted for future in self._supply.repositories.soon(place, need.key)]

    # --- offers ----------------------------------------------------------------------------------

    def candidates(self, name: str, needs: Sequence[Requirement]) -> Iterator[Candidate]:
        """What would do for all of these requirements of one name, the best first.

        Raises:
            PackageNotFoundError: There is no package of this name.
            PackageError: It cannot be had.
        """
        kept = self.kept.get(name)
        if kept is not None and all(self.accepts(need, kept) for need in needs):
            yield kept
        decisive = [need for need in needs if id(need) in self._own] or needs
        direct = [need for need in decisive if not is_indexed(need)]
        if direct:
            candidate = self._read(direct[0])
            if all(self.accepts(need, candidate) for need in needs):
                yield candidate
            return
        for candidate in self._from_indices(name, decisive, needs):
            if candidate != kept and all(self.accepts(need, candidate) for need in needs):
                yield candidate

    def accepts(self, need: Requirement, candidate: Candidate) -> bool:
        """Whether a candidate, which has the requirement's name, will do for it."""
        others = id(need) not in self._own and candidate.name in self._own_names
        if not is_indexed(need):
            return others or candidate.source == source_text(need)
        source = _index_source(need)
        wanted = _wanted(source.wanted)
        if not candidate.source.startswith("index+"):
            # A commit is no version that anybody could have an opinion on.
            unknown = not candidate.version or is_commit(candidate.version)
            return others and (unknown or wanted.allows(candidate.version))
        if source.index and not others and candidate.source != self._indices.named(source.index).source:
            return False
        if wanted.text == LATEST and candidate is not self.kept.get(candidate.name):
            index = self._indices.named(candidate.source.removeprefix("index+"))
            latest = index.candidate(candidate.name, LATEST)
            return latest is not None and candidate.version == latest.version
        return wanted.allows(candidate.version)

    def explain(self, name: str, needs: Sequence[Requirement]) -> tuple[str, str]:
        """What there is of a name, and what would help; either may be empty."""
        indexed = [need for need in needs if is_indexed(need)]
        if len(indexed) < len(needs):
            own = [id(need) in self._own for need in needs]
            if all(own):
                return "", f"give one that is not to be {name} another name in pyproject.toml"
            return "", "" if any(own) else f"say where {name} comes from in [tool.belay.dependencies]"
        wanted = [_wanted(_index_source(need).wanted) for need in indexed]
        places = {_index_source(need).index for need in indexed} - {""}
        if len(places) > 1:
            return "", f"name one index for {name}"
        index = self._indices.find(name, wanted, next(iter(places), ""))
        versions = index.versions(name)
        shown = versions[-_VERSIONS_SHOWN:]
        there_is = f"{index.url} has {'… ' if len(versions) > len(shown) else ''}{', '.join(shown)}"
        if (absent := index.absence(name)) is not None:
            hint = absent.advice if absent.kind == "offline" else _TORN
            return f"{there_is}, but {absent.message}", hint or ""
        return there_is, _advice(name, wanted, index)

    def _from_indices(
        self, name: str, decisive: Sequence[Requirement], needs: Sequence[Requirement]
    ) -> Iterator[Candidate]:
        wanted = [_wanted(_index_source(need).wanted) for need in needs if is_indexed(need)]
        names = [_index_source(need).index for need in decisive]
        places = {self._indices.named(place).url for place in names if place}
        if len(places) <= 1:
            index = self._indices.find(name, wanted, next(iter(places), ""))
            yield from index.candidates(name, wanted)

    # --- what comes from elsewhere -----------------------------------------------------------------

    def _read(self, need: Requirement) -> Candidate:
        """The package that a requirement means that is of no index."""
        key = (need.key, source_text(need), need.rename_to_init)
        if key not in self._direct:
            parts = [self._part(need, source) for source in need.sources]
            self._direct[key] = manifest.joined(need.key, source_text(need), parts)
        return self._direct[key]

    def _part(self, need: Requirement, source: Source) -> Candidate:
        alone, rename = len(need.sources) == 1, need.rename_to_init
        match source:
            case FromPath():
                return read_local(
                    need.key,
                    source,
                    self._root,
                    alone=alone,
                    rename_to_init=rename,
                    host_url=self._supply.host_url,
                    warn=self._supply.warn,
                )
            case FromUrl(url):
                return self._from_url(need.key, url, alone=alone, rename=rename)
            case FromHost():
                repositories = self._supply.repositories
                return repositories.read(need.key, source, alone=alone, rename_to_init=rename)
            case FromGit():
                from belay.packages.gitsource import read_git

                return read_git(need.key, source, self._supply, alone=alone, rename_to_init=rename)
        raise ResolutionError(f"{need.key}: {source.name} of an index cannot be a part of it")

    def _from_url(self, key: str, url: str, *, alone: bool, rename: bool) -> Candidate:
        described = manifest.manifest_url(url)
        if described is None:
            return manifest.single_file(key, url, source=url, alone=alone, rename_to_init=rename)
        page = self._supply.page(described)
        return manifest.parse_manifest(
            page.content, name=key, place=described, source=url, host_url=self._supply.host_url
        )


def is_indexed(need: Requirement) -> bool:
    """Whether a requirement is one of an index."""
    return len(need.sources) == 1 and isinstance(need.sources[0], FromIndex)


def source_text(need: Requirement) -> str:
    """The source of the candidate that a requirement means that is of no index."""
    texts = [
        f"path+{source.path}" if isinstance(source, FromPath) else canonical(source)
        for source in need.sources
    ]
    return " + ".join(texts)


def _index_source(need: Requirement) -> FromIndex:
    source = need.sources[0]
    assert isinstance(source, FromIndex)
    return source


def _as_candidate(package: LockedPackage) -> Candidate:
    """A package as it was locked, to choose it again."""
    files = tuple(RemoteFile(file.destination, file.url, file.sha256) for file in package.files)
    constraints = [(name, parse_source(wanted)) for name, wanted in package.constraints]
    told = {name for name, _ in constraints}
    needs = tuple(Requirement(name, (source,)) for name, source in constraints)
    needs += tuple(Requirement(name, (FromIndex(name),)) for name in package.dependencies if name not in told)
    return Candidate(package.name, package.version, package.source, files, needs)


def _advice(name: str, wanted: Sequence[Wanted], index: Index) -> str:
    """What would help if an index has no version of a package that is wanted."""
    if len(wanted) > 1 or not (versions := index.versions(name)):
        return ""
    if index.listing is None:
        return f"the index lists no versions: only exact ones and the latest, {versions[-1]}, can be had"
    newest = Version(versions[-1])
    if wanted[0].exact is None and (newest.standard is None or newest.is_prerelease):
        return wanted[0].reason_against(newest)
    return f"the latest is {index.latest(name)}"
