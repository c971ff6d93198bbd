from __future__ import annotations

import ast
import doctest
import functools
import gc
import importlib.util
import inspect
import linecache
import sys
import weakref
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from belay.exceptions import UnsupportedFunctionError
from belay.source import extract, minify

from . import shapes
from .conftest import Run

FOUND: dict[str, Any] = {
    key: getattr(function, "__func__", function)
    for key, function in shapes.FOUND.items()
    if function is not None
}
SETUPS = [name for name in FOUND if name.startswith("setup")]


def original(function: Callable[..., Any]) -> tuple[ast.FunctionDef, list[str]]:
    """The definition as the whole file has it."""
    code = inspect.unwrap(function).__code__
    text = Path(shapes.__file__).read_text(encoding="utf-8")
    (node,) = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
        and node.name == code.co_name
        and min([node.lineno, *(item.lineno for item in node.decorator_list)]) == code.co_firstlineno
    ]
    return node, text.split("\n")


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("key", FOUND)
def test_the_source_is_the_same_function(key: str) -> None:
    source = extract(FOUND[key])
    node, lines = original(FOUND[key])
    (found,) = ast.parse(source.source).body
    node.decorator_list.clear()
    assert ast.dump(found) == ast.dump(node)
    assert source.source.startswith("def ")
    assert (source.name, source.first_line, source.file) == (node.name, node.lineno, shapes.__file__)
    for number, line in enumerate(source.source.rstrip("\n").split("\n"), source.first_line):
        assert line.strip() == lines[number - 1].strip()


@pytest.mark.parametrize("key", SETUPS)
def test_the_body_is_the_same_statements_on_the_same_lines(key: str) -> None:
    source = extract(FOUND[key])
    (definition,) = ast.parse(source.source).body
    assert isinstance(definition, ast.FunctionDef)
    body = ast.parse(source.body)
    assert ast.dump(ast.Module(definition.body, [])) == ast.dump(body)
    assert [node.lineno for node in body.body] == [node.lineno for node in definition.body]


def test_everything_compiles_on_micropython(compile_on_micropython: Run) -> None:
    sources = [extract(function) for function in FOUND.values()]
    texts = [source.source for source in sources]
    texts += [source.body for key, source in zip(FOUND, sources, strict=True) if key in SETUPS]
    outputs = compile_on_micropython([*texts, *map(minify, texts)])
    assert outputs == [""] * (2 * len(texts))


def test_parameters() -> None:
    source = extract(FOUND["simple"])
    assert list(source.parameters.parameters) == ["a", "b", "c", "d", "e"]
    assert str(source.parameters) == "(a, b=2, *c, d=3, **e)"
    assert str(extract(FOUND["positions"]).parameters) == "(a, *, b=1)"


def test_generators_are_known() -> None:
    assert extract(FOUND["generator"]).is_generator
    assert not extract(FOUND["simple"]).is_generator


def test_functions_of_one_name_on_adjacent_lines() -> None:
    assert extract(FOUND["one_line"]).source == "def one_line(): return 1\n"
    assert extract(FOUND["adjacent"]).source == "def one_line(a): x = 1; return a + x\n"
    assert extract(FOUND["nested_again"]).source == "def nested(a): return a\n"


def test_wrappers_are_looked_through() -> None:
    def function(a: int) -> int:
        return a

    @functools.wraps(function)
    def wrapper(*args: int) -> int:
        return function(*args)

    assert extract(wrapper).source == "def function(a: int) -> int:\n    return a\n"


async def coroutine() -> None:
    """For the test below."""


def test_async_functions_have_a_source_too() -> None:
    assert extract(coroutine).source.startswith("async def coroutine")


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("return 1", "return"),
        ("if 1:\n        return", "return"),
        ("x = yield 1", "yield"),
        ("yield from ()", "yield from"),
        ("for x in (yield): pass", "yield"),
        ("def g(a=(yield)): pass", "yield"),
    ],
)
def test_a_body_that_only_a_function_can_have(tmp_path: Path, statement: str, what: str) -> None:
    path = tmp_path / "setups.py"
    path.write_text(f"\n\ndef f():\n    x = 1\n    {statement}\n")
    source = extract(load(path).f)
    with pytest.raises(UnsupportedFunctionError, match=f"{what} at ") as raised:
        source.body  # noqa: B018
    line = 6 if "\n" in statement else 5
    assert f"{path}:{line}" in str(raised.value)
    assert raised.value.hint


def test_a_file_that_changes_later_is_not_what_runs(tmp_path: Path) -> None:
    path = tmp_path / "later.py"
    path.write_text("def f(a): return 1\ndef g(a): return 2\n")
    module = load(path)
    source = extract(module.f)
    path.write_text("def f(a): return 'other'\n")
    module.f.__defaults__ = (3,)
    assert extract(module.f).source == source.source == "def f(a): return 1\n"
    assert str(extract(module.f).parameters) == "(a=3)"
    # What loads modules anew may put new code into a function that is there.
    module.f.__code__ = load(path).f.__code__
    assert extract(module.f).source == "def f(a): return 'other'\n"

    gone = weakref.ref(module.f)
    del module
    gc.collect()
    assert gone() is None


