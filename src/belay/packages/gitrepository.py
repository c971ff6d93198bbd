"""A repository of git, bare and shallow: which commit a ref is, the list of a commit's files, their content.

Nothing is checked out. What is in a file is what was committed: no hook and no filter runs, and no link is
followed.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

from belay.exceptions import FetchError, PackageError, UnsafePathError
from belay.packages.exclusive import exclusive
from belay.packages.gitlisting import LINK, SUBMODULE, Entry, read_tree, write_listing
from belay.packages.gitplace import Address, is_commit
from belay.packages.gitprogram import GitProgram

T = TypeVar("T")

SUFFIX = ".git"
"""What the name of a cached repository's folder ends with."""
REMOTE = "belay-remote"
"""The file in it that says where it comes from."""
MAX_ENTRIES = 100_000
"""Files of a commit."""

_ABBREVIATED = re.compile("[0-9a-f]{4,63}")
_POINTER = b"version https://git-lfs.github.com/spec/v1\n"
"""How a pointer begins (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md)."""
_MOST_POINTER = 1024
_ALL = 2**31 - 1
"""The depth that is git's word for all history."""
_HOPELESS = {
    *("dns", "tls", "refused", "unreachable", "timeout", "dropped", "status", "denied"),
    *("insecure", "too-large", "interrupted"),
}
"""Failures that asking otherwise would only repeat."""


class _DamagedError(Exception):
    """The cached repository lacks something, or git cannot read it."""


