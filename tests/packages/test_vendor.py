from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sys
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from belay.exceptions import InternalError, OccupiedError, PackageError, UnsafePathError
from belay.packages import journal, swap, vendor
from belay.packages.model import LockedFile
from belay.packages.vendor import Finding, Report, Vendored

from .rights import read_only

Texts = Mapping[str, Mapping[str, str]]
PATH = PurePosixPath(".belay/dependencies")

OLD: Texts = {"main": {"a.py": "a", "b/__init__.py": "b", "c.py": "c"}, "dev": {"t.py": "t"}}
NEW: Texts = {"main": {"a.py": "a", "b.py": "b", "c.py": "new"}, "test": {"t.py": "t"}}


def groups(texts: Texts) -> dict[str, dict[str, LockedFile]]:
    return {
        group: {
            path: LockedFile(
                path, len(text), hashlib.sha256(text.encode()).hexdigest(), f"https://example.com/{text}"
            )
            for path, text in files.items()
        }
        for group, files in texts.items()
    }


def read(file: LockedFile) -> bytes:
    return file.url.rpartition("/")[2].encode()


def tree(folder: Path) -> dict[str, str]:
    """All files below a folder, but for what belay remembers."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not name.startswith(".belay/.local"):
            if path.is_symlink():
                found[name] = f"-> {path.readlink()}"
            elif path.is_file():
                found[name] = path.read_text(encoding="utf-8")
    return found


def laid_out(texts: Texts, folder: str = str(PATH)) -> dict[str, str]:
    return {
        f"{folder}/{group}/{path}": text for group, files in texts.items() for path, text in files.items()
    }


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    return root


@pytest.fixture
def vendored(root: Path) -> Vendored:
    return Vendored(root, PATH)


@pytest.fixture(params=["exchange", "two steps", "file by file"])
def way(request: pytest.FixtureRequest, root: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The three ways in which files get to their places."""
    if request.param == "two steps":
        monkeypatch.setattr(journal, "exchange", lambda one, other: False)
    if request.param == "file by file":
        write(root / PATH / "main" / "mine.txt", "mine")
    return str(request.param)


def mine(way: str) -> dict[str, str]:
    return {f"{PATH}/main/mine.txt": "mine"} if way == "file by file" else {}


def test_files_are_laid_out_as_they_are_imported(vendored: Vendored, root: Path, way: str) -> None:
    report = vendored.apply(groups(OLD), read)
    assert report == Report(written=tuple(sorted(laid_out(OLD))))
    assert tree(root) == {**laid_out(OLD), **mine(way)}
    assert [finding for finding in vendored.verify(groups(OLD)) if finding.kind != "unknown"] == []
    assert not vendored.apply(groups(OLD), read)


def test_who_brings_the_files_is_asked_once_and_only_if_there_are_any(vendored: Vendored, root: Path) -> None:
    asked: list[list[str]] = []

    def ahead(files: Collection[LockedFile]) -> None:
        asked.append(sorted(read(file).decode() for file in files))

    vendored.apply(groups(OLD), read, ahead=ahead)
    vendored.apply(groups(OLD), read, ahead=ahead)
    vendored.apply(groups(NEW), read, before=groups(OLD), ahead=ahead)
    assert asked == [["a", "b", "c", "t"], ["b", "new", "t"]]


def test_what_is_edited_while_files_are_brought_is_noticed(vendored: Vendored, root: Path) -> None:
    vendored.apply(groups(OLD), read)
    edited = root / PATH / "main" / "a.py"
    mine = root / PATH / "main" / "b.py"
    with pytest.raises(OccupiedError):
        vendored.apply(groups(NEW), read, before=groups(OLD), ahead=lambda _: write(mine, "mine") and None)
    assert mine.read_text(encoding="utf-8") == "mine"
    mine.unlink()
    report = vendored.apply(
        groups(NEW), read, before=groups(OLD), ahead=lambda _: write(edited, "edited") and None
    )
    assert report.restored == (f"{PATH}/main/a.py",)
    assert tree(root) == laid_out(NEW)


