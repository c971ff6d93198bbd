"""What becomes of folders is tested in test_repository.py; here is what is remembered of them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from belay.exceptions import UnsafePathError
from belay.packages.model import FromIndex
from belay.packages.store import Memory, Store
from belay.packages.unpacked import as_package, recall, remember, unpack
from belay.packages.unpacking import Archive

from .test_archive import packed

URL = "https://example.com/x.tar.gz"
MANIFEST = b'require("logging", version="1.0")\nmodule("a.py")\nmetadata(nothing=1)\n'


def made(*members: tuple[str, bytes | str]) -> Archive:
    archive = Archive(URL)
    archive.write(packed(*members).getvalue())
    return archive


def test_what_was_chosen_is_the_same_later(tmp_path: Path) -> None:
    store = Store(tmp_path)
    archive = made(("r/a.py", b"a"), ("r/manifest.py", MANIFEST))
    chosen = unpack(archive, "key", "", store, where="w")
    archive.close()
    remember(store, URL + "#?1", chosen)
    again = recall(Store(tmp_path), URL + "#?1")
    assert again == chosen
    assert again is not None
    found = as_package(again, "key", URL, source="s", where="w", alone=True, rename_to_init=True)
    digits = hashlib.sha256(b"a").hexdigest()
    assert [(file.destination, file.url, file.hash_prefix) for file in found.files] == [
        ("a.py", URL + "#a.py", digits)
    ]
    assert [need.sources for need in found.dependencies] == [(FromIndex("logging", "1.0"),)]


def test_what_the_store_has_lost_was_never_chosen(tmp_path: Path) -> None:
    store = Store(tmp_path)
    archive = made(("r/a.py", b"a"))
    chosen = unpack(archive, "key", "a.py", store, where="w")
    archive.close()
    remember(store, URL, chosen)
    for path in tmp_path.rglob(hashlib.sha256(b"a").hexdigest()):
        path.unlink()
    assert recall(Store(tmp_path), URL) is None
    assert recall(store, URL + "#?other") is None


@pytest.mark.parametrize("content", [b"", b"{}", b'{"base":1,"files":{}}'])
def test_a_damaged_record_is_none(tmp_path: Path, content: bytes) -> None:
    store = Store(tmp_path)
    store.remember(Memory(URL, hashlib.sha256(content).hexdigest(), len(content), here=True), content)
    assert recall(store, URL) is None


def test_a_link_that_a_manifest_names_is_refused(tmp_path: Path) -> None:
    archive = made(("r/a.py", "/etc/passwd"), ("r/manifest.py", MANIFEST))
    with pytest.raises(UnsafePathError, match="is a link"):
        unpack(archive, "key", "", Store(tmp_path), where="w")
    archive.close()
