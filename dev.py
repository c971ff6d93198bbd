#!/usr/bin/env python3
"""Set belay up and check it; needs nothing but Python 3.11 or newer.

usage: python3 dev.py VERB [ARGUMENTS]

  demo   show belay at work on the virtual board (ARGUMENTS go to `belay demo`)
  test   every check: format, lint, types, layers, documentation, tests, coverage;
         with ARGUMENTS: only pytest, with these
  check  the quick ones of them: format, lint, types, layers, the types of the public interface
  docs   build the documentation into docs/_build/html
  long   the tests that take minutes (ARGUMENTS go to pytest)
  bench  belay beside its peers, with targets: benchmarks/compare.py (ARGUMENTS go to it);
         "bench calls" is benchmarks/calls.py: what each kind of call costs, at any address;
         "bench packages" is benchmarks/packages.py: what the package manager costs;
         "bench hosts" is benchmarks/hosts.py: what packages of git hosts cost;
         "bench files" is benchmarks/files.py: what syncs and copies of files cost;
         "bench install" is benchmarks/install.py: what it costs to bring 127 packages to a board;
         "bench mip" is benchmarks/mip.py: what packages cost that are put on a board one by one;
         "bench watch" is benchmarks/watch.py: how soon a save is seen on the board;
         "bench clock" is benchmarks/clock.py: how right the times of results are
  venv   only set up the environment, .venv
  shell  a shell with that environment
  lock   choose the newest versions of everything and write constraints.txt

Everything is installed into .venv beside this file, with the versions of constraints.txt, by pip and as
pip is configured. Once it is there, the network is not needed until those versions change.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - an older Python reads this, and should be told
    sys.exit("dev.py: belay needs Python 3.11 or newer; this is Python " + sys.version.split()[0])

import contextlib
import hashlib
import importlib.machinery
import json
import os
import platform
import shutil
import subprocess
import sysconfig
import time
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STAMP = VENV / "belay-dev.json"
CONSTRAINTS = ROOT / "constraints.txt"
BIN = Path(sysconfig.get_path("scripts", "venv", {"base": str(VENV)}))
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
# Another environment may be active: ours is made from the Python below it.
BASE = getattr(sys, "_base_executable", None) or sys.executable
# Tests that take minutes are not ended for that.
NO_LIMIT = ["-o", "faulthandler_exit_on_timeout=false"]
SHELL = os.environ.get("COMSPEC" if os.name == "nt" else "SHELL") or "sh"

Command = list[str | Path]
Steps = list[tuple[str, Command]]


def environment() -> dict[str, str]:
    """The variables for every program we start: as inside .venv, and with nothing installed elsewhere."""
    outside = {"PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT"}
    # Tests start hundreds of Pythons: each would compile belay anew.
    outside.add("PYTHONDONTWRITEBYTECODE")
    inherited = {name: value for name, value in os.environ.items() if name.upper() not in outside}
    return inherited | {
        "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "VIRTUAL_ENV": str(VENV),
        "PIP_USER": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def run(command: Command, *, quiet: bool = False) -> int:
    """Run ``command`` in the repository and return its exit code."""
    out = subprocess.DEVNULL if quiet else None
    try:
        return subprocess.call(command, cwd=ROOT, env=environment(), stdout=out, stderr=out)
    except FileNotFoundError:
        return 127


def say(text: str) -> None:
    """Print at once: the programs we start write to the same place."""
    print(text, flush=True)


def project() -> dict[str, Any]:
    """The tables of pyproject.toml that say what gets installed."""
    tables = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {name: tables[name] for name in ("build-system", "project", "dependency-groups")}


def group(name: str) -> list[str]:
    """The requirements of one dependency group."""
    return list(project()["dependency-groups"][name])


def origin() -> dict[str, str]:
    """What the environment is built from: another Python or place means another environment."""
    return {"python": importlib.machinery.EXTENSION_SUFFIXES[0], "place": str(ROOT)}


def inputs() -> str:
    """A hash of what decides which packages are installed."""
    wanted = json.dumps(project(), sort_keys=True).encode() + CONSTRAINTS.read_bytes()
    return hashlib.sha256(wanted).hexdigest()


def read_stamp() -> dict[str, str]:
    """What .venv was made of; empty where it is missing or was left half made."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def set_up(packages: str) -> None:
    """Bring .venv up to date, or say what would help and exit.

    Args:
        packages: ``run`` for what belay needs, ``dev`` for the tools of development as well.
    """
    stamp = read_stamp()
    if not origin().items() <= stamp.items() or run([PYTHON, "-c", ""], quiet=True) != 0:
        make_venv()
        stamp = dict(origin())
    if stamp.get("packages") in {packages, "dev"} and stamp.get("inputs") == inputs():
        return
    say(f"Installing into {VENV} ...")
    started = time.monotonic()
    # Whoever interrupts pip may leave half a package, which only a new environment cures. So there is no
    # stamp meanwhile; where pip gives up by itself it cleans up, and what was there is still good.
    STAMP.unlink(missing_ok=True)
    installed = install(group("build")) and install(
        ["--no-build-isolation", "-e", ".[virtual]", *(group("dev") if packages == "dev" else [])]
    )
    if installed:
        stamp |= {"packages": packages, "inputs": inputs()}
    STAMP.write_text(json.dumps(stamp, indent=1), encoding="utf-8")
    if not installed:
        sys.exit(
            "dev.py: pip could not install what is needed (its own message is above).\n"
            "hint: it needs the network, or in its configuration a package index within reach"
        )
    say(f"Installed in {time.monotonic() - started:.0f} s.")


