"""The benchmark still runs, and says what it should of what does not depend on the machine's speed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .programs import FOLDER, told_by


def test_in_short() -> None:
    told = told_by("packages.py")
    met = {(row["work"], row["quantity"]): row["met"] for row in told["rows"]}
    counted = {key: met[key] for key in met if key[1].startswith(("requests", "MB"))}
    judged = {key: met[key] for key in counted if met[key] is not None}
    assert len(judged) > 4
    assert set(judged.values()) == {True}, told["rows"]
    assert ("update, nothing new", "requests") in judged
    assert told["peer"] == "belay 0.30.1 as recorded on another day"
    assert [size for size, *_ in told["growth"]["closures"]] == [10, 30]


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> None:
    """The benchmarks are programs in a folder, not a package."""
    monkeypatch.syspath_prepend(str(FOLDER))


@pytest.mark.usefixtures("modules")
def test_of_rounds_the_fastest_counts_but_the_most_requests_and_memory() -> None:
    from packages_work import Ran, fastest  # type: ignore[import-not-found]

    rounds = [Ran(2.0, 1.5, 30.0, 3, 1, 1), Ran(1.0, None, 40.0, 1, 2, 2)]
    assert fastest(rounds) == Ran(1.0, 1.5, 40.0, 3, 1, 2)
    assert fastest([Ran(1.0, None, None, 0, 0, 0)]) == Ran(1.0, None, None, 0, 0, 0)


@pytest.mark.usefixtures("modules")
@pytest.mark.parametrize(
    ("ours", "peer", "target", "ratio", "met"),
    [
        (0.5, 2.0, 0.5, 4, True),
        (0.8, 2.0, 0.5, 2.5, False),
        (0, 363, 0, None, True),
        (1, None, None, None, None),
    ],
)
def test_a_row_is_judged(
    ours: float, peer: float | None, target: float | None, ratio: float | None, met: bool | None
) -> None:
    from packages_table import Row  # type: ignore[import-not-found]

    row: Any = Row("w", "s", ours, peer, target)
    assert (row.ratio, row.met) == (ratio, met)


@pytest.mark.usefixtures("modules")
def test_a_table_goes_between_its_marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import page  # type: ignore[import-not-found]

    monkeypatch.setattr(page, "DOCS", tmp_path)
    file = tmp_path / "performance.md"
    text = "a\n<!-- figures -->\nb\n<!-- end of figures -->\nc\n<!-- more -->\n\nd\n\n<!-- end of more -->\n"
    file.write_text(text, encoding="utf-8")
    page.write_page("new", "more")
    assert file.read_text(encoding="utf-8") == text.replace("\nd\n", "\nnew\n")
    page.write_page("B")
    assert "\nB\n" in file.read_text(encoding="utf-8")
    with pytest.raises(SystemExit):
        page.write_page("new", "other")
