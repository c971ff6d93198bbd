"""A small MicroPython index for the demonstration: a folder of files, and a web server for it.

The folder is what an index is on any web server: ``index.json``, a page for each version of a package, and
the files by their SHA-256 (see :mod:`belay.packages.index`).
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingTCPServer
from typing import NamedTuple


class Release(NamedTuple):
    """A package in one version: the text of its only module, and what it needs, as name and versions."""

    module: str
    needs: tuple[tuple[str, str], ...] = ()


SMOOTH = Release(
    """\
from rolling import median


def smooth(values, width=3):
    half = width // 2
    return [median(values[max(0, at - half) : at + half + 1]) for at in range(len(values))]
""",
    (("rolling", ">=1,<2"),),
)
ROLLING = Release(
    """\
def median(values):
    return sorted(values)[len(values) // 2]
"""
)
BETTER_ROLLING = Release(
    """\
def median(values):
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2
"""
)
OTHER_ROLLING = Release("def middle(values):\n    return sorted(values)[len(values) // 2]\n")

Packages = Mapping[str, Mapping[str, Release]]
FIRST: Packages = {"smooth": {"0.3": SMOOTH}, "rolling": {"1.0": ROLLING}}
LATER: Packages = {
    "smooth": {"0.3": SMOOTH},
    "rolling": {"1.0": ROLLING, "1.1": BETTER_ROLLING, "2.0": OTHER_ROLLING},
}


def publish(packages: Packages, folder: Path) -> None:
    """Write an index into a folder.

    Args:
        packages: By name and version, the oldest version first.
        folder: The folder, which may hold an older state of the index.
    """
    listing = []
    for name, releases in packages.items():
        for version, release in releases.items():
            page = _page(folder, name, version, release)
            # The last version is written last, and is the latest.
            for title in (version, "latest"):
                _write(folder / "package" / "py" / name / f"{title}.json", page)
        listing.append({"name": name, "version": list(releases)[-1], "versions": {"py": list(releases)}})
    _write(folder / "index.json", {"v": 2, "updated": int(time.time()), "packages": listing})


def _page(folder: Path, name: str, version: str, release: Release) -> dict[str, object]:
    content = release.module.encode()
    digits = hashlib.sha256(content).hexdigest()[:8]
    file = folder / "file" / digits[:2] / digits
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return {"v": 1, "version": version, "hashes": [[f"{name}.py", digits]], "deps": release.needs}


def _write(path: Path, page: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(page), encoding="utf-8")


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder by HTTP on this computer.

    Yields:
        Its address.
    """
    # Not HTTPServer: that one asks the network for this computer's name first.
    with _Server(("127.0.0.1", 0), partial(_Handler, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingTCPServer):
    daemon_threads = True
    # A client that keeps its connection open is not waited for.
    block_on_close = False


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer by content: a file's date is too coarse for what changes within a second."""
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        content = path.read_bytes()
        etag = f'"{hashlib.sha256(content).hexdigest()}"'
        if self.headers["If-None-Match"] == etag:
            self._answer(HTTPStatus.NOT_MODIFIED, etag, b"")
        else:
            self._answer(HTTPStatus.OK, etag, content)

    def _answer(self, status: HTTPStatus, etag: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing: the terminal is the demonstration's."""
