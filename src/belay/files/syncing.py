"""A device's ``sync`` and its like."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

    from belay.board.firmware import Implementation
    from belay.files.filesystem import Filesystem
    from belay.files.keep import Keep
    from belay.files.plan import Plan
    from belay.files.sync import SyncSummary


class SyncsFolders:
    """Puts folders on a board; what it needs of a board, a device has."""

    @property
    def implementation(self) -> Implementation:
        """What runs on the board."""
        raise NotImplementedError

    @property
    def filesystem(self) -> Filesystem:
        """The board's files, by their absolute paths."""
        raise NotImplementedError

    @overload
    def sync(
        self,
        folder: str | os.PathLike[str],
        dst: str = "/",
        keep: Keep = None,
        ignore: Sequence[str] | str | None = None,
        minify: bool = True,
        mpy_cross_binary: str | os.PathLike[str] | None = None,
        progress_update: Callable[..., object] | None = None,
        *,
        mpy: bool = False,
        outside_links: bool = False,
        dry_run: Literal[False] = False,
    ) -> SyncSummary: ...

    @overload
    def sync(
        self,
        folder: str | os.PathLike[str],
        dst: str = "/",
        keep: Keep = None,
        ignore: Sequence[str] | str | None = None,
        minify: bool = True,
        mpy_cross_binary: str | os.PathLike[str] | None = None,
        progress_update: Callable[..., object] | None = None,
        *,
        mpy: bool = False,
        outside_links: bool = False,
        dry_run: Literal[True],
    ) -> Plan: ...

    def sync(  # noqa: PLR0917 - the documented order
        self,
        folder: str | os.PathLike[str],
        dst: str = "/",
        keep: Keep = None,
        ignore: Sequence[str] | str | None = None,
        minify: bool = True,
        mpy_cross_binary: str | os.PathLike[str] | None = None,
        progress_update: Callable[..., object] | None = None,
        *,
        mpy: bool = False,
        outside_links: bool = False,
        dry_run: bool = False,
    ) -> SyncSummary | Plan:
        """Make a folder on the board hold what a folder here holds; what has not changed is not sent.

        Whenever it is cut short, each file on the board holds its old or its new content, whole, and the
        next sync finishes.

        Args:
            folder: A folder, or a file, which goes into ``dst``.
            dst: The folder on the board; it is made if it is not there.
            keep: What stays on the board though it is not here. None: all but what an earlier sync to ``dst``
                put there. True: all. False: nothing. A name or several, relative to ``dst``: nothing but
                these, in upper or lower case. Other file systems mounted there, as an SD card, stay in any
                case, and what is on them too unless there is a folder of their name here.
            ignore: Patterns as in a ``.gitignore`` of what is not sent; None for ``*.pyc``, ``__pycache__``,
                ``.DS_Store`` and ``.pytest_cache``.
            minify: Whether Python files are made small.
            mpy_cross_binary: A compiler: Python files are compiled with it.
            progress_update: Called while files are sent with the named arguments ``total`` and ``completed``
                (bytes) and ``description`` (the file), as a ``rich.progress.Progress.update`` whose first
                argument is given.
            mpy: Whether Python files are compiled, with the package mpy-cross if no compiler is given.
            outside_links: Whether links here may lead out of the folder.
            dry_run: Whether to find out only what would be done.

        Returns:
            What was done, or the plan.

        Raises:
            FilesError: Something here or on the board cannot be read or written, or there is no room.
            FeatureUnavailableError: There is no compiler.
            ConnectionLost: The board is gone.
        """
        return self._sync(
            [Path(folder)],
            dst,
            keep=keep,
            ignore=ignore,
            minify=minify,
            mpy_cross_binary=mpy_cross_binary,
            progress_update=progress_update,
            mpy=mpy,
            outside_links=outside_links,
            dry_run=dry_run,
        )

    def sync_dependencies(
        self,
        package: ModuleType | str,
        *subfolders: str | os.PathLike[str],
        dst: str = "/lib",
        **options: Any,
    ) -> SyncSummary | Plan:
        """Sync folders that a Python package here brings along, put together, to the board.

        What an earlier call put into ``dst`` and this one does not is deleted.

        Args:
            package: The package or its name.
            subfolders: Folders in it; none for all of it.
            dst: The folder on the board.
            options: As for :meth:`sync`.

        Returns:
            As :meth:`sync`.

        Raises:
            FilesError: There is no such package or folder; and as :meth:`sync`.
        """
        from belay.files.upload import folders_in

        return self._sync(folders_in(package, [Path(folder) for folder in subfolders]), dst, **options)

    sync_package = sync_dependencies

    def _sync(
        self,
        sources: Sequence[Path],
        dst: str,
        *,
        keep: Keep = None,
        ignore: Sequence[str] | str | None = None,
        minify: bool = True,
        mpy_cross_binary: str | os.PathLike[str] | None = None,
        progress_update: Callable[..., object] | None = None,
        mpy: bool = False,
        outside_links: bool = False,
        dry_run: bool = False,
    ) -> SyncSummary | Plan:
        from belay.files.upload import form_of, told, wish_for

        wish = wish_for(
            sources,
            self.implementation,
            dst=os.fspath(dst),
            keep=keep,
            ignore=ignore,
            form=form_of(minify=minify, mpy=mpy or mpy_cross_binary is not None),
            mpy_cross_binary=None if mpy_cross_binary is None else Path(mpy_cross_binary),
            outside_links=outside_links,
        )
        files = self.filesystem
        return files.plan(wish) if dry_run else files.sync(wish, on_progress=told(progress_update))
