"""What can be wrong: each function gives an arrangement, which makes it so on a stage."""

from __future__ import annotations

import base64
import gzip
import json
import os
import socket
from functools import cache
from pathlib import Path
from typing import Any

from servers.git_hosts import Repository

from belay.packages.store import FORMAT

from ..rights import read_only
from .scene import VENDORED
from .stage import BAD, FILE, HASTY, INDEX, LATEST, Arrangement, Stage, digits, file_path, limit

PORTAL = "<!DOCTYPE html><html><body>Welcome to our hotel! Please log in.</body></html>"
"""What a network says to everything until somebody has logged in."""
CONTENT = "X = 1\n"
HASH = digits(CONTENT)


# --- the server -----------------------------------------------------------------------------------


def fault(kind: str, path: str = "/", **details: Any) -> Arrangement:
    """The server answers wrongly, as for :meth:`servers.web.WebServer.fault`."""
    return lambda stage: stage.web.fault(kind, path, **details)


def silent(kind: str = "mute", **details: Any) -> Arrangement:
    """The server never answers, or never ends, and nobody has patience."""

    def arrange(stage: Stage) -> None:
        limit(stage.patch, HASTY[kind])
        stage.web.fault(kind, **details)

    return arrange


def slow(stage: Stage) -> None:
    """The server takes its time."""
    stage.web.behave(latency=0.3)


