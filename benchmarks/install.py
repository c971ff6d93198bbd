"""Install: what it costs to bring 127 packages to a board of 4 MB, again, and after a change; beside a copy.

    python3 dev.py bench install [--quick] [--json] [--ours] [--page]

The packages have micropython-lib's names, destinations and sizes; what is in the files is Python's own
asyncio, as comments, sent as it is. The board has LittleFS and is connected to afresh for each row;
connecting is not counted, but the reset at the end is. Mpremote copies the same files with `cp -r`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from zlib import crc32

import page
from comparison import Everybody, Row, Table, as_json, as_markdown, as_text
from contest import PATIENCE, Figures, Measured
from environments import PEERS, clean_environment, python_of
from port import CountedPort

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from servers.index_recipes import Index, Package, Release, micropython_lib

from belay import Device
from belay.deploy.install import Goods, install
from belay.deploy.layout import lay_out
from belay.deploy.supplies import supplies
from belay.files.content import Form
from belay.project import Project, load_project
from belay.project.upkeep import Talk, update_project

FS = "lfs2:4M"
LIMITS = {"first install": 60, "unchanged": 5, "one changed": 10}
"""Turns."""


def make_index() -> Index:
    """The newest packages of an index of micropython-lib's shape, with other contents of the same sizes."""
    library = Path(os.__file__).with_name("asyncio")
    source = b"".join(path.read_bytes() for path in sorted(library.glob("*.py")))

    def content(made_up: bytes) -> bytes:
        at = crc32(made_up) % (len(source) - len(made_up))
        return (b"#" + source[at:].replace(b"\n", b"\n#"))[: len(made_up) - 1] + b"\n" if made_up else b""

    packages = {}
    for name, package in micropython_lib().packages.items():
        assert package.latest is not None
        files = {destination: content(data) for destination, data in package.latest.files.items()}
        packages[name] = Package({package.latest_version: Release(files)})
    return Index(packages)


def make_project(folder: Path) -> Project:
    """A project that wants all of them, vendored."""
    index = make_index()
    for path in index.paths():
        file = folder / "index" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(index.get(path) or b"")
    wanted = "\n".join(f'"{name}" = "*"' for name in index.packages)
    file = folder / "pyproject.toml"
    file.write_text(
        f'[tool.belay]\npackage_indices = ["./index"]\n[tool.belay.dependencies]\n{wanted}\n',
        encoding="utf-8",
    )
    update_project(load_project(file), Talk())
    return load_project(file)


def first_file(project: Project) -> Path:
    """One of the vendored files; the install itself is measured, not what verifies them."""
    return min((project.vendored / "main").rglob("*.py"))


@contextmanager
def changed(file: Path) -> Iterator[None]:
    """Other content of the same size."""
    before = file.read_bytes()
    file.write_bytes(before[:-2] + b"!\n")
    yield
    file.write_bytes(before)


def run_belay(project: Project, heap: str) -> Figures:
    talk = Talk()
    lock = supplies(project, talk, frozen=True).lock
    with tempfile.TemporaryDirectory() as scratch:
        tree = lay_out(project, project.groups, lock, talk, Path(scratch))
    figures: Figures = {}

    def work(name: str) -> None:
        with Device(port.path) as device:
            port.reset()
            install(device, Goods(tree, Form.RAW))
            device.soft_reset(timeout=0, stream_out=None)
            figures[name] = measured(port)

    with CountedPort(heap, FS) as port:
        work("first install")
        work("unchanged")
        with changed(first_file(project)):
            work("one changed")
    return figures


def measured(port: CountedPort) -> Measured:
    traffic = port.traffic()
    return Measured(traffic.turns, traffic.bytes_out, traffic.bytes_in, traffic.seconds)


def run_mpremote(project: Project, python: Path) -> Figures:
    """A program for each work, timed from the first byte on the wire to the last, without connecting."""
    figures: Figures = {}
    with CountedPort("2M", FS) as port, tempfile.TemporaryDirectory() as folder:
        library = Path(folder, "lib")
        library.symlink_to(project.vendored / "main")

        def run(*arguments: str) -> Measured:
            port.reset()
            command = [str(python), "-P", "-m", "mpremote", "connect", port.path, *arguments]
            environment = clean_environment()
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=PATIENCE, env=environment, check=False
            )
            if done.returncode:
                return Measured(error=(done.stderr or done.stdout).strip().splitlines()[-1])
            return measured(port)

        run("exec", "0")
        connect = run("exec", "0")

        def work(name: str) -> None:
            found = run("cp", "-r", f"{library}/", ":lib")
            if not found.error:
                values = ("turns", "bytes_out", "bytes_in", "seconds")
                less = {value: getattr(found, value) - getattr(connect, value) for value in values}
                found = replace(found, **less)
            figures[name] = found

        run("exec", "import os; os.mkdir('lib')")
        work("first install")
        work("unchanged")
        with changed(first_file(project)):
            work("one changed")
    return figures


def compare(everybody: Everybody) -> list[Row]:
    """The table, with the targets."""
    table = Table(everybody)
    for work, most in LIMITS.items():
        keys = {name: (name, work) for name in ("ours", "mpremote")}
        table.add(f"127 packages: {work}", "turns", lambda one: one.turns, keys, at_most=most)
        table.add("", "bytes to the board", lambda one: one.bytes_out, keys)
        table.add("", "s", lambda one: one.seconds, keys)
        small = {"ours": ("ours, 128 KiB", work)}
        table.add("the same, heap of 128 KiB", "turns", lambda one: one.turns, small, at_most=most)
        table.add("", "s", lambda one: one.seconds, small)
    return table.rows


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--quick", action="store_true", help="only with the larger heap, and without the peer"
    )
    parser.add_argument("--ours", action="store_true", help="without the peer: nothing is installed")
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    parser.add_argument("--page", action="store_true", help="bring docs/performance.md up to date")
    given = parser.parse_args()
    if given.page and (given.quick or given.ours):
        parser.error("--page needs all figures, so neither --quick nor --ours")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BELAY_CACHE_DIR"] = str(Path(folder, "cache"))
        project = make_project(Path(folder))
        everybody: Everybody = {"ours": run_belay(project, "2M")}
        if not given.quick:
            everybody["ours, 128 KiB"] = run_belay(project, "128k")
        if not (given.ours or given.quick):
            print(f"mpremote {PEERS['mpremote']} ...", file=sys.stderr)
            everybody["mpremote"] = run_mpremote(project, python_of("mpremote"))
    rows, about = compare(everybody), page.about()
    if given.page:
        page.write_page(f"{' - '.join(about.values())}\n\n{as_markdown(rows)}", "figures of installs")
    if given.json:
        figures = {who: {work: asdict(one) for work, one in done.items()} for who, done in everybody.items()}
        print(json.dumps({**about, "rows": as_json(rows), "figures": figures}, indent=1))
    else:
        print(" - ".join(about.values()), "\n")
        print(as_text(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
