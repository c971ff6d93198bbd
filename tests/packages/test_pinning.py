from __future__ import annotations

import pytest

from belay.exceptions import FetchError, PackageNotFoundError, RequirementError
from belay.packages.model import FromHost

from .conftest import GitHosts
from .hosted import Make, layout, read, refused


def test_each_kind_of_ref(git_hosts: GitHosts, make: Make) -> None:
    repository = git_hosts.repository()
    first = repository.commit({"a.py": "1"})
    repository.tag("v1.0", annotated=True)
    repository.tag("light")
    second = repository.commit({"a.py": "2"}, "feature/x")
    third = repository.commit({"a.py": "3"})
    supply = make()
    refs = {"v1.0": first, "light": first, "feature/x": second, "main": third, "": third, third[:9]: third}
    refs |= {"refs/heads/feature/x": second, "tags/v1.0": first}
    found = {ref: read(supply, "github:o/r/a.py" + (f"@{ref}" if ref else "")).version for ref in refs}
    assert found == refs
    # However many refs are asked for, the repository is asked once.
    assert len(git_hosts.paths()) == 1


def test_a_commit_needs_no_question(git_hosts: GitHosts, make: Make) -> None:
    commit = git_hosts.repository().commit({"a.py": "1"})
    assert read(make(), f"github:o/r/a.py@{commit.upper()}").version == commit
    assert git_hosts.paths() == []


@pytest.mark.parametrize(
    ("path", "destination"),
    [
        ("https://github.com/o/r/tree/feature/x/lib", "lib/b.py"),
        ("https://github.com/o/r/blob/feature/x/lib/b.py", "lib/__init__.py"),
        ("https://github.com/o/r/tree/feature/x", "lib/lib/b.py"),
        ("https://gitlab.com/o/r/-/blob/feature/x/lib/b.py", "lib/__init__.py"),
        ("https://codeberg.org/o/r/src/branch/feature/x/lib/b.py", "lib/__init__.py"),
        ("https://raw.githubusercontent.com/o/r/refs/heads/feature/x/lib/b.py", "lib/__init__.py"),
    ],
)
def test_branches_with_slashes_in_addresses_of_a_browser(
    git_hosts: GitHosts, make: Make, path: str, destination: str
) -> None:
    repository = git_hosts.repository()
    repository.commit({"x/lib/b.py": "main"})
    commit = repository.commit({"lib/b.py": "b"}, "feature/x")
    # A tag, so that the shorter ref exists as well.
    repository.git("tag", "feature", "main")
    found = read(make(), path, "lib")
    assert found.version == commit
    assert [file.destination for file in found.files] == [destination]


def test_a_ref_that_is_not_there_is_refused_with_what_is(git_hosts: GitHosts, make: Make) -> None:
    git_hosts.repository().commit({"a.py": ""})
    git_hosts.repository("o/empty")
    with pytest.raises(PackageNotFoundError) as caught:
        read(make(), "github:o/r/a.py@mian")
    assert "has no branch, tag or commit 'mian'" in str(caught.value)
    assert caught.value.hint == "did you mean main?"
    with refused(PackageNotFoundError, "the repository is empty"):
        read(make(), "github:o/empty/a.py")


def test_a_name_that_is_a_branch_and_a_tag_must_be_told_which(git_hosts: GitHosts, make: Make) -> None:
    repository = git_hosts.repository()
    first = repository.commit({"a.py": "1"})
    repository.tag("v1")
    repository.tag("same")
    repository.commit({"a.py": "1"}, "same")
    repository.git("branch", "-f", "same", first)
    second = repository.commit({"a.py": "2"}, "v1")
    supply = make()
    with pytest.raises(RequirementError, match="is a branch and a tag of different commits") as caught:
        read(supply, "github:o/r/a.py@v1")
    assert caught.value.hint == "write @refs/heads/v1 or @refs/tags/v1"
    found = [
        read(supply, f"github:o/r/a.py@{ref}").version for ref in ("refs/heads/v1", "refs/tags/v1", "same")
    ]
    assert found == [second, first, first]


def test_where_no_commit_can_be_known_what_is_there_is_taken(
    git_hosts: GitHosts, make: Make, warnings: list[str]
) -> None:
    git_hosts.repository().commit({"a.py": "1", "lib/__init__.py": ""})
    git_hosts.web.fault("status", "/hub/o/r.git/info/refs", status=404)
    supply = make()
    found = read(supply, "github:o/r/a.py")
    assert (found.version, layout(found)) == ("", {"sensor/__init__.py": "raw/o/r/HEAD/a.py"})
    assert read(supply, "github:o/r/lib@main").files[0].url.endswith("/archive/main.tar.gz#lib/__init__.py")
    assert warnings == [
        "github:o/r: which commit HEAD is cannot be known; what is there now is locked by its SHA-256",
        "github:o/r@main: which commit main is cannot be known; what is there now is locked by its SHA-256",
    ]


def test_the_beginning_of_a_commit_that_no_branch_is_at(
    git_hosts: GitHosts, make: Make, warnings: list[str]
) -> None:
    repository = git_hosts.repository()
    first = repository.commit({"a.py": "1"})
    repository.commit({"a.py": "2"})
    found = read(make(), f"github:o/r/a.py@{first[:10]}")
    assert layout(found) == {"sensor/__init__.py": f"raw/o/r/{first[:10]}/a.py"}
    assert len(warnings) == 1


def test_an_unknown_repository_is_told_from_a_wrong_answer(git_hosts: GitHosts, make: Make) -> None:
    git_hosts.web.fault("status", "/hub/o/closed.git", status=401)
    with pytest.raises(PackageNotFoundError) as caught:
        read(make(), "github:o/closed")
    assert "there is no such repository, or it is private (401)" in str(caught.value)
    assert "BELAY_TOKEN_127_0_0_1_" in (caught.value.hint or "")
    git_hosts.web.page("/lab/o/portal.git/info/refs?service=git-upload-pack", "<html>please log in</html>")
    with refused(FetchError, "is no list of refs"):
        read(make(), "gitlab:o/portal")
    with refused(PackageNotFoundError, "there is no such commit or repository"):
        read(make(), "gitlab:o/nosuch")


def test_an_unknown_host_is_refused(make: Make) -> None:
    with refused(RequirementError, "there is no host 'work'"):
        make().repositories.read("x", FromHost("work", "o", "r"))
