from __future__ import annotations

from collections.abc import Iterator

import pytest

from belay import Device


@pytest.fixture(scope="module")
def device() -> Iterator[Device]:
    """A board that the tests of a module share; they leave its globals and files as they like."""
    with Device("virtual:") as device:
        yield device
