"""What the host tells the supervisor, and what the processes tell each other when they end."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

EXIT_SOFT = 40
"""Exit status of an interpreter after a soft reset into the friendly REPL; +1 stays in raw mode."""
EXIT_SOFT_RAW = 41
EXIT_HARD = 42
"""Exit status of an interpreter after ``machine.reset()``."""
EXIT_HOST_GONE = 43
"""Exit status of an interpreter whose host or supervisor went away."""
EXIT_POWER_CUT = 45
"""Exit status of an interpreter whose power was cut at a write to its flash."""
EXIT_NO_START = 44
"""Exit status of an interpreter that did not come as far as ``boot.py``."""

CAUSE_POWER_ON = 1
CAUSE_HARD = 2
CAUSE_SOFT = 5


@dataclass(frozen=True)
class FlashPlan:
    """The flash memory that the board's file system lies on.

    Attributes:
        image: File descriptor of the file that holds it.
        path: The file, for messages.
        kind: The file system: ``lfs2`` or ``fat``.
        block: Bytes in a block.
        blocks: How many blocks there are.
    """

    image: int
    path: str
    kind: str
    block: int
    blocks: int


@dataclass(frozen=True)
class Plan:
    """Everything a supervisor must know; travels as JSON on its command line.

    Attributes:
        library: The path of the MicroPython library, or None to run ``interpreter``.
        interpreter: The path of a MicroPython of the unix port, or None.
        root: The folder of the board's files, or of the image of its flash.
        temporary: Whether the folder is to be removed at the end.
        heap: The heap's size in bytes.
        cooked: Whether text output gets CRLF at line ends.
        unique_id: What ``machine.unique_id()`` returns, in hexadecimal.
        control: File descriptor of the socket to the host.
        memory: File descriptor of the memory shared with the host.
        doorbell: File descriptor of the socket on which either side says that the memory changed.
        flash: The flash that holds the board's files; None: they lie in ``root``.
    """

    library: str | None
    interpreter: str | None
    root: str
    temporary: bool
    heap: int
    cooked: bool
    unique_id: str
    control: int
    memory: int
    doorbell: int
    flash: FlashPlan | None

    def dump(self) -> str:
        """The plan as text."""
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, text: str) -> Plan:
        """The plan that :meth:`dump` wrote."""
        values = json.loads(text)
        flash = values.pop("flash")
        return cls(**values, flash=FlashPlan(**flash) if flash else None)


@dataclass(frozen=True)
class Boot:
    """How one start of the interpreter is to go.

    Attributes:
        cause: What ``machine.reset_cause()`` shall say.
        raw: Whether it starts in the raw REPL, as after a soft reset in raw mode.
    """

    cause: int = CAUSE_POWER_ON
    raw: bool = False
