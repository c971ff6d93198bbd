"""Runs the git program: bounded in time and output, without hooks, and never asking where nobody can answer.

What a remote does is git's own business and the user's: proxies, certificates, keys, credential helpers and
``url.….insteadOf`` are those of the user's configuration (https://git-scm.com/docs/git-config).
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO

from belay.exceptions import FetchError, PackageError
from belay.packages.gittalk import Conversation, GitLimits, is_progress

_INSTALL = {
    "win32": "winget install Git.Git, or https://git-scm.com",
    "darwin": "xcode-select --install, brew install git, or https://git-scm.com",
}
_ELSEWHERE = "apt install git, dnf install git, or https://git-scm.com"
_OPTIONS = (
    # Nothing of a repository's is run, and nothing of the user's that belongs to his own repositories.
    f"core.hooksPath={os.devnull}",
    "core.fsmonitor=false",
    "protocol.ext.allow=never",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    # A kill must leave a whole pack or none, and nothing may run on behind.
    "fetch.unpackLimit=1",
    "transfer.unpackLimit=1",
    "gc.auto=0",
    "maintenance.auto=false",
    "fetch.writeCommitGraph=false",
    # If this program is killed, git must end some day: others wait for it.
    "http.lowSpeedLimit=1",
    "http.lowSpeedTime=90",
    # What is large is not held in memory.
    "core.bigFileThreshold=16m",
)
_NOT_INHERITED = re.compile(
    # Those of another repository: belay may be called by one of its hooks (git rev-parse --local-env-vars).
    r"GIT_(DIR|WORK_TREE|IMPLICIT_WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|"
    r"COMMON_DIR|PREFIX|NAMESPACE|GRAFT_FILE|SHALLOW_FILE|REPLACE_REF_BASE|INTERNAL_SUPER_PREFIX|QUARANTINE_PATH"
    # These write to where errors are read, with secrets among it.
    r"|TRACE.*|CURL_VERBOSE|REDIRECT_STD.*)"
)
_KINDS = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("dns", r"could not resolve host|name or service not known|failure in name resolution"),
        (
            "tls",
            r"SSL certificate|certificate verif|server certificate|SSL_connect|gnutls_handshake|SSL rout",
        ),
        ("refused", r"connection refused|failed to connect"),
        ("unreachable", r"no route to host|network is unreachable"),
        ("timeout", r"timed out|timeout was reached"),
        (
            "denied",
            (
                r"authentication failed|could not read (username|password)|terminal prompts disabled|"
                r"permission denied|access denied|host key verification failed|error: 40[13]"
            ),
        ),
        ("insecure", r"transport '[a-z]+' not allowed"),
        ("status", r"returned error: (408|429|5[0-9]{2})"),
        (
            "not-found",
            (
                r"repository .* not found|repository not found|does not appear to be a git repository|"
                r"does not exist|couldn't find remote ref|not our ref|unadvertised object|error: 404"
            ),
        ),
        (
            "dropped",
            r"early EOF|hung up unexpectedly|RPC failed|unexpected disconnect|connection (reset|closed)",
        ),
    )
)
"""What git's own words mean, in the language that it is told to speak."""
_HINTS = {
    "denied": "git has no login there that is right: `git ls-remote {url}` must work without a question",
    "not-found": "hosts say so, too, of repositories that one may not see; `git ls-remote {url}` shows it",
    "insecure": "https and ssh can be used, and http where http_hosts names the server",
}
_LOGIN = re.compile(r"(://)(?!git@)[^/@\s'\"]+@")
_LINES = 4
_LETTERS = 500


