"""Bytes that were received and not yet understood, and how far they were searched."""

from __future__ import annotations


class Buffer:
    """A queue of bytes that remembers where it searched, so that each byte is looked at once.

    Attributes:
        data: The bytes. Only the methods of this class may change them.
    """

    def __init__(self) -> None:
        self.data = bytearray()
        self._taken = 0
        # What was searched for, from which index on: where in the stream it was found, or where to go on.
        self._searched: dict[tuple[bytes, int], int] = {}

    def __len__(self) -> int:
        return len(self.data)

    def feed(self, data: bytes) -> None:
        """Append bytes."""
        self.data += data

    def take(self, size: int) -> bytes:
        """Remove bytes from the front."""
        taken = bytes(self.data[:size])
        del self.data[:size]
        self._taken += len(taken)
        return taken

    def clear(self) -> None:
        """Forget all bytes and where they were searched."""
        self.data.clear()
        self._searched.clear()

    def find(self, what: bytes, start: int = 0) -> int:
        """The index of the first ``what`` from ``start`` on; -1 if there is none.

        Args:
            what: What to look for.
            start: The same in every call, as long as nothing is taken in between.
        """
        known = self._searched.get((what, start), 0)
        at = self.data.find(what, max(start, known - self._taken))
        # The last bytes may be the beginning of it.
        on = at if at >= 0 else max(0, len(self.data) - len(what) + 1)
        self._searched[what, start] = self._taken + on
        return at

    def partial(self, *wanted: bytes) -> int:
        """How many bytes at the end may be the beginning of one of ``wanted``."""
        tail = bytes(self.data[-max(map(len, wanted)) :])
        for size in range(len(tail), 0, -1):
            end = tail[-size:]
            if any(len(text) > size and text.startswith(end) for text in wanted):
                return size
        return 0
