from __future__ import annotations

import os
import subprocess
from pathlib import Path

from belay.cli import demo, demo_project

from .conftest import BELAY, Belay

STEPS = [*demo.STEPS, *demo_project.STEPS]


def test_each_step_shows_its_source_and_what_came_of_it(belay: Belay) -> None:
    here = Path.cwd()
    result = belay("demo")
    assert (result.code, result.err) == (0, "")
    parts = dict(zip((step for _, step in STEPS), sections(result.out), strict=True))
    assert "    print(set_led(True))\n\nLED to True\ndone\n" in parts[demo.call_a_task]
    assert "\nthe LED's level is 1\n" in parts[demo.see_the_pin]
    assert "\nblink 0: 0\nblink 1: 1\nblink 2: 0\nblink 3: 1\n" in parts[demo.use_a_generator]
    error = parts[demo.find_an_error]
    assert "\n5.0\nTraceback (most recent call last):\n" in error
    assert f'File "{demo.__file__}", line ' in error
    assert "in average\n    return total / len(values)\nboard.ZeroDivisionError: divide by zero\n" in error
    assert "and 6 * 7 is still 42\n" in parts[demo.stop_a_loop]
    assert "    $ belay new thermometer\nwrote README.md, pyproject.toml" in parts[demo_project.begin]
    added = parts[demo_project.add]
    assert "    $ belay add smooth\n" in added
    assert (
        "rolling 1.0: added\nsmooth 0.3: added\nlocked: 2 packages; changed: 2; written: 2 files\n" in added
    )
    assert "    $ belay tree\nmain\n└── smooth 0.3\n    └── rolling 1.0 [>=1,<2]\n" in added
    assert '[[package]]\nname = "rolling"\nversion = "1.0"\n' in added
    assert parts[demo_project.update].count("rolling: 1.0 -> 1.1\n") == 2
    restored = parts[demo_project.restore]
    assert ".belay/dependencies/main/rolling.py  changed\n" in restored
    assert "    $ echo $?\n8\n    $ belay fetch --offline\n.belay/dependencies/main/rolling.py\n" in restored
    assert restored.endswith("    $ belay verify\nas locked: 2 files\n\n")
    # Only rolling 1.1 halves; 1.0 would say 21.
    installed = parts[demo_project.install]
    assert "sent: 4 files (" in installed
    assert "\nsmoothed: [20.5, 21, 22, 22, 21.5]\n" in installed
    assert "── smooth.py\n" in installed
    changed = parts[demo_project.change]
    assert "sent: 1 file (" in changed
    assert "\nsmoothed: [20.5, 20, 21, 21, 21.5]\n\n" in changed
    assert "type: ignore" not in result.out
    assert Path.cwd() == here


def sections(text: str) -> list[str]:
    """What stands below each title, up to the next."""
    found = []
    for title, _ in reversed(STEPS):
        text, shown, section = text.partition(f"{title}\n")
        assert shown
        found.append(section)
    return found[::-1]


def test_it_is_plain_without_a_terminal_and_touches_nothing_of_the_users(tmp_path: Path) -> None:
    home, temporary, here = (tmp_path / name for name in ("home", "temporary", "here"))
    for folder in (home, temporary, here):
        folder.mkdir()
    places = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "LOCALAPPDATA": str(home)}
    places |= dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))
    environment = {name: value for name, value in os.environ.items() if name != "BELAY_CACHE_DIR"} | places
    # Whatever goes to a proxy goes nowhere.
    environment |= dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")
    done = subprocess.run(
        [*BELAY, "demo"], capture_output=True, text=True, check=False, timeout=60, cwd=here, env=environment
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert [list(folder.iterdir()) for folder in (home, temporary, here)] == [[], [], []]
