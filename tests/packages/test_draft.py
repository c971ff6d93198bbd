from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from belay.packages.draft import LARGE, START, Draft

PIECES = [b"%d" % number * 40_000 for number in range(10, 20)]
WHOLE = b"".join(PIECES)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "new" / "draft"


@pytest.fixture(params=["disk", "memory"])
def draft(request: pytest.FixtureRequest, place: Path) -> Iterator[Draft]:
    with Draft(place if request.param == "disk" else None) as made:
        yield made


def fill(draft: Draft, pieces: list[bytes] = PIECES) -> None:
    for piece in pieces:
        draft.write(piece)


def test_pieces_come_together(draft: Draft) -> None:
    assert (draft.content(), draft.size) == (b"", 0)
    fill(draft)
    assert draft.size == len(WHOLE) > LARGE
    assert draft.sha256 == hashlib.sha256(WHOLE).hexdigest()
    assert draft.content() == draft.content() == WHOLE


def test_from_the_start_again(draft: Draft) -> None:
    for _ in range(2):
        fill(draft, PIECES[:3])
        draft.restart()
        fill(draft, PIECES[2:])
        draft.restart()
    fill(draft)
    assert (draft.content(), draft.size) == (WHOLE, len(WHOLE))
    assert draft.sha256 == hashlib.sha256(WHOLE).hexdigest()


def test_only_what_is_large_is_on_the_disk(place: Path) -> None:
    with Draft(place) as draft:
        draft.write(bytes(LARGE))
        assert draft.on_disk is None
        assert not place.parent.exists()
        draft.write(b"x")
        assert draft.on_disk == place
        assert place.read_bytes() == bytes(LARGE) + b"x"


def test_nothing_is_left(place: Path) -> None:
    with Draft(place) as draft:
        fill(draft)
        assert place.exists()
    assert not list(place.parent.iterdir())


def test_what_was_moved_away_is_not_missed(place: Path, tmp_path: Path) -> None:
    with Draft(place) as draft:
        fill(draft)
        assert draft.on_disk is not None
        draft.on_disk.rename(tmp_path / "kept")
    assert (tmp_path / "kept").read_bytes() == WHOLE


def test_where_there_can_be_no_file_it_stays_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with Draft(tmp_path / "file" / "draft") as draft:
        fill(draft)
        assert draft.on_disk is None
        assert draft.content() == WHOLE
    assert (tmp_path / "file").read_text() == "no folder"


@pytest.mark.parametrize("room", [0, 100_000, LARGE, LARGE + 50_000])
def test_a_full_disk_is_no_loss(room: int, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def small(file: object, data: bytes) -> None:
        """As a disk does it: a part of it is written, then there is no room."""
        left = memoryview(data)[: max(0, room - place.stat().st_size)]
        write(file, left)  # type: ignore[arg-type]
        if len(left) < len(data):
            raise OSError(28, "No space left on device")

    write = Draft._write_all
    monkeypatch.setattr(Draft, "_write_all", staticmethod(small))
    with Draft(place) as draft:
        fill(draft)
        assert draft.on_disk is None
        assert draft.content() == WHOLE
        assert draft.sha256 == hashlib.sha256(WHOLE).hexdigest()
        assert not place.exists()


def test_how_it_begins(draft: Draft) -> None:
    draft.write(b"other")
    draft.restart()
    assert draft.start() == b""
    for piece in (b"<ht", b"ml>", b"x" * LARGE):
        draft.write(piece)
    assert draft.start() == (b"<html>" + b"x" * START)[:START]
