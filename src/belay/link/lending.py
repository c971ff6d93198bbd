"""A link's bytes for somebody else than the REPL's language: a terminal, or another conversation."""

from __future__ import annotations

from belay.link.wire import Read, Wire
from belay.transports.base import READ_SIZE


class Lent:
    """A link's transport, for as long as it is lent. Itself a transport, whose end leaves the port open.

    Args:
        wire: The conversation that rests meanwhile.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._rest = b""

    @property
    def name(self) -> str:
        """The address, for messages."""
        return self._wire.transport.name

    @property
    def flow_control(self) -> bool:
        """Whether a write of any size waits for the board instead of losing bytes."""
        return self._wire.transport.flow_control

    @property
    def survives_reset(self) -> bool:
        """Whether the connection is still there when the board's interpreter was started anew."""
        return self._wire.transport.survives_reset

    @property
    def transparent(self) -> bool:
        """Whether bytes of every value surely arrive as they are."""
        return self._wire.transport.transparent

    def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
        """Read what is there, waiting for the first byte.

        Args:
            max_bytes: At most so many bytes.
            timeout: Seconds to wait for the first byte; None waits for ever, 0 does not wait.

        Raises:
            TimeoutError: Nothing came in time.
            ConnectionLost: The link is gone.
        """
        data = self._rest or self._wire.fetch(timeout)
        self._rest = data[max_bytes:]
        return data[:max_bytes]

    def write(self, data: bytes, timeout: float | None = None) -> None:
        """Write all of ``data``.

        Raises:
            TimeoutError: The board did not take all of it in time.
            ConnectionLost: The link is gone.
        """
        self._wire.transport.write(data, timeout=timeout)

    def close(self) -> None:
        """Do nothing: the port is the link's."""

    def foresee(self) -> Read:
        """What comes next, to be waited for in another thread (``perform``); then :meth:`read` has it.

        Whoever waits so may be left waiting for ever: what comes goes to whoever reads next.
        """
        return self._wire.foresee()
