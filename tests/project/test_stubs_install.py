"""Stubs are installed by the user's own installer, in one step."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from servers.stubs import RP2, build, see_only

from belay.exceptions import FeatureUnavailableError, PackageError, UnsafePathError
from belay.project import stubs_install
from belay.project.stubs import Wanted, stubs_for, stubs_named
from belay.project.stubs_install import FOLDER, find_installer, install_stubs


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of distributions."""
    folder = tmp_path_factory.mktemp("published")
    for version in ("1.23.0.post2", "1.24.1.post1", "1.24.1.post2"):
        build(folder, "micropython-rp2-stubs", version, {**RP2, "mine.pyi": f"version = {version!r}\n"})
    return folder


@pytest.fixture
def offline(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The installer sees that folder only, whatever its settings are."""
    see_only(published, monkeypatch)


def test_the_newest_stubs_of_the_version_are_installed(offline: None, tmp_path: Path) -> None:
    found = install_stubs(tmp_path, stubs_for("rp2", (1, 24, 1)))
    assert (found.distribution, found.version) == ("micropython-rp2-stubs", "1.24.1.post2")
    assert "1.24.1.post2" in (tmp_path / FOLDER / "host/mine.pyi").read_text(encoding="utf-8")
    assert (tmp_path / ".belay/.local/.gitignore").read_text(encoding="utf-8") == "*\n"
    assert sorted(path.name for path in (tmp_path / ".belay/.local").iterdir()) == [
        ".gitignore", "stubs", "stubs-in-use",
    ]  # fmt: skip


def test_nobody_publishes_them(offline: None, tmp_path: Path) -> None:
    (tmp_path / FOLDER / "host").mkdir(parents=True)
    with pytest.raises(PackageError, match=r"rp2-stubs could not be installed: .*1\.99\.\*") as caught:
        install_stubs(tmp_path, stubs_named("micropython-rp2-stubs==1.99.*"))
    assert "--platform" in str(caught.value.hint)
    # What was there is there still.
    assert sorted(path.name for path in (tmp_path / FOLDER).parent.iterdir()) == [
        ".gitignore",
        "stubs",
        "stubs-in-use",
    ]
    assert (tmp_path / FOLDER / "host").is_dir()


def script(folder: Path, text: str) -> list[str]:
    """An installer that is not one."""
    file = folder / "installer.py"
    file.write_text(text, encoding="utf-8")
    return [sys.executable, str(file)]


def test_an_installer_that_fails_for_another_reason_is_not_asked_again(tmp_path: Path) -> None:
    command = script(
        tmp_path,
        "import sys\nopen(sys.argv[0] + '.log', 'a').write('x')\n"
        "print('a line')\nprint('ERROR: the disk is full')\nsys.exit(1)\n",
    )
    with pytest.raises(PackageError, match=r"(?m)could not be installed: the disk is full$"):
        install_stubs(
            tmp_path, Wanted("x-stubs", (1, 2), ("x-stubs==1.2.*", "x-stubs<1.2")), installer=command
        )
    assert (tmp_path / "installer.py.log").read_text(encoding="utf-8") == "x"


@pytest.mark.parametrize(
    "said",
    [
        (
            "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...)'\n"
            "ERROR: Could not find a version that satisfies the requirement x-stubs (from versions: none)\n"
            "ERROR: No matching distribution found for x-stubs"
        ),
        "error: Request failed after 3 retries in 5.4s\n  cause: Failed to fetch: https://h.test/x-stubs/",
    ],
)
def test_an_index_that_does_not_answer_is_not_asked_for_other_versions(tmp_path: Path, said: str) -> None:
    command = script(
        tmp_path,
        f"import sys\nopen(sys.argv[0] + '.log', 'a').write('x')\nprint({said!r})\nsys.exit(1)\n",
    )
    with pytest.raises(PackageError) as caught:
        install_stubs(
            tmp_path, Wanted("x-stubs", (1, 2), ("x-stubs==1.2.*", "x-stubs<1.2")), installer=command
        )
    assert "online?" in str(caught.value.hint)
    assert (tmp_path / "installer.py.log").read_text(encoding="utf-8") == "x"


def test_an_installer_that_says_nothing(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match=r"(?m)x-stubs could not be installed: it failed$"):
        install_stubs(tmp_path, stubs_named("x-stubs"), installer=script(tmp_path, "raise SystemExit(3)"))


def test_a_folder_behind_a_link_is_refused(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / FOLDER).parent.mkdir(parents=True)
    (tmp_path / FOLDER).symlink_to(elsewhere)
    with pytest.raises(UnsafePathError):
        install_stubs(tmp_path, stubs_named("x-stubs"), installer=script(tmp_path, ""))


FAKE = """\
import pathlib, sys
folder, wanted = pathlib.Path(sys.argv[1]), sys.argv[2]
if wanted == "x-stubs==1.2.*":
    sys.exit({said!r})
for name in ("board-stubs", "board_definitions/pico", "x_stubs-1.1.dist-info"):
    (folder / name).mkdir(parents=True)
(folder / "board-stubs/__init__.pyi").touch()
(folder / "board_definitions/pico/__init__.pyi").write_text("LED: object")
(folder / "x_stubs-1.1.dist-info/METADATA").write_text("Metadata-Version: 2.1\\nName: x-stubs\\nVersion: 1.1")
"""


@pytest.mark.parametrize(
    "said",
    [
        "ERROR: Could not find a version\nERROR: No matching distribution found for x-stubs==1.2.*",
        "error: No solution found when resolving dependencies\n  cause: Because there is no version",
    ],
    ids=["pip", "uv"],
)
def test_the_next_requirement_counts_if_nobody_publishes_the_first(tmp_path: Path, said: str) -> None:
    (tmp_path / FOLDER / "host").mkdir(parents=True)
    (tmp_path / FOLDER / "host/old.pyi").touch()
    wanted = Wanted("x-stubs", (1, 2), ("x-stubs==1.2.*", "x-stubs<1.2"))
    command = script(tmp_path, FAKE.format(said=said))
    assert install_stubs(tmp_path, wanted, installer=command).version == "1.1"
    assert not (tmp_path / FOLDER / "host/old.pyi").exists()


def test_without_exchange_of_folders_and_with_pins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stubs_install, "exchange", lambda one, other: False)
    (tmp_path / FOLDER / "host").mkdir(parents=True)
    command = script(tmp_path, FAKE.format(said=""))
    assert install_stubs(tmp_path, stubs_named("x-stubs"), board_id="pico", installer=command).pins
    pins = tmp_path / FOLDER / "host/board/__init__.pyi"
    assert pins.read_text(encoding="utf-8").endswith("LED: object")


def test_which_installer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def program(name: str) -> None:
        file = tmp_path / (f"{name}.exe" if sys.platform == "win32" else name)
        file.write_text("#!/bin/sh\n", encoding="utf-8")
        file.chmod(0o755)

    monkeypatch.setattr(stubs_install, "find_spec", lambda name: name)
    assert find_installer()[:4] == [sys.executable, "-m", "pip", "install"]
    monkeypatch.setattr(stubs_install, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FeatureUnavailableError, match="neither pip nor uv") as caught:
        find_installer()
    assert "ensurepip" in str(caught.value.hint)
    program("pip")
    assert find_installer()[0] == shutil.which("pip")
    program("uv")
    assert find_installer()[1:4] == ["pip", "install", "--quiet"]
    assert all(command in {"--target"} for command in find_installer()[-1:])
