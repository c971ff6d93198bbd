from __future__ import annotations

from typing import Any

import pytest

from belay.files.record import Put, Record
from belay.files.tree import File
from belay.mip.installed import BY, Installed, installed, tops, written

A = Installed("a", "1", "index+https://e.org/pi", {"a.py": File(3, 7)}, "a@1", ("b",), {"b": "mip:b@2"})
B = Installed("b", "2", "https://e.org/b.py", {"b/__init__.py": File(0, 0), "b/x.bin": File(9, 1 << 31)})


def record(
    page: dict[str, Any], paths: frozenset[str] = frozenset({"a.py", "b/__init__.py", "b/x.bin"})
) -> Record:
    return Record.read(Record((Put(BY, "/lib", paths, page), Put("sync", "/", frozenset({"x"})))).write())


def test_packages_are_read_as_they_were_written() -> None:
    found = record(written([B, A]))
    assert installed(found, "/lib") == {"a": A, "b": B}
    assert installed(found, "/") == {}
    assert tops(found) == ("/lib",)
    assert (A.index, B.index, str(A)) == ("https://e.org/pi", "", "a 1")


def test_a_package_is_known_whose_files_are_gone() -> None:
    assert installed(record(written([A]), frozenset()), "/lib") == {"a": A}


def test_folders_that_we_would_not_write_are_none() -> None:
    put = tuple(Put(BY, top, frozenset()) for top in ("lib", "", "/a/../..", "/x/", "/\x1b[2J", "/ok"))
    assert tops(Record(put)) == ("/ok",)


def test_another_command_keeps_what_is_said_of_packages() -> None:
    after = record(written([A])).with_paths("install", "/", ["main.py"]).with_paths(BY, "/lib", ["a.py"])
    assert installed(Record.read(after.write()), "/lib") == {"a": A}


@pytest.mark.parametrize(
    "page",
    [
        {},
        {"packages": 3},
        {"packages": [3, None, {}, [], "a"]},
        {"packages": [{**written([A])["packages"][0], "files": {"a.py": [1]}}]},
        {"packages": [{**written([A])["packages"][0], "files": {"a.py": "xy"}}]},
        {"packages": [{**written([A])["packages"][0], "files": {"../../boot.py": [1, 2]}}]},
        {"packages": [{**written([A])["packages"][0], "files": {"a.py": [float("inf"), 1]}}]},
        {"packages": [{**written([A])["packages"][0], "files": {"a.py": [1.5, 1]}}]},
        {"packages": [{**written([A])["packages"][0], "files": {"a\x1b[2J.py": [1, 1]}}]},
        {"packages": [{**written([A])["packages"][0], "name": "a\x1b[2J"}]},
        {"packages": [{**written([A])["packages"][0], "version": "1\n2"}]},
        {"packages": [{**written([A])["packages"][0], "name": 3}]},
        {"packages": [{**written([A])["packages"][0], "needs": [3]}]},
        {"packages": [{**written([A])["packages"][0], "wants": [3]}]},
    ],
)
def test_what_is_no_package_is_left_out(page: dict[str, Any]) -> None:
    assert installed(record(page), "/lib") == {}
