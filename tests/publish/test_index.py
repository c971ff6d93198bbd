from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from patience import SOON

from belay.exceptions import PublishError
from belay.packages.exclusive import exclusive
from belay.packages.fetch import Fetcher
from belay.packages.index import Index
from belay.packages.store import Store
from belay.packages.supply import Supply
from belay.packages.version import parse_wanted
from belay.publish.about import About
from belay.publish.index import IN_USE, Release, plan, publish

from .conftest import files_in

MPY = b"M\x06\x00\x1f"


def release(
    version: str, source: bytes = b"X = 1\n", mpy: bytes | None = MPY, *, name: str = "app", **more: object
) -> Release:
    files = {"py": {"app.py": source}, **({"6": {"app.mpy": mpy}} if mpy is not None else {})}
    return Release(About(name, version, f"about {version}"), files, **more)  # type: ignore[arg-type]


def listed(folder: Path) -> dict[str, dict[str, object]]:
    return {each["name"]: each for each in json.loads((folder / "index.json").read_bytes())["packages"]}


def page(folder: Path, version: str, directory: str = "py", name: str = "app") -> dict[str, object]:
    found: dict[str, object] = json.loads(
        (folder / f"package/{directory}/{name}/{version}.json").read_bytes()
    )
    return found


def check_whole(folder: Path) -> None:
    """Whatever is named is there."""
    for place in folder.glob("package/*/*/*.json"):
        for _, digits in json.loads(place.read_bytes())["hashes"]:
            content = (folder / "file" / digits[:2] / digits).read_bytes()
            assert hashlib.sha256(content).hexdigest().startswith(digits)
    if (folder / "index.json").exists():
        for name, each in listed(folder).items():
            versions = each["versions"]
            assert isinstance(versions, dict)
            for directory, found in versions.items():
                for version in found:
                    page(folder, version, directory, name)


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """An index with a version of a package."""
    folder = tmp_path / "public"
    publish(folder, [release("1.0")])
    return folder


def test_the_shape(index: Path) -> None:
    digits = hashlib.sha256(MPY).hexdigest()[:8]
    assert page(index, "1.0", "6") == {"v": 1, "hashes": [["app.mpy", digits]], "version": "1.0"}
    assert page(index, "latest") == page(index, "1.0")
    assert listed(index)["app"] | {"digest": ""} == {
        "name": "app",
        "version": "1.0",
        "author": "",
        "description": "about 1.0",
        "license": "",
        "versions": {"6": ["1.0"], "py": ["1.0"]},
        "path": "app",
        "digest": "",
    }
    assert (index / ".nojekyll").read_bytes() == b""
    assert (index / ".gitattributes").read_bytes() == b"* -text\n"
    check_whole(index)


def test_versions_are_kept_side_by_side(index: Path) -> None:
    before = files_in(index)
    publish(index, [release("1.1", b"X = 2\n", b"M\x06\x01\x1f")])
    assert listed(index)["app"]["versions"] == {"6": ["1.0", "1.1"], "py": ["1.0", "1.1"]}
    assert page(index, "latest") == page(index, "1.1")
    after = files_in(index)
    kept = {path for path in before if "latest" not in path and path != "index.json"}
    assert {path: after[path] for path in kept} == {path: before[path] for path in kept}
    check_whole(index)


@pytest.mark.parametrize("version", ["0.9", "1.1b1"])
def test_what_is_not_the_newest_is_not_the_latest(index: Path, version: str) -> None:
    publish(index, [release(version, b"X = 0\n", b"M\x06\x02\x1f")])
    assert page(index, "latest")["version"] == listed(index)["app"]["version"] == "1.0"
    assert listed(index)["app"]["description"] == "about 1.0"


def test_the_same_again_writes_nothing(index: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in index.rglob("*")}
    made = publish(index, [release("1.0")])
    assert (made.writes, len(made.unchanged)) == ({}, 7)
    assert {path: path.stat().st_mtime_ns for path in index.rglob("*")} == before


