"""Parses source that Python itself has seen before, or will see, and has said its warnings about."""

from __future__ import annotations

import ast
import threading
import warnings

__all__ = ["parse"]

# The warnings' filters belong to the whole process: two threads that change them would mix them up.
_filters = threading.Lock()


def parse(source: str) -> ast.Module:
    """Return the syntax tree of a module, without a word about escapes and the like.

    Raises:
        SyntaxError: The source is no valid Python.
    """
    with _filters, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except ValueError as error:  # pragma: no cover - a NUL, before Python 3.11.4
            raise SyntaxError(str(error)) from error
