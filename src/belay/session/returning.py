"""Waiting for a board whose connection has ended because its interpreter starts anew."""

from __future__ import annotations

import threading
from collections.abc import Callable

from belay.deadline import Deadline
from belay.exceptions import BelayException, ConnectionFailedError, ConnectionLost

PAUSE = 0.2
"""Seconds before each attempt."""

RETURN_SECONDS = 30.0
"""Seconds in which a board joins its WiFi again."""


def await_return(
    attempt: Callable[[], None], over: threading.Event, name: str, cause: BelayException
) -> None:
    """Connect to a board that starts anew; a first attempt may still meet the old one, or nobody.

    Args:
        attempt: Opens the connection, or raises.
        over: Ends it at once when it is set.
        name: What is being connected.
        cause: How it was seen that the connection has ended.

    Raises:
        ConnectionLost: It did not come back.
        AuthenticationError: It did, and refuses the login.
    """
    deadline = Deadline(RETURN_SECONDS)
    last: Exception = cause
    while not deadline.expired and not over.wait(PAUSE):
        try:
            attempt()
            return
        except ConnectionFailedError as error:
            last = error
    raise ConnectionLost(
        f"{name} did not come back within {RETURN_SECONDS:g} s after a reset: {last}",
        hint="does boot.py start what you connect to? After a reset from here main.py may not run",
    ) from cause
