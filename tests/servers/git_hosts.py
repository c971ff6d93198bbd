"""Git repositories as GitHub, GitLab and Gitea show them; all of it is made by git itself."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

_HERE = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "T",
    "GIT_AUTHOR_EMAIL": "t@example.com",
    "GIT_COMMITTER_NAME": "T",
    "GIT_COMMITTER_EMAIL": "t@example.com",
    "GIT_COMMITTER_DATE": "1700000000 +0000",
}
_REFS = re.compile(r"(?P<repository>.+)\.git/info/refs\?service=git-upload-pack")
_SHAPES = {
    "github": (
        (re.compile(r"(?P<repository>[^/]+/[^/]+)/raw/(?P<rest>.+)"), "file"),
        (re.compile(r"(?P<repository>[^/]+/[^/]+)/archive/(?P<ref>.+)\.tar\.gz"), "archive"),
    ),
    "raw": ((re.compile(r"(?P<repository>[^/]+/[^/]+)/(?P<rest>.+)"), "file"),),
    "gitlab": (
        (re.compile(r"(?P<repository>.+?)/-/raw/(?P<rest>.+)"), "file"),
        (re.compile(r"(?P<repository>.+?)/-/archive/(?P<ref>.+)/[^/]+\.tar\.gz"), "archive"),
    ),
    "gitea": (
        (re.compile(r"api/v1/repos/(?P<repository>[^/]+/[^/]+)/raw/(?P<path>.+)\?ref=(?P<ref>.+)"), "file"),
        (re.compile(r"api/v1/repos/(?P<repository>[^/]+/[^/]+)/archive/(?P<ref>.+)\.tar\.gz"), "archive"),
    ),
}


class GitHost:
    """What a host answers.

    Args:
        folder: Where the repositories are: ``owner/repository.git``.
        kind: ``"github"``, ``"raw"`` (as raw.githubusercontent.com), ``"gitlab"`` or ``"gitea"``.
    """

    def __init__(self, folder: Path, kind: str) -> None:
        self._folder = folder
        self._shapes = _SHAPES[kind]
        self._known: dict[str, bytes | None] = {}

    def get(self, path: str) -> bytes | None:
        """What is at a path, or None."""
        if match := _REFS.fullmatch(path):
            return self._refs(match["repository"])
        if path not in self._known:
            found = self._find(path)
            if not re.search("[0-9a-f]{40}", path):
                return found
            self._known[path] = found  # it is of a commit, so it stays
        return self._known[path]

    def _find(self, path: str) -> bytes | None:
        from urllib.parse import unquote

        for shape, kind in self._shapes:
            if match := shape.fullmatch(path):
                folder = self._folder / f"{match['repository']}.git"
                parts = {name: unquote(value) for name, value in match.groupdict().items()}
                if not folder.is_dir():
                    return None
                return _archive(folder, parts["ref"]) if kind == "archive" else _file(folder, parts)
        return None

    def _refs(self, repository: str) -> bytes | None:
        environment = {
            **_HERE,
            "GIT_PROJECT_ROOT": str(self._folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": "GET",
            "PATH_INFO": f"/{repository}.git/info/refs",
            "QUERY_STRING": "service=git-upload-pack",
        }
        done = subprocess.run(["git", "http-backend"], env=environment, capture_output=True, check=True)
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        return None if head.startswith(b"Status: ") else body


class Repository:
    """A repository that a test makes.

    Args:
        folder: Where the repositories of a host are.
        name: As ``"owner/repository"``.
        branch: The branch that ``HEAD`` is.
    """

    def __init__(self, folder: Path, name: str, branch: str = "main") -> None:
        self.path = folder / f"{name}.git"
        self.path.mkdir(parents=True)
        self.git("init", "-q", "-b", branch)
        self.branch = branch

    def git(self, *arguments: str, given: bytes = b"") -> str:
        """Runs git in it."""
        done = subprocess.run(
            ["git", *arguments], cwd=self.path, env=_HERE, input=given, capture_output=True, check=True
        )
        return done.stdout.decode().strip()

    def commit(
        self, files: Mapping[str, bytes | str], branch: str = "", links: Mapping[str, str] | None = None
    ) -> str:
        """Makes a commit with these files and no others.

        Args:
            files: Content by path.
            branch: On which branch; empty for that of ``HEAD``.
            links: Where links go, by path.

        Returns:
            The commit.
        """
        ref = f"refs/heads/{branch or self.branch}"
        # https://git-scm.com/docs/git-fast-import
        lines = [f"commit {ref}\ncommitter T <t@example.com> 1700000000 +0000\ndata 0\n".encode()]
        if ref in self.git("for-each-ref", "--format=%(refname)").split():
            lines.append(f"from {ref}^0\ndeleteall\n".encode())
        entries = [("100644", path, content) for path, content in files.items()]
        entries += [("120000", path, target) for path, target in (links or {}).items()]
        for mode, path, content in entries:
            data = content.encode() if isinstance(content, str) else content
            lines += [f"M {mode} inline {path}\ndata {len(data)}\n".encode(), data, b"\n"]
        self.git("fast-import", "--quiet", given=b"".join(lines))
        return self.git("rev-parse", ref)

    def tag(self, name: str, *, annotated: bool = False) -> None:
        """Gives the commit of ``HEAD`` a tag."""
        self.git("tag", *(["-a", "-m", name] if annotated else []), name)


def _file(folder: Path, parts: Mapping[str, str]) -> bytes | None:
    if "path" in parts:
        ways = [(parts["ref"], parts["path"])]
    else:
        # A ref may have slashes.
        words = parts["rest"].split("/")
        ways = [("/".join(words[:count]), "/".join(words[count:])) for count in range(1, len(words))]
    for ref, path in ways:
        done = subprocess.run(
            ["git", "cat-file", "blob", f"{ref}:{path}"],
            cwd=folder,
            env=_HERE,
            capture_output=True,
            check=False,
        )
        if done.returncode == 0:
            return done.stdout
    return None


def _archive(folder: Path, ref: str) -> bytes | None:
    command = ["git", "archive", "--format=tar.gz", f"--prefix={folder.stem}-{ref.replace('/', '-')}/", ref]
    done = subprocess.run(command, cwd=folder, env=_HERE, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else None
