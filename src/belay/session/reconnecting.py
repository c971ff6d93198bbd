"""Trying again, a second apart, and telling those who wait for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from belay.exceptions import ConnectionLost
from belay.link import check_stopped

PAUSE = 1.0
"""Seconds between two attempts to reconnect."""

logger = logging.getLogger("belay")
"""Tells of losses: as a warning if the first attempt fails, since somebody waits then. Python shows warnings
on standard error where no program says otherwise."""


def keep_trying(
    attempt: Callable[[], Exception | None], attempts: int, over: threading.Event, name: str
) -> None:
    """Call something until it succeeds.

    Args:
        attempt: Returns None when it has succeeded, else why not. What it raises ends this at once.
        attempts: How often at most; negative for ever.
        over: Ends it at once when it is set.
        name: What is being connected, for the log.

    Raises:
        ConnectionLost: None of the attempts succeeded.
    """
    last: Exception = ConnectionLost("the connection is gone")
    made = 0
    while made != attempts and not over.is_set():
        check_stopped()
        made += 1
        error = attempt()
        if error is None:
            logger.log(logging.INFO if made == 1 else logging.WARNING, "%s is connected again", name)
            return
        last = error
        if made == 1 != attempts:
            logger.warning("%s is gone (%s); trying every %g s to connect again", name, last, PAUSE)
        else:
            logger.debug("%s: attempt %d: %s", name, made, last)
        if made != attempts:
            over.wait(PAUSE)
    hint = None if made else "Device(…, attempts=N) tries to connect again"
    raise ConnectionLost(f"the connection to the board is lost: {last}", hint=hint) from last
