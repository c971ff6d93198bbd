"""Questions to whoever sits at the terminal."""

from __future__ import annotations

import sys


def agreed(question: str) -> bool:
    """Ask something, on stderr; whether the answer was yes."""
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):
        print(file=sys.stderr)
    return answer.strip().lower() in {"y", "yes"}
