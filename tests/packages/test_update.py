from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from servers.index_recipes import SHAPE, micropython_lib, of
from servers.web import WebServer

from belay.exceptions import (
    FetchError,
    ManifestError,
    PackageError,
    PackageNotFoundError,
    PathConflictError,
    RequirementError,
    ResolutionError,
    UnsafePathError,
)
from belay.packages.fetch import Fetcher, Limits
from belay.packages.indices import Indices
from belay.packages.model import LockedPackage, Requirement
from belay.packages.requirement import parse_requirement
from belay.packages.store import Store
from belay.packages.supply import Supply
from belay.packages.update import Choices, Updated, update
from belay.packages.version import parse_wanted

QUICK = Limits(read=0.5, pause=0.01)
Run = Callable[..., Updated]


@pytest.fixture
def run(tmp_path: Path, web: WebServer) -> Run:
    """An update as a new process would make it; the store stays."""
    (tmp_path / "project").mkdir()

    def run(
        requirements: Iterable[Requirement],
        indices: Iterable[str] = (web.url + "/pi/v2",),
        *,
        locked: Iterable[LockedPackage] = (),
        names: list[str] | None = None,
        offline: bool = False,
        mpy: str = "py",
        arch: str = "",
        prefer: dict[str, str] | None = None,
        warn: Callable[[str], None] | None = None,
    ) -> Updated:
        with Supply(Store(tmp_path / "cache"), Fetcher(QUICK, proxies={}), offline=offline) as supply:
            return update(
                requirements,
                supply,
                Indices(list(indices), supply, mpy, warn=warn),
                Choices(tmp_path / "project", prefer or {}, mpy, arch),
                locked=list(locked),
                names=names,
            )

    return run


def wants(group: str = "main", **values: object) -> list[Requirement]:
    return [parse_requirement(key.replace("__", "-"), value, group=group) for key, value in values.items()]


def versions(updated: Updated) -> dict[str, str]:
    return {package.name: package.version for package in updated.packages}


def package(updated: Updated, name: str) -> LockedPackage:
    [found] = [package for package in updated.packages if package.name == name]
    return found


def files(updated: Updated, name: str) -> list[str]:
    return [file.destination for file in package(updated, name).files]


def test_everything_of_an_index(web: WebServer, run: Run, tmp_path: Path) -> None:
    web.index()
    shape = json.loads(SHAPE.read_text())
    needs = [parse_requirement(name, "*") for name in shape]
    updated = run(needs)
    assert versions(updated) == {name: shape[name]["latest"] for name in sorted(shape)}
    made = micropython_lib()
    store = Store(tmp_path / "cache")
    for name, one in made.packages.items():
        assert one.latest is not None
        content = {file.destination: store.read(file.sha256) for file in package(updated, name).files}
        assert content == dict(one.latest.files)
    distinct = len({file.url for each in updated.packages for file in each.files})
    counts = web.counts()
    assert len(counts.requests) == 1 + len(shape) + distinct, "a file that packages share is fetched once"
    assert counts.connections <= 32
    assert run(needs) == updated
    assert len(web.counts().requests) == 1
    assert run(needs, offline=True) == updated
    assert not web.counts().requests


def test_without_a_listing_one_conditional_request_for_each_package(web: WebServer, run: Run) -> None:
    web.index(listed=False)
    needs = [parse_requirement(name, "*") for name in json.loads(SHAPE.read_text())]
    updated = run(needs)
    web.counts()
    assert run(needs) == updated
    requests = web.counts().requests
    assert len(requests) == 1 + len(needs)
    assert all("if-none-match" in request.headers for request in requests[1:])


def test_pages_and_files_come_at_once(web: WebServer, run: Run) -> None:
    chain = {f"p{i}": {"1.0": {"deps": [[f"p{i + 1}", ""]]}} for i in range(5)}
    wide = {f"w{i}": {"1.0": {}} for i in range(60)}
    web.packages({**chain, "p5": {"1.0": {"deps": [[name, ""] for name in wide]}}, **wide})
    web.behave(latency=0.1)
    start = time.monotonic()
    run(wants(p0="*"))
    # One for the listing, one for each link of the chain, two for sixty pages, three for the files; one after
    # the other they would take 13 s.
    assert time.monotonic() - start < 4.0


