from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from belay.exceptions import FilesError, PublishError, UnsafePathError
from belay.publish.pieces import own_pieces

from .conftest import Make


def test_the_project_s_own_files(project: Make) -> None:
    found = own_pieces(project(settings='ignore = ["*.csv"]'))
    assert {path: piece.content for path, piece in found.items()} == {
        "my_sensor/__init__.py": b"from .chip import VALUE\nimport scaling\n",
        "my_sensor/chip.py": b"VALUE = 40\n",
    }
    assert all(piece.place and piece.place.read_bytes() == piece.content for piece in found.values())


def test_nothing_to_import(project: Make) -> None:
    with pytest.raises(PublishError, match="nothing to import"):
        own_pieces(project(settings='ignore = ["*.py"]'))


def test_a_project_without_a_package(project: Make) -> None:
    with pytest.raises(PublishError, match="names no package"):
        own_pieces(replace(project(), name=""))


def test_names_that_not_every_system_can_have(project: Make) -> None:
    made = project(**{"sensor/my_sensor/aux.py": ""})
    with pytest.raises(UnsafePathError, match="device of Windows") as caught:
        own_pieces(made)
    assert "ignore" in str(caught.value.hint)


def test_a_link_that_leads_out(project: Make, tmp_path: Path) -> None:
    made = project()
    (tmp_path / "secret.py").write_text("KEY = 1")
    (tmp_path / "sensor" / "my_sensor" / "secret.py").symlink_to(tmp_path / "secret.py")
    with pytest.raises(FilesError, match="out of the folder"):
        own_pieces(made)
