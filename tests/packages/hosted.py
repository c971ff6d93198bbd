"""How tests read packages of git hosts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from belay.packages.fetch import Limits
from belay.packages.model import Candidate, FromHost
from belay.packages.requirement import parse_source
from belay.packages.supply import Supply

QUICK = Limits(read=5.0, pause=0.01)
Make = Callable[..., Supply]


def place(text: str) -> FromHost:
    source = parse_source(text)
    assert isinstance(source, FromHost)
    return source


def read(supply: Supply, text: str, key: str = "sensor", **options: bool) -> Candidate:
    return supply.repositories.read(key, place(text), **options)


def layout(candidate: Candidate) -> dict[str, str]:
    """Destinations and where they come from, without the server."""
    return {file.destination: file.url.split("/", 3)[3] for file in candidate.files}


@contextmanager
def refused(kind: type[Exception], text: str) -> Iterator[None]:
    with pytest.raises(kind) as caught:
        yield
    assert text in str(caught.value)
