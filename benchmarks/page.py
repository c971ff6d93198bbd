"""What the programs share that bring figures in docs up to date."""

from __future__ import annotations

import datetime
import os
import platform
from collections.abc import Collection, Sequence
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"
IMAGES = DOCS / "images"


def about() -> dict[str, str]:
    """When and on what this was measured."""
    system = f"{platform.system()} {platform.machine()}"
    machine = f"{os.cpu_count()} cores, {system}, Python {platform.python_version()}"
    return {"date": datetime.datetime.now(datetime.UTC).date().isoformat(), "machine": machine}


def write_page(text: str, mark: str = "figures", name: str = "performance.md") -> None:
    """Put a table into a page of docs, between the marks of a name."""
    page = DOCS / name
    before, begin, rest = page.read_text(encoding="utf-8").partition(f"<!-- {mark} -->\n")
    _, end, after = rest.partition(f"<!-- end of {mark} -->\n")
    if not end:
        raise SystemExit(f"{page} has no place for {mark}")
    page.write_text(f"{before}{begin}\n{text}\n\n{end}{after}", encoding="utf-8")


def as_text(lines: Sequence[Sequence[str]], numbers: Collection[int]) -> str:
    """A table for a terminal.

    Args:
        lines: Its cells; the first line is the titles.
        numbers: The columns that are aligned on the right.
    """
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            text.rjust(width) if column in numbers else text.ljust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def as_markdown(lines: Sequence[Sequence[str]], numbers: Collection[int]) -> str:
    """The same for a page."""
    rule = "|".join("--:" if column in numbers else "---" for column in range(len(lines[0])))
    titles, *rest = (f"| {' | '.join(line)} |" for line in lines)
    return "\n".join([titles, f"|{rule}|", *rest])


def in_digits(number: float) -> str:
    """A number with three digits, or all of a whole one."""
    return f"{number:.0f}" if number == round(number) or number >= 100 else f"{number:.3g}"
