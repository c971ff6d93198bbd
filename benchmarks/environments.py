"""An environment for each peer, made when it is first needed: their packages never meet ours."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / ".venv-peers"
PEERS = {"belay": "0.30.1", "mpremote": "1.29.0"}
PINS = {
    "belay": [f"belay=={PEERS['belay']}", "pyserial==3.5"],
    "mpremote": [f"mpremote=={PEERS['mpremote']}", "pyserial==3.5"],
    "plot": ["matplotlib==3.11.2"],
}


def python_of(name: str) -> Path:
    """The Python of an environment that has what `PINS` says; pip installs it the first time.

    Raises:
        SystemExit: It could not be installed.
    """
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    home = FOLDER / "-".join([*PINS[name], f"py{version}"]).replace("==", "-")
    python = home / "bin" / "python"
    complete = home / "complete"
    if not complete.exists():
        shutil.rmtree(home, ignore_errors=True)
        print(f"Installing {PINS[name][0]} into {home.relative_to(FOLDER.parent)} ...", file=sys.stderr)
        steps: list[list[str | Path]] = [
            [sys.executable, "-m", "venv", "--without-pip", home],
            [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", *PINS[name]],
        ]
        for step in steps:
            done = subprocess.run(step, env=clean_environment(), capture_output=True, text=True, check=False)
            if done.returncode:
                sys.exit(f"{done.stderr}\nthe benchmark needs {PINS[name][0]}, which pip could not install")
        complete.touch()
    return python


def clean_environment() -> dict[str, str]:
    """The variables without those that would lead a Python to packages of another."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON") and name not in {"VIRTUAL_ENV", "PIP_TARGET", "PIP_PREFIX"}
    }
