"""Makes Python source smaller without changing its names, its line numbers or what it does.

Comments, docstrings, annotations and needless blanks go; indentation becomes one space a level. Every token
that stays keeps its line, so the line numbers in a board's traceback are right without a map.

The work is done on tokens, for the text of strings and numbers to stay as it was written; the syntax tree
only says which tokens belong to docstrings and annotations. At the end the result is parsed and compared with
what was intended: source that cannot be made smaller safely is returned as it was.
"""

from __future__ import annotations

import ast
import token

from belay.source.parse import parse
from belay.source.strip import Stripped, same_program, strip
from belay.source.tokens import Token, place, tokens_of

__all__ = ["minify"]


def minify(source: str, *, keep_last_expression: bool = True) -> str:
    """Return ``source`` without what a board does not need.

    Args:
        source: The source of a module, or statements for a prompt.
        keep_last_expression: Keep a string that is the last statement, as its value may be the result that is
            asked for. With False a module's docstring goes even if it is all there is.

    Raises:
        SyntaxError: The source is no valid Python.
    """
    source = source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    tree = parse(source)
    stripped = strip(tree, keep_last_expression=keep_last_expression)
    tokens = _without(stripped, tokens_of(source), source)
    smaller = _joined(tokens)
    return smaller if _is_intended(smaller, tree) else source


def _is_intended(smaller: str, tree: ast.Module) -> bool:
    try:
        return same_program(parse(smaller), tree)
    except SyntaxError:
        return False


# --- what goes -----------------------------------------------------------------------------------


def _without(stripped: Stripped, tokens: list[Token], source: str) -> list[Token]:
    lines = source.split("\n")
    index = {item.start: number for number, item in enumerate(tokens) if item.text}
    result: list[Token | None] = list(tokens)

    def drop(node: ast.stmt | ast.expr) -> tuple[int, int]:
        """Drop the tokens of ``node``; return the numbers of the first one and of the one after the last."""
        first = number = index[place(lines, node.lineno, node.col_offset)]
        end = place(lines, node.end_lineno or node.lineno, node.end_col_offset or 0)
        while tokens[number].start < end:
            result[number] = None
            number += 1
        return first, number

    for statement in stripped.statements:
        _, after = drop(statement)
        if tokens[after].text == ";":
            result[after] = None
    for statement in stripped.emptied:
        first, _ = drop(statement)
        result[first] = tokens[first]._replace(type=token.NUMBER, text="0")
    for annotation in stripped.annotations:
        before, after = drop(annotation)
        parentheses = -1
        while tokens[before].text not in (":", "->") or parentheses < 0:
            before -= 1
            parentheses += 1
            result[before] = None
        for number in range(after, after + parentheses):
            result[number] = None
    return [item for item in result if item is not None]


# --- what stays ----------------------------------------------------------------------------------


def _joined(tokens: list[Token]) -> str:
    """Write the tokens, each on its line, with as little between them as they can do with."""
    parts: list[str] = []
    line = 1
    level = depth = 0
    before: Token | None = None  # The token before on the same logical line.
    semicolon: Token | None = None
    for item in tokens:
        if item.type in (token.INDENT, token.DEDENT):
            level += 1 if item.type == token.INDENT else -1
        elif item.type == token.NEWLINE:
            before = semicolon = None
        elif item.text == ";":
            semicolon = before and item
        else:
            if semicolon:  # Written only now: the last one of a line is not needed.
                parts.append(";")
                before, semicolon = semicolon, None
            lines_on = item.start[0] - line
            if before is None:
                parts.append("\n" * lines_on + " " * level)
            elif lines_on:
                parts.append(("\n" if depth else "\\\n") * lines_on)
            elif _must_part(before, item):
                parts.append(" ")
            parts.append(item.text)
            line = item.start[0] + item.text.count("\n")
            if item.type == token.OP:
                depth += (item.text in "([{") - (item.text in ")]}")
            before = item
    return "".join(parts)


def _must_part(left: Token, right: Token) -> bool:
    """Whether two tokens need a space between them, for Python and for MicroPython's lexer."""
    if token.ERRORTOKEN in (left.type, right.type):
        return left.end != right.start  # A rare letter of a name, which tokenize does not know.
    if left.type == token.STRING and right.type == token.STRING:
        return left.text[-1] == right.text[0]
    if left.type == token.NUMBER:  # MicroPython takes letters and dots after a number for its own.
        return _is_name_like(right.text[0]) or right.text[0] == "."
    return _is_name_like(left.text[-1]) and _is_name_like(right.text[0])


def _is_name_like(character: str) -> bool:
    return character.isalnum() or character == "_" or not character.isascii()