def install(requirements: list[str]) -> bool:
    """Have pip install ``requirements`` into .venv; whether it did."""
    return run([*pip(), "install", "--quiet", "-c", CONSTRAINTS, *requirements]) == 0


def pip() -> Command:
    """Our environment's own pip, or else the pip of the Python that runs this."""
    if run([PYTHON, "-m", "pip", "--version"], quiet=True) == 0:
        return [PYTHON, "-m", "pip"]
    return [sys.executable, "-m", "pip", "--python", PYTHON]


def make_venv() -> None:
    """Make an empty .venv in place of whatever is there, or say what would help and exit."""
    say(f"Making {VENV} with Python {platform.python_version()} ...")
    # Without ensurepip (Debian keeps it in a package of its own) an environment can be made all the same,
    # if this Python has a pip that installs into others: pip 22.3 and newer.
    borrowed: Command = [sys.executable, "-m", "pip", "--python", sys.executable, "--version"]
    for options in ([], ["--without-pip"]):
        remove_venv()
        made = run([BASE, "-m", "venv", *options, VENV], quiet=not options) == 0
        if made and (not options or run(borrowed, quiet=True) == 0):
            return
    remove_venv()
    sys.exit(f"dev.py: this Python ({BASE}) can make no virtual environment.\nhint: {venv_fix()}")


def remove_venv() -> None:
    """Remove .venv, if there is one; exit where that cannot be done."""
    try:
        if VENV.exists():
            shutil.rmtree(VENV)
    except OSError as error:
        sys.exit(f"dev.py: cannot remove {VENV}: {error}\nhint: end what uses it, or remove it yourself")


def venv_fix() -> str:
    """What to do on this system about a Python that lacks venv or ensurepip."""
    system: dict[str, str] = {}
    with contextlib.suppress(OSError):
        system = platform.freedesktop_os_release()
    family = {system.get("ID", ""), *system.get("ID_LIKE", "").split()}
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if "debian" in family:
        return f"sudo apt install python{version}-venv\n      and then the same command again"
    if "fedora" in family:
        return "sudo dnf install python3-pip\n      and then the same command again"
    return "install Python from python.org (its installers have everything) and use that one"


def quick_checks() -> Steps:
    """The checks of a few seconds."""
    layers = "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-logo'])"
    return [
        ("format", [PYTHON, "-m", "ruff", "format", "--check", "."]),
        ("lint", [PYTHON, "-m", "ruff", "check", "."]),
        ("types", [PYTHON, "-m", "mypy", "--strict", "src"]),
        ("layers", [PYTHON, "-c", layers]),
        ("public", [PYTHON, Path("tests", "typed", "complete.py")]),
    ]


def docs_build() -> Steps:
    """The documentation; a warning is an error."""
    options = ["-W", "--keep-going", "-n", "-q", "-E"]
    return [("docs", [PYTHON, "-m", "sphinx", *options, "docs", "docs/_build/html"])]


def tune_coverage() -> None:
    """Fit coverage to these tests.

    It does without its lock, which a signal that hits the taking of it leaves held for ever, and tests send
    many. What the lock is for, copying while other threads add, coverage itself tries again.

    The processes of virtual boards are measured in tests of the virtual board alone, in those that have no
    parameters: there are many hundreds, and each would take three times as long to start.
    """
    unlock = (
        "import sys; measure = getattr(sys.modules.get('coverage'), 'Coverage', None); "
        "measure = measure and measure.current(); "
        "measure and setattr(measure._collector, 'data_lock', None)\n"
    )
    boards = (
        "import os, sys; test = os.environ.get('PYTEST_CURRENT_TEST', ''); "
        "'belay.virtual.supervisor' in str(sys.orig_argv) "
        "and not (test.startswith('tests/virtual/') and '[' not in test) "
        "and os.environ.pop('COVERAGE_PROCESS_CONFIG', None)\n"
    )
    # Read at the start of each Python, before and behind the file with which coverage measures processes.
    folder = Path(sysconfig.get_path("purelib", "venv", {"base": str(VENV)}))
    (folder / "a0_boards_without_coverage.pth").write_text(boards, encoding="utf-8")
    (folder / "b_coverage_without_lock.pth").write_text(unlock, encoding="utf-8")


