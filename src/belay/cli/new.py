"""``belay new``: the beginning of a project."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from belay.cli.settings import Settings, examples, pass_settings, talk_options

EXAMPLES = examples("belay new my-project", "belay new  # in a folder that has a pyproject.toml")


@click.command(epilog=EXAMPLES)
@click.argument("path", default=".", type=click.Path(file_okay=False, path_type=Path))
@talk_options
@pass_settings
def new(settings: Settings, path: Path) -> None:
    """Begin a project in PATH, or here; `belay init` is the same.

    A new project has a pyproject.toml, a README.md, and a folder for its code, whose name Python can import.
    A pyproject.toml that is there gets what is missing in it; nothing is overwritten.
    """
    from belay.project.create import create

    created = create(path)
    for note in created.notes:
        settings.say(f"note: {note}")
    where = "" if path == Path() else f" in {path}"
    if not created.written:
        settings.say(f"there is a project{where} already; nothing is missing")
        return
    settings.say(f"wrote {', '.join(created.written)}{where}")
    step = f"cd {shlex.quote(str(path))} && " if where else ""
    settings.say(f"hint: {step}belay add NAME")
