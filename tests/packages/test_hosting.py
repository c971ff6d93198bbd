from __future__ import annotations

import pytest

from belay.packages.hosting import KNOWN, Host, all_hosts, kinds_by_origin
from belay.packages.model import FromHost

C = "c" * 40
PLACE = FromHost("x", "o", "r")


@pytest.mark.parametrize(
    ("name", "refs", "file", "archive"),
    [
        (
            "github",
            "https://github.com/o/r.git/info/refs?service=git-upload-pack",
            f"https://raw.githubusercontent.com/o/r/{C}/a%20b/c.py",
            f"https://github.com/o/r/archive/{C}.tar.gz",
        ),
        (
            "gitlab",
            "https://gitlab.com/o/r.git/info/refs?service=git-upload-pack",
            f"https://gitlab.com/o/r/-/raw/{C}/a%20b/c.py",
            f"https://gitlab.com/o/r/-/archive/{C}/r-{C}.tar.gz",
        ),
        (
            "codeberg",
            "https://codeberg.org/o/r.git/info/refs?service=git-upload-pack",
            f"https://codeberg.org/api/v1/repos/o/r/raw/a%20b/c.py?ref={C}",
            f"https://codeberg.org/api/v1/repos/o/r/archive/{C}.tar.gz",
        ),
    ],
)
def test_the_addresses_of_the_known_hosts(name: str, refs: str, file: str, archive: str) -> None:
    host = all_hosts()[name]
    assert (host.refs_url(PLACE), host.file_url(PLACE, C, "a b/c.py"), host.archive_url(PLACE, C)) == (
        refs,
        file,
        archive,
    )


def test_names_cannot_lead_anywhere_else() -> None:
    strange = FromHost("x", "o?x=", "r#y", "", "a&b=c?d#e")
    for host in KNOWN:
        for url in (
            host.refs_url(strange),
            host.file_url(strange, strange.ref, "p?q#s"),
            host.archive_url(strange, strange.ref),
        ):
            assert url.startswith(
                ("https://github.com/", "https://raw.", "https://gitlab.com/", "https://codeberg.org/")
            )
            assert url.count("?") <= 1
            assert "#" not in url


def test_without_a_commit_it_is_head() -> None:
    for host in KNOWN:
        assert "HEAD" in host.file_url(PLACE, "", "a.py")
        assert "HEAD" in host.archive_url(PLACE, "")


def test_branches_have_slashes() -> None:
    urls = [host.file_url(PLACE, "f/x", "a.py") for host in KNOWN]
    assert urls[0].endswith("/o/r/f/x/a.py")
    assert urls[1].endswith("/-/raw/f/x/a.py")
    assert urls[2].endswith("?ref=f%2Fx")
    assert KNOWN[1].archive_url(PLACE, "f/x").endswith("/-/archive/f/x/r-f-x.tar.gz")


def test_a_github_of_one_s_own_has_its_files_itself() -> None:
    own = Host("work", "github", "https://git.example/x")
    assert own.file_url(PLACE, C, "a.py") == f"https://git.example/x/o/r/raw/{C}/a.py"


def test_a_project_s_own_hosts_come_first() -> None:
    mirror = Host("github", "github", "https://mirror.example")
    assert all_hosts([mirror]) == {**all_hosts(), "github": mirror}


def test_kinds_are_known_by_their_servers() -> None:
    assert kinds_by_origin([*KNOWN, Host("x", "gitea", "http://127.0.0.1:3000/git")]) == {
        "https://github.com": "github",
        "https://raw.githubusercontent.com": "github",
        "https://gitlab.com": "gitlab",
        "https://codeberg.org": "forgejo",
        "http://127.0.0.1:3000": "gitea",
    }
