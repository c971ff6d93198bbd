from __future__ import annotations

import ast
import importlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given

from belay.source import minify
from belay.source.parse import parse
from belay.source.strip import same_program, strip

from .conftest import Run
from .programs import programs

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.py"))


def text_of(path: Path) -> str:
    # newline="": the line ends are a part of the corpus.
    with path.open(encoding="utf-8", newline="") as file:
        return file.read()


def normal(source: str) -> str:
    return source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def without_docstrings(tree: ast.Module) -> ast.Module:
    """The intended tree, made in another way than by the code under test: with a transformer."""
    nonlocals = {name for node in ast.walk(tree) if isinstance(node, ast.Nonlocal) for name in node.names}

    class Transformer(ast.NodeTransformer):
        def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
            is_string = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
            return None if is_string else node

        def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
            if node.value is not None:
                return ast.copy_location(ast.Assign([node.target], node.value), node)
            if isinstance(node.target, ast.Name) and node.target.id not in nonlocals:
                return None
            return node

        def visit_arg(self, node: ast.arg) -> ast.AST:
            node.annotation = None
            return node

        def generic_visit(self, node: ast.AST) -> ast.AST:
            firsts = {
                name: value[0] for name, value in ast.iter_fields(node) if value and isinstance(value, list)
            }
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                node.returns = None
            super().generic_visit(node)
            for name in ("body", "orelse", "finalbody"):
                first = firsts.get(name)
                if isinstance(first, ast.stmt) and not getattr(node, name):
                    setattr(node, name, [ast.copy_location(ast.Expr(ast.Constant(0)), first)])
            return node

    last = tree.body[-1] if tree.body else None
    tree.body = [Transformer().visit(node) if node is not last else node for node in tree.body]
    tree.body = [node for node in tree.body if node is not None]
    if last is not None and not isinstance(last, ast.Expr):
        left = Transformer().visit(tree.body.pop())
        tree.body += [left] if left is not None else []
    return tree


def assert_equivalent(source: str) -> str:
    """Assert that the minified source is the same program on the same lines; return it."""
    small = minify(source)
    assert same_program(parse(small), without_docstrings(parse(source)))
    assert minify(small) == small
    assert len(small) <= len(normal(source))
    return small


@pytest.mark.parametrize(
    ("source", "small"),
    [
        ("x = 1  # comment\n", "x=1"),
        ("# a\n\nx = 1\n\n\n", "\n\nx=1"),
        ("if x :\n    y ( )\n", "if x:\n y()"),
        ("def f(a: int = 1) -> int:\n    return a\n", "def f(a=1):\n return a"),
        ('def f():\n    """doc"""\n', "def f():\n 0"),
        ('def f():\n    """doc"""\n    return 1\n', "def f():\n\n return 1"),
        ('def f(): "doc"; return 1', "def f():return 1"),
        ('x = 1; "a"; y = 2; "b";\nz', "x=1;y=2\nz"),
        ("x: int\ny: int = 1", "\ny=1"),
        ("def f():\n\tx: int", "def f():\n 0"),
        ("self.x: int = 3", "self.x=3"),
        ("a, b = 1, * c", "a,b=1,*c"),
        ("print (x)", "print(x)"),
        ("x = \\\n  1", "x=\\\n1"),
        ("x: dict[\n  str] = 1", "x\\\n=1"),
        ("f(\n  1,\n\n  2)", "f(\n1,\n\n2)"),
        (
            "return_ = - 1 if a else . 5if 0 else 2".replace(". 5if", ".5 if"),
            "return_=-1if a else.5if 0else 2",
        ),
        ("1 .real", "1 .real"),
        ("1.0.real", "1.0 .real"),
        ("1..real", "1. .real"),
        ("if 'a' in b: c", "if'a'in b:c"),
        ("x = '' or b'y'", "x=''or b'y'"),
        ("x = '' 'a' \"b\"", "x='' 'a'\"b\""),
        ("lambda * a : a", "lambda*a:a"),
        ("from . import x", "from.import x"),
        ("async def f(): await x ( )", "async def f():await x()"),
        ("x = ( y := 3 )", "x=(y:=3)"),
        ("x = 1 # type: int", "x=1"),
        ("def f() -> (\n  int\n): ...", "def f()\\\n\\\n:..."),
        ("x\n\x0c\ny", "x\n\ny"),
        ("\ufeffx = 1\r\ny = 2\r\n", "x=1\ny=2"),
        ("é = 1; x: 'é' = 2", "é=1;x=2"),
        ("a·b = a·b if a·b else 1", "a·b=a·b if a·b else 1"),
        ("", ""),
        ("\n# only\n", ""),
    ],
)
def test_it_becomes_smaller(source: str, small: str) -> None:
    # MicroPython takes letters after a number for a part of it, so a blank stays there.
    small = small.replace("1if", "1 if").replace(".5if", ".5 if").replace("0else", "0 else")
    assert minify(source) == small


