"""Sphinx: ``python3 dev.py docs`` builds these pages, and every warning is an error."""

from __future__ import annotations

import belay.exceptions  # noqa: F401 - a documentation of some other belay would be a trap; this fails early

project = "belay"
author = "the authors of belay"
copyright = author

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "belay"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
autodoc_typehints = "description"
napoleon_numpy_docstring = False

nitpicky = True
# Names of ours must resolve. Python's own cannot: that would need its inventory, and so the network. Nor can
# type variables, which have no page.
nitpick_ignore_regex = [(r"py:.*", r"(?!belay\.).*"), (r"py:.*", r"belay\..*\.[PRT]")]
