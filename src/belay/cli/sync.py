"""``belay sync``: a folder of this computer, on a board."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from belay.cli import exits
from belay.cli.ask import agreed
from belay.cli.board import WrongUse, connected
from belay.cli.forms import FORM_OPTIONS, form_from
from belay.cli.fs.places import complete_port_or_host, take_port
from belay.cli.info import readable
from belay.cli.packages import counted
from belay.cli.progress import showing
from belay.cli.settings import F, Settings, examples, file_options, pass_settings
from belay.cli.text import escaped
from belay.exceptions import BelayException, BoardFileNotFoundError, SourceMissingError
from belay.files.operations import MakeFolder, RemoveFolder
from belay.files.plan import FRESH
from belay.files.tree import File, folder_of, join

if TYPE_CHECKING:
    from belay.device import Device
    from belay.files.filesystem import Filesystem
    from belay.files.keep import Keep
    from belay.files.plan import Plan
    from belay.files.survey import Wish
    from belay.files.sync import Progress, SyncSummary

EXAMPLES = examples(
    "belay sync src",
    "belay sync /dev/ttyACM0 src --dst /lib --mpy",
    "belay sync src --dry-run",
    "belay sync src --delete --keep boot.py --keep data",
)


_OPTIONS = (
    click.option("--dst", default="/", metavar="PATH", help="The folder on the board; / if not given."),
    click.option("--delete", is_flag=True, help="Delete all in it that is not in FOLDER, after a question."),
    click.option(
        "--keep",
        multiple=True,
        metavar="NAME",
        help="As --delete, but not this file or folder; can be given several times.",
    ),
    click.option("--keep-all", is_flag=True, help="Delete nothing, not even what an earlier sync put there."),
    click.option("-y", "--yes", is_flag=True, help="Do not ask."),
    click.option(
        "--ignore",
        multiple=True,
        metavar="PATTERN",
        help="Leave out what fits, as in a .gitignore; can be given several times.",
    ),
    *FORM_OPTIONS,
    click.option("--outside-links", is_flag=True, help="Follow links that lead out of FOLDER."),
    click.option("-n", "--dry-run", is_flag=True, help="Print what would be done, and do nothing."),
    click.option("--json", "as_json", is_flag=True, help="Print what was done, or would be, as JSON."),
)


_SHOWN, _NAMED = 20, 5
"""So many names are shown of what would be deleted: one in a line, or all in one."""


def _sync_options(function: F) -> F:
    function = file_options(function, fresh=True)
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


class Options(NamedTuple):
    """What the options say."""

    dst: str
    delete: bool
    keep: tuple[str, ...]
    keep_all: bool
    yes: bool
    ignore: tuple[str, ...]
    form: str
    mpy_cross: Path | None
    outside_links: bool
    dry_run: bool
    as_json: bool

    @property
    def kept(self) -> Keep:
        """What stays on the board, as :meth:`belay.Device.sync` has it.

        Raises:
            WrongUse: They exclude each other.
        """
        if self.keep_all and (self.delete or self.keep):
            raise WrongUse("--keep-all excludes --delete and --keep.")
        if self.keep_all:
            return True
        return self.keep or (False if self.delete else None)


@click.command(epilog=EXAMPLES)
@click.argument("words", nargs=-1, metavar="[PORT] FOLDER", shell_complete=complete_port_or_host)
@_sync_options
@pass_settings
def sync(settings: Settings, /, words: tuple[str, ...], **given: Any) -> int:
    """Make a folder on a board hold what FOLDER holds; what has not changed is not sent.

    FOLDER can also be a file. Whatever happens meanwhile, each file on the board has its old or its new
    content, whole, and the next sync does what is left.

    Files that an earlier sync put there and that FOLDER does not have any more are deleted; others stay,
    unless --delete or --keep says otherwise.
    """
    options = Options(**given)
    keep = options.kept
    port, names = take_port(words, "FOLDER", otherwise="./{} would be a folder of this computer")
    if len(names) > 1:
        raise WrongUse(f"Got {len(names)} arguments where at most PORT and FOLDER can be.")
    folder = Path(names[0])
    if not folder.exists():
        raise SourceMissingError(f"{folder}: there is no such file or folder", hint="is the path right?")
    with connected(settings, port) as device:
        wish = _wish(device, folder, options, keep)
        if options.dry_run:
            _tell_plan(settings, device.filesystem, wish, as_json=options.as_json)
        elif options.yes or _may_go(settings, device.filesystem, wish):
            _tell(settings, _carry_out(settings, device.filesystem, wish), wish, as_json=options.as_json)
        else:
            settings.say("nothing was done")
    return exits.DONE


def _wish(device: Device, folder: Path, options: Options, keep: Keep) -> Wish:
    from belay.files.folder import IGNORED
    from belay.files.upload import wish_for

    return wish_for(
        [folder],
        device.implementation,
        dst=options.dst.removeprefix(":"),
        keep=keep,
        ignore=[*IGNORED, *options.ignore],
        form=form_from(options.form, options.mpy_cross),
        mpy_cross_binary=options.mpy_cross,
        outside_links=options.outside_links,
    )


def _carry_out(settings: Settings, files: Filesystem, wish: Wish) -> SyncSummary:
    last = ""
    with showing(settings, "looking at the board") as show:

        def tell(progress: Progress) -> None:
            nonlocal last
            last = progress.path
            show(f"sending {last}", progress.done, progress.total)

        try:
            return files.sync(wish, on_progress=tell)
        except KeyboardInterrupt as interrupt:
            interrupt.add_note("each file on the board is whole; another sync does what is left")
            # Most likely this is what was half written; if not, the next sync removes it.
            with suppress(BelayException):
                files.remove(f"{wish.top}/{join(folder_of(last), FRESH)}")
            raise


# --- what is deleted -------------------------------------------------------------------------------


def _may_go(settings: Settings, files: Filesystem, wish: Wish) -> bool:
    """Whether what would be deleted may be; only where more goes than an earlier sync put there.

    Raises:
        WrongUse: Somebody must be asked, and nobody is there.
    """
    if wish.keep is None or wish.keep is True:
        return True
    going = _going(files.plan(wish))
    if not going:
        return True
    if not sys.stdin.isatty():
        more = f" and {len(going) - _NAMED} more" if len(going) > _NAMED else ""
        raise WrongUse(
            f"On the board {', '.join(going[:_NAMED])}{more} would be deleted, and nobody can be asked, "
            "as this is no terminal.",
            "--yes does not ask, --dry-run shows what would be done",
        )
    for path in going[:_SHOWN]:
        settings.say(f"- {path}", at=-9)
    if len(going) > _SHOWN:
        settings.say(f"and {len(going) - _SHOWN} more", at=-9)
    return agreed(f"Delete {'this' if len(going) == 1 else 'these'} on the board?")


def _going(plan: Plan) -> list[str]:
    """What would be deleted, in order; folders end with a slash."""
    folders = {step.path for step in plan.operations if isinstance(step, RemoveFolder)}
    paths = sorted(plan.deleted, key=lambda path: path.split("/"))
    return [f"{path}/" if path in folders else path for path in paths]


# --- what is told ----------------------------------------------------------------------------------


def _tell_plan(settings: Settings, files: Filesystem, wish: Wish, *, as_json: bool) -> None:
    plan = files.plan(wish)
    sending = [wish.contents.tree[path] for path in plan.sent]
    size = sum(entry.size for entry in sending if isinstance(entry, File))
    if as_json:
        print(json.dumps(_planned_page(plan, wish, size), indent=2))
        return
    try:
        found = files.tree(wish.top)
    except BoardFileNotFoundError:
        found = {}
    made = [f"{step.path}/" for step in plan.operations if isinstance(step, MakeFolder)]
    for path in sorted([*made, *plan.sent], key=lambda path: path.split("/")):
        print(f"{'~' if path in found else '+'} {escaped(path)}")
    for path in _going(plan):
        print(f"- {escaped(path)}")
    _tell_words(settings, wish.contents.words)
    said = [f"would send: {counted(len(plan.sent), 'file')} ({readable(size)})"]
    said += [f"would skip: {len(plan.unchanged)}"] if plan.unchanged else []
    said += [f"would delete: {len(plan.deleted)}"] if plan.deleted else []
    settings.say("; ".join(said))
    _tell_unknown(settings, wish, plan.left)


def _tell(settings: Settings, done: SyncSummary, wish: Wish, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(_done_page(done, wish), indent=2))
    for word, paths in (("sent", done.sent), ("deleted", done.deleted)):
        for path in paths:
            settings.say(f"{word}: {path}", at=1)
    _tell_words(settings, done.words)
    said = [f"sent: {counted(len(done.sent), 'file')} ({readable(done.bytes)})"]
    said += [f"skipped: {len(done.skipped)}"] if done.skipped else []
    said += [f"deleted: {len(done.deleted)}"] if done.deleted else []
    settings.say("; ".join([*said, f"{done.seconds:.2f} s", f"{readable(done.free)} free"]))
    _tell_unknown(settings, wish, done.unknown)


def _tell_words(settings: Settings, words: Sequence[str]) -> None:
    for word in words:
        settings.say(f"warning: {word}")


def _tell_unknown(settings: Settings, wish: Wish, unknown: Sequence[str]) -> None:
    if wish.keep is None and unknown:
        are = "is" if len(unknown) == 1 else "are"
        removes = "it" if len(unknown) == 1 else "them"
        settings.say(
            f"{counted(len(unknown), 'file')} on the board {are} not from here (--delete removes {removes})"
        )


def _planned_page(plan: Plan, wish: Wish, size: int) -> dict[str, object]:
    return {
        "done": False,
        "dst": wish.top,
        "sent": plan.sent,
        "skipped": plan.unchanged,
        "deleted": plan.deleted,
        "unknown": plan.left,
        "bytes": size,
        "seconds": None,
        "free": None,
        "warnings": list(wish.contents.words),
    }


def _done_page(done: SyncSummary, wish: Wish) -> dict[str, object]:
    return {
        "done": True,
        "dst": wish.top,
        "sent": done.sent,
        "skipped": done.skipped,
        "deleted": done.deleted,
        "unknown": done.unknown,
        "bytes": done.bytes,
        "seconds": round(done.seconds, 3),
        "free": done.free,
        "warnings": done.words,
    }
