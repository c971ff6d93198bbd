from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belay.exceptions import BelayException, PackageError, PackageNotFoundError, UnsafePathError
from belay.packages import folders
from belay.packages.archive import Entry
from belay.packages.destination import check_destination
from belay.packages.folders import Choice, choose, destinations


def entries(*paths: str, links: tuple[str, ...] = ()) -> list[Entry]:
    return [Entry(path, 1, path not in links) for path in (*paths, *links)]


@pytest.mark.parametrize(
    ("path", "there", "choice"),
    [
        ("", ["__init__.py", "a/b.py"], Choice("", ("__init__.py", "a/b.py"))),
        ("lib", ["lib/__init__.py", "library.py"], Choice("lib", ("lib/__init__.py",))),
        ("x.txt", ["x.txt", "y.txt"], Choice("x.txt", ("x.txt",))),
        ("", ["key.py", "README"], Choice("key.py", ("key.py",))),
        (
            "a",
            ["a/key/__init__.mpy", "a/key/x.py", "a/key.py"],
            Choice("a/key", ("a/key/__init__.mpy", "a/key/x.py")),
        ),
        ("a", ["a/__init__.py", "a/key/__init__.py"], Choice("a", ("a/__init__.py", "a/key/__init__.py"))),
        ("", ["x.py", ".gitignore", ".github/y.py", "__pycache__/x.pyc"], Choice("", ("x.py",))),
    ],
)
def test_what_a_place_means(path: str, there: list[str], choice: Choice) -> None:
    assert choose("key", path, entries(*there), where="w") == choice


@pytest.mark.parametrize(
    ("path", "reason"), [("nosuch", "there is no 'nosuch' in it"), ("", "there is nothing in it")]
)
def test_where_nothing_is(path: str, reason: str) -> None:
    with pytest.raises(PackageNotFoundError, match=reason):
        choose("key", path, entries("lib/.hidden") if not path else entries("a"), where="w")


def test_links_matter_only_where_they_would_be_taken() -> None:
    found = entries("key/__init__.py", links=("docs", "key/x.py"))
    with pytest.raises(UnsafePathError, match="is a link"):
        choose("key", "", found, where="w")
    assert choose("key", "", entries("key/__init__.py", links=("docs",)), where="w").base == "key"


def test_too_many_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MAX_FILES", 2)
    with pytest.raises(PackageError, match="more than 2 files"):
        choose("key", "", entries("a", "b", "c"), where="w")


def test_where_files_are_imported_from() -> None:
    assert destinations("my-key", Choice("a", ("a/__init__.py", "a/b/c.py")), where="w") == {
        "my_key/__init__.py": "a/__init__.py",
        "my_key/b/c.py": "a/b/c.py",
    }
    one = Choice("a/x.py", ("a/x.py",))
    assert destinations("key", one, where="w") == {"key/__init__.py": "a/x.py"}
    assert destinations("key", one, where="w", rename_to_init=False) == {"key/x.py": "a/x.py"}
    with pytest.raises(UnsafePathError, match="differ by their case"):
        destinations("key", Choice("", ("a.py", "A.py")), where="w")


@given(st.text(max_size=8), st.lists(st.text(alphabet="ab./\\:\0ü", max_size=12), max_size=8))
def test_whatever_there_is_lands_safely_or_nowhere(path: str, there: list[str]) -> None:
    try:
        found = destinations("key", choose("key", path, entries(*there), where="w"), where="w")
    except BelayException:
        return
    for destination, source in found.items():
        check_destination(destination)
        assert destination.startswith("key")
        assert source in there
