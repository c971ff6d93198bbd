from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belay.exceptions import RequirementError
from belay.packages.model import FromHost, FromIndex, FromPath, FromUrl, Source
from belay.packages.requirement import (
    canonical,
    infer_key,
    parse_additions,
    parse_requirement,
    parse_source,
)

FORMS: list[tuple[str, Source]] = [
    ("*", FromIndex("key", "*")),
    ("latest", FromIndex("key", "latest")),
    ("1.2.3", FromIndex("key", "1.2.3")),
    ("1", FromIndex("key", "1")),
    ("3.3.3-4", FromIndex("key", "3.3.3-4")),
    ("1.0.odd", FromIndex("key", "1.0.odd")),
    ("1a1", FromIndex("key", "1a1")),
    (">=1,<2", FromIndex("key", ">=1,<2")),
    ("^1.2", FromIndex("key", "^1.2")),
    ("~1.2", FromIndex("key", "~1.2")),
    ("==1.*", FromIndex("key", "==1.*")),
    ("1.*", FromIndex("key", "1.*")),
    ("aiohttp", FromIndex("aiohttp")),
    ("umqtt.simple", FromIndex("umqtt.simple")),
    ("unittest-discover", FromIndex("unittest-discover")),
    ("__future__", FromIndex("__future__")),
    ("74hc595", FromIndex("74hc595")),
    ("mip:ntptime", FromIndex("ntptime")),
    ("mip:ntptime@1.0", FromIndex("ntptime", "1.0")),
    ("requests@1.0.0", FromIndex("requests", "1.0.0")),
    ("requests@3.3.3-4", FromIndex("requests", "3.3.3-4")),
    ("requests@latest", FromIndex("requests", "latest")),
    ("requests@odd", FromIndex("requests", "odd")),
    ("requests==1.0.0", FromIndex("requests", "1.0.0")),
    ("requests>=0.9,<1", FromIndex("requests", ">=0.9,<1")),
    ("requests ^1.2", FromIndex("requests", "^1.2")),
    ("requests~=1.2", FromIndex("requests", "~=1.2")),
    ("github:o/r@v1", FromHost("github", "o", "r", "", "v1")),
    ("GITHUB:o/r", FromHost("github", "o", "r")),
    ("https://gitlab.com/o/r", FromHost("gitlab", "o", "r")),
    ("https://example.com/lib/x.py", FromUrl("https://example.com/lib/x.py")),
    ("http://127.0.0.1:8000/x", FromUrl("http://127.0.0.1:8000/x")),
    ("../lib/x.py", FromPath("../lib/x.py")),
    ("./lib", FromPath("./lib")),
    ("lib/x", FromPath("lib/x")),
    ("/srv/lib", FromPath("/srv/lib")),
    ("~/lib", FromPath("~/lib")),
    ("~nobody/lib", FromPath("~nobody/lib")),
    ("..", FromPath("..")),
    ("x.py", FromPath("x.py")),
    ("./a@2x/x.py", FromPath("./a@2x/x.py")),
    ("C:/lib/x.py", FromPath("C:/lib/x.py")),
    ("file:///srv/a%20b", FromPath("/srv/a b")),
    ("file:///C:/lib", FromPath("C:/lib")),
]


@pytest.mark.parametrize(("text", "source"), FORMS)
def test_each_form_as_a_text_in_a_table_and_in_a_list(text: str, source: Source) -> None:
    assert parse_requirement("key", f" {text} ").sources == (source,)
    assert parse_requirement("key", {"uri": text}).sources == (source,)
    assert parse_requirement("key", [text, {"uri": text}]).sources == (source, source)


@pytest.mark.parametrize(("text", "source"), FORMS)
def test_canonical_texts_mean_the_same(text: str, source: Source) -> None:
    again = parse_source(canonical(source))
    if isinstance(source, FromIndex) and source.wanted == "latest":
        assert again == FromIndex(source.name)
    else:
        assert again == source


