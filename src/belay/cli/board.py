"""From the command line to a board."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from belay.exceptions import AddressError, AliasFileError
from belay.transports.address import parse_address

if TYPE_CHECKING:
    from collections.abc import Callable

    from belay.aliases import Alias
    from belay.cli.settings import Settings
    from belay.device import Device
    from belay.link import Link
    from belay.remote.answers import TextSource
    from belay.transports.base import Transport


class WrongUse(click.UsageError):
    """A command line that cannot be understood.

    Args:
        message: What is wrong.
        hint: What would help, or None for the command's ``--help``.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message, click.get_current_context(silent=True))
        self.hint = hint


class Port(click.ParamType):  # type: ignore[type-arg]
    """The type of an argument that names a board."""

    name = "port"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check that it is an address."""
        return check_port(value)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Complete the port of a board that is connected, or a virtual one."""
        from belay.transports import usb

        known = {"virtual:": "a virtual board"}
        known |= {str(board.device): str(board) for board in usb.list_devices(usb.comports)}
        known |= {f"@{alias.name}": str(alias) for alias in known_names()}
        return [CompletionItem(port, help=say) for port, say in known.items() if port.startswith(incomplete)]


def known_names() -> list[Alias]:
    """The names that the user gave to boards, for completion; none, if their file is damaged."""
    from belay.aliases import read_aliases

    try:
        return list(read_aliases().values())
    except AliasFileError:
        return []


def check_port(text: str) -> str:
    """Return an address as it is.

    Raises:
        WrongUse: It is none.
    """
    try:
        parse_address(text)
    except AddressError as error:
        raise WrongUse(error.message, error.hint) from error
    return text


def names_board(text: str) -> bool:
    """Whether a word of the command line has the form of an address."""
    try:
        parse_address(text)
    except AddressError:
        return False
    return True


def split_port(words: Sequence[str], name: str) -> tuple[str | None, str]:
    """Take ``[PORT] NAME`` apart.

    Args:
        words: The arguments.
        name: What the one behind the port is.

    Raises:
        WrongUse: There are too few, too many, or the first is no address.
    """
    if not words:
        raise WrongUse(f"Missing argument '{name}'.")
    if len(words) > 2:
        raise WrongUse(
            f"Got {len(words)} arguments where at most PORT and {name} can be; quotes keep words together."
        )
    if len(words) == 2:
        return check_port(words[0]), words[1]
    return None, words[0]


def complete_port_or_file(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Complete a port, or leave it to the shell to complete a file."""
    ports = [] if ctx.params.get(str(param.name)) else Port().shell_complete(ctx, param, incomplete)
    return [*ports, CompletionItem(incomplete, type="file")]


def complete_port(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a port as the first of several arguments."""
    return [] if ctx.params.get(str(param.name)) else Port().shell_complete(ctx, param, incomplete)


@contextmanager
def _traced(
    settings: Settings, wrap: Callable[[Transport], Transport] | None = None
) -> Iterator[Callable[[Transport], Transport]]:
    """What is put around each transport: what is given, and the trace that the options ask for."""
    with ExitStack() as stack:
        sink = None
        if settings.trace == "-":
            sink = sys.stderr
        elif settings.trace:
            sink = stack.enter_context(Path(settings.trace).open("w", encoding="utf-8"))

        def watched(transport: Transport) -> Transport:
            from belay.transports.trace import TracedTransport

            transport = wrap(transport) if wrap else transport
            return TracedTransport(transport, sink) if sink else transport

        yield watched


@contextmanager
def opening(settings: Settings, port: str | None) -> Iterator[Callable[[], Link]]:
    """How to open a board's port, for as long as the block lasts; nothing is sent.

    Each time the board is looked for anew: it may come back under another name.

    Args:
        settings: The shared options.
        port: The board's address, or None for the one that is meant when none is named.
    """
    from belay.link import Link
    from belay.transports import open_transport
    from belay.transports.usb import default_address

    with _traced(settings) as watched:

        def open_link() -> Link:
            transport = open_transport(
                default_address(os.environ) if port is None else port,
                baudrate=settings.baudrate,
                user=settings.user,
                password=settings.secret,
            )
            return Link(watched(transport))

        yield open_link


@contextmanager
def connected(
    settings: Settings,
    port: str | None,
    wrap: Callable[[Transport], Transport] | None = None,
    *,
    stdin: TextSource | None = None,
    fresh: bool | None = True,
    listen: bool | None = None,
) -> Iterator[Device]:
    """Connect to a board for as long as the block lasts.

    Args:
        settings: The shared options.
        port: The board's address, or None for the one that is meant when none is named.
        wrap: Put around the transport, inside of the trace.
        stdin: Where the board's ``input()`` reads; None if it shall not.
        fresh: Whether the interpreter starts anew if the options do not say; None for where a program has
            left it little memory.
        listen: Whether to show what the board prints by itself as it comes, see :class:`belay.Device`.
    """
    from belay.device import Device

    with ExitStack() as stack:
        watched = stack.enter_context(_traced(settings, wrap))
        started = time.perf_counter()
        device = stack.enter_context(
            Device(
                port,
                baudrate=settings.baudrate,
                user=settings.user,
                password=settings.secret,
                timeout=settings.timeout,
                fresh=fresh if settings.reset is None else settings.reset,
                listen=listen,
                stdin=stdin,
                wrap=watched,
            )
        )
        seconds = time.perf_counter() - started
        about = device.implementation
        version = ".".join(map(str, about.version))
        settings.say(
            f"connected to {device.address} in {seconds:.2f} s: {about.name} {version} on {about.platform}",
            at=1,
        )
        yield device


@contextmanager
def visiting(settings: Settings, port: str) -> Iterator[Device]:
    """Connect to a board for a short while: what it runs is stopped, else it stays as it is.

    Args:
        settings: The shared options.
        port: The board's address.
    """
    from belay.device import Device

    with (
        _traced(settings) as watched,
        Device(
            port,
            startup="",
            agent=False,
            fresh=settings.reset,
            baudrate=settings.baudrate,
            user=settings.user,
            password=settings.secret,
            wrap=watched,
        ) as device,
    ):
        yield device
