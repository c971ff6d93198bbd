"""What can come out of :class:`~belay.repl.raw.RawRepl`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


class NeedData(Enum):
    """Says that no further event can be told from the bytes received so far."""

    NEED_DATA = "NEED_DATA"


NEED_DATA: Final = NeedData.NEED_DATA


@dataclass(frozen=True)
class Prompt:
    """The raw prompt was reached; a command may be sent."""


@dataclass(frozen=True)
class Rebooted:
    """The interpreter was started anew: everything that was defined on the board is gone.

    Attributes:
        raw: Whether it came back in raw mode (a soft reset there does) or in friendly mode.
    """

    raw: bool


@dataclass(frozen=True)
class Accepted:
    """The board took the command and runs it."""


@dataclass(frozen=True)
class Window:
    """Raw paste: so many more bytes may be sent.

    Attributes:
        size: Number of bytes.
    """

    size: int


@dataclass(frozen=True)
class PasteRefused:
    """The board does not do raw paste; the plain raw prompt is there."""


@dataclass(frozen=True)
class PasteAborted:
    """Raw paste: the board gave up reading (a syntax error, a full heap); acknowledge it."""


@dataclass(frozen=True)
class Output:
    """Bytes that the program printed.

    Attributes:
        data: The bytes, as they came.
    """

    data: bytes


@dataclass(frozen=True)
class Frame:
    """An answer of our own code on the board: what stood between the two marks.

    Attributes:
        body: The bytes between the marks, beginning with the byte that says which kind it is.
    """

    body: bytes


@dataclass(frozen=True)
class Answer:
    """A frame of the agent's that holds text, whole by its check.

    Attributes:
        sequence: The letter of the request that it answers, or ``!`` where nobody asked.
        kind: What kind of frame it is, a letter.
        body: The text, encoded.
    """

    sequence: str
    kind: str
    body: bytes


@dataclass(frozen=True)
class Chunk:
    """A frame of the agent's that holds bytes, whole by its check.

    Attributes:
        sequence: The letter of the request that it is a part of the answer to.
        index: Its number in the answer, from 0.
        data: The bytes.
    """

    sequence: str
    index: int
    data: bytes


@dataclass(frozen=True)
class Torn:
    """A frame that something else was printed into, or that an interrupt or noise cut short.

    Attributes:
        data: What there is of it.
    """

    data: bytes


@dataclass(frozen=True)
class Candidate:
    """What came looks like the end of the program, but a program could have printed it.

    Ask with :meth:`~belay.repl.raw.RawRepl.challenge`; only a REPL that is really there can answer.
    """


@dataclass(frozen=True)
class Finished:
    """The program ended and the prompt is there.

    Attributes:
        error: The text of an uncaught exception as the REPL printed it, or empty.
    """

    error: bytes = b""


Event = (
    Prompt
    | Rebooted
    | Accepted
    | Window
    | PasteRefused
    | PasteAborted
    | Output
    | Frame
    | Answer
    | Chunk
    | Torn
    | Candidate
    | Finished
)