class GitProgram:
    """The git program; for any number of threads at once.

    Args:
        limits: Time-outs and sizes.
        interactive: Whether somebody is there to be asked for a login; None: if this is a terminal.
        asking: Makes a context in which somebody may be asked.
        tell: Called with a few words on how far a fetch is.
    """

    def __init__(
        self,
        limits: GitLimits | None = None,
        *,
        interactive: bool | None = None,
        asking: Callable[[], AbstractContextManager[None]] = nullcontext,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self.limits = limits or GitLimits()
        if interactive is None:
            interactive = all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))
        self.interactive = interactive
        self._asking = asking
        self._tell = tell
        self._one_question = threading.Lock()
        self._lock = threading.Lock()
        self._live: set[subprocess.Popen[bytes]] = set()
        self._closed = threading.Event()

    @property
    def closed(self) -> bool:
        """Whether nothing is run any more, and what was running has been ended."""
        return self._closed.is_set()

    def close(self) -> None:
        """Ends whatever runs; whoever waits for it gets an error."""
        with self._lock:
            self._closed.set()
            live = list(self._live)
        for process in live:
            self._end(process, wait=False)
        for process in live:
            self._end(process)

    def ask(self, url: str, repository: Path, *words: str, hold: BinaryIO | None = None) -> bytes:
        """Runs a command of git's that asks the remote, and maybe the user for a login.

        If the remote is busy or drops the connection, it is asked again. The user is asked if the remote
        wants a login that git does not know.

        Args:
            url: As for :meth:`run`.
            repository: As for :meth:`run`.
            words: As for :meth:`run`.
            hold: A file that stays open until git has ended, even if this program dies before.

        Raises:
            FetchError: As :meth:`run`.
            PackageError: There is no git.
        """
        try:
            return self._patiently(url, repository, words, hold)
        except FetchError as error:
            if error.kind != "denied" or not self.interactive:
                raise
        with self._one_question, self._asking():
            return self._run(url, repository, words, hold, asks=True)

    def _patiently(self, url: str, repository: Path, words: tuple[str, ...], hold: BinaryIO | None) -> bytes:
        for attempt in range(1, self.limits.attempts):
            try:
                return self._run(url, repository, words, hold)
            except FetchError as error:
                pause = self.limits.pause * 2 ** (attempt - 1)
                if error.kind not in {"dropped", "status"} or self._closed.wait(pause):
                    raise
        return self._run(url, repository, words, hold)

    def run(self, url: str, repository: Path, *words: str) -> bytes:
        """Runs a command of git's that asks nobody.

        Args:
            url: The remote repository that it is about, for what may be used and for messages.
            repository: A bare repository.
            words: The command and its arguments.

        Returns:
            What it answers.

        Raises:
            FetchError: It failed, took too long, or answered or fetched too much; ``kind`` is ``"git"`` if
                it is not known why.
            PackageError: There is no git.
        """
        return self._run(url, repository, words, None)

    def _run(
        self, url: str, repository: Path, words: tuple[str, ...], hold: BinaryIO | None, *, asks: bool = False
    ) -> bytes:
        process = self._start(url, repository, words, hold, asks=asks)
        try:
            answer, said, code = Conversation(process, url, self.limits, self._tell).listen()
        finally:
            self._end(process)
        if code and (self._closed.is_set() or code == -signal.SIGINT):
            raise FetchError(f"git+{url}", "interrupted", "was interrupted")
        if code:
            raise _failure(url, words[0], said)
        return answer

    def start(self, url: str, repository: Path, *words: str) -> subprocess.Popen[bytes]:
        """Starts a command of git's that answers what it is told; :meth:`stop` ends it.

        Raises:
            PackageError: There is no git.
        """
        return self._start(url, repository, words, None, talks=True)

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """Ends what :meth:`start` has started."""
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    pass  # it does not listen any more
        self._end(process)

    def _start(
        self,
        url: str,
        repository: Path,
        words: tuple[str, ...],
        hold: BinaryIO | None,
        *,
        asks: bool = False,
        talks: bool = False,
    ) -> subprocess.Popen[bytes]:
        options = [part for option in _OPTIONS for part in ("-c", option)]
        command = [find_git(url), f"--git-dir={repository}", *options, *words]
        held = () if hold is None or sys.platform == "win32" else (hold.fileno(),)
        with self._lock:
            if self._closed.is_set():
                raise FetchError(f"git+{url}", "interrupted", "was interrupted")
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL if talks else subprocess.PIPE,
                cwd=repository,
                env=_environment(url, interactive=asks),
                pass_fds=held,
                # Who may ask somebody needs the terminal, whose Ctrl-C then reaches him, too. Nothing else
                # may be ended by that: it would look as if the repository was damaged.
                start_new_session=not asks,
            )
            self._live.add(process)
        return process

    def _end(self, process: subprocess.Popen[bytes], *, wait: bool = True) -> None:
        """Makes sure that a process and its children have ended."""
        if process.poll() is None:
            self._signal(process, signal.SIGTERM)
            try:
                process.wait(self.limits.grace if wait else 0)
            except subprocess.TimeoutExpired:
                if not wait:
                    return
                self._signal(process, getattr(signal, "SIGKILL", signal.SIGTERM))
                process.wait()
        with self._lock:
            self._live.discard(process)

    def _signal(self, process: subprocess.Popen[bytes], number: int) -> None:
        if sys.platform == "win32":
            process.send_signal(number)
            return
        try:
            if os.getpgid(process.pid) == process.pid:
                os.killpg(process.pid, number)
            else:
                process.send_signal(number)
        except (ProcessLookupError, PermissionError):
            pass  # it has ended meanwhile


