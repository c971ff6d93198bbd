"""The git hosts of a project: ``[tool.belay.hosts]``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from belay.exceptions import RequirementError
from belay.packages.hosting import KINDS, KNOWN, Host
from belay.packages.lines import suggest

_FIELDS = ("kind", "url", "raw")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}[a-z0-9]")
_TAKEN = {"mip", "http", "https", "file", "git", "ssh", "path", "index", "ftp", "pypi"}
_KINDS = {host.name: host.kind for host in KNOWN}
_EXAMPLE = '{ kind = "gitlab", url = "https://git.example.com" }'


def read_host(name: str, value: object) -> Host:
    """Understand one entry.

    Args:
        name: Its key, which stands before the colon in ``name:owner/repository``.
        value: The host's address, or a table with ``kind``, ``url`` and ``raw``.

    Raises:
        RequirementError: It is not understood; the text is ``name``, or the field that is wrong.
    """
    if not _NAME.fullmatch(name) or name in _TAKEN:
        raise RequirementError(
            name, "is no name for a host: small letters, digits and hyphens, and no scheme"
        )
    if isinstance(value, str):
        value = {"url": value}
    if not isinstance(value, Mapping):
        raise RequirementError(name, f"must be a text or a table, not {value!r:.50}", hint=f"as {_EXAMPLE}")
    for field in value:
        if field not in _FIELDS:
            raise RequirementError(
                name, f"there is no field {field!r:.50}", hint=suggest(str(field), _FIELDS)
            )
    kind = value.get("kind", _KINDS.get(name))
    if kind is None:
        raise RequirementError(name, "does not say what it is", hint=f"as {_EXAMPLE}")
    if kind not in KINDS:
        raise RequirementError(name, f"{kind!r:.50} is no kind of host", hint=f"there are {', '.join(KINDS)}")
    url = _address(name, value.get("url", ""))
    raw = _address(name, value["raw"]) if "raw" in value else ""
    if raw and kind != "github":
        raise RequirementError(name, f"has raw, which is for github and not for {kind}")
    return Host(name, kind, url, raw)


def _address(name: str, text: object) -> str:
    if not isinstance(text, str):
        raise RequirementError(name, f"{text!r:.50} is no address of a host", hint=f"as {_EXAMPLE}")
    text = text.strip().rstrip("/")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    signs = set(text) & set(' ?#\\"')
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or port == 0
        or signs
        or not text.isprintable()
    ):
        raise RequirementError(name, f"{text!r:.80} is no address of a host", hint=f"as {_EXAMPLE}")
    if parts.username is not None:
        hint = "a token goes into the environment, or a login into .netrc"
        raise RequirementError(name, "has a login in its address", hint=hint)
    return text
