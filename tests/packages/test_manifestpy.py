from __future__ import annotations

import string
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from belay.exceptions import ManifestError, PackageError, UnsafePathError
from belay.packages import manifestpy
from belay.packages.manifestpy import Described, as_candidate, read_manifest_py
from belay.packages.model import FromIndex, RemoteFile


class Files:
    """A tree in memory."""

    def __init__(self, files: dict[str, str | bytes]) -> None:
        self._files = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}

    def read(self, path: str) -> bytes | None:
        return self._files.get(path)

    def has(self, path: str) -> bool:
        return path in self._files

    def files(self, folder: str) -> Iterable[str]:
        return [path for path in self._files if not folder or path.startswith(f"{folder}/")]


def read(text: str | bytes, *paths: str, folder: str = "", **others: str) -> Described | None:
    files: dict[str, str | bytes] = {**dict.fromkeys(paths, ""), **others}
    files[f"{folder}/manifest.py".lstrip("/")] = text
    return read_manifest_py(Files(files), folder, where="path+../lib")


def described(text: str | bytes, *paths: str, folder: str = "", **others: str) -> Described:
    found = read(text, *paths, folder=folder, **others)
    assert found is not None
    return found


def files(text: str, *paths: str, folder: str = "") -> list[tuple[str, str]]:
    return list(described(text, *paths, folder=folder).files)


# --- what it says ----------------------------------------------------------------------------------


def test_metadata() -> None:
    found = described(
        'metadata(version="1.2.3", description=" A\\n thing ", license="MIT", '
        'author="A <a@b>", pypi="x", stdlib=True)'
    )
    assert found.version == "1.2.3"
    assert found.metadata == {
        "version": "1.2.3",
        "description": "A\n thing",
        "license": "MIT",
        "author": "A <a@b>",
        "pypi": "x",
    }
    assert (found.files, found.requires, found.remarks) == ((), (), ())
    assert described('metadata("A thing", "1.0")').metadata == {"description": "A thing", "version": "1.0"}


def test_a_package_is_its_python_files() -> None:
    there = ("foo/__init__.py", "foo/sub/x.py", "foo/data.bin", "foobar/y.py", "z.py")
    assert files('package("foo")', *there) == [
        ("foo/__init__.py", "foo/__init__.py"),
        ("foo/sub/x.py", "foo/sub/x.py"),
    ]
    assert files('package("foo", files=["data.bin"], opt=3)', *there) == [("foo/data.bin", "foo/data.bin")]
    assert files('package("foo/sub", files=("x.py",))', *there) == [("foo/sub/x.py", "foo/sub/x.py")]


def test_a_package_and_a_module_may_be_elsewhere_in_the_repository() -> None:
    there = ("src/foo/__init__.py", "src/m.py", "drivers/foo/n.py")
    assert files('package("foo", base_path="../src")', *there, folder="drivers") == [
        ("foo/__init__.py", "src/foo/__init__.py")
    ]
    assert files('module("m.py", base_path="../src")', *there, folder="drivers") == [("m.py", "src/m.py")]
    assert files('module("foo/n.py")', *there, folder="drivers") == [("foo/n.py", "drivers/foo/n.py")]


def test_require() -> None:
    found = described('require("logging")\nrequire("umqtt.simple", version="1.4")\nrequire("logging")')
    assert found.requires == (FromIndex("logging"), FromIndex("umqtt.simple", "1.4"))
    found = described('require("ssl", unix_ffi=True)')
    assert found.requires == (FromIndex("ssl"),)
    assert found.remarks == ("path+../lib: manifest.py, line 1: require: unix_ffi is not used",)


def test_include() -> None:
    found = described(
        'metadata(version="1")\ninclude("sub")\ninclude("other/boards.py", big=True)',
        "sub/x.py",
        "other/big.py",
        "other/small.py",
        **{
            "sub/manifest.py": 'metadata(version="2", license="MIT")\nmodule("x.py")\nrequire("a")',
            "other/boards.py": (
                "options.defaults(big=False, small=True)\n"
                'if options.big:\n    module("big.py")\n'
                'if not options.small:\n    module("small.py")\n'
            ),
        },
    )
    assert found.files == (("x.py", "sub/x.py"), ("big.py", "other/big.py"))
    assert (found.version, found.metadata, found.requires) == ("1", {"version": "1"}, (FromIndex("a"),))