def test_an_update(vendored: Vendored, root: Path, way: str) -> None:
    vendored.apply(groups(OLD), read)
    untouched = (root / PATH / "main" / "a.py").stat().st_mtime_ns
    report = vendored.apply(groups(NEW), read, before=groups(OLD))
    assert report == Report(
        written=tuple(f"{PATH}/{path}" for path in ("main/b.py", "main/c.py", "test/t.py")),
        removed=tuple(f"{PATH}/{path}" for path in ("dev/t.py", "main/b/__init__.py")),
    )
    assert tree(root) == {**laid_out(NEW), **mine(way)}
    assert not (root / PATH / "dev").exists()
    assert not (root / PATH / "main" / "b").exists()
    assert (root / PATH / "main" / "a.py").stat().st_mtime_ns == untouched
    state = root / ".belay" / ".local"
    assert {path.name for path in state.iterdir()} == {".gitignore", "record.json"}


def test_nobody_wants_anything(vendored: Vendored, root: Path, way: str) -> None:
    vendored.apply(groups(OLD), read)
    vendored.apply({}, read)
    assert tree(root) == mine(way)


def test_the_lockfile_changes_in_the_same_step(vendored: Vendored, root: Path, way: str) -> None:
    write(root / "belay.lock", "old")
    vendored.apply(groups(OLD), read, lock=b"new")
    assert (root / "belay.lock").read_text(encoding="utf-8") == "new"
    assert vendored.apply(groups(OLD), read, lock=b"newer") == Report()
    assert (root / "belay.lock").read_text(encoding="utf-8") == "newer"


def test_edits_by_hand_are_restored_and_told(vendored: Vendored, root: Path, way: str) -> None:
    vendored.apply(groups(OLD), read)
    place = root / PATH / "main"
    write(place / "a.py", "edited")
    (place / "b" / "__init__.py").unlink()
    (place / "c.py").unlink()
    if os.name != "nt":
        outside = write(root / "outside", "outside")
        (place / "c.py").symlink_to(outside)
    found = [finding for finding in vendored.verify(groups(OLD)) if finding.kind != "unknown"]
    assert found == [
        Finding(f"{PATH}/main/a.py", "changed"),
        Finding(f"{PATH}/main/b/__init__.py", "missing"),
        Finding(f"{PATH}/main/c.py", "missing" if os.name == "nt" else "link"),
    ]
    report = vendored.apply(groups(OLD), read, before=groups(OLD))
    assert set(report.restored) >= {f"{PATH}/main/a.py"}
    assert f"{PATH}/main/b/__init__.py" not in report.restored
    assert tree(root) == {**laid_out(OLD), **mine(way), **({} if os.name == "nt" else {"outside": "outside"})}


def test_caches_go_with_what_they_were_made_of(vendored: Vendored, root: Path, way: str) -> None:
    vendored.apply(groups(OLD), read)
    for name in ("b/__pycache__/__init__.cpython-311.pyc", "__pycache__/c.cpython-311.pyc"):
        write(root / PATH / "main" / name)
    assert {finding.kind for finding in vendored.verify(groups(OLD))} <= {"unknown"}
    vendored.apply(groups(NEW), read)
    assert tree(root) == {**laid_out(NEW), **mine(way)}


def test_what_is_not_ours_is_left_alone(vendored: Vendored, root: Path) -> None:
    for name in ("main/b/mine.py", "main/z.py", "other/x.py", "readme"):
        write(root / PATH / name, "mine")
    (root / PATH / "empty").mkdir()
    strangers = tree(root)
    vendored.apply(groups(OLD), read)
    assert tree(root) == {**laid_out(OLD), **strangers}
    assert [finding.path for finding in vendored.verify(groups(OLD))] == [
        f"{PATH}/main/b/mine.py",
        f"{PATH}/main/z.py",
    ]
    vendored.apply({}, read)
    assert tree(root) == strangers
    assert (root / PATH / "empty").is_dir()


