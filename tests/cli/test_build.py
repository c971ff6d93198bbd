"""``belay build``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from belay.cli import exits
from belay.romfs import read_image
from tests.publish.conftest import project_in

from .conftest import Belay, files_in

NOTE = "note: scaling is in an index of this computer: mip looks there only if told to (index=, --index)\n"


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose dependencies are vendored; the tests leave it as it is."""
    root = tmp_path_factory.mktemp("locked")
    project_in(root)
    return root


@pytest.fixture
def here(locked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, which is the current folder."""
    shutil.copytree(locked, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy" / "sensor")
    return tmp_path / "copy" / "sensor"


def test_package_json(belay: Belay, here: Path) -> None:
    before = files_in(here)
    dry = belay("build", "-n")
    assert (dry.code, dry.out, dry.err) == (
        0,
        "package.json\n",
        f"{NOTE}my-sensor 1.0.0; would write: 1 file\n",
    )
    assert files_in(here) == before
    done = belay("build", "--version", "1.2")
    assert (done.code, done.out, done.err) == (
        0,
        "package.json\n",
        f"{NOTE}my-sensor 1.2; written: 1 file\n",
    )
    assert json.loads((here / "package.json").read_bytes())["version"] == "1.2"
    base = belay("build", "--version", "1.2", "--base", "github:ada/my-sensor")
    assert base.code == 0
    urls = json.loads((here / "package.json").read_bytes())["urls"]
    assert ["my_sensor/chip.py", "github:ada/my-sensor/my_sensor/chip.py"] in urls
    assert belay("build", "--version", "1.2").out == "package.json\n"
    again = belay("build", "--version", "1.2")
    assert (again.code, again.out, again.err) == (
        0,
        "",
        f"{NOTE}my-sensor 1.2; written: 0 files; unchanged: 1\n",
    )


def test_an_index(belay: Belay, here: Path) -> None:
    dry = belay("build", "--index", "public", "--dry-run", "--json")
    assert (dry.code, dry.err) == (0, "")
    assert not (here / "public").exists()
    done = belay("build", "--index", "public", "--json")
    page = json.loads(done.out)
    assert {**json.loads(dry.out), "done": True} == page
    assert page["packages"] == [
        {"name": "my-sensor", "version": "1.0.0"},
        {"name": "scaling", "version": "1.5.0"},
        {"name": "units", "version": "0.2"},
    ]
    assert page["written"][-1] == "public/index.json"
    assert (page["image"], page["notes"], page["unchanged"]) == (None, [], [])
    assert not (here / "package.json").exists()

    (here / "my_sensor" / "chip.py").write_text("VALUE = 41\n")
    before = files_in(here)
    refused = belay("build", "--index", "public")
    assert (refused.code, refused.out) == (exits.PACKAGES, "")
    assert "my-sensor 1.0.0 (py): my_sensor/chip.py has changed" in refused.err
    assert "--replace" in refused.err
    assert files_in(here) == before
    more = belay("build", "--index", "public", "--version", "1.1", "--deps", "named")
    assert more.out.splitlines()[-1] == "public/index.json"
    assert more.err == "my-sensor 1.1; written: 7 files; unchanged: 3\n"
    bundled = belay(
        "build", "--index", "public", "--version", "1.2", "--deps", "bundled", "--mpy-version", "py"
    )
    assert "note: my-sensor: who installs from 6 gets 1.1, and not 1.2\n" in bundled.err
    listed = {
        each["name"]: each for each in json.loads((here / "public" / "index.json").read_bytes())["packages"]
    }
    assert listed["my-sensor"]["versions"] == {"6": ["1.0.0", "1.1"], "py": ["1.0.0", "1.1", "1.2"]}


def test_an_image(belay: Belay, here: Path) -> None:
    done = belay("build", "--romfs", "app.romfs", "-v", "--with", "dev")
    assert (done.code, done.out) == (0, "app.romfs\n")
    image = read_image((here / "app.romfs").read_bytes())
    for path, file in image.files.items():
        assert f"{file.offset:8} {file.size:8} {path}\n" in done.err
    assert f"image: {len(image.files)} files, {image.size} B\n" in done.err
    again = json.loads(belay("build", "--romfs", "app.romfs", "--with", "dev", "--json").out)
    assert again["unchanged"] == ["app.romfs"]
    assert again["image"]["size"] == image.size
    path, stored = next(iter(image.files.items()))
    assert again["image"]["files"][0] == {"path": path, "offset": stored.offset, "size": stored.size}
    raw = belay("build", "--romfs", "app.romfs", "--raw")
    assert raw.code == 0
    assert "my_sensor/chip.py" in read_image((here / "app.romfs").read_bytes()).files


def test_a_manifest(belay: Belay, here: Path) -> None:
    done = belay("build", "--manifest", "--package-json")
    assert (done.code, done.out) == (0, "package.json\nmanifest.py\n")
    assert "note: my_sensor/deep/table.csv is not frozen" in done.err


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("my_sensor/bad.py", "x = (\n", "my_sensor/bad.py, line"),
        ("my_sensor/class.py", "", "'class' is no name that Python can import"),
        (
            "my_sensor/x.py",
            "from .gone import y",
            "imports my_sensor.gone, which is not there",
        ),
        ("my_sensor/con.py", "", "a device of Windows"),
        ("package.json", '{"name": "npm"}', "is there already"),
        ("pyproject.toml", "[tool.belay]\n", "does not fit"),
    ],
)
def test_what_is_refused(belay: Belay, here: Path, file: str, text: str, said: str) -> None:
    (here / file).write_text(text)
    if file == "pyproject.toml":
        (here / file).write_text(f'[project]\nname = "x"\nversion = "1"\n{text}')
    before = files_in(here)
    result = belay("build")
    assert (result.code, result.out) == (exits.PACKAGES, "")
    assert said in result.err
    assert "hint: " in result.err
    assert files_in(here) == before


def test_wrong_use(belay: Belay, here: Path) -> None:
    result = belay("build", "--index", "public", "--mpy-version", "six")
    assert result.code == exits.USAGE
    assert "'six' is no mpy version" in result.err
    assert belay("build", "--index", "public", "--mpy-version", "5").code == exits.UNAVAILABLE
    assert belay("build", "--mpy-cross", "/nosuch/mpy-cross", "--romfs", "x").code == exits.UNAVAILABLE
    assert belay("build", "--mpy-cross", "/nosuch/mpy-cross").code == exits.UNAVAILABLE
    assert belay("build", "--with", "nosuch").code == exits.USAGE
    assert not (here / "public").exists()


def test_paths_elsewhere_are_told_as_they_are(belay: Belay, here: Path) -> None:
    assert belay("build", "--romfs", "../x.romfs").out == "../x.romfs\n"
    place = here.parent / "made for it/y.romfs"
    assert belay("build", "--romfs", str(place)).out == f"{place}\n"
    assert read_image(place.read_bytes()).files


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--romfs", "this is no name of a file"),
        ("--mpy-cross", "this is no name of a file"),
        ("--index", "this is no name of a directory"),
        ("--version", "--version is an empty word"),
        ("--base", "--base is an empty word"),
    ],
)
def test_an_empty_word_is_no_default(belay: Belay, here: Path, option: str, said: str) -> None:
    before = files_in(here)
    result = belay("build", option, "")
    assert result.code == exits.USAGE
    assert said in result.err
    assert files_in(here) == before
