"""Chooses: of all packages that are needed, one version each that everybody can live with.

The algorithm is resolvelib's. It knows neither files nor networks; what there is to choose from is told by an
object with the methods of :class:`Offers`. The same requirements and the same offers give the same choice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from resolvelib import AbstractProvider, BaseReporter, ResolutionImpossible, ResolutionTooDeep
from resolvelib.resolvers import Resolution as Search

from belay.exceptions import (
    FetchError,
    ManifestError,
    NoSuchVersionError,
    PackageError,
    PackageNotFoundError,
    RequirementError,
    ResolutionError,
    UnsafePathError,
)
from belay.packages.model import Candidate, FromIndex, Requirement

MAX_ROUNDS = 100_000
"""Steps of the algorithm; a hundred packages take some hundred."""
MAX_DEPTH = 1000
"""How many packages may need each other in a row."""
_LINKS_SHOWN = 12


class Offers(Protocol):
    """What there is to choose from."""

    def candidates(self, name: str, needs: Sequence[Requirement]) -> Iterator[Candidate]:
        """What would do for all of these requirements of one name, the best first."""
        ...

    def accepts(self, need: Requirement, candidate: Candidate) -> bool:
        """Whether a candidate, which has the requirement's name, will do for it."""
        ...

    def explain(self, name: str, needs: Sequence[Requirement]) -> tuple[str, str]:
        """What there is of a name, and what would help; either may be empty."""
        ...


@dataclass(frozen=True)
class Resolution:
    """What was chosen.

    Attributes:
        packages: By name.
        needs: The names of what each package needs, sorted.
        groups: The groups that each package is needed in, sorted.
    """

    packages: Mapping[str, Candidate]
    needs: Mapping[str, tuple[str, ...]]
    groups: Mapping[str, tuple[str, ...]]


def resolve(requirements: Iterable[Requirement], offers: Offers) -> Resolution:
    """Chooses a version of each package that is needed, directly or by others.

    Args:
        requirements: What the project needs, of all groups.
        offers: What there is to choose from.

    Raises:
        ResolutionError: There is no choice that suits all.
        PackageError: As ``offers`` raises it; what it says then ends with who needed the package.
    """
    roots = sorted(requirements, key=lambda need: (identify(need), need.group, describe(need)))
    asked = _Asked()
    try:
        # Not Resolver.resolve: it looks for what is needed in a way that never ends for some circles.
        state = Search(_Provider(offers, asked), asked).resolve(roots, max_rounds=MAX_ROUNDS)
    except ResolutionImpossible as error:
        raise _impossible(error, asked, offers) from error
    except ResolutionTooDeep as error:
        raise ResolutionError(
            "the packages were too many to choose from", hint="narrow the versions down that may be used"
        ) from error
    chosen = _needed(roots, state.mapping)
    needs = {
        name: tuple(sorted({identify(need) for need in candidate.dependencies} - {name}))
        for name, candidate in chosen.items()
    }
    return Resolution(chosen, needs, _groups(roots, needs))


def _needed(roots: Iterable[Requirement], found: Mapping[str, Candidate]) -> dict[str, Candidate]:
    """What is needed of all that was found, by name; the search also leaves what it had tried before."""
    names: set[str] = set()
    todo = [identify(root) for root in roots]
    while todo:
        if (name := todo.pop()) not in names:
            names.add(name)
            todo += [identify(need) for need in found[name].dependencies]
    return {name: found[name] for name in sorted(names)}


def identify(thing: Requirement | Candidate) -> str:
    """The name that two requirements of the same package have in common."""
    if isinstance(thing, Candidate):
        return thing.name
    if len(thing.sources) == 1 and isinstance(thing.sources[0], FromIndex):
        return thing.sources[0].name
    return thing.key


def describe(need: Requirement) -> str:
    """A requirement in a few words."""
    words = []
    for source in need.sources:
        match source:
            case FromIndex(name, wanted, index):
                words.append(f"{name} {wanted}" + (f" (of {index})" if index else ""))
            case _:
                from belay.packages.requirement import canonical

                words.append(f"{need.key} ({canonical(source)})")
    return " + ".join(words)


