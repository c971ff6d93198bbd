from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belay.exceptions import PackageError, RequirementError
from belay.packages.gitplace import (
    Address,
    beside,
    canonical,
    from_table,
    is_settled,
    parse_address,
    parse_git,
    ref_address,
)
from belay.packages.model import FromGit
from belay.packages.requirement import infer_key, parse_additions, parse_requirement, parse_source

HTTPS = "https://example.com/o/r.git"
COMMIT = "0123456789" * 4


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (f"git+{HTTPS}", FromGit(HTTPS)),
        (f"git+{HTTPS}/", FromGit(HTTPS)),
        ("GIT+HTTPS://Example.COM/o/r.git", FromGit(HTTPS)),
        (f"git+{HTTPS}@v1.0", FromGit(HTTPS, "", "v1.0")),
        (f"git+{HTTPS}@feature/x#subdirectory=lib/a%20b", FromGit(HTTPS, "lib/a b", "feature/x")),
        (f"git+{HTTPS}@pkg%401.0", FromGit(HTTPS, "", "pkg@1.0")),
        (
            "git+ssh://git@example.com:2222/o/r.git@main",
            FromGit("ssh://git@example.com:2222/o/r.git", "", "main"),
        ),
        ("git+ssh://host/~user/r", FromGit("ssh://host/~user/r")),
        ("git+file:///srv/r.git#subdirectory=x.py", FromGit("file:///srv/r.git", "x.py")),
        ("git+file://localhost/srv/r", FromGit("file:///srv/r")),
        ("git+http://[::1]:80/r", FromGit("http://[::1]:80/r")),
    ],
)
def test_the_string_form(text: str, source: FromGit) -> None:
    assert parse_git(text) == parse_source(text) == source
    assert parse_git(canonical(source)) == source
    assert infer_key(FromGit(HTTPS, "lib/my-thing")) == "my_thing"
    assert infer_key(FromGit(HTTPS)) == "r"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("git+https://", "names no server|names no repository"),
        ("git+https://example.com", "names no repository"),
        ("git+https://example.com/", "names no repository"),
        ("git+https:///o/r", "names no server"),
        ("git+ext::sh -c touch% x", "no address of a repository"),
        ("git+git://example.com/o/r", "no address of a repository"),
        ("git+https://-oProxyCommand=x/r", "names no server"),
        ("git+ssh://-oProxyCommand=x/r", "names no server"),
        ("git+ssh://-x@host/r", "user's name"),
        ("git+https://token@example.com/o/r", "login"),
        ("git+https://u:p@example.com/o/r", "login"),
        ("git+ssh://git:p@example.com/o/r", "login"),
        ("git+file://server/r", "another machine"),
        ("git+https://example.com/o/../r", "names no repository"),
        ("git+https://example.com/o/r?x=1", "names no repository"),
        ("git+https://example.com:port/r", "no address"),
        (f"git+{HTTPS}@", "no branch, tag or commit"),
        (f"git+{HTTPS}@--upload-pack=x", "no name of a branch"),
        (f"git+{HTTPS}@a..b", "no name of a branch"),
        (f"git+{HTTPS}@a:b", "no name of a branch"),
        (f"git+{HTTPS}@a%20b", "no name of a branch"),
        (f"git+{HTTPS}@a.lock", "no name of a branch"),
        (f"git+{HTTPS}@" + "x" * 400, "no name of a branch"),
        (f"git+{HTTPS}#egg=x", "subdirectory"),
        (f"git+{HTTPS}#subdirectory=", "subdirectory"),
        (f"git+{HTTPS}#subdirectory=../x", "empty, . or .."),
        (f"git+{HTTPS}#subdirectory=a%5Cb", "no path"),
        (f"git+{HTTPS}#subdirectory=a%00b", "no path"),
    ],
)
def test_each_refusal_has_its_reason(text: str, reason: str) -> None:
    with pytest.raises(RequirementError, match=reason):
        parse_git(text)


def test_logins_are_refused_without_being_shown_twice() -> None:
    with pytest.raises(RequirementError) as caught:
        parse_git("git+https://example.com:x/o/r")
    assert "no address" in str(caught.value)


