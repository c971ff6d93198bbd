"""Where the cache is."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    r"""Where belay keeps what it can fetch or make again.

    ``BELAY_CACHE_DIR``, else ``%LOCALAPPDATA%\belay``, ``~/Library/Caches/belay`` or ``~/.cache/belay``.
    """
    if folder := os.environ.get("BELAY_CACHE_DIR"):
        return Path(folder).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_cache_dir("belay", appauthor=False, opinion=False))
