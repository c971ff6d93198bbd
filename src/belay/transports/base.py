"""What a transport is: bytes to and from a board, nothing more."""

from __future__ import annotations

from typing import Protocol, cast

READ_SIZE = 65536
"""How many bytes one read asks for at the most: a pipe's whole buffer."""


class Transport(Protocol):
    """A byte pipe to a board.

    It knows nothing of REPLs. One thread reads and one writes at a time; the two may be different
    threads. ``close`` may be called from any thread, more than once.
    """

    @property
    def name(self) -> str:
        """The address, for messages."""
        ...

    @property
    def flow_control(self) -> bool:
        """Whether a write of any size waits for the board instead of losing bytes.

        True for USB, pipes, ptys and sockets; False for a plain UART, whose board may have
        an input ring of 128 bytes only.
        """
        ...

    @property
    def survives_reset(self) -> bool:
        """Whether the connection is still there when the board's interpreter was started anew.

        True where something other than the interpreter keeps it: a USB stack, a UART, a pipe.
        """
        ...

    @property
    def transparent(self) -> bool:
        """Whether bytes of every value surely arrive as they are; else that is found out before it matters.

        False where others have a say in it, as the server of a protocol that was made for text.
        """
        ...

    def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
        """Read what is there, waiting for the first byte.

        Args:
            max_bytes: At most so many bytes.
            timeout: Seconds to wait for the first byte; None waits for ever, 0 does not wait.

        Returns:
            At least one byte.

        Raises:
            TimeoutError: Nothing came in time.
            belay.exceptions.ConnectionLost: The other side is gone.
        """
        ...

    def write(self, data: bytes, timeout: float | None = None) -> None:
        """Write all of ``data``.

        Args:
            data: The bytes.
            timeout: Seconds for the whole write; None waits for ever.

        Raises:
            TimeoutError: The board did not take all of it in time.
            belay.exceptions.ConnectionLost: The other side is gone.
        """
        ...

    def close(self) -> None:
        """Release the port. Never raises; a second call does nothing."""
        ...


class FilePutter(Protocol):
    """A transport with a protocol of its own for putting files on the board, past the REPL."""

    @property
    def longest_path(self) -> int:
        """Bytes of the longest path that it takes."""
        ...

    def put_file(self, path: str, data: bytes, timeout: float | None = None) -> None:
        """Write a file, while the board waits for input.

        Nobody says whether all of it was written, which it is not on a full disk, and, with some firmware,
        when packets come at bad moments: that must be looked at afterwards.

        Args:
            path: Where on the board; in a folder that is there.
            data: The content.
            timeout: Seconds for the whole.

        Raises:
            TimeoutError: It took longer; the transport is of no use any more.
            belay.exceptions.ConnectionLost: The other side is gone, perhaps since it cannot write there.
        """
        ...


def file_putter(transport: object) -> FilePutter | None:
    """The transport with such a protocol that this one is, or that it stands on.

    Args:
        transport: Any transport.

    Returns:
        That transport; None if there is none.
    """
    while transport is not None and not hasattr(transport, "put_file"):
        transport = getattr(transport, "inner", None)
    return cast("FilePutter | None", transport)


def silence_advice(transport: object) -> str:
    """What to ask oneself where no board answers: as the transport says, or the one that it stands on."""
    while transport is not None and not hasattr(transport, "silence_advice"):
        transport = getattr(transport, "inner", None)
    usual = "is MicroPython on the board, and is this its port and baud rate?"
    return str(getattr(transport, "silence_advice", usual))
