from __future__ import annotations

import os
from pathlib import Path

import pytest

from belay.packages.writing import edited, naming, replace_file


def test_the_whole_file_or_none_of_it(tmp_path: Path) -> None:
    path = tmp_path / "a"
    replace_file(path, b"1")
    path.chmod(0o600)
    replace_file(path, b"22")
    assert path.read_bytes() == b"22"
    assert path.stat().st_mode & 0o777 == 0o600 or os.name == "nt"
    assert list(tmp_path.iterdir()) == [path]


def test_the_content_is_on_the_disk_before_it_takes_the_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    replace_file(path, b"1")
    there: list[bytes] = []

    def fsync(fd: int) -> None:
        [beside] = set(tmp_path.iterdir()) - {path}
        assert beside.stat().st_ino == os.fstat(fd).st_ino
        there.extend([beside.read_bytes(), path.read_bytes()])

    monkeypatch.setattr(os, "fsync", fsync)
    replace_file(path, b"22")
    assert there == [b"22", b"1"]


def test_a_failure_leaves_the_old_content_and_nothing_beside(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(OSError, match="a"):
        replace_file(tmp_path / "a", b"1")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.skipif(os.name == "nt", reason="links need a right on Windows")
def test_a_link_is_replaced_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"other")
    (tmp_path / "a").symlink_to("other")
    replace_file(tmp_path / "a", b"1")
    assert (tmp_path / "other").read_bytes() == b"other"
    assert not (tmp_path / "a").is_symlink()


def test_what_killed_writers_left_goes_some_day(tmp_path: Path) -> None:
    left = [tmp_path / ".a.0123abc.new", tmp_path / ".a.77.new"]
    others = [tmp_path / ".b.0123abc.new", tmp_path / ".a.xyz.new", tmp_path / "a.0123abc.new"]
    young = tmp_path / ".a.99.new"
    for path in (*left, *others, young):
        path.write_text("", encoding="utf-8")
    for path in (*left, *others):
        os.utime(path, (1, 1))
    replace_file(tmp_path / "a", b"")
    assert sorted(tmp_path.iterdir()) == sorted([tmp_path / "a", *others, young])


def test_errors_have_a_path(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="full") as caught, naming(tmp_path):
        raise OSError(28, "full")
    assert caught.value.filename == str(tmp_path)
    with pytest.raises(OSError, match="full") as caught, naming(tmp_path):
        raise OSError(28, "full", "another")
    assert caught.value.filename == "another"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "file"
    file.write_text("old", encoding="utf-8")
    return file


def test_an_edit(file: Path) -> None:
    with edited(file, lambda: replace_file(file, b"new"), file.with_name("before")):
        assert file.read_bytes() == b"new"
    assert file.read_bytes() == b"new"
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("links", [True, False])
def test_an_edit_is_taken_back(file: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    if not links:
        monkeypatch.delattr(os, "link")
        monkeypatch.setattr(
            os, "link", lambda *_: (_ for _ in ()).throw(OSError(18, "another disk")), raising=False
        )
    number = file.stat().st_ino
    with (
        pytest.raises(KeyboardInterrupt),
        edited(file, lambda: replace_file(file, b"new"), file.with_name("before")),
    ):
        raise KeyboardInterrupt
    assert file.read_bytes() == b"old"
    assert (file.stat().st_ino == number) == links
    assert list(file.parent.iterdir()) == [file]


def test_what_somebody_else_has_written_since_stays(file: Path) -> None:
    def fail() -> None:
        with edited(file, lambda: replace_file(file, b"new"), file.with_name("before")):
            file.write_bytes(b"theirs")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert file.read_bytes() == b"theirs"
    assert list(file.parent.iterdir()) == [file]


def test_an_edit_that_fails(file: Path) -> None:
    with pytest.raises(ZeroDivisionError), edited(file, lambda: 1 / 0, file.with_name("before")):
        pass
    assert file.read_bytes() == b"old"
    assert list(file.parent.iterdir()) == [file]
