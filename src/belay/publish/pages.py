"""What is in a static index: its pages and its list, as texts; the same content gives the same bytes.

The shape is that of https://micropython.org/pi/v2, see :mod:`belay.packages.index`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from belay.packages.version import Version

SOURCES = "py"
LATEST = "latest"
LISTING = "index.json"


def page(hashes: Iterable[tuple[str, str]], version: str, deps: Iterable[tuple[str, str]]) -> bytes:
    """The page of a package in one version.

    Args:
        hashes: Destination and digits of each file.
        version: The version.
        deps: What it needs.
    """
    found: dict[str, Any] = {"v": 1, "hashes": [list(pair) for pair in hashes]}
    if needs := [list(pair) for pair in deps]:
        found["deps"] = needs
    found["version"] = version
    return _json(found)


def page_place(directory: str, name: str, version: str) -> str:
    """Where a page is in an index."""
    return f"package/{directory}/{name}/{version}.json"


def file_place(digits: str) -> str:
    """Where a file is in an index, by the first digits of its SHA-256."""
    return f"file/{digits[:2]}/{digits}"


def in_order(versions: Iterable[str]) -> list[str]:
    """Versions, oldest first."""
    return [each.text for each in sorted(map(Version, set(versions)))]


def newest(versions: Iterable[str]) -> str:
    """The version that is the latest: a pre-release only if there is nothing else."""
    return max(map(Version, versions), key=lambda each: (not each.is_prerelease, each)).text


def entry(
    name: str,
    version: str,
    told: Mapping[str, object],
    versions: Mapping[str, Iterable[str]],
    pages: Iterable[bytes],
) -> dict[str, object]:
    """What the list says of a package.

    Args:
        name: Its name.
        version: The latest.
        told: ``author``, ``description``, ``license`` and ``path``.
        versions: Its versions by directory.
        pages: All of its pages. The list has their digest, so whoever has the same list has the same pages.
    """
    whole = hashlib.sha256()
    for each in pages:
        whole.update(hashlib.sha256(each).digest())
    return {
        "name": name,
        "version": version,
        **{key: told.get(key, "") for key in ("author", "description", "license")},
        "versions": {place: in_order(found) for place, found in sorted(versions.items())},
        "path": told.get("path", name),
        "digest": whole.hexdigest()[:16],
    }


def listing(packages: Mapping[str, Mapping[str, object]], updated: int | None) -> bytes:
    """The list of an index, with a line for each package, so that changes can be merged.

    Args:
        packages: What it says of each, by name.
        updated: When it was made, in seconds since 1970; None to leave that out.
    """
    when = "" if updated is None else f'"updated":{updated},'
    lines = ",\n".join(_text(packages[name]) for name in sorted(packages))
    return f'{{"v":2,{when}"packages":[\n{lines}\n]}}\n'.encode()


def _json(found: Mapping[str, object]) -> bytes:
    return f"{_text(found)}\n".encode()


def _text(found: Mapping[str, object]) -> str:
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))
