"""Two folders change places in one step, where the system can do that."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

_CURRENT_FOLDER = -100
_EXCHANGE = 2
_UNABLE = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM}


def exchange(one: Path, other: Path) -> bool:
    """Let two files or folders of one file system change places, atomically.

    Returns:
        Whether this system, and this file system, can do that; if not, nothing has happened.

    Raises:
        OSError: It can, but these two cannot change places.
    """
    if sys.platform == "win32":
        return False
    # Slow to import, and most commands exchange nothing.
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "darwin":
        # renamex_np(2), RENAME_SWAP
        call = getattr(library, "renamex_np", None)
        arguments = (os.fsencode(one), os.fsencode(other), ctypes.c_uint(_EXCHANGE))
    else:
        # renameat2(2), RENAME_EXCHANGE
        call = getattr(library, "renameat2", None)
        here = ctypes.c_int(_CURRENT_FOLDER)
        arguments = (here, os.fsencode(one), here, os.fsencode(other), ctypes.c_uint(_EXCHANGE))
    if call is None:
        return False
    if call(*arguments) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNABLE:
        return False
    raise OSError(number, os.strerror(number), str(one), None, str(other))
