"""Runs the package manager as programs of their own, against a web server, and watches what they cost.

The server is another process on this machine, which answers after a given latency and counts.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from environments import clean_environment, python_of

TESTS = Path(__file__).resolve().parent.parent / "tests"
sys.path.insert(0, str(TESTS))

from servers.web import WebServer  # noqa: E402 - the line above is what makes it importable

SHAPE = TESTS / "servers" / "index_shape.json"


@dataclass(frozen=True)
class Ran:
    """What a command cost.

    Attributes:
        seconds: From the start of the program to its end.
        inside: Those of a program that is running already and has imported all it needs; None if that was
            not measured.
        megabytes: The most memory that it had at once; None where the system does not say.
        requests: That the server got.
        conditional: How many of these asked only whether something had changed.
        connections: That were opened.
    """

    seconds: float
    inside: float | None
    megabytes: float | None
    requests: int
    conditional: int
    connections: int


def fastest(rounds: Collection[Ran]) -> Ran:
    """Of each quantity the best, but of what does not depend on the machine's noise the worst."""
    inside = [ran.inside for ran in rounds if ran.inside is not None]
    megabytes = [ran.megabytes for ran in rounds if ran.megabytes is not None]
    return Ran(
        min(ran.seconds for ran in rounds),
        min(inside, default=None),
        max(megabytes, default=None),
        max(ran.requests for ran in rounds),
        min(ran.conditional for ran in rounds),
        max(ran.connections for ran in rounds),
    )


class Project:
    """A project of which each command starts where the one before it left off.

    Args:
        folder: An empty folder.
        index: The URL of its index.
        dependencies: What it depends on, as in a pyproject.toml.
        trusted: A file with the certificates that it trusts, for TLS.
    """

    def __init__(
        self, folder: Path, index: str, dependencies: Mapping[str, str], trusted: Path | None = None
    ) -> None:
        self.folder = folder / "project"
        self.cache = folder / "cache"
        self._complete = 0
        self.folder.mkdir()
        lines = ["[tool.belay]", 'name = "all"', f'package_indices = ["{index}"]', ""]
        lines += ["[tool.belay.dependencies]"]
        lines += [f"{json.dumps(key)} = {json.dumps(value)}" for key, value in dependencies.items()]
        (self.folder / "pyproject.toml").write_text("\n".join([*lines, ""]), encoding="utf-8")
        self._environment = {
            **clean_environment(),
            "BELAY_CACHE_DIR": str(self.cache),
            **({"SSL_CERT_FILE": str(trusted)} if trusted else {}),
        }

    def leave(self, what: str) -> None:
        """Removes what commands have left, but for ``"all"``, or ``"store"`` and lock, or ``"nothing"``."""
        if what != "all":
            shutil.rmtree(self.folder / ".belay", ignore_errors=True)
        if what == "nothing":
            shutil.rmtree(self.cache, ignore_errors=True)
            (self.folder / "belay.lock").unlink(missing_ok=True)

    def files(self) -> int:
        """How many vendored files there are."""
        return sum(path.is_file() for path in (self.folder / ".belay" / "dependencies").rglob("*"))

    def run(self, command: str) -> float:
        """Runs the command line; its seconds."""
        program = [str(belay_beside(Path(sys.executable))), command, "--quiet"]
        seconds, _ = run_program(program, self.folder, self._environment)
        self._check(command)
        return seconds

    def run_inside(self, command: str) -> tuple[float, float | None]:
        """Runs it in a program that has imported all it needs; seconds and megabytes."""
        program = [sys.executable, "-c", _INSIDE, command, "--quiet"]
        _, told = run_program(program, self.folder, self._environment)
        self._check(command)
        seconds, megabytes = json.loads(told.splitlines()[-1])
        return seconds, megabytes

    def _check(self, command: str) -> None:
        """What does not do its work may be fast."""
        files = self.files()
        self._complete = self._complete or files
        if not files or files != self._complete:
            sys.exit(f"{command} has left {files} vendored files of {self._complete}")


class PeerProject:
    """The same project, for belay 0.30.1."""

    def __init__(self, folder: Path, index: str, names: Collection[str]) -> None:
        self.folder = folder / "peer"
        self.folder.mkdir()
        # A name that is no identifier is no key there, and only with mip: taken for a name of the index.
        named = {name.replace("-", "_").replace(".", "_"): name for name in names}
        lines = ["[tool.belay]", 'name = "all_of_them"', f'package_indices = ["{index}"]', ""]
        lines += ["[tool.belay.dependencies]"]
        lines += [f'{key} = "{"*" if key == name else f"mip:{name}"}"' for key, name in named.items()]
        (self.folder / "pyproject.toml").write_text("\n".join([*lines, ""]), encoding="utf-8")
        self._environment = clean_environment() | {"HOME": str(folder / "home")}

    def run(self, command: str) -> float:
        """Runs its command line; its seconds."""
        program = [str(belay_beside(python_of("belay"))), command]
        return run_program(program, self.folder, self._environment)[0]