def test_where_and_group_are_kept() -> None:
    found = parse_requirement("key", "*", group="dev", where="pyproject.toml, line 3")
    assert (found.key, found.group, found.where) == ("key", "dev", "pyproject.toml, line 3")
    assert (found.develop, found.rename_to_init) == (False, True)


def test_tables() -> None:
    found = parse_requirement("key", {"uri": "../lib", "develop": True, "rename_to_init": False})
    assert (found.sources, found.develop, found.rename_to_init) == ((FromPath("../lib"),), True, False)
    assert parse_requirement("key", {"version": ">=1"}).sources == (FromIndex("key", ">=1"),)
    # A version is no name, path or address, whatever it looks like.
    assert parse_requirement("key", {"version": "r9"}).sources == (FromIndex("key", "r9"),)
    assert parse_requirement("key", {"version": "latest"}).sources == (FromIndex("key", "latest"),)
    assert parse_requirement("key", {"index": "mine"}).sources == (FromIndex("key", "*", "mine"),)
    own = FromIndex("key", "*", "https://example.com/pi")
    assert parse_requirement("key", {"index": "https://example.com/pi/"}).sources == (own,)
    assert parse_requirement("key", {"uri": "x", "version": "1.0", "index": "mine"}).sources == (
        FromIndex("x", "1.0", "mine"),
    )
    assert parse_requirement("key", {"uri": "x@1.0", "version": "1.0"}).sources == (FromIndex("x", "1.0"),)
    assert canonical(FromIndex("x", "*", "mine")) == "mip:x from mine"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("a\x00b", "not printable"),
        ("a b", "neither"),
        (">=x", "no range"),
        ("1.x", "no version"),
        ("requests[socks]", "extras"),
        ("requests>=1; python_version>'3'", "extras nor markers"),
        ("name @ https://example.com/x.py", "no version"),
        ("name@", "no version"),
        ("mip:", "neither"),
        ("git@github.com:o/r.git", "no address"),
        ("git+svn://example.com/r", "no address of a repository"),
        ("ssh://git@example.com/r", "not known"),
        ("ftp://example.com/x.py", "not known"),
        ("https://", "no server"),
        ("https://u:p@example.com/x.py", "login"),
        ("https://example.com:port/x.py", "no address"),
        ("https://[::1/x.py", "no address"),
        ("https://example.com/x.py#frag", "#"),
        ("file://server/x.py", "another machine"),
        ("..\\lib\\x.py", "backslashes"),
        ("C:\\lib", "backslashes"),
        ("x" * 65, "longer"),
        ("-x", "neither"),
        (1.0, "a number in quotes"),
        (True, "write a text"),
        (None, "no place"),
        ([], "empty list"),
        ([["x"]], "list in a list"),
        ([{"uri": "../a", "develop": True}, "../b"], "same for all"),
        ({}, "neither a uri"),
        ({"uri": 1}, "uri must be"),
        ({"uri": "x", "version": 1.0}, "version must be"),
        ({"uri": "x", "develop": "yes"}, "develop must be"),
        ({"uri": "x", "rename_to_init": 1}, "rename_to_init must be"),
        ({"uri": "x", "ref": "v1"}, "no field 'ref'"),
        ({"uri": "x@1.0", "version": "2.0"}, "wants 1.0 by its uri"),
        ({"uri": "../x", "version": "2.0"}, "for packages of an index"),
        ({"uri": "../x", "index": "mine"}, "for packages of an index"),
        ({"uri": "x", "develop": True}, "develop is for"),
    ],
)
def test_each_refusal_has_its_reason(value: object, reason: str) -> None:
    with pytest.raises(RequirementError, match=reason):
        parse_requirement("key", value)


def test_a_name_with_a_dot_needs_quotes() -> None:
    with pytest.raises(RequirementError) as caught:
        parse_requirement("umqtt", {"simple": "*"})
    assert 'a name with a dot needs quotes: "umqtt.simple"' in (caught.value.hint or "")


def test_additions_of_one_name() -> None:
    with pytest.raises(RequirementError, match="'foo@1': is not the only one to be named foo"):
        parse_additions(["bar", "foo@1", "./foo.py"])


