"""The options for what is made of Python files before they are sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from belay.files.content import Form

FORM_OPTIONS = (
    click.option(
        "--minify",
        "form",
        flag_value="minify",
        default="minify",
        help="Make Python files small; the default.",
    ),
    click.option("--mpy", "form", flag_value="mpy", help="Compile Python files."),
    click.option("--raw", "form", flag_value="raw", help="Send Python files as they are."),
    click.option(
        "--mpy-cross",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="PATH",
        help="The compiler, else that of the extra [mpy]; implies --mpy.",
    ),
)


def form_from(form: str, mpy_cross: Path | None) -> Form:
    """The form that the options ask for."""
    from belay.files.upload import form_of

    return form_of(minify=form == "minify", mpy=form == "mpy" or mpy_cross is not None)
