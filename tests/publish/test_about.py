from __future__ import annotations

from pathlib import Path

import pytest

from belay.exceptions import ConfigError, PublishError
from belay.project import load_project
from belay.publish.about import About, check_version, read_about


def about(folder: Path, project: str, version: str = "", tool: str = 'name = "app"') -> About:
    file = folder / "pyproject.toml"
    file.write_text(f"{project}\n[tool.belay]\n{tool}\n", encoding="utf-8")
    return read_about(load_project(file), version)


def test_everything(tmp_path: Path) -> None:
    text = """[project]
name = "my-app"
version = "1.2.0"
description = "One\\n  line"
license = {text = "MIT\\nPermission is hereby granted"}
authors = [{name = "Ada", email = "a@example.com"}, {email = "b@example.com"}, {name = "Cy"}, {}, 7]
"""
    author = "Ada <a@example.com>, b@example.com, Cy"
    assert about(tmp_path, text) == About("my-app", "1.2.0", "One line", "MIT", author)
    assert about(tmp_path, text, "2.0").version == "2.0"


def test_little(tmp_path: Path) -> None:
    assert about(tmp_path, "", "1.0") == About("app", "1.0")
    found = about(tmp_path, '[project]\nversion = "1"\nlicense = {file = "LICENSE"}\nauthors = "me"')
    assert found == About("app", "1")


@pytest.mark.parametrize(
    ("project", "tool", "reason"),
    [
        ("", 'name = "app"', "has no version"),
        ('[project]\ndynamic = ["version"]', 'name = "app"', "another tool"),
        ("[project]\ndynamic = 5", 'name = "app"', "has no version"),
        ('[project]\ndynamic = "version"', 'name = "app"', "has no version"),
        ('[project]\nversion = "1"', "", "no name to publish by"),
        ('[project]\nname = "x"\nversion = "latest"', "", "no version to publish"),
    ],
)
def test_what_is_missing(tmp_path: Path, project: str, tool: str, reason: str) -> None:
    with pytest.raises(PublishError, match=reason) as caught:
        about(tmp_path, project, tool=tool)
    assert caught.value.hint


@pytest.mark.parametrize(
    "project",
    [
        "[project]\nname = 5",
        '[project]\nname = "a b"\nversion = "1"',
        "project = 1",
        "[project]\nversion = 1.0",
    ],
)
def test_what_is_wrong(tmp_path: Path, project: str) -> None:
    with pytest.raises(ConfigError, match="project"):
        about(tmp_path, project)


@pytest.mark.parametrize("version", ["1", "1.2.3", "3.3.3-4", "1.0a1", "1!2.0+local", "v2"])
def test_versions(version: str) -> None:
    assert check_version(version) == version


@pytest.mark.parametrize("version", ["", " 1", "../1", "1/2", "Latest", "1.", "-1", "é", "1" * 101])
def test_what_is_no_version(version: str) -> None:
    with pytest.raises(PublishError):
        check_version(version)
