from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_device_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test may reach for the board that the user's own environment names."""
    monkeypatch.delenv("BELAY_DEVICE", raising=False)
