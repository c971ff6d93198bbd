from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from belay.packages.exclusive import exclusive, undisturbed

INSIDE = """
import sys
from pathlib import Path
from belay.packages.exclusive import exclusive, undisturbed
with exclusive(Path(sys.argv[1]), waiting=lambda: print("waiting", flush=True)):
    print("inside", flush=True)
    sys.stdin.read()
"""


def going_in(file: Path) -> subprocess.Popen[str]:
    """Another process, which says when it waits and when it is inside."""
    return subprocess.Popen(
        [sys.executable, "-c", INSIDE, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_one_after_the_other(tmp_path: Path) -> None:
    file = tmp_path / "in-use"
    with exclusive(file):
        process = going_in(file)
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "waiting\n"
    assert process.stdout.readline() == "inside\n"
    waited: list[bool] = []
    process.kill()  # it never lets go itself
    with exclusive(file, waiting=lambda: waited.append(True)):
        assert len(waited) <= 1
    process.wait()
    process.stdin.close()
    process.stdout.close()


def test_readers_keep_it_undisturbed(tmp_path: Path) -> None:
    file = tmp_path / "in-use"
    waited: list[bool] = []
    with undisturbed(file):
        assert not file.exists()
    file.touch()
    with undisturbed(file), undisturbed(file, waiting=lambda: waited.append(True)):
        process = going_in(file)
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "waiting\n"
    assert process.stdout.readline() == "inside\n"
    assert waited == []
    process.kill()
    with undisturbed(file, waiting=lambda: waited.append(True)):
        assert len(waited) <= 1
    process.wait()
    process.stdin.close()
    process.stdout.close()
