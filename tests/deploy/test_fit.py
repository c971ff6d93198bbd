"""Compiled files that a board could not import are refused by name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from belay.board.firmware import Implementation
from belay.deploy.fit import refuse_misfits
from belay.exceptions import FilesError
from belay.files.folder import HostFile

BOARD = Implementation("micropython", mpy_version=6, arch="armv7m", mpy_sub_version=3)
ARMV6M, ARMV7EM, X64 = (4 << 2, 6 << 2, 2 << 2)


@pytest.mark.parametrize(
    ("head", "board", "said"),
    [
        (b"M\x06\x00\x1f", BOARD, None),
        (bytes((77, 6, ARMV6M | 3, 31)), BOARD, None),
        (bytes((77, 6, ARMV6M | 3, 31)), replace(BOARD, mpy_sub_version=None), None),
        (b"M\x05\x00\x1f", BOARD, "is of mpy version 5, and the board takes 6"),
        (b"C\x06\x00\x1f", BOARD, "is compiled for circuitpython, and the board has micropython"),
        (b"import x", BOARD, "is no compiled file"),
        (b"", BOARD, "is no compiled file"),
        (b"M\x06\x00\x1f", replace(BOARD, mpy_version=None), "the board does not say which"),
        (bytes((77, 6, X64 | 3, 31)), BOARD, "has native code for x64, and the board takes armv7m"),
        (bytes((77, 6, ARMV7EM | 3, 31)), BOARD, "has native code for armv7em, and the board takes armv7m"),
        (bytes((77, 6, X64 | 3, 31)), replace(BOARD, arch=""), "for x64, and the board takes none"),
        (bytes((77, 6, ARMV6M | 2, 31)), BOARD, r"of mpy version 6\.2, and the board takes 6\.3"),
    ],
    ids=range(12),
)
def test_compiled_files(tmp_path: Path, head: bytes, board: Implementation, said: str | None) -> None:
    place = tmp_path / "x.mpy"
    place.write_bytes(head)
    tree = {"lib/x.mpy": HostFile(place, len(head)), "lib/y.py": HostFile(tmp_path / "none", 0)}
    if said is None:
        refuse_misfits(tree, board)
        return
    with pytest.raises(FilesError, match=f"^lib/x.mpy .*{said}") as caught:
        refuse_misfits(tree, board)
    assert "mpy_version" in str(caught.value.hint)


def test_a_compiled_file_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(FilesError, match="cannot be read"):
        refuse_misfits({"x.mpy": HostFile(tmp_path / "none", 0)}, BOARD)