@pytest.mark.parametrize(
    "source",
    [
        "'hello'",
        "b'x'",
        "'%d'%3",
        "'abc'.join([])",
        "f'{x}'",
        "'a''b'",
        "'a'if x else'b'",
        "...",
        "0",
        "None",
    ],
)
def test_an_expression_stays(source: str) -> None:
    assert minify(source).replace('"', "'") == source.replace("''", "' '")


def test_the_last_string_stays_if_its_value_may_be_asked_for() -> None:
    assert minify("'a'\nx\n'b'") == "\nx\n'b'"
    assert minify("'a'\nx\n'b'", keep_last_expression=False) == "\nx"
    assert minify("'''only\na doc'''", keep_last_expression=False) == ""


def test_a_string_led_expression_after_else_keeps_its_place() -> None:
    assert minify("if x:\n    y\nelse:\n    'a'.join(z)") == "if x:\n y\nelse:\n 'a'.join(z)"


def test_annotations_stay_where_micropython_compiles_by_them() -> None:
    viper = "@micropython.viper\ndef f(a:int)->int:\n x:int=a\n return x"
    assert minify(viper) == viper
    assembler = "@asm_thumb\ndef f(r0)->uint:\n mov(r0,1)"
    assert minify(assembler) == assembler
    assert minify("@a.b(viper)[0]\ndef f(a: int): pass") == "@a.b(viper)[0]\ndef f(a):pass"


def test_a_declaration_that_something_depends_on_stays() -> None:
    source = "def f():\n x:int\n def g():\n  nonlocal x\n  x=1\n g()\n return x"
    assert minify(source) == source
    assert minify("f().x: int") == "f().x:int"


@pytest.mark.parametrize("source", ["x = (", "def f(:\n", "if x:\ny", "x = 'a", "a b"])
def test_invalid_source_is_a_syntax_error_at_its_place(source: str) -> None:
    with pytest.raises(SyntaxError) as original:
        compile(source, "<unknown>", "exec", flags=ast.PyCF_ONLY_AST)
    with pytest.raises(SyntaxError) as raised:
        minify(source)
    assert (raised.value.lineno, raised.value.offset) == (original.value.lineno, original.value.offset)


def test_what_python_warns_about_is_taken_in_silence() -> None:
    # Python has said it when it compiled the file; and here warnings are errors.
    assert minify("x = '\\d' if 1is 1else 2") == "x='\\d'if 1 is 1 else 2"


def test_a_nul_is_a_syntax_error() -> None:
    with pytest.raises(SyntaxError):
        minify("x = 1\0")


def test_what_went_wrong_is_sent_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in ("x = (", "y=1"):
        module = importlib.import_module("belay.source.minify")
        monkeypatch.setattr(module, "_joined", lambda tokens, wrong=wrong: wrong)
        assert minify("x = 1  # comment") == "x = 1  # comment"


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_the_corpus_stays_the_same_program(path: Path) -> None:
    source = text_of(path)
    if path.stem != "viper":
        assert_equivalent(source)
    tree = parse(source)
    strip(tree, keep_last_expression=True)
    assert same_program(parse(minify(source)), tree)


def test_the_corpus_does_the_same_on_micropython(run_on_micropython: Run) -> None:
    originals = [text_of(path) for path in CORPUS]
    before = run_on_micropython(originals)
    after = run_on_micropython([minify(source) for source in originals])
    for path, expected, result in zip(CORPUS, before, after, strict=True):
        assert result == expected, path.stem
        assert ("Traceback" in expected) == (path.stem == "tracebacks"), expected


def test_blanks_that_micropython_needs_are_added(run_on_micropython: Run) -> None:
    sources = ["print(1or 2)", "print(0x1for 2)", "print(1if 1else 2)", "print(1.5.__class__)"]
    assert all("SyntaxError" in output for output in run_on_micropython(sources))
    small = [minify(source) for source in sources]
    assert run_on_micropython(small) == ["1\n", "31\n", "1\n", "<class 'float'>\n"]


@given(programs())
def test_generated_programs_stay_the_same(source: str) -> None:
    assert_equivalent(source)


def standard_library() -> Iterator[Path]:
    for path in sorted(Path(os.__file__).parent.rglob("*.py")):
        if "site-packages" not in path.parts and "lib2to3" not in path.parts:
            yield path


def check_library(paths: list[Path]) -> None:
    checked = 0
    for path in paths:
        try:
            source = path.read_text(encoding="utf-8")
            tree = parse(source)
        except (SyntaxError, ValueError):
            continue  # The library's own tests contain invalid modules.
        small = minify(source)
        assert same_program(parse(small), without_docstrings(tree)), path
        assert minify(small) == small, path
        checked += 1
    assert checked > len(paths) / 2


def test_a_part_of_the_standard_library_stays_the_same() -> None:
    check_library(list(standard_library())[::89])


@pytest.mark.long
def test_the_standard_library_stays_the_same() -> None:
    check_library(list(standard_library()))