def test_a_fresh_clone_knows_what_is_ours_by_the_lock(vendored: Vendored, root: Path) -> None:
    vendored.apply(groups(OLD), read)
    shutil.rmtree(root / ".belay" / ".local")
    vendored.apply(groups(NEW), read, before=groups(OLD))
    assert tree(root) == laid_out(NEW)


def test_a_project_without_a_lock_is_adopted(vendored: Vendored, root: Path) -> None:
    for name in ("main/aiohttp/aiohttp/__init__.py", "main/b.py", "main/mine.py"):
        write(root / PATH / name, "old")
    wanted = groups({"main": {"aiohttp/__init__.py": "new"}})
    vendored.apply(wanted, read, adopt={"main/aiohttp", "main/b"})
    assert tree(root) == {f"{PATH}/main/aiohttp/__init__.py": "new", f"{PATH}/main/mine.py": "old"}


@pytest.mark.parametrize(
    "stranger", ["main/b", "main/b/__init__.py", "main/B/x.py", "main/b/__init__.py/x", "MAIN/x", "main"]
)
def test_something_is_in_the_way(vendored: Vendored, root: Path, stranger: str) -> None:
    write(root / PATH / stranger, "mine")
    before = tree(root)
    # Where case does not matter, a file is no folder either.
    wanted = groups({"main": {"b": "b"}} if stranger == "main/B/x.py" else OLD)
    with pytest.raises(OccupiedError, match=r"in the way|there already") as caught:
        vendored.apply(wanted, read)
    assert caught.value.hint
    assert tree(root) == before


def test_an_empty_folder_is_in_the_way(vendored: Vendored, root: Path) -> None:
    (root / PATH / "main" / "a.py" / "x").mkdir(parents=True)
    with pytest.raises(OccupiedError):
        vendored.apply(groups(OLD), read)


def test_what_is_in_the_way_but_the_same_is_taken_over(vendored: Vendored, root: Path) -> None:
    write(root / PATH / "main" / "a.py", "a")
    vendored.apply(groups(OLD), read)
    vendored.apply({}, read)
    assert tree(root) == {}


def test_a_name_that_differs_by_case_is_told(vendored: Vendored, root: Path) -> None:
    vendored.apply(groups(OLD), read)
    (root / PATH / "main" / "a.py").rename(root / PATH / "main" / "A.py")
    assert vendored.verify(groups(OLD)) == [Finding(f"{PATH}/main/a.py", "case")]


def test_a_change_of_case(vendored: Vendored, root: Path, way: str) -> None:
    vendored.apply(groups({"main": {"Foo.py": "x"}}), read)
    vendored.apply(groups({"main": {"foo.py": "x"}}), read)
    assert tree(root) == {f"{PATH}/main/foo.py": "x", **mine(way)}


@pytest.mark.skipif(os.name == "nt", reason="links need a right on Windows")
@pytest.mark.parametrize("link", [".belay", ".belay/dependencies", ".belay/.local", "lib/main", "lib/main/b"])
def test_links_are_not_followed(root: Path, tmp_path: Path, link: str) -> None:
    outside = tmp_path / "outside"
    write(outside / "c.py", "theirs")
    place = root / link
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(outside)
    folder = PurePosixPath("lib" if link.startswith("lib") else PATH)
    with pytest.raises((UnsafePathError, OccupiedError)):
        Vendored(root, folder).apply(groups(OLD), read)
    assert tree(outside) == {"c.py": "theirs"}
    if link == ".belay/dependencies":
        with pytest.raises(UnsafePathError):
            Vendored(root, folder).verify(groups(OLD))


