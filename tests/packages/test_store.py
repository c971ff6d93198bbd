from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from belay.packages.draft import LARGE, Draft
from belay.packages.store import Memory, Store
from belay.packages.stored import Cleared, clear, elements

from .rights import read_only


def digits(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def memory(url: str, content: bytes = b"", **more: object) -> Memory:
    return Memory(url, digits(content), len(content), here=True, **more)  # type: ignore[arg-type]


def one_file(store: Store, below: str) -> Path:
    [path] = [path for path in (store.folder / "store-1" / below).rglob("*") if path.is_file()]
    return path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


def test_content_is_kept(store: Store) -> None:
    name = store.add(b"hello")
    assert name == digits(b"hello")
    assert store.has(name, 5)
    assert not store.has(name, 6)
    again = Store(store.folder)
    assert again.read(name) == b"hello"
    assert again.read(digits(b"other")) is None


def test_nothing_is_made_until_there_is_something_to_keep(store: Store) -> None:
    assert store.read(digits(b"")) is None
    assert store.recall("https://a/b") is None
    assert clear(store, elements(store)) == Cleared((), ())
    assert not store.folder.exists()


@pytest.mark.parametrize("damage", [b"", b"hell", b"hellO", b"hello more"])
def test_damaged_content_is_found_out_and_taken_away(store: Store, damage: bytes) -> None:
    name = store.add(b"hello")
    one_file(store, "content").write_bytes(damage)
    assert store.read(name) is None
    assert not store.has(name, 5)
    store.add(b"hello")
    assert store.read(name) == b"hello"


def test_content_of_the_wrong_size_is_replaced(store: Store) -> None:
    name = store.add(b"hello")
    one_file(store, "content").write_bytes(b"hell")
    store.add(b"hello")
    assert store.read(name) == b"hello"


def test_what_is_known_of_an_address(store: Store) -> None:
    known = memory("https://a/b", b"line\nline", etag='"x"', modified="then", fetched=1.5, under="u")
    store.remember(known, b"line\nline")
    assert Store(store.folder).recall("https://a/b") == (known, b"line\nline")
    assert store.recall("https://a/c") is None
    newer = memory("https://a/b", b"other")
    store.remember(newer, b"other")
    assert store.recall("https://a/b") == (newer, b"other")


def test_an_address_may_point_to_content(store: Store) -> None:
    known = Memory("https://a/b", store.add(b"hello"), 5)
    store.remember(known)
    assert store.recall("https://a/b") == (known, b"")


@pytest.mark.parametrize("end", [b"", b"nonsense", b"{}\n", b"\xff\xfe", b"[" * 10_000])
def test_a_damaged_memory_is_taken_away(store: Store, end: bytes) -> None:
    store.remember(memory("https://a/b", b"hello"), b"hello")
    path = one_file(store, "pages")
    path.write_bytes(end)
    assert store.recall("https://a/b") is None
    assert not path.exists()


def test_a_memory_with_other_content_is_taken_away(store: Store) -> None:
    store.remember(memory("https://a/b", b"hello"), b"hello")
    path = one_file(store, "pages")
    path.write_bytes(path.read_bytes()[:-1] + b"O")
    assert store.recall("https://a/b") is None


def test_a_memory_under_the_wrong_name_is_not_believed(store: Store) -> None:
    store.remember(memory("https://a/b", b"hello"), b"hello")
    data = one_file(store, "pages").read_bytes()
    store.remember(memory("https://a/c", b"other"), b"other")
    for path in (store.folder / "store-1" / "pages").rglob("*"):
        if path.is_file():
            path.write_bytes(data)
    assert store.recall("https://a/c") is None
    assert store.recall("https://a/b") is not None


def test_what_killed_processes_left_is_swept_up(store: Store) -> None:
    store.add(b"hello")
    left = store.folder / "store-1" / "tmp" / ("0" * 16 + "-1")
    left.write_bytes(b"half")
    Store(store.folder).add(b"other")
    assert left.exists(), "somebody may be writing it just now"
    os.utime(left, (1, 1))
    Store(store.folder).add(b"third")
    assert not left.exists()
    left.write_bytes(b"half")
    store.sweep(idle=True)
    assert left.exists()
    os.utime(left, (time.time() - 100, time.time() - 100))
    store.sweep()
    assert left.exists()
    store.sweep(idle=True)
    assert not left.exists()


@pytest.mark.parametrize("place", ["tmp", "content", "pages"])
def test_nothing_behind_a_link_is_ever_removed(store: Store, tmp_path: Path, place: str) -> None:
    names = ["0" * 16 + "-1", "ab" + "0" * 62, "other"]
    for folder in (tmp_path / "theirs", tmp_path / "theirs" / "ab"):
        folder.mkdir()
        for name in names:
            (folder / name).write_bytes(b"precious")
            os.utime(folder / name, (1, 1))
    link = store.folder / "store-1" / place
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path / "theirs")
    store.add(b"hello")
    store.remember(memory("https://a/b", b"x"), b"x")
    clear(store, elements(store))
    for folder in (tmp_path / "theirs", tmp_path / "theirs" / "ab"):
        assert all((folder / name).read_bytes() == b"precious" for name in names)


def test_what_is_not_the_store_s_own_stays(store: Store) -> None:
    store.add(b"hello")
    root = store.folder / "store-1"
    others = [root / "tmp" / "notes.txt", root / "content" / "notes.txt", root / "notes.txt"]
    for other in others:
        other.write_text("mine")
        os.utime(other, (1, 1))
    (root / "tmp" / ("1" * 16 + "-1")).symlink_to(others[2])
    assert len(clear(store, elements(store)).gone) == 1
    assert all(other.read_text() == "mine" for other in others)


