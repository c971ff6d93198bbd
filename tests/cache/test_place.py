from __future__ import annotations

import sys
from pathlib import Path

import pytest

from belay.cache.place import cache_folder


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BELAY_CACHE_DIR", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine"
    monkeypatch.setenv("BELAY_CACHE_DIR", "here")
    assert cache_folder() == Path.cwd() / "here"


@pytest.mark.skipif(sys.platform != "linux", reason="each system has its own place")
def test_where_the_cache_is_on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BELAY_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_folder() == Path.home() / ".cache" / "belay"