@pytest.mark.parametrize("folder", [".", "lib", "a/b/c"])
def test_any_folder_of_the_project(root: Path, folder: str) -> None:
    code = write(root / "src" / "x.py", "code")
    vendored = Vendored(root, PurePosixPath(folder))
    vendored.apply(groups(OLD), read)
    prefix = "" if folder == "." else f"{folder}/"
    mine = {"src/x.py": "code"}
    assert tree(root) == {
        **mine,
        **{prefix + f"{g}/{p}": t for g, files in OLD.items() for p, t in files.items()},
    }
    assert vendored.verify(groups(OLD)) == []
    vendored.apply({}, read)
    assert tree(root) == mine
    assert code.exists()


def test_unsafe_names_are_refused_here_too(vendored: Vendored, root: Path) -> None:
    for texts in (
        {"main": {"../x": "x"}},
        {"../x": {"x": "x"}},
        {"main": {"a": "", "A": ""}},
        {"a": {}, "A": {}},
    ):
        with pytest.raises(UnsafePathError):
            vendored.apply(groups(texts), read)
    assert list(root.iterdir()) == []


def test_wrong_content_is_never_laid_out(vendored: Vendored, root: Path) -> None:
    with pytest.raises(InternalError):
        vendored.apply(groups(OLD), lambda file: b"wrong")
    assert tree(root) == {}


def test_a_disk_that_is_full_changes_nothing(vendored: Vendored, root: Path, way: str) -> None:
    vendored.apply(groups(OLD), read)
    before = tree(root)

    def full(file: LockedFile) -> bytes:
        if file.url.endswith("/t"):
            raise OSError(28, "No space left on device")
        return read(file)

    with pytest.raises(OSError, match="No space"):
        vendored.apply(groups(NEW), full, lock=b"new")
    assert tree(root) == before
    assert not (root / ".belay" / ".local" / "new").exists()
    assert not vendored.recover()


def test_a_folder_that_is_read_only_changes_nothing(vendored: Vendored, root: Path, way: str) -> None:
    vendored.apply(groups(OLD), read)
    before = tree(root)
    folder = root / ".belay" if way != "file by file" else root / PATH / "main"
    with read_only(folder):
        with pytest.raises(PermissionError):
            vendored.apply(groups(NEW), read)
        assert tree(root) == before


def test_a_journal_of_strangers_is_not_believed(vendored: Vendored, root: Path, tmp_path: Path) -> None:
    victim = write(tmp_path / "victim", "x")
    state = root / ".belay" / ".local"
    for text in (
        "garbage",
        '{"folder":"..","whole":null,"moves":{},"removes":{"main":["x"]},"record":{}}',
        '{"folder":"lib","whole":null,"moves":{},"removes":{"..":["victim"]},"record":{}}',
        '{"folder":"","whole":null,"moves":{},"removes":{"main":["../../victim"]},"record":{}}',
        '{"folder":"","whole":null,"moves":{"main":["../../victim"]},"removes":{},"record":{}}',
    ):
        write(state / "journal.json", text)
        write(state / "new" / "main" / "x", "y")
        assert not vendored.recover()
        assert victim.read_text(encoding="utf-8") == "x"
        assert not (state / "new").exists()
    write(state / "record.json", '{"folder":".belay/dependencies","files":{"..":["victim"]}}')
    assert vendored.state.record(PATH) == {}


def test_what_nobody_wants_goes_and_nothing_else_changes(vendored: Vendored, root: Path, way: str) -> None:
    vendored.apply(groups(OLD), read)
    write(root / PATH / "main" / "a.py", "edited")
    (root / PATH / "main" / "c.py").unlink()
    report = vendored.apply(groups({"main": OLD["main"]}), None, before=groups(OLD), lock=b"new")
    assert report == Report(removed=(f"{PATH}/dev/t.py",))
    expected = {"main": {"a.py": "edited", "b/__init__.py": "b"}}
    assert tree(root) == {**laid_out(expected), **mine(way), "belay.lock": "new"}


def test_another_process_waits(vendored: Vendored) -> None:
    with vendored.alone() as finished:
        assert not finished
        assert (vendored.root / ".belay" / ".local" / "in-use").exists()


# --- killed ----------------------------------------------------------------------------------------


