"""The simulated clocks of the benchmark, which is a program in a folder and no package."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

_FILE = Path(__file__).resolve().parents[2] / "benchmarks" / "clock_work.py"
_spec = spec_from_file_location("benchmarks_clock_work", _FILE)
assert _spec is not None
assert _spec.loader is not None
_module = module_from_spec(_spec)
# Its dataclasses look for their module.
sys.modules[_spec.name] = _module
_spec.loader.exec_module(_module)

MICROSECONDS, Link, Simulation, follow = (
    _module.MICROSECONDS,
    _module.Link,
    _module.Simulation,
    _module.follow,
)
