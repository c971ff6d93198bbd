"""Chooses packages, and has the bytes of their files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from belay.board.compiled import why_unfit
from belay.board.firmware import Implementation
from belay.exceptions import PackageError
from belay.files.tree import File
from belay.mip.installed import Installed
from belay.mip.wants import asked_text, plain_hosts
from belay.packages.hosting import Host
from belay.packages.index import SOURCES
from belay.packages.model import MAIN_GROUP, FromIndex, LockedPackage, Requirement
from belay.packages.resolve import identify
from belay.project.config import Group, Project
from belay.project.upkeep import Talk, choose, supply_of

MICROPYTHON = "micropython"


@dataclass(frozen=True)
class Form:
    """Which form of packages is wanted.

    Attributes:
        mpy_version: Of compiled files, as ``"6"``; ``"py"`` for sources.
        board: The board that is to import them, if it is known.
    """

    mpy_version: str = SOURCES
    board: Implementation | None = None


def form_for(board: Implementation, *, mpy: bool) -> Form:
    """The form for a board.

    Args:
        board: The board.
        mpy: Whether compiled files are wanted, where there are some.
    """
    # The compiled files of an index are MicroPython's: CircuitPython does not import them.
    can = board.mpy_version is not None and board.name == MICROPYTHON
    return Form(str(board.mpy_version) if mpy and can else SOURCES, board)


@dataclass(frozen=True)
class Origins:
    """Where packages may come from.

    Attributes:
        index: The only index to ask; empty for the usual ones.
        offline: Whether what was fetched before is all that there is.
        base: A project whose indices and git hosts are the usual ones; None for those that everybody has.
    """

    index: str = ""
    offline: bool = False
    base: Project | None = None

    @property
    def usual(self) -> tuple[tuple[str, str], ...]:
        """The usual indices: names and URLs."""
        return self._base.indices

    @property
    def _base(self) -> Project:
        return self.base or Project(file=Path.cwd() / "pyproject.toml")

    @property
    def hosts(self) -> tuple[Host, ...]:
        """The git hosts of the project, beside those that everybody has."""
        return self.base.hosts if self.base else ()

    def project(self, needs: Sequence[Requirement], mpy_version: str, arch: str = "") -> Project:
        """A project that wants just these; nothing of it is on disk.

        Args:
            needs: What is wanted.
            mpy_version: Of compiled files, as ``"6"``; ``"py"`` for sources.
            arch: Whose native code can be imported.
        """
        base = self._base
        return Project(
            file=Path.cwd() / "pyproject.toml",
            groups=(Group(MAIN_GROUP, tuple(needs)),),
            indices=self._indices(needs, base),
            http_hosts=(*base.http_hosts, *plain_hosts(needs, self.index)),
            mpy_version=mpy_version,
            arch=arch,
            hosts=self.hosts,
        )

    def _indices(self, needs: Sequence[Requirement], base: Project) -> tuple[tuple[str, str], ...]:
        if self.index:
            url = self.index.rstrip("/")
            return ((url, url),)
        named = [source.index for need in needs for source in need.sources if isinstance(source, FromIndex)]
        known = {url for _, url in base.indices}
        more = [url for url in dict.fromkeys(named) if url and url not in known]
        # Where a package of one index needs others, they are not to come from an index that nobody has named.
        usual = () if more and all(named) else base.indices
        return (*usual, *((url, url) for url in more))


USUAL = Origins()


@dataclass(frozen=True)
class Choice:
    """What was chosen.

    Attributes:
        packages: By name.
        contents: What the files hold, by path.
    """

    packages: dict[str, Installed]
    contents: dict[str, bytes]


def choose_packages(needs: Sequence[Requirement], form: Form, talk: Talk, origins: Origins = USUAL) -> Choice:
    """Choose packages and all that they need, and fetch and verify their files.

    Args:
        needs: What is wanted.
        form: In which form.
        talk: Whom to tell.
        origins: Where they may come from.

    Raises:
        PackageError: There is no choice, or something cannot be had, or no board could import it.
        OSError: Something cannot be read.
    """
    project = origins.project(needs, form.mpy_version, form.board.arch if form.board else "")
    with supply_of(project, talk, offline=origins.offline) as supply:
        with _without_projects_hints():
            lock = choose(project, None, supply, talk, None)
        supply.bring(file for package in lock.packages for file in package.files)
        contents = {
            file.destination: supply.content(file) for package in lock.packages for file in package.files
        }
    for package in lock.packages:
        _refuse_misfits(package, contents, form)
    asked = {identify(need): asked_text(need) for need in needs}
    return Choice({each.name: _as_installed(each, contents, asked) for each in lock.packages}, contents)


@contextmanager
def _without_projects_hints() -> Iterator[None]:
    """Take hints away that speak of a pyproject.toml: here is none."""
    try:
        yield
    except PackageError as error:
        if any(word in (error.hint or "") for word in ("tool.belay", "package_indices", "mpy_version")):
            error.hint = None
        raise


def _refuse_misfits(package: LockedPackage, contents: dict[str, bytes], form: Form) -> None:
    """Refuse compiled files that the board could not import.

    Raises:
        PackageError: One is of another mpy version, or has native code of another architecture.
    """
    for file in package.files if form.board else ():
        if file.destination.endswith(".mpy") and form.board:
            why = why_unfit(contents[file.destination], form.board)
            if why:
                hint = "without compiled files (--no-mpy) it may be there as source"
                raise PackageError(f"{package.name}: {file.destination} {why}", hint=hint)


def _as_installed(package: LockedPackage, contents: dict[str, bytes], asked: dict[str, str]) -> Installed:
    return Installed(
        package.name,
        package.version,
        package.source,
        {file.destination: File(file.size, crc32(contents[file.destination])) for file in package.files},
        asked.get(package.name, ""),
        package.dependencies,
        dict(package.constraints),
    )
