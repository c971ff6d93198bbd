"""What packages of git hosts cost: 30 dependencies in 30 repositories of three hosts, files and folders.

    python3 dev.py bench hosts [--quick] [--json]

The hosts are one server on this machine, which answers after 50 ms what git makes of real repositories.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import page
from packages_table import Row, as_json, as_text
from packages_work import Job, Project, WebServer, measure
from servers.git_hosts import Repository

LATENCY = 0.05
HOSTS = ("github", "gitlab", "codeberg")
COUNT = 30
SECTION = """
[tool.belay.hosts]
github = {{ url = "{url}/hub", raw = "{url}/raw" }}
gitlab = "{url}/lab"
codeberg = "{url}/berg"
"""


@dataclass(frozen=True)
class Work:
    """A row's name, its job, and the most that it may cost."""

    name: str
    job: Job
    seconds: float
    requests: int | None = None


WORKS = (
    Work("update, cold, 50 ms latency", Job("update", "nothing", LATENCY), 2.0),
    Work("update, nothing new", Job("update", "all", LATENCY), 1.0, COUNT),
    Work("fetch, files wiped, store warm", Job("fetch", "store", LATENCY), 0.3, 0),
    Work("fetch, files in place", Job("fetch", "all", LATENCY), 0.3, 0),
)


def fill(folder: Path, number: int) -> str:
    """Makes a repository; how a project names the package in it."""
    name, host = f"owner/repository{number}", HOSTS[number % len(HOSTS)]
    repository = Repository(folder, name)
    modules = {f"lib/m{each}.py": f"VALUE = {number * 100 + each}\n" * 50 for each in range(4)}
    match number // len(HOSTS) % 3:
        case 0:
            repository.commit({"one.py": f"VALUE = {number}\n", **modules})
            return f"{host}:{name}/one.py"
        case 1:
            urls = [[f"package{number}/m{each}.py", f"lib/m{each}.py"] for each in range(4)]
            repository.commit({"package.json": json.dumps({"urls": urls, "version": "1.0"}), **modules})
            repository.tag("v1.0", annotated=True)
            return f"{host}:{name}@v1.0"
    repository.commit({"lib/__init__.py": "", "README.md": "more\n" * 1000, **modules})
    return f"{host}:{name}/lib@main"


@contextmanager
def laboratory() -> Iterator[tuple[WebServer, Project]]:
    """A server with the repositories, and a project that wants something of each."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made, WebServer() as server:
        folder = Path(made) / "repositories"
        folder.mkdir()
        wanted = {f"package{number}": fill(folder, number) for number in range(COUNT)}
        for path, kind in (("/hub", "github"), ("/raw", "raw"), ("/lab", "gitlab"), ("/berg", "gitea")):
            server.git(path, folder, kind)
        project = Project(Path(made), server.packages({}), wanted)
        with (project.folder / "pyproject.toml").open("a", encoding="utf-8") as file:
            file.write(SECTION.format(url=server.url))
        yield server, project


def works(*, quick: bool) -> list[Row]:
    """The table."""
    rows: list[Row] = []
    with laboratory() as (server, project):
        # The hosts have made each archive before; that is not what is measured.
        project.run("update")
        for work in WORKS:
            ran = measure(server, project, work.job, 1 if quick else 5, inside=False)
            rows.append(Row(work.name, "s", ran.seconds, target=work.seconds))
            rows.append(Row("", "requests", ran.requests, target=work.requests))
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="each thing once")
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    given = parser.parse_args()
    rows, about = works(quick=given.quick), page.about()
    if given.json:
        print(json.dumps({**about, "rows": as_json(rows)}, indent=1))
    else:
        print(" - ".join(about.values()), "\n")
        print(as_text(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
