"""The table of what the package manager costs: its rows, and how they are shown."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import page

TITLES = ("work", "quantity", "belay 0.30.1", "ours", "ratio", "target", "met")
NUMBERS = {2, 3, 4}


@dataclass(frozen=True)
class Row:
    """One quantity of one work.

    Attributes:
        work: What was done.
        quantity: What was counted or measured, with its unit.
        ours: Its value.
        peer: The value of belay 0.30.1; None where there is none.
        target: What ours has to be at most; None for no target.
    """

    work: str
    quantity: str
    ours: float
    peer: float | None = None
    target: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times less ours is."""
        return None if self.peer is None or not self.ours else self.peer / self.ours

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one."""
        return None if self.target is None else self.ours <= self.target


def cells(row: Row) -> list[str]:
    peer = "" if row.peer is None else page.in_digits(row.peer)
    ratio = "" if row.ratio is None else f"{row.ratio:.1f}"
    target = "" if row.target is None else f"≤ {row.target:g}"
    met = {None: "", True: "yes", False: "no"}[row.met]
    return [row.work, row.quantity, peer, page.in_digits(row.ours), ratio, target, met]


def as_text(rows: list[Row]) -> str:
    """The table for a terminal."""
    return page.as_text([TITLES, *map(cells, rows)], NUMBERS)


def as_markdown(rows: list[Row]) -> str:
    """The table for a page."""
    return page.as_markdown([TITLES, *map(cells, rows)], NUMBERS)


def as_json(rows: list[Row]) -> list[dict[str, Any]]:
    """The table for programs: a row's name is repeated where the text leaves it out."""
    listed, work = [], ""
    for row in rows:
        work = row.work or work
        listed.append({**asdict(row), "work": work, "ratio": row.ratio, "met": row.met})
    return listed
