"""Upkeep as a whole is tested through the command line; here is what that does not show."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from servers.index_recipes import SHAPE
from servers.web import WebServer

from belay.cli import main
from belay.packages.lockfile import read_lock

HEAVY = ("urllib3", "resolvelib", "tomlkit", "rich", "email", "concurrent.futures", "importlib.metadata")


def test_who_finds_everything_in_place_imports_nothing_that_fetches(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    with WebServer() as web:
        url = web.packages({"a": {"1.0.0": {}}})
        (project / "pyproject.toml").write_text(
            f'[tool.belay]\nname = "p"\npackage_indices = ["{url}"]\n[tool.belay.dependencies]\na = "*"\n',
            encoding="utf-8",
        )
        run(project, "update")
    loaded = run(project, "fetch")
    assert (project / ".belay" / "dependencies" / "main" / "a.py").exists()
    assert loaded == "[]"


@pytest.fixture(scope="module")
def server() -> Iterator[WebServer]:
    with WebServer() as made:
        yield made


Write = Callable[..., None]
Belay = Callable[..., str]


@pytest.fixture
def web(server: WebServer) -> WebServer:
    """A web server with nothing on it."""
    server.clear()
    return server


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder, which is the current one; the store is empty."""
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.setenv("BELAY_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def write(web: WebServer, root: Path) -> Write:
    """Writes the pyproject.toml: lines of dependencies, and what stands before and behind them."""

    def write(*dependencies: str, settings: str = "", behind: str = "") -> None:
        indices = "" if "package_indices" in settings else f'package_indices = ["{web.url}/pi/v2"]'
        lines = ["[tool.belay]", indices, settings, "[tool.belay.dependencies]", *dependencies, behind, ""]
        (root / "pyproject.toml").write_text("\n".join(lines), encoding="utf-8")

    return write


@pytest.fixture
def belay(capsys: pytest.CaptureFixture[str]) -> Belay:
    """Runs a command that is to succeed, or to exit with ``code``; what it prints."""

    def run(*words: str, code: int = 0) -> str:
        assert main(words) == code
        captured = capsys.readouterr()
        return captured.out + captured.err

    return run


def versions(root: Path) -> dict[str, str]:
    lock = read_lock(root / "belay.lock")
    assert lock is not None
    return {package.name: package.version for package in lock.packages}


def there(root: Path) -> dict[str, str]:
    """The vendored files."""
    folder = root / ".belay" / "dependencies"
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_neither_order_nor_chance_decides(web: WebServer, root: Path, write: Write) -> None:
    web.index()
    names = sorted(json.loads(SHAPE.read_text()))
    locks = set()
    for seed in ("1", "2"):
        random.Random(seed).shuffle(names)
        write(*(f'"{name}" = "*"' for name in names))
        (root / "belay.lock").unlink(missing_ok=True)
        command = [sys.executable, "-m", "belay", "lock", "-q"]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run(command, cwd=root, env=environment, check=True, capture_output=True, timeout=60)
        locks.add((root / "belay.lock").read_bytes())
    assert len(locks) == 1


def test_the_lock_is_for_what_the_settings_say(
    web: WebServer, root: Path, write: Write, belay: Belay
) -> None:
    web.packages({"a": {"1.0": {}}})
    write('a = "*"')
    belay("update")
    for settings, reason in (
        ('arch = "armv6m"', "arch was none, and is armv6m now"),
        ("mpy_version = 6", "mpy_version was py, and is 6 now"),
        ('prefer."a.py" = "a"', "prefer for a.py was nobody, and is a now"),
        (f'package_indices = ["{web.url}/other"]', "package_indices have changed"),
    ):
        write('a = "*"', settings=settings)
        assert reason in belay("lock", "--check", code=8)
    write('a = "*"', settings='mpy_version = 6\narch = "armv6m"\nprefer."a.py" = "a"')
    belay("update")
    assert "fits" in belay("lock", "--check")
    assert list((root / ".belay" / "dependencies" / "main").iterdir()) == [
        root / ".belay" / "dependencies" / "main" / "a.mpy"
    ]


def test_compiled_files_that_stay_are_not_fetched_again(
    web: WebServer, root: Path, write: Write, belay: Belay, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.packages({"a": {"1.0": {}}, "b": {"1.0": {}}})
    settings = 'mpy_version = 6\narch = "armv6m"'
    write('a = "*"', 'b = "*"', settings=settings)
    belay("update")
    monkeypatch.setenv("BELAY_CACHE_DIR", str(root.parent / "another"))
    web.counts()
    belay("remove", "b")
    assert not web.counts().requests
    # For another board they have to be looked at.
    write('a = "*"', settings=settings.replace("armv6m", "armv7m"))
    belay("lock")
    assert [request.path for request in web.counts().requests if "/file/" in request.path]


def test_whose_file_it_is_to_be(web: WebServer, root: Path, write: Write, belay: Belay) -> None:
    web.packages({name: {"1.0": {"files": {"s.py": name, f"{name}.py": ""}}} for name in "ab"})
    both = ('a = "*"', '[tool.belay.group.dev.dependencies]\nb = "*"')
    write(*both)
    assert '"s.py" = "a"' in belay("update", code=8)
    assert not (root / "belay.lock").exists()
    write(*both, settings='prefer."s.py" = "b"')
    belay("update")
    assert {path: text for path, text in there(root).items() if path.endswith("s.py")} == {
        "main/s.py": "b",
        "dev/s.py": "b",
    }
    web.counts()
    write(*both, settings='prefer."s.py" = "a"')
    belay("lock")
    belay("fetch")
    assert (there(root)["main/s.py"], there(root)["dev/s.py"]) == ("a", "a")
    assert not web.counts().requests
    # Without the choice it is a conflict again, also for what is locked.
    write(*both)
    assert "have different content" in belay("lock", code=8)
    # Without the package that is preferred, the other has its file.
    write(*both[:1], settings='prefer."s.py" = "b"')
    belay("update")
    assert there(root) == {"main/a.py": "", "main/s.py": "a"}


def test_update_of_one_heeds_those_that_stay(web: WebServer, root: Path, write: Write, belay: Belay) -> None:
    a = {"1.0": {"deps": [["c", "<2"]]}}
    web.packages({"a": a, "c": {"1.0": {}}})
    write('a = "*"')
    belay("update")
    web.packages({"a": {**a, "2.0": {}}, "c": {"1.0": {}, "1.5": {}, "2.0": {}}}, updated=1_700_000_001)
    belay("update", "c")
    assert versions(root) == {"a": "1.0", "c": "1.5"}


def test_a_dependency_that_is_written_otherwise_is_read_anew(root: Path, write: Write, belay: Belay) -> None:
    (root / "x.py").write_text("", encoding="utf-8")
    write('x = "./x.py"')
    belay("update")
    write('x = {uri = "./x.py", rename_to_init = false}')
    belay("lock")
    belay("fetch")
    assert list(there(root)) == ["main/x.py"]


def test_paths_are_those_from_the_project_wherever_one_is(
    root: Path, write: Write, belay: Belay, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root.parent / "lib").mkdir()
    (root.parent / "lib" / "x.py").write_text("x = 1", encoding="utf-8")
    inner = root / "a" / "b"
    inner.mkdir(parents=True)
    write('x = "../lib/x.py"')
    monkeypatch.chdir(inner)
    belay("update")
    assert there(root) == {"main/x/__init__.py": "x = 1"}
    belay("add", "../../../lib/x.py", "--group", "dev")
    assert 'x = "../lib/x.py"' in (root / "pyproject.toml").read_text(encoding="utf-8").partition("dev")[2]
    assert '"path+../lib/x.py"' in (root / "belay.lock").read_text(encoding="utf-8")


def test_a_dependency_s_index_is_not_that_of_what_it_needs(
    web: WebServer, root: Path, write: Write, belay: Belay
) -> None:
    web.packages({"a": {"1.0": {}}, "c": {"1.0": {}}}, "/one")
    web.packages({"a": {"9.0": {"deps": [["c", ""]]}}, "c": {"9.0": {}}}, "/two")
    indices = f'package_indices = ["{web.url}/one", {{name = "two", url = "{web.url}/two"}}]'
    write('a = {index = "two"}', settings=indices)
    belay("update")
    lock = read_lock(root / "belay.lock")
    assert lock is not None
    assert {package.name: (package.version, package.source) for package in lock.packages} == {
        "a": ("9.0", f"index+{web.url}/two"),
        "c": ("1.0", f"index+{web.url}/one"),
    }
    write('a = "*"', settings=indices)
    assert "was locked as mip:a from two, and is mip:a now" in belay("lock", "--check", code=8)
    belay("lock")
    assert versions(root) == {"a": "9.0", "c": "1.0"}, "what is locked stays if it will do"
    belay("update")
    assert versions(root) == {"a": "1.0"}


def test_optional_groups_are_vendored_like_others(
    web: WebServer, root: Path, write: Write, belay: Belay
) -> None:
    web.packages({"a": {"1.0": {}}})
    write(behind='[tool.belay.group.dev]\noptional = true\ndependencies.a = "*"')
    belay("update")
    assert list(there(root)) == ["dev/a.py"]


def test_what_was_vendored_without_a_lock(web: WebServer, root: Path, write: Write, belay: Belay) -> None:
    web.packages(
        {
            "my-lib": {"1.0": {"deps": [["inner", ""]]}},
            "inner": {"1.0": {"files": {"inner/__init__.py": ""}}},
            "umqtt.simple": {"1.0": {}},
        }
    )
    write('my-lib = "*"', '"umqtt.simple" = "*"')
    folder = root / ".belay" / "dependencies" / "main"
    ours = ("my-lib/my_lib.py", "my_lib/my_lib.py", "inner/inner/__init__.py", "umqtt.simple/umqtt/simple.py")
    for path in (*ours, "other/other.py", "mine.py", "umqtt/mine.py"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("old", encoding="utf-8")
    belay("update")
    assert {path: text for path, text in there(root).items() if text == "old"} == {
        "main/other/other.py": "old",
        "main/mine.py": "old",
        "main/umqtt/mine.py": "old",
    }
    assert {"main/my_lib.py", "main/inner/__init__.py", "main/umqtt/simple.py"} < there(root).keys()


def test_a_lock_with_other_line_ends_is_read_and_left(
    web: WebServer, root: Path, write: Write, belay: Belay
) -> None:
    web.packages({"a": {"1.0": {}}})
    write('a = "*"')
    belay("update")
    windows = (root / "belay.lock").read_bytes().replace(b"\n", b"\r\n")
    (root / "belay.lock").write_bytes(windows)
    for words in (["update"], ["lock"], ["fetch"], ["verify"], ["lock", "--check"]):
        belay(*words)
    assert (root / "belay.lock").read_bytes() == windows


def test_what_git_sees(web: WebServer, root: Path, write: Write, belay: Belay) -> None:
    web.packages({"a": {"1.0": {}}})
    write('a = "*"', behind="[tool.belay.group.empty]")
    belay("update")
    subprocess.run(["git", "init", "-q"], cwd=root, check=True, capture_output=True)
    seen = subprocess.run(
        ["git", "status", "--porcelain", "-uall"], cwd=root, check=True, capture_output=True, text=True
    )
    assert seen.stdout.split() == [
        word
        for path in (".belay/.gitattributes", ".belay/dependencies/main/a.py", "belay.lock", "pyproject.toml")
        for word in ("??", path)
    ]


def test_what_no_board_can_import_is_told(web: WebServer, write: Write, belay: Belay) -> None:
    web.packages(
        {
            "a": {"1.0": {"files": {"s.py": "1"}}},
            "b": {"1.0": {"files": {"s/__init__.py": "2"}}},
        }
    )
    write('a = "*"', 'b = "*"')
    assert "note: s.py of a cannot be imported beside the folder s of b\n" in belay("update")


def run(folder: Path, command: str) -> str:
    """Runs a command; the heavy modules that it imported."""
    code = (
        "import os, sys; os.environ['BELAY_CACHE_DIR'] = '../cache'; from belay.cli import main; "
        f"code = main(['{command}', '-q']); "
        f"print(sorted(set({HEAVY}) & set(sys.modules)), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr.strip()
