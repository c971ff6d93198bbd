"""Versions as indices have them, and what users want of them.

Versions are those of PEP 440 (https://peps.python.org/pep-0440/), as far as they can be read that way:
``3.3.3-4`` is the fourth post-release of 3.3.3. Anything else is a version too, only one that no range holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache, total_ordering
from typing import TYPE_CHECKING

from belay.exceptions import RequirementError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from packaging.specifiers import SpecifierSet
    from packaging.version import Version as StandardVersion

MAX_LENGTH = 100
"""Characters of a version; what is longer is nobody's version."""

_RANGE_SIGNS = "<>=!~^,*|"
_HINT = "wanted can be: *, latest, 1.2.3, >=1.2,<2, ^1.2, ~1.2, ==1.2.*"


@total_ordering
class Version:
    """A version; versions that cannot be read as PEP 440 says come before all others.

    Args:
        text: As the index writes it.

    Attributes:
        text: As the index writes it.
        standard: As PEP 440 reads it, or None.
    """

    __slots__ = ("_key", "standard", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.standard = _standard(text)
        self._key = (self.standard is not None, self.standard or _natural(text), text)

    @property
    def is_prerelease(self) -> bool:
        """Whether it is an alpha, beta, release candidate or development version."""
        return self.standard is not None and self.standard.is_prerelease

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self.text == other.text

    def __lt__(self, other: Version) -> bool:
        return self._key < other._key

    def __hash__(self) -> int:
        return hash(self.text)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Version({self.text!r})"


@dataclass(frozen=True)
class Wanted:
    """Which versions will do; made by :func:`parse_wanted`.

    Attributes:
        text: As the user wrote it, without blanks around it.
        exact: The only version that will do, or None.
        ranges: What a version must be within, or None where any will do.
        prereleases: Whether pre-releases will do: a range that names one asks for them.
    """

    text: str
    exact: str | None = None
    ranges: SpecifierSet | None = None
    prereleases: bool = False

    @property
    def is_latest(self) -> bool:
        """Whether it is what the index calls the latest, whatever that is."""
        return self.exact is None and self.ranges is None

    def allows(self, version: str | Version) -> bool:
        """Whether a version will do."""
        version = Version(version) if isinstance(version, str) else version
        if self.exact is not None:
            return version.text == self.exact or _same(version.standard, _standard(self.exact))
        if self.ranges is None:
            return True
        if version.standard is None or (version.is_prerelease and not self.prereleases):
            return False
        return self.ranges.contains(version.standard, prereleases=True)

    def reason_against(self, version: str | Version) -> str:
        """Why a version will not do, for people; empty if it will."""
        if self.allows(version):
            return ""
        version = Version(version) if isinstance(version, str) else version
        if self.exact is None and version.standard is None:
            return f"{version} is no version that can be compared"
        if self.exact is None and version.is_prerelease and not self.prereleases:
            return f"{version} is a pre-release, which {self.text} does not ask for"
        return f"{version} is not {self.text}"


def parse_wanted(text: str) -> Wanted:
    """Read which versions will do.

    Args:
        text: ``*`` or ``latest``; a version; or ranges with commas between them: those of PEP 440 (``>=1,<2``
            or ``==1.*``), ``^1.2`` (up to the next change of its first number that is not zero) and
            ``~1.2`` (up to the next of its second number).

    Raises:
        RequirementError: It is none of these.
    """
    text = text.strip()
    if text in ("", "*", "latest"):
        return Wanted(text or "*")
    if len(text) > MAX_LENGTH:
        raise RequirementError(f"{text[:20]}…", "is too long for a version", hint=_HINT)
    if not any(sign in text for sign in _RANGE_SIGNS):
        return _exactly(text, text)
    if text.startswith("==") and not any(sign in text.lstrip("=") for sign in _RANGE_SIGNS):
        return _exactly(text, text.lstrip("=").strip())
    if "|" in text:
        raise RequirementError(text, "alternatives (||) are not supported", hint=_HINT)
    return _within(text)


def newest(versions: Iterable[str], wanted: Wanted) -> Version | None:
    """The newest version that will do, or None."""
    return max(allowed(versions, wanted), default=None)


def allowed(versions: Iterable[str], wanted: Wanted) -> list[Version]:
    """The versions that will do, newest first."""
    return sorted(filter(wanted.allows, map(Version, versions)), reverse=True)


def _exactly(text: str, version: str) -> Wanted:
    if not version or not version.isprintable() or any(sign in version for sign in " /\\"):
        raise RequirementError(text, "is no version", hint=_HINT)
    return Wanted(text, exact=version)


def _within(text: str) -> Wanted:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        ranges = SpecifierSet(
            ",".join(part for clause in text.split(",") for part in _standard_clauses(clause))
        )
    except (InvalidSpecifier, ValueError) as error:
        raise RequirementError(text, "is no range of versions", hint=_HINT) from error
    return Wanted(
        text, ranges=ranges, prereleases=any(_names_prerelease(clause) for clause in text.split(","))
    )


def _standard_clauses(clause: str) -> list[str]:
    """A clause in the words of PEP 440."""
    clause = clause.strip()
    if clause.startswith("^"):
        return _up_to(clause[1:], _caret)
    if clause.startswith("~") and not clause.startswith("~="):
        return _up_to(clause[1:], _tilde)
    if clause.endswith(".*") and clause[:1].isdigit():
        return [f"=={clause}"]
    if clause == "*":
        return []
    if not clause or clause[0].isalnum():
        raise ValueError(clause)
    return [clause]


def _up_to(text: str, next_release: Callable[[tuple[int, ...]], tuple[int, ...]]) -> list[str]:
    version = _standard(text.strip())
    if version is None:
        raise ValueError(text)
    end = next_release(version.release)
    # An epoch belongs to both ends.
    epoch = f"{version.epoch}!" if version.epoch else ""
    return [f">={version}", f"<{epoch}{'.'.join(map(str, end))}"]


def _caret(release: tuple[int, ...]) -> tuple[int, ...]:
    first = next((place for place, number in enumerate(release) if number), len(release) - 1)
    return (*release[:first], release[first] + 1)


def _tilde(release: tuple[int, ...]) -> tuple[int, ...]:
    kept = release[:2]
    return (*kept[:-1], kept[-1] + 1)


def _names_prerelease(clause: str) -> bool:
    version = _standard(clause.strip().lstrip("<>=!~^ ").removesuffix(".*"))
    return version is not None and version.is_prerelease


def _same(one: StandardVersion | None, other: StandardVersion | None) -> bool:
    return one is not None and one == other


@lru_cache(maxsize=1 << 16)
def _standard(text: str) -> StandardVersion | None:
    from packaging.version import InvalidVersion, Version

    if len(text) > MAX_LENGTH:
        return None
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _natural(text: str) -> tuple[tuple[int, str], ...]:
    """A key that orders numbers in a text as numbers: ``r9`` before ``r10``."""
    parts = re.findall(r"[0-9]+|[^0-9]+", text[:MAX_LENGTH])
    return tuple((int(part), "") if part.isdecimal() and part.isascii() else (-1, part) for part in parts)
