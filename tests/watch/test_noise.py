from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from belay.watch.noise import is_noise


@pytest.mark.parametrize(
    "path",
    [
        ".git/index",
        "lib/.git/refs/heads/main",
        "__pycache__/main.cpython-311.pyc",
        ".belay/dependencies/main/x.py",
        ".venv",
        "main.pyc",
        "main.py~",
        ".main.py.swp",
        ".main.py.swx",
        "4913",
        "#main.py#",
        "lib/.#main.py",
        "main.py___jb_tmp___",
        ".goutputstream-ABC",
        "main.py.bak",
        ".DS_Store",
    ],
)
def test_what_does_not_count(path: str) -> None:
    assert is_noise(PurePosixPath(path))


@pytest.mark.parametrize(
    "path",
    ["main.py", "lib/git/x.py", ".gitignore", "belay.lock", "data.bin", "x.mpy", "swp", "49130", "a#b#", "."],
)
def test_what_counts(path: str) -> None:
    assert not is_noise(PurePosixPath(path))
