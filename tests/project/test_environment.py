"""What is imported from where, laid out and said; that MicroPython finds it is shown with ``belay run``."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from pathlib import Path

import pytest
from servers.web import WebServer

from belay.exceptions import FeatureUnavailableError, RequirementError, UnsafePathError
from belay.packages.lock import Lock, locked_requirement
from belay.packages.lockfile import write_lock
from belay.packages.model import LockedFile, LockedPackage
from belay.project import Project, load_project
from belay.project.environment import (
    DEFAULT_PATHS,
    LAYOUT,
    Concern,
    concerns,
    import_folders,
    merged,
    search_path,
)

DEPENDENCIES = ".belay/dependencies"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def project(root: Path, text: str = "") -> Project:
    write(root, {"pyproject.toml": f"[tool.belay]\n{text}"})
    return load_project(root / "pyproject.toml")


def laid_out(root: Path) -> dict[str, str]:
    folder = root / LAYOUT
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files}


# --- folders ---------------------------------------------------------------------------------------


def test_the_projects_own_then_main_then_the_others_by_name(root: Path) -> None:
    groups = "".join(f"[tool.belay.group.{name}]\noptional = true\n" for name in ("zoo", "dev"))
    folders = [f"{DEPENDENCIES}/{name}" for name in ("main", "dev", "zoo")]
    assert import_folders(project(root, groups)) == [root, *(root / folder for folder in folders)]
    assert [path.name for path in root.iterdir()] == ["pyproject.toml"], "nothing was to be laid out"


def test_another_folder_of_dependencies(root: Path) -> None:
    assert import_folders(project(root, 'dependencies_path = "lib/deps"\n')) == [root, root / "lib/deps/main"]


def test_a_package_in_two_folders_is_made_one(root: Path) -> None:
    write(
        root / DEPENDENCIES,
        {
            "main/unittest/__init__.py": "the first",
            "main/alone/__init__.py": "",
            "main/a.py": "",
            "dev/unittest/__init__.py": "the second",
            "dev/unittest/__main__.py": "main",
            "dev/unittest/__pycache__/x.pyc": "",
            "dev/a.py": "",
        },
    )
    folders = import_folders(project(root, "[tool.belay.group.dev]\n"))
    assert folders[:3] == [root, root / LAYOUT, root / DEPENDENCIES / "main"]
    assert laid_out(root) == {"unittest/__init__.py": "the first", "unittest/__main__.py": "main"}
    (root / DEPENDENCIES / "dev/unittest/__main__.py").unlink()
    (root / DEPENDENCIES / "dev/unittest/__init__.py").unlink()
    assert root / LAYOUT not in import_folders(project(root, "[tool.belay.group.dev]\n"))
    assert laid_out(root) == {}


def test_what_has_to_be_merged() -> None:
    develop = {"a/x.py": b"1", "m.py": b"1"}
    main = {"a/x.py": b"2", "a/y.py": b"2", "b/x.py": b"2", "m.py": b"2"}
    dev = {"b/y.py": b"3", "c/x.py": b"3"}
    assert merged([develop, main, dev], whole=1) == {
        "a/x.py": b"1",
        "a/y.py": b"2",
        "b/x.py": b"2",
        "b/y.py": b"3",
        "m.py": b"1",
    }
    assert merged([main, dev], whole=0).keys() == {"b/x.py", "b/y.py"}
    assert merged([], whole=0) == {}


# --- develop dependencies --------------------------------------------------------------------------

DEVELOP = """
[tool.belay.dependencies]
sensor = {uri = "../my-sensor", develop = true}
one = {uri = "../one.py", develop = true}
[tool.belay.group.dev.dependencies]
described = {uri = "../described", develop = true}
plain = {uri = "../one.py", develop = true, rename_to_init = false}
"""


@pytest.fixture
def sources(root: Path) -> Path:
    """The folder of the develop dependencies of DEVELOP."""
    write(
        root.parent,
        {
            "my-sensor/__init__.py": "one",
            "my-sensor/sub/inner.py": "inner",
            "my-sensor/__pycache__/x.pyc": "",
            "one.py": "one",
            "described/package.json": json.dumps({"urls": [["umqtt/simple.py", "src/x.py"]]}),
            "described/src/x.py": "described",
        },
    )
    return root.parent


def test_develop_dependencies_are_as_they_are_now(root: Path, sources: Path) -> None:
    folders = import_folders(project(root, DEVELOP))
    names = ["", LAYOUT, f"{DEPENDENCIES}/main", f"{DEPENDENCIES}/dev"]
    assert folders == [root / name for name in names]
    expected = {
        "sensor/__init__.py": "one",
        "sensor/sub/inner.py": "inner",
        "one/__init__.py": "one",
        "plain/one.py": "one",
        "umqtt/simple.py": "described",
    }
    assert laid_out(root) == expected
    assert (root / ".belay/.local/.gitignore").read_text() == "*\n"
    kept = (root / LAYOUT / "one/__init__.py").stat()
    write(sources, {"my-sensor/__init__.py": "two", "my-sensor/new.py": "new"})
    (sources / "my-sensor/sub/inner.py").unlink()
    import_folders(project(root, DEVELOP))
    del expected["sensor/sub/inner.py"]
    assert laid_out(root) == {**expected, "sensor/__init__.py": "two", "sensor/new.py": "new"}
    assert not (root / LAYOUT / "sensor/sub").exists()
    assert (root / LAYOUT / "one/__init__.py").stat() == kept, "what has not changed is not written"
    # Where nothing changes, nothing has to be writable.
    (root / ".belay/.local/run-in-use").unlink()
    (root / ".belay/.local/run-in-use").mkdir()
    assert import_folders(project(root, DEVELOP)) == folders
    import_folders(project(root))
    assert laid_out(root)
    (root / ".belay/.local/run-in-use").rmdir()
    import_folders(project(root))
    assert laid_out(root) == {}


def test_a_develop_dependency_beside_vendored_parts_of_its_package(root: Path, sources: Path) -> None:
    files = {"umqtt/robust.py": "robust", "umqtt/simple.py": "old", "sensor.py": "old", "other.py": "x"}
    write(root / DEPENDENCIES / "main", files)
    import_folders(project(root, DEVELOP))
    found = laid_out(root)
    assert (found["umqtt/simple.py"], found["umqtt/robust.py"]) == ("described", "robust")
    assert "sensor.py" not in found
    assert "other.py" not in found


def test_a_manifest_that_names_files_of_other_machines(
    root: Path, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BELAY_CACHE_DIR", str(root.parent / "cache"))
    with WebServer() as web:
        urls = [["far.py", web.page("/far.py", "from far away")], ["near.py", "src/x.py"]]
        write(sources, {"described/package.json": json.dumps({"urls": urls})})
        import_folders(project(root, DEVELOP))
    assert (laid_out(root)["far.py"], laid_out(root)["near.py"]) == ("from far away", "described")


def test_a_develop_dependency_that_is_not_there(root: Path) -> None:
    with pytest.raises(RequirementError, match="no such file or folder"):
        import_folders(project(root, DEVELOP))


@pytest.mark.skipif(os.name == "nt", reason="links are not for everybody there")
def test_nothing_is_written_through_links(root: Path, sources: Path) -> None:
    victim = root.parent / "victim"
    write(victim, {"sensor/__init__.py": "precious", "more.py": "precious"})
    write(root, {".belay/.local/run/x.py": ""})
    (root / LAYOUT / "sensor").symlink_to(victim / "sensor")
    (root / LAYOUT / "stray.py").symlink_to(victim / "more.py")
    import_folders(project(root, DEVELOP))
    assert laid_out(root)["sensor/__init__.py"] == "one"
    assert "stray.py" not in laid_out(root)
    (root / ".belay/.local").rename(root.parent / "local")
    (root / ".belay/.local").symlink_to(victim)
    with pytest.raises(UnsafePathError):
        import_folders(project(root, DEVELOP))
    assert {path.name: path.read_text() for path in victim.rglob("*.py")} == {
        "__init__.py": "precious",
        "more.py": "precious",
    }


def test_many_at_once(root: Path, sources: Path) -> None:
    made = project(root, DEVELOP)
    errors: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(5):
                import_folders(made)
        except BaseException as error:  # noqa: BLE001 - the test's own thread tells of it
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(laid_out(root)) == 5


# --- the variable ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (None, "/p:/q:.frozen:~/.micropython/lib:/usr/lib/micropython"),
        ("", "/p:/q:.frozen:~/.micropython/lib:/usr/lib/micropython"),
        ("/mine", "/p:/q:/mine:.frozen:~/.micropython/lib:/usr/lib/micropython"),
        (":.frozen:/mine", "/p:/q::.frozen:/mine:~/.micropython/lib:/usr/lib/micropython"),
        ("/p:/q:.frozen", "/p:/q:.frozen:~/.micropython/lib:/usr/lib/micropython"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")
def test_the_search_path(before: str | None, expected: str) -> None:
    assert search_path([Path("/p"), Path("/q")], before) == expected


def test_the_search_path_of_windows() -> None:
    path = search_path([Path("p"), Path("q")], "mine;C:\\x", windows=True)
    assert path == "p;q;mine;C:\\x;.frozen;~/.micropython/lib"


@pytest.mark.parametrize(("name", "windows"), [("a:b", False), ("a;b", True)])
def test_a_folder_that_cannot_be_named(name: str, windows: bool) -> None:
    with pytest.raises(FeatureUnavailableError, match="cannot name a folder"):
        search_path([Path(name)], None, windows=windows)


def test_the_defaults_begin_with_what_is_frozen() -> None:
    assert DEFAULT_PATHS[0] == ".frozen"


# --- concerns --------------------------------------------------------------------------------------

WANTED = '[tool.belay.dependencies]\na = "*"\n'


def lock(made: Project, count: int = 1) -> None:
    files = tuple(
        LockedFile(f"a{number}.py", 1, hashlib.sha256(b"x").hexdigest(), "https://example.com")
        for number in range(count)
    )
    package = LockedPackage("a", "1.0", "index+https://example.com", ("main",), (), files)
    needs = tuple(locked_requirement(need, ("a",)) for need in made.requirements)
    write_lock(made.lock_file, Lock((package,), needs, indices=tuple(url for _, url in made.indices)))


def test_nothing_is_wanted_and_nothing_locked(root: Path) -> None:
    assert concerns(project(root)) == []


def test_nothing_is_locked(root: Path) -> None:
    [concern] = concerns(project(root, WANTED))
    assert concern.hint == "`belay update` does both"


def test_vendored_files_that_are_not_as_locked(root: Path) -> None:
    made = project(root, WANTED)
    lock(made, 5)
    [concern] = concerns(made)
    names = ", ".join(f"{Path(DEPENDENCIES, 'main', f'a{number}.py')} is missing" for number in range(3))
    assert concern == Concern(
        f"vendored files are not as locked: {names} and 2 more", "`belay fetch` restores them"
    )
    write(root / DEPENDENCIES / "main", {f"a{number}.py": "x" for number in range(5)})
    write(root / DEPENDENCIES / "main", {"unknown.py": "x"})
    assert concerns(made) == []
    write(root / DEPENDENCIES / "main", {"a3.py": "y"})
    [concern] = concerns(made)
    assert concern.reason.endswith("a3.py is changed")


def test_a_lock_that_does_not_fit(root: Path) -> None:
    lock(project(root, WANTED), 0)
    [concern] = concerns(project(root, WANTED + 'b = "*"\n'))
    assert concern.reason == "the lockfile does not fit pyproject.toml: b (main) is not locked"
    assert "belay update" in concern.hint


def test_no_more_is_read_of_a_develop_dependency_than_a_board_could_have(root: Path, sources: Path) -> None:
    (root / "pyproject.toml").write_text(
        '[tool.belay.dependencies]\nbig = { uri = "./big", develop = true }\n', encoding="utf-8"
    )
    (root / "big").mkdir()
    with (root / "big" / "a.py").open("wb") as file:
        file.truncate(1 << 36)
    with pytest.raises(OSError, match="is larger than"):
        import_folders(load_project(root / "pyproject.toml"))
