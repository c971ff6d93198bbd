from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from belay.exceptions import ConfigError, RequirementError, UnsafePathError
from belay.project import find_project, load_project
from belay.project.create import Created, create, module_name
from belay.project.edit import add_dependencies

from .conftest import Write


def tree(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_new_project(tmp_path: Path) -> None:
    created = create(tmp_path / "more" / "my-project")
    folder = tmp_path / "more" / "my-project"
    assert created.written == ("README.md", "my_project/__init__.py", "pyproject.toml")
    assert created.project == load_project(find_project(folder / "my_project"))
    assert created.project.name == "my_project"
    assert tree(folder) == {
        "README.md": "# my-project\n\nA MicroPython project. Its code is in `my_project/`, "
        "its dependencies are in `pyproject.toml`.\n",
        "my_project/__init__.py": "",
        "pyproject.toml": """\
[tool.belay]
name = "my_project"

[tool.belay.dependencies]

[tool.pytest.ini_options]
pythonpath = [".", ".belay/dependencies/main"]
""",
    }
    before = tree(folder)
    assert create(folder).written == ()
    assert tree(folder) == before


@pytest.mark.parametrize(
    "before",
    [
        None,
        '[tool.pytest.ini_options]\npythonpath = "src lib"\n',
        '[tool.pytest]\naddopts = ["-q"]\n',
        '[tool.pytest]\npythonpath = ["src"]\n',
    ],
    ids=["new", "ini-text", "native", "native-list"],
)
def test_pytest_finds_the_code_and_the_dependencies(tmp_path: Path, before: str | None) -> None:
    folder = tmp_path / "my-project"
    if before is not None:
        (folder / "my_project").mkdir(parents=True)
        (folder / "my_project" / "__init__.py").touch()
        (folder / "pyproject.toml").write_text(before, encoding="utf-8")
    create(folder)
    add_dependencies(folder / "pyproject.toml", {"unittest": "*"}, group="dev")
    for name in ("main/first.py", "dev/second.py"):
        path = folder / ".belay" / "dependencies" / name
        path.parent.mkdir(parents=True)
        path.write_text("", encoding="utf-8")
    test = "import first, second, my_project\n\ndef test_it():\n    pass\n"
    (folder / "test_it.py").write_text(test, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    name = module_name(tmp_path.name)
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("mine", encoding="utf-8")
    assert create(tmp_path).written == ("pyproject.toml",)
    assert tree(tmp_path)["README.md"] == tree(tmp_path)[f"{name}/__init__.py"] == "mine"


@pytest.mark.skipif(os.name == "nt", reason="links need a right on Windows")
@pytest.mark.parametrize("place", ["README.md", "project/__init__.py", "project", "pyproject.toml"])
def test_nothing_is_written_behind_a_link(tmp_path: Path, place: str) -> None:
    folder, outside = tmp_path / "project", tmp_path / "outside"
    (folder / place).parent.mkdir(parents=True)
    (folder / place).symlink_to(outside)
    if place == "project":
        outside.mkdir()
    if place == "pyproject.toml":
        create(folder)
        assert not (folder / place).is_symlink()
    else:
        with pytest.raises(UnsafePathError, match="is a link"):
            create(folder)
    assert not outside.exists() or list(outside.iterdir()) == []


ADOPTED = """\
# mine
[project]
name = "my-tool"

[tool.belay]
name = "my_tool"

[tool.belay.dependencies]

[tool.pytest.ini_options]
pythonpath = [".", ".belay/dependencies/main"]
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('# mine\n[project]\nname = "my-tool"\n', ADOPTED),
        ('[tool.belay]\nname = "x"\ngroup.dev.dependencies.a = "*"\n[tool.pytest]\npythonpath = []\n', None),
    ],
)
def test_an_existing_project(write: Write, before: str, after: str | None) -> None:
    file = write(before)
    created = create(file.parent)
    assert created.written == ("pyproject.toml",)
    assert {path.name for path in file.parent.iterdir()} == {"pyproject.toml"}
    text = file.read_text(encoding="utf-8")
    if after is not None:
        assert text == after
    else:
        assert 'pythonpath = [".", ".belay/dependencies/main", ".belay/dependencies/dev"]' in text
    assert create(file.parent).written == ()


@pytest.mark.parametrize("name", ["pytest.ini", ".pytest.toml"])
@pytest.mark.parametrize("text", [None, '[tool.belay]\nname = "x"\n[tool.belay.group.dev]\n'])
def test_another_file_that_pytest_reads(tmp_path: Path, name: str, text: str | None) -> None:
    (tmp_path / name).touch()
    if text is not None:
        (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    created = create(tmp_path)
    paths = ". .belay/dependencies/main" + (" .belay/dependencies/dev" if text else "")
    assert created.notes == (f"pytest reads {name} here: its pythonpath should have {paths}",)
    assert "tool.pytest" not in (tmp_path / "pyproject.toml").read_text(encoding="utf-8")
    (tmp_path / name).write_text(f"pythonpath = {paths}", encoding="utf-8")
    assert create(tmp_path) == Created(created.project, (), ())


def test_an_existing_file_that_is_broken(write: Write) -> None:
    file = write("[tool.belay\n")
    with pytest.raises(ConfigError):
        create(file.parent)
    file = write("[tool.belay]\nname = 1\n")
    with pytest.raises(ConfigError):
        create(file.parent)
    assert file.read_text(encoding="utf-8") == "[tool.belay]\nname = 1\n"


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OSError, match="file"):
        create(tmp_path / "file")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("my-project", "my_project"),
        ("My Project 2.0", "my_project_2_0"),
        ("2fast", "_2fast"),
        ("class", "class_"),
        ("--x--", "x"),
        ("größe", "gr_e"),
    ],
)
def test_names(text: str, name: str) -> None:
    assert module_name(text) == name
    assert name.isidentifier()


def test_no_name_at_all(tmp_path: Path) -> None:
    with pytest.raises(RequirementError, match="no letters"):
        create(tmp_path / "---")
    assert list(tmp_path.iterdir()) == []
