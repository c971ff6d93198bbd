"""A web proxy for tests, in a process of its own: it forwards what it is asked, to one server only."""

from __future__ import annotations

import subprocess
import sys
from types import TracebackType

PROGRAM = r"""
import asyncio, sys

async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    writer.close()

async def serve(reader, writer):
    head = await reader.readuntil(b"\r\n\r\n")
    line, *rest = head[:-4].decode("latin-1").split("\r\n")
    method, target, version = line.split(" ")
    logins = [each.partition(":")[2].strip() for each in rest if each.lower().startswith("proxy-auth")]
    print(method, target, *logins, flush=True)
    try:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]))
    except OSError:
        writer.close()
        return
    if method == "CONNECT":
        writer.write(b"HTTP/1.1 200 X\r\n\r\n")
    else:
        kept = [each for each in rest if not each.lower().startswith(("proxy-", "connection"))]
        path = "/" + target.split("/", 3)[3]
        lines = [f"{method} {path} {version}", *kept, "Connection: close", "", ""]
        there_writer.write("\r\n".join(lines).encode("latin-1"))
    await asyncio.gather(pump(reader, there_writer), pump(there_reader, writer))

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


class Proxy:
    """A proxy on a port of 127.0.0.1; whatever name it is asked for, it asks one server.

    Args:
        port: The server's, on 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", PROGRAM, str(port)], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.address = f"127.0.0.1:{int(self._process.stdout.readline())}"

    def __enter__(self) -> Proxy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def asked(self) -> list[str]:
        """Ends it; what it was asked: method, target, and who asked."""
        self._process.kill()
        assert self._process.stdout is not None
        return self._process.stdout.read().splitlines()
