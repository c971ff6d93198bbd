"""From figures to a table: what each work cost whom, the ratios, and whether the targets are met."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import page
from contest import Figures, Measured

BULK = 65536
Everybody = dict[str, Figures]
"""Figures by contender: ``ours``, ``belay``, ``mpremote``, and these with a variant behind a comma."""
PEERS = ("belay", "mpremote")


@dataclass(frozen=True)
class Row:
    """One quantity of one work.

    Attributes:
        work: What was done.
        quantity: What was counted or measured, with its unit.
        cells: The value by contender; a text says why there is none.
        ratio: How many times better ours is than the best peer, where a target asks for it.
        target: What ours has to reach; empty where there is none.
        met: Whether it does; None without a target or without a value.
    """

    work: str
    quantity: str
    cells: dict[str, float | str] = field(default_factory=dict)
    ratio: float | None = None
    target: str = ""
    met: bool | None = None


Value = Callable[[Measured], float | None]


def _milliseconds(measured: Measured) -> float | None:
    return None if measured.seconds is None else measured.seconds * 1000


def _per_byte(measured: Measured) -> float | None:
    return None if measured.wire is None else measured.wire / BULK


def _turns(measured: Measured) -> float | None:
    return measured.turns


def _wire(measured: Measured) -> float | None:
    return measured.wire


class Table:
    """Rows out of figures.

    Args:
        everybody: The figures.
    """

    def __init__(self, everybody: Everybody) -> None:
        self.everybody = everybody
        self.rows: list[Row] = []

    def add(
        self,
        work: str,
        quantity: str,
        value: Value,
        keys: dict[str, tuple[str, str]],
        *,
        at_most: float | None = None,
        times: float | None = None,
    ) -> None:
        """Add a row.

        Args:
            work: The row's name.
            quantity: What its figures are.
            value: Takes it out of a measurement.
            keys: For each column (ours, belay, mpremote), which contender and which work of its figures.
            at_most: The target: no more than this.
            times: The target: so many times better than the best of the peers.
        """
        cells = {column: cell for column, key in keys.items() if (cell := self._cell(key, value)) is not None}
        if not cells:
            return  # nobody concerned took part
        numbers = {column: cell for column, cell in cells.items() if not isinstance(cell, str)}
        ours = numbers.get("ours")
        peers = [numbers[name] for name in PEERS if name in numbers]
        ratio = min(peers) / ours if ours and peers and times else None
        targets = [f"≤ {at_most:g}"] if at_most is not None else []
        targets += [f"≥ {times:g} times"] if times else []
        met = None
        if targets and "ours" in cells:
            met = ours is not None and (at_most is None or ours <= at_most)
            if times and peers:
                met = met and ratio is not None and ratio >= times
            elif times:
                met = None if met else met
        self.rows.append(Row(work, quantity, cells, ratio, ", ".join(targets), met))

    def _cell(self, key: tuple[str, str], value: Value) -> float | str | None:
        contender, work = key
        figures = self.everybody.get(contender)
        if figures is None:
            return None
        measured = figures.get(work) or figures.get("end") or Measured(error="not measured")
        return measured.error or value(measured)


def _all(work: str, variant: str = "", mpremote: str | None = None) -> dict[str, tuple[str, str]]:
    """The cells of the same work by everybody."""
    keys = {name: (name + variant, work) for name in ("ours", "belay")}
    if mpremote:
        keys["mpremote"] = ("mpremote" + variant, mpremote)
    return keys


def compare(everybody: Everybody, port_turn: float = 0.0) -> list[Row]:
    """The table, with the targets.

    Args:
        everybody: The figures.
        port_turn: The seconds that the counting port itself takes for a turn; left out of calls and items.
    """

    def milliseconds(measured: Measured) -> float | None:
        if measured.seconds is None:
            return None
        return (measured.seconds - (measured.turns or 0) * port_turn) * 1000

    table = Table(everybody)
    call = _all("call", mpremote="eval")
    table.add("task call f(5) (mpremote: eval)", "turns", _turns, call, at_most=1)
    table.add("", "bytes", _wire, call, at_most=45)
    # Mpremote's call compiles and calls nothing of the user's: it is shown, and is no peer here.
    table.add("", "ms", milliseconds, _all("call"), times=8)
    table.add("board time of f(5), without I/O", "ms", _milliseconds, _all("board time"), times=5)
    table.add(
        "the same; belay without time sync",
        "ms",
        _milliseconds,
        {"ours": ("ours", "board time"), "belay": ("belay, no time sync", "board time")},
    )
    different, mapped = _all("different call"), _all("mapped call")
    table.add("1000 different calls, ours in a batch", "ms a call", milliseconds, different, times=15)
    table.add("1000 calls of one task, ours by map", "ms a call", milliseconds, mapped, times=30)
    items = _all("generator item")
    table.add("generator of 1000 items, lockstep", "turns an item", _turns, items, at_most=1.01)
    table.add("", "ms an item", milliseconds, items, times=5)
    for kind, way, times, most in (
        ("random bytes", "to the host", 10, 1.1),
        ("random bytes", "to the board", 5, 1.1),
        ("bytes 0x03", "to the host", None, 1.4),
        ("bytes 0x03", "to the board", None, 1.4),
    ):
        work = f"{kind} {way}"
        keys = _all(work, mpremote=work)
        table.add(f"64 KiB, {work} (mpremote: a file)", "ms", _milliseconds, keys, times=times)
        table.add("", "bytes on the wire per byte", _per_byte, keys, at_most=most)
    for way in ("to the host", "to the board"):
        work = f"random bytes {way}"
        keys = _all(work, ", 128 KiB", mpremote=work)
        table.add(f"64 KiB {way}, heap of 128 KiB", "ms", _milliseconds, keys)
        table.add("", "bytes on the wire per byte", _per_byte, keys, at_most=1.1)
    connect = {
        "ours": ("ours", "connect"),
        "belay": ("belay, no time sync", "connect"),
        "mpremote": ("mpremote", "connect"),
    }
    table.add("connect (belay without time sync)", "turns", _turns, connect, at_most=8)
    table.add("", "bytes", _wire, connect)
    table.add("", "ms", _milliseconds, connect)
    synced = {"belay": ("belay", "connect")}
    table.add("connect, belay with time sync", "turns", _turns, synced)
    table.add("", "ms", _milliseconds, synced)
    table.add("exec of x=1", "turns", _turns, {"mpremote": ("mpremote", "exec"), "ours": ("ours", "exec")})
    table.add("task call over virtual:, no pty", "ms", _milliseconds, {"ours": ("ours, direct", "call")})
    return table.rows


def port_row(seconds: float) -> Row:
    """What the counting port itself takes for a turn, which is left out above."""
    return Row("a turn of the counting port, left out of calls and items", "ms", {"ours": seconds * 1000})


def room_row(connected: int, agent: int) -> Row:
    """The heap that is gone while a device is connected, and how much of it is the agent's."""
    cell = connected / 1024
    what = f"heap taken while connected (the agent itself: {agent / 1024:.1f})"
    return Row(what, "KiB", {"ours": cell}, target="≤ 8", met=cell <= 8)


