"""The packages in the folders of a board: puts them there, and finds out what has changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from belay.board.firmware import Implementation
from belay.exceptions import (
    BoardFileNotFoundError,
    FilesError,
    PathConflictError,
)
from belay.files.filesystem import Filesystem
from belay.files.names import absolute
from belay.files.plan import Plan
from belay.files.record import PLACE, Record
from belay.files.record import absolute as joined
from belay.files.sync import Bytes, Progress, SyncSummary, Wish
from belay.files.tree import File
from belay.mip.again import choose_again, is_compiled, sources_again, wants_again
from belay.mip.choice import USUAL, Choice, Origins, choose_packages, form_for
from belay.mip.installed import BY, Installed, installed, tops, unknown, written
from belay.mip.planning import Aim, Change, check_names, with_chosen, without
from belay.mip.refusals import is_started, other_folders, point_elsewhere, refuse_own_names
from belay.mip.strangers import Stranger, recognise
from belay.packages.model import Requirement
from belay.project.upkeep import Talk

_ROM = "/rom"
"""Where boards mount what is in their flash as an image (ROMFS): nothing can be put there."""


@dataclass(frozen=True)
class Damage:
    """A file that is not as it was put there.

    Attributes:
        package: Whose it is.
        path: Absolute, on the board.
        kind: ``"missing"`` or ``"changed"``.
    """

    package: Installed
    path: str
    kind: str


@dataclass(frozen=True)
class Done:
    """What was done, or would be.

    Attributes:
        top: The folder.
        changes: The packages that differ.
        notes: Sentences for the user.
        summary: What became of the files; None if nothing was done.
        plan: What would become of them; None if it was done.
    """

    top: str
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()
    summary: SyncSummary | None = None
    plan: Plan | None = None


@dataclass
class Library:
    """The packages on a board.

    Attributes:
        files: Its files.
        board: What it is.
        path: Asks it for ``sys.path``.
        talk: Whom to tell what happens.
        on_progress: Told while files are sent.
        dry_run: Whether to find out only what would be done.
        origins: Where packages may come from.
    """

    files: Filesystem
    board: Implementation
    path: Callable[[], Sequence[str]]
    talk: Talk = field(default_factory=Talk)
    on_progress: Callable[[Progress], None] | None = None
    dry_run: bool = False
    origins: Origins = USUAL
    _usual: str = field(default="", init=False)

    # --- looking --------------------------------------------------------------------------------

    def target(self, wanted: str | None = None) -> str:
        """The folder that packages go to: the first of ``sys.path`` that ends in ``/lib``, but for a ROM's.

        Args:
            wanted: Another one; from the top of the board's files if it is relative.

        Raises:
            FilesError: There is none.
        """
        if wanted:
            return absolute(wanted.removeprefix(":"))
        if not self._usual:
            fit = (each for each in self.path() if each.endswith("/lib"))
            self._usual = next((absolute(each) for each in fit if not each.startswith(f"{_ROM}/")), "")
        if not self._usual:
            raise FilesError(
                "the board imports from no folder whose name is lib", hint="--target names the folder to use"
            )
        return self._usual

    def packages(self, target: str | None = None) -> dict[str, dict[str, Installed]]:
        """What was put on the board, by folder and name.

        Args:
            target: The only folder to look at; None for all.
        """
        top = "/" if target is None else self.target(target)
        with suppress(FilesError):
            # Boards with no file system at their top have the record on that of the folder.
            top = top if target else self.target()
        record = self.files.record(top)
        if record.damaged:
            self.talk.say(f"warning: {PLACE} on the board cannot be read: what was put there is not known")
        return {each: installed(record, each) for each in (tops(record) if target is None else (top,))}

    def verify(self, known: Mapping[str, Mapping[str, Installed]] | None = None) -> list[Damage]:
        """Find files that are not as they were put there.

        Args:
            known: What :meth:`packages` has found; None to ask anew.
        """
        found = []
        for top, packages in (self.packages() if known is None else known).items():
            there = self._checks(top)
            for package in packages.values():
                for path, file in package.files.items():
                    if there.get(path) != file:
                        kind = "changed" if path in there else "missing"
                        found.append(Damage(package, joined(top, path), kind))
        return found

    def _checks(self, top: str) -> Mapping[str, object]:
        try:
            return self.files.tree(top, checks=True)
        except BoardFileNotFoundError:
            return {}

    def strangers(self, top: str) -> list[Stranger]:
        """The packages in a folder that somebody else has put there, see :mod:`belay.mip.strangers`.

        Raises:
            PackageError: The index cannot be asked.
        """
        try:
            tree = self.files.tree(top)
        except BoardFileNotFoundError:
            return []
        record = self.files.record(top)
        known = {joined(put.top, path) for put in record.put for path in put.paths}
        return recognise(
            {path: entry for path, entry in tree.items() if joined(top, path) not in known},
            lambda path: self.files.hash(joined(top, path)),
            self.talk,
            mpy_version=form_for(self.board, mpy=True).mpy_version,
            origins=self.origins,
        )

    # --- changing -------------------------------------------------------------------------------

    def install(
        self,
        needs: Sequence[Requirement],
        *,
        target: str | None = None,
        mpy: bool = True,
    ) -> Done:
        """Install packages and all that they need; files that are there already are not sent.

        All is chosen, fetched and verified before the first byte goes to the board.

        Args:
            needs: What is wanted.
            target: The folder; None for the one that :meth:`target` finds.
            mpy: Whether compiled files are wanted, where there are some.

        Raises:
            PackageError: They cannot be had, or do not suit the board or what is there.
            FilesError: They cannot be written, or there is no room.
            ConnectionLost: The board is gone.
        """
        top = self.target(target)
        choice = choose_packages(needs, form_for(self.board, mpy=mpy), self.talk, self.origins)
        return self.put(top, choice)

    def put(self, top: str, choice: Choice, record: Record | None = None) -> Done:
        """Put what was chosen into a folder.

        Args:
            top: The folder.
            choice: What was chosen.
            record: The record on the board, if it was read already.

        Raises:
            PathConflictError: A file of it is there that another command has put there, or that the board
                starts by itself and no package has put there, and is not the same.
            UnsafePathError: It has a file of a name that belay needs for itself.
            FilesError: It cannot be written, or there is no room.
            ResolutionError: A package that stays wants another version of one that comes.
        """
        refuse_own_names(choice)
        record = record or self.files.record(top)
        aim = with_chosen(installed(record, top), choice.packages)
        self._refuse_others(top, record, choice)
        return self._carry_out(top, aim, choice.contents, record)

    def upgrade(
        self,
        names: Sequence[str] = (),
        *,
        target: str | None = None,
        mpy: bool | None = None,
    ) -> Done:
        """Choose packages anew, as they were asked for, and put those there that differ.

        Args:
            names: Which; all of them if there is none.
            target: The folder; None for the one that :meth:`target` finds.
            mpy: Whether compiled files are wanted; None for as they are now.

        Raises:
            PackageNotFoundError: There is no package of such a name.
            PackageError: They cannot be had, or do not suit the board or what is there; or one that was
                named came from this computer, or is said to: that is not read because a board says so.
            FilesError: They cannot be written, or there is no room.
        """
        top = self.target(target)
        record = self.files.record(top)
        old = installed(record, top)
        point_elsewhere(record, top, names)
        check_names(old, names)
        needs, notes = wants_again(old, names, self.origins)
        if target is None and not names:
            notes += tuple(
                f"{each} is another folder with packages: --target {each}"
                for each in other_folders(record, top)
            )
        if not needs:
            return Done(top, (), notes)
        wanted = is_compiled(old.values()) if mpy is None else mpy
        form = form_for(self.board, mpy=wanted)
        choice = choose_again(needs, form, self.talk, self.origins)
        if mpy is None and wanted:
            choice = sources_again(old, choice, form_for(self.board, mpy=False), self.talk, self.origins)
        # What was not asked for by this name is still only needed by others.
        packages = {
            name: package if old.get(name, package).asked else _unasked(package)
            for name, package in choice.packages.items()
        }
        done = self.put(top, Choice(packages, choice.contents), record)
        return replace(done, notes=(*notes, *done.notes))

    def remove(self, names: Sequence[str], *, target: str | None = None) -> Done:
        """Remove packages, and what only they needed.

        Raises:
            PackageNotFoundError: There is no package of such a name.
            ResolutionError: Another one needs it.
            FilesError: It cannot be done.
        """
        top = self.target(target)
        record = self.files.record(top)
        point_elsewhere(record, top, names)
        return self._carry_out(top, without(installed(record, top), names), {}, record)

    # --------------------------------------------------------------------------------------------

    def _carry_out(self, top: str, aim: Aim, contents: Mapping[str, bytes], record: Record) -> Done:
        spared = aim.spared(contents.keys()) | unknown(record, top)
        wish = Wish(
            Bytes(contents),
            top,
            by=BY,
            spared=spared,
            staged=True,
            more=written(aim.packages.values()),
        )
        if self.dry_run:
            return Done(top, aim.changes, aim.notes, plan=self.files.plan(wish))
        summary = self.files.sync(wish, on_progress=self.on_progress)
        return Done(top, aim.changes, aim.notes, summary)

    def _refuse_others(self, top: str, record: Record, choice: Choice) -> None:
        """Refuse to write over what ``belay install`` or ``belay sync`` has put there, unless it is the same.

        So it is with what the board starts by itself: that is some user's program, whoever has put it there.

        Raises:
            PathConflictError: It is not.
        """
        others, mine = record.of_others(BY, top), record.paths(BY, top)
        theirs = [
            path
            for path in choice.contents
            if joined(top, path) in others or (path not in mine and is_started(joined(top, path)))
        ]
        there = self._checks(top) if theirs else {}
        for path in theirs:
            owner = next(each for each in choice.packages.values() if path in each.files)
            if isinstance(there.get(path), File) and there[path] != owner.files[path]:
                place = joined(top, path)
                other, way = (
                    "what `belay install` or `belay sync` has put there",
                    "take it out of the project",
                )
                if place not in others:
                    other, way = "what the board starts", f"remove it first (`belay fs rm :{place}`)"
                raise PathConflictError(place, (owner.name, other), hint=f"{way}, or use another --target")


def _unasked(package: Installed) -> Installed:
    return replace(package, asked="")
