"""Doing something on a board again and again: what `belay watch` does whatever it watches for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from belay.cli.report import report, report_file, report_usage
from belay.cli.settings import Settings
from belay.cli.streams import noticing_no_reader
from belay.cli.text import escaped
from belay.exceptions import BelayException, BoardResetError, ConnectionFailedError, FeatureUnavailableError

if TYPE_CHECKING:
    from belay.device import Device
    from belay.watch import Changes

_NAMED = 3
"""So many files are named."""


class _End(Enum):
    """How a run ended."""

    OVER = auto()
    """By itself, or by an error, which was told."""
    CHANGED = auto()
    """Something was saved."""
    LOST = auto()
    """The board is gone."""


@dataclass
class Watching:
    """Does something now, and each time that something is saved.

    Attributes:
        settings: The shared options.
        device: The board, fresh. Its interpreter is started anew before each time but the first.
        changes: What to wait for; what comes while the job is done interrupts it.
        job: What to do. What goes wrong is told.
        top: The folder that names of files are told from.
        clear: Whether to clear the screen each time.
    """

    settings: Settings
    device: Device
    changes: Changes
    job: Callable[[], object]
    top: Path
    clear: bool = False

    def forever(self) -> NoReturn:
        """Go on until Ctrl-C.

        Raises:
            FeatureUnavailableError: Changes cannot be noticed any more.
            KeyboardInterrupt: Ctrl-C.
        """
        fresh, back = True, False
        while True:
            self._clear()
            end = self._once(fresh=fresh)
            fresh = False
            if end is _End.LOST:
                self._wait_for_board()
                fresh = True
                # A program that brings the board down is not run for ever.
                back = not back
                if back:
                    continue
            if end is not _End.CHANGED:
                self.settings.say("waiting for changes")
            self._say_changed(self.changes.wait())
            back = False

    def _once(self, *, fresh: bool) -> _End:
        try:
            with noticing_no_reader():
                if not fresh:
                    self.device.soft_reset(main=False, stream_out=None)
                return _End.OVER if self.changes.run(self.job) else _End.CHANGED
        except BoardResetError as error:
            report(error, self.settings)
        except ConnectionFailedError as error:
            report(error, self.settings)
            return _End.LOST
        except BelayException as error:
            report(error, self.settings)
        except click.ClickException as error:
            report_usage(error, self.settings)
        except OSError as error:
            report_file(error, self.settings)
        return _End.OVER

    def _wait_for_board(self) -> None:
        self.settings.say("waiting until the board is back")
        self.device.reconnect(attempts=-1)
        self.settings.say("the board is back")

    def _clear(self) -> None:
        if self.clear and sys.stdout.isatty():
            click.clear()

    def _say_changed(self, paths: Iterable[Path]) -> None:
        names = [escaped(os.path.relpath(path, self.top)) for path in paths]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        self.settings.say(f"changed: {', '.join(names[:_NAMED])}{more}")


def board_files(device: Device, top: Path) -> frozenset[Path]:
    """Where a virtual board has its files, if that is below a folder.

    Args:
        device: A board.
        top: The folder.
    """
    try:
        board = device.virtual
    except FeatureUnavailableError:
        return frozenset()
    place = (board.flash.image if board.flash else board.root).resolve()
    return frozenset({place} if top in place.parents else ())
