"""What the system may refuse, for tests that run as root as well as for those that do not."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

# linux/capability.h
_VERSION_3 = 0x20080522
_FILES = 1 << 1 | 1 << 2 | 1 << 3
"""To read and write whatever the rights of files say, and to change those of others' files."""


@contextmanager
def mortal() -> Iterator[None]:
    """The rights of files count in a ``with`` block, for root too (capset(2)); in this thread and its own."""
    if os.name == "nt":
        pytest.skip("rights are something else there")
    if os.geteuid() != 0:
        yield
        return
    if not sys.platform.startswith("linux"):
        pytest.skip("nothing is read-only for root here")
    library = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
    data = (ctypes.c_uint32 * 6)()  # effective, permitted and inheritable, twice 32 bits of each
    assert library.capget(header, data) == 0
    before = data[0]
    data[0] = before & ~_FILES
    assert library.capset(header, data) == 0
    try:
        yield
    finally:
        data[0] = before
        assert library.capset(header, data) == 0


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nothing in a folder can be changed in a ``with`` block, by nobody."""
    places = [folder, *(path for path in folder.rglob("*") if not path.is_symlink())]
    modes = [place.stat().st_mode & 0o7777 for place in places]
    for place, mode in zip(places, modes, strict=True):
        place.chmod(mode & 0o555)
    try:
        with mortal():
            yield
    finally:
        for place, mode in zip(places, modes, strict=True):
            place.chmod(mode)


class Namespace:
    """File systems of our own (mount_namespaces(7)); they are gone at the end, whatever happens."""

    def __init__(self) -> None:
        root = os.geteuid() == 0
        new = [
            "unshare",
            "--mount",
            "--propagation",
            "private",
            *([] if root else ["--user", "--map-root-user"]),
        ]
        try:
            self._process = subprocess.Popen(
                [*new, "sh", "-c", "echo ready; exec cat"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except FileNotFoundError:
            pytest.skip("this system has no namespaces")
        assert self._process.stdout is not None
        if self._process.stdout.readline() != b"ready\n":
            self.close()
            pytest.skip("this system gives no namespace to this user")
        other = [] if root else ["--user", "--preserve-credentials"]
        self.enter = ("nsenter", "--target", str(self._process.pid), "--mount", *other)
        """What stands before a command that is to run in there."""

    def close(self) -> None:
        """Ends it."""
        self._process.kill()
        self._process.communicate()

    def view(self, path: Path) -> Path:
        """By which path those outside see what is in there at a path."""
        return Path(f"/proc/{self._process.pid}/root{path}")

    def mount(self, *words: str) -> None:
        """Mounts something in there."""
        made = subprocess.run([*self.enter, "mount", *words], capture_output=True, text=True, check=False)
        if made.returncode:
            self.close()
            pytest.skip(f"nothing can be mounted here: {made.stderr}")