def find_git(url: str) -> str:
    """The path of the git program.

    Args:
        url: The repository that it is needed for, for the message.

    Raises:
        PackageError: There is none.
    """
    found = shutil.which("git")
    # Windows looks into the current folder first, where a project may have put anything; so does a PATH
    # with a dot in it. What is found there is relative.
    if found is None or not Path(found).is_absolute():
        hint = f"install it ({_INSTALL.get(sys.platform, _ELSEWHERE)}), or write github:owner/repository"
        raise PackageError(f"git+{url}: needs the git program, which is not there", hint=hint)
    return found


def redacted(text: str) -> str:
    """What git says, without logins and without signs that a terminal would obey."""
    text = _LOGIN.sub(r"\1…@", text)
    return "".join(sign if sign.isprintable() else " " for sign in text).strip()


def _environment(url: str, *, interactive: bool) -> dict[str, str]:
    found = {name: value for name, value in os.environ.items() if not _NOT_INHERITED.fullmatch(name)}
    allowed = {"https", "ssh", "file", *(["http"] if url.startswith("http:") else [])}
    if (said := found.get("GIT_ALLOW_PROTOCOL")) is not None:
        allowed &= set(said.split(":"))
    found.update(
        LC_ALL="C",
        LANGUAGE="",
        GIT_ALLOW_PROTOCOL=":".join(sorted(allowed)),
        GIT_NO_REPLACE_OBJECTS="1",
        GIT_NO_LAZY_FETCH="1",
        GIT_OPTIONAL_LOCKS="0",
    )
    if not interactive:
        # Nobody sees a window of ssh's or of a credential manager's either.
        found.update(GIT_TERMINAL_PROMPT="0", SSH_ASKPASS_REQUIRE="never", GCM_INTERACTIVE="never")
    return found


def _failure(url: str, command: str, said: str) -> FetchError:
    lines = [redacted(line) for line in re.split(r"[\r\n]+", said)]
    lines = [line for line in lines if line and not is_progress(line.encode())]
    kind = next((kind for kind, pattern in _KINDS for line in lines if pattern.search(line)), "git")
    telling = [line for line in lines if line.startswith(("fatal:", "error:", "ERROR:", "remote:", "ssh:"))]
    text = "\n  ".join((telling or lines)[-_LINES:])[:_LETTERS] or "it does not say why"
    hint = None if kind == "not-found" and url.startswith("file:") else _HINTS.get(kind)
    return FetchError(
        f"git+{url}", kind, f"git {command} failed: {text}", hint=hint.format(url=url) if hint else None
    )
