"""The process of :class:`servers.web.WebServer`: serves HTTP or TLS, and does as its standard input says.

Commands and their answers are JSON, one a line. Asyncio with a protocol of our own, because the time that
a server takes must not hide what a client costs.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import ssl
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from servers import git_hosts, index_recipes

FAULTS = {"status", "drop", "truncate", "wrong", "drip", "mute", "redirect", "garbage", "raw", "stall"}


@dataclass
class Site:
    """What the server has, and what it counts."""

    pages: dict[str, tuple[bytes, dict[str, str]]] = field(default_factory=dict)
    indices: dict[str, index_recipes.Index | git_hosts.GitHost] = field(default_factory=dict)
    latency: float = 0.0
    etags: bool = True
    faults: list[dict[str, Any]] = field(default_factory=list)
    requests: list[list[Any]] = field(default_factory=list)
    connections: int = 0
    open: set[Conversation] = field(default_factory=set)
    most_open: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    def find(self, path: str) -> tuple[bytes, dict[str, str]] | None:
        """The content at a path and its headers."""
        if path in self.pages:
            return self.pages[path]
        for root, index in self.indices.items():
            if path.startswith(root + "/"):
                content = index.get(path.removeprefix(root + "/"))
                return None if content is None else (content, {})
        return None

    def fault(self, path: str) -> dict[str, Any]:
        """The first fault that is in force for a path; empty for none."""
        for fault in self.faults:
            if fault["times"] and path.startswith(fault["path"]):
                fault["times"] -= 1
                return fault
        return {}


class Conversation(asyncio.Protocol):
    """One connection: requests in, answers out, one at a time."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.buffer = b""
        self.busy = False
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.site.connections += 1
        self.site.open.add(self)
        self.site.most_open = max(self.site.most_open, len(self.site.open))

    def connection_lost(self, exc: Exception | None) -> None:
        self.site.open.discard(self)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if self.buffer[:1].isupper():
            self.next()
        else:
            self.send(400, b"this is not HTTP", {})
            self.transport.close()

    def next(self) -> None:
        """Answers the next request, if it is complete."""
        end = self.buffer.find(b"\r\n\r\n")
        if self.busy or end < 0:
            return
        head, self.buffer, self.busy = self.buffer[:end].decode("latin-1"), self.buffer[end + 4 :], True
        if self.site.latency:
            asyncio.get_running_loop().call_later(self.site.latency, self.answer, head)
        else:
            self.answer(head)

    def answer(self, head: str) -> None:
        line, *rest = head.split("\r\n")
        method, target, _ = line.split(" ")
        if method == "CONNECT":
            self.send(501, b"no tunnels here", {})
            return
        headers = {name.lower(): value.strip() for name, _, value in (item.partition(":") for item in rest)}
        path = target if target.startswith("/") else "/" + target.split("/", 3)[3]
        fault = self.site.fault(path)
        self.site.requests.append([target, headers, fault.get("kind", "")])
        self.site.asked.set()
        found = self.site.find(path)
        if fault:
            self.misbehave(fault, found)
        elif found is None:
            self.send(404, b"nothing here", {})
        else:
            self.deliver(*found, headers)

    def deliver(self, content: bytes, extra: dict[str, str], headers: dict[str, str]) -> None:
        tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        more = {**extra, **({"ETag": tag} if self.site.etags else {})}
        if self.site.etags and headers.get("if-none-match") == tag:
            self.send(304, b"", more)
        else:
            self.send(200, content, more)

    def send(self, status: int, content: bytes, headers: dict[str, str], length: int | None = None) -> None:
        head = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in headers.items())]
        if status != 304:
            head.append(f"Content-Length: {len(content) if length is None else length}")
        self.transport.write("\r\n".join([*head, "", ""]).encode() + content)
        self.busy = False
        self.next()

    def misbehave(self, fault: dict[str, Any], found: tuple[bytes, dict[str, str]] | None) -> None:
        content, headers = found or (b"x" * 1000, {})
        match fault["kind"]:
            case "status":
                self.send(fault["status"], b"fault", fault.get("headers", {}))
            case "redirect":
                self.send(302, b"", {"Location": fault["to"]})
            case "drop":
                self.transport.abort()
            case "garbage":
                self.transport.write(b"\x00\xff this is not HTTP\r\n\r\n")
                self.transport.close()
            case "raw":
                self.transport.write(base64.b64decode(fault["data"]))
                self.transport.close()
            case "truncate":
                self.send(200, content[: len(content) // 2], headers, length=len(content))
                self.transport.close()
            case "wrong":
                self.send(200, content[:-1] + b"\x00", headers)
            case "drip":
                self.drip(b"HTTP/1.1 200 X\r\nContent-Length: %d\r\n\r\n" % len(content) + content, fault)
            case "stall":
                head = b"HTTP/1.1 200 X\r\nContent-Length: %d\r\n\r\n" % len(content)
                self.transport.write(head + content[: len(content) // 2])
            case "mute":
                pass  # the connection stays, and nothing ever comes

    def drip(self, data: bytes, fault: dict[str, Any]) -> None:
        """Sends one byte, and the others later."""
        if data and not self.transport.is_closing():
            self.transport.write(data[:1])
            asyncio.get_running_loop().call_later(fault.get("every", 0.05), self.drip, data[1:], fault)


class Commands:
    """What the test says."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def page(self, path: str, content: str, headers: dict[str, str]) -> None:
        self.site.pages[path] = (base64.b64decode(content), headers)

    def remove(self, path: str) -> None:
        self.site.pages.pop(path, None)
        self.site.indices.pop(path, None)

    def index(self, path: str, recipe: str, options: dict[str, Any]) -> None:
        self.site.indices[path] = getattr(index_recipes, recipe)(**options)

    def packages(self, path: str, packages: dict[str, Any], options: dict[str, Any]) -> None:
        self.site.indices[path] = index_recipes.of(packages, **options)

    def git(self, path: str, folder: str, kind: str) -> None:
        self.site.indices[path] = git_hosts.GitHost(Path(folder), kind)

    def behave(self, latency: float, etags: bool) -> None:
        self.site.latency, self.site.etags = latency, etags

    def fault(self, fault: dict[str, Any]) -> None:
        assert fault["kind"] in FAULTS, fault
        self.site.faults.append(fault)

    def clear(self) -> None:
        site = self.site
        site.pages, site.indices, site.faults, site.requests = {}, {}, [], []
        site.latency, site.etags, site.connections, site.most_open = 0.0, True, 0, 0
        for conversation in site.open:
            conversation.transport.abort()
        site.open = set()

    def heal(self) -> None:
        self.site.faults.clear()

    async def until_asked(self, times: int) -> None:
        while len(self.site.requests) < times:
            self.site.asked.clear()
            await asyncio.wait_for(self.site.asked.wait(), 20)

    def counts(self, forget: bool) -> dict[str, Any]:
        site = self.site
        answer = {"requests": site.requests, "connections": site.connections, "most_open": site.most_open}
        if forget:
            site.requests, site.connections, site.most_open = [], 0, len(site.open)
        return answer


def listen_to(commands: Commands, loop: asyncio.AbstractEventLoop) -> None:
    """Carries out commands until the other side is gone."""
    for line in sys.stdin:
        name, arguments = json.loads(line)

        async def carry_out(name: str = name, arguments: dict[str, Any] = arguments) -> Any:
            answer = getattr(commands, name)(**arguments)
            return await answer if asyncio.iscoroutine(answer) else answer

        say(asyncio.run_coroutine_threadsafe(carry_out(), loop).result())
    loop.call_soon_threadsafe(loop.stop)


def say(value: Any) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def main(certificate: str | None) -> None:
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    site = Site()
    loop = asyncio.new_event_loop()
    making = loop.create_server(lambda: Conversation(site), "127.0.0.1", 0, ssl=context, backlog=256)
    server = loop.run_until_complete(making)
    say(server.sockets[0].getsockname()[1])
    threading.Thread(target=listen_to, args=(Commands(site), loop), daemon=True).start()
    loop.run_forever()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