def test_a_library_of_the_repository() -> None:
    others = {
        "libs/deep/foo/manifest.py": 'module("foo.py")\nrequire("bar")\nrequire("far")',
        "libs/bar/manifest.py": 'module("bar.py")\nrequire("foo")',
    }
    text = 'add_library("mine", "../libs")\nrequire("foo", library="mine")\nrequire("bar")'
    found = described(text, "libs/deep/foo/foo.py", "libs/bar/bar.py", folder="x", **others)
    assert dict(found.files) == {"foo.py": "libs/deep/foo/foo.py", "bar.py": "libs/bar/bar.py"}
    assert found.requires == (FromIndex("far"),)
    outside = described('add_library("other", "$(MPY_DIR)/x", prepend=True)\nrequire("foo")')
    assert outside.requires == (FromIndex("foo"),)
    assert "the library 'other' is left out" in outside.remarks[0]


def test_what_can_be_known_is_worked_out() -> None:
    text = """
'''A manifest.'''
import os

VERSION = "1." + "5"
NAMES = ["a", "b"]
metadata(version=VERSION)
for name in NAMES + ["c"]:
    module(f"{name}.py")
if VERSION == "1.5":
    require("new")
else:
    require("old")
if os.environ.get("DEBUG"):
    print("debugging")
pass
"""
    found = described(text, "a.py", "b.py", "c.py")
    assert found.version == "1.5"
    assert [destination for destination, _ in found.files] == ["a.py", "b.py", "c.py"]
    assert found.requires == (FromIndex("new"),)
    assert described('print("hello")\nmodule("a.py")', "a.py").remarks == (
        "path+../lib: manifest.py, line 1: 'print' is not called",
    )


def test_a_module_of_this_name_is_no_manifest() -> None:
    for text in (
        "",
        "MANIFEST = 1\n",
        "def metadata():\n    return 1\nprint(metadata())\n",
        "from x import package\npackage('x')\n",
        "self.package('x')\n",
    ):
        assert read(text) is None
    assert read_manifest_py(Files({})) is None


def test_the_candidate() -> None:
    found = described('metadata(version="1")\nmodule("a.py")\nrequire("b", version="2")', "a.py")
    candidate = as_candidate(found, "key", "path+x", lambda path: f"file:///r/{path}", where="here")
    assert (candidate.name, candidate.version, candidate.source) == ("key", "1", "path+x")
    assert candidate.files == (RemoteFile("a.py", "file:///r/a.py"),)
    (need,) = candidate.dependencies
    assert (need.key, need.sources, need.where) == ("b", (FromIndex("b", "2"),), "here")


# --- what it must not say --------------------------------------------------------------------------

