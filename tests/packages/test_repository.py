from __future__ import annotations

import json
from pathlib import Path

import pytest
from servers.git_hosts import GitHost
from servers.web import WebServer

from belay.exceptions import (
    FetchError,
    ManifestError,
    PackageNotFoundError,
    UnsafePathError,
)
from belay.packages.fetch import Fetcher
from belay.packages.hosting import Host
from belay.packages.logins import Logins, variable_for
from belay.packages.model import FromHost, FromIndex
from belay.packages.requirement import parse_source
from belay.packages.store import Store
from belay.packages.supply import Supply

from .conftest import GitHosts
from .hosted import QUICK, Make, layout, place, read, refused
from .test_archive import packed

# --- what is at a place --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "file", "refs"),
    [
        ("github", "raw/o/r/{}/lib/a.py", "/hub/o/r.git/info/refs"),
        ("gitlab", "lab/o/r/-/raw/{}/lib/a.py", "/lab/o/r.git/info/refs"),
        ("codeberg", "berg/api/v1/repos/o/r/raw/lib/a.py?ref={}", "/berg/o/r.git/info/refs"),
    ],
)
def test_a_file_is_that_of_the_commit(
    git_hosts: GitHosts, make: Make, host: str, file: str, refs: str
) -> None:
    commit = git_hosts.repository().commit({"lib/a.py": "a = 1"})
    supply = make()
    found = read(supply, f"{host}:o/r/lib/a.py", "a")
    assert (found.version, found.source) == (commit, f"{host}:o/r/lib/a.py")
    assert layout(found) == {"a/__init__.py": file.format(commit)}
    assert supply.store.read(supply.file(found.files[0]).sha256) == b"a = 1"
    assert [path.split("?service")[0] for path in git_hosts.paths()] == [refs, "/" + file.format(commit)]


@pytest.mark.parametrize("host", ["github", "gitlab", "codeberg"])
def test_a_folder_without_a_manifest_is_its_files(git_hosts: GitHosts, make: Make, host: str) -> None:
    files = {"lib/__init__.py": "i", "lib/deep/b.py": "b", "other.py": "o", "library/x.py": "x"}
    commit = git_hosts.repository().commit(files)
    supply = make()
    found = read(supply, f"{host}:o/r/lib", "my-lib")
    assert found.version == commit
    assert [file.destination for file in found.files] == ["my_lib/__init__.py", "my_lib/deep/b.py"]
    contents = [supply.store.read(supply.file(file).sha256) for file in found.files]
    assert contents == [b"i", b"b"]
    # One question for the refs, one for the manifest, and one archive.
    assert len(git_hosts.paths()) == 3


def test_a_folder_with_a_manifest_is_what_that_says(git_hosts: GitHosts, make: Make) -> None:
    manifest = {
        "urls": [["s.py", "src/s.py"], ["t.py", "../t.py"]],
        "deps": [["logging", "1.0"], ["github:o/other", "v2"]],
        "version": "3.1",
    }
    commit = git_hosts.repository().commit({"pkg/package.json": json.dumps(manifest)})
    found = read(make(), "codeberg:o/r/pkg")
    assert layout(found) == {
        "s.py": f"berg/api/v1/repos/o/r/raw/pkg/src/s.py?ref={commit}",
        "t.py": f"berg/api/v1/repos/o/r/raw/t.py?ref={commit}",
    }
    assert [need.key for need in found.dependencies] == ["logging", "other"]
    assert found.dependencies[1].sources == (FromHost("github", "o", "other", "", "v2"),)


def test_a_manifest_leads_to_nothing_outside_of_its_repository(git_hosts: GitHosts, make: Make) -> None:
    git_hosts.repository().commit(
        {"package.json": json.dumps({"urls": [["s.py", "a/../../../x/main/s.py"]]})}
    )
    with refused(ManifestError, "leads out of the repository"):
        read(make(), "github:o/r")


