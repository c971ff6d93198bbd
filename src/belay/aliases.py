"""Names that a user gives to boards: ``@bench-left`` is whatever ``[aliases]`` of the user's config says.

The file is ``config.toml`` in the folder of :func:`config_folder`::

    [aliases]
    bench-left = {serial_number = "e6614c311b137637"}
    greenhouse = "socket://10.0.0.7:2000"

A table has the USB fields of a board, a string is any other address. What the file holds besides stays as it
is. The room knows no board and no address: what a name means is text to it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from belay.exceptions import AddressError, AliasFileError

if TYPE_CHECKING:
    from tomlkit.items import Table

FILE = "config.toml"
LONGEST = 64
"""Characters of a name."""
PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]*"
"""What a name may be: no shell takes it for anything else, and it begins no option."""

_TABLE = "aliases"
_NAME_HINT = (
    f"letters, digits, '-', '_' and '.' make a name, a letter or a digit first, {LONGEST} at the most"
)

R = TypeVar("R")

Meaning = str | Mapping[str, object]
"""An address, or the USB fields of a board."""


@dataclass(frozen=True)
class Alias:
    """A name and what it means.

    Attributes:
        name: Without the ``@``.
        meaning: As the file has it.
    """

    name: str
    meaning: object

    @property
    def address(self) -> str:
        """The address that it stands for; USB fields as JSON.

        Raises:
            AddressError: It stands for nothing that can be one.
        """
        if isinstance(self.meaning, str) and not self.meaning.lstrip().startswith("@"):
            return self.meaning
        if isinstance(self.meaning, dict):
            # What is no JSON, as a date, becomes text, of which whoever reads the address says what is wrong.
            return json.dumps(self.meaning, default=str)
        raise AddressError(
            f"@{self.name}",
            "a name stands for an address or for USB fields, and for no other name",
            hint=f"see {config_file()}",
        )

    def __str__(self) -> str:
        """What it means, for people."""
        try:
            return self.address
        except AddressError:
            return f"{self.meaning!r} (this is no address)"


def config_folder() -> Path:
    r"""Where the user's settings are.

    ``BELAY_CONFIG_DIR``, else ``%LOCALAPPDATA%\belay``, ``~/Library/Application Support/belay`` or
    ``~/.config/belay``.
    """
    if folder := os.environ.get("BELAY_CONFIG_DIR"):
        return Path(folder).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_config_dir("belay", appauthor=False))


def config_file() -> Path:
    """The file of the user's settings."""
    return config_folder() / FILE


def read_aliases() -> dict[str, Alias]:
    """All names, sorted.

    Raises:
        AliasFileError: The file cannot be read or understood.
    """
    file = config_file()
    try:
        return _parse(file.read_bytes(), file)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise AliasFileError(str(file), error.strerror or str(error)) from error


def find_alias(name: str) -> Alias:
    """What a name means.

    Raises:
        AddressError: Nobody has this name; the hint has names that are like it.
        AliasFileError: The file cannot be read or understood.
    """
    known = read_aliases()
    if name in known:
        return known[name]
    raise AddressError(f"@{name}", "no board has this name", hint=_near(name, known))


def check_name(name: str) -> str:
    """Return a name, without the ``@`` that may be before it.

    Raises:
        AddressError: It cannot be one.
    """
    bare = name.removeprefix("@")
    if len(bare) > LONGEST or not re.fullmatch(PATTERN, bare):
        raise AddressError(f"@{bare}", "this is no name for a board", hint=_NAME_HINT)
    return bare


def save_alias(name: str, meaning: Meaning) -> Alias | None:
    """Let a name mean something.

    Args:
        name: The name.
        meaning: An address, or the USB fields of a board.

    Returns:
        What it meant before.

    Raises:
        AddressError: The name cannot be one.
        AliasFileError: The file cannot be understood; it stays as it is.
        OSError: It cannot be written; it stays as it is.
    """
    name = check_name(name)

    def save(table: Table) -> Alias | None:
        before = _take(table, name)
        _put(table, name, meaning)
        return before

    return _change(save)


