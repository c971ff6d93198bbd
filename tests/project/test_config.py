from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from belay.exceptions import ConfigError, ProjectNotFoundError
from belay.packages.model import FromHost, FromIndex, FromPath, FromUrl
from belay.project import Group, Project, find_project, load_project

from .conftest import Write

SEEDS = """\
[tool.belay]
name = "my_project_name"
ignore = ["*.txt"]
package_indices = ["https://micropython.org/pi/v2"]
mpy_version = "py"

[tool.belay.dependencies]
aiohttp = "*"
requests = "requests@1.0.0"
"umqtt.simple" = ">=1,<2"
mylib = "gitlab:user/repo/path/to/file.py@develop"
pathlib = {uri="../micropython-lib/pathlib.py", develop=true}
os = [
    "https://github.com/micropython/micropython-lib/blob/master/python-stdlib/os/os/__init__.py",
    "https://example.com/os/path.py",
]

[tool.belay.group.dev.dependencies]
unittest = "latest"

[tool.belay.group.docs]
optional = true
"""


def test_a_project(write: Write) -> None:
    file = write(SEEDS)
    project = load_project(file)
    assert (project.name, project.ignore, project.mpy_version) == ("my_project_name", ("*.txt",), "py")
    assert [(group.name, group.optional) for group in project.groups] == [
        ("main", False),
        ("dev", False),
        ("docs", True),
    ]
    needs = {need.key: need for need in project.requirements}
    assert {key: need.sources for key, need in needs.items()} == {
        "aiohttp": (FromIndex("aiohttp"),),
        "requests": (FromIndex("requests", "1.0.0"),),
        "umqtt.simple": (FromIndex("umqtt.simple", ">=1,<2"),),
        "mylib": (FromHost("gitlab", "user", "repo", "path/to/file.py", "develop"),),
        "pathlib": (FromPath("../micropython-lib/pathlib.py"),),
        "os": (
            FromHost("github", "micropython", "micropython-lib", "python-stdlib/os/os/__init__.py", "master"),
            FromUrl("https://example.com/os/path.py"),
        ),
        "unittest": (FromIndex("unittest", "latest"),),
    }
    assert needs["pathlib"].develop
    assert (needs["umqtt.simple"].where, needs["os"].where) == (
        "pyproject.toml, line 10",
        "pyproject.toml, line 13",
    )
    assert (needs["aiohttp"].group, needs["unittest"].group) == ("main", "dev")
    assert (project.root, project.lock_file) == (file.parent, file.parent / "belay.lock")
    assert project.vendored == file.parent / ".belay" / "dependencies"


def test_the_least(write: Write) -> None:
    file = write("[tool.belay]")
    assert load_project(file) == Project(file)
    assert Project(file).groups == (Group("main"),)
    assert load_project(write("\ufeff[tool.belay]\r\n")) == Project(file)


def test_settings_of_packages(write: Write) -> None:
    file = write("""\
[tool.belay]
dependencies_path = "./lib/"
mpy_version = 6
arch = "armv6m"
prefer."ssl.py" = "tls"
http_hosts = ["Mirror.example:8000", "[::1]:80"]
package_indices = [
    {name = "own", url = "https://example.com/pi/"},
    "./index",
    "file:///mnt/mirror",
]
dependencies.x = {version = "1.0", index = "own"}
dependencies.y = {index = "https://example.com/pi/"}
""")
    project = load_project(file)
    assert project.dependencies_path == PurePosixPath("lib")
    assert (project.mpy_version, project.http_hosts) == ("6", ("mirror.example:8000", "[::1]:80"))
    assert (project.arch, project.prefer) == ("armv6m", {"ssl.py": "tls"})
    here = (file.parent / "index").as_uri()
    assert project.indices == (
        ("own", "https://example.com/pi"),
        (here, here),
        ("file:///mnt/mirror", "file:///mnt/mirror"),
    )
    assert project.requirements[0].sources == (FromIndex("x", "1.0", "own"),)


