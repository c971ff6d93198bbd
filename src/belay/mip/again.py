"""What is on a board, chosen anew: as it was asked for, and in the form that it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from belay.exceptions import PackageError, ResolutionError
from belay.mip.choice import Choice, Form, Origins, choose_packages
from belay.mip.installed import Installed
from belay.mip.wants import is_close, want_again
from belay.packages.model import FromIndex, Requirement
from belay.project.upkeep import Talk


def wants_again(
    old: Mapping[str, Installed], names: Sequence[str], origins: Origins
) -> tuple[list[Requirement], tuple[str, ...]]:
    """What is to be chosen anew.

    Args:
        old: What is on the board.
        names: Which of that; what was asked for if there is none.
        origins: Where packages may come from.

    Returns:
        That, and notes on what cannot be chosen anew.

    Raises:
        PackageError: One that was named cannot.
    """
    needs, notes = [], []
    for package in [old[name] for name in names] or [each for each in old.values() if each.asked]:
        try:
            needs.append(_again(package, origins))
        except PackageError as error:
            if names:
                raise
            notes.append(f"{package.name} stays as it is: {error.message}")
    return needs, tuple(notes)


def choose_again(needs: Sequence[Requirement], form: Form, talk: Talk, origins: Origins) -> Choice:
    """Choose packages anew: what one of an index needs comes from that index, as when it was installed.

    Args:
        needs: What is wanted.
        form: In which form.
        talk: Whom to tell.
        origins: Where they may come from.

    Raises:
        PackageError: There is no choice, or something cannot be had.
    """
    usual = {url for _, url in origins.usual}
    groups: dict[str, list[Requirement]] = {}
    for need in needs:
        source = need.sources[0]
        index = source.index if isinstance(source, FromIndex) and not origins.index else ""
        groups.setdefault("" if index in usual else index, []).append(need)
    choices = [choose_packages(each, form, talk, origins) for each in groups.values()]
    packages: dict[str, Installed] = {}
    for package in (each for choice in choices for each in choice.packages.values()):
        other = packages.setdefault(package.name, package)
        if other.files != package.files:
            both = (f"{each} of {each.index or each.source}" for each in (other, package))
            raise ResolutionError(
                f"{' and '.join(both)} cannot both be on the board",
                hint="`belay mip upgrade NAME...` leaves others as they are",
            )
        packages[package.name] = replace(package, asked=package.asked or other.asked)
    return Choice(packages, {path: data for choice in choices for path, data in choice.contents.items()})


def is_compiled(packages: Iterable[Installed]) -> bool:
    """Whether packages were installed compiled: sources alone are what somebody wanted, or all there is."""
    return any(path.endswith(".mpy") for package in packages for path in package.files)


def sources_again(
    old: Mapping[str, Installed], choice: Choice, form: Form, talk: Talk, origins: Origins
) -> Choice:
    """A choice in which packages of an index are sources again that were there as sources.

    Args:
        old: What is on the board.
        choice: What was chosen, compiled.
        form: That of sources.
        talk: Whom to tell.
        origins: Where packages may come from.

    Raises:
        PackageError: They cannot be had.
    """
    again = {
        name: package
        for name, package in choice.packages.items()
        if name in old and package.index and package.version
        if is_compiled([package]) and not is_compiled([old[name]])
    }
    if not again:
        return choice
    # In the versions that were chosen: all is to suit each other.
    needs = [want_again(f"{name}@{package.version}", package.index) for name, package in again.items()]
    sources = choose_again(needs, form, talk, origins)
    new = {name: replace(sources.packages[name], asked=package.asked) for name, package in again.items()}
    packages, contents = {**choice.packages, **new}, {**sources.contents, **choice.contents}
    return Choice(packages, {path: contents[path] for each in packages.values() for path in each.files})


def _again(package: Installed, origins: Origins) -> Requirement:
    """What to choose anew for a package.

    Raises:
        PackageError: It is not understood, or would be read on this computer because a board says so.
    """
    index = origins.index or package.index
    asked = package.asked or (package.name if index else package.source)
    need = want_again(asked, index, origins.hosts)
    is_named = isinstance(need.sources[0], FromIndex) and origins.index
    if is_close(need) and not is_named:
        where, more = (index, f" --index {index}") if index else (asked, "")
        raise PackageError(
            f"it came from a computer ({where}), and that is not read because a board says so",
            hint=f"`belay mip install {asked}{more}` brings it anew",
        )
    return need
