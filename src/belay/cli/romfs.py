"""``belay romfs``: images in a board's flash."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from belay.cli import exits
from belay.cli.board import Port, WrongUse, check_port, complete_port_or_file, connected, names_board
from belay.cli.info import readable
from belay.cli.packages import talking, this_project
from belay.cli.progress import showing
from belay.cli.settings import Settings, board_options, examples, pass_settings, talk_options
from belay.cli.table import table

if TYPE_CHECKING:
    from belay.board.firmware import Implementation
    from belay.deploy.rom import Deployment, Partition, Rom
    from belay.project import Project

EXAMPLES = examples(
    "belay romfs query",
    "belay romfs deploy",
    "belay romfs deploy /dev/ttyACM0 my-sensor.romfs",
)
QUERY = examples("belay romfs query", "belay romfs query /dev/ttyACM0 --json")
DEPLOY = examples(
    "belay romfs deploy",
    "belay romfs deploy /dev/ttyACM0 my-sensor.romfs",
    "belay romfs deploy my-sensor.romfs --partition 1",
    "belay romfs deploy --dry-run",
)


@click.group(invoke_without_command=True, subcommand_metavar="COMMAND [ARGS]...", epilog=EXAMPLES)
@talk_options
@click.pass_context
def romfs(ctx: click.Context) -> None:
    """See or write the images that a board runs modules from, in partitions of its flash (ROMFS).

    `belay build --romfs FILE` makes an image without a board.
    """
    if ctx.invoked_subcommand is None:
        # Nothing was asked for, so this is no answer: it goes to stderr.
        click.echo(ctx.get_help(), err=True)
        ctx.exit(exits.USAGE)


@romfs.command(epilog=QUERY, short_help="Print a board's partitions, and what is in them.")
@click.argument("port", required=False, type=Port(), metavar="[PORT]")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list; sizes are in bytes.")
@board_options
@pass_settings
def query(settings: Settings, port: str | None, as_json: bool) -> None:
    """Print a board's partitions for images, their sizes, and what is in them."""
    from belay.deploy.rom import Rom

    with connected(settings, port) as device:
        found = Rom(device).partitions()
    if as_json:
        pages = [{"partition": each.number, "size": each.size, "image": each.image} for each in found]
        print(json.dumps(pages, indent=2))
        return
    if found:
        rows = [[str(each.number), readable(each.size), _said(each)] for each in found]
        print(table(["partition", "size", "image"], rows))
    else:
        settings.say("the board's firmware knows of partitions, and the board has none")


@romfs.command(epilog=DEPLOY, short_help="Write an image into a partition of a board.")
@click.argument("words", nargs=-1, metavar="[PORT] [FILE]", shell_complete=complete_port_or_file)
@click.option(
    "-p",
    "--partition",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Which; the first is 0.",
)
@click.option("--raw", is_flag=True, help="Without FILE: leave Python files as they are.")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written, or would be, as JSON.")
@board_options
@pass_settings
def deploy(
    settings: Settings, /, words: tuple[str, ...], partition: int, *, raw: bool, dry_run: bool, as_json: bool
) -> None:
    """Write an image into a partition of a board; without FILE, one of the project and its dependencies.

    What is there already is not written again. The image's beginning is written last: a board whose cable is
    pulled meanwhile has no image rather than half of one. Afterwards the board is started anew, and mounts
    the image of the first partition at /rom.
    """
    from belay.deploy.rom import Rom

    port, file = _split(words)
    if file is not None and raw:
        raise WrongUse("--raw is for an image that is made of the project.")
    image = _image_in(file) if file is not None else b""
    project = this_project() if file is None else None
    with connected(settings, port) as device:
        rom = Rom(device)
        if project is not None:
            image = _image_of(settings, project, device.implementation, raw=raw)
        found = rom.plan(image, partition) if dry_run else _write(settings, rom, image, partition)
        if found.bytes and not dry_run:
            device.soft_reset(timeout=0, stream_out=None)
    if as_json:
        print(json.dumps(_page(found, dry_run=dry_run), indent=2))
        return
    done = "there already" if not found.bytes else "would write" if dry_run else "written"
    settings.say(f"{done}: an image of {readable(found.image)}, in partition {partition}")


def _write(settings: Settings, rom: Rom, image: bytes, partition: int) -> Deployment:
    with showing(settings, "writing the image") as show:
        try:
            return rom.deploy(
                image, partition, on_progress=lambda done, total: show("writing the image", done, total)
            )
        except KeyboardInterrupt as interrupt:
            interrupt.add_note("the partition has no image until one is written whole")
            raise


def _page(found: Deployment, *, dry_run: bool) -> dict[str, object]:
    return {
        "done": not dry_run,
        "partition": found.partition.number,
        "size": found.partition.size,
        "image": found.image,
        "bytes": found.bytes,
        "alignment": found.alignment,
    }


def _split(words: tuple[str, ...]) -> tuple[str | None, Path | None]:
    """Take ``[PORT] [FILE]`` apart."""
    if len(words) > 2:
        raise WrongUse(f"Got {len(words)} arguments where at most PORT and FILE can be.")
    if len(words) == 2:
        return check_port(words[0]), Path(words[1])
    if words and names_board(words[0]):
        return words[0], None
    return None, Path(words[0]) if words else None


def _image_in(file: Path) -> bytes:
    from belay.deploy.rom import BEGINNING
    from belay.exceptions import ImageError
    from belay.romfs import image_size, read_image

    with file.open("rb") as stream:
        image = stream.read(BEGINNING)
        # What comes behind an image is nothing of it, and of some files there is no end.
        image += stream.read(max(0, (image_size(image) or 0) - len(image)))
    try:
        return image[: read_image(image).size]
    except ImageError as error:
        raise ImageError(f"{file} {error.message}", hint=error.hint) from error


def _image_of(settings: Settings, project: Project, board: Implementation, *, raw: bool) -> bytes:
    """An image of a project, for a certain board."""
    from belay.publish.build import Order, make

    place = Path("image")
    versions = () if board.mpy_version is None else (board.mpy_version,)
    order = Order(romfs=place, raw=raw or not versions, mpy_versions=versions, arch=board.arch)
    with talking(settings) as talk:
        product = make(project, order, talk)
    for note in product.notes:
        settings.say(f"note: {note}")
    return product.files[place]


def _said(partition: Partition) -> str:
    return "none" if partition.image is None else readable(partition.image)