def test_an_absolute_source_of_a_manifest_keeps_its_own_ref(git_hosts: GitHosts, make: Make) -> None:
    other = git_hosts.repository("o/other")
    first = other.commit({"x.py": "1"})
    other.tag("v1.0")
    second = other.commit({"x.py": "2"})
    urls = [["x.py", "github:o/other/x.py@v1.0"], ["y.py", "github:o/other/x.py"]]
    git_hosts.repository("o/r", "v1.0").commit({"package.json": json.dumps({"urls": urls})})
    found = read(make(), "github:o/r@v1.0")
    assert layout(found) == {"x.py": f"raw/o/other/{first}/x.py", "y.py": f"raw/o/other/{second}/x.py"}


def test_a_manifest_that_is_named_is_read(git_hosts: GitHosts, make: Make) -> None:
    git_hosts.repository().commit({"a/mip.json": json.dumps({"urls": [["s.py", "s.py"]]})})
    (file,) = read(make(), "github:o/r/a/mip.json").files
    assert file.url.endswith("/a/s.py")


def test_a_whole_repository(git_hosts: GitHosts, make: Make) -> None:
    git_hosts.repository().commit(
        {"__init__.py": "", "README.md": "r", ".gitignore": "*", ".github/x.yml": ""}
    )
    found = read(make(), "gitlab:o/r")
    assert [file.destination for file in found.files] == ["sensor/README.md", "sensor/__init__.py"]


@pytest.mark.parametrize(
    ("files", "destinations"),
    [
        (["sensor.py", "README.md", "manifest.py"], ["sensor/__init__.py"]),
        (["sensor/__init__.py", "sensor/b.py", "setup.py"], ["sensor/__init__.py", "sensor/b.py"]),
        (["__init__.py", "sensor.py"], ["sensor/__init__.py", "sensor/sensor.py"]),
        (["other.py"], ["sensor/other.py"]),
        (["sensor.mpy"], ["sensor.mpy"]),
    ],
)
def test_what_a_folder_means_can_be_imported(
    git_hosts: GitHosts, make: Make, files: list[str], destinations: list[str]
) -> None:
    git_hosts.repository().commit({f"deep/{name}": name for name in files})
    found = read(make(), "github:o/r/deep")
    assert [file.destination for file in found.files] == destinations


def test_a_manifest_py_says_what_a_folder_is(git_hosts: GitHosts, make: Make, warnings: list[str]) -> None:
    said = 'metadata(version="1.2")\nrequire("logging", odd=1)\nmodule("sensor.py")\n'
    said += 'package("extra", base_path="src")\n'
    files = {
        "manifest.py": said,
        "sensor.py": "s",
        "src/extra/__init__.py": "e",
        "test.py": "t",
    }
    commit = git_hosts.repository().commit({f"deep/{name}": content for name, content in files.items()})
    for supply in (make(), make()):
        found = read(supply, "gitlab:o/r/deep")
        assert (found.version, found.source) == (commit, "gitlab:o/r/deep")
        assert [file.destination for file in found.files] == ["sensor.py", "extra/__init__.py"]
        assert [need.sources for need in found.dependencies] == [(FromIndex("logging"),)]
        assert [supply.store.read(supply.file(file).sha256) for file in found.files] == [b"s", b"e"]
    assert len(warnings) == 2
    assert "require: odd is not used" in warnings[0]
    assert sum("/archive/" in path for path in git_hosts.paths()) == 1


def test_a_file_that_is_neither_python_nor_a_manifest(git_hosts: GitHosts, make: Make) -> None:
    git_hosts.repository().commit({"fonts/font.bin": b"\x00\xff"})
    supply = make()
    (file,) = read(supply, "github:o/r/fonts/font.bin", "fonts").files
    assert file.destination == "fonts/font.bin"
    assert supply.store.read(file.hash_prefix) == b"\x00\xff"


@pytest.mark.parametrize("place", ["github:o/r/nosuch", "github:o/r/nosuch.json"])
def test_what_is_not_there_is_named(git_hosts: GitHosts, make: Make, place: str) -> None:
    git_hosts.repository().commit({"a.py": ""})
    with refused(PackageNotFoundError, "there is no 'nosuch"):
        read(make(), place)


def test_links_are_refused_where_they_would_be_vendored(git_hosts: GitHosts, make: Make) -> None:
    git_hosts.repository().commit({"a/__init__.py": "", "b/__init__.py": ""}, links={"a/x.py": "/etc/passwd"})
    with refused(UnsafePathError, "is a link, which is not followed"):
        read(make(), "github:o/r/a")
    assert read(make(), "github:o/r/b").files


