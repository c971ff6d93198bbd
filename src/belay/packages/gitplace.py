"""Places in git repositories: as users write them, and as the lock and the store name them.

Users write ``git+https://host/owner/repository.git@ref#subdirectory=path``, the form of pip
(https://pip.pypa.io/en/stable/topics/vcs-support/), or a table with ``git``, one of ``branch``, ``tag`` and
``rev``, and ``subdirectory``. What comes from there has an address: ``git+URL@REF`` is the commit that a ref
is, ``git+URL@COMMIT#path`` a file, ``git+URL@COMMIT#path/`` the list of the files of a folder, and
``git+URL`` the list of the refs.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from belay.exceptions import RequirementError
from belay.packages.model import FromGit

PREFIX = "git+"
SCHEMES = ("https", "http", "ssh", "file")
FIELDS = ("git", "branch", "tag", "rev", "subdirectory")
"""What stands in a dependency's table for a place in a repository."""

_FORM = "write git+https://host/owner/repository.git, if need be with @ref and #subdirectory=path"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_HOST = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_BAD_PATH = re.compile(r"[\s\\?#\"<>^`{|}]|(?:^|/)\.\.?(?:/|$)")
# https://git-scm.com/docs/git-check-ref-format, and nothing that a program could take for an option.
_BAD_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|$)|^[-/.]|[/.]$|^@$")
_MOST = 300
"""Characters of a ref."""
_SAFE = "/!$&'()*+,;:~"
"""What may stand in a ref or a path of an address beside letters, digits and ``_.-``."""


def parse_git(text: str) -> FromGit:
    """Read ``git+https://host/owner/repository.git[@ref][#subdirectory=path]``.

    Raises:
        RequirementError: It is not of this form.
    """
    url, ref, fragment = _split(text)
    name, _, path = fragment.partition("=")
    if fragment and (name != "subdirectory" or not path):
        raise RequirementError(text, "has something else than subdirectory=path behind #", hint=_FORM)
    return FromGit(url, check_path(text, unquote(path).strip("/")), ref)


def from_table(key: str, table: Mapping[str, object]) -> FromGit:
    """Read a dependency's table, as ``{git = "https://host/owner/repository.git", tag = "v1"}``.

    Args:
        key: The name of the dependency.
        table: The table; a ``uri`` that begins with ``git+`` is as good as ``git``.

    Raises:
        RequirementError: It is not understood.
    """
    texts = {}
    for name in ("uri", *FIELDS):
        value = table.get(name, "")
        if not isinstance(value, str) or (name in table and not value.strip()):
            raise RequirementError(key, f"{name} must be a text, not {value!r}")
        texts[name] = value.strip()
    if texts["uri"] and texts["git"]:
        raise RequirementError(key, "has a uri and a git, which are two places")
    text = texts["git"] or texts["uri"]
    source = parse_git(text if text.lower().startswith(PREFIX) else f"{PREFIX}{text}")
    refs = [name for name in ("branch", "tag", "rev") if texts[name]]
    if len(refs) > 1 or (refs and source.ref):
        said = [*(["@ in the address"] if source.ref else []), *refs]
        raise RequirementError(key, f"has {' and '.join(said)}; one of them says what is wanted")
    if texts["subdirectory"] and source.path:
        raise RequirementError(key, "has a subdirectory, and another one in the address")
    ref = source.ref
    for name in refs:
        before = {"branch": "refs/heads/", "tag": "refs/tags/", "rev": ""}[name]
        ref = check_ref(key, before + texts[name].removeprefix(before))
    path = check_path(key, texts["subdirectory"].strip("/")) or source.path
    return FromGit(source.url, path, ref)


def canonical(source: FromGit) -> str:
    """The string form of a place."""
    ref = f"@{quote(source.ref, safe=_SAFE)}" if source.ref else ""
    path = f"#subdirectory={quote(source.path, safe=_SAFE)}" if source.path else ""
    return f"{PREFIX}{source.url}{ref}{path}"


@dataclass(frozen=True)
class Address:
    """What is at an address.

    Attributes:
        url: The repository, as git takes it.
        ref: A branch, tag or commit; ``"HEAD"`` for the default branch; empty: it is the list of the refs.
        path: Of a file, or of a folder, which ends with a slash; None: it is the commit itself.
    """

    url: str
    ref: str = ""
    path: str | None = None

    def __str__(self) -> str:
        place = f"{PREFIX}{self.url}" + (f"@{quote(self.ref, safe=_SAFE)}" if self.ref else "")
        return place if self.path is None else f"{place}#{quote(self.path, safe=_SAFE)}"

    @property
    def is_settled(self) -> bool:
        """Whether what is there never changes."""
        return is_commit(self.ref)


