from __future__ import annotations

import faulthandler
import itertools
import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

LIMIT = 30 * 60
"""Seconds after which a run of the suite, which takes some minutes, hangs: it says where, and ends."""

# A job in the background of a script inherits an ignored SIGINT, and then no Ctrl-C would end what it should.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    # So does what nohup runs.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# No test pulls the plug of this machine, and a disk may take its time; test_writing.py sees that it is asked.
os.fsync = lambda fd: None


@pytest.fixture(scope="session", autouse=True)
def nothing_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test may reach for the board that the user's own environment names, or for the user's own cache.

    Nor may a fixture that many tests share, which begins before what is for one test.
    """
    folder = tmp_path_factory.getbasetemp()
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("BELAY_DEVICE", raising=False)
        patch.setenv("BELAY_CACHE_DIR", str(folder / "cache"))
        patch.setenv("BELAY_CONFIG_DIR", str(folder / "settings"))
        yield


_numbers = itertools.count()


@pytest.fixture(autouse=True)
def no_settings_of_users(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test may write to the user's own settings, or depend on what is in them, or in another test's."""
    folder = tmp_path_factory.getbasetemp() / f"settings-{next(_numbers)}"
    monkeypatch.setenv("BELAY_CONFIG_DIR", str(folder))


# How many examples a test makes up that does not say it. None has a time: the machine may be busy, and who
# makes up texts first looks through all of Unicode.
PATIENT: Any = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("suite", max_examples=50, **PATIENT)
settings.register_profile("long", max_examples=1000, **PATIENT)


def pytest_configure(config: pytest.Config) -> None:
    long = "long" in config.option.markexpr.replace("not long", "")
    settings.load_profile("long" if long else "suite")
    if not long:
        watch = threading.Timer(LIMIT, _give_up, [os.dup(2)])
        watch.daemon = True
        watch.start()


def _give_up(errors: int) -> None:
    os.write(errors, b"The tests take too long; this is where they are:\n")
    faulthandler.dump_traceback(errors, all_threads=True)
    sys.stdout.flush()
    os._exit(3)
