"""Preparing a fresh interpreter for calls: find out what it is, then choose and prepare the way to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from belay.board import onboard
from belay.board.agent import AgentCalls
from belay.board.calls import BoardFailure, Calls, Terms
from belay.board.clear import passes_all_bytes
from belay.board.firmware import Implementation
from belay.board.plain import PlainCalls
from belay.exceptions import ConnectionFailedError, FeatureUnavailableError
from belay.link import Link

SETUP_TIMEOUT = 10.0
"""Seconds in which a board takes our functions and answers what it is."""


def prepare(
    link: Link,
    startup: str | None,
    agent: bool | None,
    on_output: Callable[[bytes], None],
    on_ask: Callable[..., object] | None = None,
    *,
    asks: bool = False,
) -> tuple[Implementation, Calls]:
    """Tell a fresh interpreter what it needs for calls.

    Args:
        link: The conversation to use.
        startup: Statements to run; None for the usual imports.
        agent: Whether calls shall go by the agent; None for wherever it can run.
        on_output: Gets what is printed meanwhile.
        on_ask: Answers what the board asks; None refuses.
        asks: Whether ``input()`` on the board asks the host.

    Returns:
        What runs on the board, and the way to it.

    Raises:
        ConnectionFailedError: It refuses, or the startup statements fail.
        FeatureUnavailableError: The agent must run, and cannot.
        BoardTimeoutError: The board does not answer.
        ConnectionLost: The link is gone.
    """
    terms = Terms(on_output=on_output, timeout=SETUP_TIMEOUT)
    plain = PlainCalls(link)
    with _refusal_told():
        implementation = plain.probe(terms, first=onboard.read("startup") if startup is None else "")
    calls: PlainCalls | AgentCalls
    if _uses_agent(implementation, agent) and _is_clear(link, agent):
        calls = install_agent(link, implementation, on_output, on_ask, asks=asks)
    else:
        calls = plain
        with _refusal_told():
            calls.install(terms)
    if startup:
        try:
            # The user's code takes as long as it takes.
            calls.execute(startup, Terms(on_output=on_output))
        except BoardFailure as failure:
            raise ConnectionFailedError(
                f"the startup statements failed on the board: {failure.traceback.strip()}"
            ) from None
    return implementation, calls


def install_agent(
    link: Link,
    implementation: Implementation,
    on_output: Callable[[bytes], None],
    on_ask: Callable[..., object] | None = None,
    *,
    asks: bool = False,
) -> AgentCalls:
    """Put the agent on the board.

    Args:
        link: The conversation to use.
        implementation: What runs on the board.
        on_output: Gets what is printed meanwhile.
        on_ask: Answers what the board asks; None refuses.
        asks: Whether ``input()`` on the board asks the host.

    Raises:
        ConnectionFailedError: The board refuses it.
        BoardTimeoutError: The board does not answer.
        ConnectionLost: The link is gone.
    """
    calls = AgentCalls(link, implementation, on_ask, asks=asks)
    with _refusal_told():
        calls.install(Terms(on_output=on_output, timeout=SETUP_TIMEOUT))
    return calls


def _is_clear(link: Link, wanted: bool | None) -> bool:
    """Whether bytes of every value pass between host and agent, which is asked only where it is not sure.

    Raises:
        FeatureUnavailableError: They do not, and must.
    """
    if link.transport.transparent or passes_all_bytes(link):
        return True
    if wanted:
        raise FeatureUnavailableError(
            "the agent cannot be used over this connection, on which bytes are lost or changed",
            hint="without agent=True calls go over the plain REPL",
        )
    return False


@contextmanager
def _refusal_told() -> Iterator[None]:
    """An exception of the board's means that it cannot be prepared."""
    try:
        yield
    except BoardFailure as failure:
        raise ConnectionFailedError(
            f"the board cannot be prepared: {failure.traceback.strip()}",
            hint="is there too little memory left? Try a board that was just powered up",
        ) from None


def _uses_agent(implementation: Implementation, wanted: bool | None) -> bool:
    """Whether calls shall go by the agent.

    Raises:
        FeatureUnavailableError: They must, and cannot.
    """
    lacking = implementation.lacks_for_agent
    if wanted and lacking:
        raise FeatureUnavailableError(
            f"the agent cannot run on this board, which lacks {', '.join(lacking)}",
            hint="without agent=True calls go over the plain REPL",
        )
    return not lacking if wanted is None else wanted
