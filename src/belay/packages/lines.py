"""On which line of a TOML file something stands, so that errors can say so.

Parsers give values without places. This reads a file that a parser has accepted once more, for the places
only (https://toml.io/en/v1.0.0); it is used when there is an error to tell.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping

Path = tuple[str | int, ...]

_BLANK = re.compile(r"[ \t]*")
_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}' + r"|'''.*?'{3,5}" + r'|"(?:[^"\\\n]|\\.)*"' + r"|'[^'\n]*'", re.DOTALL
)
_OTHER = re.compile(r"[^,\]}#\n]+")
_MARKER = re.compile(r"^(<{7}|={7}|>{7})( |$)", re.MULTILINE)
CONFLICT = "has a merge conflict"
"""What is wrong with a file where git has left both sides of a merge."""

_POSITION = re.compile(r"\(at line (\d+), column \d+\)|\(at end of document\)")


def find_lines(text: str) -> dict[Path, int]:
    """The line of each key and of each entry of an array.

    Args:
        text: A file that a parser of TOML accepts.

    Returns:
        Lines, counted from 1, by the path to what stands there: ``("tool", "belay", "group", 0)``.
    """
    reader = _Reader(text)
    reader.read()
    return reader.lines


def last_lines(text: str) -> dict[Path, int]:
    """The last line that has a key of a table, or else the table's header, for tables that have a header.

    Args:
        text: A file that a parser of TOML accepts.

    Returns:
        Lines, counted from 1, by the path of the table.
    """
    reader = _Reader(text)
    reader.read()
    return reader.last


def line_of(lines: Mapping[Path, int], path: Path) -> int | None:
    """The line of what stands at a path, or else of the nearest that it is in."""
    return next((lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in lines), None)


def dotted(path: Path) -> str:
    """A path as people write it: ``tool.belay.group."a b"[0]``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if _is_plain(part) else _quoted(part))
    return text


_LONGEST = 100


def _is_plain(part: str) -> bool:
    return len(part) <= _LONGEST and bool(_BARE.fullmatch(part))


def _quoted(part: str) -> str:
    """A key in quotes; of what a terminal would obey, or nobody could see, its number."""
    signs = (sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in part[:_LONGEST])
    return f'"{"".join(signs)}"' + ("…" if len(part) > _LONGEST else "")


def suggest(name: str, known: tuple[str, ...]) -> str:
    """A hint for a name that is not known."""
    from difflib import get_close_matches

    near = get_close_matches(name, known, 1)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"


def where_it_broke(error: tomllib.TOMLDecodeError, text: str) -> tuple[str, int]:
    """What a parser says of a file that it does not accept, and the line."""
    if conflict := _MARKER.search(text):
        return CONFLICT, text.count("\n", 0, conflict.start()) + 1
    message = str(error)
    found = _POSITION.search(message)
    last = text.count("\n") + (not text.endswith("\n")) or 1
    line = int(found[1]) if found and found[1] else last
    reason = _POSITION.sub("", message).strip() or message
    return f"is no TOML: {reason[:1].lower()}{reason[1:]}", line


class _Reader:
    """Walks over the text once; ``at`` is where it is."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {}
        self.counts: dict[Path, int] = {}
        self.last: dict[Path, int] = {}
        self._counted = (0, 1)

    def read(self) -> None:
        table: Path = ()
        while True:
            self.skip(_SPACE)
            if self.at >= len(self.text):
                return
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)
            if table:
                self.last[table] = self.line()

    def header(self) -> Path:
        is_array = self.text.startswith("[[", self.at)
        line = self.line()
        self.at += 2 if is_array else 1
        path = self.through_arrays(self.key(), line)
        if is_array:
            count = self.counts[path] = self.counts.get(path, -1) + 1
            self.lines.setdefault(path, line)
            path = (*path, count)
        self.lines.setdefault(path, line)
        self.at += 2 if is_array else 1
        return path

    def through_arrays(self, keys: list[str], line: int) -> Path:
        """The path that a header means: where it goes through an array of tables, the latest of these."""
        path: Path = ()
        for place, key in enumerate(keys):
            path = (*path, key)
            if place < len(keys) - 1:
                self.lines.setdefault(path, line)
                if path in self.counts:
                    path = (*path, self.counts[path])
        return path

    def pair(self, table: Path) -> None:
        line = self.line()
        path = table
        for key in self.key():
            path = (*path, key)
            self.lines.setdefault(path, line)
        self.expect("=")
        self.value(path)

    def key(self) -> list[str]:
        keys = []
        while True:
            self.skip(_BLANK)
            match = _STRING.match(self.text, self.at) or _BARE.match(self.text, self.at)
            assert match is not None, "the text has been accepted by a parser"
            self.at = match.end()
            keys.append(_unquoted(match[0]))
            self.skip(_BLANK)
            if self.text[self.at : self.at + 1] != ".":
                return keys
            self.at += 1

    def value(self, path: Path) -> None:
        self.skip(_BLANK)
        start = self.text[self.at : self.at + 1]
        if start == "[":
            self.array(path)
        elif start == "{":
            self.inline(path)
        else:
            self.skip(_STRING if start in {'"', "'"} else _OTHER)

    def array(self, path: Path) -> None:
        self.at += 1
        count = 0
        while True:
            self.skip(_SPACE)
            if self.text[self.at] == "]":
                break
            self.lines[*path, count] = self.line()
            self.value((*path, count))
            count += 1
            self.skip(_SPACE)
            if self.text[self.at] == ",":
                self.at += 1
        self.at += 1

    def inline(self, path: Path) -> None:
        self.at += 1
        while True:
            self.skip(_SPACE)
            if self.text[self.at] == "}":
                break
            self.pair(path)
            self.skip(_SPACE)
            if self.text[self.at] == ",":
                self.at += 1
        self.at += 1

    def skip(self, what: re.Pattern[str]) -> None:
        match = what.match(self.text, self.at)
        assert match is not None, "the text has been accepted by a parser"
        self.at = match.end()

    def expect(self, sign: str) -> None:
        assert self.text[self.at] == sign, "the text has been accepted by a parser"
        self.at += 1

    def line(self) -> int:
        at, line = self._counted
        self._counted = (self.at, line + self.text.count("\n", at, self.at))
        return self._counted[1]


def _unquoted(key: str) -> str:
    if key[0] not in "\"'":
        return key
    return next(iter(tomllib.loads(f"{key} = 0")))
