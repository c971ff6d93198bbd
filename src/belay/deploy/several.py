"""The same work on several boards at once: one that fails keeps no other from being done."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

_SLICE = 0.2
"""Seconds of one wait."""

GoOn = Callable[[], None]
"""To be called now and then by the work: raises :class:`Cancelled` once nobody wants it any more."""


class Cancelled(BaseException):
    """Nobody wants the work any more; as with KeyboardInterrupt, no handler of errors may keep it up."""


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """How the work on one board ended.

    Attributes:
        address: The board.
        result: What came of it; None if it failed.
        error: Why it failed; None if it did not.
    """

    address: str
    result: T | None = None
    error: Exception | None = None


def on_each(
    addresses: Sequence[str],
    work: Callable[[str, GoOn], T],
    *,
    on_end: Callable[[Outcome[T]], object] = lambda _: None,
) -> list[Outcome[T]]:
    """Do something on each board, in a thread each.

    Args:
        addresses: The boards.
        work: Gets the address, and what to call now and then.
        on_end: Called in this thread as each of them ends.

    Returns:
        How each ended, in the order of the addresses.

    Raises:
        KeyboardInterrupt: Ctrl-C; each board's work has come to the next point at which it could stop.
    """
    ended: queue.SimpleQueue[Outcome[T] | None] = queue.SimpleQueue()
    unwanted = threading.Event()

    def go_on() -> None:
        if unwanted.is_set():
            raise Cancelled

    def run(address: str) -> None:
        outcome = None
        try:
            outcome = _outcome(address, lambda: work(address, go_on))
        except Cancelled:
            pass
        finally:
            ended.put(outcome)

    threads = [threading.Thread(target=run, args=(address,), daemon=True) for address in addresses]
    found: dict[str, Outcome[T]] = {}
    try:
        for thread in threads:
            thread.start()
        for _ in threads:
            if (outcome := _next(ended)) is not None:
                found[outcome.address] = outcome
                on_end(outcome)
    except BaseException:
        unwanted.set()
        # A second Ctrl-C ends this, too.
        for thread in threads:
            if thread.is_alive():
                thread.join()
        raise
    return [found[address] for address in addresses]


def _next(ended: queue.SimpleQueue[T]) -> T:
    """Wait for the next one; in slices: a Ctrl-C in the moment before an endless wait would not be heard."""
    while True:
        with suppress(queue.Empty):
            return ended.get(timeout=_SLICE)


def _outcome(address: str, work: Callable[[], T]) -> Outcome[T]:
    try:
        return Outcome(address, work())
    except Exception as error:  # noqa: BLE001 - the caller tells of it
        return Outcome(address, error=error)