def test_what_is_locked(web: WebServer, run: Run) -> None:
    url = web.packages(
        {"a": {"1.0": {"files": {"a.py": "A = 1\n"}, "deps": [["b", "1.0"]]}}, "b": {"1.0": {}}}
    )
    updated = run([*wants(a="*"), *wants("dev", b="1.0")])
    a = package(updated, "a")
    digits = hashlib.sha256(b"A = 1\n").hexdigest()
    assert (a.version, a.source, a.groups, a.dependencies) == ("1.0", f"index+{url}", ("main",), ("b",))
    [file] = a.files
    assert (file.destination, file.size, file.sha256) == ("a.py", 6, digits)
    assert file.url == f"{url}/file/{digits[:2]}/{digits[:8]}"
    assert package(updated, "b").groups == ("dev", "main")
    assert updated.led_to == {("main", "a"): ("a",), ("dev", "b"): ("b",)}


def test_any_version_is_what_the_latest_page_has(web: WebServer, run: Run) -> None:
    web.packages({"a": {"1.0": {"files": {"a.py": "old"}}}})
    frozen = run(wants(a=">=1"))
    web.page("/pi/v2/package/py/a/latest.json", '{"v":1,"version":"1.0","urls":[["a.py","new.py"]]}')
    web.page("/pi/v2/package/py/a/new.py", "new")
    assert run(wants(a=">=1")) == frozen
    new = package(run(wants(a="*")), "a")
    assert new.version == "1.0"
    assert new.files[0].sha256 == hashlib.sha256(b"new").hexdigest()


# --- not from an index -----------------------------------------------------------------------------


def test_files_and_manifests_of_web_servers(web: WebServer, run: Run) -> None:
    web.packages({"b": {"1.0": {}, "2.0": {}}})
    web.page("/x/one.py", "1")
    web.page("/x/sub/two.py", "2")
    manifest = web.manifest(
        "/x/package.json", version="3", urls=[["m/two.py", "sub/two.py"]], deps=[["b", "^1"]]
    )
    updated = run(wants(one=web.url + "/x/one.py", m=web.url + "/x", both=[web.url + "/x/one.py", manifest]))
    assert files(updated, "one") == ["one/__init__.py"]
    assert files(updated, "m") == ["m/two.py"]
    assert files(updated, "both") == ["both/one.py", "m/two.py"]
    assert package(updated, "m").version == "3"
    assert package(updated, "both").dependencies == ("b",)
    assert versions(updated)["b"] == "1.0"
    web.counts()
    assert run(wants(one=web.url + "/x/one.py")).packages == (package(updated, "one"),)
    assert "if-none-match" in web.counts().requests[0].headers


def test_manifests_that_need_manifests(web: WebServer, run: Run) -> None:
    inner = web.manifest("/inner/package.json", urls=[["inner.py", "inner.py"]], version="1")
    web.page("/inner/inner.py", "1")
    outer = web.manifest("/outer/package.json", deps=[[inner, ""], ["b", "latest"]])
    web.packages({"b": {"1.0": {"deps": [[inner, ""]]}}})
    updated = run(wants(outer=outer))
    assert sorted(versions(updated)) == ["b", "inner", "outer"]
    assert package(updated, "inner").source == inner


