"""Says what of the public interface has no type that every type checker sees alike.

That is by ``pyright --verifytypes``. The public interface is what docs/api.md documents, and what that refers
to. ``python3 dev.py check`` runs this.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def documented(page: str) -> set[str]:
    """The names of what a page documents, as they are defined."""
    names = set()
    for kind, name in re.findall(r"^\.\. auto(\w+):: ([\w.]+)$", page, re.MULTILINE):
        if kind == "module":
            names.add(name)
            continue
        module, _, inner = name.rpartition(".")
        thing = getattr(importlib.import_module(module), inner)
        names.add(f"{thing.__module__}.{thing.__qualname__}")
    return names


def verified() -> dict[str, Any]:
    """What pyright says of all that can be imported."""
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--verifytypes", "belay", "--ignoreexternal", "--outputjson"],
        # Where belay is installed as a link to its sources, pyright finds them so.
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if not done.stdout.startswith("{"):
        sys.exit(done.stdout + done.stderr)
    report: dict[str, Any] = json.loads(done.stdout)["typeCompleteness"]
    return report


def incomplete(symbols: Iterable[dict[str, Any]], public: set[str]) -> list[str]:
    """The public symbols without a type, with the reasons; a base that is not belay's is none."""
    found = []
    for symbol in symbols:
        name = symbol["name"]
        if symbol["isTypeKnown"] or not any(name == each or name.startswith(f"{each}.") for each in public):
            continue
        reasons = [" ".join(diagnostic["message"].split()) for diagnostic in symbol["diagnostics"]]
        if reasons != ["Type of metaclass unknown", "Type of base class unknown"]:
            found.append(f"{name}: {'; '.join(reasons) or 'something in it'}")
    return found


def main() -> int:
    """Print what is missing; 1 if anything is."""
    public = documented((ROOT / "docs" / "api.md").read_text(encoding="utf-8"))
    symbols = verified()["symbols"]
    known = [symbol for symbol in symbols if any(symbol["name"].startswith(each) for each in public)]
    missing = incomplete(symbols, public)
    lines = [*missing, f"{len(known)} public names, {len(missing)} of them without a type"]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 1 if missing or not known else 0


if __name__ == "__main__":
    sys.exit(main())
