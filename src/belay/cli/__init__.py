"""The command line: the only room that prints.

Data goes to stdout, talk to stderr. Each command is a module of its own, imported when it is called.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from belay.cli import exits, streams


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: What follows ``belay``; None for the program's own.

    Returns:
        The exit code, see :mod:`belay.cli.exits`.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    streams.prepare()
    try:
        with streams.ending_on_signals(), streams.noticing_no_reader():
            code = _run(words)
            sys.stdout.flush()
    except KeyboardInterrupt:
        return exits.INTERRUPTED
    except streams.Terminated as signal:
        return 128 + signal.number
    except streams.NoReader:
        streams.forget()
        return exits.NO_READER
    return code


def _run(words: list[str]) -> int:
    if words == ["--version"]:
        # Not by way of click: the version itself is slow to find, and together they would be felt.
        from importlib.metadata import version

        print(f"belay {version('belay')}")
        return exits.DONE
    from belay.cli.app import run

    return run(words)
