"""From the packages that are on a board, and others, to those that shall be there; talks to no board."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches

from belay.exceptions import PackageNotFoundError, RequirementError, ResolutionError
from belay.files.tree import parents
from belay.mip.installed import Installed
from belay.packages.destination import check_together
from belay.packages.version import parse_wanted

Packages = Mapping[str, Installed]
"""By name."""


@dataclass(frozen=True)
class Change:
    """How a package differs; one of the two may be missing.

    Attributes:
        old: As it was.
        new: As it is.
    """

    old: Installed | None
    new: Installed | None

    @property
    def name(self) -> str:
        """Of which package."""
        package = self.new or self.old
        assert package is not None
        return package.name

    def __str__(self) -> str:
        if self.old is None or self.new is None:
            return f"{self.new or self.old}: {'added' if self.old is None else 'removed'}"
        if self.old.version == self.new.version:
            is_same = (self.old.source, self.old.files) == (self.new.source, self.new.files)
            # What was only needed by others was asked for now, or in other words.
            return f"{self.new}: {f'asked for as {self.new.asked}' if is_same else 'changed'}"
        return f"{self.name} {self.old.version or '?'} -> {self.new.version or '?'}"


@dataclass(frozen=True)
class Aim:
    """What a folder on a board shall hold.

    Attributes:
        packages: The packages.
        changes: How they differ from those that are there.
        notes: Sentences for the user.
    """

    packages: Packages
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()

    def spared(self, sent: Collection[str]) -> frozenset[str]:
        """The files and folders that stay as they are, if these files are sent."""
        files = {path for package in self.packages.values() for path in package.files} - {*sent}
        return frozenset(files | {folder for path in files for folder in parents(path)})


def with_chosen(old: Packages, chosen: Packages) -> Aim:
    """The packages after some were chosen, which take the place of those of their names.

    What nobody asked for and nobody needs any more goes.

    Args:
        old: Those that are there.
        chosen: Those that come.

    Raises:
        ResolutionError: One that stays wants another version of one that comes.
        UnsafePathError: Files of one that stays and one that comes are one file on some systems.
    """
    kept = {name: package for name, package in old.items() if name not in chosen}
    _refuse_unsuited(kept, chosen)
    files = {path: file for package in chosen.values() for path, file in package.files.items()}
    notes, packages = [], {}
    for name, package in kept.items():
        if taken := {
            path: files[path] for path, file in package.files.items() if files.get(path, file) != file
        }:
            notes.append(
                f"{', '.join(sorted(taken))} of {package} comes in another version now; "
                f"`belay mip upgrade {name}` brings what belongs to it"
            )
        packages[name] = replace(package, files={**package.files, **taken})
    for name, package in chosen.items():
        asked = package.asked or (old[name].asked if name in old else "")
        packages[name] = replace(package, asked=asked)
    aim = _aim(old, packages, notes)
    paths = (path for package in aim.packages.values() for path in package.files)
    check_together(paths, where=f"{', '.join(sorted(chosen))} and what is on the board")
    return aim


def without(old: Packages, names: Collection[str]) -> Aim:
    """The packages after some were removed, and with them what only those needed.

    Args:
        old: Those that are there.
        names: Those that go.

    Raises:
        PackageNotFoundError: There is none of such a name.
        ResolutionError: One that stays needs one that goes.
    """
    check_names(old, names)
    for name in names:
        needed_by = sorted(
            each.name for each in old.values() if name in each.needs and each.name not in names
        )
        if needed_by:
            raise ResolutionError(
                f"{' and '.join(needed_by)} on the board {'needs' if len(needed_by) == 1 else 'need'} {name}",
                hint=f"remove {'it' if len(needed_by) == 1 else 'them'} too",
            )
    return _aim(old, {name: package for name, package in old.items() if name not in names}, [])


def check_names(old: Packages, names: Iterable[str]) -> None:
    """Refuse names of packages that are not there.

    Raises:
        PackageNotFoundError: There is none of such a name.
    """
    for name in names:
        if name not in old:
            near = get_close_matches(name, old, 1)
            hint = f"did you mean {near[0]}?" if near else "`belay mip list` shows what is there"
            raise PackageNotFoundError(name, f"{name} is not among the packages on the board", hint=hint)


def _aim(old: Packages, packages: dict[str, Installed], notes: list[str]) -> Aim:
    needed = _needed(packages)
    changes = []
    for name in sorted(old.keys() | needed.keys()):
        before, after = old.get(name), needed.get(name)
        if before is None or after is None or not _same(before, after):
            changes.append(Change(before, after))
    return Aim(needed, tuple(changes), tuple(notes))


def _same(one: Installed, other: Installed) -> bool:
    mine = one.version, one.source, one.files, one.asked
    return mine == (other.version, other.source, other.files, other.asked)


def _needed(packages: Packages) -> dict[str, Installed]:
    """What somebody asked for, and what that needs."""
    found: dict[str, Installed] = {}
    todo = [name for name, package in packages.items() if package.asked]
    while todo:
        name = todo.pop()
        if name in packages and name not in found:
            found[name] = packages[name]
            todo += packages[name].needs
    return found


def _refuse_unsuited(kept: Packages, chosen: Packages) -> None:
    for package in kept.values():
        for name, wanted in package.wants.items():
            new = chosen.get(name)
            if new is not None and new.version and not _allows(wanted, new):
                raise ResolutionError(
                    f"{package} on the board wants {wanted}, and {new} was chosen",
                    hint=f"install {package.name} along with it, so that one is chosen that suits both",
                )


def _allows(wanted: str, package: Installed) -> bool:
    """Whether a package is what another wants, in the canonical words of a requirement."""
    text = wanted.removeprefix(f"mip:{package.name}").partition(" from ")[0].removeprefix("@")
    if wanted.startswith("mip:"):
        with suppress(RequirementError):
            return not text or parse_wanted(text).allows(package.version)
    # A place at a git host: the same one, whatever commit it is. Or words that we have not written.
    return True
