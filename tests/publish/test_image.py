from __future__ import annotations

from pathlib import Path

import pytest

from belay import Device
from belay.deploy.supplies import chosen, supplies
from belay.exceptions import FilesError, PublishError
from belay.mpy import read_header
from belay.project import Project, load_project
from belay.project.upkeep import Talk
from belay.publish.compiled import find_compilers
from belay.publish.image import Rom, make_rom
from belay.romfs import read_image

from .conftest import Make, files_in

NATIVE = "import micropython\n@micropython.native\ndef f():\n    return 1\n"


def rom(project: Project, folder: Path, *with_: str, raw: bool = False) -> Rom:
    scratch = folder / "scratch"
    scratch.mkdir()
    talk = Talk()
    lock = supplies(project, talk).lock
    compilers = {} if raw else find_compilers([6])
    return make_rom(
        project, chosen(project, with_), lock, talk, scratch, compilers=compilers, arch=project.arch
    )


def test_a_board_imports_from_it(project: Make, tmp_path: Path) -> None:
    made = rom(project('scaling = "*"', 'kit = { uri = "../kit", develop = true }', **KIT), tmp_path)
    image = read_image(made.data)
    assert list(image.files) == [
        "lib/kit/__init__.mpy",
        "lib/scaling.mpy",
        "lib/units/__init__.mpy",
        "lib/units/si.mpy",
        "my_sensor/__init__.mpy",
        "my_sensor/chip.mpy",
        "my_sensor/deep/table.csv",
    ]
    with Device("virtual:", agent=False) as device:
        device(f"import vfs, sys\nimage = {made.data!r}")
        device("vfs.mount(vfs.VfsRom(memoryview(image)), '/rom')\nsys.path[:] = ['', '/rom', '/rom/lib']")
        device("import my_sensor, scaling, kit")
        assert device("[my_sensor.VALUE, my_sensor.__file__, scaling.FACTOR, kit.__file__]") == [
            40,
            "/rom/my_sensor/__init__.mpy",
            3,
            "/rom/lib/kit/__init__.mpy",
        ]
        with pytest.raises(ValueError, match="not now") as caught:
            device("kit.fail()")
    assert 'File "kit/__init__.py", line 2, in fail' in caught.value.board_traceback  # type: ignore[attr-defined]


KIT = {"kit/kit/__init__.py": "def fail():\n    raise ValueError('not now')\n"}


def test_nothing_of_this_computer_is_in_it(project: Make, tmp_path: Path) -> None:
    made = project('scaling = "*"')
    data = rom(made, tmp_path).data
    for part in tmp_path.parts[1:]:
        assert part.encode() not in data
    assert b"sensor/my_sensor" not in data
    (tmp_path / "scratch").rmdir()
    assert rom(made, tmp_path).data == data


def test_sources_as_they_are(project: Make, tmp_path: Path) -> None:
    made = project('scaling = "*"')
    image = read_image(rom(made, tmp_path, "dev", raw=True).data)
    found = {path: image.read(path) for path in image.files}
    own = files_in(made.root / "my_sensor")
    vendored = {**files_in(made.vendored / "main"), **files_in(made.vendored / "dev")}
    assert found == {
        **{f"my_sensor/{path}": content for path, content in own.items()},
        **{f"lib/{path}": content for path, content in vendored.items()},
    }
    assert "lib/probe/__init__.py" in found


def test_native_code(project: Make, tmp_path: Path) -> None:
    files = {"sensor/my_sensor/fast.py": NATIVE}
    made = rom(project(**files), tmp_path)
    assert "my_sensor/fast.py" in read_image(made.data).files
    assert made.notes == (
        "my_sensor/fast.py stays source: it has native code, and [tool.belay] names no arch",
    )
    (tmp_path / "scratch").rmdir()
    made = rom(project(settings='arch = "armv6m"', **files), tmp_path)
    header = read_header(read_image(made.data).read("my_sensor/fast.mpy"))
    assert header is not None
    assert (header.arch, made.notes) == ("armv6m", ())


def test_what_is_refused(project: Make, tmp_path: Path) -> None:
    with pytest.raises(PublishError, match=r"my_sensor/bad\.py, line 2") as caught:
        rom(project(**{"sensor/my_sensor/bad.py": "x = ("}), tmp_path)
    assert "--raw" in str(caught.value.hint)
    (tmp_path / "sensor" / "my_sensor" / "bad.py").unlink()
    (tmp_path / "scratch").rmdir()
    with pytest.raises(FilesError, match=r"old\.mpy is of mpy version 5"):
        rom(project(**{"sensor/my_sensor/old.mpy": b"M\x05\x00\x1f"}), tmp_path)


def test_nothing_at_all(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.belay]\n")
    with pytest.raises(PublishError, match="nothing to put"):
        rom(load_project(tmp_path / "pyproject.toml"), tmp_path)
