"""A contender that syncs a folder: run by `files.py` with each contender's own Python, see `contender.py`.

It takes no times: that of a work is from its first byte on the wire to its last, as for mpremote.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import belay

BULK = 65536


def tell(**facts: Any) -> None:
    print(json.dumps(facts), file=OUT, flush=True)
    if not sys.stdin.readline():
        sys.exit("nobody listens any more")


def measure(work: str, do: Callable[[], object]) -> None:
    """Do it once: what is synced is not there the second time."""
    tell(begin=work)
    error = None
    try:
        do()
    except Exception as problem:  # noqa: BLE001 - that a contender cannot do it is a result
        error = f"{type(problem).__name__}: {str(problem).strip().splitlines()[-1:]}"
    tell(end=work, units=1, seconds=None, error=error)


def sync(device: Any, folder: Path) -> None:
    device.sync(folder, minify=False)


def main() -> None:
    device: Any = None

    def connect(*, again: bool = False) -> None:
        nonlocal device
        if again:
            device.close()
        device = belay.Device(given.address)

    measure("connect", connect)
    folder = Path(given.folder)
    measure("first sync", lambda: sync(device, folder))
    # As a user does it: another program, another day.
    measure("connect again", lambda: connect(again=True))
    measure("unchanged", lambda: sync(device, folder))
    connect(again=True)
    changed = sorted(folder.rglob("*.py"))[7]
    whole = changed.read_bytes()
    changed.write_bytes(whole[:-2] + b"!\n")
    measure("one changed", lambda: sync(device, folder))
    changed.write_bytes(whole)
    if hasattr(device, "filesystem"):
        data = os.urandom(BULK)
        connect(again=True)
        measure("64 KiB to the board", lambda: device.filesystem.write("/bulk", data))
        connect(again=True)
        back: list[bytes] = []
        measure("64 KiB to the host", lambda: back.append(device.filesystem.read("/bulk")))
        assert back == [data]
    device.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("part")
    parser.add_argument("folder")
    parser.add_argument("--options", default="{}")
    # What boards and libraries print must not stand between our lines.
    OUT, sys.stdout = sys.stdout, sys.stderr
    given = parser.parse_args()
    main()
