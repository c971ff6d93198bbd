from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from belay.packages.gitlisting import Entry, Listed, read_listing, read_refs, read_tree, write_listing

COMMIT = "0123456789" * 4


def test_what_git_says_of_a_commit() -> None:
    lines = [
        f"100644 blob {COMMIT}      12\ta b\tc.py".encode(),
        f"120000 blob {COMMIT}       3\tlink".encode(),
        f"160000 commit {COMMIT}       -\tsub".encode(),
        f"100755 blob {COMMIT} 0\t".encode() + b"\xff\n.py",
        b"",
    ]
    said = b"\0".join(lines)
    assert read_tree(said) == {
        "a b\tc.py": Entry("100644", COMMIT, 12),
        "link": Entry("120000", COMMIT, 3),
        "sub": Entry("160000", COMMIT, 0),
        "\udcff\n.py": Entry("100755", COMMIT, 0),
    }
    assert read_tree(b"") == {}


@given(
    st.dictionaries(
        st.binary(min_size=1).filter(lambda name: b"\0" not in name), st.integers(0, 1 << 40), max_size=5
    )
)
def test_a_list_is_read_as_it_was_written(sizes: dict[bytes, int]) -> None:
    entries = [
        (name.decode(errors="surrogateescape"), Entry("100644", COMMIT, size)) for name, size in sizes.items()
    ]
    listed = read_listing(write_listing(entries))
    assert listed == [Listed(name, "100644", entry.size) for name, entry in entries]


def test_refs() -> None:
    other = COMMIT[::-1]
    refs = read_refs(f"{COMMIT} refs/heads/main\n{COMMIT} refs/tags/v1\n{other} refs/tags/v1^{{}}\n".encode())
    assert refs.commits == {"refs/heads/main": COMMIT, "refs/tags/v1": other}
    assert read_refs(b"").commits == {}
