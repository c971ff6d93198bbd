from __future__ import annotations

import pytest

from belay.exceptions import PublishError
from belay.publish.about import About
from belay.publish.compiled import find_compilers
from belay.publish.needs import Copied, Needs
from belay.publish.pieces import Piece
from belay.publish.release import check_pieces, make_releases

ABOUT = About("app", "1.0")
OWN = {"app/__init__.py": Piece(b"X = 1\n"), "app/data.txt": Piece(b"z")}
NATIVE = b"import micropython\n@micropython.native\ndef f():\n    return 1\n"


def test_a_package_and_copies() -> None:
    python = Copied("other", "2.0", {"other.py": Piece(b"x: = 1\n")}, (("more", "1"),), "https://h.test/pi")
    here = Copied("here", "2.0", {"here.py": Piece(b"")}, (), "file:///srv/lab")
    made = make_releases(ABOUT, OWN, Needs((("other", "2.0"),), (python, here)), find_compilers([6]))
    app, other, third = made.releases
    assert {place: list(files) for place, files in app.files.items()} == {
        "py": ["app/__init__.py", "app/data.txt"],
        "6": ["app/__init__.mpy", "app/data.txt"],
    }
    assert (app.about, app.dependencies, app.path, app.is_copy) == (ABOUT, (("other", "2.0"),), "app", False)
    # What another has published stays installable.
    assert {place: list(files) for place, files in other.files.items()} == {
        "py": ["other.py"],
        "6": ["other.py"],
    }
    assert other.about == About("other", "2.0", "copied from https://h.test/pi")
    assert (other.dependencies, other.is_copy) == ((("more", "1"),), True)
    assert third.about.description == "copied from another index"
    assert made.notes == ("other.py stays source in 6: SyntaxError: invalid syntax",)


def test_native_code_stays_source() -> None:
    made = make_releases(ABOUT, {"app/x.py": Piece(NATIVE)}, Needs(), find_compilers([6]))
    assert list(made.releases[0].files["6"]) == ["app/x.py"]
    assert made.notes == ("app/x.py stays source in 6: it has native code, for one architecture",)


def test_bundled_files_are_a_part_of_it() -> None:
    made = make_releases(ABOUT, OWN, Needs(bundled={"tool.py": Piece(b"")}), {})
    assert [(place, list(files)) for place, files in made.releases[0].files.items()] == [
        ("py", ["app/__init__.py", "app/data.txt", "tool.py"])
    ]


@pytest.mark.parametrize("versions", [[6], []])
def test_what_no_board_could_import(versions: list[int]) -> None:
    compilers = find_compilers(versions)
    assert check_pieces(OWN, compilers) == []
    with pytest.raises(PublishError, match=r"app/x\.py, line [23]"):
        check_pieces({**OWN, "app/x.py": Piece(b"\nx = (")}, compilers)
