"""Which tags of a repository are newer than the one that a project has asked for."""

from __future__ import annotations

import re

from belay.packages.refs import Refs, is_commit
from belay.packages.version import MAX_LENGTH, Version

_START = re.compile(r"(?<![0-9.])[0-9]")


def newer_tag(refs: Refs, ref: str) -> str:
    """The newest tag, if it is newer than what is asked for; else empty.

    Tags are compared that differ in their version only: ``lib-v1.2`` is newer than ``lib-v1.1``, and nothing
    to ``v1.0``. Pre-releases count only for whoever has asked for one.

    Args:
        refs: The refs of the repository.
        ref: A tag, or the commit of one; of anything else nothing is newer.
    """
    tags = refs.tags()
    asked = [tag for tag, commit in tags.items() if commit == ref.lower()] if is_commit(ref) else [ref]
    known = [split for tag in asked if tag in tags and (split := _split(tag)) is not None]
    if not known:
        return ""
    prefix, current = max(known, key=lambda split: split[1])
    found = [(split[1], tag) for tag in tags if (split := _split(tag)) is not None and split[0] == prefix]
    newer = [
        (version, tag)
        for version, tag in found
        if version > current and (current.is_prerelease or not version.is_prerelease)
    ]
    return max(newer)[1] if newer else ""


def _split(tag: str) -> tuple[str, Version] | None:
    """What stands before a tag's version, without the v, and the version; None if it has none."""
    for match in _START.finditer(tag[:MAX_LENGTH]):
        version = Version(tag[match.start() :])
        if version.standard is not None:
            before = tag[: match.start()]
            return before.removesuffix("v").removesuffix("V"), version
    return None
