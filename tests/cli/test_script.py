from __future__ import annotations

import codecs
import io
import sys
from pathlib import Path

import click
import pytest

from belay.cli.script import read_script


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"a\r\nb\rc\n", "a\nb\nc\n"),
        (codecs.BOM_UTF8 + "ä = 1\n".encode(), "ä = 1\n"),
        ("# -*- coding: latin-1 -*-\n'ä'\n".encode("latin-1"), "# -*- coding: latin-1 -*-\n'ä'\n"),
        (b"", ""),
        (b"x = '\x03'\n", "x = '\x03'\n"),
    ],
)
def test_source_is_read_as_python_reads_it(tmp_path: Path, data: bytes, text: str) -> None:
    file = tmp_path / "script.py"
    file.write_bytes(data)
    assert read_script(str(file)) == text


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"# coding: nosuch\n", b"x = 1\ny = '\xe4'\n\n"])
def test_what_is_no_source(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "script.py"
    file.write_bytes(data)
    with pytest.raises(click.FileError, match="no Python source"):
        read_script(str(file))


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(codecs.BOM_UTF8 + b"x\r\n")))
    assert read_script("-") == "x\n"