def page(path: str, content: str | bytes, **headers: str) -> Arrangement:
    """Something lies on the server."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda stage: _put(stage, path, content, named)


def _put(stage: Stage, path: str, content: str | bytes, headers: dict[str, str]) -> None:
    stage.web.page(path, content, headers)


def raw(path: str, data: bytes) -> Arrangement:
    """The server sends just these bytes."""
    return fault("raw", path, data=encoded(data))


def encoded(data: bytes) -> str:
    """Bytes as the server wants to be told."""
    return base64.b64encode(data).decode()


def bomb(path: str, megabytes: int = 200) -> Arrangement:
    """A few kilobytes that become many megabytes."""

    return lambda stage: _put(stage, path, _packed_zeros(megabytes), {"Content-Encoding": "gzip"})


@cache
def _packed_zeros(megabytes: int) -> bytes:
    return gzip.compress(b"\0" * (megabytes << 20), 1)


def large(path: str, megabytes: int) -> Arrangement:
    """Too much."""
    return lambda stage: _put(stage, path, b" " * (megabytes << 20), {})


def packages(**wanted: Any) -> Arrangement:
    """The index has these packages as well, or in place of those that it had."""

    def arrange(stage: Stage) -> None:
        stage.packages.update({name.replace("__", "."): made for name, made in wanted.items()})
        stage.publish()

    return arrange


def without(name: str) -> Arrangement:
    """The index has a package no longer."""

    def arrange(stage: Stage) -> None:
        del stage.packages[name]
        stage.publish()

    return arrange


def index(**options: Any) -> Arrangement:
    """The index is another one, as of :class:`servers.index_recipes.Index`."""
    return lambda stage: stage.publish(**options)


def manifest(**keys: Any) -> Arrangement:
    """The page of ``bad`` says this; ``<web>`` in it is the server, and one file is there for all."""

    def arrange(stage: Stage) -> None:
        stage.web.page(file_path(CONTENT), CONTENT)
        text = json.dumps({"v": 1, "version": "1.0", **keys}).replace("<web>", stage.web.url)
        stage.web.page(LATEST, text)

    return arrange


def destination(path: str) -> Arrangement:
    """The page of ``bad`` has a file that would go there."""
    return manifest(hashes=[["fine.py", HASH], [path, HASH]])


def hashed(text: str) -> Arrangement:
    """The page of ``bad`` has a file of this hash."""
    return manifest(hashes=[["bad.py", text]])


def content(data: bytes, count: int = 8, upper: bool = False) -> Arrangement:
    """The file of ``bad`` is of these bytes, and its page has so many digits of their hash."""

    def arrange(stage: Stage) -> None:
        name = digits(data, count)
        name = name.upper() if upper else name
        stage.web.page(f"{INDEX}/file/{name[:2]}/{name}", data)
        stage.web.page(LATEST, json.dumps({"v": 1, "version": "1.0", "hashes": [["bad.py", name]]}))

    return arrange


def chain(length: int) -> Arrangement:
    """``bad`` is the first of packages of which each needs the next."""

    def arrange(stage: Stage) -> None:
        for number in range(length):
            deps = [[f"{stage.web.url}/m{number + 1}/package.json", ""]] if number + 1 < length else []
            stage.json(f"/m{number}/package.json", {"deps": deps, "urls": []})
        stage.want('good = "*"', f'bad = "{stage.web.url}/m0/package.json"')

    return arrange


# --- the network ----------------------------------------------------------------------------------


def nobody(stage: Stage) -> None:
    """Nothing listens where the index should be."""
    stage.want('good = "*"', 'bad = "*"', indices=f'["{_closed(stage)}"]')


def nobody_first(stage: Stage) -> None:
    """Nothing listens where the first index should be."""
    stage.want('good = "*"', 'bad = "*"', indices=f'["{_closed(stage)}", "{stage.index}"]')


def _closed(stage: Stage) -> str:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{closed.getsockname()[1]}"


def tls(kind: str, *, trusted: bool = True) -> Arrangement:
    """The index is at a server with such a certificate."""

    def arrange(stage: Stage) -> None:
        server = stage.servers.tls(kind)
        server.packages(stage.packages)
        stage.call(server.url, "<tls>")
        stage.env["SSL_CERT_FILE"] = str(stage.servers.ca_file) if trusted else None
        stage.want('good = "*"', 'bad = "*"', indices=f'["{server.url}{INDEX}"]')

    return arrange


def tls_redirects(target: str) -> Arrangement:
    """The index is at a server with TLS that sends everybody elsewhere for the file of ``bad``."""

    def arrange(stage: Stage) -> None:
        tls("right")(stage)
        to = target.replace("<web>", stage.web.url)
        stage.servers.opened("right").fault("redirect", FILE, to=to)

    return arrange


def plain_for_tls(stage: Stage) -> None:
    """Where TLS should be there is none."""
    address = stage.web.url.replace("http:", "https:")
    stage.call(address, "<tls>")
    stage.want('good = "*"', 'bad = "*"', indices=f'["{address}{INDEX}"]')


def proxy(*, refuses: bool = False, named: str = "", allowed: bool = True) -> Arrangement:
    """The index can be reached by a proxy only."""

    def arrange(stage: Stage) -> None:
        made = stage.proxy(1 if refuses else stage.web.port)
        stage.env["http_proxy"] = stage.env["https_proxy"] = named or f"http://us:secret@{made.address}"
        stage.lines.append('http_hosts = ["index.test"]' if allowed else "")
        stage.want('good = "*"', 'bad = "*"', indices='["http://index.test/pi/v2"]')

    return arrange


def token(target: str) -> Arrangement:
    """There is a token for the server, which sends everybody to another one."""

    def arrange(stage: Stage) -> None:
        stage.env["BELAY_TOKEN_127_0_0_1"] = "s3cr3t"
        other = stage.around.enter_context(type(stage.web)())
        other.page("/bad.py", "BAD = 1\n")
        stage.call(other.url, "<other>")
        stage.web.fault("redirect", FILE, to=target.replace("<other>", other.url))
        stage.around.callback(lambda: _no_secret(other))

    return arrange


def _no_secret(server: Any) -> None:
    assert not any("s3cr3t" in str(request.headers) for request in server.counts().requests)


def env(**values: str | None) -> Arrangement:
    """The environment has this; ``<top>`` in it is the folder around everything."""

    def arrange(stage: Stage) -> None:
        for name, value in values.items():
            stage.env[name] = value and value.replace("<top>", str(stage.scene.top))

    return arrange


# --- the project ----------------------------------------------------------------------------------


def wants(*dependencies: str, indices: str | None = None) -> Arrangement:
    """The project wants this besides ``good``; ``<web>`` in it is the server."""

    def arrange(stage: Stage) -> None:
        filled = [each.replace("<web>", stage.web.url) for each in dependencies]
        there = indices and indices.replace("<web>", stage.web.url)
        stage.want('good = "*"', *filled, indices=there)

    return arrange


def setting(line: str, *dependencies: str) -> Arrangement:
    """The table ``[tool.belay]`` has another line."""

    def arrange(stage: Stage) -> None:
        stage.lines.append(line)
        wants(*(dependencies or ('bad = "*"',)))(stage)

    return arrange


def table(text: str) -> Arrangement:
    """The pyproject.toml ends with this."""

    def arrange(stage: Stage) -> None:
        stage.tables.append(text)
        wants('bad = "*"')(stage)

    return arrange


def text(place: str, data: str | bytes) -> Arrangement:
    """A file of the scene has this content; ``<web>`` in it is the server."""

    def arrange(stage: Stage) -> None:
        path = stage.scene.top / place
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink() or path.is_file():
            path.unlink()
        path.write_bytes(
            data if isinstance(data, bytes) else data.replace("<web>", stage.web.url).encode("utf-8")
        )

    return arrange


def replaced(place: str, before: str, after: str) -> Arrangement:
    """A file of the scene says something else."""

    def arrange(stage: Stage) -> None:
        path = stage.scene.top / place
        old = path.read_text(encoding="utf-8")
        written = before.replace("<web>", stage.web.url)
        assert written in old, (place, before, old)
        path.write_text(old.replace(written, after), encoding="utf-8")

    return arrange


def gone(place: str) -> Arrangement:
    """A file or an empty folder is not there."""

    def arrange(stage: Stage) -> None:
        path = stage.scene.top / place
        path.rmdir() if path.is_dir() else path.unlink()

    return arrange


def link(place: str, target: str) -> Arrangement:
    """A symlink in the place of whatever is there."""

    def arrange(stage: Stage) -> None:
        import shutil

        path = stage.scene.top / place
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        path.symlink_to(stage.scene.top / target)

    return arrange


def folder(place: str) -> Arrangement:
    """An empty folder."""
    return lambda stage: (stage.scene.top / place).mkdir(parents=True)


def vendored(place: str, data: str | bytes) -> Arrangement:
    """A vendored file has this content."""
    return text(f"project/{VENDORED}/main/{place}", data)


def read_only_folder(place: str) -> Arrangement:
    """Nobody can change anything in a folder."""

    def arrange(stage: Stage) -> None:
        stage.around.enter_context(read_only(stage.scene.top / place))

    return arrange


def inside(place: str) -> Arrangement:
    """The command runs in another folder."""

    def arrange(stage: Stage) -> None:
        stage.folder = stage.scene.top / place
        stage.folder.mkdir(parents=True, exist_ok=True)

    return arrange


# --- the store ------------------------------------------------------------------------------------


def emptied(stage: Stage) -> None:
    """The store is empty, and of the vendored files one is missing."""
    stage.clear_store()
    (stage.scene.project / VENDORED / "main" / "bad.py").unlink()


def stored(change: str) -> Arrangement:
    """What the store has of ``bad`` is damaged in some way, and the vendored file is missing."""

    def arrange(stage: Stage) -> None:
        (stage.scene.project / VENDORED / "main" / "bad.py").unlink(missing_ok=True)
        path = stage.scene.store / FORMAT / "content" / digits(BAD["bad.py"], 64)
        size = path.stat().st_size
        path.unlink()
        match change:
            case "other":
                path.write_bytes(b"#" * size)
            case "short":
                path.write_bytes(b"#")
            case "link":
                path.symlink_to(stage.scene.top / "canary")
            case "folder":
                path.mkdir()

    return arrange


def records_of(moment: float) -> Arrangement:
    """The store's records are of another time."""

    def arrange(stage: Stage) -> None:
        for path in stage.scene.store.rglob("*"):
            if path.parent.name == "pages":
                head, _, rest = path.read_bytes().partition(b"\n")
                known = json.loads(head) | {"fetched": moment}
                path.write_bytes(json.dumps(known).encode() + b"\n" + rest)

    return arrange


