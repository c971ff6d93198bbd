"""What users write about where packages come from, read as requirements.

The forms stand in a project's ``[tool.belay.dependencies]`` (:func:`parse_requirement`), on the command line
of ``belay add`` (:func:`parse_additions`), and in a manifest's ``deps`` (:func:`parse_source`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from keyword import iskeyword
from urllib.parse import unquote, urlsplit

from belay.exceptions import RequirementError
from belay.packages import gitplace, hosts
from belay.packages.hosting import Host
from belay.packages.model import (
    MAIN_GROUP,
    FromGit,
    FromHost,
    FromIndex,
    FromPath,
    FromUrl,
    Requirement,
    Source,
)
from belay.packages.version import parse_wanted

NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?")
"""Names of packages, of keys and of groups."""

MAX_NAME = 64

_FIELDS = ("uri", "version", "index", *gitplace.FIELDS, "develop", "rename_to_init")
_GIT = "write git+ssh://git@host/owner/repository.git, or git+https://host/owner/repository.git"
_SIGNS = "<>=!~^*"
_DRIVE = re.compile(r"[A-Za-z]:[/\\]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
_INDEXED = re.compile(rf"({NAME.pattern})\s*(?:@\s*(?P<at>[^@]*)|(?P<range>[<>=!~^].*))?")
_JOKER = re.compile(r"v?([0-9]+(?:\.[0-9]+)*)\.[xX]")
_VERSION = re.compile(r"v?[0-9]+(?:[.!][0-9*].*)?|v?[0-9]+(?:a|b|rc|[.-]?post|[.-]?dev)[0-9]+")


def parse_requirement(
    key: str, value: object, *, group: str = MAIN_GROUP, where: str = "", own: Collection[Host] = ()
) -> Requirement:
    """Read a line of a project's dependencies.

    Args:
        key: The name of the dependency.
        value: A text, a table with ``uri``, ``version``, ``index``, ``develop`` and ``rename_to_init`` or
            with ``git``, ``branch``, ``tag``, ``rev`` and ``subdirectory``, or a list of these.
        group: The dependency group.
        where: Where it stands, for messages.
        own: Git hosts of the project beside the known ones.

    Raises:
        RequirementError: It is not understood.
    """
    check_key(key)
    if isinstance(value, list):
        return _many(Requirement(key, (), group, where=where), value, own)
    return _one(Requirement(key, (), group, where=where), value, own)


def parse_source(text: str, key: str = "", own: Collection[Host] = ()) -> Source:
    """Read where a package comes from.

    Args:
        text: ``*``, a version, ranges, ``name``, ``name@1.0``, ``name>=1``, ``mip:name``, ``github:…``, an
            address or a path.
        key: The name of the package for forms that have none; without one they are refused.
        own: Git hosts of the project beside the known ones.

    Raises:
        RequirementError: It is not understood.
    """
    original, text = text, text.strip()
    if not text or not text.isprintable():
        raise RequirementError(original, "is empty" if not text else "has characters that are not printable")
    scheme = _SCHEME.match(text)
    if scheme:
        return _with_scheme(text, scheme[1].lower(), own)
    if _looks_like_path(text):
        return _path(text)
    if joker := _JOKER.fullmatch(text):
        raise RequirementError(text, "is no version", hint=f"write =={joker[1]}.*")
    if _looks_like_version(text):
        if not key:
            raise RequirementError(text, "is a version, of no package")
        return FromIndex(key, parse_wanted(text).text)
    return _from_index(text)


def check_key(key: str) -> None:
    """Refuse what is no name of a package or a dependency.

    Raises:
        RequirementError: The reason.
    """
    if not NAME.fullmatch(key):
        raise RequirementError(key, "is no name: letters, digits, and . _ - between them")
    if len(key) > MAX_NAME:
        raise RequirementError(key, f"is longer than {MAX_NAME} characters")


@dataclass(frozen=True)
class Addition:
    """What ``belay add`` is to write.

    Attributes:
        key: The name of the dependency.
        source: Where it comes from.
        text: That, as it is to be written.
    """

    key: str
    source: Source
    text: str

    def value(self, *, develop: bool = False, rename_to_init: bool = True) -> str | dict[str, object]:
        """The value for ``[tool.belay.dependencies]``."""
        if not develop and rename_to_init:
            return self.text
        options = {"develop": True} if develop else {}
        return {"uri": self.text, **options, **({} if rename_to_init else {"rename_to_init": False})}


def parse_additions(words: Sequence[str], own: Collection[Host] = ()) -> list[Addition]:
    """Read the words behind ``belay add``: packages, or one with its name before it.

    Two words are a name and where it comes from, if the first is a plain name and the second is not.

    Raises:
        RequirementError: They are not understood.
    """
    if len(words) == 2 and _is_name(words[0]) and not _is_package_itself(words[1].strip()):
        check_key(words[0])
        source = parse_source(words[1], words[0], own)
        return [Addition(words[0], source, _written(source, words[1], words[0]))]
    additions = [_addition(word, own) for word in words]
    keys = [addition.key for addition in additions]
    for word, key in zip(words, keys, strict=True):
        if keys.count(key) > 1:
            raise RequirementError(word, f"is not the only one to be named {key}", hint="belay add NAME URI")
    return additions


def infer_key(source: Source) -> str:
    """The name for a dependency that the user gave none.

    Raises:
        RequirementError: There is none to be seen.
    """
    if isinstance(source, FromIndex):
        return source.name
    place, last = _last_part(source)
    key = re.sub(r"\W", "_", last, flags=re.ASCII)
    if not key.isidentifier() or iskeyword(key):
        raise RequirementError(place, "tells no name that could be imported", hint="belay add NAME URI")
    check_key(key)
    return key


def canonical(source: Source) -> str:
    """One text for a source, the same however it was written."""
    if isinstance(source, FromIndex):
        version = parse_wanted(source.wanted)
        at = "@" if version.text[0] not in _SIGNS else ""
        wanted = "" if version.is_latest else f"{at}{version.text}"
        return f"mip:{source.name}{wanted}" + (f" from {source.index}" if source.index else "")
    if isinstance(source, FromUrl):
        return source.url
    if isinstance(source, FromPath):
        return source.path
    if isinstance(source, FromGit):
        return gitplace.canonical(source)
    return hosts.canonical(source)


def _is_name(word: str) -> bool:
    return bool(NAME.fullmatch(word)) and not _looks_like_version(word)


def _is_package_itself(word: str) -> bool:
    """Whether a word is a package of an index, with or without versions, written the usual way."""
    return bool(_INDEXED.fullmatch(word)) and not _looks_like_version(word) and not _looks_like_path(word)


def _addition(word: str, own: Collection[Host]) -> Addition:
    source = parse_source(word, own=own)
    key = infer_key(source)
    return Addition(key, source, _written(source, word, key))


def _written(source: Source, word: str, key: str) -> str:
    if not isinstance(source, FromIndex):
        return word.strip()
    if source.name == key:
        return source.wanted
    return canonical(source).removeprefix("mip:")


def _last_part(source: FromUrl | FromPath | FromHost | FromGit) -> tuple[str, str]:
    if isinstance(source, FromHost):
        place = hosts.canonical(source)
        parts = [source.repository, *source.path.split("/")]
    elif isinstance(source, FromGit):
        place = gitplace.canonical(source)
        repository = unquote(urlsplit(source.url).path).removesuffix(".git")
        parts = f"{repository}/{source.path}".split("/")
    elif isinstance(source, FromUrl):
        place = source.url
        parts = unquote(urlsplit(place).path).split("/")
    else:
        place = source.path
        parts = place.split("/")
    parts = [part for part in parts if part]
    while parts and parts[-1] in {"package.json", "__init__.py", "__init__.mpy"}:
        parts.pop()
    last = parts[-1] if parts and parts[-1] not in {".", ".."} else ""
    for suffix in (".py", ".mpy", ".json"):
        last = last.removesuffix(suffix)
    return place, last


def _many(requirement: Requirement, values: list[object], own: Collection[Host]) -> Requirement:
    if not values:
        raise RequirementError(requirement.key, "an empty list is no place to come from")
    if any(isinstance(value, list) for value in values):
        raise RequirementError(requirement.key, "a list in a list is not supported")
    parts = [_one(requirement, value, own) for value in values]
    if len({(part.develop, part.rename_to_init) for part in parts}) > 1:
        raise RequirementError(
            requirement.key, "develop and rename_to_init must be the same for all of a list's entries"
        )
    return replace(parts[0], sources=tuple(source for part in parts for source in part.sources))


def _one(requirement: Requirement, value: object, own: Collection[Host]) -> Requirement:
    if isinstance(value, str):
        return replace(requirement, sources=(parse_source(value, requirement.key, own),))
    if isinstance(value, Mapping):
        return _table(requirement, value, own)
    kind = (
        "a number in quotes" if isinstance(value, int | float) and not isinstance(value, bool) else "a text"
    )
    raise RequirementError(
        requirement.key, f"{json.dumps(value, default=str)} is no place to come from; write {kind}"
    )


def _table(requirement: Requirement, table: Mapping[str, object], own: Collection[Host]) -> Requirement:
    key = requirement.key
    for name in table:
        if name not in _FIELDS:
            raise RequirementError(key, f"there is no field {name!r}", hint=_field_hint(key, str(name)))
    uri, version, index = (_text(key, table, name) for name in ("uri", "version", "index"))
    develop = _flag(key, table, "develop", default=False)
    git = next((name for name in gitplace.FIELDS if name in table), "")
    if not (uri or version or index or git):
        raise RequirementError(key, "has neither a uri nor a version")
    source: Source
    if "git" in table or (git and uri.lower().startswith(gitplace.PREFIX)):
        source = gitplace.from_table(key, table)
    elif git:
        raise RequirementError(key, f"{git} is for git's addresses", hint='write git = "https://…"')
    else:
        source = parse_source(uri, key, own) if uri else FromIndex(key, parse_wanted(version).text)
    if isinstance(source, FromIndex):
        source = _versioned(key, source, version if uri else "", index)
    elif version or index:
        raise RequirementError(
            key, "version and index are for packages of an index", hint=f"{canonical(source)} is none"
        )
    if develop and not isinstance(source, FromPath):
        raise RequirementError(key, "develop is for files and folders of this machine")
    rename = _flag(key, table, "rename_to_init", default=True)
    return replace(requirement, sources=(source,), develop=develop, rename_to_init=rename)


def _field_hint(key: str, name: str) -> str | None:
    from difflib import get_close_matches

    near = get_close_matches(name, _FIELDS, 1)
    if near:
        return f"did you mean {near[0]!r}?"
    if not name.isprintable():
        return None
    # Without quotes, TOML takes umqtt.simple = "*" for a table umqtt with a key simple.
    return f'there are {", ".join(_FIELDS)}; a name with a dot needs quotes: "{key}.{name}"'


def _versioned(key: str, source: FromIndex, version: str, index: str) -> FromIndex:
    if version and source.wanted not in {"*", "latest", version}:
        raise RequirementError(key, f"wants {source.wanted} by its uri and {version} by its version")
    wanted = parse_wanted(version).text if version else source.wanted
    return replace(source, wanted=wanted, index=index.strip().rstrip("/"))


def _text(key: str, table: Mapping[str, object], name: str) -> str:
    value = table.get(name, "")
    if not isinstance(value, str):
        raise RequirementError(key, f"{name} must be a text, not {value!r}")
    return value


def _flag(key: str, table: Mapping[str, object], name: str, *, default: bool) -> bool:
    value = table.get(name, default)
    if not isinstance(value, bool):
        raise RequirementError(key, f"{name} must be true or false, not {value!r}")
    return value


def _with_scheme(text: str, scheme: str, own: Collection[Host]) -> Source:
    if scheme == "mip":
        return _from_index(text[len("mip:") :].strip(), text)
    names = dict.fromkeys((*hosts.HOSTS, *(host.name for host in own)))
    if scheme in names:
        return hosts.parse_short(f"{scheme}:{text.partition(':')[2]}")
    if scheme in {"http", "https"}:
        _check_url(text)
        return hosts.parse_web(text, own) or _url(text)
    if scheme == "file":
        place = urlsplit(text)
        if place.netloc not in {"", "localhost"}:
            raise RequirementError(text, "is a file of another machine")
        # file:///C:/x is C:/x.
        return _path(re.sub(r"^/([A-Za-z]:/)", r"\1", unquote(place.path)))
    if scheme.startswith("git+"):
        return gitplace.parse_git(text)
    if scheme in {"git", "ssh"}:
        raise RequirementError(text, f"{scheme}: is not known here", hint=_GIT)
    known = ", ".join(f"{name}:" for name in ("https", "mip", *names))
    raise RequirementError(text, f"{scheme}: is not known here", hint=f"known are {known}, names and paths")


def _check_url(text: str) -> None:
    try:
        place = urlsplit(text)
        place.port  # noqa: B018 - it is read to see whether it is a number
    except ValueError as error:
        raise RequirementError(text, f"is no address: {error}") from error
    if not place.hostname:
        raise RequirementError(text, "names no server")
    if place.username or place.password:
        reason = "has a login in it, which all could read in the lockfile"
        hint = "it can stand in BELAY_TOKEN_ and the server's name, or in .netrc"
        raise RequirementError(text, reason, hint=hint)


def _url(text: str) -> FromUrl:
    if "#" in text or " " in text:
        raise RequirementError(text, "has a # or a blank in it")
    return FromUrl(text)


def _path(text: str) -> FromPath:
    if "\\" in text:
        raise RequirementError(text, "has backslashes", hint="forward slashes work on every system")
    return FromPath(text)


def _looks_like_path(text: str) -> bool:
    if text[0] in _SIGNS and not (text[0] == "~" and "/" in text):
        return False
    return (
        bool(_DRIVE.match(text))
        or text in {".", ".."}
        or (("/" in text or "\\" in text) and "@" not in text.partition("/")[0])
        or (text.endswith((".py", ".mpy", ".json")) and "@" not in text)
    )


def _looks_like_version(text: str) -> bool:
    return text == "latest" or text[0] in _SIGNS or bool(_VERSION.fullmatch(text.partition(",")[0].strip()))


def _from_index(text: str, original: str = "") -> FromIndex:
    original = original or text
    if text.startswith("git@"):
        raise RequirementError(original, "is no address", hint=_GIT)
    if "[" in text or ";" in text:
        raise RequirementError(original, "packages of a board have neither extras nor markers")
    match = _INDEXED.fullmatch(text)
    if match is None:
        raise RequirementError(
            original,
            "is neither a name, a version, an address nor a path",
            hint='write name, "name>=1,<2", github:owner/repository, https://…, or ./path',
        )
    wanted = match["at"] if match["at"] is not None else match["range"] or "*"
    if not wanted.strip():
        raise RequirementError(original, "names no version after @")
    check_key(match[1])
    return FromIndex(match[1], _spelled(parse_wanted(wanted).exact, wanted.strip()))


def _spelled(exact: str | None, wanted: str) -> str:
    return exact if exact is not None else wanted
