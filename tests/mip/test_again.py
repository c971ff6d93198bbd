from __future__ import annotations

import pytest

from belay.exceptions import PackageError
from belay.mip.again import is_compiled, wants_again
from belay.mip.choice import Origins
from belay.mip.installed import Installed
from belay.packages.requirement import canonical

FAR = "index+https://example.com/pi"


def again(asked: str, source: str, index: str = "") -> str:
    """What is to be chosen anew for a package, or why it is not."""
    old = {"a": Installed("a", "1", source, {}, asked)}
    needs, notes = wants_again(old, ["a"] if not asked else [], Origins(index))
    return ", ".join([*notes, *(canonical(need.sources[0]) for need in needs)])


@pytest.mark.parametrize(
    ("asked", "source", "needs"),
    [
        ("a", FAR, "mip:a from https://example.com/pi"),
        ("a@1", FAR, "mip:a@1 from https://example.com/pi"),
        ("github:o/r@main", "github:o/r@main", "github:o/r@main"),
        ("https://example.com/a.py", "https://example.com/a.py", "https://example.com/a.py"),
        # What others need is named by where it came from.
        ("", FAR, "mip:a from https://example.com/pi"),
        ("", "github:o/r@v1", "github:o/r@v1"),
    ],
)
def test_what_is_chosen_anew(asked: str, source: str, needs: str) -> None:
    assert again(asked, source) == needs


@pytest.mark.parametrize(
    ("asked", "source"),
    [
        ("/srv/me/.ssh", "path+/srv/me/.ssh"),
        ("../../secret.py", FAR),
        ("~/x.py", FAR),
        ("file:///etc/x.py", "file:///etc/x.py"),
        ("git+file:///srv/me/private.git", ""),
        ("git+ssh://git@example.com/me/private.git", ""),
        ("a", "index+file:///srv/me/index"),
        ("a\x1b[2J", FAR),
    ],
)
def test_nothing_close_is_read_because_a_board_says_so(asked: str, source: str) -> None:
    assert again(asked, source).startswith("a stays as it is: ")
    with pytest.raises(PackageError):
        wants_again({"a": Installed("a", "1", source, {}, asked)}, ["a"], Origins())


def test_an_index_that_the_user_names() -> None:
    index = "file:///srv/index"
    assert again("a", f"index+{index}", index) == f"mip:a from {index}"
    # It says nothing of files.
    assert again("/srv/me/.ssh", "path+/srv/me/.ssh", index).startswith("a stays as it is")


def test_is_compiled() -> None:
    names = ("a.py", "a.mpy")
    assert [is_compiled([Installed("a", "1", "", dict.fromkeys([name]))]) for name in names] == [False, True]  # type: ignore[arg-type]
