from __future__ import annotations

import pytest

from belay import Device
from belay.exceptions import PublishError
from belay.publish.check import EXTENSIBLE, FIRST, check, check_syntax, refuse


def test_what_is_well() -> None:
    files = {
        "app/__init__.py": b"from . import x",
        "app/x.py": b"",
        "app/d-1/data.txt": b"",
        "b.mpy": b"M\x06\0",
    }
    assert check(files, mpy_versions=[6]) == []


@pytest.mark.parametrize(
    ("path", "content", "reason"),
    [
        ("app/my-mod.py", b"", "'my-mod' is no name that Python can import"),
        ("app/3d/x.py", b"", "'3d' is no name"),
        ("app/class.py", b"", "'class' is no name"),
        ("app/__init__.mpy", b"M\x06\0", "there is app/__init__.mpy, too"),
        ("app/x/y.py", b"", "app/x.py: there is a folder app/x"),
        ("micropython/x.py", b"", "imports the module micropython of its firmware"),
        ("gc.py", b"", "imports the module gc of its firmware"),
        ("app/y.mpy", b"M\x05\0", "is of mpy version 5"),
        ("app/y.mpy", b"what", "is no compiled file"),
        ("app/y.py", b"\n\nimport app.gone", "app/y.py, line 3: imports app.gone"),
    ],
)
def test_what_is_refused(path: str, content: bytes, reason: str) -> None:
    with pytest.raises(PublishError, match=reason) as caught:
        check({"app/__init__.py": b"", "app/x.py": b"", path: content}, mpy_versions=[6])
    assert "ignore" in str(caught.value.advice)


def test_too_many_files() -> None:
    with pytest.raises(PublishError, match="2001 files"):
        check({f"app/{number}.txt": b"" for number in range(2001)})


def test_what_may_surprise() -> None:
    assert check({"time.py": b""}) == ["time.py takes the place of the module time of a board's firmware"]
    [note] = check({"app/x.py": b""})
    assert note.startswith("app has no __init__.py")
    assert check({"fonts/small.bin": b""}) == []


def test_all_reasons_are_named_up_to_many() -> None:
    with pytest.raises(PublishError) as caught:
        refuse([f"reason {number}" for number in range(25)], hint="help")
    lines = caught.value.message.splitlines()
    assert lines[1:] == [*(f"  reason {number}" for number in range(20)), "  and 5 more"]
    assert caught.value.hint == "help"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (b"x = (\n", "app.py, line 1"),
        (b"match x:\n    case 1: pass\n", "app.py, line 1: MicroPython does not know"),
        (b"x = '\xff'", "not of UTF-8"),
    ],
)
def test_syntax_without_a_compiler(source: bytes, reason: str) -> None:
    with pytest.raises(PublishError, match=reason):
        check_syntax({"app.py": source, "data.bin": b"\xff"})


def test_syntax_that_is_well() -> None:
    check_syntax({"app.py": b"\xef\xbb\xbfdef f(x: int) -> int:\r\n    return x\r\n", "data.txt": b"x = ("})


def test_which_modules_of_a_firmware_go_first() -> None:
    with Device("virtual:", agent=False) as device:
        device("import os, sys\nif 'lib' not in os.listdir('/'): os.mkdir('/lib')")
        for name in sorted(FIRST | EXTENSIBLE):
            device(f"f = open('/lib/{name}.py', 'w'); f.write('OURS = 1'); f.close()")
        ours = {
            name
            for name in sorted(FIRST | EXTENSIBLE)
            if device(f"sys.modules.pop('{name}', 0) is 0 or True")
            and device(f"hasattr(__import__('{name}'), 'OURS')")
        }
    assert ours == EXTENSIBLE
