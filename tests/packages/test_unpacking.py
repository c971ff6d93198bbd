from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from belay.exceptions import FetchError
from belay.packages import unpacking
from belay.packages.store import Store
from belay.packages.supply import split_member
from belay.packages.unpacking import Archive, listing_url, member_url

from .test_archive import packed

URL = "https://example.com/x.tar.gz"


@pytest.fixture
def archive() -> Iterator[Archive]:
    made = Archive(URL)
    made.write(b"something that came before")
    made.restart()
    made.write(packed(("r/a b.py", b"a"), ("r/c.py", b"c" * 100)).getvalue())
    yield made
    made.close()


def test_files_come_into_the_store_with_their_addresses(archive: Archive, tmp_path: Path) -> None:
    store = Store(tmp_path)
    held = archive.unpack(["a b.py"], store)["a b.py"]
    assert (held.sha256, held.size) == (hashlib.sha256(b"a").hexdigest(), 1)
    assert store.read(held.sha256) == b"a"
    known = store.recall(URL + "#a%20b.py")
    assert known is not None
    assert known[0].sha256 == held.sha256
    assert store.recall(URL + "#c.py") is None


def test_the_archive_can_be_read_again_and_again(archive: Archive) -> None:
    assert [entry.path for entry in archive.listing().entries] == ["a b.py", "c.py"]
    assert archive.listing() is archive.listing()
    assert [archive.read("a b.py"), archive.read("a b.py")] == [b"a", b"a"]


def test_too_much_at_once(archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MAX_TOTAL", 50)
    with pytest.raises(FetchError, match="more than 50 bytes would be unpacked"):
        archive.unpack(["c.py"], Store(tmp_path))


def test_a_pointer_is_not_the_file(tmp_path: Path) -> None:
    made = Archive(URL)
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    made.write(packed(("r/a.mpy", pointer)).getvalue())
    with pytest.raises(FetchError, match="is a pointer of Git LFS"):
        made.unpack(["a.mpy"], Store(tmp_path))
    made.close()


@pytest.mark.parametrize("path", ["a.py", "a b#c?d%20/ü.py"])
def test_addresses_of_files_are_told_apart(path: str) -> None:
    assert split_member(member_url(URL, path)) == (URL, path)
    assert split_member(URL) == (URL, "")
    assert split_member("git+https://example.com/r.git@main#a.py") == (
        "git+https://example.com/r.git@main#a.py",
        "",
    )
    assert listing_url(URL, "a", "b") != listing_url(URL, "b", "a") != listing_url(URL, "a", "b\0")