def test_a_store_that_cannot_be_written_to_warns_once(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file stands where the folder should be")
    warnings: list[str] = []
    store = Store(tmp_path / "cache", warn=warnings.append)
    name = store.add(b"hello")
    store.remember(memory("https://a/b", b"x"), b"x")
    assert store.read(name) == b"hello"
    assert store.has(name, 5)
    assert store.recall("https://a/b") is not None
    [warning] = warnings
    assert str(tmp_path / "cache") in warning
    assert Store(tmp_path / "cache").add(b"hello") == name


def test_a_read_only_store_is_read(store: Store) -> None:
    name = store.add(b"hello")
    with read_only(store.folder):
        warnings: list[str] = []
        other = Store(store.folder, warn=warnings.append)
        assert other.read(name) == b"hello"
        assert other.read(other.add(b"more")) == b"more"
        assert len(warnings) == 1


FULL = """
import resource, signal, sys
from pathlib import Path
from belay.packages.store import Store
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
warnings = []
store = Store(Path(sys.argv[1]), warn=warnings.append)
first = store.add(b"first")
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, most))
second = store.add(b"second" * 1000)
assert store.read(first) == b"first"
assert store.read(second) == b"second" * 1000
assert len(warnings) == 1, warnings
assert not list(Path(sys.argv[1]).rglob("tmp/*"))
# What measures the test writes a file at its end.
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no such limits there")
def test_a_disk_that_is_full_in_the_middle_of_a_file(store: Store) -> None:
    subprocess.run([sys.executable, "-c", FULL, str(store.folder)], check=True)
    assert list(store.contents()) == [digits(b"first")]


WRITER = """
import sys
from pathlib import Path
from belay.packages.store import Memory, Store
from belay.packages.stored import clear, elements
store = Store(Path(sys.argv[1]))
print("started", flush=True)
for number in range(10**9):
    content = (b"%d" % (number % 50)) * 20000
    name = store.add(content)
    store.remember(Memory("https://a/%d" % (number % 50), name, len(content), here=True), content)
    if number % 97 == 96:
        clear(store, elements(store))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_many_processes_and_kills_leave_nothing_that_is_half(store: Store) -> None:
    program = [sys.executable, "-c", WRITER, str(store.folder)]
    # What is killed cannot write down its coverage, but would begin to.
    plain = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    writers = [subprocess.Popen(program, stdout=subprocess.PIPE, env=plain) for _ in range(3)]
    for writer in writers:
        assert writer.stdout is not None
        writer.stdout.readline()
    deadline = time.monotonic() + 1.0
    read = 0
    while time.monotonic() < deadline:
        for number in range(50):
            content = (b"%d" % number) * 20000
            found = store.recall(f"https://a/{number}")
            assert found is None or found[1] == content
            read += found is not None
            kept = store.read(digits(content))
            assert kept is None or kept == content
    for writer in writers:
        assert writer.poll() is None, "no writer may stumble over another"
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
    assert read
    for path in (store.folder / "store-1" / "content").rglob("*"):
        assert path.is_dir() or digits(path.read_bytes()) == path.name


def test_many_threads(store: Store) -> None:
    def write() -> None:
        for number in range(100):
            assert store.add(b"%d" % number) == digits(b"%d" % number)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.contents()) == 100


def test_a_store_is_in_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BELAY_CACHE_DIR", str(tmp_path / "mine"))
    assert Store().folder == tmp_path / "mine"


def large(store: Store) -> tuple[Draft, bytes]:
    """A draft that is on the disk if the store can be written to, and what is in it."""
    content = bytes(range(256)) * (LARGE // 256 + 1)
    draft = store.draft()
    draft.write(content)
    return draft, content


def test_large_content_is_moved_into_the_store(store: Store) -> None:
    for _ in range(2):
        draft, content = large(store)
        with draft:
            place = draft.on_disk
            assert place is not None
            name = store.keep(draft)
        assert name == digits(content)
        assert not place.exists()
    assert Store(store.folder).read(name) == content
    assert [each for each, _ in store.contents().values()] == [store.contents()[name][0]]


def test_large_content_that_cannot_be_kept_is_still_here(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file stands where the folder should be")
    warnings: list[str] = []
    store = Store(tmp_path / "cache", warn=warnings.append)
    for _ in range(2):
        draft, content = large(store)
        with draft:
            name = store.keep(draft)
        assert store.read(name) == content
    assert len(warnings) == 1


def test_large_content_that_cannot_be_moved_is_written(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    draft, content = large(store)
    with draft:
        with monkeypatch.context() as patched:
            patched.setattr("belay.packages.store._move", lambda place, target: False)
            name = store.keep(draft)
        assert Store(store.folder).read(name) == content


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps users apart by itself")
def test_a_store_that_others_can_write_to_is_not_used(tmp_path: Path) -> None:
    place = tmp_path / "cache"
    store = Store(place)
    poison = store.add(b"poison")
    store.remember(memory("https://a/b", b"poison"), b"poison")
    assert [path.stat().st_mode & 0o077 for path in (place, place / "store-1", place / "store-1/pages")] == [
        0
    ] * 3
    for strange in (place / "store-1", place):
        strange.chmod(0o777)
        warnings: list[str] = []
        other = Store(place, warn=warnings.append)
        assert other.recall("https://a/b") is None
        assert other.read(poison) is None
        before = sorted(place.rglob("*"))
        assert other.read(other.add(b"mine")) == b"mine"
        with other.draft() as draft:
            draft.write(b"x" * (1 << 20))
            assert other.read(other.keep(draft)) == b"x" * (1 << 20)
        assert sorted(place.rglob("*")) == before
        assert warnings == [f"the store is not used: everybody can write to {strange}"]
        strange.chmod(0o700)
    assert Store(place).recall("https://a/b") is not None
