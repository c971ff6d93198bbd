"""Which imports of a package lead to nothing: a file that was forgotten, or is ignored."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Mapping


def missing_imports(files: Mapping[str, bytes]) -> Iterator[tuple[str, int, str]]:
    """What the modules of a package import from it that is not there.

    Only what is certain: nothing that is tried, or asked for under a condition. A file that is no Python is
    passed over.

    Args:
        files: The package's files, by destination.

    Yields:
        Destination, line and what is missing.
    """
    modules = _modules(files)
    tops = {module.partition(".")[0] for module in modules}
    for path, source in files.items():
        if path.endswith(".py") and (tree := _parse(source)) is not None:
            package = _dotted(path.rpartition("/")[0])
            for node in _certain(tree):
                for wanted, names in _wanted(node, package, tops):
                    if what := _missing(wanted, names, modules, files):
                        yield path, node.lineno, what


def _modules(files: Mapping[str, bytes]) -> set[str]:
    """What can be imported: modules, and folders, which are packages with or without an ``__init__``."""
    found = set()
    for path in files:
        stem, _, suffix = path.rpartition(".")
        if suffix in {"py", "mpy"}:
            parts = stem.removesuffix("/__init__").split("/")
            found |= {".".join(parts[: count + 1]) for count in range(len(parts))}
    return found


def _parse(source: bytes) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _certain(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif not isinstance(node, ast.Try | ast.If | ast.Match | ast.While):
            yield from _certain(node)


def _wanted(
    node: ast.Import | ast.ImportFrom, package: str, tops: set[str]
) -> Iterator[tuple[str, list[str]]]:
    """The modules of the package that a statement imports, each with the names that it takes of it."""
    if isinstance(node, ast.Import):
        yield from ((each.name, []) for each in node.names if each.name.partition(".")[0] in tops)
        return
    module = node.module or ""
    if node.level:
        parts = package.split(".") if package else []
        if node.level > len(parts):
            yield "." * node.level + module, []
            return
        module = ".".join([*parts[: len(parts) - node.level + 1], *([module] if module else [])])
    if module.partition(".")[0] in tops:
        yield module, [each.name for each in node.names if each.name != "*"]


def _missing(module: str, names: list[str], modules: set[str], files: Mapping[str, bytes]) -> str:
    if module.startswith("."):
        return f"{module}, which is above the package"
    if module not in modules:
        return module
    init = f"{module.replace('.', '/')}/__init__"
    if f"{init}.mpy" in files or not _is_folder(module, files):
        return ""
    source = files.get(f"{init}.py", b"").decode(errors="replace")
    for name in names:
        # Who knows how a package gets its names: that it has the word anywhere is enough.
        if f"{module}.{name}" not in modules and not re.search(
            rf"\b{re.escape(name)}\b|\*|__getattr__", source
        ):
            return f"{module}.{name}"
    return ""


def _is_folder(module: str, files: Mapping[str, bytes]) -> bool:
    place = module.replace(".", "/")
    return f"{place}.py" not in files and f"{place}.mpy" not in files


def _dotted(folder: str) -> str:
    return folder.replace("/", ".")
