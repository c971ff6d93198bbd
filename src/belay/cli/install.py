"""``belay install``: the project and what it depends on, on boards."""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from belay.cli import exits
from belay.cli.board import Port, WrongUse, check_port, connected
from belay.cli.forms import FORM_OPTIONS, form_from
from belay.cli.names import complete_group
from belay.cli.packages import files_said, talking, tell_restored, this_project
from belay.cli.progress import showing
from belay.cli.script import read_script
from belay.cli.settings import F, Settings, board_options, examples, pass_settings

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from belay.cli.installing import Done
    from belay.deploy.install import Goods
    from belay.deploy.several import Outcome
    from belay.device import Device
    from belay.files.sync import Progress

EXAMPLES = examples(
    "belay install",
    "belay install /dev/ttyACM0 --main main.py --follow",
    "belay install --run main.py",
    "belay install --with dev --mpy",
    "belay install /dev/ttyACM0 /dev/ttyACM1 --frozen",
)

_INTERRUPTED = "each file on the board is whole; another install does what is left"


def _complete_ports(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete ports that are not on the command line yet."""
    used = ctx.params.get(str(param.name)) or ()
    return [each for each in Port().shell_complete(ctx, param, incomplete) if each.value not in used]


_FILE = click.Path(dir_okay=False, path_type=Path)

_OPTIONS = (
    click.option(
        "--with",
        "with_",
        multiple=True,
        metavar="GROUP",
        shell_complete=complete_group,
        help="Also this optional group of dependencies; can be given several times.",
    ),
    click.option(
        "--without",
        multiple=True,
        metavar="GROUP",
        shell_complete=complete_group,
        help="Not this group; can be given several times.",
    ),
    click.option("--main", type=_FILE, metavar="FILE", help="Put this file there as /main.py."),
    click.option(
        "--run",
        metavar="FILE",
        help="Run this file afterwards without putting it there; - is standard input.",
    ),
    click.option("-f", "--follow", is_flag=True, help="Show what main.py prints, until it ends or Ctrl-C."),
    *FORM_OPTIONS,
    click.option("--frozen", is_flag=True, help="Use the vendored files as they are, and no network."),
    click.option("-n", "--dry-run", is_flag=True, help="Print what would be done, and do nothing."),
    click.option("--json", "as_json", is_flag=True, help="Print what was done, or would be, as JSON."),
)


def _install_options(function: F) -> F:
    for option in reversed(_OPTIONS):
        function = option(function)
    return board_options(function)


class Options(NamedTuple):
    """What the options say."""

    with_: tuple[str, ...]
    without: tuple[str, ...]
    main: Path | None
    run: str | None
    follow: bool
    form: str
    mpy_cross: Path | None
    frozen: bool
    dry_run: bool
    as_json: bool

    def check(self, ports: tuple[str, ...], settings: Settings) -> None:
        """Refuse what excludes each other.

        Raises:
            WrongUse: It does.
        """
        follows = self.follow or self.run is not None
        if follows and self.as_json:
            raise WrongUse("--json excludes --follow and --run, whose output it would be among.")
        if follows and len(ports) > 1:
            raise WrongUse("--follow and --run are for one board.")
        if settings.trace and len(ports) > 1:
            raise WrongUse("--trace is for one board.")
        if len(set(ports)) < len(ports):
            raise WrongUse("One of the boards is named twice.")


@click.command(epilog=EXAMPLES)
@click.argument("ports", nargs=-1, metavar="[PORT]...", shell_complete=_complete_ports)
@_install_options
@pass_settings
def install(settings: Settings, /, ports: tuple[str, ...], **given: Any) -> int:
    """Put the project and what it depends on onto boards; what is there already is not sent.

    Dependencies of all groups but optional ones go to /lib, and the folder with the project's name to the
    same name on the board. Then the board is reset, and its main.py runs. Vendored files that are missing
    are fetched first, as by `belay fetch`, and all are verified.

    What an earlier install put there and this one does not is deleted, but for a main.py; all else stays.
    Whatever happens meanwhile, each file on the board is whole, and the next install does what is left.
    """
    options = Options(**given)
    ports = tuple(map(check_port, ports))
    options.check(ports, settings)
    program = None if options.run is None else read_script(options.run)
    with ExitStack() as stack:
        goods = _goods(settings, options, Path(stack.enter_context(tempfile.TemporaryDirectory())))
        if len(ports) > 1:
            return _on_each(settings, options, ports, goods)
        with connected(settings, *ports or (None,), stdin=None if program is None else sys.stdin) as device:
            code = _on_one(settings, options, device, goods)
            if program is not None and not options.dry_run:
                _run(settings, device, program, "<stdin>" if options.run == "-" else str(options.run))
    return code


def _goods(settings: Settings, options: Options, scratch: Path) -> Goods:
    """What is to be installed, fetched and verified."""
    from belay.deploy.install import Goods
    from belay.deploy.layout import lay_out
    from belay.deploy.supplies import chosen, supplies

    project = this_project()
    groups = chosen(project, options.with_, options.without)
    with talking(settings) as talk:
        found = supplies(project, talk, frozen=options.frozen or options.dry_run)
        tree = lay_out(project, groups, found.lock, talk, scratch, main=options.main, offline=options.frozen)
    if said := files_said(found.report):
        settings.say(f"vendored files: {'; '.join(said)}")
    tell_restored(settings, found.report)
    for path in found.strangers:
        settings.say(f"note: {path} is not in the lockfile, and is not sent")
    return Goods(tree, form_from(options.form, options.mpy_cross), options.mpy_cross)


# --- one board -------------------------------------------------------------------------------------


def _on_one(settings: Settings, options: Options, device: Device, goods: Goods) -> int:
    from belay.cli.installing import Planned, has_main, print_pages, tell_done, tell_planned
    from belay.deploy.install import install, plan
    from belay.deploy.several import Outcome

    if options.dry_run:
        planned = Planned(*plan(device, goods))
        if options.as_json:
            print_pages([Outcome(device.address, planned)])
        else:
            tell_planned(settings, planned)
        return exits.DONE
    with showing(settings, "looking at the board") as show:

        def tell(progress: Progress) -> None:
            show(f"sending {progress.path}", progress.done, progress.total)

        try:
            done = install(device, goods, on_progress=tell)
        except KeyboardInterrupt as interrupt:
            interrupt.add_note(_INTERRUPTED)
            raise
    tell_done(settings, done)
    code = exits.DONE
    if options.run is None:
        if not has_main(done):
            settings.say("note: there is no main.py on the board; --main FILE puts one there")
        code = _restart(settings, options, device)
    if options.as_json:
        print_pages([Outcome(device.address, done)])
    return code


def install_and_follow(settings: Settings, device: Device, main: Path | None) -> None:
    """Do as ``belay install --follow`` does, on a board that is connected.

    Args:
        settings: The shared options.
        device: The board.
        main: What becomes main.py; None to leave that of the board alone.

    Raises:
        PackageError: There is no project, or something is wrong with it.
        FilesError: A file cannot be read or written, or there is no room.
        BoardTimeoutError: main.py takes longer than it may.
        ConnectionLost: The board is gone.
    """
    options = Options(
        with_=(),
        without=(),
        main=main,
        run=None,
        follow=True,
        form="minify",
        mpy_cross=None,
        frozen=False,
        dry_run=False,
        as_json=False,
    )
    with tempfile.TemporaryDirectory() as scratch:
        _on_one(settings, options, device, _goods(settings, options, Path(scratch)))


def _restart(settings: Settings, options: Options, device: Device) -> int:
    """Reset the board: its main.py runs.

    Returns:
        The exit code: that of an exception, if one ended a main.py that was followed.

    Raises:
        BoardTimeoutError: It is followed, and takes longer than it may.
    """
    if not options.follow:
        device.soft_reset(timeout=0, stream_out=None)
        return exits.DONE
    from belay.cli.ending import Ending
    from belay.exceptions import BoardTimeoutError

    ending = Ending()
    if not device.soft_reset(timeout=settings.timeout, stream_out=ending):
        raise BoardTimeoutError("main.py", settings.timeout or 0, b"", hint="it goes on")
    return exits.RAISED if ending.raised else exits.DONE


def _run(settings: Settings, device: Device, program: str, name: str) -> None:
    settings.sources[name] = program
    device.run(program, file=name)


# --- several boards --------------------------------------------------------------------------------


def _on_each(settings: Settings, options: Options, ports: tuple[str, ...], goods: Goods) -> int:
    """Install on several boards at once; the exit code is that of the first that failed."""
    from belay.cli.installing import Planned, print_pages, showing_each, tell_done, tell_failed, tell_planned
    from belay.deploy.install import install, plan
    from belay.deploy.several import GoOn, on_each

    codes: dict[str, int] = {}

    def work(port: str, go_on: GoOn) -> Done:
        def tell(progress: Progress) -> None:
            go_on()
            show(port, f"sending {progress.path}", progress.done, progress.total)

        with connected(settings, port) as device:
            go_on()
            if options.dry_run:
                return Planned(*plan(device, goods))
            done = install(device, goods, on_progress=tell)
            _restart(settings, options, device)
            return done

    def ended(outcome: Outcome[Done]) -> None:
        where, found = f"{outcome.address}: ", outcome.result
        if outcome.error is not None:
            codes[outcome.address] = tell_failed(settings, where, outcome.error)
        elif not isinstance(found, Planned) and found is not None:
            tell_done(settings, found, where)

    try:
        with showing_each(settings, ports) as show:
            outcomes = on_each(ports, work, on_end=ended)
    except KeyboardInterrupt as interrupt:
        interrupt.add_note(_INTERRUPTED.replace("the board", "the boards"))
        raise
    if options.as_json:
        print_pages(outcomes)
    else:
        for outcome in outcomes:
            if isinstance(outcome.result, Planned):
                tell_planned(settings, outcome.result, f"{outcome.address}: ")
    if codes:
        settings.say(f"failed: {len(codes)} of {len(ports)} boards")
    return next((codes[port] for port in ports if port in codes), exits.DONE)
