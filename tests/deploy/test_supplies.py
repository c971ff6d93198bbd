"""A lock and vendored files that are fit to be sent, and those that are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from belay.deploy.supplies import chosen, supplies
from belay.exceptions import ConfigError, PackageError
from belay.packages.lock import Lock
from belay.project import Project, load_project
from belay.project.upkeep import Talk

from .conftest import Make


def refusal(project: Project, *, frozen: bool) -> PackageError:
    with pytest.raises(PackageError) as caught:
        supplies(project, Talk(), frozen=frozen)
    return caught.value


def content(folder: Path) -> dict[str, bytes | int]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else 0
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize("frozen", [True, False])
def test_a_stale_lock(make: Make, frozen: bool) -> None:
    project = make()
    text = project.file.read_text()
    project.file.write_text(text.replace('sensor = "../sensor"', 'other = "../other"'))
    before = content(project.root)
    error = refusal(load_project(project.file), frozen=frozen)
    assert "belay.lock does not fit pyproject.toml: other (main) is not locked" in error.message
    assert "`belay update`" in str(error.hint)
    assert content(project.root) == before


@pytest.mark.parametrize("frozen", [True, False])
def test_no_lock(make: Make, frozen: bool) -> None:
    project = make()
    project.lock_file.unlink()
    assert "`belay update`" in str(refusal(project, frozen=frozen).hint)


def test_no_lock_and_no_dependencies(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text("[tool.belay]\n", encoding="utf-8")
    assert supplies(load_project(file), Talk()).lock == Lock()
    assert content(tmp_path) == {"pyproject.toml": b"[tool.belay]\n"}


def test_an_edited_file(make: Make) -> None:
    """It is refused, or restored: what is sent is what was locked."""
    project = make()
    file = project.vendored / "main" / "sensor" / "chip.py"
    file.write_text("VALUE = 'evil'\n", encoding="utf-8")
    before = content(project.root)
    error = refusal(project, frozen=True)
    assert error.message == (
        "vendored files are not as locked: .belay/dependencies/main/sensor/chip.py is changed"
    )
    assert "`belay fetch`" in str(error.hint)
    assert content(project.root) == before
    found = supplies(project, Talk())
    assert found.report.restored == (".belay/dependencies/main/sensor/chip.py",)
    assert file.read_text() == "VALUE = 40\n"


def test_a_missing_file(make: Make) -> None:
    project = make()
    file = project.vendored / "more" / "extra" / "__init__.py"
    file.unlink()
    assert "is missing" in refusal(project, frozen=True).message
    supplies(project, Talk())
    assert file.exists()


def test_a_file_that_nobody_locked(make: Make) -> None:
    project = make()
    (project.vendored / "main" / "stranger.py").touch()
    for frozen in (True, False):
        assert supplies(project, Talk(), frozen=frozen).strangers == (".belay/dependencies/main/stranger.py",)


def test_groups(make: Make) -> None:
    project = make()
    assert [group.name for group in chosen(project)] == ["main", "more"]
    assert [group.name for group in chosen(project, ["dev"], ["main"])] == ["dev", "more"]
    with pytest.raises(ConfigError, match="has no group 'dve'") as caught:
        chosen(project, ["dve"])
    assert caught.value.hint == "did you mean 'dev'?"
