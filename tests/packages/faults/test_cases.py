"""The table of faults: the right result, or one clear error and nothing changed.

``pytest tests/packages/faults -m "long or not long"`` runs all of it. With ``BELAY_UPDATE_SNAPSHOTS=1``, in
one process, it writes ``messages.txt`` anew, which is there to be read as a whole.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import trustme
from servers.web import WebServer

from .cases import CASES, Case
from .scene import Result, Scene, belay, on_stage
from .stage import GOOD, Servers, Stage

MESSAGES = Path(__file__).parent / "messages.txt"
BETWEEN = "\n--- "

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links and rights are others there")


@pytest.fixture(scope="module")
def servers(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Servers for many cases."""
    made = Servers(authority, tmp_path_factory.mktemp("servers"))
    yield made
    made.close()


@pytest.fixture
def stage(scene: Scene, web: WebServer, servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """Where a case plays."""
    made = Stage(scene, web, servers, monkeypatch)
    yield made
    made.around.close()


@cache
def messages() -> dict[str, str]:
    """What is to be said, by case."""
    text = MESSAGES.read_text(encoding="utf-8") if MESSAGES.exists() else ""
    return {each.partition("\n")[0]: each.partition("\n")[2] for each in text.split(BETWEEN)[1:]}


def said(stage: Stage, case: Case, result: Result) -> str:
    """What a command said, as it stands among the messages."""
    head = f"$ belay {case.command}\n"
    text = stage.said(result.out + result.err) + f"exit {result.code}\n"
    return head + text


def write_message(case: Case, text: str) -> None:
    known = messages() | {case.name: text}
    order = [each.name for each in CASES if each.name in known]
    title = "What is said in each case of the table in cases.py.\n"
    parts = [f"{BETWEEN}{name}\n{known[name]}" for name in order]
    MESSAGES.write_text(title + "".join(parts), encoding="utf-8")
    messages.cache_clear()


def check_refused(case: Case, result: Result, text: str) -> None:
    """One clear error."""
    for secret in ("secret", "s3cr3t"):
        assert secret not in text.partition("\n")[2]
    assert len(result.err) < 3000
    if case.command.split()[0] in {"verify", "lock"} and "error: " not in text:
        assert "\nhint: " in text  # an answer, which happens to be no
    else:
        assert len(re.findall("^error: ", text, re.MULTILINE)) == 1
        assert len(re.findall("^hint: ", text, re.MULTILINE)) == 1
    for name in case.names:
        assert name in text.partition("\n")[2], name


def check_done(stage: Stage, case: Case) -> None:
    """The right result."""
    if case.gives is not None:
        assert stage.vendored == {path: text.encode() for path, text in GOOD.items()} | case.gives
        with on_stage(stage.scene):
            assert belay("verify").code == 0


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.name, marks=[pytest.mark.long] * case.long) for case in CASES]
)
def test_case(stage: Stage, case: Case) -> None:
    stage.begin(case.start)
    for arrange in case.arrange:
        arrange(stage)
    mine = ("project/.belay", "project/belay.lock", "store", *case.changes)
    before, around = stage.scene.seen("store", *case.changes), stage.scene.seen(*mine)
    with stage.around:
        result = stage.run(*case.command.split())
        after = stage.scene.seen("store", *case.changes), stage.scene.seen(*mine)
    text = said(stage, case, result)
    if os.environ.get("BELAY_UPDATE_SNAPSHOTS"):
        write_message(case, text)
    assert "Traceback" not in text
    assert "\x1b" not in text
    assert result.code == case.exit, text
    if case.exit:
        assert after[0] == before
        check_refused(case, result, text)
    else:
        assert after[1] == around
        check_done(stage, case)
    stage.scene.check_store()
    assert text == messages().get(case.name)


def test_the_table() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))
    assert len(names) >= 120
    assert list(messages()) == names
    assert {case.command.split()[0] for case in CASES} == {
        "new",
        "add",
        "update",
        "lock",
        "fetch",
        "verify",
        "remove",
    }
