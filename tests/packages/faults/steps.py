"""Stops a command at one of its steps: whenever it is about to change something in the file system."""

from __future__ import annotations

import sys
from pathlib import Path

from .scene import Result, Scene, ended

PROGRAM = r"""
import errno, os, signal, sys

report, top, end, at = sys.argv[1:5]
CHANGES = {"os.rename", "os.mkdir", "os.link", "os.symlink", "os.truncate"}
# To remove something takes no room.
CHANGES |= {"os.remove", "os.rmdir"} if end == "killed" else set()
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
done = 0

def step(event, details):
    global done
    if event in CHANGES or (event == "open" and details[2] & WRITES):
        place = details[0]
        if not isinstance(place, str | bytes | os.PathLike) or not os.fsdecode(place).startswith(top):
            return
        done += 1
        if done != int(at):
            return
        if end == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), os.fsdecode(place))

from belay.cli import main
sys.addaudithook(step)
code = main(sys.argv[5:])
with open(report, "w") as file:
    file.write(str(done))
sys.exit(code)
"""


def stop(scene: Scene, end: str, at: int, *words: str) -> tuple[Result, int]:
    """Runs a command that ends at one of its steps.

    Args:
        scene: Where.
        end: ``"killed"``, or ``"full"``: then there is no room on the disk, at this step only.
        at: Which step, from 1; 0 for none.
        words: The command.

    Returns:
        What it left behind, and how many steps it took; 0 if it was killed.
    """
    report = scene.top.parent / "steps"
    report.unlink(missing_ok=True)
    program = (sys.executable, "-c", PROGRAM, str(report), str(scene.inside), end, str(at))
    result = ended(scene.start(*words, program=program))
    return result, int(_read(report))


def _read(report: Path) -> str:
    return report.read_text(encoding="utf-8") if report.exists() else "0"
