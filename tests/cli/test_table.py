from __future__ import annotations

from belay.cli.table import pairs, table


def test_columns() -> None:
    assert table(("a", "long"), [("1", ""), ("222", "x")]) == "a    long\n1\n222  x"
    assert table(("a", "long"), [("1", ""), ("222", "x")], right=True) == "  a  long\n  1\n222     x"
    assert table(("a", "b"), []) == "a  b"


def test_pairs() -> None:
    assert pairs([("a", "1"), ("long", "")]) == "a     1\nlong"
