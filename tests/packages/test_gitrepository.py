"""A cached repository by itself; what is made of it is in test_gitcache.py."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.repositories import Remote, isolate

from belay.exceptions import FetchError
from belay.packages.gitlisting import Listed, read_listing, read_refs
from belay.packages.gitplace import Address
from belay.packages.gitprogram import GitProgram
from belay.packages.gitrepository import Repository, remove_tree

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")

MOST = 1 << 20


@pytest.fixture
def remote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Remote:
    isolate(tmp_path / "home", monkeypatch)
    return Remote(tmp_path / "remote")


@pytest.fixture
def repository(remote: Remote, tmp_path: Path) -> Iterator[Repository]:
    (tmp_path / "cache").mkdir()
    program = GitProgram()
    yield (made := Repository(remote.path.as_uri(), tmp_path / "cache", program))
    made.close()
    program.close()


def test_lists_are_read_back(remote: Remote, repository: Repository) -> None:
    names = {"a b.py": b"1", "lib/\u00e9\n.py": b"22"}
    commit = remote.commit_files(names)
    repository.ensure(commit)
    listed = read_listing(repository.listing(commit, "", MOST))
    assert listed == [Listed("a b.py", "100644", 1), Listed("lib/\u00e9\n.py", "100644", 2)]
    assert read_listing(b"") == []
    refs = read_refs(repository.refs())
    assert refs.commits == {"refs/heads/main": commit}


def test_a_name_that_is_no_text_is_kept_as_it_is(remote: Remote, repository: Repository) -> None:
    remote.commit(x_py="")
    tree = f"100644 blob {remote.git('rev-parse', 'HEAD:x.py')}\t".encode() + b"\xff.py\0"
    command = ["git", "mktree", "-z"]
    done = subprocess.run(command, input=tree, cwd=remote.path, capture_output=True, check=True)
    made = done.stdout.decode().strip()
    commit = remote.git("commit-tree", made, "-m", "odd")
    remote.git("update-ref", "refs/heads/odd", commit)
    repository.ensure(commit)
    (file,) = read_listing(repository.listing(commit, "", MOST))
    assert file.path == "\udcff.py"


def test_only_what_a_branch_needs_is_fetched(remote: Remote, repository: Repository) -> None:
    old = remote.commit(x_py="1")
    new = remote.commit(x_py="2")
    assert repository.resolve("main") == new
    repository.ensure(new)
    assert not (repository.folder / "refs" / "belay" / old).exists()
    assert (repository.folder / "shallow").read_text().split() == [new]
    assert not (repository.folder / "hooks").exists()
    with pytest.raises(FetchError, match="not in the cache"):
        repository.ensure(old, offline=True)
    assert repository.content(Address(repository.url, new, "x.py"), MOST) == b"2"


def test_a_folder_is_removed_whatever_is_in_it(remote: Remote, repository: Repository) -> None:
    repository.ensure(remote.commit(x_py="1"))
    outside = remote.path / "x.py"
    (repository.folder / "link").symlink_to(outside)
    remove_tree(repository.folder)
    assert not repository.folder.exists()
    assert outside.exists()
    remove_tree(repository.folder)
