"""The pages' examples run, and no file names what belongs to one machine only."""

from __future__ import annotations

import doctest
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

BLOCK = re.compile(
    r"^(?:<!--[ ]*not[ ]run:(?P<reason>[^>]*?)-->\s*?\n\s*?)?"
    r"^(?P<fence>```+)[ ]*(?P<language>\w+)[^\n]*\n(?P<text>.*?)^(?P=fence)[ ]*$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page; ``line`` is the first of its text, ``reason`` why it is not run."""

    language: str
    text: str
    line: int
    reason: str | None = None

    @property
    def runs(self) -> bool:
        is_example = self.language == "python" or (
            self.language in {"console", "sh"} and self.text.startswith("$ belay")
        )
        return is_example and self.reason is None


def blocks(page: str) -> Iterator[Block]:
    for match in BLOCK.finditer(page):
        reason = match["reason"]
        line = page.count("\n", 0, match.start("text")) + 1
        yield Block(match["language"], match["text"], line, None if reason is None else reason.strip())


def commands(text: str) -> Iterator[tuple[list[str], str]]:
    """Each ``$ command`` of a console block with the output that follows it."""
    for part in re.split(r"^\$ ", text.replace("\\\n", " "), flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        yield shlex.split(command), expected


def run_python(block: Block, namespace: dict[str, object], sources: Path) -> None:
    # A file of its own, in which the lines have the numbers of the page: belay reads a function's source, and
    # a traceback leads to the example.
    source = sources / f"line_{block.line}.py"
    source.write_text("\n" * (block.line - 1) + block.text, encoding="utf-8")
    exec(compile(source.read_text(encoding="utf-8"), str(source), "exec"), namespace)


def run_console(block: Block) -> None:
    code = 0
    for command, expected in commands(block.text):
        if command == ["echo", "$?"]:
            got, code = f"{code}\n", 0
        else:
            assert code == 0, f"the command before {command} failed with exit code {code}"
            assert command[0] == "belay", f"only belay's commands can be run here, not {command}"
            result = subprocess.run(
                [sys.executable, "-m", *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                timeout=60,
                check=False,
            )
            got, code = result.stdout, result.returncode
        assert same(expected, got), f"{command} should print\n{expected}\nand printed\n{got}"
    assert code == 0, f"the last command failed with exit code {code}"


def same(expected: str, got: str) -> bool:
    """Whether the output is as shown; ``...`` is any text, and spaces at a line's end do not count."""
    want, have = ("".join(f"{line.rstrip()}\n" for line in text.splitlines()) for text in (expected, got))
    return doctest.OutputChecker().check_output(want, have, doctest.ELLIPSIS | doctest.DONT_ACCEPT_BLANKLINE)


def run_page(page: str, place: Path) -> None:
    """Run the examples of a page one after the other, in one namespace."""
    sources = place / "sources"
    sources.mkdir()
    namespace: dict[str, object] = {"__name__": "__page__"}
    try:
        for block in blocks(page):
            if block.runs and block.language == "python":
                run_python(block, namespace, sources)
            elif block.runs:
                run_console(block)
    finally:
        for value in namespace.values():
            # A page for readers need not close its device; here the next page follows.
            if type(value).__module__.startswith("belay.") and hasattr(value, "close"):
                value.close()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh directory to be in, and the virtual board as the one that is found."""
    empty = tmp_path / "current"
    empty.mkdir()
    monkeypatch.chdir(empty)
    monkeypatch.setenv("BELAY_DEVICE", "virtual:")
    return tmp_path


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, id=page.name)
        for page in PAGES
        if any(b.runs for b in blocks(page.read_text("utf-8")))
    ],
)
def test_examples_run(page: Path, place: Path) -> None:
    run_page(page.read_text(encoding="utf-8"), place)


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in PAGES])
def test_whatever_is_not_run_has_a_reason(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    found = [block for block in blocks(text) if block.reason is not None]
    assert all(block.reason for block in found)
    fenceless = re.sub(r"`[^`\n]*`", "", text)
    assert len(re.findall(r"<!--\s*not run", fenceless)) == len(found), "a mark without a block below it"


# --- what runs the examples ------------------------------------------------------------------------


def test_blocks_are_found_with_their_lines() -> None:
    page = (
        "a\n```python\nx = 1\n```\n\n<!-- not run: no board -->\n\n```python\ny\n```\n```sh\n$ belay\n```\n"
    )
    assert list(blocks(page)) == [
        Block("python", "x = 1\n", 3),
        Block("python", "y\n", 9, "no board"),
        Block("sh", "$ belay\n", 12),
    ]
    assert [block.runs for block in blocks(page)] == [True, False, True]


@pytest.mark.parametrize("text", ["git clone x\n", "$ git status\n", "LED to True\n"])
def test_other_commands_are_no_examples(text: str) -> None:
    assert not Block("console", text, 1).runs


def test_a_page_has_one_namespace_and_its_lines_in_tracebacks(place: Path) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        run_page("```python\nx = 1\n```\n\n```python\ny = x\ny / 0\n```\n", place)
    assert caught.traceback[-1].lineno == 7 - 1
    assert str(caught.traceback[-1].statement) == "y / 0"


@pytest.mark.parametrize(
    ("expected", "got", "alike"),
    [
        ("a ... c\n", "a b b c\n", True),
        ("a\n...\nd\n", "a\nb\nc\nd\n", True),
        ("a\n", "a  \n", True),
        ("", "", True),
        ("a\n", "a\nb\n", False),
        ("a\n", "", False),
    ],
)
def test_output_is_compared(expected: str, got: str, alike: bool) -> None:
    assert same(expected, got) is alike


def test_commands_are_split_from_their_output() -> None:
    text = '$ belay exec \\\n  "print(1)"\n1\n$ belay devices\n$ echo $?\n0\n'
    assert list(commands(text)) == [
        (["belay", "exec", "print(1)"], "1\n"),
        (["belay", "devices"], ""),
        (["echo", "$?"], "0\n"),
    ]


@pytest.mark.parametrize(
    "text",
    ["$ belay no-such-command\n...\n", "$ belay no-such-command\n...\n$ echo $?\n0\n", "$ belay\n$ rm x\n"],
)
def test_an_example_that_fails_is_noticed(place: Path, text: str) -> None:
    with pytest.raises(AssertionError):
        run_console(Block("console", text, 1))


# --- words that belong to one machine --------------------------------------------------------------

# In pieces, or this file would be the first to be found.
HOSTS = ["py" + r"pi\.(org|python)", "python" + r"hosted\.", "registry" + r"\.npm", "crates" + r"\.io"]
PLACES = [
    r"(?<![\w.])/" + r"(work|root|tmp|home/\w+|Users/\w+)\b",
    r"[A-Z]:\\" + r"Users\b",
    "/opt/" + "wheels",
]
FORBIDDEN = re.compile("|".join([*HOSTS, *PLACES]))

TEXTS = [
    "*.md",
    "*.py",
    "*.toml",
    "*.txt",
    "*.yaml",
    ".ci/*",
    "benchmarks/**/*",
    "docs/*",
    "src/**/*",
    "tests/**/*",
]


def texts() -> Iterator[Path]:
    for path in sorted({path for pattern in TEXTS for path in ROOT.glob(pattern)}):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in texts()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if FORBIDDEN.search(line)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "line", ["see /ro" + "ot/x", "https://py" + "pi.org/simple", "cd /wo" + "rk/main", '"/tm' + 'p/x"']
)
def test_forbidden_words_are_recognised(line: str) -> None:
    assert FORBIDDEN.search(line)


@pytest.mark.parametrize("line", ["src/work/main", "https://example.org/root/x", "docs/tmp", "./tmp"])
def test_other_words_are_not(line: str) -> None:
    assert not FORBIDDEN.search(line)