def times(moment: float) -> Arrangement:
    """All files of the project and the store are of another time."""

    def arrange(stage: Stage) -> None:
        for top in (stage.scene.project, stage.scene.store):
            for path in top.rglob("*"):
                os.utime(path, (moment, moment))

    return arrange


# --- git hosts ------------------------------------------------------------------------------------


HUB = {"refs": "/hub/o/r.git/info/refs", "file": "/raw/o/r/", "archive": "/hub/o/r/archive/"}
"""Where the git host has what of a repository."""


def repository(name: str, *commits: dict[str, str], tags: tuple[str, ...] = ()) -> Arrangement:
    """A repository at the git host; after each commit a tag, as far as there are some."""

    def arrange(stage: Stage) -> None:
        made = stage.repository(name)
        for number, each in enumerate(commits):
            made.commit(each)
            if number < len(tags):
                made.tag(tags[number])

    return arrange


def git(name: str, *commits: dict[str, str]) -> Arrangement:
    """A repository that the git program fetches."""

    def arrange(stage: Stage) -> None:
        made = Repository(_gits(stage), name)
        for each in commits:
            made.commit(each)

    return arrange


def wants_git(*dependencies: str) -> Arrangement:
    """The project wants this besides ``good``; ``<git>`` in it is the folder with the repositories."""

    def arrange(stage: Stage) -> None:
        address = f"git+{_gits(stage).as_uri()}"
        stage.call(address, "<git>")
        stage.want('good = "*"', *(each.replace("<git>", address) for each in dependencies))

    return arrange


def _gits(stage: Stage) -> Path:
    folder = stage.scene.top.parent / "gits"
    folder.mkdir(exist_ok=True)
    return folder
