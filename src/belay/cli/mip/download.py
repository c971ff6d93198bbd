"""``belay mip download``: packages into a folder here, without a board."""

from __future__ import annotations

import json
from pathlib import Path

import click

from belay.cli import exits
from belay.cli.mip import shared
from belay.cli.packages import counted, talking
from belay.cli.settings import Settings, examples, pass_settings, talk_options
from belay.cli.text import printable


@click.command(
    short_help="Put packages into a folder of this computer.",
    epilog=examples("belay mip download typings aioble", "belay mip download modules umqtt.simple --mpy 6"),
)
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.argument("words", nargs=-1, required=True, metavar="PACKAGE...")
@click.option(
    "--mpy",
    "mpy_version",
    default="py",
    metavar="VERSION",
    help="Compiled files of this mpy version, where there are some, as 6; else sources.",
)
@click.option("--no-mpy", "mpy_version", flag_value="py", help="Sources; the default.")
@shared.index_option
@shared.offline_option
@shared.dry_option
@shared.json_option
@talk_options
@pass_settings
def download(
    settings: Settings,
    *,
    folder: Path,
    words: tuple[str, ...],
    mpy_version: str,
    index: str,
    offline: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Put packages and all that they need into the folder DIR of this computer.

    For an editor that shall know them, or to be frozen into firmware. Files that are there already are left
    as they are; one that has another content is replaced.
    """
    from belay.cli.board import WrongUse
    from belay.mip.choice import Form, choose_packages
    from belay.mip.download import write_files
    from belay.mip.wants import parse_wants

    if mpy_version != "py" and not mpy_version.isdecimal():
        raise WrongUse(f"--mpy wants a number, as 6, and not {mpy_version!r}.")
    where = shared.origins(index, offline=offline)
    needs = parse_wants(words, index=index, own=where.hosts)
    with talking(settings) as talk:
        choice = choose_packages(needs, Form(mpy_version), talk, where)
    written = write_files(folder, choice.contents, dry_run=dry_run)
    if as_json:
        pages = [shared.page(package) for package in choice.packages.values()]
        print(json.dumps({"folder": str(folder), "packages": pages, "written": written}, indent=2))
    else:
        for package in choice.packages.values():
            print(printable(str(package)))
    skipped = len(choice.contents) - len(written)
    said = [f"{'would write' if dry_run else 'written'}: {counted(len(written), 'file')}"]
    settings.say("; ".join(said + ([f"there already: {skipped}"] if skipped else [])))
    return exits.DONE
