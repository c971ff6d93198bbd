from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers.git_hosts import GitHost, Repository

from belay.packages import refs
from belay.packages.refs import NoAdvertisement, Refs, is_commit, parse_refs

A, B, C = "a" * 40, "b" * 40, "c" * 40
SERVICE = "# service=git-upload-pack\n"


def pkt(*lines: str | None) -> bytes:
    """Lines of git's protocol; None for a flush."""
    return b"".join(
        b"0000" if line is None else f"{len(line.encode()) + 4:04x}{line}".encode() for line in lines
    )


def test_what_git_itself_says_is_read(tmp_path: Path) -> None:
    repository = Repository(tmp_path, "o/r", "trunk")
    first = repository.commit({"a": "1"})
    repository.tag("v1", annotated=True)
    repository.tag("light")
    second = repository.commit({"a": "2"}, "feature/x")
    third = repository.commit({"a": "3"})
    answer = GitHost(tmp_path, "github").get("o/r.git/info/refs?service=git-upload-pack")
    assert answer is not None
    found = parse_refs(answer)
    assert found == Refs(
        {
            "refs/heads/feature/x": second,
            "refs/heads/trunk": third,
            "refs/tags/light": first,
            "refs/tags/v1": first,
        },
        third,
        "refs/heads/trunk",
    )
    assert (found.tags(), found.branches()) == ({"light": first, "v1": first}, ["feature/x", "trunk"])


def test_an_empty_repository_has_no_refs(tmp_path: Path) -> None:
    Repository(tmp_path, "o/r")
    answer = GitHost(tmp_path, "github").get("o/r.git/info/refs?service=git-upload-pack")
    assert answer is not None
    assert parse_refs(answer).find("") == parse_refs(answer).find("main") == ""


def test_version_1_has_a_line_more() -> None:
    data = pkt(
        SERVICE, None, "version 1\n", f"{A} HEAD\0symref=HEAD:refs/heads/m agent=x\n", f"{A} refs/heads/m\n"
    )
    assert parse_refs(data + b"0000") == Refs({"refs/heads/m": A}, A, "refs/heads/m")


def test_sha256_and_shallow_repositories() -> None:
    long = "d" * 64
    data = pkt(SERVICE, None, f"{long} refs/heads/m\0x\n", f"shallow {long}\n", None)
    assert parse_refs(data).find("m") == long


def test_a_head_that_is_no_branch_s() -> None:
    assert parse_refs(pkt(SERVICE, None, f"{A} HEAD\0x\n", None)).find("HEAD") == A
    # Without a line of its own, it is the branch that it stands for.
    data = pkt(SERVICE, None, f"{A} refs/heads/m\0symref=HEAD:refs/heads/m\n", None)
    assert parse_refs(data).find("") == A


def test_tags_come_before_branches_and_both_before_commits() -> None:
    found = Refs({"refs/heads/x": A, "refs/tags/x": B, "refs/heads/cccc": A, "refs/heads/y": C})
    assert [found.find(ref) for ref in ("x", "heads/x", "refs/heads/x", "cccc", "cccccc", "nosuch")] == [
        B,
        A,
        A,
        A,
        C,
        "",
    ]


def test_the_beginning_of_several_commits_is_none() -> None:
    other = "aaaaab" + "0" * 34
    assert Refs({"refs/heads/x": A, "refs/heads/y": other}).find("aaaaa") == ""
    assert Refs({"refs/heads/x": A, "refs/heads/y": other}).find("aaaaab") == other
    assert Refs({"refs/heads/x": A}).find("aaa") == ""


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("feature/x/lib/a.py", ("feature/x", "lib/a.py")),
        ("feature/x", ("feature/x", "")),
        ("feature/y/a.py", ("feature", "y/a.py")),
        ("nosuch/y/a.py", ("nosuch", "y/a.py")),
        ("main", ("main", "")),
    ],
)
def test_the_longest_ref_counts(text: str, split: tuple[str, str]) -> None:
    assert (
        Refs({"refs/heads/feature/x": A, "refs/tags/feature": B, "refs/heads/main": C}).split(text) == split
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>please log in</html>",
        b"0000",
        f"{A}\trefs/heads/main\n".encode(),
        pkt(SERVICE, None, f"{A} refs/heads/m\0x\n")[:-3],
        pkt(SERVICE, None) + b"fff",
        pkt(SERVICE, None) + b"0003",
        pkt(SERVICE, None) + b"-001",
        pkt(SERVICE, None) + b"00 4",
        pkt(SERVICE, None, "no ref\n"),
        pkt(SERVICE, None, f"{A[:39]} refs/heads/m\n"),
        pkt("# service=git-receive-pack\n", None, f"{A} HEAD\0x\n"),
    ],
)
def test_what_is_no_list_of_refs_is_refused(data: bytes) -> None:
    with pytest.raises(NoAdvertisement):
        parse_refs(data)


def test_what_the_server_says_instead_is_told_legibly() -> None:
    with pytest.raises(NoAdvertisement, match="the server says: no\N{REPLACEMENT CHARACTER}here"):
        parse_refs(pkt(SERVICE, None, "ERR no\x1bhere\n"))


def test_names_that_nobody_could_read_are_left_out() -> None:
    data = pkt(SERVICE, None, f"{A} refs/heads/\x1b[2J\0x\n", f"{B} refs/heads/ok\n", f"{B} other\n")
    assert parse_refs(data).commits == {"refs/heads/ok": B}


def test_an_endless_list_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refs, "MAX_BYTES", 100)
    with pytest.raises(NoAdvertisement, match="larger than 100 bytes"):
        parse_refs(b"x" * 101)


@given(st.binary(max_size=200), st.integers(0, 60))
def test_nothing_that_a_server_says_is_another_error(noise: bytes, place: int) -> None:
    whole = pkt(SERVICE, None, f"{A} HEAD\0symref=HEAD:refs/heads/m\n", f"{A} refs/heads/m\n", None)
    for data in (noise, whole[:place] + noise + whole[place:]):
        try:
            found = parse_refs(data)
        except NoAdvertisement:
            continue
        assert all(map(is_commit, found.commits.values()))


@pytest.mark.parametrize(
    ("ref", "is_one"), [(A, True), (A.upper(), True), ("d" * 64, True), (A[1:], False), ("", False)]
)
def test_all_digits_of_a_commit(ref: str, is_one: bool) -> None:
    assert is_commit(ref) is is_one