def test_files_and_folders_of_this_machine(web: WebServer, run: Run, tmp_path: Path) -> None:
    web.packages({"b": {"1.0": {}}})
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "one.py").write_text("1")
    updated = run(wants(mine="../mine", one="../mine/one.py", fresh={"uri": "../mine", "develop": True}))
    assert files(updated, "mine") == ["mine/one.py"]
    assert files(updated, "one") == ["one/__init__.py"]
    assert package(updated, "mine").source == "path+../mine"
    fresh = package(updated, "fresh")
    assert (fresh.develop, fresh.files, fresh.source) == (True, (), "path+../mine")
    assert not web.counts().requests
    (folder / "package.json").write_text('{"urls": [["x.py", "one.py"]], "deps": [["b", ""]]}')
    updated = run(wants(fresh={"uri": "../mine", "develop": True}))
    assert package(updated, "fresh").dependencies == ("b",)
    assert files(updated, "b") == ["b.py"]
    (folder / "one.py").write_text("2")
    again = run(wants(mine="../mine"))
    assert package(again, "mine").files[0].sha256 == hashlib.sha256(b"2").hexdigest()


def test_one_dependency_of_several_packages_of_an_index(web: WebServer, run: Run) -> None:
    web.packages({"os": {"1.0": {}}, "os-path": {"1.0": {}}})
    web.page("/x.py", "1")
    updated = run(wants(system=["os", "os-path", web.url + "/x.py"]))
    assert sorted(versions(updated)) == ["os", "os-path", "system"]
    assert updated.led_to == {("main", "system"): ("os", "os-path", "system")}
    with pytest.raises(ResolutionError, match="cannot be made of the package of this name"):
        run(wants(os=["os", web.url + "/x.py"]))


def test_what_the_project_names_comes_from_where_it_says(web: WebServer, run: Run) -> None:
    web.packages({"a": {"1.0": {"deps": [["b", ""]]}}, "b": {"1.0": {}}})
    mine = web.manifest("/mine/package.json", version="2.0", urls=[["b.py", "b.py"]])
    web.page("/mine/b.py", "mine")
    updated = run(wants(a="*", b=mine))
    assert package(updated, "b").source == mine
    web.packages({"a": {"1.0": {"deps": [["b", "1.0"]]}}, "b": {"1.0": {}}}, updated=1_700_000_001)
    with pytest.raises(ResolutionError, match="no version of b suits all"):
        run(wants(a="*", b=mine))


def test_others_that_do_not_agree_on_where_a_package_comes_from(web: WebServer, run: Run) -> None:
    for place in ("one", "two"):
        web.manifest(f"/{place}/b/package.json", version="1", urls=[["b.py", "b.py"]])
        web.page(f"/{place}/b/b.py", place)
        web.manifest(f"/{place}/package.json", deps=[[f"{web.url}/{place}/b", ""]])
    needs = wants(one=f"{web.url}/one", two=f"{web.url}/two")
    with pytest.raises(ResolutionError, match="no version of b suits all") as caught:
        run(needs)
    assert "[tool.belay.dependencies]" in (caught.value.hint or "")
    updated = run([*needs, *wants(b=f"{web.url}/two/b")])
    assert package(updated, "b").source == f"{web.url}/two/b"


def test_a_project_that_does_not_agree_with_itself(web: WebServer, run: Run, tmp_path: Path) -> None:
    web.packages({"a": {"1.0": {}}, "z": {"1.0": {"deps": [["a", "1.0"]]}}})
    (tmp_path / "a.py").write_text("1")
    with pytest.raises(ResolutionError, match="no version of a suits all") as caught:
        run([*wants(a="*"), *wants("dev", a="../a.py")])
    assert caught.value.chains == ("a (../a.py) is needed by the project", "a * is needed by the project")
    assert caught.value.hint == "give one that is not to be a another name in pyproject.toml"
    elsewhere = web.manifest("/a/package.json", version="1.5")
    with pytest.raises(ResolutionError, match="no version of a suits all") as caught:
        run(wants(a=elsewhere, z="*"))
    assert caught.value.hint == "ask for another version of a, or try another version of z, or do without z"