def test_names_that_are_unsafe_are_refused(git_hosts: GitHosts, make: Make) -> None:
    git_hosts.repository().commit({"a/__init__.py": "", "a/con.py": ""})
    with refused(UnsafePathError, "names a device of Windows"):
        read(make(), "github:o/r/a")


# --- what is known already -----------------------------------------------------------------------


def test_what_was_had_once_is_not_asked_for_again(git_hosts: GitHosts, make: Make) -> None:
    manifest = json.dumps({"urls": [["s.py", "s.py"]]})
    repository = git_hosts.repository()
    repository.commit({"a.py": "a", "lib/__init__.py": "", "pkg/package.json": manifest, "pkg/s.py": "s"})
    for supply in (make(), make()):
        git_hosts.paths()
        for path in ("a.py", "lib", "pkg"):
            supply.files(read(supply, f"github:o/r/{path}").files)
    assert [path.partition("?")[0] for path in git_hosts.paths()] == ["/hub/o/r.git/info/refs"]
    offline = make(offline=True)
    assert [len(read(offline, f"github:o/r/{path}").files) for path in ("a.py", "lib", "pkg")] == [1, 1, 1]


def test_a_manifest_that_was_none_is_asked_for_again(git_hosts: GitHosts, make: Make) -> None:
    commit = git_hosts.repository().commit(
        {"package.json": json.dumps({"urls": [["a.py", "a.py"]]}), "a.py": ""}
    )
    path = f"/raw/o/r/{commit}/package.json"
    git_hosts.web.page(path, "<html>please log in</html>")
    with refused(ManifestError, "is a web page"):
        read(make(), "github:o/r")
    git_hosts.web.remove(path)
    assert read(make(), "github:o/r").files
    git_hosts.paths()
    assert read(make(), "github:o/r").files
    assert len(git_hosts.paths()) == 1


def test_two_folders_of_one_commit_need_one_archive(git_hosts: GitHosts, make: Make) -> None:
    git_hosts.repository().commit({"a/__init__.py": "a", "b/__init__.py": "b"})
    supply = make()
    for name in "ab":
        read(supply, f"github:o/r/{name}", name)
    assert sum("/archive/" in path for path in git_hosts.paths()) == 1


def test_an_archive_of_another_commit_is_refused(git_hosts: GitHosts, make: Make) -> None:
    repository = git_hosts.repository()
    first = repository.commit({"a/__init__.py": "1"})
    second = repository.commit({"a/__init__.py": "2"})
    archive = repository.git("archive", "--format=tar.gz", "--prefix=r/", "-o", "../../../old.tar.gz", first)
    assert archive == ""
    content = (git_hosts.folder.parent / "old.tar.gz").read_bytes()
    git_hosts.web.page(f"/hub/o/r/archive/{second}.tar.gz", content)
    with refused(FetchError, f"is of the commit {first}"):
        read(make(), "github:o/r/a")


@pytest.mark.parametrize(
    "name",
    [
        "../../x.py",
        "/etc/x.py",
        "a/../../x.py",
        "C:x.py",
        "a\\x.py",
        "nul.py",
        "a//x.py",
        "x.py.",
        "é\u202e.py",
    ],
)
def test_no_name_in_an_archive_leads_out(git_hosts: GitHosts, make: Make, name: str) -> None:
    commit = git_hosts.repository().commit({"lib/__init__.py": ""})
    content = packed(("r/lib/__init__.py", b""), (f"r/lib/{name}", b"evil"), (f"r/{name}", b"evil"))
    git_hosts.web.page(f"/hub/o/r/archive/{commit}.tar.gz", content.getvalue())
    with pytest.raises(UnsafePathError):
        read(make(), "github:o/r/lib")
    content = packed(("r/lib/__init__.py", b""), (f"r/lib/x{name}", "../../../etc/passwd"))
    git_hosts.web.page(f"/hub/o/r/archive/{commit}.tar.gz", content.getvalue())
    with pytest.raises(UnsafePathError):
        read(make(), "github:o/r/lib")