class Repository:
    """A bare repository in the cache.

    Args:
        url: The remote.
        folder: Where the repositories are.
        program: Runs git.
        say: Called with a sentence when another process has to be waited for.
    """

    def __init__(
        self, url: str, folder: Path, program: GitProgram, say: Callable[[str], None] | None = None
    ) -> None:
        name = hashlib.sha256(url.encode()).hexdigest()[:32]
        self.url = url
        self.folder = folder / f"{name}{SUFFIX}"
        self._in_use = folder / f"{name}.lock"
        self._program = program
        self._say = say
        self._lock = threading.RLock()
        self._entries: dict[str, dict[str, Entry]] = {}
        self._reader: subprocess.Popen[bytes] | None = None

    def close(self) -> None:
        """Ends the git that reads files."""
        reader, self._reader = self._reader, None
        if reader is not None:
            self._program.stop(reader)

    # --- refs and commits ------------------------------------------------------------------------

    def resolve(self, ref: str, *, offline: bool = False) -> str:
        """The commit that a branch, a tag, the beginning of a commit's name or ``"HEAD"`` is now.

        Raises:
            FetchError: There is none, there are several, or the remote does not answer.
        """
        if is_commit(ref):
            return ref
        if offline:
            raise self._offline(f"what {ref} is now is not known")
        full = ref == "HEAD" or ref.startswith("refs/")
        names = [ref] if full else [f"refs/tags/{ref}", f"refs/heads/{ref}"]
        # A tag that is an object of its own has the commit behind ^{}.
        patterns = [pattern for name in names for pattern in (name, f"{name}^{{}}")]
        with self._alone() as held:
            said = self._in_good_order(lambda: dict(self._remote_refs(*patterns, hold=held)))
        commits = {said.get(f"{name}^{{}}") or said[name] for name in names if name in said}
        if len(commits) > 1:
            hint = f"write branch = or tag = in a table, or @refs/heads/{ref} or @refs/tags/{ref}"
            raise FetchError(
                f"git+{self.url}", "git", f"{ref} is a branch, and a tag of another commit", hint=hint
            )
        if commits:
            return commits.pop()
        if _ABBREVIATED.fullmatch(ref.lower()):
            return self._abbreviated(ref.lower())
        raise self._no_ref(ref)

    def refs(self, *, offline: bool = False) -> bytes:
        """The branches and tags, as :func:`~belay.packages.gitlisting.read_refs` reads them.

        Raises:
            FetchError: The remote does not answer.
        """
        if offline:
            raise self._offline("what refs there are is not known")
        with self._alone() as held:
            found = self._in_good_order(lambda: list(self._remote_refs("refs/*", hold=held)))
        return "".join(f"{commit} {name}\n" for name, commit in found).encode(errors="replace")

    def ensure(self, commit: str, *, offline: bool = False, anew: bool = False) -> None:
        """Makes sure that a commit is here, with all its files.

        Args:
            commit: Its full name.
            offline: Whether the remote may not be asked.
            anew: Whether to fetch it whatever is here, which is damaged.

        Raises:
            FetchError: It is not here, and could not be had.
        """
        if self._has(commit) and not anew:
            return
        if offline:
            raise self._offline(f"the commit {commit} is not in the cache")
        with self._alone() as held:
            if self._has(commit) and not anew:
                return  # another process has fetched it meanwhile
            if anew:
                self._remove()
            self._in_good_order(lambda: self._fetch(commit, held))

    def _in_good_order(self, call: Callable[[], T]) -> T:
        """Calls what needs the cached repository; once more with a new one if it is that which is wrong."""
        made = self._make()
        try:
            return call()
        except FetchError as error:
            if error.kind != "git" or made or self._is_sound():
                raise
            self._remove()
            self._make()
            return call()

    def _is_sound(self) -> bool:
        try:
            self._run("fsck", "--connectivity-only", "--no-dangling", "--no-progress")
        except FetchError as error:
            return error.kind != "git"
        return True

    def _fetch(self, commit: str, held: BinaryIO) -> None:
        try:
            self._run_fetch(held, "--depth=1", f"+{commit}:{_mark(commit)}")
        except FetchError as error:
            if error.kind in _HOPELESS:
                raise
            # Servers need not give a commit that no branch ends with; then it is in the history of one.
            self._fetch_all(held)
            try:
                self._run("update-ref", _mark(commit), f"{commit}^{{commit}}")
            except FetchError:
                reason = f"the commit {commit} is not there, or no longer"
                hint = "its history was rewritten, it seems; update takes what is there now"
                raise FetchError(f"git+{self.url}", "not-found", reason, hint=hint) from error

    def _fetch_all(self, held: BinaryIO) -> None:
        refs = ("+refs/heads/*:refs/all/heads/*", "+refs/tags/*:refs/all/tags/*")
        try:
            self._run_fetch(held, f"--depth={_ALL}", *refs)
        except FetchError as error:
            if "dumb http" not in error.reason:
                raise
            self._run_fetch(held, *refs)

    def _run_fetch(self, held: BinaryIO, *words: str) -> None:
        options = ("--no-tags", "--force", "--progress", "--no-recurse-submodules")
        depth = [word for word in words if word.startswith("--")]
        refs = [word for word in words if not word.startswith("--")]
        self._program.ask(self.url, self.folder, "fetch", *options, *depth, "--", self.url, *refs, hold=held)

    def _abbreviated(self, ref: str) -> str:
        """The commit whose name begins so; only the whole history tells."""
        with self._alone() as held:
            self._in_good_order(lambda: self._fetch_all(held))
            try:
                commit = self._run("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}").decode().strip()
            except FetchError as error:
                raise self._no_ref(ref) from error
            self._run("update-ref", _mark(commit), commit)
        return commit

    def _remote_refs(self, *patterns: str, hold: BinaryIO | None = None) -> Iterator[tuple[str, str]]:
        said = self._program.ask(self.url, self.folder, "ls-remote", "--", self.url, *patterns, hold=hold)
        for line in said.decode(errors="replace").splitlines():
            commit, _, name = line.partition("\t")
            if is_commit(commit):
                yield name, commit

    def _no_ref(self, ref: str) -> FetchError:
        from difflib import get_close_matches

        if ref == "HEAD":
            return FetchError(f"git+{self.url}", "not-found", "is empty: there is no commit in it")
        names = [name.split("/", 2)[2] for name, _ in self._remote_refs("refs/heads/*", "refs/tags/*")]
        near = get_close_matches(ref.removeprefix("refs/heads/").removeprefix("refs/tags/"), names, 1)
        hint = f"did you mean {near[0]}?" if near else None
        what = "branch, tag or commit"
        return FetchError(f"git+{self.url}", "not-found", f"has no {what} {ref!r}", hint=hint)

    def _offline(self, reason: str) -> FetchError:
        return FetchError(f"git+{self.url}", "offline", reason, hint="without --offline it would be fetched")

    # --- files -----------------------------------------------------------------------------------

    def listing(self, commit: str, path: str, most: int) -> bytes:
        """The files at and below a path, as :func:`~belay.packages.gitlisting.read_listing` reads them."""
        entries = self._repaired(commit, lambda: self._tree(commit))
        found = write_listing(
            (name, entry)
            for name, entry in entries.items()
            if not path or name == path or name.startswith(f"{path}/")
        )
        if not found:
            raise FetchError(self._of(commit), "not-found", f"has no {path!r}")
        if len(found) > most:
            raise FetchError(self._of(commit), "too-large", f"has a list of files larger than {most} bytes")
        return found

    def content(self, place: Address, most: int) -> bytes:
        """What is in a file."""
        assert place.path is not None
        entries = self._repaired(place.ref, lambda: self._tree(place.ref))
        entry = entries.get(place.path)
        if entry is None or entry.mode.startswith(SUBMODULE):
            raise self._no_file(place, entries)
        if entry.mode.startswith(LINK):
            raise UnsafePathError(place.path, "is a link, which is not followed", where=self._of(place.ref))
        if entry.size > most:
            raise FetchError(str(place), "too-large", f"is larger than {most} bytes")
        content = self._repaired(place.ref, lambda: self._read(entry))
        if len(content) < _MOST_POINTER and content.startswith(_POINTER):
            reason = "is kept by Git LFS, and the repository has only a pointer to it"
            raise PackageError(f"{place}: {reason}", hint="such files are not supported")
        return content

    def _repaired(self, commit: str, call: Callable[[], T]) -> T:
        """Calls what reads a commit; once more with the commit fetched anew if it is damaged."""
        with self._lock:
            try:
                return call()
            except _DamagedError as error:
                if self._program.closed:
                    raise FetchError(self._of(commit), "interrupted", "was interrupted") from error
                self.ensure(commit, anew=True)
            try:
                return call()
            except _DamagedError as error:
                reason = f"cannot be read, though it was fetched anew: {error}"
                raise FetchError(self._of(commit), "git", reason) from error

    def _tree(self, commit: str) -> dict[str, Entry]:
        if commit not in self._entries:
            try:
                said = self._run("ls-tree", "-r", "-z", "-l", "--full-tree", commit)
            except FetchError as error:
                if error.kind in {"timeout", "too-large", "interrupted"}:
                    raise
                raise _DamagedError(error.reason) from error
            if said.count(b"\0") > MAX_ENTRIES:
                raise FetchError(self._of(commit), "too-large", f"has more than {MAX_ENTRIES} files")
            self._entries[commit] = read_tree(said)
        return self._entries[commit]

    def _read(self, entry: Entry) -> bytes:
        if self._reader is None or self._reader.poll() is not None:
            self.close()
            self._reader = self._program.start(self.url, self.folder, "cat-file", "--batch")
        reader = self._reader
        assert reader.stdin is not None
        assert reader.stdout is not None
        try:
            reader.stdin.write(f"{entry.name}\n".encode())
            reader.stdin.flush()
            head = reader.stdout.readline()
            # https://git-scm.com/docs/git-cat-file#_batch_output: name, type, size; content; a line's end.
            if head != f"{entry.name} blob {entry.size}\n".encode():
                raise _DamagedError(head.decode(errors="replace").strip() or "git has ended")
            content = reader.stdout.read(entry.size + 1)
        except (OSError, ValueError) as error:
            raise _DamagedError(str(error)) from error
        if len(content) != entry.size + 1:
            raise _DamagedError("git has ended")
        return content[:-1]

    def _no_file(self, place: Address, entries: dict[str, Entry]) -> PackageError:
        path = place.path or ""
        inside = [name for name in entries if f"{path}/".startswith(f"{name}/")]
        for name in inside:
            kind = "submodule" if entries[name].mode.startswith(SUBMODULE) else "link"
            hint = "name the repository of the submodule itself" if kind == "submodule" else None
            return PackageError(
                f"{self._of(place.ref)}: {path!r} is in the {kind} {name!r}, which is not followed", hint=hint
            )
        return FetchError(str(place), "not-found", "is not there")

    def _of(self, commit: str) -> str:
        return str(Address(self.url, commit))

    # --- the cached repository -------------------------------------------------------------------

    def _has(self, commit: str) -> bool:
        # Written by git when all that belongs to the commit is here.
        return (self.folder / _mark(commit)).is_file()

    @contextmanager
    def _alone(self) -> Iterator[BinaryIO]:
        """Keeps out other threads, other processes, and what a killed one may have left running."""

        def waiting() -> None:
            if self._say is not None:
                self._say(f"waiting for another belay that fetches git+{self.url}")

        with self._lock, exclusive(self._in_use, waiting=waiting) as held:
            yield held

    def _make(self) -> bool:
        """Makes the repository if there is none, and takes away what killed processes left; when alone."""
        if all((self.folder / name).exists() for name in ("HEAD", "config", "objects", "refs")):
            for path in (*self.folder.glob("*.lock"), *self.folder.glob("refs/**/*.lock")):
                path.unlink(missing_ok=True)
            for path in self.folder.glob("objects/pack/tmp_*"):
                path.unlink(missing_ok=True)
            return False
        self._remove()
        beside = self.folder.with_suffix(".new")
        remove_tree(beside)
        beside.mkdir()
        self._program.run(self.url, beside, "init", "--bare", "--quiet", "--template=")
        (beside / REMOTE).write_text(f"{self.url}\n", encoding="utf-8")
        beside.rename(self.folder)
        return True

    def _remove(self) -> None:
        self._forget()
        remove_tree(self.folder)

    def _forget(self) -> None:
        self._entries.clear()
        self.close()

    def _run(self, *words: str) -> bytes:
        return self._program.run(self.url, self.folder, *words)


def remove_tree(folder: Path) -> None:
    """Removes a folder as far as that can be done."""
    if sys.platform == "win32":
        for path in folder.rglob("*"):
            path.chmod(0o600)  # git's packs are read-only, which keeps them there
    shutil.rmtree(folder, ignore_errors=True)


def _mark(commit: str) -> str:
    """The ref that says that all of a commit is here."""
    return f"refs/belay/{commit}"
