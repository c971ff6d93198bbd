"""dev.py, in a copy beside a project small enough to be installed without a network."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "belay"
version = "1"
optional-dependencies = { virtual = [] }

[dependency-groups]
build = ["pip"]
dev = ["pip"]
"""

BACKEND = """
import pathlib, zipfile

def build_editable(directory, config_settings=None, metadata_directory=None):
    name = "belay-1-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(directory, name), "w") as wheel:
        wheel.writestr("belay.pth", str(pathlib.Path(__file__).parent / "src"))
        wheel.writestr("belay-1.dist-info/METADATA",
            "Metadata-Version: 2.1\\nName: belay\\nVersion: 1\\nProvides-Extra: virtual\\n")
        wheel.writestr("belay-1.dist-info/WHEEL",
            "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("belay-1.dist-info/RECORD", "")
    return name
"""

BELAY = "import os, sys; print(sys.argv[1:], sys.prefix, os.environ['VIRTUAL_ENV'], sep='|')"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with dev.py in it, in a directory whose name has a space."""
    place = tmp_path / "a project"
    (place / "src").mkdir(parents=True)
    shutil.copy(ROOT / "dev.py", place)
    (place / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (place / "backend.py").write_text(BACKEND, encoding="utf-8")
    (place / "constraints.txt").touch()
    (place / "src" / "belay.py").write_text(BELAY, encoding="utf-8")
    return place


@pytest.fixture
def dev(project: Path) -> ModuleType:
    """The copy as a module."""
    spec = importlib.util.spec_from_file_location("dev_of_the_copy", project / "dev.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def environment(place: Path) -> dict[str, str]:
    """No network, an unwritable home, and settings that would put packages where they do not belong."""
    elsewhere = str(place / "elsewhere")
    home = place / "home"
    home.touch()  # nobody, not even root, can write below a file
    hostile = {"PIP_NO_INDEX": "1", "PIP_USER": "1", "PIP_TARGET": elsewhere, "PYTHONPATH": elsewhere}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    return {**inherited, **hostile, "HOME": str(home), "USERPROFILE": str(home)}


def run_dev(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, project / "dev.py", *arguments],
        cwd=project.parent,
        env=environment(project.parent),
        capture_output=True,
        text=True,
        check=False,
    )


def test_set_up_once_and_again_only_when_needed(project: Path) -> None:
    first = run_dev(project, "demo", "--fast")
    assert first.returncode == 0, first.stdout + first.stderr
    arguments, prefix, active = first.stdout.splitlines()[-1].split("|")
    assert arguments == "['demo', '--fast']"
    assert Path(prefix) == Path(active) == project / ".venv"
    assert {path.name for path in project.parent.iterdir()} == {project.name, "home"}

    again = run_dev(project, "demo")
    assert again.stdout.startswith("['demo']"), "a good environment is used as it is"

    (project / "constraints.txt").write_text("surely-not-needed==1\n", encoding="utf-8")
    other_pins = run_dev(project, "demo")
    assert "Installing" in other_pins.stdout
    assert "Making" not in other_pins.stdout

    tools = run_dev(project, "venv")
    assert "Installing" in tools.stdout, "the tools of development are missing so far"
    assert run_dev(project, "demo").stdout.startswith("['demo']"), "with them, belay is there as well"

    with (project / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write("[tool.ruff]\nline-length = 80\n")
    assert run_dev(project, "demo").stdout.startswith("['demo']"), "not every line there matters"


@pytest.mark.skipif(os.name == "nt", reason="an interrupt cannot be sent to one process there")
def test_an_interrupted_set_up_starts_anew(project: Path) -> None:
    # Whoever runs the tests in the background may have interrupts ignored, in all processes below.
    code = "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    code += f"runpy.run_path({str(project / 'dev.py')!r}, run_name='__main__')"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "venv"],
        env=environment(project.parent),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("Making"):
                os.killpg(process.pid, signal.SIGINT)
    assert process.returncode == 130
    assert not (project / ".venv" / "belay-dev.json").exists()


def test_a_stamp_is_good_for_one_place_and_one_python_only(dev: ModuleType) -> None:
    dev.STAMP.parent.mkdir()
    assert dev.read_stamp() == {}
    dev.STAMP.write_text("{", encoding="utf-8")
    assert dev.read_stamp() == {}
    dev.STAMP.write_text(json.dumps(dev.origin()), encoding="utf-8")
    assert dev.read_stamp() == dev.origin()
    assert dev.origin()["place"] == str(dev.ROOT)


def test_a_package_that_is_out_of_reach(project: Path, dev: ModuleType) -> None:
    with (project / "pyproject.toml").open("w", encoding="utf-8") as file:
        file.write(PYPROJECT.replace('build = ["pip"]', 'build = ["surely-not-there"]'))
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", dev.VENV], check=True)
    dev.STAMP.write_text(json.dumps(dev.origin()), encoding="utf-8")
    result = run_dev(project, "demo")
    assert result.returncode == 1
    assert "surely-not-there" in result.stderr
    assert "\nhint: it needs the network" in result.stderr
    assert dev.read_stamp() == dev.origin(), "the environment itself is kept"


def python_without(module: str, place: Path) -> str:
    """A Python that lacks ``module``, as far as ``-m`` can tell: venv stands for ensurepip."""
    script = place / f"python-without-{module}"
    refuse = f'case "$* " in "-m {module} "*) case "$*" in *--without-pip*) ;; *) exit 1;; esac;; esac'
    script.write_text(f'#!/bin/sh\n{refuse}\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    return str(script)


@pytest.mark.skipif(os.name == "nt", reason="needs a shell script in the place of a program")
def test_without_ensurepip_the_pip_at_hand_is_used(
    dev: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev, "BASE", python_without("venv", tmp_path))
    dev.make_venv()
    assert dev.PYTHON.exists()
    assert dev.pip() == [sys.executable, "-m", "pip", "--python", dev.PYTHON]


@pytest.mark.skipif(os.name == "nt", reason="needs a shell script in the place of a program")
def test_without_ensurepip_and_pip_the_fix_is_printed(
    dev: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev, "BASE", python_without("venv", tmp_path))
    monkeypatch.setattr(sys, "executable", python_without("pip", tmp_path))
    with pytest.raises(SystemExit, match=r"can make no virtual environment\.\nhint: "):
        dev.make_venv()
    assert not dev.VENV.exists()


@pytest.mark.parametrize(
    ("release", "fix"),
    [
        ({"ID": "debian"}, "apt install python3.{minor}-venv"),
        ({"ID": "linuxmint", "ID_LIKE": "ubuntu debian"}, "apt install python3.{minor}-venv"),
        ({"ID": "fedora"}, "dnf install"),
        ({"ID": "else"}, "python.org"),
        ({}, "python.org"),
    ],
)
def test_the_fix_suits_the_system(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, release: dict[str, str], fix: str
) -> None:
    monkeypatch.setattr(dev.platform, "freedesktop_os_release", lambda: release)
    assert fix.format(minor=sys.version_info.minor) in dev.venv_fix()


def test_all_steps_run_and_the_failed_ones_are_named(
    dev: ModuleType, capfd: pytest.CaptureFixture[str]
) -> None:
    bad = [sys.executable, "-c", "raise SystemExit(3)"]
    good = [sys.executable, "-c", "print('it ran')"]
    assert dev.run_steps([("one", bad), ("two", good)]) == 1
    out = capfd.readouterr().out
    assert "\nit ran\n" in out
    assert [line.split()[:2] for line in out.splitlines()[-3:-1]] == [["FAILED", "one"], ["ok", "two"]]
    assert out.splitlines()[-1] == "1 of 2 steps failed"
    assert dev.run_steps([("two", good)]) == 0
    assert capfd.readouterr().out.endswith("\nall passed\n")


def test_a_step_that_begins_early_is_heard_in_its_turn(
    dev: ModuleType, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    there = f"pathlib.Path({str(begun)!r}).exists()"
    wait = f"import pathlib, time\nwhile not {there}: time.sleep(0.01)\nprint('first')"
    early = f"import pathlib, sys\npathlib.Path({str(begun)!r}).touch()\nsys.exit('it failed')"
    steps = [(name, [sys.executable, "-c", code]) for name, code in (("one", wait), ("two", early))]
    assert dev.run_steps(steps, early=("two",)) == 1
    lines = capfd.readouterr().out.splitlines()
    assert lines.index("first") < lines.index("it failed")
    assert [line.split()[:2] for line in lines[-3:-1]] == [["ok", "one"], ["FAILED", "two"]]


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        (["--quick"], "compare.py --quick"),
        (["calls", "a:", "packages"], "calls.py a: packages"),
        (["packages", "--json"], "packages.py --json"),
    ],
)
def test_benchmarks_by_name(
    dev: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    words: list[str],
    printed: str,
) -> None:
    (dev.ROOT / "benchmarks").mkdir(exist_ok=True)
    for name in ("compare", "calls", "packages"):
        code = "import pathlib, sys; print(pathlib.Path(sys.argv[0]).name, *sys.argv[1:])"
        (dev.ROOT / "benchmarks" / f"{name}.py").write_text(code)
    monkeypatch.setattr(dev, "PYTHON", sys.executable)
    assert dev.bench(words) == 0
    assert capfd.readouterr().out.strip() == printed


def test_an_old_python_is_told_so() -> None:
    code = f"import sys, runpy; sys.version_info = (3, 10, 0); runpy.run_path({str(ROOT / 'dev.py')!r})"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr.startswith("dev.py: belay needs Python 3.11 or newer")
    assert result.stderr.count("\n") == 1


def test_help_names_every_verb(dev: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert dev.main(["--help"]) == 0
    told = capsys.readouterr().out
    assert all(f"\n  {verb} " in told for verb in dev.VERBS)
    assert dev.main(["no-such-verb"]) == dev.main([]) == 2


def test_continuous_integration_runs_the_command_of_the_readme() -> None:
    last = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1]
    assert last == "python3 dev.py test"
    assert f"\n{last}\n" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_everything_wanted_is_pinned_and_installed_as_pinned() -> None:
    tables = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lists = [tables["project"]["dependencies"], tables["build-system"]["requires"]]
    lists += [*tables["project"]["optional-dependencies"].values(), *tables["dependency-groups"].values()]
    wanted = {canonicalize_name(Requirement(line).name) for lines in lists for line in lines}
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    pins = [Requirement(line) for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert wanted <= {canonicalize_name(pin.name) for pin in pins}
    assert all(len(pin.specifier) == 1 and str(pin.specifier).startswith("==") for pin in pins)
    here = {
        canonicalize_name(pin.name): str(pin.specifier)[2:]
        for pin in pins
        if not pin.marker or pin.marker.evaluate()
    }
    installed = {canonicalize_name(d.name): d.version for d in importlib.metadata.distributions()}
    strays = {name: version for name, version in installed.items() if here.get(name, version) != version}
    assert not strays
