from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..rights import Namespace
from .scene import Scene


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """A project, a store and a home, with other people's files around them."""
    top = tmp_path / "scene"
    top.mkdir()
    return Scene(top)


@pytest.fixture
def namespace() -> Iterator[Namespace]:
    """File systems that end with the test."""
    made = Namespace()
    yield made
    made.close()