class _Asked(BaseReporter[Requirement, Candidate, str]):
    """Remembers who asked for what first."""

    def __init__(self) -> None:
        self.by: dict[str, tuple[Requirement, Candidate | None]] = {}
        self._depths: dict[str, int] = {}

    def adding_requirement(self, requirement: Requirement, parent: Candidate | None) -> None:
        name = identify(requirement)
        self.by.setdefault(name, (requirement, parent))
        depth = self._depths.setdefault(name, self._depths.get(parent.name, 0) + 1 if parent else 0)
        if depth > MAX_DEPTH:
            raise ResolutionError(
                f"more than {MAX_DEPTH} packages need each other in a row",
                (self.chain(requirement, parent),),
                hint="nobody needs such packages, except to keep others busy: do without the first of them",
            )

    def chain(self, need: Requirement, parent: Candidate | None) -> str:
        """Who asks for something, and who asked for that one, up to the project."""
        links: dict[str, str] = {}
        text = f"{describe(need)} is needed by "
        while parent is not None and parent.name not in links:
            links[parent.name] = f"{parent.name} {parent.version}".rstrip()
            need, parent = self.by.get(parent.name, (need, None))
        shown = list(links.values())
        if len(shown) > _LINKS_SHOWN:
            middle = f"{len(shown) - _LINKS_SHOWN + 1} others"
            shown[_LINKS_SHOWN // 2 : _LINKS_SHOWN // 2 - _LINKS_SHOWN + 1] = [middle]
        whose = need.where if parent is None and need.where else "the project"
        return text + ", that by ".join([*shown, whose])


class _Provider(AbstractProvider[Requirement, Candidate, str]):
    def __init__(self, offers: Offers, asked: _Asked) -> None:
        self._offers = offers
        self._asked = asked
        # By identity: to hash a requirement costs more than to look at it. The values keep the keys alive.
        self._accepted: dict[tuple[int, int], tuple[bool, Requirement, Candidate]] = {}

    def identify(self, requirement_or_candidate: Requirement | Candidate) -> str:
        return identify(requirement_or_candidate)

    def get_preference(self, identifier: str, *_: Any, **__: Any) -> str:
        return identifier

    def narrow_requirement_selection(
        self, identifiers: Iterable[str], *_: Any, backtrack_causes: Sequence[Any] = (), **__: Any
    ) -> Iterable[str]:
        """What failed last comes first, so that it fails early; then by name, for a fixed order."""
        known = set(identifiers)
        failed = {identify(cause.requirement) for cause in backtrack_causes}
        failed |= {cause.parent.name for cause in backtrack_causes if cause.parent is not None}
        return [min((known & failed) or known)]

    def find_matches(
        self,
        identifier: str,
        requirements: Mapping[str, Iterator[Requirement]],
        incompatibilities: Mapping[str, Iterator[Candidate]],
    ) -> Callable[[], Iterator[Candidate]]:
        needs = list(requirements[identifier])
        excluded = list(incompatibilities[identifier])

        def matches() -> Iterator[Candidate]:
            try:
                for candidate in self._offers.candidates(identifier, needs):
                    if candidate not in excluded:
                        yield candidate
            except PackageError as error:
                if _is_about_the_package(error):
                    need, parent = self._asked.by[identifier]
                    error.args = (f"{error.message}\n  {self._asked.chain(need, parent)}",)
                raise

        return matches

    def is_satisfied_by(self, requirement: Requirement, candidate: Candidate) -> bool:
        key = (id(requirement), id(candidate))
        known = self._accepted.get(key)
        if known is None:
            accepted = self._offers.accepts(requirement, candidate)
            known = self._accepted[key] = (accepted, requirement, candidate)
        return known[0]

    def get_dependencies(self, candidate: Candidate) -> Iterable[Requirement]:
        # Whoever needs himself has what he needs, unless he wants to be of another version.
        return [
            need
            for need in candidate.dependencies
            if identify(need) != candidate.name or not self.is_satisfied_by(need, candidate)
        ]


def _is_about_the_package(error: PackageError) -> bool:
    """Whether it matters who needs the package: not if an index cannot be reached."""
    if isinstance(error, FetchError):
        return not error.url.endswith("/index.json")
    about = PackageNotFoundError | RequirementError | ManifestError | UnsafePathError
    return type(error) is PackageError or isinstance(error, about)


def _impossible(error: Any, asked: _Asked, offers: Offers) -> ResolutionError:
    """What stands against what, in the words of those who asked."""
    causes: dict[str, list[Any]] = {}
    for cause in error.causes:
        causes.setdefault(identify(cause.requirement), []).append(cause)
    # Of several names that failed, the one with the most demands tells the most.
    name = max(sorted(causes), key=lambda each: len(causes[each]))
    telling = _telling(causes[name])
    needs = [cause.requirement for cause in telling]
    chains = sorted({asked.chain(cause.requirement, cause.parent) for cause in telling})
    there_is, hint = offers.explain(name, needs)
    if len(chains) == 1:
        message = f"there is no {describe(needs[0])}"
    else:
        message = f"no version of {name} suits all who need it"
        hint = hint or _way_out(name, telling)
    lines = (*chains, *([there_is] if there_is else []))
    kind = NoSuchVersionError if len(chains) == 1 else ResolutionError
    return kind(message, lines, hint=hint or None)


def _telling(causes: list[Any]) -> list[Any]:
    """The causes without those that take any version: if all are of an index, they stand against nothing."""
    needs = [cause.requirement for cause in causes]
    if any(not isinstance(source, FromIndex) for need in needs for source in need.sources):
        return causes
    telling = [cause for cause in causes if _wants_something(cause.requirement)]
    return telling or causes


def _wants_something(need: Requirement) -> bool:
    return need.sources != (FromIndex(identify(need)),)


def _way_out(name: str, causes: list[Any]) -> str:
    """What would help if several do not agree on a version."""
    others = sorted({cause.parent.name for cause in causes if cause.parent is not None})
    ways = [f"ask for another version of {name}"] if any(cause.parent is None for cause in causes) else []
    ways += [f"try another version of {' or '.join(others)}"] if others else []
    ways += [f"do without {' or '.join(others)}"] if others else []
    return ", or ".join(ways)


def _groups(roots: list[Requirement], needs: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {name: set() for name in needs}
    todo = [(identify(root), root.group) for root in roots]
    while todo:
        name, group = todo.pop()
        if group not in found[name]:
            found[name].add(group)
            todo += [(inner, group) for inner in needs[name]]
    return {name: tuple(sorted(groups)) for name, groups in found.items()}
