"""The server in an address: which one it is, and whether it is this machine."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

PORTS = {"https": 443, "http": 80}
"""The usual ones, which need not be written."""


def origin_of(url: str) -> str:
    """The server of an address: scheme, name and, unless it is the usual one, port."""
    parts = urlsplit(url)
    name = (parts.hostname or "").lower()
    name = f"[{name}]" if ":" in name else name
    return f"{parts.scheme}://{name}" + (
        "" if parts.port in {None, PORTS.get(parts.scheme)} else f":{parts.port}"
    )


@lru_cache(maxsize=64)
def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    from ipaddress import ip_address

    if host.lower() in ("localhost", "localhost."):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
