"""What is published in an index: the project as a package, and copies of those that it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from belay.publish.about import About, check_version
from belay.publish.check import check, check_syntax, refuse
from belay.publish.compiled import compile_files
from belay.publish.index import Release
from belay.publish.needs import Copied, Needs, together
from belay.publish.pages import SOURCES
from belay.publish.pieces import Pieces
from belay.source.compile import Compiler


@dataclass(frozen=True)
class Made:
    """What is to be published.

    Attributes:
        releases: The packages, that of the project first.
        notes: What may surprise, in sentences.
    """

    releases: tuple[Release, ...]
    notes: tuple[str, ...] = ()


def check_pieces(pieces: Pieces, compilers: Mapping[int, Compiler]) -> list[str]:
    """Refuse a project's own files where a board could not import them.

    Args:
        pieces: The files.
        compilers: By mpy version; none to go by what this Python knows of MicroPython's.

    Returns:
        What may surprise, in sentences.

    Raises:
        PublishError: It could not.
        FeatureUnavailableError: A compiler fails.
    """
    files = _contents(pieces)
    notes = check(files, mpy_versions=compilers)
    for version, compiler in compilers.items():
        refuse(compile_files(files, compiler, version).failures)
    if not compilers:
        check_syntax(files)
    return notes


def make_releases(about: About, own: Pieces, needs: Needs, compilers: Mapping[int, Compiler]) -> Made:
    """Make what is published of a project.

    Args:
        about: What it says of itself.
        own: Its own files, which were checked.
        needs: What it needs.
        compilers: By mpy version, one for each directory of compiled files.

    Raises:
        PublishError: Files cannot be together, or not be compiled.
        UnsafePathError: Likewise.
        FeatureUnavailableError: A compiler fails.
    """
    notes: list[str] = []
    files = _contents(together(own, needs.bundled))
    folder = next(iter(own)).partition("/")[0]
    releases = [Release(about, _directories(files, compilers, notes, set(own)), needs.named, folder)]
    releases += _copies(needs.copied, compilers, notes)
    return Made(tuple(releases), tuple(dict.fromkeys(notes)))


def _copies(
    copied: tuple[Copied, ...], compilers: Mapping[int, Compiler], notes: list[str]
) -> Iterator[Release]:
    for each in copied:
        # Where a folder is on this computer is nobody's business.
        origin = "another index" if each.index.startswith("file:") else each.index
        about = About(each.name, check_version(each.version), f"copied from {origin}")
        files = _directories(_contents(each.files), compilers, notes, set())
        yield Release(about, files, each.dependencies, is_copy=True)


def _directories(
    files: Mapping[str, bytes], compilers: Mapping[int, Compiler], notes: list[str], own: set[str]
) -> dict[str, Mapping[str, bytes]]:
    """A package's files by directory of the index, sources first."""
    found = {SOURCES: files}
    for version, compiler in compilers.items():
        made = compile_files(files, compiler, version)
        refuse(failure for failure in made.failures if failure.path in own)
        # What others have published may be for CPython in parts, and was taken as source before.
        as_they_are = {failure.path: files[failure.path] for failure in made.failures}
        found[str(version)] = dict(sorted({**made.files, **as_they_are}.items()))
        notes += [
            f"{path} stays source in {version}: it has native code, for one architecture"
            for path in made.kept
        ]
        notes += [f"{each.path} stays source in {version}: {each.reason}" for each in made.failures]
    return found


def _contents(pieces: Pieces) -> dict[str, bytes]:
    return {path: piece.content for path, piece in pieces.items()}
