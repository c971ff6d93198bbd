"""Real git repositories, and a server that gives them by git's own smart HTTP."""

from __future__ import annotations

import base64
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

CONFIG = """\
[user]
    name = Somebody
    email = somebody@example.com
[init]
    defaultBranch = main
"""


def isolate(folder: Path, patch: pytest.MonkeyPatch) -> Path:
    """Gives git a configuration of its own.

    Args:
        folder: Where it goes.
        patch: Changes the environment.

    Returns:
        The file.
    """
    for name in [name for name in os.environ if name.startswith(("GIT_", "SSH_"))]:
        patch.delenv(name)
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "gitconfig"
    config.write_text(CONFIG, encoding="utf-8")
    patch.setenv("GIT_CONFIG_GLOBAL", str(config))
    patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        patch.delenv(name, raising=False)
    return config


class Remote:
    """A repository with a working tree.

    Args:
        path: Where; it is made.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    @property
    def url(self) -> str:
        """As belay names it, by its path."""
        return f"git+{self.path.as_uri()}"

    def git(self, *words: str) -> str:
        """Runs git in it."""
        done = subprocess.run(["git", *words], cwd=self.path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, **files: str) -> str:
        """Commits files; a double underscore is a slash and the name's last underscore a dot.

        Returns:
            The commit.
        """
        return self.commit_files({_path(name): text.encode() for name, text in files.items()})

    def commit_files(self, files: dict[str, bytes]) -> str:
        """Commits files by their paths."""
        for name, data in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=a change")
        return self.git("rev-parse", "HEAD")


def _path(name: str) -> str:
    stem, _, suffix = name.replace("__", "/").rpartition("_")
    return f"{stem}.{suffix}"


class GitServer:
    """Gives the repositories in a folder by ``git http-backend``.

    Attributes:
        requests: The paths that were asked for, in their order.
        login: ``"user:password"`` that is wanted, or empty.
        refusals: Statuses of the next answers, which have nothing in them.
        dumb: Whether files are given as they lie there, by a server that knows nothing of git.
        stalled: Whether a pack that is asked for is not sent until :attr:`go` is set.
        waiting: Set when somebody waits for such a pack.
    """

    def __init__(self, folder: Path, pem: Path | None = None) -> None:
        self.folder = folder
        self.requests: list[str] = []
        self.login = ""
        self.refusals: list[int] = []
        self.dumb = False
        self.stalled = False
        self.waiting = threading.Event()
        self.go = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        if pem is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pem)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"git+{'https' if pem else 'http'}://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def running(self) -> Iterator[GitServer]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.go.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server._answer(self)

            do_POST = do_GET  # noqa: N815 - http.server's name

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def _answer(self, ask: BaseHTTPRequestHandler) -> None:
        place = urlsplit(ask.path)
        self.requests.append(place.path)
        body = ask.rfile.read(int(ask.headers.get("Content-Length") or 0))
        wanted = "Basic " + base64.b64encode(self.login.encode()).decode()
        if self.login and ask.headers.get("Authorization") != wanted:
            ask.send_response(401)
            ask.send_header("WWW-Authenticate", 'Basic realm="git"')
            ask.send_header("Content-Length", "0")
            ask.end_headers()
            return
        if self.refusals:
            ask.send_response(self.refusals.pop(0))
            ask.send_header("Content-Length", "0")
            ask.end_headers()
            return
        if self.dumb:
            file = self.folder / place.path.strip("/")
            data = file.read_bytes() if file.is_file() else b""
            ask.send_response(200 if file.is_file() else 404)
            ask.send_header("Content-Length", str(len(data)))
            ask.end_headers()
            ask.wfile.write(data)
            return
        if self.stalled and b"command=fetch" in body:
            self.waiting.set()
            self.go.wait(60)
        environment = {
            **os.environ,
            "GIT_PROJECT_ROOT": str(self.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": place.path,
            "QUERY_STRING": place.query,
            "REQUEST_METHOD": ask.command,
            "CONTENT_TYPE": ask.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": ask.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": ask.headers.get("Git-Protocol", ""),
            "REMOTE_ADDR": "127.0.0.1",
        }
        done = subprocess.run(
            ["git", "http-backend"], input=body, env=environment, capture_output=True, check=True
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().splitlines() if line)
        try:
            ask.send_response(int(fields.pop("Status", "200").split()[0]))
            for name, value in fields.items():
                ask.send_header(name, value)
            ask.send_header("Content-Length", str(len(content)))
            ask.end_headers()
            ask.wfile.write(content)
        except OSError:
            pass  # whoever asked has gone


def ssh_program(folder: Path) -> tuple[str, Path]:
    """A program that git takes for ssh: it notes what it is told, and runs it here.

    Returns:
        The command, and the file with what it was told.
    """
    told, script = folder / "ssh.log", folder / "ssh.py"
    script.write_text(
        "import subprocess, sys\n"
        f"open({str(told)!r}, 'a').write(repr(sys.argv[1:]) + '\\n')\n"
        "sys.exit(subprocess.call(sys.argv[-1], shell=True))\n",
        encoding="utf-8",
    )
    return f'"{sys.executable}" "{script}"', told
