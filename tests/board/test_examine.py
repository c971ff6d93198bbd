from __future__ import annotations

from collections.abc import Iterator

import pytest

from belay import ConnectionFailedError, Device
from belay.board.examine import LinkFacts
from belay.transports.base import Transport

MISTAKEN = 1024
"""So many bytes the collector may take for used by mistake: a word on the stack can look like a pointer."""


@pytest.fixture
def device() -> Iterator[Device]:
    with Device("virtual:", agent=True) as device:
        yield device


def test_with_the_agent(device: Device) -> None:
    facts = device.examine()
    assert facts == LinkFacts(True, (), facts.agent_memory, 16384, raw_paste=True, flow_control=True)
    assert facts.agent_memory is not None
    assert 2048 < facts.agent_memory <= 8192


def test_the_same_each_time(device: Device) -> None:
    first, second = device.examine().agent_memory, device.examine().agent_memory
    assert first is not None
    assert second is not None
    # The collector takes a word on the stack for a pointer now and then.
    assert abs(first - second) < MISTAKEN


def test_what_was_there_stays(device: Device) -> None:
    device("x = 1")
    names = set(device("dir()"))

    @device.task
    def plus(n):  # type: ignore[no-untyped-def]
        return [x + n]  # type: ignore[name-defined]  # noqa: F821

    assert plus(1) == [2]
    more = device.examine().agent_memory
    assert more is not None
    assert plus(2) == [3]
    assert set(device("dir()")) == names | {"plus"}
    assert {name for name in names if "belay" in name.lower()} == {"_belay"}
    # The part that writes lists was there when it was measured, and was not sent again with the agent.
    fresh = device.examine().agent_memory
    assert fresh is not None
    assert more - fresh > -MISTAKEN


def test_a_list_takes_a_part_of_the_agent(device: Device) -> None:
    before = device.examine().agent_memory
    device("[1]")
    after = device.examine().agent_memory
    assert before is not None
    assert after is not None
    assert after > before + 512


def test_without_the_agent() -> None:
    with Device("virtual:", agent=False) as device:
        assert device.examine() == LinkFacts(False, (), None, None, raw_paste=True, flow_control=True)
        assert device("1 + 1") == 2


def test_what_the_firmware_lacks() -> None:
    with Device("virtual:?heap=64k", agent=False) as device:
        device._session._connection.implementation = type(device.implementation)(
            "micropython", features=frozenset({"json"})
        )
        assert "crc32" in device.examine().lacking


def replace_gc(device: Device, *functions: str) -> None:
    device(
        "import sys\nclass Some: pass\nsome = Some()\n"
        f"for name in {functions}: setattr(some, name, getattr(__import__('gc'), name))\n"
        "sys.modules['gc'] = some"
    )


def test_memory_that_the_firmware_does_not_tell(device: Device) -> None:
    replace_gc(device, "collect", "mem_free")
    facts = device.examine()
    assert facts.agent
    assert facts.agent_memory is None
    assert device("1 + 1") == 2


def test_an_agent_that_cannot_come_back(device: Device) -> None:
    device("import builtins; builtins.memoryview = None")
    with pytest.raises(ConnectionFailedError, match="isn't callable") as caught:
        device.examine()
    assert "memory" in str(caught.value.hint)


def test_interrupted_in_the_middle() -> None:
    """The agent is gone from the board then; the next call brings it back."""

    class Interrupting:
        interrupts = 1

        def __init__(self, inner: Transport) -> None:
            self.inner = inner
            self.deleted = False

        def __getattr__(self, name: str) -> object:
            return getattr(self.inner, name)

        def write(self, data: bytes, timeout: float | None = None) -> None:
            if self.deleted and self.interrupts:
                self.interrupts -= 1
                raise KeyboardInterrupt
            self.deleted |= b"del _belay\x04" in data
            self.inner.write(data, timeout)

    with Device("virtual:", agent=True, wrap=Interrupting) as device:  # type: ignore[arg-type]
        device("x = 5")
        with pytest.raises(KeyboardInterrupt):
            device.examine()
        assert device("x") == 5
        assert device.examine().agent
