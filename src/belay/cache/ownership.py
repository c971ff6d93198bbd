"""Folders that are this user's alone: what others of the same computer can write to is not to be believed.

What is kept of addresses is believed when it is read again, and git does what the configuration of a
repository says. So a cache that somebody else has made, in a place that all can write to, is not used.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

_ROOT = 0


def make_private(folder: Path) -> None:
    """Make a folder, and those that it is in, for this user alone; what is there stays as it is.

    Raises:
        OSError: It cannot be made.
    """
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    for place in reversed(missing):
        place.mkdir(mode=0o700, exist_ok=True)


def why_not_ours(*folders: Path) -> str:
    """Why not to believe what is in folders that are in each other; empty if nobody else can write there.

    A folder that is not there is nobody else's. Members of a group that may write are trusted, as a cache may
    be shared on purpose; Windows keeps users apart by itself.

    Args:
        folders: Each of them.
    """
    if os.name == "nt":
        return ""
    for folder in folders:
        try:
            found = folder.stat()
        except OSError:
            continue
        if found.st_uid not in {os.geteuid(), _ROOT}:
            return f"{folder} belongs to another user"
        # In a folder like the system's for temporary files, nobody can take away what is another's.
        if found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX:
            return f"everybody can write to {folder}"
    return ""
