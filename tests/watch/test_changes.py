from __future__ import annotations

import itertools
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from patience import SOON
from watchfiles import Change

from belay.exceptions import FeatureUnavailableError
from belay.watch import Changed, Changes, Place
from belay.watch.changes import _SIGNAL, _saved


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path.resolve()


@pytest.fixture
def changes(folder: Path) -> Iterator[Changes]:
    with Changes([Place(folder)]) as changes:
        yield changes


def seen_up_to(changes: Changes, last: Path) -> set[Path]:
    """All that is told up to a file that is saved last."""
    seen: set[Path] = set()
    while last not in seen:
        seen |= set(changes.wait())
    return seen


def blocked() -> None:
    assert threading.Event().wait(SOON), "nothing came"


def test_what_is_saved_is_told(changes: Changes, folder: Path) -> None:
    files = {folder / f"file_{number}.py" for number in range(40)} | {folder / "deep/er/file.py"}
    (folder / "deep/er").mkdir(parents=True)
    changes.wait()
    for file in sorted(files):
        file.write_text("x = 1\n", encoding="utf-8")
    (folder / "last").touch()
    assert seen_up_to(changes, folder / "last") >= files


def test_how_editors_save(changes: Changes, folder: Path) -> None:
    main = folder / "main.py"
    for name in (".main.py.swp", "4913", "main.py~", "main.py"):
        (folder / name).write_text("x = 1\n", encoding="utf-8")
    (folder / "4913").unlink()
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__/main.py").touch()
    (folder / "last").touch()
    assert seen_up_to(changes, folder / "last") == {main, folder / "last"}
    (folder / "main.py~").replace(main)
    assert changes.wait() == [main]


def test_what_came_and_went_is_no_change(tmp_path: Path) -> None:
    there, gone = tmp_path / "there", tmp_path / "gone"
    there.touch()
    both = (Change.added, Change.deleted)
    assert _saved({(kind, str(file)) for kind in both for file in (there, gone)}) == {there}
    assert _saved({(Change.deleted, str(gone))}) == {gone}
    assert _saved({(Change.modified, str(tmp_path))}) == set()
    assert _saved({(Change.added, str(tmp_path))}) == {tmp_path}


def test_what_is_ignored(changes: Changes, folder: Path) -> None:
    (folder / "board").mkdir()
    changes.wait()
    changes.ignored = frozenset({folder / "board"})
    (folder / "board/main.py").touch()
    (folder / "boards").touch()
    assert changes.wait() == [folder / "boards"]


def test_what_is_printed_is_no_change(folder: Path) -> None:
    before = os.dup(2)
    with (folder / "printed").open("wb") as file:
        os.dup2(file.fileno(), 2)
    try:
        with Changes([Place(folder)]) as changes:
            os.write(2, b"x")
            (folder / "last").touch()
            assert seen_up_to(changes, folder / "last") == {folder / "last"}
    finally:
        os.dup2(before, 2)
        os.close(before)


def test_a_single_file(folder: Path) -> None:
    with Changes([Place(folder, only="script.py")]) as changes:
        (folder / "other.py").touch()
        (folder / "script.py").touch()
        assert changes.wait() == [folder / "script.py"]


def test_a_save_interrupts(changes: Changes, folder: Path) -> None:
    def job() -> None:
        (folder / "main.py").touch()
        blocked()

    assert not changes.run(job)
    assert changes.wait() == [folder / "main.py"]


def test_a_job_that_ends(changes: Changes, folder: Path) -> None:
    done: list[int] = []
    assert changes.run(lambda: done.append(1))
    assert done == [1]
    # Nothing is interrupted but jobs.
    (folder / "main.py").touch()
    first = changes.wait()
    changes._found.put(set(first))
    assert not changes.run(lambda: done.append(2)), "it began although something was saved"
    assert done == [1]


def test_what_ends_a_job_is_interrupted_no_more(changes: Changes, folder: Path) -> None:
    def job() -> None:
        try:
            (folder / "one.py").touch()
            blocked()
        except Changed:
            (folder / "two.py").touch()
            seen.update(seen_up_to(changes, folder / "two.py"))
            raise

    seen: set[Path] = set()
    assert not changes.run(job)
    assert seen == {folder / "one.py", folder / "two.py"}


def test_errors_and_ctrl_c_of_a_job(changes: Changes) -> None:
    def fail() -> None:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - it has no text
        changes.run(fail)
    with pytest.raises(KeyboardInterrupt):
        changes.run(lambda: signal.raise_signal(signal.SIGINT))


def test_afterwards_all_is_as_it_was(folder: Path) -> None:
    before, threads = signal.getsignal(_SIGNAL), threading.active_count()
    with Changes([Place(folder)]):
        assert signal.getsignal(_SIGNAL) != before
        assert threading.active_count() == threads + 1
    assert signal.getsignal(_SIGNAL) == before
    assert threading.active_count() == threads


def test_what_cannot_be_watched(folder: Path) -> None:
    with Changes([Place(folder / "missing")]) as changes:
        for _ in range(2):
            with pytest.raises(FeatureUnavailableError, match="cannot be noticed") as raised:
                changes.wait()
        assert "WATCHFILES_FORCE_POLLING" in str(raised.value.hint)
        assert not changes.run(blocked)


@pytest.mark.parametrize("way", ["removed", "renamed", "replaced"])
def test_a_folder_that_is_made_anew(folder: Path, way: str) -> None:
    source, other = folder / "source", folder / "other"
    for each in (source, other):
        each.mkdir()
    with Changes([Place(source)]) as changes:
        if way == "removed":
            source.rmdir()
            assert changes.wait() == [source]
        else:
            source.rename(folder / "elsewhere")
        if way == "replaced":
            other.rename(source)
        else:
            source.mkdir()
        # Nobody is told when it is watched again: until then what is saved is told as a change of the folder.
        ending = time.monotonic() + SOON
        seen: set[Path] = set()
        for number in itertools.count():
            (source / f"{number}.py").touch()
            with suppress(queue.Empty):
                found = changes._found.get(timeout=0.1)
                assert isinstance(found, set)
                seen |= found
            if any(path.parent == source for path in seen):
                break
            assert time.monotonic() < ending, seen
        assert source in seen


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="may read everything")
def test_a_folder_that_may_not_be_read_is_passed_over(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0)
    try:
        with Changes([Place(folder)]) as changes:
            (folder / "main.py").touch()
            assert changes.wait() == [folder / "main.py"]
    finally:
        closed.chmod(0o700)


def test_without_watchfiles(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with pytest.raises(FeatureUnavailableError, match="watchfiles is not installed") as raised:
        Changes([Place(folder)])
    assert raised.value.hint == "install belay with the extra [watch]"


def test_watchfiles_is_not_imported_before_it_is_needed() -> None:
    program = "import sys, belay.watch, belay.cli.watch; print('watchfiles' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
