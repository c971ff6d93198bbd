from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from servers.repositories import isolate

from belay.exceptions import FetchError, PackageError
from belay.packages.gitprogram import GitProgram, find_git, redacted
from belay.packages.gittalk import GitLimits

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")

URL = "https://example.com/r"


def fake_git(folder: Path, code: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that the path finds as git."""
    folder.mkdir()
    program = folder / "git"
    program.write_text(f"#!{sys.executable} -IS\nimport os, signal, sys, time\n{code}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return program


needs_scripts = pytest.mark.skipif(sys.platform == "win32", reason="a script is no program there")


def test_what_git_says_is_shown_without_logins_and_signs() -> None:
    said = "fatal: 'https://me:s3cret@host/r' and https://token@host/r and ssh://git@host/r \x1b[31m\x07"
    shown = redacted(said)
    assert shown == "fatal: 'https://…@host/r' and https://…@host/r and ssh://git@host/r  [31m"


def test_git_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    isolate(tmp_path / "home", monkeypatch)
    program = GitProgram()
    program.run(URL, tmp_path, "init", "--bare", "--quiet", "--template=")
    assert program.run(URL, tmp_path, "config", "core.bare") == b"true\n"
    assert program.run(URL, tmp_path, "config", "core.hooksPath").decode().strip() == os.devnull
    with pytest.raises(FetchError) as caught:
        program.run(URL, tmp_path, "rev-parse", "--verify", "nothing")
    assert (caught.value.kind, caught.value.url) == ("git", f"git+{URL}")
    assert "git rev-parse failed: fatal: Needed a single revision" in caught.value.reason


@needs_scripts
def test_what_git_is_told_by_its_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["GIT_DIR", "GIT_TRACE_CURL", "GIT_TERMINAL_PROMPT", "GIT_ALLOW_PROTOCOL", "GIT_AUTHOR_NAME"]
    isolate(tmp_path / "home", monkeypatch)
    fake_git(tmp_path / "bin", f"print([os.environ.get(name) for name in {names}])", monkeypatch)
    for name in ("GIT_DIR", "GIT_TRACE_CURL", "GIT_AUTHOR_NAME"):
        monkeypatch.setenv(name, "set")
    said = GitProgram().run(URL, tmp_path, "x")
    assert said.decode().strip() == str([None, None, "0", "file:https:ssh", "set"])
    said = GitProgram(interactive=True).ask("http://127.0.0.1/r", tmp_path, "x")
    assert said.decode().strip() == str([None, None, "0", "file:http:https:ssh", "set"])
    monkeypatch.setenv("GIT_ALLOW_PROTOCOL", "https:ext")
    assert b"'https'" in GitProgram().run(URL, tmp_path, "x")


@needs_scripts
def test_only_who_is_refused_asks_and_only_on_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "if os.environ.get('GIT_TERMINAL_PROMPT') == '0':\n"
        "    sys.exit(\"fatal: could not read Username for 'x': terminal prompts disabled\")\n"
        "print('mine' if os.getpgrp() == os.getpid() else 'shared')"
    )
    fake_git(tmp_path / "bin", code, monkeypatch)
    asked: list[str] = []

    @contextmanager
    def asking() -> Iterator[None]:
        asked.append("begun")
        yield
        asked.append("over")

    with pytest.raises(FetchError) as caught:
        GitProgram(interactive=False, asking=asking).ask(URL, tmp_path, "fetch")
    assert (caught.value.kind, asked) == ("denied", [])
    # It has the terminal then, and so the Ctrl-C of that.
    assert GitProgram(interactive=True, asking=asking).ask(URL, tmp_path, "fetch") == b"shared\n"
    assert asked == ["begun", "over"]
    with pytest.raises(FetchError):
        GitProgram(interactive=True, asking=asking).run(URL, tmp_path, "fetch")


@needs_scripts
@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("fatal: unable to access 'https://x/': Could not resolve host: x", "dns"),
        ("fatal: unable to access 'https://x/': SSL certificate problem: unable to get", "tls"),
        ("fatal: unable to access 'https://x/': Failed to connect to x port 443", "refused"),
        ("fatal: could not read Username for 'https://x': terminal prompts disabled", "denied"),
        ("git@x: Permission denied (publickey).", "denied"),
        ("Host key verification failed.", "denied"),
        ("remote: Repository not found.\nfatal: repository 'https://x/' not found", "not-found"),
        ("fatal: the remote end hung up unexpectedly", "dropped"),
        ("fatal: transport 'ext' not allowed", "insecure"),
        ("fatal: something else", "git"),
        ("", "git"),
    ],
)
def test_what_went_wrong_is_told_apart(
    said: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_git(tmp_path / "bin", f"sys.stderr.write({said!r}); sys.exit(128)", monkeypatch)
    with pytest.raises(FetchError) as caught:
        GitProgram().run(URL, tmp_path, "fetch")
    assert caught.value.kind == kind
    assert (said.splitlines() or ["it does not say why"])[-1] in caught.value.reason


@needs_scripts
def test_how_far_a_fetch_is_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = [
        "remote: Compressing objects: 100% (3/3), done.\n",
        "Receiving objects:   5% (1/20), 1.00 MiB | 1.00 MiB/s\r",
        "Receiving objects:   5% (1/20), 1.20 MiB | 1.00 MiB/s\r",
        "Receiving objects: 100% (20/20), 1.90 MiB | 1.00 MiB/s, done.\n",
    ]
    # Each is to come by itself, or two of them together: it makes no difference.
    code = f"for text in {said}: sys.stderr.write(text); sys.stderr.flush(); time.sleep(0.05)"
    fake_git(tmp_path / "bin", code, monkeypatch)
    told: list[str] = []
    GitProgram(tell=told.append).ask("https://example.com/o/led.git", tmp_path, "fetch")
    assert told in (["led 5%", "led 100%"], ["led 100%"])


@needs_scripts
def test_a_stubborn_program_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "signal.signal(signal.SIGTERM, signal.SIG_IGN); print(os.getpid(), flush=True); time.sleep(600)"
    fake_git(tmp_path / "bin", code, monkeypatch)
    program = GitProgram(GitLimits(silent=1.0, grace=0.2))
    with pytest.raises(FetchError, match="said nothing for 1 s"):
        program.run(URL, tmp_path, "fetch")


@needs_scripts
def test_a_program_that_never_ends_talking_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_git(
        tmp_path / "bin", "while True: sys.stderr.write('x' * 1000 + chr(13)); time.sleep(0.01)", monkeypatch
    )
    with pytest.raises(FetchError, match="not done within 1 s"):
        GitProgram(GitLimits(total=1.0)).run(URL, tmp_path, "fetch")


@needs_scripts
def test_a_child_that_holds_the_pipes_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As ssh does that stays for the next connection (ControlPersist).
    code = "print('done', flush=True)\nif os.fork() == 0: os.setsid(); time.sleep(20); os._exit(0)"
    fake_git(tmp_path / "bin", code, monkeypatch)
    assert GitProgram(GitLimits(silent=300.0)).run(URL, tmp_path, "fetch") == b"done\n"


@needs_scripts
def test_too_long_an_answer_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_git(tmp_path / "bin", "while True: sys.stdout.write('x' * 100000)", monkeypatch)
    with pytest.raises(FetchError, match="answers more than") as caught:
        GitProgram(GitLimits(output=1 << 20)).run(URL, tmp_path, "ls-tree")
    assert caught.value.kind == "too-large"


def test_the_current_folder_has_no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / ("git.exe" if sys.platform == "win32" else "git")
    program.touch()
    program.chmod(0o755)
    monkeypatch.setenv("PATH", os.curdir)
    monkeypatch.chdir(tmp_path)
    assert shutil.which("git") is not None
    with pytest.raises(PackageError, match="needs the git program"):
        find_git(URL)