@pytest.mark.parametrize(
    ("line", "key", "reason"),
    [
        ("name = 1", "name", "must be a text, not 1"),
        ('name = "../x"', "name", "leads out"),
        ('name = "a/b"', "name", "without /"),
        ('nmae = "x"', "nmae", "no known key"),
        ('ignore = "x"', "ignore", "must be a list"),
        ("ignore = [\n1]", "ignore[0]", "must be a text"),
        ('ignore = ["a", ""]', "ignore[1]", "must be a text"),
        ('http_hosts = ["http://x"]', "http_hosts[0]", "no host"),
        ('dependencies_path = "../x"', "dependencies_path", "in the project"),
        ('dependencies_path = "a/../../x"', "dependencies_path", "in the project"),
        ('dependencies_path = "/x"', "dependencies_path", "in the project"),
        ('dependencies_path = "C:/x"', "dependencies_path", "colon"),
        ('dependencies_path = "a\\\\b"', "dependencies_path", "backslash"),
        ('dependencies_path = ".git/hooks"', "dependencies_path", "git"),
        ('mpy_version = "six"', "mpy_version", 'must be "py" or a number'),
        ("mpy_version = true", "mpy_version", 'must be "py" or a number'),
        ("mpy_version = 6.1", "mpy_version", 'must be "py" or a number'),
        ('package_indices = "https://x"', "package_indices", "must be a list"),
        ("package_indices = [1]", "package_indices[0]", "must be a text or a table"),
        ('package_indices = ["ftp://x"]', "package_indices[0]", "no address of an index"),
        ('package_indices = ["https://"]', "package_indices[0]", "no address of an index"),
        ('package_indices = ["https://[x"]', "package_indices[0]", "no address of an index"),
        ('package_indices = ["https://u:p@x"]', "package_indices[0]", "login"),
        ('package_indices = [{name = "a b", url = "https://x"}]', "package_indices[0].name", "is no name"),
        ('package_indices = [{name = "a", uri = "x"}]', "package_indices[0].uri", "no known key"),
        ('package_indices = [{name = "a"}]', "package_indices[0].url", "no address"),
        ('package_indices = ["https://x", "https://x/"]', "package_indices[1]", "there twice"),
        ("dependencies = []", "dependencies", "must be a table"),
        ("dependencies.x = 1", "dependencies.x", "a number in quotes"),
        ('dependencies."a/b" = "*"', 'dependencies."a/b"', "is no name"),
        ('dependencies.x = {url = "y"}', "dependencies.x", "no field 'url'"),
        ('dependencies.x = ">=y"', "dependencies.x", "no range of versions"),
        ('dependencies.x = {index = "own"}', "dependencies.x", "there is no index 'own'"),
        ("arch = 1", "arch", "must be a text"),
        ('arch = "ARM v6"', "arch", "'ARM v6' is no architecture"),
        ("prefer = []", "prefer", "must be a table"),
        ('prefer."../x" = "y"', 'prefer."../x"', "leads out"),
        ('prefer."x.py" = "a b"', 'prefer."x.py"', "must be the name of a package"),
        ("group = []", "group", "must be a table"),
        ("group.dev = 1", "group.dev", "must be a table"),
        ("group.dev.optinal = true", "group.dev.optinal", "no known key"),
        ("group.dev.optional = 1", "group.dev.optional", "must be true or false"),
        ("group.dev.dependencies.x = 1", "group.dev.dependencies.x", "a number in quotes"),
        ('group.dev.dependencies.x = {index = "own"}', "group.dev.dependencies.x", "no index"),
        ("group.main.optional = true", "group.main", "is what stands in"),
        ('group."../../victim".optional = true', 'group."../../victim"', "leads out|is no name|empty"),
        ("group.nul.optional = true", "group.nul", "device"),
        ("group.a.optional = true\ngroup.A.optional = true", "group", "differ by their case"),
    ],
)
def test_errors_name_file_line_and_key(write: Write, line: str, key: str, reason: str) -> None:
    file = write(f"# a comment\n\n[tool.belay]\n{line}\n")
    with pytest.raises(ConfigError, match=reason) as caught:
        load_project(file)
    error = caught.value
    assert (error.file, error.key) == (str(file), f"tool.belay.{key}")
    assert error.line == (5 if key == "ignore[0]" else 4)
    assert error.message.startswith(f"{file}, line {error.line}: tool.belay.{key}: ")


def test_folders_as_indices(write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    project = load_project(
        write("[tool.belay]\npackage_indices = ['.', './a b/', '../up', '/srv/mirror', '~/mine']")
    )
    folders = (
        tmp_path,
        tmp_path / "a b",
        tmp_path.parent / "up",
        Path("/srv/mirror"),
        tmp_path / "home" / "mine",
    )
    assert [url for _, url in project.indices] == [folder.absolute().as_uri() for folder in folders]
    with pytest.raises(ConfigError, match=r"package_indices\[0\]: .*no such home"):
        load_project(write("[tool.belay]\npackage_indices = ['~no-such-user/x']"))


def test_hints(write: Write) -> None:
    with pytest.raises(ConfigError) as caught:
        load_project(write("[tool.belay]\ndependency = {}\n"))
    assert caught.value.hint == "did you mean 'dependencies'?"
    with pytest.raises(ConfigError) as caught:
        load_project(write("[tool.belay]\narch = 'armv6-m'\n"))
    assert caught.value.hint == "did you mean 'armv6m'?"
    with pytest.raises(ConfigError, match="has a merge conflict") as caught:
        load_project(write("<<<<<<< HEAD\n[tool.belay]\n=======\n>>>>>>> other\n"))
    assert caught.value.hint == "settle it, then take either side of belay.lock"


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"[tool.belay]\nname = \n", 2, "no TOML"),
        (b"[tool.belay]\nname = '\xff'\n", 2, "no UTF-8"),
        (b"x = " + b"[" * 100_000, None, "nested too deeply"),
        (b"tool = 1", 1, "must be a table"),
        (b"[tool]\nbelay = 1", 2, "must be a table"),
    ],
)
def test_files_that_are_not_understood(tmp_path: Path, data: bytes, line: int | None, reason: str) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_bytes(data)
    with pytest.raises(ConfigError, match=reason) as caught:
        load_project(file)
    assert (caught.value.file, caught.value.line) == (str(file), line)


def test_the_project_is_found_from_below(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write("[tool.belay]")
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert find_project(inner) == file
    # One of another tool does not hide it.
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.ruff]", encoding="utf-8")
    assert find_project(inner) == file
    monkeypatch.chdir(inner)
    assert find_project() == file
    with pytest.raises(ProjectNotFoundError, match="has no"):
        load_project(tmp_path / "a" / "pyproject.toml")


def test_there_is_no_project(write: Write, tmp_path: Path) -> None:
    with pytest.raises(ProjectNotFoundError, match="there is no pyproject") as caught:
        find_project(tmp_path)
    assert caught.value.hint == "`belay new` makes a project"
    file = write("[project]\nname = 'x'\n")
    with pytest.raises(ProjectNotFoundError) as caught:
        find_project(tmp_path)
    assert (caught.value.message, caught.value.hint) == (f"{file} has no [tool.belay]", "`belay new` adds it")
