from __future__ import annotations

import pytest

from belay.publish.imports import missing_imports

THERE = {
    "app/__init__.py": b"from .chip import VALUE\nNAME = 1\n",
    "app/chip.py": b"",
    "app/deep/tool.py": b"",
    "app/fast.mpy": b"M\x06\0\x1f",
    "app/data.txt": b"",
}


@pytest.mark.parametrize(
    "line",
    [
        "from . import chip, NAME, VALUE, fast, deep",
        "from .chip import anything",
        "from .deep import tool",
        "from .deep.tool import x",
        "from .fast import x",
        "import app.chip, app.deep.tool",
        "import machine, os.path, json",
        "from app import *",
        "from json import loads",
        "try:\n    from . import gone\nexcept ImportError:\n    pass",
        "if x:\n    import app.gone",
        "x = (",
        "\0",
    ],
)
def test_what_is_there_or_not_certain(line: str) -> None:
    assert list(missing_imports({**THERE, "app/x.py": line.encode()})) == []


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("from .gone import x", "app.gone"),
        ("from . import gone", "app.gone"),
        ("from .deep import gone", "app.deep.gone"),
        ("import app.gone", "app.gone"),
        ("import app.data", "app.data"),
        ("from app.deep.gone import x", "app.deep.gone"),
        ("from ..other import x", "..other, which is above the package"),
        ("def f():\n    from . import gone", "app.gone"),
    ],
)
def test_what_is_missing(line: str, what: str) -> None:
    [(path, number, found)] = missing_imports({**THERE, "app/x.py": line.encode()})
    assert (path, number, found) == ("app/x.py", line.count("\n") + 1, what)


def test_a_package_that_may_have_any_name() -> None:
    for init in (b"from .chip import *", b"def __getattr__(name): ..."):
        files = {"app/__init__.py": init, "app/chip.py": b"", "app/x.py": b"from . import anything"}
        assert list(missing_imports(files)) == []
    files = {"app/__init__.mpy": b"M\x06\0\x1f", "app/x.py": b"from . import anything"}
    assert list(missing_imports(files)) == []
