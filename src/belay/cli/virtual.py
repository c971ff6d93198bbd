"""``belay virtual``: a virtual board for other programs."""

from __future__ import annotations

from pathlib import Path

import click

from belay.cli.board import WrongUse
from belay.cli.settings import Settings, examples, pass_settings, talk_options

EXAMPLES = examples(
    "belay virtual                    # then: belay info /dev/pts/5",
    "belay virtual files --link board # keeps its files; then: belay info $PWD/board",
    "belay virtual --tcp 2000         # then: belay info socket://127.0.0.1:2000",
    "belay virtual --webrepl 8266    # then: belay info --password python ws://127.0.0.1",
    "belay virtual --fs lfs2:1M       # on a flash of 1 MiB, which can be full",
)

_KINDS = ("host", "lfs2", "fat")


@click.command(epilog=EXAMPLES)
@click.argument("path", required=False, type=click.Path(file_okay=False, path_type=Path), metavar="[PATH]")
@click.option("--pty", is_flag=True, help="Serve it on a pseudo-terminal; the default where there are any.")
@click.option(
    "--tcp", type=click.IntRange(0, 65535), metavar="PORT", help="Serve it on a TCP port; 0 takes a free one."
)
@click.option(
    "--webrepl",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Serve it on a TCP port by WebREPL, as boards are reached over WiFi; 0 takes a free one.",
)
@click.option(
    "--password", metavar="TEXT", default="python", show_default=True, help="What --webrepl asks for."
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="The address to listen on with --tcp or --webrepl."
)
@click.option(
    "--heap", default="2M", show_default=True, help="The size of its heap in bytes; k or M may follow."
)
@click.option(
    "--fs",
    default="host",
    metavar="KIND[:SIZE]",
    shell_complete=lambda _context, _option, start: [kind for kind in _KINDS if kind.startswith(start)],
    show_default=True,
    help="What keeps its files: host, which is PATH, or a file system of its own, as lfs2:1M or fat:512k.",
)
@click.option(
    "--image",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where that file system lies, instead of in PATH; made when missing.",
)
@click.option(
    "--interpreter",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A MicroPython of the unix port to run instead of the built-in one.",
)
@click.option(
    "--link",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Put a symbolic link to the pseudo-terminal here, as its name is another one each time.",
)
@click.option("--raw-output", is_flag=True, help="Send line ends as the program wrote them, not as CRLF.")
@talk_options
@pass_settings
def virtual(
    settings: Settings,
    *,
    path: Path | None,
    pty: bool,
    tcp: int | None,
    webrepl: int | None,
    password: str,
    host: str,
    heap: str,
    fs: str,
    image: Path | None,
    interpreter: Path | None,
    link: Path | None,
    raw_output: bool,
) -> None:
    """Serve a virtual board to other programs, until Ctrl-C or SIGTERM ends it (exit code 0).

    PATH is a folder that keeps the board's files; without it they are gone at the end. The first line of the
    output is what to open: the path of a pseudo-terminal, socket://HOST:PORT or ws://HOST:PORT.
    """
    from belay.virtual.options import VirtualOptions
    from belay.virtual.serve import default_service, serve_pty, serve_tcp, serve_webrepl

    given = {"--tcp": tcp is not None, "--webrepl": webrepl is not None, "--pty": pty, "--link": link}
    ways = [name for name, is_given in given.items() if is_given]
    if len(ways) > 1 and ways != ["--pty", "--link"]:
        raise WrongUse(f"{ways[0]} and {ways[1]} exclude each other.")
    if webrepl is not None and fs != "host":
        raise WrongUse("--webrepl writes files itself, and needs them in a folder: --fs host.")
    if not 0 < len(password.encode()) <= 9:
        raise WrongUse("a password of WebREPL has 1 to 9 bytes.")
    options = VirtualOptions(
        root=path, heap=heap, interpreter=interpreter, cooked=not raw_output, fs=fs, image=image
    )

    def ready(address: str) -> None:
        print(address, flush=True)
        settings.say("serving a virtual board; Ctrl-C ends it")

    if webrepl is not None:
        serve_webrepl(options, host, webrepl, password, lambda address: ready(f"ws://{address}"))
    elif tcp is not None or (default_service() == "tcp" and not pty):
        serve_tcp(options, host, tcp or 0, lambda address: ready(f"socket://{address}"))
    else:
        serve_pty(options, ready, link)
