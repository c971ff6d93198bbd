"""Random programs in the Python that MicroPython knows, written with more blanks than needed."""

from __future__ import annotations

from hypothesis import strategies as st

NAMES = st.sampled_from(["a", "b", "f", "r", "_x", "é", "rb", "print"])
NUMBERS = st.sampled_from(["0", "1", "42", "0x1f", "0b1", "1.", ".5", "1e5", "1.5e-3", "2j", "1_0"])
STRINGS = st.sampled_from(
    [
        "'a'",
        '"b"',
        "''",
        '""',
        "'''c'''",
        '"""d\ne"""',
        "r'\\d'",
        "'\\\n'",
        "f'{a}'",
        'f"{b!r:>4}x"',
        "f'''{a}\n'''",
    ]
)
BYTES = st.sampled_from(["b'a'", 'b""', "rb'\\d'"])
GAP = st.sampled_from(["", " ", "  ", " \t"])
BLANK = st.sampled_from([" ", "  ", "\t", " \\\n "])
OPERATORS = st.sampled_from(
    ["+", "-", "*", "/", "//", "%", "**", "@", "&", "|", "^", "<<", ">>", "<", ">", "<=", ">=", "==", "!="],
) | st.sampled_from(
    ["and", "or", "in", "is", "not in", "is not"],
)
COMMENT = st.sampled_from(["", "", "  # comment", " #'''"])


@st.composite
def _spaced(draw: st.DrawFn, *parts: str) -> str:
    return "".join(draw(BLANK) + part for part in parts)


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def joined(form: str, *strategies: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.tuples(*strategies).map(lambda values: form.format(*values))

    return st.one_of(
        joined("({0}{3}{1}{3}{2})", inner, OPERATORS, inner, BLANK),
        joined("({1}-{1}{0})", inner, GAP),
        joined("(not{1}{0})", inner, BLANK),
        joined("({0}{3}if{3}{1}{3}else{3}{2})", inner, inner, inner, BLANK),
        joined("(lambda {1}{2}:{2}{0})", inner, NAMES, GAP),
        joined("{1}{2}({2}{0}{2})", inner, NAMES, GAP),
        joined("{1}(*{0},{2}{3}{2}={2}{0})", inner, NAMES, GAP, NAMES),
        joined("({0})[{1}{2}:{2}{1}]", inner, inner, GAP),
        joined("({0}){2}.{2}{1}", inner, NAMES, GAP),
        joined("[{0},{2}{1}\n,{2}# c\n]", inner, inner, GAP),
        joined("{{{0}{2}:{2}{1}}}", inner, inner, GAP),
        joined("[{0}{3}for{3}{1}{3}in{3}{2}{3}if{3}{0}]", inner, NAMES, inner, BLANK),
        joined("({0}{2}{1})", STRINGS, STRINGS, BLANK),
        joined("({0}\n{1}\n)", STRINGS, STRINGS),
    )


EXPRESSIONS = st.recursive(st.one_of(NAMES, NUMBERS, STRINGS, BYTES, st.just("...")), _compound, max_leaves=6)
ANNOTATIONS = st.sampled_from(
    ["int", "'text'", "(int)", "list[\n int\n]", "lambda a, b: 1", "((a, b))", "a if b else f"]
)


@st.composite
def _simple(draw: st.DrawFn) -> str:
    expression, name, gap, blank = draw(EXPRESSIONS), draw(NAMES), draw(GAP), draw(BLANK)
    return draw(
        st.sampled_from(
            [
                expression,
                draw(STRINGS),
                draw(STRINGS),
                f"{name}{gap}={gap}{expression}",
                f"{name}{gap},{gap}*a{gap}={gap}{expression}",
                f"{name}{gap}:{gap}{draw(ANNOTATIONS)}{gap}={gap}{expression}",
                f"{name}{gap}:{gap}{draw(ANNOTATIONS)}",
                f"{name}{gap}+={gap}{expression}",
                f"assert{blank}{expression}{gap},{gap}{expression}",
                f"del{blank}{name}",
                "pass",
                f"import{blank}{name}{blank}as{blank}{name}",
                f"from{blank}.{gap}{name}{blank}import{blank}{name}",
            ]
        )
    )


@st.composite
def _line(draw: st.DrawFn) -> str:
    return f"{draw(GAP)};{draw(GAP)}".join(draw(st.lists(_simple(), min_size=1, max_size=3))) + draw(COMMENT)


@st.composite
def _block(draw: st.DrawFn, depth: int, step: str) -> list[str]:
    lines: list[str] = []
    for _ in range(draw(st.integers(1, 3))):
        lines += draw(st.sampled_from([[], [""], ["# comment"], ["", "   # far"]]))
        lines += [draw(_line())] if depth == 0 or draw(st.booleans()) else draw(_nested(depth - 1, step))
    return lines


@st.composite
def _nested(draw: st.DrawFn, depth: int, step: str) -> list[str]:
    blank, gap, expression, name = draw(BLANK), draw(GAP), draw(EXPRESSIONS), draw(NAMES)
    annotation = draw(ANNOTATIONS)
    parameters = f"a1:{annotation}{gap}={gap}{expression},{gap}*a2:{gap}{annotation},{gap}**a3{gap}"
    signature = f"{parameters}){gap}->{gap}{annotation}"
    heads = draw(
        st.sampled_from(
            [
                [f"if{blank}{expression}{gap}:", "else:"],
                [f"while{blank}{expression}{gap}:"],
                [f"for{blank}{name}{blank}in{blank}{expression}:", f"else{gap}:"],
                ["try :", f"except{blank}{name}{blank}as{blank}{name}:", "finally :"],
                [f"with{blank}{expression}{blank}as{blank}{name}:"],
                [f"class{blank}{name}{gap}({gap}{name}{gap}):"],
                [f"@{gap}{name}", f"def {name}({gap}{signature}{gap}:"],
                [f"async def {name}({gap}):"],
            ]
        )
    )
    lines: list[str] = []
    for head in heads:
        if head.startswith("@"):
            lines.append(head)
        elif draw(st.booleans()):
            lines.append(f"{head}{gap}{draw(_line())}")
        else:
            lines.append(head + draw(COMMENT))
            lines += [step + line if line else line for line in draw(_block(depth, step))]
    return lines


@st.composite
def programs(draw: st.DrawFn) -> str:
    """Sources of modules that Python accepts, a few statements long."""
    step = draw(st.sampled_from([" ", "    ", "\t"]))
    lines = draw(_block(2, step))
    return "\n".join(lines) + draw(st.sampled_from(["", "\n", "\n\n# end"]))
