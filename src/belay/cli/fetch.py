"""``belay fetch``: the vendored files as they are locked."""

from __future__ import annotations

import click

from belay.cli.packages import counted, files_said, talking, tell_restored, tell_unfit, this_project
from belay.cli.settings import Settings, examples, pass_settings, talk_options

EXAMPLES = examples("belay fetch", "belay fetch --offline")


@click.command(epilog=EXAMPLES)
@click.option("--offline", is_flag=True, help="Use what was fetched before, and no network.")
@talk_options
@pass_settings
def fetch(settings: Settings, offline: bool) -> None:
    """Make the vendored files exactly those of the lockfile, which stays as it is."""
    from belay.project.upkeep import fetch_project

    project = this_project()
    with talking(settings) as talk:
        outcome = fetch_project(project, talk, offline=offline)
    report = outcome.report
    gone = set(report.removed) - set(report.written)
    for path in sorted({*report.written, *gone}):
        print(f"{path}: removed" if path in gone else path)
    count = sum(map(len, outcome.new.groups().values()))
    settings.say("; ".join([f"as locked: {counted(count, 'file')}", *files_said(report)]))
    tell_restored(settings, report)
    tell_unfit(settings, project, outcome.new)
