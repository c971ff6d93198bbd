from __future__ import annotations

import ast

import pytest

from belay.packages.constants import Absent, Options, UnknownError, value_of

OPTIONS = Options({"given": 1})
OPTIONS.defaults({"given": 2, "other": "x"})
NAMES = {"V": "1.0", "names": ["a", "b"], "options": OPTIONS, "gone": Absent("nobody knows gone")}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'a' 'b'", "ab"),
        ("[1, ('x', None)]", [1, ["x", None]]),
        ("{'a': [True], 1: V}", {"a": [True], 1: "1.0"}),
        ("'v' + V", "v1.0"),
        ("names + ['c']", ["a", "b", "c"]),
        ("f'v{V}-{3}'", "v1.0-3"),
        ("-2", -2),
        ("not options.given", False),
        ("options.given == 1 and options.other", "x"),
        ("options.other or gone", "x"),
        ("'a' in names", True),
        ("V not in ['2.0']", True),
        ("options.other is None", False),
        ("V < V if False else V", None),
    ],
)
def test_what_is_known(text: str, value: object) -> None:
    node = ast.parse(text, mode="eval").body
    if value is None:
        with pytest.raises(UnknownError):
            value_of(node, NAMES)
    else:
        assert value_of(node, NAMES) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("open('x')", "open"),
        ("unknown", "what unknown is"),
        ("gone", "nobody knows gone"),
        ("options.nothing", "nobody has said what options.nothing is"),
        ("V.x", "what V.x is"),
        ("V[0]", "V[0]"),
        ("'a' * 10", "'a' * 10"),
        ("'a' + 1", "'a' + 1"),
        ("~1", "~1"),
        ("1 in 2", "is wrong"),
        ("1 < 2 < 3", "1 < 2 < 3"),
        ("f'{V!r}'", "V!r"),
        ("f'{V:>10}'", "V:>10"),
        ("f'{names}'", "names"),
        ("{**names}", "key"),
        ("{V: 1}", "key"),
        ("(yield)", "yield"),
        ("'" + "x" * 10_001 + "'", "larger"),
    ],
)
def test_what_is_not_known_is_named(text: str, reason: str) -> None:
    node = ast.parse(text, mode="eval").body
    with pytest.raises(UnknownError) as caught:
        value_of(node, NAMES)
    assert reason in caught.value.reason
    assert caught.value.line == 1
