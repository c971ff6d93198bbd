"""Scripts of the host: read as Python reads its own; and what they import from there."""

from __future__ import annotations

import io
import sys
import tokenize
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from belay.device import Device

mount_option = click.option(
    "--mount",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Let the board import from this folder, without a copy; it is at /remote, and read-only.",
)


def mounted(device: Device, folder: Path | None) -> AbstractContextManager[object]:
    """Let a board import from a folder for as long as the block lasts, if there is one."""
    return nullcontext() if folder is None else device.mount(folder)


def read_script(name: str) -> str:
    """Read a script; line ends become line feeds, a byte order mark goes.

    Args:
        name: Its path, or ``-`` for standard input.

    Raises:
        OSError: It cannot be read.
        click.FileError: It is no text.
    """
    return read_stdin() if name == "-" else _decode(Path(name).read_bytes(), name)


def read_stdin() -> str:
    """Read standard input as a script.

    Raises:
        click.FileError: It is no text.
    """
    buffer = getattr(sys.stdin, "buffer", None)
    return _decode(buffer.read() if buffer else sys.stdin.read().encode(), "<stdin>")


def _decode(data: bytes, name: str) -> str:
    """Decode source by its byte order mark or coding line, else as UTF-8 (PEP 263)."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
    except (SyntaxError, UnicodeDecodeError) as error:
        raise click.FileError(name, f"it is no Python source: {error}") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")
