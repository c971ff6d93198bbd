"""What a turn costs on a port that sends back what it gets: prints the fastest round's seconds."""

from __future__ import annotations

import os
import sys
import time

ROUND = 100
DATA = b"x" * 17
"""As much as a small call sends, or its answer."""


def main(path: str, turns: int) -> None:
    port = os.open(path, os.O_RDWR | os.O_NOCTTY)
    rounds = []
    for _ in range(turns // ROUND):
        start = time.perf_counter()
        for _ in range(ROUND):
            os.write(port, DATA)
            missing = len(DATA)
            while missing:
                missing -= len(os.read(port, missing))
        rounds.append((time.perf_counter() - start) / ROUND)
    print(min(rounds))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
