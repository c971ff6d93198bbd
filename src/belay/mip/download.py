"""Files of packages, into a folder of this computer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from belay.packages.writing import replace_file


def write_files(folder: Path, contents: Mapping[str, bytes], *, dry_run: bool = False) -> list[str]:
    """Make files hold what they shall; each has its old or its new content, whole, at any moment.

    Args:
        folder: Where; it is made if it is missing.
        contents: By path in it. The paths were checked when their package was read: none leads out.
        dry_run: Whether to find out only which would be written.

    Returns:
        The files that were not there, or held something else.

    Raises:
        OSError: One cannot be written.
    """
    written = []
    for path, content in sorted(contents.items()):
        place = folder / path
        if place.is_file() and place.read_bytes() == content:
            continue
        written.append(path)
        if not dry_run:
            place.parent.mkdir(parents=True, exist_ok=True)
            replace_file(place, content)
    return written
