from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belay.exceptions import RequirementError
from belay.packages.hosts import canonical, parse_short, parse_web
from belay.packages.model import FromHost


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("https://github.com/o/r", "github:o/r"),
        ("https://github.com/o/r/", "github:o/r"),
        ("https://GitHub.com/o/r.git", "github:o/r"),
        ("https://github.com/o/r/blob/v1.0/lib/x.py", "github:o/r/lib/x.py@v1.0"),
        ("https://github.com/o/r/blob/v1.0/lib/x.py#L10", "github:o/r/lib/x.py@v1.0"),
        ("https://github.com/o/r/raw/v1.0/lib/x.py", "github:o/r/lib/x.py@v1.0"),
        ("https://github.com/o/r/tree/main", "github:o/r@main"),
        ("https://github.com/o/r/tree/main/a%20b", "github:o/r/a b@main"),
        ("https://raw.githubusercontent.com/o/r/main/x.py", "github:o/r/x.py@main"),
        ("https://raw.githubusercontent.com/o/r/refs/heads/main/x.py", "github:o/r/x.py@main"),
        ("https://gitlab.com/o/r", "gitlab:o/r"),
        ("https://gitlab.com/o/r/-/blob/main/x.py", "gitlab:o/r/x.py@main"),
        ("https://gitlab.com/o/r/-/raw/main/x.py", "gitlab:o/r/x.py@main"),
        ("https://gitlab.com/o/r/blob/main/x.py", "gitlab:o/r/x.py@main"),
        ("https://codeberg.org/o/r", "codeberg:o/r"),
        ("https://codeberg.org/o/r/src/branch/main/x.py", "codeberg:o/r/x.py@main"),
        ("https://codeberg.org/o/r/raw/tag/v1/x.py", "codeberg:o/r/x.py@v1"),
        ("https://codeberg.org/o/r/src/commit/abc", "codeberg:o/r@abc"),
        ("https://codeberg.org/api/v1/repos/o/r/raw/lib/x.py?ref=main", "codeberg:o/r/lib/x.py@main"),
        ("https://codeberg.org/api/v1/repos/o/r/raw/x.py", "codeberg:o/r/x.py"),
    ],
)
def test_addresses_of_a_browser(text: str, short: str) -> None:
    found = parse_web(text)
    assert found is not None
    assert canonical(found) == short


def test_groups_of_gitlab_nest() -> None:
    assert parse_web("https://gitlab.com/a/b/r/-/tree/v1/lib") == FromHost("gitlab", "a/b", "r", "lib", "v1")
    assert parse_web("https://gitlab.com/a/b/r") == FromHost("gitlab", "a/b", "r")


def test_other_addresses_are_no_host_s() -> None:
    assert parse_web("https://example.com/o/r/blob/main/x.py") is None


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("github:o/r", FromHost("github", "o", "r")),
        ("gitlab:o/r@v1.0", FromHost("gitlab", "o", "r", "", "v1.0")),
        ("github:o/r/a/b.py@feature/x", FromHost("github", "o", "r", "a/b.py", "feature/x")),
        ("codeberg:o/r/a/", FromHost("codeberg", "o", "r", "a")),
    ],
)
def test_short_forms(text: str, place: FromHost) -> None:
    assert parse_short(text) == place
    assert parse_short(canonical(place)) == place


@pytest.mark.parametrize(
    "text",
    [
        "github:",
        "github:o",
        "github:o/r@",
        "github:o/r/../x",
        "github:o//x",
        "github:o/r/a\\b",
        "github:o/r@a b",
        "github:o/r/\x00",
        "github:o/r/a:b",
    ],
)
def test_short_forms_that_are_refused(text: str) -> None:
    with pytest.raises(RequirementError):
        parse_short(text)


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/o",
        "https://github.com/o/r/issues/1",
        "https://github.com/o/r/blob",
        "https://github.com/o/r/blob/main/%2e%2e/x",
        "https://raw.githubusercontent.com/o/r/main",
        "https://codeberg.org/api/v1/repos/o",
        "https://codeberg.org/o/r/src/main",
        "https://gitlab.com/o/r/-/issues",
        "https://gitlab.com/-/blob/main/x",
    ],
)
def test_addresses_of_a_host_that_are_refused(url: str) -> None:
    with pytest.raises(RequirementError):
        parse_web(url)


@given(
    st.lists(st.sampled_from(["o", "-", "blob", "..", "", "src", "branch", "%00", "api", "v1", "repos", "@"]))
)
def test_no_address_makes_it_fail_otherwise(parts: list[str]) -> None:
    for host in ("github.com", "gitlab.com", "codeberg.org", "raw.githubusercontent.com"):
        try:
            place = parse_web(f"https://{host}/" + "/".join(parts))
        except RequirementError:
            continue
        assert place is not None
        assert parse_short(canonical(place)).host == place.host
