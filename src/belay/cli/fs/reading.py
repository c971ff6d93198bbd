"""What a board's files hold: ``belay fs cat`` and ``sha256``."""

from __future__ import annotations

import json
import sys

import click

from belay.cli.board import connected
from belay.cli.fs.listing import json_option
from belay.cli.fs.places import Place, complete_port_or_path, expanded, on_board, take_port
from belay.cli.settings import Settings, examples, file_options, pass_settings

_CAT = examples("belay fs cat :main.py", "belay fs cat /dev/ttyACM0 ':logs/*.csv' > all.csv")
_SHA = examples("belay fs sha256 ':*.py' | sha256sum --check")


@click.command(epilog=_CAT, short_help="Print what files of a board hold.")
@click.argument("words", nargs=-1, metavar="[PORT] PATH...", shell_complete=complete_port_or_path)
@file_options
@pass_settings
def cat(settings: Settings, words: tuple[str, ...]) -> None:
    """Print what files of a board hold, one after another: their bytes as they are."""
    port, paths = take_port(words, "PATH")
    sys.stdout.flush()
    out = sys.stdout.buffer
    with connected(settings, port, fresh=None) as device:
        for place in expanded(device.filesystem, map(on_board, paths)):
            for piece in device.filesystem.read_pieces(place.path):
                out.write(piece)
                # A board is slower than any pipe: what is there is for whoever reads.
                out.flush()


@click.command(epilog=_SHA, short_help="Print the SHA-256 of files of a board.")
@click.argument("words", nargs=-1, metavar="[PORT] PATH...", shell_complete=complete_port_or_path)
@json_option
@file_options
@pass_settings
def sha256(settings: Settings, words: tuple[str, ...], as_json: bool) -> None:
    """Print the SHA-256 of files of a board, as sha256sum does; the board computes it."""
    port, paths = take_port(words, "PATH")
    found = []
    with connected(settings, port, fresh=None) as device:
        for place in expanded(device.filesystem, map(on_board, paths)):
            digest = device.filesystem.hash(place.path)
            found.append({"path": place.whole, "sha256": digest})
            if not as_json:
                print(_checksum(place, digest), flush=True)
    if as_json:
        print(json.dumps(found, indent=2))


def _checksum(place: Place, digest: str) -> str:
    """A line as sha256sum writes it, which escapes names of more than a line."""
    name = place.path.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return f"{'' if name == place.path else chr(92)}{digest}  {name}"