def test_the_same_gives_the_same_bytes(index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(tmp_path / "other", [release("1.0")])
    assert files_in(tmp_path / "other") == files_in(index)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    publish(tmp_path / "other", [release("1.0")])
    assert json.loads((tmp_path / "other" / "index.json").read_bytes())["updated"] == 1700000000


def test_other_content_under_the_same_version_is_refused(index: Path) -> None:
    before = files_in(index)
    changed = release("1.0", b"X = 2\n", b"M\x06\x01\x1f", dependencies=(("x", "1"),))
    with pytest.raises(PublishError, match=r"app 1\.0 \(py\): app\.py has changed") as caught:
        publish(index, [changed])
    assert "--replace" in str(caught.value.hint)
    with pytest.raises(PublishError, match="its dependencies have changed"):
        publish(index, [release("1.0", dependencies=(("x", "1"),))])
    more = Release(About("app", "1.0"), {"py": {f"{letter}.py": b"" for letter in "bcdefg"}})
    with pytest.raises(PublishError, match=r"f\.py is new, …"):
        publish(index, [more])
    assert files_in(index) == before
    publish(index, [changed], replace=True)
    assert page(index, "1.0")["deps"] == page(index, "latest")["deps"] == [["x", "1"]]
    # Who has locked the old content finds it still.
    assert {path for path in before if path.startswith("file/")} < files_in(index).keys()
    assert before["index.json"] != (index / "index.json").read_bytes()
    check_whole(index)


def test_a_page_that_is_none_is_other_content(index: Path) -> None:
    (index / "package" / "py" / "app" / "1.0.json").write_text("what")
    with pytest.raises(PublishError, match=r"app\.py is new"):
        publish(index, [release("1.0")])
    publish(index, [release("1.0")], replace=True)
    check_whole(index)


def test_what_another_compiler_makes_is_no_other_content(index: Path) -> None:
    before = files_in(index)
    made = publish(index, [release("1.0", mpy=b"M\x06\x00\x1f another compiler")])
    assert made.notes == ["app 1.0: 6 stays as another mpy-cross has made it"]
    assert files_in(index) == before


def test_a_directory_that_lags_behind_is_told_of(index: Path) -> None:
    made = publish(index, [release("1.1", mpy=None)])
    assert made.notes == ["app: who installs from 6 gets 1.0, and not 1.1"]
    assert listed(index)["app"]["versions"] == {"6": ["1.0"], "py": ["1.0", "1.1"]}


def test_an_index_without_compiled_files_is_told_of(tmp_path: Path) -> None:
    [note] = publish(tmp_path / "public", [release("1.1", mpy=None)]).notes
    assert "mpy=False" in note


def test_what_is_needed_and_not_there_is_told_of(index: Path) -> None:
    needs = (("app", "1.0"), ("github:o/r", "HEAD"), ("logging", "latest"))
    made = publish(index, [release("0.1", name="more", dependencies=needs)])
    assert made.notes == ["more needs logging, which the index has not: mip looks nowhere else"]


def test_a_copy_stays_what_it_was(index: Path) -> None:
    before = files_in(index)
    copy = release("1.0", dependencies=(("x", "1"),), is_copy=True)
    assert publish(index, [copy]).writes == {}
    with pytest.raises(PublishError):
        publish(index, [release("1.0", b"X = 9\n", is_copy=True)])
    assert files_in(index) == before
    publish(index, [release("2.0", is_copy=True)])
    assert listed(index)["app"]["description"] == "about 1.0"


def test_contents_whose_digits_begin_alike_have_more_of_them(tmp_path: Path) -> None:
    one, other = b"X = 89149\n", b"X = 129420\n"
    assert hashlib.sha256(one).hexdigest()[:8] == hashlib.sha256(other).hexdigest()[:8]
    folder = tmp_path / "public"
    both = Release(About("app", "1.0"), {"py": {"a.py": one, "b.py": other}})
    publish(folder, [both])
    assert [len(digits) for _, digits in page(folder, "1.0")["hashes"]] == [8, 10]  # type: ignore[attr-defined]
    publish(folder, [release("1.0", other, None, name="second")])
    check_whole(folder)
    assert publish(folder, [both]).writes == {}


def test_a_file_that_is_damaged_is_mended(index: Path) -> None:
    [[_, digits]] = page(index, "1.0")["hashes"]  # type: ignore[misc]
    (index / "file" / digits[:2] / digits).write_bytes(b"damaged")
    publish(index, [release("1.0")])
    check_whole(index)


def test_without_a_list_it_is_made_of_what_is_there(index: Path) -> None:
    (index / "index.json").unlink()
    publish(index, [release("0.1", name="other")])
    assert {name: each["versions"] for name, each in listed(index).items()} == {
        "app": {"6": ["1.0"], "py": ["1.0"]},
        "other": {"6": ["0.1"], "py": ["0.1"]},
    }


@pytest.mark.parametrize("name", ["app", "other"])
def test_a_folder_that_an_ended_build_left_empty_is_no_package(tmp_path: Path, name: str) -> None:
    (tmp_path / "public" / "package" / "py" / name).mkdir(parents=True)
    publish(tmp_path / "public", [release("1.0")])
    assert list(listed(tmp_path / "public")) == ["app"]
    check_whole(tmp_path / "public")


@pytest.mark.parametrize(
    "content",
    [
        b"what",
        b"[]",
        b'{"packages": [{}]}',
        b'{"packages": [{"name": []}]}',
        b'{"packages": [{"name": "x", "author": "\\ud800"}]}',
    ],
)
def test_a_list_that_is_none(index: Path, content: bytes) -> None:
    (index / "index.json").write_bytes(content)
    with pytest.raises(PublishError, match="is no list of an index"):
        publish(index, [release("1.1")])


def test_names_that_differ_by_case(index: Path) -> None:
    with pytest.raises(PublishError, match="differs from it by case"):
        publish(index, [release("1.0", name="App")])


def test_what_is_refused_leaves_no_folder(tmp_path: Path) -> None:
    releases = [release("1.0"), release("1.0", name="App"), release("1.0", b"other")]
    folder = tmp_path / "a" / "public"
    publish(folder, releases[:1])
    with pytest.raises(PublishError):
        publish(folder, releases[1:2])
    assert not (tmp_path / "b").exists()
    assert plan(tmp_path / "b", releases[:1]).writes
    assert not (tmp_path / "b").exists()


def test_whenever_it_is_ended_the_index_is_whole_and_the_next_finishes(index: Path, tmp_path: Path) -> None:
    new = release("1.1", b"X = 2\n", b"M\x06\x01\x1f")
    wanted = tmp_path / "wanted"
    publish(wanted, [release("1.0")])
    count = len(publish(wanted, [new]).writes)
    assert count == 7
    for ending in range(count):
        folder = tmp_path / f"ended-{ending}"
        publish(folder, [release("1.0")])
        places: list[str] = []

        def end(place: str, done: int, total: int, ending: int = ending, places: list[str] = places) -> None:
            places.append(place)
            if len(places) > ending:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            publish(folder, [new], progress=end)
        check_whole(folder)
        assert listed(folder)["app"]["version"] == "1.0"
        publish(folder, [new])
        assert files_in(folder) == files_in(wanted)


def test_two_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "public"
    failures: list[BaseException] = []

    def put(number: int) -> None:
        try:
            for version in range(3):
                publish(folder, [release(f"1.{version}", b"%d" % number, name=f"app{number}")])
        except BaseException as error:  # noqa: BLE001 - the test tells of it
            failures.append(error)

    threads = [threading.Thread(target=put, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert {name: each["version"] for name, each in listed(folder).items()} == dict.fromkeys(
        ("app0", "app1", "app2"), "1.2"
    )
    check_whole(folder)
    assert (folder / IN_USE).exists()


def test_who_has_to_wait_says_so(index: Path) -> None:
    waits = threading.Event()
    with exclusive(index / IN_USE):
        thread = threading.Thread(
            target=publish, args=(index, [release("1.1")]), kwargs={"waiting": waits.set}
        )
        thread.start()
        assert waits.wait(SOON)
        assert listed(index)["app"]["version"] == "1.0"
    thread.join(SOON)
    assert listed(index)["app"]["version"] == "1.1"


@pytest.fixture
def supply(tmp_path: Path) -> Iterator[Supply]:
    with Supply(Store(tmp_path / "cache"), Fetcher()) as supply:
        yield supply


def test_belay_s_own_reader_understands_it(index: Path, supply: Supply) -> None:
    with_needs = release("1.1", b"X = 2\n", b"M\x06\x01\x1f", dependencies=(("units", "0.2"),))
    assert len(publish(index, [with_needs]).notes) == 1
    found = Index(index.as_uri(), supply, "6")
    assert found.versions("app") == ["1.0", "1.1"]
    listed = found.listing
    assert listed is not None
    assert listed["app"].description == "about 1.1"
    latest = next(found.candidates("app", [parse_wanted("*")]))
    assert [file.destination for file in latest.files] == ["app.mpy"]
    assert [need.key for need in latest.dependencies] == ["units"]
    old = next(found.candidates("app", [parse_wanted("<1.1")]))
    assert old.version == "1.0"
