from __future__ import annotations

import token

import pytest

from belay.source.tokens import place, tokens_of


@pytest.mark.parametrize(
    "text", ["f'{x}'", "f'a{x!r:>{w}}b'", "f'{f\"{x}\"}'", "f'''{x}\n{{\n'''", "rf'é{x}é'"]
)
def test_an_fstring_is_one_token(text: str) -> None:
    (found,) = [item for item in tokens_of(f"é = {text} + 1") if item.type == token.STRING]
    assert found.text == text
    assert found.start == (1, 4)
    assert tokens_of(f"é = {text} + 1")[3].text == "+"


def test_comments_and_blank_lines_are_no_tokens() -> None:
    assert [item.text for item in tokens_of("# a\n\nx  # b\n\n")] == ["x", "\n"]


def test_a_column_in_bytes_becomes_one_in_characters() -> None:
    assert place(["x = 1"], 1, 4) == (1, 4)
    assert place(["", "é = 1"], 2, 5) == (2, 4)
