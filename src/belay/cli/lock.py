"""``belay lock``: the lockfile alone."""

from __future__ import annotations

import json

import click

from belay.cli import exits
from belay.cli.packages import its_lock, talking, tell_outcome, this_project
from belay.cli.settings import Settings, examples, pass_settings, talk_options

EXAMPLES = examples("belay lock", "belay lock --check")


@click.command(epilog=EXAMPLES)
@click.option("--check", is_flag=True, help="Only say whether the lockfile fits; no network is used.")
@click.option("--offline", is_flag=True, help="Use what was fetched before, and no network.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print a JSON list of the packages that change, or, with --check, of what does not fit.",
)
@talk_options
@pass_settings
def lock(settings: Settings, check: bool, offline: bool, as_json: bool) -> int:
    """Make the lockfile fit pyproject.toml with as few changes as possible; vendored files stay.

    What is locked already stays as it is, unless that suits nobody any more.
    """
    if check:
        return _check(settings, as_json)
    from belay.project.upkeep import lock_project

    with talking(settings) as talk:
        outcome = lock_project(this_project(), talk, offline=offline)
    tell_outcome(settings, outcome, as_json=as_json)
    if outcome.changes:
        settings.say("hint: `belay fetch` makes the vendored files fit")
    return exits.DONE


def _check(settings: Settings, as_json: bool) -> int:
    from belay.project.upkeep import why_stale

    project = this_project()
    reasons = why_stale(project, its_lock(project))
    if as_json:
        print(json.dumps(reasons, indent=2))
    else:
        for reason in reasons:
            print(reason)
    if reasons:
        settings.say("the lockfile does not fit pyproject.toml")
        settings.say("hint: `belay update` or `belay lock` makes it fit")
        return exits.PACKAGES
    settings.say("the lockfile fits pyproject.toml")
    return exits.DONE