def is_git(address: str) -> bool:
    """Whether an address is one of a git repository's."""
    return address.startswith(PREFIX)


def is_commit(text: str) -> bool:
    """Whether a text is the full name of a commit."""
    return bool(_COMMIT.fullmatch(text))


def is_settled(address: str) -> bool:
    """Whether what is at an address never changes, since a commit is named."""
    return is_git(address) and is_commit(address.partition("#")[0].rpartition("@")[2])


def parse_address(text: str) -> Address:
    """Read an address.

    Raises:
        RequirementError: It is none.
    """
    url, ref, fragment = _split(text)
    if not fragment:
        return Address(url, ref)
    if not is_commit(ref):
        raise RequirementError(text, "names no commit that a path could be in")
    path = unquote(fragment)
    return Address(url, ref, check_path(text, path.strip("/")) + ("/" if path.endswith("/") else ""))


def ref_address(source: FromGit) -> str:
    """The address of the commit that a place's ref is."""
    return str(Address(source.url, source.ref or "HEAD"))


def beside(address: str, relative: str) -> str:
    """The address of what a file of a repository names relative to itself.

    Raises:
        RequirementError: It leads out of the repository.
    """
    here = parse_address(address)
    path = posixpath.normpath(posixpath.join(posixpath.dirname(here.path or ""), relative))
    if path == "." or path.startswith(("../", "/")) or path == "..":
        raise RequirementError(relative, "leads out of the repository")
    return str(Address(here.url, here.ref, check_path(relative, path)))


def check_ref(text: str, ref: str) -> str:
    """Refuse what is no name of a branch, a tag or a commit.

    Args:
        text: What was written, for the message.
        ref: The name.

    Returns:
        The name; that of a commit in small letters.

    Raises:
        RequirementError: The reason.
    """
    if _BAD_REF.search(ref) or len(ref) > _MOST or not ref.isprintable():
        raise RequirementError(text, f"{ref!r:.80} is no name of a branch, tag or commit")
    return ref.lower() if is_commit(ref.lower()) else ref


def check_path(text: str, path: str) -> str:
    """Refuse what is no path in a repository; the empty one is its root.

    Args:
        text: What was written, for the message.
        path: The path.

    Raises:
        RequirementError: The reason.
    """
    if path and any(part in {"", ".", ".."} for part in path.split("/")):
        raise RequirementError(text, f"{path!r:.80} has a part that is empty, . or ..")
    if not path.isprintable() or "\\" in path:
        raise RequirementError(text, f"{path!r:.80} is no path in a repository")
    return path


def _split(text: str) -> tuple[str, str, str]:
    """The repository's URL, the ref, and what is behind the ``#`` (still quoted)."""
    place, _, fragment = text.partition("#")
    try:
        parts = urlsplit(place[len(PREFIX) :])
        _ = parts.port  # reading it checks it
    except ValueError as error:
        raise RequirementError(text, f"is no address: {error}") from error
    scheme = parts.scheme.lower()
    if scheme not in SCHEMES or place[: len(PREFIX)].lower() != PREFIX:
        known = ", ".join(f"{PREFIX}{scheme}://" for scheme in SCHEMES if scheme != "http")
        raise RequirementError(text, "is no address of a repository", hint=f"there are {known}")
    path, at, ref = parts.path.rpartition("@") if "@" in parts.path else (parts.path, "", "")
    path = path.rstrip("/")
    if parts.query or _BAD_PATH.search(path) or not path.strip("/") or not path.isprintable():
        raise RequirementError(text, "names no repository", hint=_FORM)
    if at:
        ref = check_ref(text, unquote(ref)) if ref else ""
        if not ref:
            raise RequirementError(text, "names no branch, tag or commit after @")
    return f"{scheme}://{_server(text, scheme, parts.netloc)}{path}", ref, fragment


def _server(text: str, scheme: str, place: str) -> str:
    if scheme == "file":
        if place not in {"", "localhost"}:
            raise RequirementError(text, "is a repository of another machine", hint="write git+file:///path")
        return ""
    login, at, host = place.rpartition("@")
    if not _HOST.fullmatch(host):
        raise RequirementError(text, "names no server", hint=_FORM)
    if not at:
        return host.lower()
    if scheme != "ssh" or ":" in login:
        reason = "has a login in it, which all could read in the lockfile"
        raise RequirementError(text, reason, hint="git knows logins itself: git help credentials")
    if not _USER.fullmatch(login):
        raise RequirementError(text, "has a user's name that is none")
    return f"{login}@{host.lower()}"
