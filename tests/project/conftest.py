from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a pyproject.toml."""

    def pyproject(text: str) -> Path:
        file = tmp_path / "pyproject.toml"
        file.write_bytes(text.encode())
        return file

    return pyproject
