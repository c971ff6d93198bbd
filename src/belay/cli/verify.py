"""``belay verify``: whether vendored files are what was locked."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from belay.cli import exits
from belay.cli.packages import counted, this_project
from belay.cli.settings import Settings, examples, pass_settings, talk_options
from belay.cli.table import table

EXAMPLES = examples("belay verify", "belay verify --json")


@click.command(epilog=EXAMPLES)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of the files that differ.")
@talk_options
@pass_settings
def verify(settings: Settings, as_json: bool) -> int:
    """Compare the vendored files with the lockfile; nothing is changed, and no network is used.

    Files that differ are listed: missing, changed, link (no regular file), case (its name differs by case).
    Files that nobody has locked are listed as unknown; they are no failure, since belay leaves them alone.
    """
    from belay.project.upkeep import Talk, verify_project

    lock, found = verify_project(this_project(), Talk(settings.say))
    if as_json:
        print(json.dumps([asdict(finding) for finding in found], indent=2))
    elif found:
        print(table(("file", "is"), [(finding.path, finding.kind) for finding in found]))
    wrong = [finding for finding in found if finding.kind != "unknown"]
    if wrong:
        settings.say(f"not as locked: {counted(len(wrong), 'file')}")
        settings.say("hint: `belay fetch` restores them")
        return exits.PACKAGES
    said = f"as locked: {counted(sum(map(len, lock.groups().values())), 'file')}"
    settings.say(f"{said}; unknown: {counted(len(found), 'file')}" if found else said)
    return exits.DONE
