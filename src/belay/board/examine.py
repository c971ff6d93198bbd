"""What carries the calls to a board, found out by asking it."""

from __future__ import annotations

from dataclasses import dataclass

from belay.board.agent import AgentCalls
from belay.board.calls import Calls, Terms
from belay.board.firmware import Implementation
from belay.link import Link


@dataclass(frozen=True)
class LinkFacts:
    """What carries the calls.

    Attributes:
        agent: Whether calls go by the agent, or else over the plain REPL.
        lacking: What the firmware lacks for the agent; the reason for the plain REPL, unless it is empty.
        agent_memory: Bytes of the board's heap that the agent takes, the parts of it that were sent so far
            included; None without it, or if the firmware does not say.
        largest_request: Bytes of the largest request to the agent, longer ones travel in pieces; None without
            it.
        raw_paste: Whether the board knows raw paste.
        flow_control: Whether a write of any size waits for the board instead of losing bytes.
    """

    agent: bool
    lacking: tuple[str, ...]
    agent_memory: int | None
    largest_request: int | None
    raw_paste: bool
    flow_control: bool


def examine(link: Link, calls: Calls, implementation: Implementation, terms: Terms) -> LinkFacts:
    """Find out; the agent must be installed again then.

    Args:
        link: The conversation to use.
        calls: How calls go.
        implementation: What runs on the board.
        terms: How long each question may take, and where output goes.

    Raises:
        BoardTimeoutError: The board did not answer.
        ConnectionLost: The link is gone.
    """
    by_agent = isinstance(calls, AgentCalls)
    return LinkFacts(
        agent=by_agent,
        lacking=implementation.lacks_for_agent,
        agent_memory=_agent_memory(link, terms) if by_agent else None,
        largest_request=calls.largest if isinstance(calls, AgentCalls) else None,
        raw_paste=link.knows_paste(),
        flow_control=link.transport.flow_control,
    )


def _agent_memory(link: Link, terms: Terms) -> int | None:
    """What is in use with the agent on the board, but not running, and what without it."""
    with_it = _memory(link, terms)
    link.run("del _belay", on_output=terms.on_output, timeout=terms.timeout)
    without = _memory(link, terms)
    return None if with_it is None or without is None else with_it - without


def _memory(link: Link, terms: Terms) -> int | None:
    """Bytes of the heap in use; None where the firmware does not say. Leaves no name behind."""
    mark = link.mark.decode("ascii")
    answer = f"print({mark!r}+'r'+str(g.mem_alloc())+{mark!r}+'.',end='')"
    code = f"(lambda g:(g.collect(),{answer}))(__import__('gc'))"
    outcome = link.run(code, on_output=terms.on_output, timeout=terms.timeout)
    # The first byte is the frame's kind.
    return int(outcome.frame[1:]) if outcome.frame and not outcome.error else None
