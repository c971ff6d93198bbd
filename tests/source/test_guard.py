from __future__ import annotations

import pytest

from belay.source.guard import MAX_BYTECODE, guard

PROGRAMS = {
    "simple": "x = 1\nlog.append(x)\n",
    "comment": "# first\nimport sys\nlog.append(1)",
    "strings": 'text = """\nnot code:\n  x\n"""\nother = "a\\\n  b"\nlog.append((text, other))\n',
    "brackets": "x = [\n1,\n  2]\nlog.append(x)\n",
    "blocks": "if 1:\n  x = 1\n\n# why\n  y = 2\nelse:\n  y = 3\nfor i in 1, 2:\n\tlog.append((i, y))\n",
    "template": 'n = 2\ntext = f"""\n{n}\n  {n:>{n}}\n"""\nlog.append(text)\n',
    "function": "def f(x):\n    'doc'\n    return x\n\n\nlog.append(f(2))\n",
    "continued": "x = 1 + \\\n2\nlog.append(x)\n",
    "raises": "log.append(1)\n\ndef f():\n    1/0\n\nf()\n",
    "exits": "log.append(1)\nraise SystemExit(3)\n",
}


def run(source: str) -> tuple[list[object], str]:
    """What a program logs, and how it ends."""
    log: list[object] = []
    names: dict[str, object] = {"log": log, "ended": []}
    try:
        exec(source, names)
    except BaseException as error:  # noqa: BLE001 - exits too are told
        return log, f"{type(error).__name__} {_line(error)}"
    return log, "done"


def _line(error: BaseException) -> int:
    trace = error.__traceback__
    assert trace is not None
    while trace.tb_next:
        trace = trace.tb_next
    return trace.tb_lineno


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_program_does_the_same(name: str) -> None:
    guarded = guard(PROGRAMS[name], failed="ended.append(1); raise _belay_error", done="ended.append(2)")
    assert guarded is not None
    log, ending = run(PROGRAMS[name])
    kind, _, line = ending.partition(" ")
    expected = f"{kind} {int(line) + guarded.shift}" if line else kind
    assert run(guarded.source) == (log, expected)
    assert guarded.shift == int(name != "comment")


def test_both_endings_are_told() -> None:
    for program, expected in (("x = 1\n", ["done"]), ("raise SystemExit(3)\n", [3])):
        guarded = guard(program, failed="log.append(_belay_error.code)", done="log.append('done')")
        assert guarded is not None
        assert run(guarded.source) == (expected, "done")


@pytest.mark.parametrize(
    "program",
    ["", "# nothing\n", "x = = 1\n", "x = '\0'\n", "x = 1\n" * MAX_BYTECODE],
    ids=["empty", "comment", "syntax", "nul", "long"],
)
def test_what_cannot_be_guarded(program: str) -> None:
    assert guard(program, failed="pass", done="pass") is None


def test_no_warning_about_the_users_code() -> None:
    # Warnings are errors here.
    assert guard("x = '\\d'\ny = 1 is 1\n", failed="pass", done="pass")
