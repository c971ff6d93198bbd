from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from servers.git_hosts import Repository
from servers.web import WebServer

from belay.cli import main
from belay.exceptions import ConfigError
from belay.packages.hosting import Host
from belay.packages.lock import Lock
from belay.packages.lockfile import read_lock
from belay.packages.logins import variable_for
from belay.packages.model import FromHost, LockedPackage
from belay.project import load_project
from belay.project.hosts import read_host

from .conftest import Write

# --- what the file may say -----------------------------------------------------------------------


def test_hosts_of_a_project(write: Write) -> None:
    file = write(
        """\
[tool.belay.hosts]
github = "https://mirror.example/hub/"
codeberg = { url = "https://berg.example:8443" }
work = { kind = "gitlab", url = "https://git.example.com" }
ghe = { kind = "github", url = "https://ghe.example", raw = "https://raw.ghe.example" }

[tool.belay.dependencies]
a = "work:group/repo/lib@v1"
b = "https://git.example.com/group/sub/repo/-/tree/main/lib"
c = "https://raw.ghe.example/o/r/main/x.py"
d = "https://mirror.example/hub/o/r/blob/main/x.py"
e = ["work:group/repo/x.py", "github:o/r/y.py"]
f = { uri = "work:group/repo/x.py", rename_to_init = false }
"""
    )
    project = load_project(file)
    assert project.hosts == (
        Host("github", "github", "https://mirror.example/hub"),
        Host("codeberg", "forgejo", "https://berg.example:8443"),
        Host("work", "gitlab", "https://git.example.com"),
        Host("ghe", "github", "https://ghe.example", "https://raw.ghe.example"),
    )
    assert {need.key: need.sources[0] for need in project.requirements} == {
        "a": FromHost("work", "group", "repo", "lib", "v1"),
        "b": FromHost("work", "group/sub", "repo", "lib", "main"),
        "c": FromHost("ghe", "o", "r", "x.py", "main"),
        "d": FromHost("github", "o", "r", "x.py", "main"),
        "e": FromHost("work", "group", "repo", "x.py"),
        "f": FromHost("work", "group", "repo", "x.py"),
    }


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('work = "https://git.example.com"', "does not say what it is"),
        ('work = { kind = "svn", url = "https://x.example" }', "'svn' is no kind of host"),
        ('work = { kind = "gitlab", url = "git.example.com" }', "is no address of a host"),
        ('work = { kind = "gitlab", url = "ftp://git.example.com" }', "is no address of a host"),
        ('work = { kind = "gitlab", url = "https://git.example.com:x" }', "is no address of a host"),
        ('work = { kind = "gitlab", url = "https://git.example.com/?a=b" }', "is no address of a host"),
        ('work = { kind = "gitlab" }', "is no address of a host"),
        ('work = { kind = "gitlab", url = 3 }', "is no address of a host"),
        ('work = { kind = "gitlab", url = "https://me:pw@git.example.com" }', "has a login in its address"),
        (
            'work = { kind = "gitlab", url = "https://x.example", raw = "https://y.example" }',
            "raw, which is for",
        ),
        ('work = { kind = "gitlab", uri = "https://x.example" }', "there is no field 'uri'"),
        ("work = 3", "must be a text or a table"),
        ('https = { kind = "gitlab", url = "https://x.example" }', "is no name for a host"),
        ('"git+x" = { kind = "gitlab", url = "https://x.example" }', "is no name for a host"),
        ('W = { kind = "gitlab", url = "https://x.example" }', "is no name for a host"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(write: Write, line: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_project(write(f"[tool.belay]\n\n[tool.belay.hosts]\n{line}\n"))
    assert reason in str(caught.value)
    assert caught.value.key.startswith("tool.belay.hosts.")
    assert caught.value.line == 4
    assert "pw" not in str(caught.value)


def test_a_host_that_nobody_named_is_an_unknown_scheme(write: Write) -> None:
    with pytest.raises(ConfigError, match="work: is not known here"):
        load_project(write('[tool.belay.dependencies]\na = "work:o/r"\n'))


def test_all_kinds_are_understood() -> None:
    for kind in ("github", "gitlab", "gitea", "forgejo"):
        assert read_host("x1", {"kind": kind, "url": "http://lab"}) == Host("x1", kind, "http://lab")


# --- a project with packages of all of them ------------------------------------------------------


@pytest.fixture(scope="module")
def _web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


class Lab:
    """A project, and git hosts that it uses instead of the real ones."""

    def __init__(self, web: WebServer, folder: Path) -> None:
        self.web = web
        self.root = folder / "project"
        self.repositories = folder / "repositories"
        self.root.mkdir()
        self.repositories.mkdir()
        hub, raw, lab, berg = (
            web.git(path, self.repositories, kind)
            for path, kind in (("/hub", "github"), ("/raw", "raw"), ("/lab", "gitlab"), ("/berg", "gitea"))
        )
        self.hosts = (
            f'[tool.belay.hosts]\ngithub = {{ url = "{hub}", raw = "{raw}" }}\n'
            f'gitlab = "{lab}"\ncodeberg = "{berg}"\nwork = {{ kind = "gitea", url = "{berg}" }}\n'
        )
        self.index = web.packages({"logging": {"1.0": {}}})

    def write(self, *dependencies: str) -> None:
        text = f'[tool.belay]\npackage_indices = ["{self.index}"]\n{self.hosts}[tool.belay.dependencies]\n'
        (self.root / "pyproject.toml").write_text(text + "\n".join(dependencies) + "\n", encoding="utf-8")

    def repository(self, name: str = "o/r") -> Repository:
        return Repository(self.repositories, name)

    def lock(self) -> Lock:
        found = read_lock(self.root / "belay.lock")
        assert found is not None
        return found

    def package(self, name: str) -> LockedPackage:
        return {package.name: package for package in self.lock().packages}[name]

    def files(self) -> dict[str, str]:
        """The vendored files of the main group."""
        folder = self.root / ".belay" / "dependencies" / "main"
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in paths}

    def requests(self) -> list[str]:
        return [request.path for request in self.web.counts().requests]


@pytest.fixture
def lab(_web: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    _web.clear()
    made = Lab(_web, tmp_path)
    monkeypatch.setenv("BELAY_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(made.root)
    return made


Belay = Callable[..., str]


@pytest.fixture
def belay(capsys: pytest.CaptureFixture[str]) -> Belay:
    """Runs a command that is to succeed, or to exit with ``code``; what it prints."""

    def belay(*words: str, code: int = 0) -> str:
        capsys.readouterr()
        assert main(words) == code, capsys.readouterr()
        out, err = capsys.readouterr()
        return out + err

    return belay


def test_a_branch_moves_by_update_alone(lab: Lab, belay: Belay) -> None:
    repository, other = lab.repository(), lab.repository("o/other")
    first = repository.commit({"a.py": "1", "lib/__init__.py": "1"})
    other.commit({"b.py": "1"})
    lab.write('a = "github:o/r/a.py@main"', 'lib = "gitlab:o/r/lib"', 'b = "codeberg:o/other/b.py"')
    belay("update")
    expected = {"a/__init__.py": "1", "lib/__init__.py": "1", "b/__init__.py": "1"}
    assert lab.files() == expected
    assert (lab.package("a").version, lab.package("a").source) == (first, "github:o/r/a.py@main")
    assert lab.package("lib").files[0].url == (
        f"{lab.web.url}/lab/o/r/-/archive/{first}/r-{first}.tar.gz#lib/__init__.py"
    )

    second = repository.commit({"a.py": "2", "lib/__init__.py": "2"})
    before = (lab.root / "belay.lock").read_bytes()
    lab.requests()
    belay("lock")
    belay("fetch")
    belay("update", "b")
    assert (lab.root / "belay.lock").read_bytes() == before
    assert lab.files() == expected
    assert {path.split("?")[0] for path in lab.requests()} == {"/berg/o/other.git/info/refs"}
    assert second[:7] in belay("update", "a", "--dry-run")
    belay("update", "a")
    assert lab.files() == {**expected, "a/__init__.py": "2"}
    belay("update")
    assert lab.files() == {**expected, "a/__init__.py": "2", "lib/__init__.py": "2"}
    assert lab.package("lib").version == second
    belay("verify")
    belay("lock", "--check")


def test_what_is_locked_is_fetched_again_from_its_commit(lab: Lab, belay: Belay, tmp_path: Path) -> None:
    repository = lab.repository()
    files = {f"lib/m{number}.py": str(number) for number in range(5)}
    repository.commit({"a.py": "a", "lib/__init__.py": "", **files})
    lab.write('a = "github:o/r/a.py"', 'lib = "work:o/r/lib"')
    belay("update")
    vendored = lab.files()
    assert len(vendored) == 7
    repository.commit({"nothing": "left"})
    shutil.rmtree(lab.root / ".belay")
    lab.requests()
    belay("fetch")
    assert (lab.files(), lab.requests()) == (vendored, [])
    # On another machine one archive has all files of the folder, and the file comes by itself.
    shutil.rmtree(lab.root / ".belay")
    shutil.rmtree(tmp_path / "cache")
    belay("fetch")
    assert (lab.files(), len(lab.requests())) == (vendored, 2)


def test_a_folder_s_file_with_another_content_than_locked_is_refused(
    lab: Lab, belay: Belay, tmp_path: Path
) -> None:
    repository = lab.repository()
    commit = repository.commit({"lib/__init__.py": "1", "lib/b.py": "b"})
    lab.write('lib = "github:o/r/lib"')
    belay("update")
    vendored = lab.files()
    repository.commit({"lib/__init__.py": "2", "lib/b.py": "b"})
    repository.git("archive", "--format=tar.gz", "--prefix=r/", "-o", str(tmp_path / "evil.tar.gz"), "main")
    lab.web.page(f"/hub/o/r/archive/{commit}.tar.gz", (tmp_path / "evil.tar.gz").read_bytes())
    shutil.rmtree(lab.root / ".belay")
    shutil.rmtree(tmp_path / "cache")
    told = belay("fetch", code=4)
    assert "has the SHA-256" in told
    assert "lib/__init__.py" in told
    assert lab.files() == {}
    assert vendored


def test_needs_of_packages_in_repositories_are_found(lab: Lab, belay: Belay) -> None:
    lab.repository("o/leaf").commit(
        {"package.json": json.dumps({"urls": [["leaf.py", "leaf.py"]]}), "leaf.py": "1"}
    )
    lab.repository("o/leaf2").commit({"leaf2.py": "2"})
    manifest = {"urls": [["r.py", "r.py"]], "deps": [["gitlab:o/leaf", "main"], ["logging", "1.0"]]}
    tag = lab.repository()
    commit = tag.commit({"package.json": json.dumps(manifest), "r.py": "r"})
    tag.tag("v1.0", annotated=True)
    tag.commit({"r.py": "later"})
    lab.write('r = "github:o/r@v1.0"', 'two = "github:o/leaf2/leaf2.py"', 'three = "github:o/r/r.py"')
    belay("update")
    assert set(lab.files()) == {"r.py", "leaf.py", "logging.py", "two/__init__.py", "three/__init__.py"}
    assert lab.files()["r.py"] == "r"
    assert lab.files()["three/__init__.py"] == "later"
    package = lab.package("r")
    assert (package.version, package.dependencies) == (commit, ("leaf", "logging"))
    assert package.constraints == (("leaf", "gitlab:o/leaf@main"), ("logging", "mip:logging@1.0"))
    # Whoever has all of this locked needs nobody for it.
    lab.requests()
    belay("lock")
    belay("update", "two")
    assert [path.split("?")[0] for path in lab.requests()] == ["/hub/o/leaf2.git/info/refs"]


def test_each_repository_is_asked_once(lab: Lab, belay: Belay) -> None:
    lab.repository().commit({f"m{number}.py": str(number) for number in range(6)} | {"lib/__init__.py": ""})
    lab.write(
        *(f'm{number} = "github:o/r/m{number}.py@main"' for number in range(6)), 'lib = "github:o/r/lib"'
    )
    belay("update")
    assert len(lab.files()) == 7
    assert sum("info/refs" in path for path in lab.requests()) == 1


def test_a_token_is_shown_nowhere(
    lab: Lab, belay: Belay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "s3cr3t-t0k3n"
    monkeypatch.setenv(variable_for(lab.web.url), secret)
    lab.repository().commit({"a.py": "1", "lib/__init__.py": ""})
    lab.write('a = "github:o/r/a.py"', 'lib = "gitlab:o/r/lib"', 'b = "work:o/r/a.py"')
    said = [belay("update", "-vv"), belay("tree", "--json"), belay("outdated", "--json", "-vv")]
    said += [belay("cache", "list", "--json"), belay("lock", "-vv"), belay("verify", "--json")]
    requests = lab.web.counts().requests
    assert all({"authorization", "private-token"} & request.headers.keys() for request in requests)
    assert len(requests) > 3
    lab.web.fault("status", "/berg/o/closed.git", status=403)
    lab.web.fault("drop", "/lab/o/closed.git")
    lab.web.fault("redirect", "/hub/o/closed.git", to=f"https://192.0.2.1:x/?{secret}")
    said += [
        belay("add", f"{host}:o/closed", "-vv", code=code)
        for host, code in (("work", 8), ("gitlab", 4), ("github", 4))
    ]
    assert variable_for(lab.web.url) in said[-3]
    assert not any(secret in text for text in said)
    files = [path for path in tmp_path.rglob("*") if path.is_file() and ".git" not in path.parts]
    assert len(files) > 10
    assert not any(secret.encode() in path.read_bytes() for path in files)


def test_newer_tags_are_shown(lab: Lab, belay: Belay) -> None:
    repository = lab.repository()
    repository.commit({"a.py": "1"})
    repository.tag("v1.0")
    commit = repository.commit({"a.py": "2"})
    lab.write('a = "github:o/r/a.py@v1.0"', 'b = "gitlab:o/r/a.py@main"', f'c = "work:o/r/a.py@{commit}"')
    belay("update")
    assert "nothing is outdated" in belay("outdated")
    repository.tag("v1.1", annotated=True)
    newest = repository.commit({"a.py": "3"})
    repository.tag("v1.2")
    found = {each["name"]: each for each in json.loads(belay("outdated", "--json", "-q"))}
    assert {name: each["latest"] for name, each in found.items()} == {"a": "v1.2", "b": None, "c": "v1.2"}
    assert found["a"]["wanted"] == found["a"]["locked"]
    assert (found["b"]["locked"], found["b"]["wanted"]) == (commit, newest)
    assert "held by github:o/r/a.py@v1.0 (main)" in belay("outdated")


def test_add_infers_names_and_knows_the_project_s_hosts(lab: Lab, belay: Belay) -> None:
    lab.repository("user/my-sensor").commit({"my_sensor.py": "s", "README.md": ""})
    lab.write()
    belay("add", "work:user/my-sensor")
    belay("add", f"{lab.web.url}/berg/user/my-sensor/src/branch/main/my_sensor.py")
    assert lab.files() == {"my_sensor/__init__.py": "s"}
    assert 'my_sensor = "http://' in (lab.root / "pyproject.toml").read_text(encoding="utf-8")


def test_what_is_wrong_leaves_everything_as_it_was(lab: Lab, belay: Belay) -> None:
    lab.repository().commit({"a.py": "1"})
    lab.write('a = "github:o/r/a.py"')
    belay("update")
    before = {path: path.read_bytes() for path in lab.root.rglob("*") if path.is_file()}
    for words, text in (
        (("add", "github:o/r/a.py@nosuch"), "has no branch, tag or commit 'nosuch'"),
        (("add", "github:o/nosuch"), "nothing in it, or there is no such commit or repository"),
        (("add", "github:o/r/nosuch"), "there is no 'nosuch' in it"),
    ):
        assert text in belay(*words, code=8)
    assert before == {path: path.read_bytes() for path in lab.root.rglob("*") if path.is_file()}


def test_without_a_commit_there_is_a_warning_and_the_sha256(lab: Lab, belay: Belay) -> None:
    lab.repository().commit({"a.py": "1"})
    lab.web.fault("status", "/hub/o/r.git/info/refs", status=404)
    lab.write('a = "github:o/r/a.py"')
    assert "which commit HEAD is cannot be known" in belay("update")
    package = lab.package("a")
    assert (package.version, package.files[0].url) == ("", f"{lab.web.url}/raw/o/r/HEAD/a.py")
    assert len(package.files[0].sha256) == 64
