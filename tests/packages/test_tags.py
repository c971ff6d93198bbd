from __future__ import annotations

import pytest

from belay.packages.refs import Refs
from belay.packages.tags import newer_tag

C = "c" * 40


def refs(*tags: str) -> Refs:
    commits = {f"refs/tags/{tag}": f"{number:040x}" for number, tag in enumerate(tags)}
    return Refs({**commits, "refs/heads/v9.0": C})


@pytest.mark.parametrize(
    ("tags", "ref", "newer"),
    [
        (["v1.0", "v1.9", "v1.10", "other"], "v1.0", "v1.10"),
        (["v1.0", "1.1"], "v1.0", "1.1"),
        (["v1.0", "v0.9"], "v1.0", ""),
        (["v1.0", "v2.0rc1"], "v1.0", ""),
        (["v1.0rc1", "v1.0rc2"], "v1.0rc1", "v1.0rc2"),
        (["lib-v1.0", "lib-v1.1", "v2.0", "app-v3.0"], "lib-v1.0", "lib-v1.1"),
        (["mip2-v1.0", "mip2-v1.1"], "mip2-v1.0", "mip2-v1.1"),
        (["release/1.0", "release/1.1"], "release/1.0", "release/1.1"),
        (["2024-01-01", "stable"], "stable", ""),
        (["v1.0", "v2.0"], "main", ""),
        (["v1.0", "v" + "1-" * 200 + "2.0"], "v1.0", ""),
        (["v1.0", "v2.0"], "", ""),
        (["v1.0", "v2.0"], "v9.0", ""),
        (["v1.0", "v2.0"], "0" * 40, "v2.0"),
        (["v1.0", "v2.0"], C, ""),
    ],
)
def test_what_is_newer(tags: list[str], ref: str, newer: str) -> None:
    assert newer_tag(refs(*tags), ref) == newer
