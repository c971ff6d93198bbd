"""A device for asyncio programs: :class:`AsyncDevice`.

What a device is asked, it is asked in order, in one thread of its own; the loop goes on meanwhile.
"""

from __future__ import annotations

from belay.aio.batch import AsyncBatch
from belay.aio.device import AsyncDevice
from belay.aio.functions import AsyncFunction, AsyncItems, AsyncTask

__all__ = ["AsyncBatch", "AsyncDevice", "AsyncFunction", "AsyncItems", "AsyncTask"]
