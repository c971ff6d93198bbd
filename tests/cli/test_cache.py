"""``belay cache``."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from servers.web import WebServer

from belay.cache.made import Made, key_of
from belay.cli import exits
from belay.cli.app import cli
from belay.cli.cache import readable
from belay.packages.store import Memory, Store
from belay.packages.stored import elements

from .conftest import Belay, Start

GIT, INDEX, WEB = "git-github-o-r/main/x.py", "index-example.com/index.json", "web-example.com/a.py"
URLS = (
    "https://raw.githubusercontent.com/o/r/main/x.py",
    "https://example.com/index.json",
    "https://example.com/a.py",
)


class Terminal(io.StringIO):
    """An input that looks like a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The store, with three elements; the current folder is in no project."""
    monkeypatch.setenv("BELAY_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    store = Store()
    for url in URLS:
        content = url.encode()
        store.add(content)
        store.remember(Memory(url, hashlib.sha256(content).hexdigest(), len(content)))
    return store


def names(store: Store) -> list[str]:
    return [element.name for element in elements(store)]


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(text))


def test_what_was_made_is_counted_and_cleared(belay: Belay, store: Store) -> None:
    before = json.loads(belay("cache", "info", "--json").out)
    made = Made()
    made.keep("minified", key_of(b"x"), b"pass")
    made.keep("compiled", key_of(b"x"), b"M")
    after = json.loads(belay("cache", "info", "--json").out)
    assert (after["elements"] - before["elements"], after["size"] - before["size"]) == (2, 2 * 32 + 5)
    assert belay("cache", "list", "made-").out == "made-compiled\nmade-minified\n"
    result = belay("cache", "clear", "made-compiled", "--yes")
    assert (result.code, result.err) == (exits.DONE, "cleared: 1 element (33B)\n")
    assert belay("cache", "list", "made-").out == "made-minified\n"
    assert len(elements(store)) == before["elements"] + 1


def test_info(belay: Belay, store: Store) -> None:
    size = sum(path.stat().st_size for path in store.folder.rglob("*") if path.is_file())
    result = belay("cache", "info")
    assert (result.code, result.err) == (0, "")
    assert result.out == f"Location: {store.folder}\nElements: 3\nTotal Size: {readable(size)}\n"
    result = belay("cache", "info", "--json")
    assert json.loads(result.out) == {"location": str(store.folder), "elements": 3, "size": size}


def test_list(belay: Belay, store: Store) -> None:
    result = belay("cache", "list")
    assert (result.code, result.out, result.err) == (0, f"{GIT}\n{INDEX}\n{WEB}\n", "")
    assert belay("cache", "list", "index-").out == f"{INDEX}\n"
    [page] = json.loads(belay("cache", "list", "git", "--json").out)
    assert page["size"] > 0
    assert page == {"name": GIT, "size": page["size"], "url": URLS[0]}
    result = belay("cache", "list", "nosuch")
    assert (result.code, result.out) == (0, "")
    assert result.err == "nothing in the cache begins with 'nosuch'\n"


def test_a_cache_that_is_not_there(belay: Belay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "nowhere" / "cache"
    monkeypatch.setenv("BELAY_CACHE_DIR", str(folder))
    assert belay("cache", "info").out == f"Location: {folder}\nElements: 0\nTotal Size: 0B\n"
    for words in (["list"], ["clear", "--all"], ["clear", "--all", "--yes"]):
        result = belay("cache", *words)
        assert (result.code, result.out, result.err) == (0, "", "the cache is empty\n")
    assert belay("cache", "list", "--json").out == "[]\n"
    assert not folder.parent.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="what is below a file is only missing there")
@pytest.mark.parametrize("words", [["info"], ["list"], ["clear", "--all", "--yes"]])
def test_a_cache_that_cannot_be_read(
    belay: Belay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.setenv("BELAY_CACHE_DIR", str(tmp_path / "file"))
    (tmp_path / "file").touch()
    result = belay("cache", *words)
    assert (result.code, result.out) == (exits.FILE, "")
    assert result.err.endswith("Not a directory\nhint: there is a file where a folder should be\n")


def test_clear_by_prefix(belay: Belay, store: Store) -> None:
    result = belay("cache", "clear", "git", "--yes")
    assert (result.code, result.out) == (0, "")
    assert result.err.startswith("cleared: 1 element (")
    assert names(store) == [INDEX, WEB]
    result = belay("cache", "clear", "git", "--yes")
    assert (result.code, result.err) == (0, "nothing in the cache begins with 'git'\n")


def test_clear_all(belay: Belay, store: Store) -> None:
    mine = store.folder / "mine.txt"
    mine.touch()
    result = belay("cache", "clear", "--all", "--yes", "--json")
    assert [page["name"] for page in json.loads(result.out)] == [GIT, INDEX, WEB]
    assert names(store) == []
    assert [path for path in store.folder.rglob("*") if path.is_file()] == [mine]


@pytest.mark.parametrize(
    ("text", "clears"),
    [("y\n", True), ("Yes\n", True), ("n\n", False), ("\n", False), ("what\n", False), ("", False)],
)
def test_the_question(
    belay: Belay, store: Store, monkeypatch: pytest.MonkeyPatch, text: str, clears: bool
) -> None:
    answer(monkeypatch, text)
    result = belay("cache", "clear", "--all")
    assert (result.code, result.out) == (0, "")
    assert result.err.startswith("Clear 3 elements (")
    assert names(store) == ([] if clears else [GIT, INDEX, WEB])
    assert ("nothing was cleared" in result.err) == (not clears)


def test_nobody_to_ask(belay: Belay, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    result = belay("cache", "clear", "--all")
    assert result.code == exits.USAGE
    assert "hint: --yes does not ask" in result.err
    assert len(names(store)) == 3


@pytest.mark.parametrize("words", [[], ["--yes"], ["git", "--all"], [""]])
def test_what_is_to_be_cleared_must_be_said(belay: Belay, store: Store, words: list[str]) -> None:
    result = belay("cache", "clear", *words)
    assert result.code == exits.USAGE
    assert len(names(store)) == 3


def test_ctrl_c_at_the_question(belay: Belay, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(Terminal):
        def readline(self, size: int = -1) -> str:  # type: ignore[override]
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", Interrupted())
    assert belay("cache", "clear", "--all").code == exits.INTERRUPTED
    assert len(names(store)) == 3


def test_no_command(belay: Belay) -> None:
    result = belay("cache")
    assert (result.code, result.out) == (exits.USAGE, "")
    assert "info" in result.err


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_read_only_cache(belay: Belay, store: Store) -> None:
    folders = [path for path in store.folder.rglob("*") if path.is_dir()]
    for folder in folders:
        folder.chmod(0o555)
    try:
        result = belay("cache", "clear", "--all", "--yes")
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert result.code == exits.FILE
    assert result.err.startswith("error: could not be cleared: 3 elements (")
    assert "Permission denied" in result.err


def test_names_are_completed(store: Store) -> None:
    complete = ShellComplete(cli, {}, "belay", "_BELAY_COMPLETE")
    found = complete.get_completions(["cache", "clear"], "index-")
    assert [item.value for item in found] == [INDEX]
    found = complete.get_completions(["cache"], "")
    assert [item.value for item in found] == ["clear", "info", "list"]


def test_clearing_while_another_belay_fetches(
    belay: Belay, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BELAY_CACHE_DIR", str(tmp_path / "cache"))
    packages = {f"p{n}": {"1.0": {"files": {f"p{n}.py": f"P = {n}\n"}}} for n in range(60)}
    with WebServer() as web:
        url = web.packages(packages)
        web.behave(latency=0.02)
        wanted = "".join(f'{name} = "*"\n' for name in packages)
        (tmp_path / "pyproject.toml").write_text(
            f'[tool.belay]\npackage_indices = ["{url}"]\n[tool.belay.dependencies]\n{wanted}',
            encoding="utf-8",
        )
        update = start("update", cwd=tmp_path)
        web.until_asked(5)
        while update.poll() is None:
            result = belay("cache", "clear", "--all", "--yes")
            assert result.code == 0, result.err
        out, err = update.communicate()
        assert update.returncode == 0, err.decode()
    assert len(out.splitlines()) == 60
    monkeypatch.chdir(tmp_path)
    assert belay("verify").code == 0


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0B"),
        (999, "999B"),
        (1000, "1.00KB"),
        (999_994, "999.99KB"),
        (999_996, "1.00MB"),
        (3_840_000, "3.84MB"),
        (2 * 10**9, "2.00GB"),
        (5 * 10**15, "5000.00TB"),
    ],
)
def test_sizes_for_people(size: int, text: str) -> None:
    assert readable(size) == text
