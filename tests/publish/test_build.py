from __future__ import annotations

from pathlib import Path
from typing import Any

import peers
import pytest

from belay.exceptions import ConfigError, FeatureUnavailableError, PackageError, PublishError
from belay.packages.model import MAIN_GROUP
from belay.project.upkeep import Talk
from belay.publish.build import Order, make, write
from belay.publish.needs import Deps
from belay.romfs import read_image

from .conftest import Make, files_in, write_files


def test_everything_at_once(project: Make, tmp_path: Path) -> None:
    made = project()
    image = tmp_path / "out" / "app.romfs"
    product = make(made, Order(True, tmp_path / "public", image, True, version="2.0"), Talk())
    assert list(product.files) == [made.root / "package.json", made.root / "manifest.py", image]
    assert product.image == image
    assert [each.about.name for each in product.releases] == ["my-sensor", "scaling", "units"]
    assert product.about is not None
    assert (product.about.version, product.about.author) == ("2.0", "Ada <ada@example.com>, Bob")
    assert not (tmp_path / "public").exists()
    image.parent.mkdir()
    written, unchanged = write(product.files.items())
    assert (written, unchanged) == (list(product.files), [])
    assert write(product.files.items()) == ([], list(product.files))


def test_groups_are_of_images_and_manifests(project: Make, tmp_path: Path) -> None:
    order = Order(romfs=tmp_path / "a.romfs", manifest=True, with_=("dev",), without=(MAIN_GROUP,))
    product = make(project(), order, Talk())
    assert "lib/probe/__init__.mpy" in read_image(product.files[tmp_path / "a.romfs"]).files
    manifest = next(content for place, content in product.files.items() if place.name == "manifest.py")
    assert b"scaling" not in manifest
    with pytest.raises(ConfigError, match="'nosuch'"):
        make(project(), Order(romfs=tmp_path / "a.romfs", with_=("nosuch",)), Talk())


def test_a_version_is_needed_for_publishing_only(project: Make, tmp_path: Path) -> None:
    made = project()
    file = made.root / "pyproject.toml"
    file.write_text(file.read_text().replace('version = "1.0.0"\n', ""))
    assert make(made, Order(romfs=tmp_path / "a.romfs"), Talk()).about is None
    for order in (Order(package_json=True), Order(index=tmp_path / "p"), Order(manifest=True, version="a/b")):
        with pytest.raises(PublishError, match="version"):
            make(made, order, Talk())


def test_what_is_somebody_else_s_is_replaced_only_if_asked(project: Make) -> None:
    made = project()
    for name, order in (("package.json", {"package_json": True}), ("manifest.py", {"manifest": True})):
        (made.root / name).write_text("{}")
        with pytest.raises(PublishError, match=f"{name} is there already"):
            make(made, Order(**order), Talk())  # type: ignore[arg-type]
        assert make(made, Order(**order, replace=True), Talk()).files  # type: ignore[arg-type]


def test_a_lock_that_does_not_fit_is_refused(project: Make) -> None:
    made = project()
    (made.root / "belay.lock").unlink()
    with pytest.raises(PackageError, match=r"belay\.lock is missing"):
        make(made, Order(package_json=True), Talk())


def test_vendored_files_are_fetched_unless_frozen(project: Make) -> None:
    made = project()
    (made.vendored / "main" / "scaling.py").write_text("# edited\n")
    with pytest.raises(PackageError, match="not as locked"):
        make(made, Order(package_json=True, frozen=True), Talk())
    assert make(made, Order(package_json=True), Talk()).supplies.report.restored


def test_copies_are_for_an_index(project: Make, tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="no place for copies"):
        make(project(), Order(package_json=True, deps=Deps.COPIED), Talk())
    product = make(project(), Order(True, tmp_path / "public", deps=Deps.COPIED), Talk())
    assert b'["scaling", "latest"]' in next(iter(product.files.values()))
    assert len(product.releases) == 3


def test_nothing_is_written_into_the_package(project: Make) -> None:
    made = project()
    for order in (
        Order(index=made.root / "my_sensor"),
        Order(romfs=made.root / "my_sensor" / "deep" / "x.romfs"),
    ):
        with pytest.raises(PublishError, match="would become a part of it"):
            make(made, order, Talk())


@pytest.mark.parametrize("order", [{"romfs": Path("x.romfs")}, {"manifest": True}])
def test_what_no_board_could_import_is_refused_of_images_and_manifests(
    project: Make, order: dict[str, Any]
) -> None:
    # Neither is for other systems than boards: names need not fit those.
    made = project(**{"sensor/my_sensor/con.txt": ""})
    (made.root / "my_sensor" / "chip.py").unlink()
    with pytest.raises(PublishError, match=r"imports my_sensor\.chip, which is not there"):
        make(made, Order(**order), Talk())
    (made.root / "my_sensor" / "__init__.py").unlink()
    (made.root / "my_sensor" / "time.py").write_text("")
    [note, *_] = make(made, Order(**order), Talk()).notes
    assert note.startswith("my_sensor has no __init__.py")


def test_an_mpy_version_that_nobody_makes(project: Make, tmp_path: Path) -> None:
    made = project()
    with pytest.raises(FeatureUnavailableError, match="not 5"):
        make(made, Order(index=tmp_path / "public", mpy_versions=(5,)), Talk())
    # Nobody compiles a package.json; it is checked as well as can be.
    assert make(made, Order(package_json=True, mpy_versions=(5,)), Talk()).files


@pytest.mark.peers
@pytest.mark.parametrize("raw", [True, False])
def test_an_image_holds_what_one_of_mpremote_s_holds(
    project: Make, tmp_path: Path, pytestconfig: pytest.Config, raw: bool
) -> None:
    made = project()
    place, theirs = tmp_path / "ours.romfs", tmp_path / "theirs.romfs"
    ours = read_image(make(made, Order(romfs=place, raw=raw), Talk()).files[place])
    folder = tmp_path / "folder"
    vendored = {f"lib/{path}": content for path, content in files_in(made.vendored / "main").items()}
    own = {f"my_sensor/{path}": content for path, content in files_in(made.root / "my_sensor").items()}
    write_files(folder, {**vendored, **own})
    words = ["romfs", "-o", str(theirs), "--no-mpy" if raw else "--mpy", "build", str(folder)]
    peers.mpremote(peers.mpremote_home(pytestconfig), *words)
    other = read_image(theirs.read_bytes())
    assert set(other.files) == set(ours.files)
    assert set(other.folders) == set(ours.folders)
    # Theirs has no checksum, contents wherever they come to lie, and names of this computer's folders.
    assert (ours.is_checked, other.is_checked) == (True, False)
    assert all(each.offset % 4 == 0 for each in ours.files.values())
    assert any(each.offset % 4 for each in other.files.values())
    for path in ours.files:
        if path.endswith(".mpy"):
            assert b"tmp" not in ours.read(path)
            assert len(ours.read(path)) < len(other.read(path))
        else:
            assert ours.read(path) == other.read(path)
