"""``belay clean``: vendored files that nobody wants any more."""

from __future__ import annotations

import click

from belay.cli.packages import counted, its_lock, this_project, vendored_files
from belay.cli.settings import Settings, pass_settings, talk_options


@click.command()
@talk_options
@pass_settings
def clean(settings: Settings) -> None:
    """Remove vendored files of dependencies that pyproject.toml no longer has, and lock them no longer.

    Files that belay has not put there stay, and so do edits of the others; no network is used.
    """
    from belay.packages.lock import prune
    from belay.packages.lockfile import to_text
    from belay.project.upkeep import Talk, alone

    its_lock(this_project())  # no project without a lock is changed, not even by a folder for belay's own use
    with alone(this_project(), Talk(settings.say)) as project:
        vendored = vendored_files(project)
        old = its_lock(project)
        new = prune(old, [(need.group, need.key) for need in project.requirements])
        text = to_text(new, project.root).encode() if new != old else None
        report = vendored.apply(new.groups(), None, before=old.groups(), lock=text)
    for path in report.removed:
        print(path)
    gone = len(old.packages) - len(new.packages)
    settings.say(
        f"removed {counted(len(report.removed), 'file')}; no longer locked: {counted(gone, 'package')}"
    )
