"""Installs type stubs into a project's folder, by the installer of Python packages that the user has."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from belay.exceptions import FeatureUnavailableError, PackageError
from belay.packages.exclusive import exclusive
from belay.packages.journal import STATE, State, check_no_links
from belay.packages.swap import exchange
from belay.project.stubs import Wanted
from belay.project.stubs_views import choose_pins, make_views, version_of

FOLDER = STATE / "stubs"
"""Where the stubs are, relative to the project's folder."""

_NOBODY_HAS_IT = re.compile(r"no matching distribution|no solution found", re.IGNORECASE)
_NOBODY_ANSWERS = re.compile(r"connection broken|failed to fetch|error sending request", re.IGNORECASE)
_MOST_LINES = 6
_ASIDES = ("warning", "[notice]", "hint")


@dataclass(frozen=True)
class Installed:
    """What is there now.

    Attributes:
        distribution: Its name.
        version: Its version.
        pins: Whether the stubs know the pins of the CircuitPython board that was named.
    """

    distribution: str
    version: str
    pins: bool = False


def find_installer() -> list[str]:
    """The beginning of a command that installs Python packages; the folder and what is wanted follow it.

    It is the pip of the Python that runs this, else uv, else another pip: for stubs any will do.

    Raises:
        FeatureUnavailableError: There is none of them.
    """
    # Built packages only: to build one would run code of strangers.
    options = ["install", "--quiet", "--no-input", "--disable-pip-version-check", "--no-compile"]
    options += ["--only-binary", ":all:", "--target"]
    if find_spec("pip"):
        return [sys.executable, "-m", "pip", *options]
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--quiet", "--no-build", "--python", sys.executable, "--target"]
    if pip := shutil.which("pip3") or shutil.which("pip"):
        return [pip, *options]
    raise FeatureUnavailableError(
        "there is neither pip nor uv to install stubs with",
        hint="`python -m ensurepip`, the package python3-pip of a Linux distribution, or uv",
    )


def install_stubs(
    root: Path,
    wanted: Wanted,
    *,
    board_id: str = "",
    installer: Sequence[str] | None = None,
    waiting: Callable[[], None] | None = None,
) -> Installed:
    """Install stubs below a project's folder, in one step, in the place of those that are there.

    Args:
        root: The project's folder.
        wanted: Which.
        board_id: Whose pins ``board`` shall have, for CircuitPython.
        installer: The command, see :func:`find_installer`.
        waiting: Called if somebody else is at it, before waiting for that.

    Raises:
        PackageError: Nobody publishes them, or the installer fails.
        FeatureUnavailableError: There is no installer.
        UnsafePathError: The folder would be behind a link.
        OSError: A file cannot be read or written.
    """
    command = list(installer or find_installer())
    state = State(root)
    state.prepare()
    check_no_links(root, FOLDER)
    fresh, views = state.folder / "stubs.new", state.folder / "stubs.views"
    with exclusive(state.folder / "stubs-in-use", waiting=waiting):
        try:
            _clear(fresh, views)
            _install(command, fresh, wanted)
            version = version_of(fresh, wanted.distribution)
            views.mkdir()
            make_views(fresh, views)
            pins = bool(board_id) and choose_pins(views, board_id)
            _take_place(views, root / FOLDER)
        finally:
            _clear(fresh, views)
    return Installed(wanted.distribution, version, pins)


def _install(command: Sequence[str], folder: Path, wanted: Wanted) -> None:
    # Where pip's settings say that all goes to the user's folder, it refuses to install into another.
    environment = {**os.environ, "PIP_USER": "0"}
    said = ""
    for requirement in wanted.requirements:
        done = subprocess.run(
            [*command, str(folder), requirement],
            check=False,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
        if not done.returncode:
            return
        _clear(folder)
        said = done.stdout
        # An index that cannot be reached may have it: pip says so, and then that nobody has.
        if not _NOBODY_HAS_IT.search(said) or _NOBODY_ANSWERS.search(said):
            break
    online = "is this computer online? " if _NOBODY_ANSWERS.search(said) else ""
    raise PackageError(
        f"{wanted.distribution} could not be installed: {_reason(said) or 'it failed'}",
        hint=f"{online}--platform and --version, or --package, choose other stubs",
    )


def _reason(said: str) -> str:
    """What an installer said of why it failed: what follows its first word of an error."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    first = next((at for at, line in enumerate(lines) if line.lower().startswith("error")), 0)
    told = [line for line in lines[first:] if not line.lower().startswith(_ASIDES)]
    return " ".join(re.sub("^(error|cause): ", "", line, flags=re.IGNORECASE) for line in told[:_MOST_LINES])


def _take_place(new: Path, place: Path) -> None:
    """Put a folder where another one may be, which is then where the new one was, or gone."""
    if not place.exists():
        new.rename(place)
    elif not exchange(new, place):
        shutil.rmtree(place)
        new.rename(place)


def _clear(*folders: Path) -> None:
    for folder in folders:
        if folder.exists():
            shutil.rmtree(folder)
