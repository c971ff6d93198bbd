"""The second half of the demonstration: a project, its packages, and what keeps them the same."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from belay.cli import demo_index, exits
from belay.cli.demo_show import belay, show_text, show_title

NAME = "thermometer"
MAIN = """from smooth import smooth

print("smoothed:", smooth([20, 21, 80, 22, 21]))
"""
VENDORED = Path(".belay", "dependencies", "main")


@dataclass(frozen=True)
class Stage:
    """Where the steps play.

    Attributes:
        index: The folder of the package index.
        url: Its address.
        server: Closed, it ends the server.
    """

    index: Path
    url: str
    server: ExitStack


def show_project() -> None:
    """Show all steps, in a folder that is gone afterwards; nothing of the user's own is touched."""
    with set_stage() as made:
        for title, step in STEPS:
            show_title(title, step)
            step(made)
            click.echo()


@contextmanager
def set_stage() -> Iterator[Stage]:
    """A folder to be in, with an index that is served and a store; all is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="belay-demo-") as name, ExitStack() as server:
        folder = Path(name)
        index = folder / "index"
        index.mkdir()
        url = server.enter_context(demo_index.served(index))
        with _store(folder / "store"), chdir(folder):
            yield Stage(index, url, server)


@contextmanager
def _store(folder: Path) -> Iterator[None]:
    """Have belay keep what it fetches in a folder."""
    variable = "BELAY_CACHE_DIR"
    before = os.environ.get(variable)
    os.environ[variable] = str(folder)
    try:
        yield
    finally:
        os.environ.pop(variable)
        if before is not None:
            os.environ[variable] = before


def begin(stage: Stage) -> None:
    """A project is a folder with a pyproject.toml. This one asks an index that the demo serves itself."""
    from belay.project.edit import rewrite, set_value

    belay("new", NAME)
    os.chdir(NAME)
    file = Path("pyproject.toml")
    rewrite(file, lambda text: set_value(text, ("tool", "belay", "package_indices"), [stage.url]))
    show_text("$ cat pyproject.toml")
    click.echo(file.read_text(encoding="utf-8"), nl=False)


def add(stage: Stage) -> None:
    """A package comes with what it needs: chosen, locked to the byte, and put where it is imported from."""
    demo_index.publish(demo_index.FIRST, stage.index)
    belay("add", "smooth")
    belay("tree")
    show_text("$ ls .belay/dependencies/main")
    click.echo("\n".join(sorted(path.name for path in VENDORED.iterdir())))
    show_text("$ cat belay.lock")
    click.echo(Path("belay.lock").read_text(encoding="utf-8"), nl=False)


def update(stage: Stage) -> None:
    """The index now has rolling 1.1 and 2.0. Nothing changes until it is asked for, and smooth wants <2."""
    demo_index.publish(demo_index.LATER, stage.index)
    belay("lock", "--check")
    belay("update", "--dry-run")
    belay("update")


def restore(stage: Stage) -> None:
    """The index is gone, and somebody edits a vendored file: it is noticed, and restored all the same."""
    stage.server.close()
    show_text("$ echo 'oops' >> .belay/dependencies/main/rolling.py")
    with (VENDORED / "rolling.py").open("a", encoding="utf-8") as file:
        file.write("oops\n")
    belay("verify", code=exits.PACKAGES)
    belay("fetch", "--offline")
    belay("verify")


def install(_: Stage) -> None:
    """The project and its packages go onto a board, here a virtual one, which then runs main.py."""
    Path("main.py").write_text(MAIN, encoding="utf-8")
    show_text("$ cat main.py")
    click.echo(MAIN, nl=False)
    belay("install", "virtual:board", "--main", "main.py", "--follow")
    belay("fs", "tree", "virtual:board")


def change(_: Stage) -> None:
    """Only what has changed is sent, and whatever happens meanwhile, no file on the board is half written."""
    Path("main.py").write_text(MAIN.replace("80", "20"), encoding="utf-8")
    show_text("$ sed -i s/80/20/ main.py")
    belay("install", "virtual:board", "--main", "main.py", "--dry-run")
    belay("install", "virtual:board", "--main", "main.py", "--follow")


STEPS: list[tuple[str, Callable[[Stage], None]]] = [
    ("6. Begin a project", begin),
    ("7. Add a package", add),
    ("8. Update it", update),
    ("9. Keep it as it is", restore),
    ("10. Put it on a board", install),
    ("11. Change it", change),
]