def killed_at(step: int, action: Callable[[], object]) -> bool:
    """Run something in a process of its own that dies at its n-th line in the modules that write.

    Returns:
        Whether it died; else it came to its end before.
    """
    with warnings.catch_warnings():
        # Other threads, as pytest's plugins have them, are not missed by the child.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        count = 0
        files = {module.__file__ for module in (vendor, journal, swap, sys.modules["belay.packages.writing"])}

        def trace(frame: FrameType, event: str, argument: object) -> Callable[..., object] | None:
            nonlocal count
            if frame.f_code.co_filename not in files:
                return None
            if event == "line":
                count += 1
                if count == step:
                    os.kill(os.getpid(), signal.SIGKILL)
            return trace

        sys.settrace(trace)
        try:
            action()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


@pytest.fixture
def untraced() -> Iterator[None]:
    """A debugger or coverage would see the children's lines too."""
    before = sys.gettrace()
    sys.settrace(None)
    yield
    sys.settrace(before)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked here")
@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("stride", [9, pytest.param(1, marks=pytest.mark.long)])
def test_a_kill_at_any_line_leaves_the_old_or_the_new(
    tmp_path: Path, vendored: Vendored, way: str, stride: int
) -> None:
    root = vendored.root
    write(root / "belay.lock", "old")
    vendored.apply(groups(OLD), read)
    before = tree(root)
    after = {**laid_out(NEW), **mine(way), "belay.lock": "new"}
    seen = set()
    step = 0
    while True:
        step += stride
        copy = tmp_path / "copy"
        shutil.copytree(root, copy, symlinks=True)
        here = Vendored(copy, PATH)
        died = killed_at(step, lambda: here.apply(groups(NEW), read, lock=b"new"))  # noqa: B023
        now = tree(copy)
        files = {name: text for name, text in now.items() if name != "belay.lock"}
        if way == "exchange":
            # No mix at any moment, even before anybody has cleaned up.
            assert files in [
                {k: v for k, v in state.items() if k != "belay.lock"} for state in (before, after)
            ]
        unfinished = here.state.is_unfinished
        assert ("unfinished" in {finding.kind for finding in here.verify(groups(NEW))}) == unfinished
        assert here.recover() == unfinished
        assert tree(copy) in (before, after)
        seen.add(tree(copy) == after)
        # And whatever it was, the same command now does it.
        here.apply(groups(NEW), read, lock=b"new")
        assert tree(copy) == after
        assert {path.name for path in (copy / ".belay" / ".local").iterdir()} == {".gitignore", "record.json"}
        shutil.rmtree(copy)
        if not died:
            break
    assert seen == {False, True}
    assert step > 100


paths = st.sampled_from(["a.py", "b.py", "b/c.py", "b/d/e.py", "B.py", "c", "c/x"])
texts = st.dictionaries(
    st.sampled_from(["main", "dev"]),
    st.dictionaries(paths, st.sampled_from(["x", "y"]), max_size=4),
    max_size=2,
)


@settings(max_examples=60, deadline=None)
@given(texts, texts, st.dictionaries(paths.map("main/{}".format) | st.just("z"), st.just("mine"), max_size=2))
def test_any_change_is_made_or_refused_as_a_whole(
    tmp_path_factory: pytest.TempPathFactory, old: Texts, new: Texts, strangers: dict[str, str]
) -> None:
    root = tmp_path_factory.mktemp("project")
    vendored = Vendored(root, PATH)
    for name, text in strangers.items():
        try:
            write(root / PATH / name, text)
        except OSError:
            continue
    strange = tree(root)
    state = dict(strange)
    for wanted in (old, new, {}):
        try:
            vendored.apply(groups(wanted), read)
        except PackageError:
            assert tree(root) == state
        else:
            assert tree(root) == {**strange, **laid_out(wanted)}
            assert {finding.kind for finding in vendored.verify(groups(wanted))} <= {"unknown"}
        state = tree(root)
    assert state == strange
