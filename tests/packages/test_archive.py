from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.git_hosts import GitHost, Repository

from belay.exceptions import FetchError
from belay.packages import archive
from belay.packages.archive import Entry, list_archive, read_files

URL = "https://example.com/x.tar.gz"


def packed(
    *members: tuple[str, bytes | str], change: Callable[[tarfile.TarInfo], None] | None = None
) -> io.BytesIO:
    """An archive of files, and of links where the content is text."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
                tar.addfile(info)
                continue
            info.size = len(content)
            if change:
                change(info)
            tar.addfile(info, io.BytesIO(content))
    return io.BytesIO(gzip.compress(plain.getvalue(), 1))


def refused(file: io.BytesIO, text: str, kind: str = "too-large") -> None:
    with pytest.raises(FetchError) as caught:
        list_archive(file, URL)
    assert text in str(caught.value)
    assert caught.value.kind == kind


def test_the_archive_that_git_makes(tmp_path: Path) -> None:
    repository = Repository(tmp_path, "o/r")
    name = "deep/" * 30 + "ü.py"
    commit = repository.commit({"a.py": "a", name: "long"}, links={"l": "a.py"})
    data = GitHost(tmp_path, "github").get(f"o/r/archive/{commit}.tar.gz")
    assert data is not None
    found = list_archive(io.BytesIO(data), URL)
    assert found.commit == commit
    assert set(found.entries) == {Entry("a.py", 1, True), Entry(name, 4, True), Entry("l", 0, False)}
    assert dict(read_files(io.BytesIO(data), [name], URL)) == {name: b"long"}


def test_what_was_unpacked_on_the_way_is_read_too() -> None:
    data = io.BytesIO(gzip.decompress(packed(("r/a.py", b"a")).getvalue()))
    assert dict(read_files(data, ["a.py"], URL)) == {"a.py": b"a"}


def test_names_are_told_as_they_are() -> None:
    file = packed(("r/../../x", b""), ("r/C:\\y", b""), ("r//etc/passwd", b""))
    assert [entry.path for entry in list_archive(file, URL).entries] == ["../../x", "C:\\y", "/etc/passwd"]


@pytest.mark.parametrize("cut", [0, 1, 10, 40, -1, -9])
def test_what_breaks_off_is_refused(cut: int) -> None:
    whole = packed(("r/a.py", b"a" * 5000)).getvalue()
    refused(io.BytesIO(whole[:cut]), "is no archive, or is damaged", "mismatch")


@pytest.mark.parametrize("place", [0, 2, -8, -1])
def test_what_is_damaged_is_refused(place: int) -> None:
    data = bytearray(packed(("r/a.py", b"a" * 5000)).getvalue())
    data[place] ^= 0x41
    refused(io.BytesIO(bytes(data)), "is no archive, or is damaged", "mismatch")


@given(st.binary(max_size=60), st.integers(0, 300))
def test_nothing_in_an_archive_is_another_error(noise: bytes, place: int) -> None:
    plain = gzip.decompress(packed(("r/a.py", b"a"), ("r/" + "n" * 150, b"b")).getvalue())
    start = place * 8
    data = plain[:start] + noise + plain[start + len(noise) :]
    try:
        found = list_archive(io.BytesIO(data), URL)
        dict(read_files(io.BytesIO(data), [entry.path for entry in found.entries], URL))
    except FetchError:
        pass


def test_a_bomb_goes_off_nowhere() -> None:
    refused(packed(("r/a", bytes(64 << 20))), "bytes when it is unpacked")


def test_an_archive_of_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_FREE", 1000)
    monkeypatch.setattr(archive, "MAX_RATIO", 10**6)
    monkeypatch.setattr(archive, "MAX_UNPACKED", 20_000)
    refused(packed(("r/a", bytes(40_000))), "larger than 20000 bytes")


def test_too_many_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_ENTRIES", 3)
    refused(packed(*((f"r/{number}", b"") for number in range(4))), "more than 3 entries")


def test_a_header_that_announces_more_than_is_sane() -> None:
    def long(info: tarfile.TarInfo) -> None:
        info.pax_headers = {"comment": "x" * 100_000}

    refused(packed(("r/a", b""), change=long), "a header is larger than", "mismatch")


def test_not_all_in_one_folder() -> None:
    refused(packed(("r/a", b""), ("s/b", b"")), "not all is in one folder", "mismatch")


def test_files_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    file = packed(("r/a", b"12345"), ("r/l", "a"))
    for path, text in (("nosuch", "is not in the archive"), ("l", "is no file")):
        with pytest.raises(FetchError, match=text):
            list(read_files(file, [path], URL))
    monkeypatch.setattr(archive, "FILE_BYTES", 4)
    with pytest.raises(FetchError, match="larger than 4 bytes"):
        list(read_files(file, ["a"], URL))
