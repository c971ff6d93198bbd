"""One conversation with a board: a transport and the REPL's language, and the waiting in between.

Every wait of the protocol's own has a :class:`~belay.deadline.Deadline`, which a chatty board cannot stretch.
A program on the board may run as long as it likes, unless the caller sets a time-out; a link that is gone is
noticed in either case, since the transport says so. Whatever goes wrong while a program runs (a time-out,
Ctrl-C on the host, an error in the caller's output handler), the board is brought back to its prompt before
the error goes on.
"""

from __future__ import annotations

from belay.link.conversation import Link
from belay.link.dispatch import Dispatcher
from belay.link.exchange import AgentEnded, Exchanging, Replier, Reply
from belay.link.fair import Queue
from belay.link.follow import Outcome
from belay.link.lending import Lent
from belay.link.mode import Mode
from belay.link.recovery import ENTER_TIMEOUT
from belay.link.stopping import Stop, Stopped, check_stopped
from belay.link.wire import EVENT, LOG, OutputHandler

__all__ = [
    "ENTER_TIMEOUT",
    "EVENT",
    "LOG",
    "AgentEnded",
    "Dispatcher",
    "Exchanging",
    "Lent",
    "Link",
    "Mode",
    "Outcome",
    "OutputHandler",
    "Queue",
    "Replier",
    "Reply",
    "Stop",
    "Stopped",
    "check_stopped",
]
