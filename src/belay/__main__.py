"""``python -m belay``: the command line."""

from __future__ import annotations

import sys

from belay.cli import main

sys.exit(main())
