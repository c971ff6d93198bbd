"""``belay mip``: every form and option of mip's and mpremote's documents, and what becomes of errors."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from servers.git_hosts import Repository
from servers.index_recipes import of
from servers.web import WebServer

from belay.cli import exits
from belay.cli.app import cli
from belay.cli.mip import mip

from .conftest import Belay, Start
from .test_progress import at_terminal

PACKAGES = {
    "sensor": {"1.0": {"deps": [["bus", "latest"]]}, "2.0": {"deps": [["bus", "latest"]]}},
    "bus": {"1.0": {}},
    "plain": {"1.0": {}},
}


@pytest.fixture(scope="module")
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


@pytest.fixture
def index(web: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An index, and an empty store."""
    monkeypatch.setenv("BELAY_CACHE_DIR", str(tmp_path / "store"))
    web.heal()
    return web.packages(PACKAGES, sources=["plain"])


def there(board: Path, folder: str = "lib") -> set[str]:
    """The files in a folder of the board."""
    top = board / folder
    return {path.relative_to(top).as_posix() for path in top.rglob("*") if path.is_file()}


# --- the forms and options of the documents ----------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "files"),
    [
        (["sensor"], {"sensor.mpy", "bus.mpy"}),
        (["sensor@1.0", "plain"], {"sensor.mpy", "bus.mpy", "plain.py"}),
        (["--no-mpy", "sensor"], {"sensor.py", "bus.py"}),
        (["--mpy", "bus"], {"bus.mpy"}),
        (["--target=third-party", "plain"], set()),
        (["--target", ":/lib/more", "plain"], {"more/plain.py"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_packages_of_an_index(
    belay: Belay, board: Path, index: str, options: list[str], files: set[str]
) -> None:
    result = belay("mip", "install", "--index", index, *options)
    assert result.code == 0, result.err
    assert there(board) == files
    if not files:
        assert there(board, "third-party") == {"plain.py"}


def test_an_index_in_a_folder(belay: Belay, board: Path, tmp_path: Path) -> None:
    of({"app": {"1.0": {"files": {"app.py": "A = 1\n"}}}}).write(tmp_path / "public")
    folder = os.path.relpath(tmp_path / "public")
    assert belay("mip", "install", "app", "--no-mpy", "--index", folder).out == "app 1.0: added\n"
    assert there(board) == {"app.py"}


def test_the_board_may_be_named(belay: Belay, board: Path, index: str, served: tuple[str, Path]) -> None:
    result = belay("mip", "install", served[0], "plain", "--index", index)
    assert (result.code, result.out) == (0, "plain 1.0: added\n")
    assert there(board) == {"plain.py"}


def test_addresses(belay: Belay, board: Path, web: WebServer, index: str) -> None:
    web.page("/x/y/foo.py", "FOO = 1\n")
    web.page("/x/y/bar.mpy", b"M\x06\x00\x1f" + bytes(12))
    web.page("/code/inner.py", "INNER = 1\n")
    keys = {"urls": [["pack/__init__.py", f"{web.url}/code/inner.py"]], "deps": [["plain", "latest"]]}
    web.manifest("/named/package.json", **keys, version="0.2")
    web.manifest("/implied/package.json", urls=[["implied.py", "../code/inner.py"]])
    words = ("/x/y/foo.py", "/x/y/bar.mpy", "/named/package.json", "/implied/")
    result = belay("mip", "install", "--index", index, *(web.url + word for word in words))
    assert result.code == 0, result.err
    assert there(board) == {"foo.py", "bar.mpy", "pack/__init__.py", "plain.py", "implied.py"}


def test_git_hosts(belay: Belay, board: Path, web: WebServer, index: str, tmp_path: Path) -> None:
    """In place of the real ones the project names others."""
    repositories = tmp_path / "repositories"
    repositories.mkdir()
    for name in ("org/other", "org/repo"):
        repository = Repository(repositories, name)
        manifest = json.dumps({"urls": [["r.py", "code.py"]], "version": "1"})
        for tag in ("1", "2"):
            files = {"package.json": manifest, "code.py": f"R = {tag}\n", "path/foo.py": "F = 1\n"}
            repository.commit(files)
            repository.git("tag", f"v{tag}")
    hub, raw, lab = (
        web.git(path, repositories, kind)
        for path, kind in (("/hub", "github"), ("/raw", "raw"), ("/lab", "gitlab"))
    )
    Path("pyproject.toml").write_text(
        f'[tool.belay]\npackage_indices = ["{index}"]\n'
        f'[tool.belay.hosts]\ngithub = {{ url = "{hub}", raw = "{raw}" }}\ngitlab = "{lab}"\n'
    )
    for word, target, content in [
        ("github:org/repo", "lib/a", "R = 2\n"),
        ("github:org/repo@v1", "lib/b", "R = 1\n"),
        ("gitlab:org/repo", "lib/c", "R = 2\n"),
        ("gitlab:org/repo@v1", "lib/d", "R = 1\n"),
        ("github:org/repo/package.json@v1", "lib/e", "R = 1\n"),
    ]:
        result = belay("mip", "install", word, "--target", target)
        assert result.code == 0, result.err
        assert (board / target / "r.py").read_text() == content, word
    assert belay("mip", "install", "github:org/repo/path/foo.py").code == 0
    assert (board / "lib" / "foo.py").read_text() == "F = 1\n"
    with Path("pyproject.toml").open("a") as file:
        file.write(f'forge = {{ url = "{lab}", kind = "gitlab" }}\n')
    assert belay("mip", "install", "forge:org/other@v1", "--target", "lib/f").code == 0
    assert (board / "lib/f/r.py").read_text() == "R = 1\n"
    # A branch may have moved; a tag has not.
    repository.commit({**files, "code.py": "R = 3\n"})
    for target, changed in (("lib/a", 1), ("lib/b", 0)):
        outdated = json.loads(belay("mip", "outdated", "--target", target, "--json").out)
        assert [each["name"] for each in outdated] == ["repo"] * changed
        assert belay("mip", "upgrade", "--target", target).code == 0
    assert (board / "lib/a/r.py").read_text() == "R = 3\n"
    assert (board / "lib/b/r.py").read_text() == "R = 1\n"
    # The project's index is asked, too.
    assert belay("mip", "install", "plain").code == 0


def test_files_of_this_computer(belay: Belay, board: Path, index: str) -> None:
    Path("here.py").write_text("HERE = 1\n")
    Path("pack").mkdir()
    Path("pack/package.json").write_text('{"urls": [["packed.py", "code.py"]]}')
    Path("pack/code.py").write_text("PACKED = 1\n")
    assert belay("mip", "install", "./here.py", "./pack/package.json").code == 0
    assert there(board) == {"here.py", "packed.py"}
    assert belay("mip", "install", "./nowhere.py").code == exits.USAGE


# --- the rest of the commands ------------------------------------------------------------------------


def test_a_life(belay: Belay, board: Path, web: WebServer, index: str) -> None:
    assert belay("mip", "list").err == "no package is known to be on the board\n"
    dry = belay("mip", "install", "sensor@1.0", "plain", "--index", index, "--dry-run")
    assert (dry.code, there(board)) == (0, set())
    assert dry.out == "bus 1.0: added\nplain 1.0: added\nsensor 1.0: added\n"
    assert "would send: 3 files" in dry.err
    done = belay("mip", "install", "sensor@1.0", "plain", "--index", index)
    assert done.out == dry.out
    assert "/lib: sent: 3 files" in done.err
    listed = belay("mip", "list", "--ours").out
    assert [line.split()[:3] for line in listed.splitlines()[1:]] == [
        ["bus", "1.0", "needed"],
        ["plain", "1.0", "plain"],
        ["sensor", "1.0", "sensor@1.0"],
    ]
    assert belay("mip", "verify").code == 0
    (board / "lib" / "plain.py").write_text("V = 'mine'\n")
    damaged = belay("mip", "verify")
    assert (damaged.code, damaged.out) == (exits.PACKAGES, "/lib/plain.py: changed (plain 1.0)\n")
    assert belay("mip", "install", "sensor", "--index", index).out == "sensor 1.0 -> 2.0\n"
    web.packages({**PACKAGES, "bus": {"1.0": {}, "1.1": {}}}, sources=["plain"])
    outdated = belay("mip", "outdated", "--check")
    assert (outdated.code, outdated.out) == (exits.PACKAGES, "bus 1.0 -> 1.1\n")
    assert belay("mip", "upgrade").out == "bus 1.0 -> 1.1\n"
    assert (belay("mip", "outdated", "--check").code, belay("mip", "verify").code) == (0, 0)
    kept = belay("mip", "remove", "bus")
    assert kept.code == exits.PACKAGES
    assert "sensor on the board needs bus" in kept.err
    assert belay("mip", "remove", "sensor").out == "bus 1.1: removed\nsensor 2.0: removed\n"
    assert there(board) == {"plain.py"}


def test_what_others_have_installed(belay: Belay, board: Path, index: str) -> None:
    assert belay("mip", "download", str(board / "lib"), "sensor@1.0", "--index", index).code == 0
    listed = belay("mip", "list", "--index", index)
    assert [line.split()[:5] for line in listed.out.splitlines()[1:]] == [
        ["bus", "1.0", "not", "by", "belay"],
        ["sensor", "1.0", "not", "by", "belay"],
    ]
    assert "belay mip adopt" in listed.err
    unknown = belay("mip", "adopt", "senser", "--index", index)
    assert unknown.code == exits.PACKAGES
    assert "did you mean sensor?" in unknown.err
    assert belay("mip", "adopt", "--index", index).code == 0
    assert belay("mip", "upgrade").out == "sensor 1.0 -> 2.0\n"
    assert there(board) == {"sensor.py", "bus.py"}


def test_download(belay: Belay, index: str, tmp_path: Path) -> None:
    """Without a board."""
    here = tmp_path / "typings"
    first = belay("mip", "download", str(here), "sensor", "plain", "--index", index)
    assert (first.out, first.err) == ("bus 1.0\nplain 1.0\nsensor 2.0\n", "written: 3 files\n")
    assert {path.name for path in here.iterdir()} == {"sensor.py", "bus.py", "plain.py"}
    again = belay("mip", "download", str(here), "sensor", "--index", index, "--offline")
    assert again.err == "written: 0 files; there already: 2\n"
    assert belay("mip", "download", str(here / "6"), "sensor", "--mpy", "6", "--index", index).code == 0
    assert {path.name for path in (here / "6").iterdir()} == {"sensor.mpy", "bus.mpy"}
    assert belay("mip", "download", str(here), "sensor", "--mpy", "six").code == exits.USAGE


# --- errors ------------------------------------------------------------------------------------------


def test_each_kind_of_error_has_its_code(
    belay: Belay, board: Path, web: WebServer, index: str, tmp_path: Path
) -> None:
    def code(*words: str, port: str = "") -> int:
        result = belay("mip", "install", *([port] if port else []), *words, "--index", index)
        assert result.err.startswith("error: ") or "\nerror: " in result.err
        assert "Traceback" not in result.err
        return result.code

    assert code("nosuch") == exits.PACKAGES
    assert code(f"{web.url}/nowhere.py") == exits.PACKAGES
    assert code("bus@9") == exits.NO_VERSION
    web.fault("wrong", "/pi/v2/file/")
    assert code("bus") == exits.DAMAGED
    web.heal()
    web.fault("drop", "/pi/v2/package/")
    assert code("sensor") == exits.CONNECTION
    web.heal()
    web.page("/large.py", "X = 1\n" + "# " + "." * 70_000 + "\n")
    small = f"virtual:?fs=lfs2:64k&image={tmp_path}/small"
    assert code(f"{web.url}/large.py", "bus", port=small) == exits.NO_ROOM
    assert code("a b") == exits.USAGE
    assert code("https://user:pass@example.com/x.py") == exits.USAGE
    assert there(board) == set()


def test_read_only(belay: Belay, index: str, tmp_path: Path) -> None:
    (tmp_path / "boot.py").write_text(
        "import os\nclass R:\n def __init__(self): self.d=bytearray(65536)\n"
        " def readblocks(self,n,b,o=0): b[:]=self.d[n*512+o:n*512+o+len(b)]\n"
        " def writeblocks(self,n,b,o=0): self.d[n*512+o:n*512+o+len(b)]=b\n"
        " def ioctl(self,w,a): return {4:128,5:512}.get(w,0)\n"
        "r=R();os.VfsFat.mkfs(r);os.mount(os.VfsFat(r),'/ram',readonly=True)"
    )
    # To connect interrupts a boot.py that a board which was just made still runs; this begins anew then.
    words = ("mip", "install", f"virtual:{tmp_path}", "plain", "--index", index, "--reset")
    result = belay(*words, "--target", "/ram/lib")
    assert (result.code, result.out) == (exits.READ_ONLY, "")
    assert "/ram/lib: the board's file system is read-only" in result.err


def test_ctrl_c(start: Start, belay: Belay, board: Path, web: WebServer, index: str) -> None:
    web.fault("stall", "/pi/v2/file/")
    web.counts()
    process = start("mip", "install", "sensor", "--index", index)
    # The listing, the pages of the packages, and what never comes.
    web.until_asked(4)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == exits.INTERRUPTED
    assert process.stderr is not None
    assert b"note: each file on the board is whole; the same command" in process.stderr.read()
    assert there(board) == set()
    web.heal()
    assert belay("mip", "install", "sensor", "--index", index).code == 0


def test_without_a_network(belay: Belay, board: Path, index: str) -> None:
    """What the board says itself is said all the same."""
    dead = ("--index", "http://127.0.0.1:9/none")
    assert belay("mip", "install", "plain", "--index", index).code == 0
    (board / "lib" / "other.py").write_text("")
    listed = belay("mip", "list", *dead)
    assert (listed.code, listed.out.split()[6:9]) == (0, ["plain", "1.0", "plain"])
    assert "warning: packages of others are not recognised: http://127.0.0.1:9/none" in listed.err
    assert (belay("mip", "verify").code, belay("mip", "adopt", *dead).code) == (0, exits.CONNECTION)
    assert belay("mip", "install", "bus", *dead).code == exits.CONNECTION
    assert belay("mip", "upgrade", "--offline").code == 0
    missing = belay("mip", "install", "bus@1.0", "--index", index, "--offline")
    assert missing.code != 0
    assert "without --offline" in missing.err


def test_a_record_of_somebody_else_steers_no_terminal(belay: Belay, board: Path) -> None:
    page = {"name": "a", "version": "1", "asked": "\x1b[2J", "source": "\x1b[31m", "files": {"b": [1, 1]}}
    put = {"by": "mip", "top": "/lib", "paths": ["b"], "packages": [page]}
    (board / ".belay").write_text(json.dumps({"belay": 1, "put": [put]}))
    for words in (["list", "--ours"], ["verify"], ["upgrade"], ["remove", "a", "-n"]):
        result = belay("mip", *words)
        assert result.code in (0, exits.PACKAGES), result.err
        assert "\x1b" not in result.out + result.err


def test_a_record_that_is_none(belay: Belay, board: Path) -> None:
    (board / ".belay").write_text("{")
    for words in (["list", "--ours"], ["verify"]):
        result = belay("mip", *words)
        assert (result.code, result.out) == (0, "")
        assert "warning: /.belay on the board cannot be read" in result.err


def test_who_watches_sees_both_halves(
    belay: Belay, board: Path, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = at_terminal(monkeypatch)
    assert belay("mip", "install", "sensor", "--index", index).code == 0
    text = terminal.getvalue()
    assert text.index("looking at the board") < text.index("fetching") < text.index("sending sensor.mpy")
    assert "223/223 bytes" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["install"], "Missing argument 'PACKAGE'"),
        (["list", "aioble"], "'aioble' names no board"),
        (["remove"], "Missing argument 'PACKAGE'"),
        (["instal", "x"], "No such command 'instal'"),
        (["install", "x", "--index", "missing"], "'missing' is no address of an index, and no folder"),
        (["install", "x", "--index", ""], "'' is no address of an index, and no folder"),
    ],
)
def test_wrong_use(belay: Belay, words: list[str], said: str) -> None:
    result = belay("mip", *words)
    assert (result.code, result.out) == (exits.USAGE, "")
    assert said in result.err


def test_without_a_command(belay: Belay) -> None:
    result = belay("mip")
    assert (result.code, result.out) == (exits.USAGE, "")
    assert all(name in result.err for name in mip.commands)


def test_completion(belay: Belay, board: Path, index: str, web: WebServer) -> None:
    """Names of the index as it was fetched the last time."""
    complete = ShellComplete(cli, {}, "belay", "_BELAY_COMPLETE")

    def values(incomplete: str) -> list[str]:
        return [item.value for item in complete.get_completions(["mip", "install"], incomplete)]

    assert "virtual:" in values("virt")
    Path("pyproject.toml").write_text(f'[tool.belay]\npackage_indices = ["{index}"]\n')
    assert belay("mip", "install", "plain").code == 0
    web.fault("status", status=500)
    assert "sensor" in values("sen")
