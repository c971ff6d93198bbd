"""``belay update``: what is right now, chosen, locked and vendored."""

from __future__ import annotations

import click

from belay.cli.names import complete_locked
from belay.cli.packages import talking, tell_outcome, this_project
from belay.cli.settings import Settings, examples, pass_settings, talk_options

EXAMPLES = examples("belay update", "belay update aiohttp", "belay update --dry-run")


@click.command(epilog=EXAMPLES)
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_locked)
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--offline", is_flag=True, help="Use what was fetched before, and no network.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of the packages that change.")
@talk_options
@pass_settings
def update(settings: Settings, names: tuple[str, ...], dry_run: bool, offline: bool, as_json: bool) -> None:
    """Choose the dependencies anew, lock them, and make the vendored files fit.

    With names, only these are chosen anew; the others stay as they are locked. Either all of it is done or,
    if anything fails, nothing.
    """
    from belay.project.upkeep import plan_update, update_project

    project = this_project()
    work = plan_update if dry_run else update_project
    with talking(settings) as talk:
        outcome = work(project, talk, names=names or None, offline=offline)
    tell_outcome(settings, outcome, as_json=as_json, planned=dry_run)
