from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from belay.exceptions import ConfigError, LockError
from belay.packages.document import MAX_PARTS, load_toml
from belay.packages.lockfile import from_text
from belay.project import load_project

DEEP = "a." * 3000 + "a"
WIDE = "a." * 300_000 + "a"
BOMBS = {
    "number": f"name = {'9' * 5000}",
    "hexadecimal": f"name = 0x{'f' * 50_000}",
    "negative": f"name = -{'9' * 20}",
    "in a list": f"name = [[0x{'f' * 50_000}]]",
    "dotted": f"name.{DEEP} = 1",
    "dotted, long": f"name.{WIDE} = 1",
    "dotted, quoted": 'name."a".' + "'b' . " * 200_000 + "a = 1",
    "dotted, in line": f"name = {{ {WIDE} = 1 }}",
    "dotted, second in line": f"name = {{ a = 1, {WIDE} = 1 }}",
    "a header": f"[{WIDE}]",
    "an array's header": f"[[ {WIDE} ]]",
    "arrays": f"name = {'[' * 400}{']' * 400}",
    "more arrays": f"name = {'[' * 100_000}",
    "tables": f"name = {'{a=' * 400}1{'}' * 400}",
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_what_no_project_needs_is_refused(bomb: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        load_project(tmp_path / "pyproject.toml", text=f"[tool.belay]\n{bomb}\n")
    with pytest.raises(LockError):
        from_text(f"version = 1\n{bomb}\n", tmp_path / "belay.lock")


def test_the_line_is_told() -> None:
    with pytest.raises(tomllib.TOMLDecodeError, match=re.escape("(at line 3, column 1)")):
        load_toml(f"a = 1\nb = 2\n{DEEP} = 3\n")


def test_what_is_written_in_files_is_read() -> None:
    text = "\n".join(
        [
            f"{'.'.join(['a'] * MAX_PARTS)} = 1",
            f'b = "{DEEP}"',
            "c = [-9223372036854775808, 9223372036854775807]",
            f"# {DEEP}",
            'd = """\nx.y\n"""',
            "",
        ]
    )
    assert load_toml(text) == tomllib.loads(text)
    own = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert load_toml(own) == tomllib.loads(own)