@dataclass(frozen=True)
class Job:
    """A command, and what it finds.

    Attributes:
        command: As ``"update"``.
        left: What an update before it has left: ``"nothing"``, ``"all"``, or ``"store"``: all but the
            vendored files.
        latency: Seconds until the server answers.
    """

    command: str
    left: str
    latency: float


def measure(server: WebServer, project: Project, job: Job, rounds: int, *, inside: bool = True) -> Ran:
    """Does a job again and again."""
    if job.left != "nothing" and not project.files():
        server.behave(latency=0.0)
        project.run("update")
    server.behave(latency=job.latency)
    done = []
    for _ in range(rounds):
        project.leave(job.left)
        server.counts()
        seconds = project.run(job.command)
        counts = server.counts()
        within: tuple[float | None, float | None] = (None, None)
        if inside:
            project.leave(job.left)
            within = project.run_inside(job.command)
        conditional = sum(
            "if-none-match" in asked.headers or "if-modified-since" in asked.headers
            for asked in counts.requests
        )
        done.append(Ran(seconds, *within, len(counts.requests), conditional, counts.connections))
    return fastest(done)


def measure_peer(server: WebServer, folder: Path, index: str, *, latency: float) -> dict[str, Ran]:
    """What belay 0.30.1 needs for an update, and for another."""
    peer = PeerProject(folder, index, names_of_micropython_lib())
    jobs = {"cold": latency, "again": latency, "cold, 0 ms": 0.0}
    found = {}
    for name, delay in jobs.items():
        if name != "again":
            shutil.rmtree(peer.folder / ".belay", ignore_errors=True)
        server.behave(latency=delay)
        server.counts()
        seconds = peer.run("update")
        counts = server.counts()
        found[name] = Ran(seconds, None, None, len(counts.requests), 0, counts.connections)
    return found


def names_of_micropython_lib() -> list[str]:
    """The packages of the index that has micropython-lib's shape."""
    return list(json.loads(SHAPE.read_text(encoding="utf-8")))


def resolve_closure(folder: Path, index: str, size: int) -> tuple[float, float]:
    """Chooses the packages of a closure of the large index; seconds for its pages, and for the choice."""
    program = [sys.executable, "-c", _RESOLVED, index, str(size)]
    _, told = run_program(program, folder, clean_environment())
    pages, choice = json.loads(told)
    return pages, choice


def belay_beside(python: Path) -> Path:
    """The command of the environment that a Python is of."""
    return python.with_name("belay.exe" if os.name == "nt" else "belay")


def run_program(program: list[str], folder: Path, environment: Mapping[str, str]) -> tuple[float, str]:
    """Runs a program; its seconds and what it printed.

    Raises:
        SystemExit: It failed.
    """
    start = time.perf_counter()
    done = subprocess.run(
        program, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"{program}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return seconds, done.stdout


def make_certificate(folder: Path) -> tuple[Path, Path] | None:
    """A certificate for a server, and the file that clients trust it by; None without trustme."""
    with suppress(ImportError):
        import trustme

        authority = trustme.CA()
        server, trusted = folder / "server.pem", folder / "authority.pem"
        authority.cert_pem.write_to_path(trusted)
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(server)
        return server, trusted
    return None


_INSIDE = """
import json, sys, time
from importlib import import_module

for name in ("cli.app", "cli.update", "cli.fetch", "project.upkeep", "packages.carrier", "packages.update"):
    import_module(f"belay.{name}")
from belay.cli import main

start = time.perf_counter()
code = main(sys.argv[1:])
seconds = time.perf_counter() - start
megabytes = None
try:
    # Not getrusage: it also counts what the process was before it became this program.
    with open("/proc/self/status") as file:
        megabytes = next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024
except (OSError, StopIteration):
    pass
print(json.dumps([seconds, megabytes]))
sys.exit(code)
"""

_RESOLVED = """
import json, sys, time
from pathlib import Path
from belay.packages.catalogue import Catalogue
from belay.packages.fetch import Fetcher
from belay.packages.indices import Indices
from belay.packages.requirement import parse_requirement
from belay.packages.resolve import resolve
from belay.packages.store import Store
from belay.packages.supply import Supply

url, size = sys.argv[1:]
with Supply(Store(Path(f"store-{size}")), Fetcher()) as supply:
    need = parse_requirement(f"closure-{size}-0", "*")
    start = time.perf_counter()
    catalogue = Catalogue([need], supply, Indices([url], supply), Path())
    catalogue.prepare()
    pages = time.perf_counter()
    chosen = resolve([need], catalogue)
    end = time.perf_counter()
assert len(chosen.packages) == int(size)
print(json.dumps([pages - start, end - pages]))
"""
