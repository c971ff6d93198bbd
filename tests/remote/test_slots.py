from __future__ import annotations

import pytest

from belay import AsyncDevice, Device
from belay.aio.slots import AsyncTaskDecorator, AsyncTaskMarker
from belay.remote.slots import SetupMarker, TaskDecorator, TaskMarker, TeardownMarker, ThreadMarker


def test_a_slot_is_one_thing_on_the_class_and_another_on_a_device() -> None:
    markers = [type(slot) for slot in (Device.task, Device.setup, Device.teardown, Device.thread)]
    assert markers == [TaskMarker, SetupMarker, TeardownMarker, ThreadMarker]
    assert isinstance(AsyncDevice.task, AsyncTaskMarker)
    asynchronous = AsyncDevice("virtual:")
    assert isinstance(asynchronous.task, AsyncTaskDecorator)
    assert asynchronous.task is asynchronous.task
    with Device("virtual:") as device:
        assert isinstance(device.task, TaskDecorator)
        assert device.task is device.task is not device.setup


@pytest.mark.parametrize("name", ["task", "setup", "teardown", "thread"])
def test_both_kinds_of_devices_have_the_same(name: str) -> None:
    slots = [vars(kind)[name] for kind in (Device, AsyncDevice)]
    assert slots[0].kind is slots[1].kind
