"""Columns of text."""

from __future__ import annotations

from collections.abc import Sequence

from belay.cli.text import escaped


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], *, right: bool = False) -> str:
    """Write rows below their titles, in columns.

    Args:
        titles: One for each column.
        rows: As many texts in each as there are titles.
        right: Whether the columns end alike, as numbers want it.
    """
    every = [titles, *([escaped(text) for text in row] for row in rows)]
    widths = [max(len(row[column]) for row in every) for column in range(len(titles))]
    sign = ">" if right else "<"
    lines = [
        "  ".join(f"{text:{sign}{width}}" for text, width in zip(row, widths, strict=True)) for row in every
    ]
    return "\n".join(line.rstrip() for line in lines)


def pairs(rows: Sequence[tuple[str, str]]) -> str:
    """Write names and values, the values in a column."""
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}".rstrip() for name, value in rows)