def test_a_bomb_of_an_archive_is_an_error(git_hosts: GitHosts, make: Make) -> None:
    commit = git_hosts.repository().commit({"lib/__init__.py": ""})
    content = packed(("r/lib/__init__.py", b""), ("r/zeros", bytes(64 << 20)))
    git_hosts.web.page(f"/hub/o/r/archive/{commit}.tar.gz", content.getvalue())
    with refused(FetchError, "bytes when it is unpacked"):
        read(make(), "github:o/r/lib")


def test_an_archive_that_is_elsewhere_gets_no_token(git_hosts: GitHosts, tmp_path: Path) -> None:
    """As github.com sends to codeload.github.com, with a key in the address if need be."""
    commit = git_hosts.repository().commit({"lib/__init__.py": "l"})
    web = git_hosts.web
    content = GitHost(git_hosts.folder, "github").get(f"o/r/archive/{commit}.tar.gz")
    assert content is not None
    found = Logins(environment={variable_for(web.url): "s3cret", "NETRC": str(tmp_path / "nosuch")})
    with WebServer() as elsewhere:
        elsewhere.page("/codeload?key=1", content)
        web.fault("redirect", "/hub/o/r/archive/", to=elsewhere.url + "/codeload?key=1")
        fetcher = Fetcher(QUICK, proxies={}, logins=found)
        with Supply(Store(tmp_path / "cache"), fetcher, hosts=git_hosts.known) as supply:
            (file,) = read(supply, "github:o/r/lib").files
        assert file.url == f"{web.url}/hub/o/r/archive/{commit}.tar.gz#lib/__init__.py"
        (request,) = elsewhere.counts().requests
        assert "authorization" not in request.headers
        assert all("authorization" in request.headers for request in web.counts().requests)


@pytest.mark.parametrize("fault", ["truncate", "drop"])
def test_an_archive_that_breaks_off_is_asked_for_again(git_hosts: GitHosts, make: Make, fault: str) -> None:
    git_hosts.repository().commit({"lib/__init__.py": "l"})
    git_hosts.web.fault(fault, "/hub/o/r/archive/", times=1)
    assert read(make(), "github:o/r/lib").files
    git_hosts.web.fault(fault, "/lab/o/r/-/archive/")
    with pytest.raises(FetchError) as caught:
        read(make(), "gitlab:o/r/lib")
    assert caught.value.kind in {"truncated", "dropped"}


def test_what_is_needed_next_is_fetched_ahead(git_hosts: GitHosts, make: Make) -> None:
    manifest = json.dumps({"urls": [["x.py", "gitlab:o/other/x.py"]]})
    git_hosts.repository().commit({"pkg/package.json": manifest, "lib/__init__.py": ""})
    git_hosts.repository("o/other").commit({"x.py": ""})
    supply = make()
    steps: dict[str, list[str]] = {}
    for name in ("pkg", "lib"):
        while futures := supply.repositories.soon(place(f"github:o/r/{name}"), "sensor"):
            supply.gather(futures, lambda _: ())
            steps.setdefault(name, []).extend(path.split("/")[-1] for path in git_hosts.paths())
        before = len(git_hosts.web.counts().requests)
        assert read(supply, f"github:o/r/{name}").files
        assert before == len(git_hosts.web.counts().requests) == 0
    refs = "refs?service=git-upload-pack"
    assert steps["pkg"] == [refs, "package.json", refs]
    assert [step.partition(".")[2] for step in steps["lib"]] == ["json", "tar.gz"]


def test_a_host_of_one_s_own(git_hosts: GitHosts, tmp_path: Path) -> None:
    commit = git_hosts.repository("group/sub/r").commit({"lib/__init__.py": ""})
    work = Host("work", "gitlab", git_hosts.web.url + "/lab")
    with Supply(Store(tmp_path / "cache"), Fetcher(QUICK, proxies={}), hosts={"work": work}) as supply:
        source = parse_source(f"{work.url}/group/sub/r/-/tree/main/lib", own=[work])
        assert isinstance(source, FromHost)
        found = supply.repositories.read("lib", source)
    assert (found.version, found.source) == (commit, "work:group/sub/r//lib@main")
