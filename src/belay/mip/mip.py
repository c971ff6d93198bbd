"""What a device has as ``device.mip``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from belay.board.firmware import Implementation
from belay.files.filesystem import Filesystem
from belay.mip.choice import Origins
from belay.mip.installed import Installed
from belay.mip.library import Damage, Done, Library
from belay.mip.wants import parse_wants


class Mip:
    """Installs packages on a board, as ``mip`` does that runs there, through this computer.

    Args:
        files: The board's files.
        board: What it is.
        path: Asks it for ``sys.path``.
    """

    def __init__(
        self, files: Filesystem, board: Callable[[], Implementation], path: Callable[[], Sequence[str]]
    ) -> None:
        self._files = files
        self._board = board
        self._path = path

    def install(
        self,
        name: str | Sequence[str],
        version: str | None = None,
        index: str | None = None,
        target: str | None = None,
        mpy: bool = True,
        *,
        offline: bool = False,
    ) -> Done:
        """Install packages and all that they need; files that are there already are not sent.

        Args:
            name: A package of the index (``"umqtt.simple"``, ``"aioble@0.6.0"``), a place at a git host
                (``"github:org/repo"``), the address of a file or of a package.json, or a file or folder of
                this computer; or several of these.
            version: For a package of an index its version, for one at a git host a branch, tag or commit.
            index: The index to ask in place of micropython.org's.
            target: The folder on the board; None for the first of ``sys.path`` that ends in ``/lib``.
            mpy: Whether compiled files are wanted, where there are some.
            offline: Whether what was fetched before is all that there is.

        Returns:
            What has changed.

        Raises:
            RequirementError: A name is not understood.
            PackageNotFoundError: There is no such package.
            NoSuchVersionError: There is none of this version.
            FetchError: Something could not be had; its ``kind`` is ``"mismatch"`` where it came and is not
                what it should be.
            PackageError: The packages do not suit each other, the board, or what is there.
            NoRoomError: There is no room for them; nothing was sent.
            ReadOnlyBoardError: The board's files cannot be written.
            FilesError: They cannot be written for another reason.
            ConnectionLost: The board is gone; what was there before still works.
        """
        words = [name] if isinstance(name, str) else name
        needs = parse_wants(words, version=version or "", index=index or "")
        return self._library(index, offline).install(needs, target=target, mpy=mpy)

    def list(self, target: str | None = None) -> Sequence[Installed]:
        """The packages that were put on the board by this class, or by ``belay mip``.

        Args:
            target: The only folder to look at; None for all.

        Returns:
            Each as it was put there; of a package in two folders both.

        Raises:
            FilesError: A newer belay wrote the board's record, or ``target`` leads out of the board.
            ConnectionLost: The board is gone.
        """
        return [each for found in self._library().packages(target).values() for each in found.values()]

    def upgrade(
        self, *names: str, target: str | None = None, index: str | None = None, offline: bool = False
    ) -> Done:
        """Choose packages anew, as they were asked for, and put those there that differ.

        Args:
            names: Which; all of them if there is none.
            target: As for :meth:`install`.
            index: The index to ask in place of the one that each came from.
            offline: Whether what was fetched before is all that there is.

        Returns:
            What has changed.

        Raises:
            PackageNotFoundError: There is no package of such a name.
            BelayException: As :meth:`install`.
        """
        return self._library(index, offline).upgrade(names, target=target)

    def remove(self, *names: str, target: str | None = None) -> Done:
        """Remove packages, and what only they needed.

        Args:
            names: Which.
            target: As for :meth:`install`.

        Returns:
            What has changed.

        Raises:
            PackageNotFoundError: There is no package of such a name.
            ResolutionError: Another one needs it.
            FilesError: It cannot be done.
        """
        return self._library().remove(names, target=target)

    def verify(self, target: str | None = None) -> Sequence[Damage]:
        """Find files of packages that are not as they were put there.

        Args:
            target: The only folder to look at; None for all.

        Returns:
            A file that is missing or changed each; none if all is well.

        Raises:
            FilesError: A newer belay wrote the board's record, or ``target`` leads out of the board.
            ConnectionLost: The board is gone.
        """
        library = self._library()
        return library.verify(library.packages(target))

    def _library(self, index: str | None = None, offline: bool = False) -> Library:
        origins = Origins(index or "", offline)
        return Library(self._files, self._board(), self._path, origins=origins)
