from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest

from belay.cli import demo_project


@pytest.mark.parametrize("before", [None, "mine"])
def test_the_users_store_is_the_store_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, before: str | None
) -> None:
    if before is None:
        monkeypatch.delenv("BELAY_CACHE_DIR", raising=False)
    else:
        monkeypatch.setenv("BELAY_CACHE_DIR", before)
    with suppress(KeyboardInterrupt), demo_project.set_stage() as stage:
        assert Path(os.environ["BELAY_CACHE_DIR"]).parent == Path.cwd()
        folder = stage.index.parent
        raise KeyboardInterrupt
    assert os.environ.get("BELAY_CACHE_DIR") == before
    assert not folder.exists()
    assert Path.cwd() != folder