@pytest.mark.parametrize(
    ("table", "source"),
    [
        ({"git": HTTPS}, FromGit(HTTPS)),
        ({"git": f"git+{HTTPS}", "branch": "main"}, FromGit(HTTPS, "", "refs/heads/main")),
        ({"git": HTTPS, "tag": "v1", "subdirectory": "/lib/"}, FromGit(HTTPS, "lib", "refs/tags/v1")),
        ({"git": HTTPS, "tag": "refs/tags/v1"}, FromGit(HTTPS, "", "refs/tags/v1")),
        ({"git": HTTPS, "rev": COMMIT}, FromGit(HTTPS, "", COMMIT)),
        ({"git": HTTPS, "rev": "A" * 40}, FromGit(HTTPS, "", "a" * 40)),
        ({"uri": f"git+{HTTPS}", "rev": "v1"}, FromGit(HTTPS, "", "v1")),
        ({"uri": f"git+{HTTPS}@v1#subdirectory=x"}, FromGit(HTTPS, "x", "v1")),
    ],
)
def test_the_table(table: dict[str, object], source: FromGit) -> None:
    assert from_table("key", table) == source
    (parsed,) = parse_requirement("key", {**table, "rename_to_init": False}).sources
    assert parsed == source


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({"git": HTTPS, "branch": "a", "tag": "b"}, "branch and tag"),
        ({"git": f"{HTTPS}@a", "tag": "b"}, "@ in the address and tag"),
        ({"git": HTTPS, "uri": f"git+{HTTPS}"}, "two places"),
        ({"git": HTTPS, "rev": "-x"}, "no name of a branch"),
        ({"git": HTTPS, "rev": ""}, "rev must be a text"),
        ({"git": HTTPS, "tag": 1}, "tag must be a text"),
        ({"git": "", "tag": "v1"}, "git must be a text"),
        ({"git": "git@example.com:o/r.git"}, "no address of a repository"),
        ({"git": "../lib"}, "no address of a repository"),
        ({"git": f"{HTTPS}#subdirectory=a", "subdirectory": "b"}, "another one"),
        ({"git": HTTPS, "subdirectory": "a/../../b"}, "empty, . or .."),
        ({"git": HTTPS, "version": "1.0"}, "for packages of an index"),
        ({"git": HTTPS, "develop": True}, "develop is for"),
        ({"uri": "../x", "branch": "main"}, "branch is for git"),
        ({"version": "*", "rev": "main"}, "rev is for git"),
        ({"subdirectory": "x"}, "subdirectory is for git"),
        ({"git": HTTPS, "brunch": "main"}, "no field 'brunch'"),
    ],
)
def test_each_table_that_is_wrong(table: dict[str, object], reason: str) -> None:
    with pytest.raises(RequirementError, match=re.escape(reason)):
        parse_requirement("key", table)


def test_add_takes_the_address_as_it_is() -> None:
    (addition,) = parse_additions([f"git+{HTTPS}@v1#subdirectory=lib/led"])
    assert (addition.key, addition.value()) == ("led", f"git+{HTTPS}@v1#subdirectory=lib/led")
    (named,) = parse_additions(["lamp", f"git+{HTTPS}"])
    assert (named.key, named.text) == ("lamp", f"git+{HTTPS}")


# --- addresses -------------------------------------------------------------------------------------


def test_addresses() -> None:
    file = Address(HTTPS, COMMIT, "lib/a #1.py")
    assert str(file) == f"git+{HTTPS}@{COMMIT}#lib/a%20%231.py"
    assert parse_address(str(file)) == file
    assert parse_address(str(Address(HTTPS, COMMIT, "/"))) == Address(HTTPS, COMMIT, "/")
    assert parse_address(str(Address(HTTPS))) == Address(HTTPS)
    assert ref_address(FromGit(HTTPS)) == f"git+{HTTPS}@HEAD"
    assert [
        is_settled(each) for each in (str(file), f"git+{HTTPS}@{COMMIT}", f"git+{HTTPS}@main", HTTPS)
    ] == [
        True,
        True,
        False,
        False,
    ]


def test_what_is_beside_a_file() -> None:
    here = str(Address(HTTPS, COMMIT, "lib/package.json"))
    assert beside(here, "a.py") == str(Address(HTTPS, COMMIT, "lib/a.py"))
    assert beside(here, "../b.py") == str(Address(HTTPS, COMMIT, "b.py"))
    for path in ("../../b.py", "..", "/etc/passwd", "../lib/.."):
        with pytest.raises(RequirementError):
            beside(here, path)


@pytest.mark.parametrize(
    "address", ["git+", f"git+{HTTPS}@main#x.py", f"git+{HTTPS}@{COMMIT}#../x", "git+ext::x@main"]
)
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(RequirementError):
        parse_address(address)


@given(st.text(max_size=60))
def test_whatever_is_written_is_understood_or_refused(rest: str) -> None:
    try:
        source = parse_git(f"git+https://example.com/{rest}")
    except PackageError:
        return
    assert parse_git(canonical(source)) == source
    assert not source.ref.startswith("-")
    address = parse_address(str(Address(source.url, COMMIT, source.path or "/")))
    assert address == Address(source.url, COMMIT, source.path or "/")