NEVER = "without running it"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("package(", 1, "is no Python"),
        ('\nif board == "x":\n    module("a.py")', 2, "what board is cannot be known"),
        ('import os\nif os.name == "nt":\n    module("a.py")', 2, "and module in line 3 hangs on it"),
        ('module("a.py")\nwhile True:\n    module("a.py")', 2, NEVER),
        ('def f():\n    module("a.py")\nf()', 1, "module in line 2 hangs on it"),
        ('with x: module("a.py")', 1, NEVER),
        ('try:\n    require("x")\nexcept Exception:\n    pass', 1, NEVER),
        ('for x in open("y"):\n    module(x)', 1, "open('y')"),
        ('for x in ["a"]:\n    module("a.py")\n    break', 1, NEVER),
        ('[module(x) for x in ["a.py"]]\nmodule("a.py")', 1, NEVER),
        ('x = module("a.py")', 1, "what is done with module here"),
        ('m = module\nm("a.py")\nmodule("a.py")', 1, "what is done with module here"),
        ('getattr(x, "y")(module("a.py"))', 1, NEVER),
        ("module(__file__)", 1, "what __file__ is"),
        ('module(f"{x}.py")', 1, "what x is"),
        ("module(*names)", 1, NEVER),
        ("module(**names)", 1, "what ** brings"),
        ("import os\nmetadata(version=os.name)", 2, "what os.name is"),
        ('def package(x): pass\nmodule("a.py")', 1, "package is something else here"),
        ('module = 1\nrequire("x")\n', 1, "module is something else here"),
        ('freeze("x")', 1, "freeze is for building a firmware"),
        ('freeze_as_mpy("x", opt=1)', 1, "freeze_as_mpy is for"),
        ('c_module("x")', 1, "c_module is for"),
        ("metadata(version=1.0)", 1, "the version must be a text"),
        ('metadata(version="1\\x00")', 1, "the version is too long, or"),
        ("module()", 1, "needs a module_path"),
        ("module(1)", 1, "module_path must be a text"),
        ('module("a.py", "b", 3, 4)', 1, "at most 3 values"),
        ('module("a.py", module_path="b")', 1, "takes no module_path here"),
        ('module("a.py", nothing=1)', 1, "takes no nothing here"),
        ('module("a.mpy")', 1, "is no .py file"),
        ('module("nothing.py")', 1, "there is no file 'nothing.py'"),
        ('package("nothing")', 1, "has no .py files"),
        ('package("x", files=["a.txt"])', 1, "there is no file 'x/a.txt'"),
        ('package("x", files="a.py")', 1, "files must be a list"),
        ('package("x", files=[1])', 1, "files must be a list"),
        ('module("../a.py")', 1, "leads out of the repository"),
        ('module("a.py", base_path="..")', 1, "leads out of the repository"),
        ('include("/etc")', 1, "no path relative"),
        ('include("a\\\\b")', 1, "no path relative"),
        ('include("$(MPY_DIR)/x")', 1, "firmware's build"),
        ('include("nothing")', 1, "there is no 'nothing/manifest.py'"),
        ('include(".")', 1, "which includes it"),
        ('require("x/../y")', 1, "is no name"),
        ('require("x", version=">=")', 1, "is no range"),
        ('require("x", library="y")', 1, "there is no library 'y'"),
        ('add_library("y", "..")\nrequire("x", library="y")', 2, "not in this repository"),
        ('add_library("y", "z")\nrequire("x", library="y")', 2, "has no package 'x'"),
        ('module("a.py")\nmodule("a.py", base_path="b")', 2, "two files for 'a.py'"),
        ('s = "x" * 9\nrequire(s)', 2, "'x' * 9"),
        ('s = "xxxxxxxxxx"\n' + "s = s + s\n" * 40 + "require(s)", 42, "larger"),
    ],
)
def test_what_is_wrong_or_not_known_is_named_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(ManifestError) as caught:
        read(text, "a.py", "b/a.py")
    assert caught.value.where == f"path+../lib: manifest.py, line {line}"
    assert reason in caught.value.reason
    assert caught.value.hint is not None
    assert "package.json" in caught.value.hint


def test_destinations_are_checked() -> None:
    with pytest.raises(UnsafePathError, match=r"manifest.py, line 1"):
        read('package("../b")', "b/x.py", folder="a")
    with pytest.raises(UnsafePathError, match="device"):
        read('module("nul.py")', "nul.py")
    with pytest.raises(UnsafePathError, match="case"):
        read('package("b", files=["x.py", "X.py"])', "b/x.py", "b/X.py")


def test_it_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ManifestError, match="larger than"):
        read("#" * (manifestpy.MAX_BYTES + 1))
    deep = {f"m{number}/manifest.py": f'include("../m{number + 1}")' for number in range(30)}
    with pytest.raises(ManifestError, match="in a row"):
        read('include("m0")', **deep)
    with pytest.raises(ManifestError, match="or 200 in all"):
        read(
            'include("a")\n' * 300,
            **{"a/manifest.py": "pass"},
        )
    inner = "".join(f"{' ' * level}for x{level} in [1,2,3,4,5,6,7,8]:\n" for level in range(8))
    with pytest.raises(ManifestError, match="steps"):
        read(inner + " " * 8 + 'metadata(version="1")')
    monkeypatch.setattr(manifestpy, "MAX_FILES", 3)
    with pytest.raises(ManifestError, match="more than 3 files"):
        read('package("x")', *(f"x/m{number}.py" for number in range(4)))
    monkeypatch.setattr(manifestpy, "MAX_DEPENDENCIES", 3)
    with pytest.raises(ManifestError, match="more than 3 dependencies"):
        read("".join(f'require("x{number}")\n' for number in range(4)))


