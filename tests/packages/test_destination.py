from __future__ import annotations

import ntpath
import posixpath
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belay.exceptions import RequirementError, UnsafePathError
from belay.packages.destination import (
    check_destination,
    check_group,
    check_together,
    fold,
    import_folder,
    parents,
    place_file,
)


@pytest.mark.parametrize(
    "path",
    [
        "logging.py",
        "aiohttp/__init__.py",
        "umqtt/simple.py",
        "a b/c-d.e.py",
        ".hidden",
        "ä/ö.py",
        "console.py",
        "com10.py",
        "x/gitx",
        "..x/x..y",
        "/".join("abcdefghijklmnop"),
        "x" * 100,
    ],
)
def test_safe_paths(path: str) -> None:
    assert check_destination(path) == path


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "empty"),
        ("/etc/passwd", "absolute"),
        ("//server/share", "absolute"),
        ("..", "leads out"),
        ("../x", "leads out"),
        ("a/../../x", "leads out"),
        ("a/..", "leads out"),
        ("a//b", "empty or a dot"),
        ("a/", "empty or a dot"),
        ("./a", "empty or a dot"),
        ("..\\x", "backslash"),
        ("C:/x", "colon"),
        ("C:x", "colon"),
        ("x.py:stream", "colon"),
        ("a\x00b", r"U\+0000"),
        ("a\nb", r"U\+000A"),
        ("a\x7f", r"U\+007F"),
        ("a\u202eyp.x", r"U\+202E"),
        ("a\u2028b", r"U\+2028"),
        (".g\u200cit/config", r"U\+200C"),
        ("\ud800", r"U\+D800"),
        ("a?", "Windows"),
        ("a*b", "Windows"),
        ("<a>", "Windows"),
        ("nul", "device"),
        ("NUL.py", "device"),
        ("aux.tar.gz", "device"),
        ("lib/Com1.py", "device"),
        ("lpt¹", "device"),
        ("con .py", "device"),
        ("CONIN$", "device"),
        ("a.", "ends with a dot"),
        ("a./b", "ends with a dot"),
        ("a ", "ends with a dot or a blank"),
        ("... ", "ends with"),
        (" a", "begins with a blank"),
        (".git/config", "git"),
        ("a/.GIT", "git"),
        ("git~1/config", "git"),
        ("x" * 101, "longer than 100"),
        ("ä" * 51, "longer than 100"),
        ("/".join(["x" * 50] * 5), "longer than 200"),
        ("/".join("abcdefghijklmnopq"), "deeper"),
    ],
)
def test_paths_that_are_refused(path: str, reason: str) -> None:
    with pytest.raises(UnsafePathError, match=reason) as caught:
        check_destination(path, where="somebody")
    assert caught.value.path == path
    assert str(caught.value).startswith("somebody: ")


hostile = st.text(st.sampled_from("ab./\\: ~\x00\ud800") | st.characters(), max_size=20)


@given(hostile)
def test_no_accepted_path_leads_out_on_any_system(path: str) -> None:
    try:
        check_destination(path)
    except UnsafePathError:
        return
    assert posixpath.normpath(posixpath.join("/top/in", path)) == f"/top/in/{path}"
    assert ntpath.normpath(ntpath.join("C:\\in", path)) == "C:\\in\\" + path.replace("/", "\\")
    assert Path("/top", path).is_relative_to("/top")
    path.encode()


@pytest.mark.parametrize("name", ["main", "dev", "a.b-c_d", "2"])
def test_groups(name: str) -> None:
    assert check_group(name) == name


@pytest.mark.parametrize(
    "name", ["", "..", "../../victim", "a/b", ".hidden", "nul", "a b", "x" * 65, "a:b", "ä"]
)
def test_groups_that_are_refused(name: str) -> None:
    with pytest.raises(UnsafePathError, match=r"^group: "):
        check_group(name)


@pytest.mark.parametrize(
    "paths",
    [
        ["a.py", "A.py"],
        ["a/x.py", "A/y.py"],
        ["a", "a/x.py"],
        ["a/x.py", "A"],
        ["stra\u00dfe", "STRASSE"],
        ["\u00e9.py", "e\u0301.py"],
    ],
)
def test_paths_that_cannot_be_together(paths: list[str]) -> None:
    with pytest.raises(UnsafePathError):
        check_together(paths)
    with pytest.raises(UnsafePathError):
        check_together(reversed(paths))


def test_letters_that_are_put_together_in_two_ways_are_told_apart() -> None:
    with pytest.raises(UnsafePathError) as caught:
        check_together(["\u00e9.py", "e\u0301.py"])
    assert r"'\xe9.py' have the same letters, put together in two ways" in caught.value.message


def test_paths_that_can_be_together() -> None:
    check_together(["a.py", "a/x.py", "a/y.py", "b/x.py", "a.py"])


@given(
    st.lists(
        st.text("aAb/", min_size=1, max_size=6).map(lambda text: text.strip("/")).filter(bool), max_size=6
    )
)
def test_what_can_be_together_differs_when_folded(paths: list[str]) -> None:
    try:
        check_together(paths)
    except UnsafePathError:
        return
    assert len({fold(path) for path in paths}) == len(set(paths))
    assert not {fold(path) for path in paths} & {fold(folder) for path in paths for folder in parents(path)}


@pytest.mark.parametrize(
    ("key", "name", "alone", "rename", "stored"),
    [
        ("sensor", "lib.py", True, True, "sensor/__init__.py"),
        ("sensor", "sensor.py", True, True, "sensor/__init__.py"),
        ("sensor", "sensor.py", True, False, "sensor.py"),
        ("sensor", "lib.py", True, False, "sensor/lib.py"),
        ("os", "path.py", False, True, "os/path.py"),
        ("os", "__init__.py", False, True, "os/__init__.py"),
        ("sensor", "lib.mpy", True, True, "sensor.mpy"),
        ("sensor", "sensor.mpy", True, False, "sensor.mpy"),
        ("sensor", "lib.mpy", True, False, "sensor/lib.mpy"),
        ("fonts", "small.bin", True, True, "fonts/small.bin"),
        ("fonts", "fonts", True, True, "fonts/fonts"),
        ("umqtt.simple", "x.py", True, True, "umqtt/simple/__init__.py"),
        ("umqtt.simple", "simple.py", True, False, "umqtt/simple.py"),
        ("my-sensor", "my-sensor.py", True, False, "my_sensor.py"),
    ],
)
def test_where_a_single_file_goes(key: str, name: str, alone: bool, rename: bool, stored: str) -> None:
    assert place_file(key, name, alone=alone, rename_to_init=rename) == stored


@pytest.mark.parametrize("key", ["74hc595", "class", "a..b", "a.1"])
def test_names_that_cannot_be_imported(key: str) -> None:
    with pytest.raises(RequirementError):
        import_folder(key)
