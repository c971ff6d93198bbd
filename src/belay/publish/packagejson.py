"""package.json: a package as mip takes it from a git host or a web server.

The format: https://docs.micropython.org/en/latest/reference/packages.html
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from belay.exceptions import PublishError
from belay.packages.manifest import MAX_BYTES
from belay.packages.reading import read_regular
from belay.publish.about import About
from belay.publish.needs import Needs
from belay.publish.pieces import Pieces

NAME = "package.json"
_PLACES = re.compile(r"(?:https?://|(?:github|gitlab):[^/@]+/)[^@?#\s]+")
_PLAIN = re.compile(r"[A-Za-z0-9._~/+-]+")


def package_json(about: About, pieces: Pieces, needs: Needs, root: Path, *, base: str = "") -> bytes:
    """The content of a package.json that lies in a project's folder.

    Files are named relatively, so it is right wherever the folder is copied to, and for every branch and tag.
    MicroPython's mip knows that since 1.25.

    Args:
        about: What the project says of itself.
        pieces: The package's files.
        needs: What it needs.
        root: The project's folder.
        base: Where that folder is for others, as ``github:owner/repository``, to name files absolutely.

    Raises:
        PublishError: ``base`` is no place that mip knows; a file is not in that folder, is hidden, or has a
            name that mip cannot ask a server for.
    """
    if base and not _PLACES.fullmatch(base):
        raise PublishError(
            f"{base!r} is no place that mip knows",
            hint="write it as github:owner/repository, or https://…/folder",
        )
    start = f"{base.rstrip('/')}/" if base else ""
    urls = [
        [destination, start + _relative(destination, piece.place, root)]
        for destination, piece in pieces.items()
    ]
    return _written(urls, [list(each) for each in needs.named], about.version)


def check_replaceable(file: Path) -> None:
    """Refuse to replace a package.json that somebody has written, or another tool: it would look otherwise.

    Raises:
        PublishError: It does.
        OSError: It cannot be read.
    """
    if not file.exists():
        return
    content = read_regular(file, MAX_BYTES)
    try:
        found = json.loads(content)
        again = _written(found["urls"], found.get("deps", []), found["version"])
    except (ValueError, TypeError, KeyError, AttributeError):
        again = b""
    # Whoever has it checked out on Windows may have other line ends.
    if content.replace(b"\r\n", b"\n") != again:
        raise PublishError(
            f"{file} is there already, and is not what this command writes",
            hint="move it away; or replace it with --replace",
        )


def _written(urls: list[list[str]], deps: list[list[str]], version: str) -> bytes:
    parts = [f'  "urls": {_lines(urls)}']
    parts += [f'  "deps": {_lines(deps)}'] if deps else []
    parts.append(f'  "version": {json.dumps(version)}')
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode()


def _relative(destination: str, place: Path | None, root: Path) -> str:
    if place is None or not place.is_relative_to(root):
        raise PublishError(
            f"{destination} is not in the project's folder, and a package.json can name only what is",
            hint="publish an index with --index, which has its own copy",
        )
    path = place.relative_to(root).as_posix()
    if any(part.startswith(".") for part in place.relative_to(root).parts):
        raise PublishError(
            f"{path} is hidden, and belay takes no hidden file of a folder or repository",
            hint='set dependencies_path = "vendor" or the like in [tool.belay]; an index has no such limit',
        )
    if not _PLAIN.fullmatch(path):
        raise PublishError(
            f"{path} has a name that mip cannot ask a web server for",
            hint="rename it: letters, digits and . _ ~ + - will do; an index has no such limit",
        )
    return path


def _lines(rows: list[list[str]]) -> str:
    return "[\n" + ",\n".join(f"    {json.dumps(row, ensure_ascii=False)}" for row in rows) + "\n  ]"
