"""``belay remove``: dependencies that are no longer needed."""

from __future__ import annotations

import click

from belay.cli.packages import tell_stale, this_project, update_after
from belay.cli.settings import Settings, examples, pass_settings, talk_options

EXAMPLES = examples("belay remove aiohttp", "belay remove unittest --group dev")


@click.command(epilog=EXAMPLES)
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--group", metavar="NAME", help="Take them out of this group only; else out of all.")
@click.option(
    "--update/--no-update",
    "and_update",
    default=True,
    help="Bring lockfile and vendored files up to date, which is the default, or leave them.",
)
@talk_options
@pass_settings
def remove(settings: Settings, names: tuple[str, ...], group: str | None, and_update: bool) -> None:
    """Take dependencies out of the project."""
    from belay.project.edit import remove_dependencies

    file = this_project().file
    before = file.read_bytes()
    for where, name in remove_dependencies(file, names, group=group):
        settings.say(f"removed {name} from {where}")
    if and_update:
        update_after(settings, file, before, ())
    else:
        tell_stale(settings)