# --- how it is shown -----------------------------------------------------------------------------------

TITLES = ("work", "quantity", "belay 0.30.1", "mpremote 1.29.0", "ours", "ratio", "target", "met")
_NUMBERS = {2, 3, 4, 5}


def _text(cell: float | str | None) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        # The type of an exception, or why else: the whole text is in the JSON.
        words = [word.rstrip(":") for word in cell.split() if word.endswith("Error:")]
        return words[-1] if words else cell[:30]
    return page.in_digits(cell)


def _cells(row: Row) -> list[str]:
    met = {None: "", True: "yes", False: "no"}[row.met]
    ratio = "" if row.ratio is None else f"{row.ratio:.1f}"
    values = [_text(row.cells.get(name)) for name in ("belay", "mpremote", "ours")]
    return [row.work, row.quantity, *values, ratio, row.target, met]


def as_text(rows: list[Row]) -> str:
    """The table for a terminal."""
    return page.as_text([TITLES, *map(_cells, rows)], _NUMBERS)


def as_markdown(rows: list[Row]) -> str:
    """The table for a page."""
    return page.as_markdown([TITLES, *map(_cells, rows)], _NUMBERS)


def as_json(rows: list[Row]) -> list[dict[str, object]]:
    """The table for programs: a row's name is repeated where the text leaves it out."""
    listed, work = [], ""
    for row in rows:
        work = row.work or work
        listed.append({**json.loads(json.dumps(row.__dict__)), "work": work})
    return listed
