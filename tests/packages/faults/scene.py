"""A project, a store and a home in one folder, so that whatever is written anywhere can be seen."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from belay.cli import main

from ..rights import Namespace

BELAY = (sys.executable, "-m", "belay")
VENDORED = ".belay/dependencies"
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str


class Scene:
    """Folders in which belay runs as a program.

    Args:
        top: An empty folder for everything.
        namespace: In which file systems; None for everybody's.
    """

    def __init__(self, top: Path, namespace: Namespace | None = None) -> None:
        self.inside = top
        """The folder as the programs know it."""
        self.before = namespace.enter if namespace else ()
        """What stands before each command."""
        self.top = top = namespace.view(top) if namespace else top
        self.project = top / "project"
        self.store = top / "store"
        self.home = top / "home"
        for folder in (self.project, self.home, top / "elsewhere"):
            folder.mkdir()
        for place in ("canary", "elsewhere/canary", "home/canary", "project/code.py"):
            (top / place).write_text(place, encoding="utf-8")

    @property
    def env(self) -> dict[str, str]:
        """The environment of the programs: nothing of the user's, and nobody measures who is to be killed."""
        unwanted = ("COVERAGE", "BELAY_", "COV_", "SSL_")
        env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(unwanted) and name.lower() not in PROXIES
        }
        return {**env, "BELAY_CACHE_DIR": str(self.inside / "store"), "HOME": str(self.inside / "home")}

    def start(
        self,
        *words: str,
        env: Mapping[str, str] | None = None,
        folder: Path | None = None,
        program: tuple[str, ...] = BELAY,
        **options: Any,
    ) -> subprocess.Popen[str]:
        """Starts a command in the project, or in another folder."""
        there = ("sh", "-c", 'cd "$0" && exec "$@"', str(folder or self.inside / "project"))
        return subprocess.Popen(
            [*self.before, *(there if self.before else ()), *program, *words],
            cwd=None if self.before else folder or self.project,
            env={**self.env, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def run(self, *words: str, **options: Any) -> Result:
        """Runs a command to its end; the options are those of :meth:`start`."""
        return ended(self.start(*words, **options))

    def configure(self, index: str, *dependencies: str, lines: tuple[str, ...] = ()) -> None:
        """Writes the pyproject.toml."""
        text = ["[tool.belay]", f'package_indices = ["{index}"]', *lines, "[tool.belay.dependencies]"]
        file = self.project / "pyproject.toml"
        file.write_text("\n".join([*text, *dependencies, ""]), encoding="utf-8")

    @property
    def lock(self) -> bytes | None:
        """The lockfile, if there is one."""
        file = self.project / "belay.lock"
        return file.read_bytes() if file.exists() else None

    @property
    def vendored(self) -> dict[str, str]:
        """The vendored files."""
        folder = self.project / VENDORED
        return {
            path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files(folder)
        }

    def seen(self, *but: str) -> dict[str, str]:
        """Everything below the top folder, with what it is, but for some folders and files."""
        return seen(self.top, *(self.top / each for each in but))

    def check_store(self) -> None:
        """Content is what its name says."""
        for path in files(self.store):
            if path.parent.name == "content":
                assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name


def ended(process: subprocess.Popen[str]) -> Result:
    """What a process leaves behind that ends by itself."""
    try:
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
    return Result(process.returncode, out, err)


@contextmanager
def on_stage(scene: Scene) -> Iterator[None]:
    """The scene's project is the current folder, and its environment the program's."""
    before, env, folder = dict(os.environ), scene.env, Path.cwd()
    os.environ.clear()
    os.environ.update(env)
    os.chdir(scene.project)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        os.chdir(folder)


def belay(*command: str) -> Result:
    """Runs a command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(command)
    return Result(code, out.getvalue(), err.getvalue())


def files(folder: Path) -> Iterator[Path]:
    """The files below a folder."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def seen(top: Path, *but: Path) -> dict[str, str]:
    """Everything below a folder, with what it is: kind, rights, and content or target."""
    found = {}
    for place, folders, names in os.walk(top):
        folders[:] = [name for name in folders if Path(place, name) not in but]
        for path in (Path(place, name) for name in [*folders, *names]):
            if path in but:
                continue
            mode = oct(path.lstat().st_mode)
            if path.is_symlink():
                found[str(path)] = f"{mode} {path.readlink()}"
            elif path.is_file():
                found[str(path)] = f"{mode} {hashlib.sha256(path.read_bytes()).hexdigest()}"
            else:
                found[str(path)] = mode
    return found
