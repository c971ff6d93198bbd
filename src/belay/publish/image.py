"""A ROMFS image of a project and what it depends on: what ``belay install`` would put on a board."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from belay.board.firmware import Implementation
from belay.deploy.fit import refuse_misfits
from belay.deploy.layout import LIBRARY, lay_out
from belay.exceptions import PublishError
from belay.files.folder import HostFile
from belay.packages.lock import Lock
from belay.packages.lockfile import MAX_FILE
from belay.packages.reading import read_regular
from belay.project.config import Group, Project
from belay.project.upkeep import Talk
from belay.publish.check import refuse
from belay.publish.compiled import compile_files
from belay.romfs import write_image
from belay.source.compile import Compiler


@dataclass(frozen=True)
class Rom:
    """An image, and what is in it.

    Attributes:
        data: The image.
        notes: What may surprise, in sentences.
    """

    data: bytes
    notes: tuple[str, ...] = field(default=())


def make_rom(
    project: Project,
    groups: Sequence[Group],
    lock: Lock,
    talk: Talk,
    scratch: Path,
    *,
    compilers: Mapping[int, Compiler],
    arch: str = "",
) -> Rom:
    """Make an image of a project.

    Boards look for modules in ``/rom`` and ``/rom/lib``; so dependencies are in ``lib``, and the project's
    package is beside it.

    Args:
        project: The project.
        groups: Those of its groups that are in it.
        lock: What is locked.
        talk: Whom to tell if something has to be fetched.
        scratch: An empty folder, for what is not in a file here yet.
        compilers: By mpy version, one at most; without one, sources stay what they are.
        arch: The architecture for native code; without one, files with native code stay source.

    Raises:
        PublishError: There is nothing to put into it, or a file cannot be compiled.
        FilesError: A file cannot be read, or no board could import it.
        PackageError: A develop dependency is not there, or is not safe to use; or the package is missing.
        FeatureUnavailableError: The compiler fails.
        OSError: A file cannot be read or written.
    """
    tree = lay_out(project, groups, lock, talk, scratch)
    files = {
        path: read_regular(entry.path, MAX_FILE)
        for path, entry in tree.items()
        if isinstance(entry, HostFile)
    }
    if not files:
        raise PublishError("there is nothing to put into an image: no package, and no dependencies")
    notes: list[str] = []
    for version, compiler in compilers.items():
        refuse_misfits(tree, Implementation("micropython", mpy_version=version, arch=arch))
        names = {path: path.removeprefix(f"{LIBRARY}/") for path in files}
        made = compile_files(files, compiler, version, arch=arch, names=names)
        refuse(made.failures, hint="mend it, ignore it, or leave files as they are with --raw")
        notes += [
            f"{path} stays source: it has native code, and [tool.belay] names no arch" for path in made.kept
        ]
        files = dict(made.files)
    return Rom(write_image(files), tuple(notes))
