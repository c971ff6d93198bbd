"""What stands after ``virtual:`` in an address, as one value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from belay.exceptions import AddressError
from belay.virtual.filesystem import HOST, FileSystem
from belay.virtual.size import is_size, size_bytes

_SWITCH = {"0": False, "no": False, "false": False, "1": True, "yes": True, "true": True}

LEAST_HEAP = 64 * 1024
"""Bytes. The board compiles its peripherals when it boots, which needs half of that for a moment."""
MOST_HEAP = 1 << 30


@dataclass(frozen=True)
class VirtualOptions:
    """How a virtual board is to be made.

    Attributes:
        root: The folder that holds the board's files, created when missing. None: a fresh temporary
            folder that is gone afterwards. With a file system of its own, the folder holds the image of it.
        heap: The size of the board's heap in bytes; ``k`` and ``M`` may follow the number.
        interpreter: A MicroPython of the unix port to run instead of the built-in one.
        cooked: Whether text leaves the board with CRLF at line ends, as real boards send it.
        fs: ``host``: the files lie in ``root``, without a limit. ``lfs2`` or ``fat``, with ``:SIZE`` and
            ``:SIZE:BLOCK`` behind it: in a file system of the board's own, which lies in an image.
        image: The file that is this image, instead of one in ``root``; made when missing.

    Raises:
        AddressError: A value makes no sense.
    """

    root: Path | None = None
    heap: str = "2M"
    interpreter: Path | None = None
    cooked: bool = True
    fs: str = HOST
    image: Path | None = None

    def __post_init__(self) -> None:
        self._check_heap()
        flash = self.flash
        if flash is None and self.image is not None:
            raise AddressError(f"virtual:?image={self.image}", "an image needs a file system", hint=_FS_HINT)
        if flash is not None and self.interpreter is not None:
            raise AddressError(
                f"virtual:?fs={self.fs}", "only the built-in interpreter has a flash of its own"
            )
        if self.root is not None and self.image is not None:
            raise AddressError(
                f"virtual:{self.root}?image={self.image}", "an image needs no folder beside it"
            )

    @property
    def flash(self) -> FileSystem | None:
        """The file system of the board's own; None: its files lie in a folder of the host."""
        try:
            return FileSystem.parse(self.fs)
        except ValueError as error:
            raise AddressError(f"virtual:?fs={self.fs}", str(error), hint=_FS_HINT) from None

    def _check_heap(self) -> None:
        wrong = None
        if not is_size(self.heap):
            wrong = "heap must be a number of bytes, with k or M behind it if you like"
        elif not LEAST_HEAP <= size_bytes(self.heap) <= MOST_HEAP:
            wrong = f"heap must lie between {LEAST_HEAP // 1024}k and {MOST_HEAP >> 20}M"
        if wrong:
            raise AddressError(f"virtual:?heap={self.heap}", wrong, hint="for example virtual:?heap=128k")

    @classmethod
    def parse(cls, rest: str) -> VirtualOptions:
        """Read what stands after ``virtual:``: ``""``, ``PATH`` or ``PATH?heap=128k&cooked=0``.

        Names and values may be percent-encoded. A path that holds a ``?`` writes it as ``%3F``.

        Raises:
            AddressError: An option is unknown, given twice, or its value makes no sense.
        """
        address = f"virtual:{rest}"
        path, _, query = rest.partition("?")
        given: dict[str, str] = {}
        for part in filter(None, query.split("&")):
            name, _, value = (unquote(piece) for piece in part.partition("="))
            if name not in _KNOWN:
                known = ", ".join(sorted(_KNOWN))
                raise AddressError(address, f"unknown option {name!r}", hint=f"known options: {known}")
            if name in given:
                raise AddressError(address, f"option {name!r} is given twice")
            given[name] = value
        return cls(
            root=Path(unquote(path)).expanduser() if path else None,
            heap=given.get("heap", cls.heap),
            interpreter=_read_path(address, "interpreter", "the path of a MicroPython", given),
            cooked=_read_switch(address, "cooked", given.get("cooked", "1")),
            fs=given.get("fs", cls.fs),
            image=_read_path(address, "image", "the path of a file", given),
        )


_KNOWN = frozenset({"cooked", "fs", "heap", "image", "interpreter"})
_FS_HINT = "for example virtual:?fs=lfs2:1M"


def _read_path(address: str, name: str, what: str, given: dict[str, str]) -> Path | None:
    if name not in given:
        return None
    if not given[name]:
        raise AddressError(address, f"{name} needs {what}")
    return Path(given[name]).expanduser()


def _read_switch(address: str, name: str, value: str) -> bool:
    try:
        return _SWITCH[value.lower()]
    except KeyError:
        raise AddressError(address, f"{name} must be 0 or 1, not {value!r}") from None
