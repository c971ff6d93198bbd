"""The pages' examples run, and no file names what belongs to one machine only."""

from __future__ import annotations

import ast
import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from inspect import iscoroutinefunction
from pathlib import Path

import pytest
import trustme
from servers.tunnel import Tunnel
from servers.web import WebServer

import belay
from belay.cli import exits
from belay.packages.lockfile import read_lock, to_text
from belay.project import load_project

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

SITES = ("micropython.org", "example.com")
"""The hosts of the pages' examples, which a server of ours stands for."""
PROXIES = ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY")

# Packages of micropython-lib by name and version, and what is at other addresses. What is in them is made up.
MICROPYTHON_LIB: dict[str, dict[str, dict[str, object]]] = {
    "aiohttp": {
        version: {"files": {"aiohttp/__init__.py": f"# {version}\n", "aiohttp/aiohttp_ws.py": ""}}
        for version in ("0.0.7", "0.0.8")
    },
    "logging": {version: {} for version in ("0.5", "0.6.0", "0.6.1", "0.6.2")},
    "ntptime": {version: {} for version in ("0.1.0", "0.1.1", "0.2.0")},
    "requests": {
        version: {"files": {"requests/__init__.py": f"__version__ = '{version}'\n"}}
        for version in ("0.8.1", "0.9.0", "0.10.0", "0.10.2", "1.1.1")
    },
    "ssl": {"0.2.1": {"files": {"ssl.py": "CERT_NONE = 0\n"}}},
    "umqtt.simple": {
        "1.4.0": {"files": {"ssl.py": "# as it was\n", "umqtt/simple.py": "class MQTTClient: pass\n"}}
    },
    "unittest": {"0.11.0": {"files": {"unittest/__init__.py": "class TestCase: pass\n"}}},
}
LAB: dict[str, dict[str, dict[str, object]]] = {"bench-supply": {"2.1": {}}}
MANIFESTS: dict[str, dict[str, object]] = {
    "/thermo/package.json": {
        "version": "1.2",
        "urls": [["thermo/__init__.py", "thermo.py"]],
        "deps": [["logging", "0.5"]],
    }
}
FILES = {"/thermo/thermo.py": "import logging\n", "/button.py": "PRESSED = 1\n"}

