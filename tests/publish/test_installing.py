"""What `belay build` publishes is installed alike by a board's own mip, by mpremote and by belay."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import peers
import pytest

from belay import Device
from belay.packages.lockfile import read_lock
from belay.project import Project, load_project
from belay.project.upkeep import Talk, update_project
from belay.publish.build import Order, make, write
from belay.publish.needs import Deps

from .conftest import files_in, project_in, published, write_files

SOURCES = {
    "my_sensor/__init__.py",
    "my_sensor/chip.py",
    "my_sensor/deep/table.csv",
    "scaling.py",
    "units/__init__.py",
    "units/si.py",
}
COMPILED = {path.replace(".py", ".mpy") for path in SOURCES}

SERVES = """
import sys
from belay.virtual import VirtualOptions
from belay.virtual.serve import serve_pty
serve_pty(VirtualOptions(), lambda path: print(path, flush=True))
"""

WALK = """
import os
def walk(top):
    for name, kind, *_ in os.ilistdir(top):
        path = top + '/' + name
        if kind == 0x4000:
            yield from walk(path)
        else:
            with open(path, 'rb') as file:
                yield path, file.read()
"""


class Quiet(SimpleHTTPRequestHandler):
    """The plainest web server there is."""

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture(scope="module")
def sensor(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return project_in(tmp_path_factory.mktemp("sensor"), settings='dependencies_path = "vendor"')


@pytest.fixture(scope="module")
def server(sensor: Project) -> Iterator[str]:
    """Shows the project's folder, and what lies beside it."""
    handler = partial(Quiet, directory=str(sensor.root.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def index(sensor: Project, server: str) -> str:
    """The URL of an index with the project in two versions."""
    public = sensor.root.parent / "public"
    published(sensor, public)
    chip = sensor.root / "my_sensor" / "chip.py"
    chip.write_text("VALUE = 41\n")
    published(sensor, public, version="1.1.0")
    chip.write_text("VALUE = 40\n")
    return f"{server}/public"


@pytest.fixture(scope="module")
def repository(sensor: Project, server: str) -> str:
    """The URL of the project's own files, with a package.json among them."""
    product = make(sensor, Order(package_json=True, deps=Deps.BUNDLED), Talk())
    write(product.files.items())
    return f"{server}/sensor"


@pytest.fixture(scope="module")
def board() -> Iterator[Device]:
    with Device("virtual:", agent=False) as device:
        device("import mip")
        device(WALK)
        yield device


def on_board(board: Device, target: str) -> dict[str, bytes]:
    return {path.removeprefix(f"{target}/"): content for path, content in board(f"list(walk('{target}'))")}


def with_mip(board: Device, target: str, package: str, **options: object) -> dict[str, bytes]:
    words = "".join(f", {key}={value!r}" for key, value in options.items())
    board(f"mip.install({package!r}, target={target!r}{words})", stream_out=None)
    return on_board(board, target)


def with_belay(folder: Path, url: str, dependency: str, mpy_version: str = "py") -> dict[str, bytes]:
    text = f'[tool.belay]\npackage_indices = ["{url}"]\nmpy_version = "{mpy_version}"\n'
    write_files(folder, {"pyproject.toml": f"{text}[tool.belay.dependencies]\n{dependency}\n"})
    project = load_project(folder / "pyproject.toml")
    update_project(project, Talk())
    return {
        path: content
        for path, content in files_in(project.vendored / "main").items()
        if not path.startswith(".")
    }


@pytest.mark.parametrize(("mpy", "expected"), [(False, SOURCES), (True, COMPILED)])
def test_from_an_index(board: Device, index: str, tmp_path: Path, mpy: bool, expected: set[str]) -> None:
    found = with_mip(board, f"/latest-{mpy}", "my-sensor", index=index, mpy=mpy)
    assert set(found) == expected
    assert with_belay(tmp_path, index, 'my-sensor = "*"', "6" if mpy else "py") == found
    lock = read_lock(tmp_path / "belay.lock")
    assert lock
    assert {each.name: each.version for each in lock.packages} == {
        "my-sensor": "1.1.0",
        "scaling": "1.5.0",
        "units": "0.2",
    }


def test_an_older_version(board: Device, index: str, sensor: Project, tmp_path: Path) -> None:
    found = with_mip(board, "/old", "my-sensor", version="1.0.0", index=index, mpy=False)
    assert found["my_sensor/chip.py"] == b"VALUE = 40\n"
    assert with_belay(tmp_path / "a", index, 'my-sensor = "1.0.0"') == found
    assert with_belay(tmp_path / "b", index, 'my-sensor = "<1.1"') == found
    # The same folder, without a server.
    url = (sensor.root.parent / "public").as_uri()
    assert with_belay(tmp_path / "c", url, 'my-sensor = "1.0.0"') == found


def test_what_is_installed_works(board: Device, index: str) -> None:
    with_mip(board, "/lib", "my-sensor", index=index)
    board("import my_sensor")
    assert board("[my_sensor.VALUE, my_sensor.scaling.FACTOR, my_sensor.__file__]") == [
        41,
        3,
        "/lib/my_sensor/__init__.mpy",
    ]


def test_from_a_repository(board: Device, repository: str, sensor: Project, tmp_path: Path) -> None:
    found = with_mip(board, "/repository", f"{repository}/")
    assert set(found) == SOURCES
    assert with_mip(board, "/manifest", f"{repository}/package.json") == found
    assert with_belay(tmp_path / "a", repository, f'my_sensor = "{repository}/"') == found
    assert with_belay(tmp_path / "b", repository, f'my_sensor = "{sensor.root}"') == found
    git = ["git", "-C", str(sensor.root)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "--force", "."], check=True, capture_output=True)
    subprocess.run([*git, "commit", "-q", "-m", "all"], check=True)
    assert with_belay(tmp_path / "c", repository, f'my_sensor = "git+{sensor.root.as_uri()}"') == found


# --- mpremote --------------------------------------------------------------------------------------


@pytest.fixture
def peer(pytestconfig: pytest.Config) -> Iterator[tuple[Path, str]]:
    """The folder of mpremote, and a board's port for it."""
    home = peers.mpremote_home(pytestconfig)
    with subprocess.Popen([sys.executable, "-c", SERVES], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield home, server.stdout.readline().strip()
        server.terminate()


@pytest.mark.peers
def test_mpremote_installs_the_same(
    board: Device, index: str, repository: str, sensor: Project, peer: tuple[Path, str]
) -> None:
    home, port = peer
    install = ["mip", "install", "--index", index]
    peers.mpremote(
        home,
        *("connect", port),
        *(*install, "--target", "/a", "my-sensor"),
        *("+", *install, "--target", "/b", "--no-mpy", "my-sensor@1.0.0"),
        *("+", *install, "--target", "/c", f"{repository}/package.json"),
        *("+", *install, "--target", "/d", str(sensor.root / "package.json")),
    )
    with Device(port, agent=False) as device:
        device(WALK)
        found = [on_board(device, target) for target in ("/a", "/b", "/c", "/d")]
    assert found[0] == with_mip(board, "/a", "my-sensor", index=index)
    assert found[1] == with_mip(board, "/b", "my-sensor", index=index, mpy=False, version="1.0.0")
    assert found[2] == with_mip(board, "/c", f"{repository}/package.json")
    assert [set(each) for each in found] == [COMPILED, SOURCES, SOURCES, SOURCES]
    assert found[2] == found[3]