def rename_alias(old: str, new: str) -> None:
    """Give what a name means another name.

    Raises:
        AddressError: Nobody has the old name, the new one cannot be one, or somebody has it.
        AliasFileError: The file cannot be understood; it stays as it is.
        OSError: It cannot be written; it stays as it is.
    """
    old, new = check_name(old), check_name(new)

    def rename(table: Table) -> None:
        if old not in table:
            raise AddressError(f"@{old}", "no board has this name", hint=_near(old, table))
        if new in table and new != old:
            raise AddressError(f"@{new}", "another board has this name", hint="remove that one first")
        meaning = table[old]
        table.remove(old)
        table[new] = meaning

    _change(rename)


def remove_alias(name: str) -> Alias:
    """Forget a name.

    Returns:
        What it meant.

    Raises:
        AddressError: Nobody has it.
        AliasFileError: The file cannot be understood; it stays as it is.
        OSError: It cannot be written; it stays as it is.
    """
    return remove_aliases([name])[0]


def remove_aliases(names: Iterable[str]) -> list[Alias]:
    """Forget names, all or, if there is one that nobody has, none.

    Returns:
        What they meant; of one that is named twice once.

    Raises:
        AddressError: Nobody has one of them.
        AliasFileError: The file cannot be understood; it stays as it is.
        OSError: It cannot be written; it stays as it is.
    """
    wanted = dict.fromkeys(name.removeprefix("@") for name in names)

    def remove(table: Table) -> list[Alias]:
        known = [*table]
        gone = []
        for name in wanted:
            taken = _take(table, name)
            if taken is None:
                raise AddressError(
                    f"@{name}", "no board has this name", hint=_near(name, dict.fromkeys(known))
                )
            gone.append(taken)
        return gone

    return _change(remove)


def _parse(data: bytes, file: Path) -> dict[str, Alias]:
    import tomllib

    try:
        table = tomllib.loads(data.decode()).get(_TABLE, {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise AliasFileError(str(file), f"this is not TOML ({error})") from error
    if not isinstance(table, dict):
        raise AliasFileError(str(file), f"{_TABLE} is no table")
    return {name: Alias(name, meaning) for name, meaning in sorted(table.items())}


def _change(edit: Callable[[Table], R]) -> R:
    """Change the names, while no other process does; a reader finds the old file or the new one."""
    import tomlkit

    from belay.packages.exclusive import exclusive
    from belay.packages.writing import replace_file

    folder = config_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with exclusive(folder / f".{FILE}.lock"):
        # Where the file is a link, as some keep their settings in a repository, the link stays.
        file = Path(os.path.realpath(folder / FILE))
        text = _text(file)
        document = tomlkit.parse(text)
        table: Any = document.setdefault(_TABLE, tomlkit.table())
        result = edit(table)
        changed = tomlkit.dumps(document)
        if changed != text:
            replace_file(file, changed.encode())
    return result


def _text(file: Path) -> str:
    """What the file holds, if it can be understood."""
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return ""
    _parse(data, file)
    return data.decode()


def _take(table: Table, name: str) -> Alias | None:
    """Take a name out of the table."""
    if name not in table:
        return None
    meaning = table.pop(name)
    return Alias(name, meaning.unwrap() if hasattr(meaning, "unwrap") else meaning)


def _put(table: Table, name: str, meaning: Meaning) -> None:
    import tomlkit

    if isinstance(meaning, str):
        table[name] = meaning
        return
    fields = tomlkit.inline_table()
    fields.update({key: value for key, value in meaning.items() if value is not None})
    table[name] = fields


def _near(name: str, known: Mapping[str, object]) -> str:
    """What helps who has used a name that nobody has."""
    from difflib import get_close_matches

    by_folded = {each.casefold(): each for each in known}
    if near := get_close_matches(name.casefold(), by_folded, 3, 0.6):
        return f"did you mean {' or '.join(f'@{by_folded[each]}' for each in near)}?"
    if known:
        return f"known names: {', '.join(f'@{each}' for each in sorted(known))}"
    return f"belay select --save {name} gives a board this name"
