from __future__ import annotations

import signal

import pytest

# A job in the background of a script inherits an ignored SIGINT, and then no Ctrl-C would end what it should.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def no_device_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test may reach for the board that the user's own environment names."""
    monkeypatch.delenv("BELAY_DEVICE", raising=False)
