"""What the parts of the package manager say to each other."""

from __future__ import annotations

from dataclasses import dataclass, field

MAIN_GROUP = "main"
"""The group of what stands in ``[tool.belay.dependencies]`` itself."""


@dataclass(frozen=True)
class FromIndex:
    """A package of a MicroPython index.

    Attributes:
        name: Its name there, as ``"umqtt.simple"``.
        wanted: Which versions will do, as the user wrote it: ``"*"``, ``"latest"``, ``"1.2.3"``,
            ``">=1,<2"``, ``"^1.2"``.
        index: The name or URL of the only index to ask; empty for all, in their order.
    """

    name: str
    wanted: str = "*"
    index: str = ""


@dataclass(frozen=True)
class FromUrl:
    """A file or a manifest (package.json) on a web server.

    Attributes:
        url: Where it is.
    """

    url: str


@dataclass(frozen=True)
class FromPath:
    """A file, a folder or a manifest on this machine.

    Attributes:
        path: As it was written, relative to the project.
    """

    path: str


@dataclass(frozen=True)
class FromHost:
    """A file, a folder or a manifest in a repository of a git host.

    Attributes:
        host: ``"github"``, ``"gitlab"``, ``"codeberg"``, or one that the project names.
        owner: The user or group.
        repository: The repository's name.
        path: Inside the repository, empty for its root.
        ref: A branch, tag or commit; empty for the default branch.
        open_ended: Whether the ref may reach into the path: the address that a browser shows does not say
            where a branch with slashes in its name ends.
    """

    host: str
    owner: str
    repository: str
    path: str = ""
    ref: str = ""
    open_ended: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class FromGit:
    """A file, a folder or a manifest in a repository, by the git program.

    Attributes:
        url: The repository, as git takes it: ``"https://host/owner/repository.git"``.
        path: Inside the repository, empty for its root.
        ref: A branch, tag or commit, or ``"refs/heads/…"`` or ``"refs/tags/…"`` to say which; empty for the
            default branch.
    """

    url: str
    path: str = ""
    ref: str = ""


Source = FromIndex | FromUrl | FromPath | FromHost | FromGit


@dataclass(frozen=True)
class Requirement:
    """That somebody wants a package.

    Attributes:
        key: The name under which it is wanted: the key in ``[tool.belay.dependencies]``, or the name in a
            manifest's ``deps``.
        sources: Where it comes from; more than one where the files of several make one package.
        group: The dependency group.
        develop: Whether it is read afresh each time instead of being vendored.
        rename_to_init: Whether a single ``.py`` file becomes ``key/__init__.py``.
        where: Where it was written, for messages: ``"pyproject.toml, line 12"``.
    """

    key: str
    sources: tuple[Source, ...]
    group: str = MAIN_GROUP
    develop: bool = False
    rename_to_init: bool = True
    where: str = ""


@dataclass(frozen=True)
class RemoteFile:
    """A file of a candidate, before its content is known.

    Attributes:
        destination: Where it is imported from, relative to the group's folder, with forward slashes.
        url: Where its content is (``https:``, ``http:``, ``file:``, or ``git+…@commit#path``).
        hash_prefix: The first hexadecimal digits of its SHA-256, if the source says them; any number.
    """

    destination: str
    url: str
    hash_prefix: str = ""


@dataclass(frozen=True)
class Candidate:
    """A package in one version, as a source offers it.

    Attributes:
        name: The name by which it is told from others; for what comes from an index, its name there.
        version: The version, or a commit, or empty.
        source: Where it comes from, in one canonical text: ``"index+https://…/pi/v2"``, ``"https://…"``,
            ``"path+../lib"``, ``"github:o/r@ref"``, ``"git+https://…@ref"``.
        files: Its files.
        dependencies: What it needs in turn.
    """

    name: str
    version: str
    source: str
    files: tuple[RemoteFile, ...]
    dependencies: tuple[Requirement, ...] = ()


@dataclass(frozen=True)
class LockedFile:
    """A file as it was when it was locked.

    Attributes:
        destination: As in :class:`RemoteFile`.
        size: In bytes.
        sha256: Of its content, 64 hexadecimal digits.
        url: Where it came from.
    """

    destination: str
    size: int
    sha256: str
    url: str


@dataclass(frozen=True)
class LockedPackage:
    """A package exactly as it was chosen.

    Attributes:
        name: As in :class:`Candidate`.
        version: As in :class:`Candidate`.
        source: As in :class:`Candidate`.
        groups: The groups that it is vendored for, sorted.
        dependencies: The names of the packages that it needs, sorted.
        files: Its files, sorted by destination.
        develop: Whether it is read afresh each time instead of being vendored; then it has no files here.
        constraints: Of those that it needs, name and what is wanted in canonical words, unless any version
            will do; sorted.
    """

    name: str
    version: str
    source: str
    groups: tuple[str, ...]
    dependencies: tuple[str, ...]
    files: tuple[LockedFile, ...]
    develop: bool = False
    constraints: tuple[tuple[str, str], ...] = ()