def test_a_dependency_developed_in_one_group_only(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("1")
    needs = [*wants(x={"uri": "../x.py", "develop": True}), *wants("dev", x="../x.py")]
    with pytest.raises(ResolutionError, match="developed in one group and not in another"):
        run(needs)


def test_a_dependency_renamed_in_one_group_only(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("1")
    plain = {"uri": "../x.py", "rename_to_init": False}
    with pytest.raises(ResolutionError, match=r"x is to become __init__.py in one group and not in another"):
        run([*wants(x="../x.py"), *wants("dev", x=plain)])
    assert files(run([*wants(x=plain), *wants("dev", x=plain)]), "x") == ["x.py"]


# --- updating some ---------------------------------------------------------------------------------

OLD = {"a": {"1.0": {"deps": [["c", ""]]}}, "b": {"1.0": {"deps": [["c", ""]]}}, "c": {"1.0": {}}}
NEW = {
    "a": {**OLD["a"], "2.0": {"deps": [["c", ">=2"]]}},
    "b": {**OLD["b"], "2.0": {"deps": [["c", ""]]}},
    "c": {"1.0": {}, "2.0": {}},
}


def test_only_what_is_named_is_chosen_anew(web: WebServer, run: Run) -> None:
    web.packages(OLD)
    needs = wants(a="*", b="*")
    old = run(needs).packages
    web.packages(NEW, updated=1_700_000_001)
    assert versions(run(needs, locked=old, names=["b"])) == {"a": "1.0", "b": "2.0", "c": "1.0"}
    assert versions(run(needs, locked=old, names=["c"])) == {"a": "1.0", "b": "1.0", "c": "2.0"}
    # The new a is content with no other c.
    assert versions(run(needs, locked=old, names=["a"])) == {"a": "2.0", "b": "1.0", "c": "2.0"}
    assert versions(run(needs, locked=old)) == {"a": "2.0", "b": "2.0", "c": "2.0"}
    web.counts()
    assert run(needs, locked=old, names=[]).packages == old
    assert not web.counts().requests


def test_what_stays_has_what_it_needs(web: WebServer, run: Run) -> None:
    packages = {"a": {"1.0": {"deps": [["b", "<2"], ["c", "latest"]]}}, "b": {"1.0": {}}, "c": {"1.0": {}}}
    web.packages(packages)
    old = run(wants(a="*")).packages
    assert {each.name: each.constraints for each in old} == {"a": (("b", "mip:b<2"),), "b": (), "c": ()}
    newer: dict[str, object] = {"1.5": {}, "2.0": {}}
    web.packages({**packages, "b": {"1.0": {}, **newer}, "c": {"1.0": {}, **newer}}, updated=1_700_000_001)
    updated = run(wants(a="*"), locked=old, names=["b", "c"])
    assert versions(updated) == {"a": "1.0", "b": "1.5", "c": "2.0"}
    with pytest.raises(ResolutionError, match=r"b 2.0 is needed by the project") as caught:
        run(wants(a="*", b="2.0"), locked=old, names=["b"])
    assert "b <2 is needed by a 1.0" in caught.value.message


NAMES = st.sampled_from("abcd")
NEEDS = st.lists(st.tuples(NAMES, st.sampled_from(["", "<2", ">=2", "^1", "3"])), max_size=2)
VERSIONS = st.dictionaries(st.sampled_from(["1", "1.5", "2", "3"]), NEEDS, min_size=1)
SHELVES = st.dictionaries(NAMES, VERSIONS, min_size=4)


@settings(max_examples=40, deadline=None)
@given(SHELVES, SHELVES, st.sets(NAMES, min_size=1, max_size=2), st.sets(NAMES, max_size=2))
def test_whatever_is_updated_all_have_what_they_need(
    tmp_path_factory: pytest.TempPathFactory,
    first: dict[str, dict[str, list[tuple[str, str]]]],
    more: dict[str, dict[str, list[tuple[str, str]]]],
    roots: set[str],
    names: set[str],
) -> None:
    # What has been published stays as it is; there is more of it later.
    both = {name: {**more[name], **first[name]} for name in first}
    top = tmp_path_factory.mktemp("top")
    needs = [parse_requirement(name, "*") for name in sorted(roots)]

    def run(shelf: dict[str, dict[str, list[tuple[str, str]]]], folder: Path, **options: Any) -> Updated:
        packages = {
            name: {version: {"deps": versions[version]} for version in sorted(versions)}
            for name, versions in shelf.items()
        }
        of(packages).write(folder)
        with Supply(Store(top / "cache"), Fetcher(QUICK, proxies={})) as supply:
            indices = Indices([(top / "index").as_uri()], supply)
            return update(needs, supply, indices, Choices(top, {}), **options)

    try:
        old = run(first, top / "index").packages
        updated = run(both, top / "index", locked=old, names=names & {each.name for each in old})
    except ResolutionError:
        return
    chosen = versions(updated)
    for name, version in chosen.items():
        for other, wanted in both[name][version]:
            assert parse_wanted(wanted).allows(chosen[other])


def test_what_no_longer_suits_is_chosen_anew(web: WebServer, run: Run) -> None:
    web.packages(NEW)
    old = run(wants(c="1.0")).packages
    assert versions(run(wants(c="2.0"), locked=old, names=[])) == {"c": "2.0"}
    assert versions(run(wants(b="*"), locked=old, names=["b"])) == {"b": "2.0", "c": "1.0"}


def test_what_was_locked_from_elsewhere_stays(web: WebServer, run: Run) -> None:
    inner = web.manifest("/inner/package.json", version="1", urls=[["inner.py", "inner.py"]])
    web.page("/inner/inner.py", "1")
    outer = web.manifest("/outer/package.json", deps=[[inner, ""]])
    web.packages(OLD)
    needs = wants(outer=outer, a="*")
    old = run(needs).packages
    web.page("/inner/inner.py", "2")
    assert run(needs, locked=old, names=["a"]).packages == old
    new = run(needs, locked=old, names=["inner"])
    assert package(new, "inner").files[0].sha256 == hashlib.sha256(b"2").hexdigest()


def test_a_name_that_the_project_does_not_have(web: WebServer, run: Run) -> None:
    web.packages(OLD)
    with pytest.raises(ResolutionError, match="no dependency 'aa'") as caught:
        run(wants(a="*"), names=["aa"])
    assert caught.value.hint == "did you mean a?"


def test_a_package_does_not_change_its_index_because_that_is_dead(
    web: WebServer, tls_web: WebServer, run: Run
) -> None:
    tls_web.clear()
    first, second = web.packages({"a": {"1.0": {}}}, "/first"), web.packages({"a": {"9.0": {}}}, "/second")
    old = run(wants(a="*"), [first, second]).packages
    dead = [LockedPackage(**{**vars(old[0]), "source": "index+https://no-such-host.invalid/pi"})]
    with pytest.raises(FetchError) as caught:
        run(wants(a="*"), ["https://no-such-host.invalid/pi", second], locked=dead)
    assert caught.value.kind == "dns"
    warnings: list[str] = []
    updated = run(wants(a="*"), ["https://no-such-host.invalid/pi", second], warn=warnings.append)
    assert versions(updated) == {"a": "9.0"}
    assert len(warnings) == 1


def test_indices_by_name_for_one_dependency(web: WebServer, run: Run) -> None:
    first = web.packages({"a": {"1.0": {}}}, "/first")
    second = web.packages({"a": {"9.0": {}}, "b": {"1.0": {"deps": [["a", ""]]}}}, "/second")
    updated = run(wants(a={"version": "*", "index": second}), [first, second])
    assert versions(updated) == {"a": "9.0"}
    updated = run(wants(a={"version": "*", "index": second}, b="*"), [first, second])
    assert versions(updated) == {"a": "9.0", "b": "1.0"}
    needs = [*wants(a={"version": "*", "index": second}), *wants("dev", a={"version": "*", "index": first})]
    with pytest.raises(ResolutionError) as caught:
        run(needs, [first, second])
    assert caught.value.hint == "name one index for a"


# --- what does not go together ---------------------------------------------------------------------


def test_one_path_with_two_contents(web: WebServer, run: Run) -> None:
    web.packages(
        {
            "a": {"1.0": {"files": {"os/__init__.py": "A", "a.py": "1"}}},
            "b": {"1.0": {"files": {"os/__init__.py": "B"}}},
            "c": {"1.0": {"files": {"os/__init__.py": "A"}}},
        }
    )
    assert len(run(wants(a="*", c="*")).packages) == 2
    needs = [*wants(a="*", c="*"), *wants("dev", b="*")]
    with pytest.raises(PathConflictError) as caught:
        run(needs)
    assert (caught.value.path, caught.value.packages) == ("os/__init__.py", ("a", "b"))
    assert '"os/__init__.py" = "a"' in (caught.value.hint or "")
    updated = run(needs, prefer={"os/__init__.py": "b"})
    # Each package is locked as it is; whose file is vendored is for the lock to say.
    assert [files(updated, name) for name in "abc"] == [
        ["a.py", "os/__init__.py"],
        ["os/__init__.py"],
        ["os/__init__.py"],
    ]
    with pytest.raises(PathConflictError, match="a and b and c have different") as caught:
        run(needs, prefer={"os/__init__.py": "nobody"})
    assert "nobody, which is preferred, has no such file" in (caught.value.hint or "")


def test_a_module_beside_a_folder_of_its_name(web: WebServer, run: Run) -> None:
    web.packages(
        {
            "a": {"1.0": {"files": {"string.py": "1", "own.py": "", "own/data.py": ""}}},
            "b": {"1.0": {"files": {"string/__init__.py": "2", "string/templatelib.py": "3"}}},
        }
    )
    assert run(wants(a="*")).notes == ()
    note = "string.py of a cannot be imported beside the folder string of b"
    assert run(wants(a="*", b="*")).notes == (note,)


def test_paths_that_are_one_on_some_systems(web: WebServer, run: Run) -> None:
    web.packages({"a": {"1.0": {"files": {"x.py": ""}}}, "b": {"1.0": {"files": {"X.py": ""}}}})
    with pytest.raises(UnsafePathError, match="differ by their case"):
        run(wants(a="*", b="*"))


@pytest.mark.parametrize("path", ["../x.py", "/x.py", "a/../../x", "C:x", "a\\b", "con.py", "a\x00"])
def test_paths_that_lead_out(web: WebServer, run: Run, path: str) -> None:
    web.packages({"a": {"1.0": {"files": {path: ""}}}})
    with pytest.raises(UnsafePathError):
        run(wants(a="*"))


def test_versions_that_do_not_go_together(web: WebServer, run: Run) -> None:
    web.packages(NEW)
    with pytest.raises(ResolutionError) as caught:
        run(wants(a="2.0", c="<2"))
    text = str(caught.value)
    assert "c >=2 is needed by a 2.0, that by the project" in text
    assert "c <2 is needed by the project" in text
    assert "/pi/v2 has 1.0, 2.0" in text
    assert caught.value.hint == "ask for another version of c, or try another version of a, or do without a"


def test_others_that_do_not_agree_on_a_version(web: WebServer, run: Run) -> None:
    web.packages(
        {
            "top": {"1.0": {"deps": [["mid", ""]]}},
            "mid": {"1.0": {"deps": [["low", "<2"]]}},
            "other": {"1.0": {"deps": [["low", ">=2"]]}},
            "low": {"1.0": {}, "2.0": {}},
        }
    )
    with pytest.raises(ResolutionError) as caught:
        run(wants(top="*", other="*", low="*"))
    # That the project takes any version of low is no part of it.
    assert caught.value.chains == (
        "low <2 is needed by mid 1.0, that by top 1.0, that by the project",
        "low >=2 is needed by other 1.0, that by the project",
        f"{web.url}/pi/v2 has 1.0, 2.0",
    )
    assert caught.value.hint == "try another version of mid or other, or do without mid or other"


def test_a_version_that_there_is_not(web: WebServer, run: Run) -> None:
    web.packages({"a": {"1.0": {}, "2.0rc1": {}}})
    with pytest.raises(ResolutionError, match="there is no a >=2") as caught:
        run(wants(a=">=2"))
    assert "2.0rc1" in str(caught.value)


def test_a_package_that_no_index_has(web: WebServer, run: Run) -> None:
    web.packages({"a": {"1.0": {"deps": [["nosuch", ""]]}}})
    with pytest.raises(PackageNotFoundError) as caught:
        run(wants(a="*"))
    assert "nosuch * is needed by a 1.0, that by the project" in str(caught.value)


def test_who_needs_what_cannot_be_understood(web: WebServer, run: Run) -> None:
    inner, nowhere = web.page("/inner/package.json", "nonsense"), f"{web.url}/nowhere/package.json"
    web.packages({"a": {"1.0": {"deps": [[inner, ""]]}}, "b": {"1.0": {"deps": [[nowhere, ""]]}}})
    with pytest.raises(
        ManifestError, match=r"is no manifest: .*\n  inner \(http.* is needed by a 1.0, that by"
    ):
        run(wants(a="*"))
    with pytest.raises(
        FetchError, match=r"(?m)\n  nowhere \(http.* is needed by b 1.0, that by the project$"
    ):
        run(wants(b="*"))
    [need] = wants(x="./nosuch.py")
    with pytest.raises(RequirementError, match=r"(?m)\n  x \(./nosuch.py\) is needed by here$"):
        run([replace(need, where="here")])


def test_a_manifest_that_is_none(web: WebServer, run: Run) -> None:
    web.packages({"a": {"1.0": {}}})
    web.page("/pi/v2/package/py/a/latest.json", "nonsense")
    with pytest.raises(ManifestError):
        run(wants(a="*"))


@pytest.mark.parametrize(("fault", "kind"), [("wrong", "mismatch"), ("truncate", "truncated")])
def test_files_that_are_not_what_they_should_be(web: WebServer, run: Run, fault: str, kind: str) -> None:
    web.packages({"a": {"1.0": {}}})
    web.fault(fault, "/pi/v2/file")
    with pytest.raises(FetchError, match=r"(?m)\n  it is a file of a$") as caught:
        run(wants(a="*"))
    assert caught.value.kind == kind


NATIVE = b"M\x06\x10\x1f"
"""The start of an ``.mpy`` file with native code for armv6m."""


def test_native_code_needs_an_architecture(web: WebServer, run: Run) -> None:
    with pytest.raises(PackageError, match="the project names none"):
        run(wants(x=web.page("/x.mpy", NATIVE)))
    assert files(run(wants(x=web.url + "/x.mpy"), arch="armv7em"), "x") == ["x.mpy"]


def test_compiled_packages(web: WebServer, run: Run) -> None:
    web.index()
    assert files(run(wants(abc="*"), mpy="6"), "abc") == ["abc.mpy"]
    assert files(run(wants(abc="*"), mpy="5"), "abc") == ["abc.py"]


@pytest.mark.parametrize("listed", [True, False])
def test_packages_that_are_there_as_sources_only(web: WebServer, run: Run, listed: bool) -> None:
    url = web.packages(
        {"a": {"1.0": {"deps": [["b", "1.0"]]}}, "b": {"1.0": {}}}, listed=listed, sources=["b"]
    )
    updated = run(wants(a="*"), mpy="6")
    assert (files(updated, "a"), files(updated, "b")) == (["a.mpy"], ["b.py"])
    assert package(updated, "b").source == f"index+{url}"


@pytest.mark.parametrize("size", [10, 100])
def test_large_closures(web: WebServer, run: Run, size: int) -> None:
    web.index(recipe="large", packages=200, versions=4)
    updated = run(wants(**{f"closure-{size}-0".replace("-", "__"): "*"}))
    assert len(updated.packages) == size