BLOCK = re.compile(
    r"^(?:<!--[ ]*(?:not[ ]run:(?P<reason>[^>]*?)|file:[ ]*(?P<file>\S+)[ ]*)-->\s*?\n\s*?)?"
    r"^(?P<fence>```+)[ ]*(?P<language>\w+)[^\n]*\n(?P<text>.*?)^(?P=fence)[ ]*$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    Attributes:
        line: The first of its text.
        reason: Why it is not run.
        file: Where its text is to be put, before the next example runs.
    """

    language: str
    text: str
    line: int
    reason: str | None = None
    file: str | None = None

    @property
    def runs(self) -> bool:
        is_example = self.language == "python" or (
            self.language in {"console", "sh"} and self.text.startswith(EXAMPLES)
        )
        return self.file is not None or (is_example and self.reason is None)


def blocks(page: str) -> Iterator[Block]:
    for match in BLOCK.finditer(page):
        reason = match["reason"]
        line = page.count("\n", 0, match.start("text")) + 1
        reason = None if reason is None else reason.strip()
        yield Block(match["language"], match["text"], line, reason, match["file"])


def commands(text: str) -> Iterator[tuple[list[str], str]]:
    """Each ``$ command`` of a console block with the output that follows it."""
    for part in re.split(r"^\$ ", text.replace("\\\n", " "), flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        yield shlex.split(command, comments=True), expected


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
            got, code = run_command(*command)
        assert same(expected, got), f"{command} should print\n{expected}\nand printed\n{got}"
    assert code == 0, f"the last command failed with exit code {code}"


def run_command(name: str, *words: str) -> tuple[str, int]:
    """What a command prints, and its exit code."""
    if name in BUILT_IN:
        return BUILT_IN[name](*words), 0
    assert name == "belay", f"only belay's commands can be run here, not {name}"
    # Not measured for coverage, which takes as long as the command; tests of the command line are for that.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    result = subprocess.run(
        [sys.executable, "-m", name, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=60,
        check=False,
        # In the order in which a terminal shows it.
        env={**environment, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"},
    )
    return result.stdout, result.returncode


def _cat(*files: str) -> str:
    return "".join(Path(file).read_text(encoding="utf-8") for file in files)


def _cd(folder: str) -> str:
    os.chdir(folder)
    return ""


def _ls(folder: str) -> str:
    return "".join(f"{path.name}\n" for path in sorted(Path(folder).iterdir()))


def _rm(option: str, folder: str) -> str:
    assert option == "-r"
    shutil.rmtree(folder)
    return ""


# As a POSIX shell has them, so that the examples run where there is none.
BUILT_IN: dict[str, Callable[..., str]] = {"cat": _cat, "cd": _cd, "ls": _ls, "rm": _rm}
EXAMPLES = tuple(f"$ {name} " for name in ("belay", *BUILT_IN))


def same(expected: str, got: str) -> bool:
    """Whether the output is as shown; ``...`` is any text, and spaces at a line's end do not count."""
    want, have = ("".join(f"{line.rstrip()}\n" for line in text.splitlines()) for text in (expected, got))
    return doctest.OutputChecker().check_output(want, have, doctest.ELLIPSIS | doctest.DONT_ACCEPT_BLANKLINE)


def run_page(page: str, place: Path) -> None:
    """Run the examples of a page one after the other, in one namespace."""
    sources = place / "sources"
    sources.mkdir(exist_ok=True)
    namespace: dict[str, object] = {"__name__": "__page__"}
    made: list[object] = []
    try:
        for block in blocks(page):
            if block.file is not None:
                file = Path(block.file)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(block.text, encoding="utf-8")
            elif block.runs and block.language == "python":
                try:
                    run_python(block, namespace, sources)
                finally:
                    # The next block may give its name to another one.
                    made.extend(namespace.values())
            elif block.runs:
                run_console(block)
    finally:
        for value in made:
            # A page for readers need not close its device; here the next page follows.
            close = getattr(type(value), "close", None)
            if type(value).__module__.startswith("belay.") and close and not iscoroutinefunction(close):
                close(value)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The variables of an environment in which the addresses of the pages are there, and no others."""
    folder = tmp_path_factory.mktemp("network")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    certificate = authority.issue_cert(*SITES)
    certificate.private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    with WebServer(folder / "server.pem") as web, Tunnel(web.port, SITES) as tunnel:
        web.packages(MICROPYTHON_LIB, "/pi/v2")
        web.packages(LAB, "/index")
        for path, keys in MANIFESTS.items():
            web.manifest(path, **keys)
        for path, text in FILES.items():
            web.page(path, text)
        yield {"SSL_CERT_FILE": str(folder / "ca.pem")} | dict.fromkeys(PROXIES, tunnel.url)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, network: dict[str, str]) -> Path:
    """A fresh directory to be in, a store and a home, and the virtual board as the one that is found."""
    empty = tmp_path / "current"
    empty.mkdir()
    monkeypatch.chdir(empty)
    environment = {"BELAY_DEVICE": "virtual:", "BELAY_CACHE_DIR": str(tmp_path / "store"), "COLUMNS": "100"}
    for name, value in {**environment, **network, "HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    for name in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
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
def test_configurations_are_understood(page: Path, tmp_path: Path) -> None:
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.language == "toml" and "[tool.belay" in block.text:
            load_project(tmp_path / "pyproject.toml", text=block.text)


def test_the_lockfile_that_is_shown_is_one(tmp_path: Path) -> None:
    shown = next(
        block.text
        for block in blocks((ROOT / "docs" / "lockfile.md").read_text(encoding="utf-8"))
        if block.language == "toml" and "[[package]]" in block.text
    ).replace("…64 digits…", "c4ba2a2c" * 8)
    file = tmp_path / "belay.lock"
    file.write_text(shown, encoding="utf-8")
    lock = read_lock(file)
    assert lock is not None
    assert to_text(lock, tmp_path).endswith(shown)


@pytest.mark.parametrize("page", [pytest.param(page, id=page.name) for page in PAGES])
def test_whatever_is_not_run_has_a_reason(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    found = [block for block in blocks(text) if block.reason is not None]
    assert all(block.reason for block in found)
    fenceless = re.sub(r"`[^`\n]*`", "", text)
    assert len(re.findall(r"<!--\s*not run", fenceless)) == len(found), "a mark without a block below it"
    files = [block for block in blocks(text) if block.file is not None]
    assert len(re.findall(r"<!--\s*file", fenceless)) == len(files), "a mark without a block below it"


def test_tests_that_a_page_names_are_there() -> None:
    named = {name for page in PAGES for name in re.findall(r"`(tests/[\w/]+\.py)`", page.read_text("utf-8"))}
    assert len(named) > 20
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


def functions(file: Path) -> set[str]:
    """The tests that a file has, as pytest collects them: at its top level, or in a class."""
    found = set()
    if not (file.name.startswith("test_") and file.is_file()):
        return found
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        inner = node.body if isinstance(node, ast.ClassDef) and node.name.startswith("Test") else [node]
        found |= {each.name for each in inner if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}
    return {name for name in found if name.startswith("test_")}


def test_test_functions_that_a_page_names_are_there() -> None:
    named = {
        pair for page in PAGES for pair in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page.read_text("utf-8"))
    }
    assert len(named) > 60
    assert [f"{file}::{name}" for file, name in sorted(named) if name not in functions(ROOT / file)] == []


def test_only_what_is_collected_is_a_test(tmp_path: Path) -> None:
    text = (
        "def test_a(): ...\ndef helper():\n    def test_b(): ...\nclass TestX:\n    def test_c(self): ...\n"
    )
    for name in ("test_x.py", "x.py"):
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert functions(tmp_path / "test_x.py") == {"test_a", "test_c"}
    assert functions(tmp_path / "x.py") == functions(tmp_path / "test_y.py") == set()


def test_each_line_on_security_names_a_test() -> None:
    page = (ROOT / "docs" / "packages-security.md").read_text(encoding="utf-8")
    lines = [
        line for part in page.split("| tried by |\n")[1:] for line in part.split("\n\n")[0].split("\n")[1:]
    ]
    assert len(lines) > 45
    assert [line for line in lines if not re.search(r"`tests/[\w/]+\.py::\w+` \|$", line)] == []


# --- what runs the examples ------------------------------------------------------------------------


def test_blocks_are_found_with_their_lines() -> None:
    page = (
        "a\n```python\nx = 1\n```\n\n<!-- not run: no board -->\n\n```python\ny\n```\n```sh\n$ belay x\n```\n"
    )
    assert list(blocks(page)) == [
        Block("python", "x = 1\n", 3),
        Block("python", "y\n", 9, "no board"),
        Block("sh", "$ belay x\n", 12),
    ]
    assert [block.runs for block in blocks(page)] == [True, False, True]


def test_a_block_may_be_a_file(place: Path) -> None:
    page = "<!-- file: a/b.txt -->\n```python\nx = 1\n```\n```console\n{}```\n"
    run_page(page.format("$ cat a/b.txt\nx = 1\n$ cd a\n$ ls .\nb.txt\n$ cd ..\n$ rm -r a\n"), place)
    assert list(Path().iterdir()) == []
    with pytest.raises(AssertionError):
        run_page(page.format("$ cat a/b.txt\nx = 2\n"), place)


def test_the_network_is_ours_alone(place: Path) -> None:
    run_command("belay", "new", ".")
    assert run_command("belay", "add", "ntptime")[1] == 0
    assert 'source = "index+https://micropython.org/pi/v2"' in Path("belay.lock").read_text(encoding="utf-8")
    out, code = run_command("belay", "add", "https://example.org/x.py")
    assert "the proxy refuses" in out
    assert code == exits.CONNECTION
    assert (place / "store").is_dir()


@pytest.mark.parametrize("text", ["git clone x\n", "$ git status\n", "LED to True\n"])
def test_other_commands_are_no_examples(text: str) -> None:
    assert not Block("console", text, 1).runs


def test_a_page_has_one_namespace_and_its_lines_in_tracebacks(place: Path) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        run_page("```python\nx = 1\n```\n\n```python\ny = x\ny / 0\n```\n", place)
    assert caught.traceback[-1].lineno == 7 - 1
    assert str(caught.traceback[-1].statement) == "y / 0"


def test_what_a_page_leaves_open_is_closed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the next block gives its name to another one."""
    made: list[belay.Device] = []

    def keep(device: belay.Device) -> None:
        made.append(device)

    monkeypatch.setattr(belay.Device, "__post_init__", keep)
    block = '```python\nimport belay\n\ndevice = belay.Device("virtual:")\n```\n\n'
    run_page(block * 2, place)
    assert [device.connected for device in made] == [False, False]


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
    [
        "$ belay no-such-command\n...\n",
        "$ belay no-such-command\n...\n$ echo $?\n0\n",
        "$ belay --version\n...\n$ git x\n",
    ],
)
def test_an_example_that_fails_is_noticed(place: Path, text: str) -> None:
    with pytest.raises(AssertionError):
        run_console(Block("console", text, 1))


# --- words that belong to one machine --------------------------------------------------------------

# In pieces, or this file would be the first to be found.
HOSTS = ["py" + r"pi\.(org|python)", "python" + r"hosted\.", "registry" + r"\.npm", "crates" + r"\.io"]
PLACES = [
    r"(?<![\w.}])/" + r"(work|root|tmp|home/\w+|Users/\w+)\b",
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
