from __future__ import annotations

from pathlib import Path

import pytest

from belay.exceptions import RequirementError
from belay.mip.wants import asked_text, parse_wants, plain_hosts, want_again
from belay.packages.model import FromHost, FromIndex, FromPath, FromUrl, Source

INDEX = "https://example.com/pi"

FORMS: list[tuple[str, str, Source]] = [
    ("umqtt.simple", "umqtt.simple", FromIndex("umqtt.simple")),
    ("aioble@0.6.0", "aioble", FromIndex("aioble", "0.6.0")),
    ("aioble@latest", "aioble", FromIndex("aioble", "latest")),
    ("aioble>=0.5,<1", "aioble", FromIndex("aioble", ">=0.5,<1")),
    ("github:org/repo", "repo", FromHost("github", "org", "repo")),
    ("github:org/repo@v1", "repo", FromHost("github", "org", "repo", ref="v1")),
    ("github:org/repo/path/foo.py", "foo", FromHost("github", "org", "repo", "path/foo.py")),
    (
        "github:org/repo/path/package.json@main",
        "path",
        FromHost("github", "org", "repo", "path/package.json", "main"),
    ),
    ("gitlab:org/repo", "repo", FromHost("gitlab", "org", "repo")),
    ("gitlab:org/repo@branch-or-tag", "repo", FromHost("gitlab", "org", "repo", ref="branch-or-tag")),
    ("codeberg:org/repo@v1", "repo", FromHost("codeberg", "org", "repo", ref="v1")),
    ("http://example.com/x/y/foo.py", "foo", FromUrl("http://example.com/x/y/foo.py")),
    ("http://example.com/x/y/foo.mpy", "foo", FromUrl("http://example.com/x/y/foo.mpy")),
    ("http://example.com/x/package.json", "x", FromUrl("http://example.com/x/package.json")),
    ("http://example.com/x/", "x", FromUrl("http://example.com/x/")),
    ("./sensor.py", "sensor", FromPath("./sensor.py")),
    ("../my-sensor/package.json", "my_sensor", FromPath("../my-sensor/package.json")),
]


@pytest.mark.parametrize(("word", "key", "source"), FORMS, ids=[form[0] for form in FORMS])
def test_forms(word: str, key: str, source: Source) -> None:
    [need] = parse_wants([word])
    assert (need.key, need.sources) == (key, (source,))
    # A module keeps its name.
    assert not need.rename_to_init


@pytest.mark.parametrize("word", [form[0] for form in FORMS])
def test_what_was_asked_for_is_read_again(word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [need] = parse_wants([word])
    text = asked_text(need)
    if isinstance(need.sources[0], FromPath):
        before = Path(need.sources[0].path).absolute()
        monkeypatch.chdir(tmp_path)
        [source] = want_again(text).sources
        assert isinstance(source, FromPath)
        assert Path(source.path) == before
    else:
        # "latest" is what is meant where nothing is said.
        assert asked_text(want_again(text)) == text
        assert want_again(text).key == need.key
        if "latest" not in word:
            assert want_again(text).sources == need.sources


def test_an_index_and_versions_besides() -> None:
    assert parse_wants(["a", "b@1"], index=f"{INDEX}/") == (
        *parse_wants(["a"], index=INDEX),
        *parse_wants(["b"], version="1", index=INDEX),
    )
    [need] = parse_wants(["a"], version="1.0", index=INDEX)
    assert need.sources == (FromIndex("a", "1.0", INDEX),)
    assert want_again(asked_text(need), INDEX).sources == need.sources
    [need] = parse_wants(["github:org/repo"], version="branch-or-tag")
    assert need.sources == (FromHost("github", "org", "repo", ref="branch-or-tag"),)
    # As mip has it: of a file it is ignored.
    assert parse_wants(["http://e.org/x.py"], version="1") == parse_wants(["http://e.org/x.py"])


@pytest.mark.parametrize(
    ("words", "version"),
    [
        (["a@1"], "2"),
        (["github:o/r@v1"], "v2"),
        (["a@1", "a@2"], ""),
        (["ftp://x/y.py"], ""),
        (["a b"], ""),
        ([""], ""),
    ],
)
def test_what_cannot_be(words: list[str], version: str) -> None:
    with pytest.raises(RequirementError) as caught:
        parse_wants(words, version=version)
    assert "belay add" not in (caught.value.advice or "")


def test_twice_is_once() -> None:
    assert len(parse_wants(["a", "a", "a@latest", "b"])) == 2


def test_only_what_was_named_may_be_plain_http() -> None:
    needs = parse_wants(["http://board.lan:8000/x.py", "https://e.org/y.py", "a"])
    assert plain_hosts(needs) == ("board.lan:8000",)
    assert plain_hosts(needs, "http://index.lan/pi") == ("board.lan:8000", "index.lan")
    assert plain_hosts(parse_wants(["a"]), "https://index.lan/pi") == ()