@pytest.mark.parametrize(
    "text",
    [
        "(" * 1000 + ")" * 1000,
        "[" * 90 + "]" * 90,
        "-" * 20_000 + "1",
        "not " * 5000 + "1",
        "x" + ".y" * 20_000,
        "a if b else " * 5000 + "c",
        " + ".join(["1"] * 20_000),
        "\0",
        "\\",
        "metadata(version='\\udcff')",
        "# coding: nothing\n",
        "# coding: rot13\n",
        f"0x{'f' * 20_000}",
        f"f'{{0x{'f' * 20_000}}}'",
        "9" * 5000,
    ],
)
def test_what_is_meant_to_break_a_parser_is_refused(text: str) -> None:
    for line in (f"{text}\nmodule('a.py')\n", f"require({text})\n", f"if {text}:\n    module('a.py')\n"):
        with pytest.raises(ManifestError):
            read(line.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    "grow", ["x = [x, x]", "x = [[x, x, x]]", 'x = {"a": x, "b": x}', "x = x + x", "x = [x]"]
)
def test_a_list_that_has_itself_in_it_many_times_is_refused(grow: str) -> None:
    # Sixty lines that would be 10^18 entries to look at.
    deep = grow == "x = [x]"
    text = 'x = ["a"]\n' + f"{grow}\n" * (2000 if deep else 60)
    uses = ("module(x)", 'metadata(version=f"{x}")', 'if x == x:\n    module("a.py")')
    for use in uses[:1] if deep else uses:  # what is too deep is looked at long before its use
        with pytest.raises(ManifestError):
            read(f"{text}{use}\n")


def test_no_utf8_is_refused() -> None:
    with pytest.raises(ManifestError, match="is no Python"):
        read(b"module('\xff.py')\n")


# --- never run, never broken -----------------------------------------------------------------------

_ATOMS = st.sampled_from(
    [
        *(
            '"a.py"',
            '"sub"',
            '".."',
            "None",
            "1",
            "x",
            "[]",
            '["a.py"]',
            "options",
            "options.x",
            "{}",
            "f'{x}.py'",
        ),
        *(
            "__import__('os').system('touch trap')",
            "open('trap', 'w')",
            "exec('1/0')",
            "lambda: 1",
            "(yield)",
        ),
    ]
)
_CALLS = st.builds(
    lambda name, parts: f"{name}({', '.join(parts)})",
    st.sampled_from([*sorted(manifestpy._WORDS), "options.defaults", "print", "exec", "open"]),
    st.lists(
        st.one_of(_ATOMS, _ATOMS.map(lambda atom: f"files={atom}"), _ATOMS.map(lambda atom: f"x={atom}")),
        max_size=3,
    ),
)
_STATEMENTS = st.recursive(
    st.one_of(_CALLS, _ATOMS.map(lambda atom: f"x = {atom}"), st.just("pass")),
    lambda inner: st.builds(
        lambda head, body: (
            head + ":\n" + "\n".join("    " + line for each in body for line in each.split("\n"))
        ),
        st.one_of(
            _ATOMS.map(lambda atom: f"if {atom}"),
            _ATOMS.map(lambda atom: f"for x in {atom}"),
            st.just("def f()"),
            st.just("try:\n    pass\nfinally"),
        ),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=8,
)


@given(st.lists(_STATEMENTS, max_size=6).map("\n".join))
@example("__import__('os').system('touch trap')\nmodule('a.py')")
@example("class X:\n    open('trap', 'w')\nmodule('a.py')")
def test_no_manifest_is_ever_run(text: str) -> None:
    try:
        found = read(text, "a.py", "sub/a.py")
    except PackageError:
        found = None
    assert not Path("trap").exists()
    if found is not None:
        assert {path for _, path in found.files} <= {"a.py", "sub/a.py"}


@given(st.text(alphabet=string.printable + "\0\u20ac\ud800", max_size=200), st.binary(max_size=50))
def test_whatever_it_is_it_is_read_or_refused(text: str, data: bytes) -> None:
    for content in (data, text.encode("utf-8", "surrogatepass")):
        for rest in (b"", b"\nmodule('a.py')\n"):
            try:
                read(content + rest, "a.py")
            except PackageError:
                pass
