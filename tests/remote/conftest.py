from __future__ import annotations

from collections.abc import Iterator

import pytest

from belay import Device


@pytest.fixture(scope="module", params=[True, False], ids=["agent", "plain"])
def device(request: pytest.FixtureRequest) -> Iterator[Device]:
    """A board that the tests of a module share; they leave its globals as they like."""
    with Device("virtual:", agent=request.param) as device:
        yield device