def test_nonlocal_is_refused_in_a_body() -> None:
    x = 0

    def f() -> None:
        nonlocal x
        x = 1

    with pytest.raises(UnsupportedFunctionError, match="nonlocal at "):
        extract(f).body  # noqa: B018


@pytest.mark.parametrize("end", [b"\r\n", b"\r", b"\n"])
def test_line_ends(tmp_path: Path, end: bytes) -> None:
    path = tmp_path / f"ends{len(end)}{end[0]}.py"
    path.write_bytes(b"\n\ndef f():\n    x = '''a\nb'''\n    return x\n".replace(b"\n", end))
    assert extract(load(path).f).source == "def f():\n    x = '''a\nb'''\n    return x\n"


def test_a_file_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "latin.py"
    path.write_bytes("# -*- coding: latin-1 -*-\ndef f(): return 'é'\n".encode("latin-1"))
    assert extract(load(path).f).source == "def f(): return 'é'\n"


def test_a_file_with_a_mark_at_its_start(tmp_path: Path) -> None:
    path = tmp_path / "marked.py"
    path.write_bytes(b"\xef\xbb\xbfdef f(): return 1\n")
    assert extract(load(path).f).source == "def f(): return 1\n"


def test_a_form_feed_ends_no_line(tmp_path: Path) -> None:
    path = tmp_path / "feeds.py"
    path.write_text("x = '\x1c'\n\x0c\ndef f():\n    y = '\x85'\n    return y\n", encoding="utf-8")
    source = extract(load(path).f)
    assert (source.first_line, source.source) == (3, "def f():\n    y = '\x85'\n    return y\n")


def test_tabs_and_spaces_that_cannot_be_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "mixed.py"
    path.write_text("if 1:\n\tdef f():\n                x = 1\n                return x\n")
    try:
        module = load(path)
    except TabError:
        pytest.skip("this Python refuses the file itself")
    with pytest.raises(UnsupportedFunctionError, match="indentation"):
        extract(module.f)


def test_a_module_in_a_zip_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        archive.writestr("zipped_module.py", "def f():\n    return 1\n")
    monkeypatch.syspath_prepend(str(tmp_path / "archive.zip"))
    module = importlib.import_module("zipped_module")
    monkeypatch.delitem(sys.modules, "zipped_module")
    assert extract(module.f).source == "def f():\n    return 1\n"


def test_a_cell_of_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    cell = "x = 1\ndef f():\n    return x\n"
    name = "<ipython-input-1-abc>"
    monkeypatch.setitem(linecache.cache, name, (len(cell), None, cell.splitlines(keepends=True), name))
    namespace: dict[str, Any] = {}
    exec(compile(cell, name, "exec"), namespace)
    source = extract(namespace["f"])
    assert (source.file, source.first_line) == (name, 2)


def test_a_doctest() -> None:
    text = ">>> def f(a):\n...     return a\n>>> extract(f).source\n'def f(a):\\n    return a\\n'\n"
    test = doctest.DocTestParser().get_doctest(text, {"extract": extract}, "example", "example.txt", 0)
    assert doctest.DocTestRunner().run(test).failed == 0


def test_code_without_a_source() -> None:
    namespace: dict[str, Any] = {}
    # Not <string>: that is what Python 3.13 calls, and remembers, the text of -c.
    exec(compile("def f(): return 1", "<nowhere>", "exec"), namespace)
    with pytest.raises(UnsupportedFunctionError, match="source text cannot be found") as raised:
        extract(namespace["f"])
    assert raised.value.hint


@pytest.mark.parametrize(
    "text", ["x = 1\n", "def f(a): return 1\n", "def g(): return 1\n", "def f(:\n", "\0"]
)
def test_a_file_that_has_changed(tmp_path: Path, text: str) -> None:
    path = tmp_path / "changing.py"
    path.write_text("def f(): return 1\n")
    module = load(path)
    linecache.getlines(str(path))
    path.write_text(text + "# of another size, which is what linecache looks at\n")
    with pytest.raises(UnsupportedFunctionError, match="does not define it") as raised:
        extract(module.f)
    assert raised.value.hint


def test_a_lambda() -> None:
    with pytest.raises(UnsupportedFunctionError, match="it is a lambda"):
        extract(lambda: 1)


class Example:
    def method(self) -> None: ...


@pytest.mark.parametrize(
    ("thing", "kind"),
    [
        (len, "builtin function"),
        (Example, "class"),
        (Example().method, "bound method"),
        (functools.partial(print), "partial object"),
        (staticmethod(print), "builtin function"),
        (Example(), "Example object"),
    ],
)
def test_what_is_no_function_written_in_python(thing: Any, kind: str) -> None:
    with pytest.raises(UnsupportedFunctionError, match=f"it is a {kind}") as raised:
        extract(thing)
    assert raised.value.hint
