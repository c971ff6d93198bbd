"""Who belay is to a server: tokens of the environment, and logins of the user's .netrc.

A token is sent to its own server only: the same scheme, name and port, over TLS or within this machine. Which
server that is follows from the token's own name and never from what a project says, for a project may be
anybody's: one that names ``https://mirror.example`` for GitHub gets no token of GitHub.
"""

from __future__ import annotations

import base64
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from belay.packages.hosting import KNOWN, Host, kinds_by_origin
from belay.packages.origin import PORTS, is_loopback, origin_of

PREFIX = "BELAY_TOKEN_"
_OF_HOSTS = {
    "https://github.com": ("GITHUB_TOKEN", "GH_TOKEN"),
    "https://raw.githubusercontent.com": ("GITHUB_TOKEN", "GH_TOKEN"),
    "https://gitlab.com": ("GITLAB_TOKEN",),
    "https://codeberg.org": ("CODEBERG_TOKEN",),
}
_TOKEN = re.compile(r"[!-~]+")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")


def _quiet(sentence: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Login:
    """What proves who somebody is; its text does not show the secret.

    Attributes:
        secret: A token or password.
        user: The user, or empty for a token.
        where: Where it stands, for messages.
    """

    secret: str = field(repr=False)
    user: str = field(repr=False)
    where: str


class Logins:
    """Finds the login for an address.

    Args:
        hosts: The git hosts, for how each kind of them wants to be told.
        environment: Where tokens stand; None for that of this process.
        warn: Called with a sentence about one that cannot be used; it never has a secret in it.
    """

    def __init__(
        self,
        hosts: Iterable[Host] = KNOWN,
        *,
        environment: Mapping[str, str] | None = None,
        warn: Callable[[str], None] = _quiet,
    ) -> None:
        self._kinds = kinds_by_origin(hosts)
        self._environment = os.environ if environment is None else environment
        self._warn = warn
        self._warned: set[str] = set()
        self._netrc: Mapping[str, Login] | None = None

    def headers(self, url: str) -> dict[str, str]:
        """What is sent along to an address; nothing if there is no login for it."""
        parts = urlsplit(url)
        login = self._find(url)
        if login is None:
            return {}
        kind = self._kinds.get(origin_of(url), "")
        if parts.path.endswith("/info/refs"):
            # Git itself knows names and passwords only; with a token any name will do.
            return _basic(login.user or ("x-access-token" if kind == "github" else "oauth2"), login.secret)
        if kind == "gitlab":
            # https://docs.gitlab.com/api/rest/authentication
            return {"PRIVATE-TOKEN": login.secret}
        if login.user:
            return _basic(login.user, login.secret)
        # https://docs.gitea.com/development/api-usage
        word = "token" if kind in {"gitea", "forgejo"} else "Bearer"
        return {"Authorization": f"{word} {login.secret}"}

    def where(self, url: str) -> str:
        """Where the login for an address stands, or empty if there is none."""
        login = self._find(url)
        return "" if login is None else login.where

    def _find(self, url: str) -> Login | None:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
            return None
        names = [name] if (name := variable_for(url)) else []
        for name in (*names, *_OF_HOSTS.get(origin_of(url), ())):
            secret = self._environment.get(name, "").strip()
            if _TOKEN.fullmatch(secret):
                return Login(secret, "", name)
            if secret:
                self._say(f"{name} is no token, and is not used: it has blanks or other such signs in it")
        if self._netrc is None:
            self._netrc = self._read_netrc()
        return self._netrc.get(host)

    def _read_netrc(self) -> Mapping[str, Login]:
        """The logins of the user's .netrc, without its default, which is for nobody in particular."""
        from netrc import NetrcParseError, netrc

        try:
            file = _netrc_file(self._environment)
        except RuntimeError:
            return {}  # there is no home
        try:
            found = netrc(file).hosts
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (NetrcParseError, OSError, UnicodeDecodeError) as error:
            # What the parser says may have a password in it.
            line = f", line {error.lineno}" if isinstance(error, NetrcParseError) and error.lineno else ""
            reason = error.strerror if isinstance(error, OSError) else f"is not understood{line}"
            self._say(f"{file} is not used: {reason}")
            return {}
        return {
            host.lower(): Login(password, user, str(file))
            for host, (user, _, password) in found.items()
            if host != "default" and password and f"{user}{password}".isprintable()
        }

    def _say(self, sentence: str) -> None:
        if sentence not in self._warned:
            self._warned.add(sentence)
            self._warn(sentence)


def variable_for(url: str) -> str:
    """The environment variable with the token for a server, or empty if there is none for it.

    ``BELAY_TOKEN_`` and the server's name in upper case, with ``_`` for a dot and ``__`` for a hyphen, so
    that no two servers have the same; behind it ``_`` and the port, unless that is the usual one.
    """
    parts = urlsplit(url)
    host, port = (parts.hostname or "").lower(), parts.port
    if not _NAME.fullmatch(host):
        return ""
    name = host.replace("-", "__").replace(".", "_").upper()
    return f"{PREFIX}{name}" + ("" if port in {None, PORTS.get(parts.scheme)} else f"_{port}")


def _netrc_file(environment: Mapping[str, str]) -> Path:
    if named := environment.get("NETRC"):
        return Path(named)
    return Path.home() / ("_netrc" if sys.platform == "win32" else ".netrc")


def _basic(user: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()}
