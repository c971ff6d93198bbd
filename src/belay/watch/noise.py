"""What changes below a folder though nobody has saved anything."""

from __future__ import annotations

import re
from pathlib import PurePath

_FOLDERS = frozenset(
    {
        *(".git", ".hg", ".svn", ".belay", ".idea", ".vscode"),
        *("__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis"),
        *(".venv", "venv", ".tox", ".nox", "node_modules"),
    }
)

_NAMES = re.compile(
    r"""
      .*\.py[cod]                  # compiled by this computer's Python
    | .*~ | \#.*\# | \.\#.*        # Emacs, and backups of many others
    | \..*\.sw[a-px]x? | 4913       # Vim, which tries with 4913 whether it may write
    | .*\.kate-swp | \.goutputstream-.* | .*___jb_.*___
    | .*\.(?:bak|orig|tmp)
    | \.DS_Store
    """,
    re.VERBOSE | re.DOTALL,
)


def is_noise(path: PurePath) -> bool:
    """Whether a path is of no interest: of version control, a cache, or an editor's own.

    Args:
        path: Relative to the folder that is watched.
    """
    return not _FOLDERS.isdisjoint(path.parts) or _NAMES.fullmatch(path.name) is not None
