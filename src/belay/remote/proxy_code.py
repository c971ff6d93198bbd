"""Proxies of what a piece of code names: ``device.proxy("…")``."""

from __future__ import annotations

import ast
from typing import Any

from belay.remote.caller import DEFAULT, Caller, Default
from belay.remote.code import prepare
from belay.remote.failure import text_origin
from belay.remote.proxy import Proxy
from belay.remote.proxy_handle import Reference, held

_EVALUATE = "held[k]=eval(b,names)"
_IMPORT = "\n exec(b,names)\n for c in c:\n  held[k]=eval(c,names)\n  k+=1"


def proxies(
    caller: Caller,
    code: str,
    *,
    minify: bool = True,
    delete: bool = False,
    timeout: float | Default | None = DEFAULT,
) -> Any:
    """The proxy of what an expression is, or of what an import binds; a tuple of them where it binds several.

    Args:
        caller: Asks the board.
        code: The expression, or one import statement, which binds its names on the board, too.
        minify: Whether to make it small before it is sent.
        delete: Whether the global variable that the expression names is deleted along with the object.
        timeout: Seconds that it may take.

    Raises:
        ValueError: It is neither; or ``delete`` is asked for what is no name.
    """
    caller.refuse_in_batch("making a proxy")
    prepared = prepare(code, minify=minify)
    names = _imported(prepared.text)
    if delete and not prepared.text.isidentifier():
        raise ValueError(f"only a global variable can be deleted, and {prepared.text!r} is no name")
    if names:
        made = held(caller, _IMPORT, [prepared.text, names], count=len(names), timeout=timeout)
    elif prepared.is_expression:
        made = held(
            caller,
            _EVALUATE,
            [_bracketed(prepared.sent)],
            name=prepared.text if delete else "",
            timeout=timeout,
            origin=lambda: text_origin(prepared.text),
        )
    else:
        raise ValueError(f"neither an expression nor an import, of which there could be a proxy: {code!r}")
    found = tuple(Proxy(Reference(holding)) for holding in made)
    return found if len(found) > 1 else found[0]


def _bracketed(expression: str) -> str:
    """An expression as a board evaluates it, also if it has several lines."""
    return f"({expression}\n)" if "\n" in expression else expression


def _imported(text: str) -> list[str]:
    """The names that an import statement binds; none if it is something else."""
    try:
        match ast.parse(text).body:
            case [ast.Import(names=aliases)]:
                return [alias.asname or alias.name.partition(".")[0] for alias in aliases]
            case [ast.ImportFrom(names=aliases)]:
                names = [alias.asname or alias.name for alias in aliases]
                if names == ["*"]:
                    raise ValueError("of import * there is no proxy: which names it binds is not known")
                return names
    except SyntaxError:
        pass
    return []
