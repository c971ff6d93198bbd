"""``belay remove``: dependencies that are no longer needed."""

from __future__ import annotations

import click

from belay.cli.names import complete_dependency, complete_group
from belay.cli.packages import edit_alone, edit_and_update, this_project, update_option
from belay.cli.settings import Settings, examples, pass_settings, talk_options

EXAMPLES = examples("belay remove aiohttp", "belay remove unittest --group dev")


@click.command(epilog=EXAMPLES)
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_dependency)
@click.option(
    "--group",
    metavar="NAME",
    shell_complete=complete_group,
    help="Take them out of this group only; else out of all.",
)
@update_option
@talk_options
@pass_settings
def remove(settings: Settings, names: tuple[str, ...], group: str | None, and_update: bool) -> None:
    """Take dependencies out of the project."""
    from belay.project.edit import remove_dependencies

    project = this_project()

    def edit() -> None:
        for where, name in remove_dependencies(project.file, names, group=group):
            settings.say(f"removed {name} from {where}")

    if and_update:
        edit_and_update(settings, project, edit, ())
    else:
        edit_alone(settings, project, edit)