def test_a_near_miss_gets_a_hint() -> None:
    with pytest.raises(RequirementError) as caught:
        parse_requirement("key", {"url": "x"})
    assert caught.value.hint == "did you mean 'uri'?"


@pytest.mark.parametrize("key", ["", ".", "..", "a/b", "a b", "../x", "x.", "-x", "x" * 65, "ä", "x\n"])
def test_keys_that_are_refused(key: str) -> None:
    with pytest.raises(RequirementError):
        parse_requirement(key, "*")


@given(
    st.text()
    | st.recursive(st.none() | st.booleans() | st.text(), st.lists)
    | st.dictionaries(st.text(), st.text())
)
def test_nothing_written_makes_it_fail_otherwise(value: object) -> None:
    try:
        found = parse_requirement("key", value)
    except RequirementError:
        return
    assert found.sources


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("aiohttp", "aiohttp"),
        ("mip:umqtt.simple", "umqtt.simple"),
        ("github:user/my-sensor", "my_sensor"),
        ("github:user/repo@v1.0", "repo"),
        ("github:micropython/micropython-lib/python-stdlib/pathlib", "pathlib"),
        ("gitlab:user/repo/lib.py@main", "lib"),
        ("https://github.com/user/repo/blob/main/sensor.py", "sensor"),
        ("https://github.com/user/my-lib", "my_lib"),
        ("https://example.com/my-lib/package.json", "my_lib"),
        ("https://example.com/os/__init__.py", "os"),
        ("https://example.com/x/my.odd%20file.py", "my_odd_file"),
        ("./local/path", "path"),
        ("/absolute/path/to/lib.py", "lib"),
        ("../drivers/bme280.mpy", "bme280"),
    ],
)
def test_names_are_inferred(text: str, key: str) -> None:
    assert infer_key(parse_source(text)) == key


@pytest.mark.parametrize("text", ["https://example.com", "..", "./74hc595.py", "./class.py", "1.0", "*"])
def test_names_that_cannot_be_inferred(text: str) -> None:
    with pytest.raises(RequirementError):
        infer_key(parse_source(text))


@pytest.mark.parametrize(
    ("words", "written"),
    [
        (["aiohttp"], {"aiohttp": "*"}),
        (["aiohttp@1.0.0"], {"aiohttp": "1.0.0"}),
        (["aiohttp==1.0.0"], {"aiohttp": "1.0.0"}),
        (["requests>=0.9,<1", "umqtt.simple"], {"requests": ">=0.9,<1", "umqtt.simple": "*"}),
        (["aiohttp", "requests"], {"aiohttp": "*", "requests": "*"}),
        (["aiohttp", "requests@1.0"], {"aiohttp": "*", "requests": "1.0"}),
        (["aiohttp", "1.0"], {"aiohttp": "1.0"}),
        (["aiohttp", "^1.0"], {"aiohttp": "^1.0"}),
        (["aiohttp", "latest"], {"aiohttp": "latest"}),
        (["http", "mip:aiohttp"], {"http": "aiohttp"}),
        (["http", "mip:aiohttp@1.0"], {"http": "aiohttp@1.0"}),
        (["http", "mip:aiohttp>=1"], {"http": "aiohttp>=1"}),
        (["sensor", "../my-sensor"], {"sensor": "../my-sensor"}),
        (["github:user/my-sensor"], {"my_sensor": "github:user/my-sensor"}),
        (["aiohttp", "./a", "./b"], {"aiohttp": "*", "a": "./a", "b": "./b"}),
    ],
)
def test_what_add_writes(words: list[str], written: dict[str, str]) -> None:
    additions = parse_additions(words)
    assert {addition.key: addition.value() for addition in additions} == written
    for addition in additions:
        assert parse_requirement(addition.key, addition.value()).sources == (addition.source,)


def test_what_add_writes_with_options() -> None:
    (addition,) = parse_additions(["sensor", "../x.py"])
    assert addition.value(develop=True) == {"uri": "../x.py", "develop": True}
    assert addition.value(rename_to_init=False) == {"uri": "../x.py", "rename_to_init": False}
