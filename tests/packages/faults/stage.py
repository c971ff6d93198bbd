"""Where a case of the table plays: a project that works, servers, and what is about to go wrong with them."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import trustme
from servers.git_hosts import Repository
from servers.proxy import Proxy
from servers.web import WebServer

from belay.packages.fetch import Limits

from .scene import VENDORED, Result, Scene, belay, files, on_stage

GOOD = {"good/__init__.py": "GOOD = 1\n"}
BAD = {"bad.py": "BAD = 1\n"}
INDEX = "/pi/v2"
LISTING = f"{INDEX}/index.json"
PAGE = f"{INDEX}/package/py/bad/"
LATEST = f"{PAGE}latest.json"
PATIENT = Limits(attempts=3, pause=0.01)
HASTY = {
    "mute": Limits(read=0.3, attempts=3, pause=0.01),
    "stall": Limits(read=0.3, attempts=3, pause=0.01),
    "drip": Limits(read=120.0, total=1.0, attempts=3, pause=0.01),
}
"""For servers that never come to an end; whichever time-out there is, it is certainly this one."""


def digits(content: str | bytes, count: int = 8) -> str:
    """What an index calls a file of this content."""
    return sha256(content.encode() if isinstance(content, str) else content).hexdigest()[:count]


def file_path(content: str | bytes, count: int = 8) -> str:
    """Where an index has a file of this content."""
    name = digits(content, count)
    return f"{INDEX}/file/{name[:2]}/{name}"


FILE = file_path(BAD["bad.py"])

Arrangement = Callable[["Stage"], None]


class Servers:
    """Servers that need a process of their own, made when they are first needed, for many cases.

    Args:
        authority: Who issues the certificates.
        folder: For these.
    """

    def __init__(self, authority: trustme.CA, folder: Path) -> None:
        self._authority = authority
        self._folder = folder
        self._open = ExitStack()
        self._tls: dict[str, WebServer] = {}
        self.ca_file = folder / "ca.pem"
        self.kept = folder / "kept"
        """Where cases keep for others what they all begin with."""
        authority.cert_pem.write_to_path(self.ca_file)

    def tls(self, kind: str) -> WebServer:
        """A server with nothing on it that talks TLS.

        Args:
            kind: Its certificate: ``"right"``, ``"expired"``, ``"early"``, ``"name"`` (of another server).
        """
        if kind not in self._tls:
            now = datetime.now(UTC)
            dates: dict[str, datetime] = {}
            if kind == "expired":
                dates = {"not_before": now - timedelta(90), "not_after": now - timedelta(30)}
            elif kind == "early":
                dates = {"not_before": now + timedelta(30), "not_after": now + timedelta(90)}
            name = "elsewhere.test" if kind == "name" else "127.0.0.1"
            file = self._folder / f"{kind}.pem"
            made = self._authority.issue_cert(name, **dates)
            made.private_key_and_cert_chain_pem.write_to_path(file)
            self._tls[kind] = self._open.enter_context(WebServer(file))
        self._tls[kind].clear()
        return self._tls[kind]

    def opened(self, kind: str) -> WebServer:
        """The same server, as it is."""
        return self._tls[kind]

    def close(self) -> None:
        self._open.close()


class Stage:
    """A scene with an index that has the packages ``good`` and ``bad``.

    Args:
        scene: The folders.
        web: The server with the index.
        servers: Others.
        patch: Changes what belay waits for.
    """

    def __init__(self, scene: Scene, web: WebServer, servers: Servers, patch: pytest.MonkeyPatch) -> None:
        self.scene = scene
        self.web = web
        self.servers = servers
        self.patch = patch
        self.env: dict[str, str | None] = {}
        """Of the environment, what the case has otherwise; None for what is not to be there."""
        self.lines: list[str] = []
        """Of the table ``[tool.belay]``."""
        self.tables: list[str] = []
        """What stands at the end of pyproject.toml."""
        self.packages: dict[str, Any] = {"good": {"1.0": {"files": GOOD}}, "bad": {"1.0": {"files": BAD}}}
        self.folder = scene.project
        self.around = ExitStack()
        """What is as it is while the command runs."""
        self._spoken: list[tuple[str, str]] = [(str(scene.top), "<top>"), (web.url, "<web>")]
        limit(patch, PATIENT)

    @property
    def index(self) -> str:
        """The address of the index."""
        return self.web.url + INDEX

    def publish(self, **options: Any) -> None:
        """Puts the packages onto the server."""
        self.web.packages(self.packages, **options)

    def want(self, *dependencies: str, indices: str | None = None) -> None:
        """Writes the pyproject.toml."""
        indices = f'["{self.index}"]' if indices is None else indices
        head = ["[tool.belay]", f"package_indices = {indices}", *self.lines, "[tool.belay.dependencies]"]
        text = "\n".join([*head, *dependencies, *self.tables, ""])
        (self.scene.project / "pyproject.toml").write_text(text, encoding="utf-8")

    def begin(self, start: str) -> None:
        """Makes the project what it is before the case.

        Args:
            start: ``"settled"``: ``good`` is locked and vendored; ``"wanted"``: and ``bad`` is to be, too;
                ``"locked"``: both are; ``"new"``: nothing was ever done.
        """
        self.publish()
        both = ('good = "*"', 'bad = "*"')
        self.want(*(both if start in {"locked", "new"} else both[:1]))
        if start != "new":
            self._update("locked" if start == "locked" else "settled")
        if start == "wanted":
            self.want(*both)

    def _update(self, state: str) -> None:
        """Does the first update; what another case has got by the same one is copied."""
        kept = self.servers.kept / f"{self.web.port} {state}"
        mine = (self.scene.project, self.scene.store)
        if kept.exists():
            for folder in mine:
                shutil.copytree(kept / folder.name, folder, symlinks=True, dirs_exist_ok=True)
            return
        done = self.run("update")
        assert done.code == 0, done.err
        for folder in mine:
            shutil.copytree(folder, kept / folder.name, symlinks=True)

    def run(self, *words: str) -> Result:
        """Runs a command in the project."""
        with on_stage(self.scene):
            for name, value in self.env.items():
                os.environ.pop(name, None)
                os.environ.update({} if value is None else {name: value})
            os.chdir(self.folder)
            return belay(*words)

    def repository(self, name: str) -> Repository:
        """A new repository of the git host that this project takes for GitHub."""
        folder = self.scene.top.parent / "repositories"
        if not folder.exists():
            folder.mkdir()
            hub = self.web.git("/hub", folder, "github")
            raw = self.web.git("/raw", folder, "raw")
            self.tables.append(f'[tool.belay.hosts]\ngithub = {{ url = "{hub}", raw = "{raw}" }}')
        return Repository(folder, name)

    def proxy(self, port: int) -> Proxy:
        """A proxy for the time of the command."""
        made = self.around.enter_context(Proxy(port))
        self.call(made.address, "<proxy>")
        return made

    def call(self, text: str, name: str) -> None:
        """From now on a text that differs from run to run has this name in messages."""
        self._spoken.insert(0, (text, name))

    @property
    def vendored(self) -> dict[str, bytes]:
        """The vendored files of the main group."""
        folder = self.scene.project / VENDORED / "main"
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files(folder)}

    def said(self, text: str) -> str:
        """A message, the same in every run."""
        for before, after in self._spoken:
            text = text.replace(before, after)
        text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:<port>", text)
        text = re.sub(r"BELAY_TOKEN_127_0_0_1_\d+", "BELAY_TOKEN_127_0_0_1_<port>", text)
        # Which words git finds depends on its version.
        return re.sub(r"(git [a-z-]+ failed): .*(\n  fatal: .*)*", r"\1: <what git says>", text)

    def clear_store(self) -> None:
        """Nothing is in the store."""
        shutil.rmtree(self.scene.store)

    def json(self, path: str, value: Any) -> None:
        """Puts JSON at a path of the server."""
        self.web.page(path, json.dumps(value))


def limit(patch: pytest.MonkeyPatch, limits: Limits) -> None:
    """The limits that every command has."""
    values = tuple(getattr(limits, field.name) for field in fields(Limits))
    patch.setattr(Limits.__init__, "__defaults__", values)
    assert Limits() == limits