def workers() -> list[str]:
    """How many processes share the tests, and how: a third of their time they wait for boards and servers."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return ["-n", str(max(2, cores * 3 // 2)), "--dist", "worksteal"]


def tests_with_coverage() -> Steps:
    """All tests but the long ones, and how much of the code they reach."""
    coverage: Command = [PYTHON, "-m", "coverage"]
    # Nothing that needs a pty or the virtual board can run on Windows.
    lenient = ["--fail-under=0"] if os.name == "nt" else []
    for old in ROOT.glob(".coverage*"):
        old.unlink()
    tune_coverage()
    return [
        ("tests", [*coverage, "run", "-m", "pytest", *workers()]),
        ("combine", [*coverage, "combine", "--quiet"]),
        ("coverage", [*coverage, "report", *lenient]),
    ]


def run_steps(steps: Steps, early: tuple[str, ...] = ()) -> int:
    """Run all steps, also after one that failed, and sum up; 0 if all went well.

    Args:
        steps: One after the other.
        early: The names of steps that begin along with the first; what they say is shown in their turn.
    """
    summary = []
    with ThreadPoolExecutor() as meanwhile:
        begun = {name: meanwhile.submit(listen, command) for name, command in steps if name in early}
        for name, command in steps:
            say(f"\n--- {name}: {shown(command)}")
            started = time.monotonic()
            if name in begun:
                code, said, seconds = begun[name].result()
                print(said, end="", flush=True)
            else:
                code, seconds = run(command), time.monotonic() - started
            summary.append(f"{'ok' if code == 0 else 'FAILED':<8}{name:<10}{seconds:6.1f} s")
    failed = sum(line.startswith("FAILED") for line in summary)
    say("\n" + "\n".join(summary))
    say(f"{failed} of {len(summary)} steps failed" if failed else "all passed")
    return 1 if failed else 0


def listen(command: Command) -> tuple[int, str, float]:
    """Run ``command`` in the repository: its exit code, all that it said, and its seconds."""
    started = time.monotonic()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    return done.returncode, done.stdout, time.monotonic() - started


def shown(command: Command) -> str:
    """``command`` for the reader, who may want to repeat it."""
    words = [_from_here(word) if isinstance(word, Path) else word for word in command]
    return " ".join(repr(word) if " " in word else word for word in words)


def _from_here(path: Path) -> str:
    return str(path.relative_to(ROOT) if path.is_absolute() else path)


def test(arguments: list[str]) -> int:
    """Every check, or pytest alone if there are arguments for it."""
    if arguments:
        return run([PYTHON, "-m", "pytest", *arguments])
    return run_steps([*quick_checks(), *docs_build(), *tests_with_coverage()], early=("public", "docs"))


def bench(arguments: list[str]) -> int:
    """The comparison with the peers, or a benchmark of its own that the first argument names."""
    known = ("calls", "packages", "hosts", "files", "install", "mip", "watch", "clock")
    named = [each for each in arguments[:1] if each in known]
    program = Path("benchmarks", f"{(named or ['compare'])[0]}.py")
    return run([PYTHON, program, *arguments[len(named) :]])


def lock(_: list[str]) -> int:
    """Write constraints.txt anew."""
    if not install(group("lock")):
        return 1
    groups = [word for name in project()["dependency-groups"] for word in ("--group", name)]
    # One version of each package for all Pythons and systems, so that everybody checks with the same tools.
    rules = ["--universal", "--python-version", "3.11", "--fork-strategy", "fewest", "--upgrade"]
    form = ["--all-extras", *groups, "--no-annotate", "--custom-compile-command", "python3 dev.py lock"]
    compile_pins: Command = [PYTHON, "-m", "uv", "pip", "compile", "--quiet", *rules, *form]
    return run([*compile_pins, "pyproject.toml", "-o", CONSTRAINTS.name])


# Which packages a verb needs, and what it does with its arguments.
VERBS: dict[str, tuple[str, Callable[[list[str]], int]]] = {
    "demo": ("run", lambda arguments: run([PYTHON, "-m", "belay", "demo", *arguments])),
    "test": ("dev", test),
    "check": ("dev", lambda _: run_steps(quick_checks(), early=("public",))),
    "docs": ("dev", lambda _: run_steps(docs_build())),
    "long": ("dev", lambda arguments: run([PYTHON, "-m", "pytest", "-m", "long", *NO_LIMIT, *arguments])),
    "bench": ("run", bench),
    "venv": ("dev", lambda _: run([PYTHON, "-c", "import sys; print(sys.executable)"])),
    "shell": ("dev", lambda arguments: run([SHELL, *arguments])),
    "lock": ("dev", lock),
}


def main(arguments: list[str]) -> int:
    """Do what the first argument says; the others are the verb's own."""
    verb, *rest = arguments or [""]
    if verb not in VERBS:
        say((__doc__ or "").strip())
        return 0 if verb in {"-h", "--help"} else 2
    packages, action = VERBS[verb]
    try:
        set_up(packages)
        return action(rest)
    except KeyboardInterrupt:
        say("\ndev.py: interrupted")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
