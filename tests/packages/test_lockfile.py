from __future__ import annotations

import os
import subprocess
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from belay.exceptions import LockError
from belay.packages import lockfile
from belay.packages.fetch import FILE_BYTES
from belay.packages.lock import Lock, LockedRequirement
from belay.packages.lockfile import from_text, read_lock, to_text, write_lock
from belay.packages.model import LockedFile, LockedPackage

ROOT = Path("/srv/project").absolute()
FILE = ROOT / "belay.lock"
DIGEST = "0123456789abcdef" * 4

LOCK = Lock(
    (
        LockedPackage(
            "aiohttp",
            "0.0.3",
            "index+https://micropython.org/pi/v2",
            ("dev", "main"),
            ("sensor",),
            (
                LockedFile(
                    "aiohttp/__init__.py", 8, DIGEST, "https://micropython.org/pi/v2/file/01/01234567"
                ),
                LockedFile("aiohttp/ws.py", 0, DIGEST, "https://micropython.org/pi/v2/file/01/01234567"),
            ),
        ),
        LockedPackage("drivers", "", "path+../drivers", ("main",), (), (), develop=True),
        LockedPackage(
            "sensor",
            "",
            "path+lib/a b.py",
            ("main",),
            (),
            (LockedFile("sensor/__init__.py", 3, DIGEST, (ROOT / "lib" / "a b.py").as_uri()),),
        ),
    ),
    (
        LockedRequirement("main", "aiohttp", "mip:aiohttp", ("aiohttp",)),
        LockedRequirement("main", "sensor", "./lib/a b.py", ("sensor",)),
    ),
    "6",
    ("https://micropython.org/pi/v2",),
)

TEXT = f"""\
# Written by belay, for belay: exactly which files were chosen. Keep it under version control; do not edit it.
# After a merge conflict in here, take either side and run `belay lock`.

version = 1
mpy_version = "6"
indices = [
    "https://micropython.org/pi/v2",
]
requirements = [
    {{ group = "main", key = "aiohttp", wanted = "mip:aiohttp", packages = ["aiohttp"] }},
    {{ group = "main", key = "sensor", wanted = "./lib/a b.py", packages = ["sensor"] }},
]

[[package]]
name = "aiohttp"
version = "0.0.3"
source = "index+https://micropython.org/pi/v2"
groups = [
    "dev",
    "main",
]
dependencies = [
    "sensor",
]
files = [
    {{ path = "aiohttp/__init__.py", size = 8, sha256 = "{DIGEST}", url = "https://micropython.org/pi/v2/file/01/01234567" }},
    {{ path = "aiohttp/ws.py", size = 0, sha256 = "{DIGEST}", url = "https://micropython.org/pi/v2/file/01/01234567" }},
]

[[package]]
name = "drivers"
version = ""
source = "path+../drivers"
develop = true
groups = [
    "main",
]
dependencies = []
files = []

[[package]]
name = "sensor"
version = ""
source = "path+lib/a b.py"
groups = [
    "main",
]
dependencies = []
files = [
    {{ path = "sensor/__init__.py", size = 3, sha256 = "{DIGEST}", url = "path+lib/a b.py" }},
]
"""  # noqa: E501


def test_the_text() -> None:
    assert to_text(LOCK, ROOT) == TEXT


def test_reading_gives_the_same() -> None:
    assert from_text(TEXT, FILE) == LOCK
    assert from_text(TEXT.replace("\n", "\r\n"), FILE) == LOCK
    assert from_text("version = 1", FILE) == Lock()


def test_architecture_and_preferences() -> None:
    lock = replace(LOCK, arch="armv6m", prefer={"ssl.py": "tls", "a.py": "aiohttp"})
    text = TEXT.replace(
        'indices = [\n    "https://micropython.org/pi/v2",\n]\n',
        """\
arch = "armv6m"
indices = [
    "https://micropython.org/pi/v2",
]
prefer = [
    { path = "a.py", package = "aiohttp" },
    { path = "ssl.py", package = "tls" },
]
""",
    )
    assert to_text(lock, ROOT) == text
    assert from_text(text, FILE) == lock


def test_what_packages_want_of_each_other() -> None:
    aiohttp = replace(LOCK.packages[0], constraints=(("sensor", "mip:sensor>=1,<2"),))
    lock = replace(LOCK, packages=(aiohttp, *LOCK.packages[1:]))
    text = TEXT.replace(
        'dependencies = [\n    "sensor",\n]\n',
        """\
dependencies = [
    "sensor",
]
constraints = [
    { name = "sensor", wanted = "mip:sensor>=1,<2" },
]
""",
    )
    assert to_text(lock, ROOT) == text
    assert from_text(text, FILE) == lock
    for old, new, reason in (
        ('{ name = "sensor", wanted', '{ name = "drivers", wanted', "'drivers' is no dependency of aiohttp"),
        ("mip:sensor>=1,<2", "mip:sensor>=x", "no range of versions"),
    ):
        with pytest.raises(LockError, match=reason) as caught:
            from_text(text.replace(old, new), FILE)
        assert caught.value.line == 26


def test_packages_that_differ_in_a_file_need_a_preference() -> None:
    file = LOCK.packages[0].files[0]
    other = replace(LOCK.packages[2], files=(replace(file, sha256="f" * 64),))
    lock = replace(LOCK, packages=(*LOCK.packages[:2], other))
    with pytest.raises(LockError, match="another package has other content"):
        from_text(to_text(lock, ROOT), FILE)
    decided = replace(lock, prefer={"aiohttp/__init__.py": "sensor"})
    assert from_text(to_text(decided, ROOT), FILE) == decided


def test_an_editor_may_put_a_mark_before_it(tmp_path: Path) -> None:
    (tmp_path / "belay.lock").write_bytes(b"\xef\xbb\xbfversion = 1\n")
    assert read_lock(tmp_path / "belay.lock") == Lock()


def test_a_project_elsewhere_finds_its_own_files(tmp_path: Path) -> None:
    elsewhere = from_text(TEXT, tmp_path / "belay.lock")
    assert elsewhere.packages[2].files[0].url == (tmp_path / "lib" / "a b.py").as_uri()
    assert to_text(elsewhere, tmp_path) == TEXT


def test_the_order_is_not_the_caller_s() -> None:
    shuffled = replace(
        LOCK,
        packages=tuple(
            replace(package, files=package.files[::-1], groups=package.groups[::-1])
            for package in reversed(LOCK.packages)
        ),
        requirements=LOCK.requirements[::-1],
    )
    assert to_text(shuffled, ROOT) == TEXT


@pytest.mark.parametrize(
    ("source", "place", "written"),
    [
        ("path+../../lib", "/lib/sub/x.py", "path+../../lib/sub/x.py"),
        ("path+../../lib/x.py", "/lib/x.py", "path+../../lib/x.py"),
        ("path+../../lib/package.json", "/lib/src/x.py", "path+../../lib/src/x.py"),
        ("path+./a.py + path+../../lib/x.py", "/lib/x.py", "path+../../lib/x.py"),
        ("path+.", "/srv/project/x.py", "path+x.py"),
        ("path+/lib/x.py", "/lib/x.py", "file:///lib/x.py"),
        ("path+~/lib/x.py", "/lib/x.py", "file:///lib/x.py"),
        ("path+../../other", "/lib/x.py", "file:///lib/x.py"),
    ],
)
def test_a_path_that_leads_from_the_project_stays_one(source: str, place: str, written: str) -> None:
    url = Path(place).absolute().as_uri()
    package = LockedPackage("x", "", source, ("main",), (), (LockedFile("x.py", 1, DIGEST, url),))
    root = Path("/srv/project").absolute()
    text = to_text(Lock((package,)), root)
    assert f'url = "{written.replace("file:///lib/x.py", url)}"' in text
    assert from_text(text, root / "belay.lock").packages == (package,)


def test_an_index_in_the_project_is_found_wherever_the_project_is(tmp_path: Path) -> None:
    def lock(root: Path) -> Lock:
        url = (root / "index").as_uri()
        package = LockedPackage(
            "a", "1", f"index+{url}", ("main",), (), (LockedFile("a.py", 1, DIGEST, f"{url}/f"),)
        )
        return Lock((package,), indices=(url, "file:///mnt/mirror"))

    text = to_text(lock(ROOT), ROOT)
    assert str(ROOT) not in text
    assert from_text(text, tmp_path / "belay.lock") == lock(tmp_path)


names = st.from_regex(r"\A[a-z][a-z0-9_]{0,5}\Z")
texts = st.text(st.characters(codec="utf-8").filter(str.isprintable), max_size=8)
files = st.builds(
    LockedFile,
    names.map("{}.py".format),
    st.integers(0, 9),
    st.sampled_from([DIGEST]),
    texts.map("https://{}".format),
)
packages = st.builds(
    LockedPackage,
    names,
    texts,
    texts,
    st.lists(names, max_size=2, unique=True).map(sorted).map(tuple),
    st.just(()),
    st.lists(files, max_size=3, unique_by=lambda file: file.destination)
    .map(lambda found: sorted(found, key=lambda file: file.destination))
    .map(tuple),
)
locks = st.builds(
    Lock,
    st.lists(packages, max_size=3, unique_by=lambda package: package.name)
    .map(lambda found: sorted(found, key=lambda package: package.name))
    .map(tuple),
    st.just(()),
    texts,
    st.lists(texts, max_size=2).map(tuple),
)


@given(locks)
def test_any_lock_comes_back(lock: Lock) -> None:
    assert from_text(to_text(lock, ROOT), FILE) == lock


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "belay.lock"
    assert read_lock(path) is None
    write_lock(path, LOCK)
    assert path.read_bytes() == to_text(LOCK, tmp_path).encode()
    assert read_lock(path) == LOCK


BROKEN = {
    "no TOML": (TEXT.replace('version = ""', "version ="), 32, "is no TOML"),
    "deep": ("x = " + "[" * 100_000, None, "nested too deeply"),
    "empty": ("", None, "has no number of its format"),
    "format": ('version = "1"', 1, "has no number of its format"),
    "truth": ("version = true", 1, "has no number of its format"),
    "conflict": (
        TEXT.replace('    "dev",\n', '<<<<<<< HEAD\n    "dev",\n=======\n>>>>>>> x\n'),
        19,
        "merge conflict",
    ),
    "field": (TEXT.replace("size = 8", "weight = 8"), 26, "weight"),
    "top": (TEXT.replace("mpy_version", "mpy"), 5, "unknown field `mpy`"),
    "missing": (TEXT.replace('source = "path+../drivers"\n', ""), 30, "missing required field `source`"),
    "type": (TEXT.replace("size = 0", 'size = "0"'), 27, "expected `int`"),
    "size": (TEXT.replace("size = 0", "size = -1"), 27, "-1 is no size"),
    "digest": (TEXT.replace(DIGEST, "abc", 1), 26, "no SHA-256"),
    "destination": (TEXT.replace("aiohttp/ws.py", "../../ws.py"), 27, "leads out"),
    "clash": (TEXT.replace("aiohttp/ws.py", "AIOHTTP/ws.py"), 27, "differ by their case"),
    "content": (
        TEXT.replace(
            f'"sensor/__init__.py", size = 3, sha256 = "{DIGEST}"',
            f'"aiohttp/ws.py", size = 3, sha256 = "{"f" * 64}"',
        ),
        50,
        "other content",
    ),
    "group": (TEXT.replace('"dev"', '"../dev"'), 19, "leads out|is no name|folders"),
    "name": (TEXT.replace('name = "sensor"', 'name = "sen sor"'), 42, "is no name"),
    "twice": (TEXT.replace('name = "drivers"', 'name = "aiohttp"'), 31, "there twice"),
    "dependency": (TEXT.replace('    "sensor",\n', '    "nosuch",\n'), 23, "no package 'nosuch'"),
    "requirement": (TEXT.replace('["sensor"]', '["nosuch"]'), 11, "no package 'nosuch'"),
    "key": (TEXT.replace('key = "sensor"', 'key = "sen/sor"'), 11, "is no name"),
    "not a table": (
        TEXT.replace("[[package]]", "[package]", 1).split("[[package]]")[0],
        14,
        "expected `array`",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_errors_name_file_and_line(name: str) -> None:
    text, line, reason = BROKEN[name]
    with pytest.raises(LockError, match=reason) as caught:
        from_text(text, FILE)
    error = caught.value
    assert (error.file, error.line) == (str(FILE), line)
    assert error.hint
    assert str(FILE) in error.message


def test_a_newer_format_is_refused() -> None:
    with pytest.raises(LockError, match="is of format 2; this belay knows 1") as caught:
        from_text("version = 2\nnew = 'things'", FILE)
    assert (caught.value.line, caught.value.hint) == (1, "a newer belay wrote it; install that one")


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "belay.lock"
    path.write_bytes(b"version = 1\n\xff")
    with pytest.raises(LockError, match="no UTF-8 at byte 12"):
        read_lock(path)
    monkeypatch.setattr(lockfile, "MAX_BYTES", 5)
    with pytest.raises(LockError, match="larger than 5"):
        read_lock(path)
    with pytest.raises(IsADirectoryError if os.name != "nt" else PermissionError):
        read_lock(path.parent)


@given(st.sampled_from(TEXT.splitlines()[3:]), st.text('[]{}="\n\\ab0,.', max_size=5), st.integers(0, 40))
def test_garbage_by_hand(line: str, garbage: str, place: int) -> None:
    text = TEXT.replace(line, line[:place] + garbage + line[place:], 1)
    try:
        found = from_text(text, FILE)
    except LockError as error:
        assert error.file == str(FILE)  # noqa: PT017 - nothing else may be raised
        return
    assert tomllib.loads(to_text(found, ROOT))


def test_two_people_s_additions_merge(tmp_path: Path) -> None:
    def text(*packages: str) -> bytes:
        found = (
            LockedPackage(
                name, "1.0", "index", ("main",), (), (LockedFile(f"{name}.py", 1, DIGEST, "https://x"),)
            )
            for name in packages
        )
        return to_text(Lock(tuple(found)), ROOT).encode()

    for name, packages in (("base", "ccc eee"), ("ours", "aaa ccc eee"), ("theirs", "ccc eee ggg")):
        (tmp_path / name).write_bytes(text(*packages.split()))
    try:
        done = subprocess.run(
            ["git", "merge-file", "-p", "ours", "base", "theirs"],
            cwd=tmp_path,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        pytest.skip("there is no git here")
    assert (done.returncode, done.stdout) == (0, text("aaa", "ccc", "eee", "ggg"))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"0.0.3"', '"0.0.3\\u001b[2J"', "not printable"),
        ('mpy_version = "', 'mpy_version = "\\u001b', "not printable"),
        ('source = "', 'source = "\\u202e', "not printable"),
        ('wanted = "', 'wanted = "\\n', "not printable"),
        ('url = "', 'url = "\\u0007', "not printable"),
        ("indices = [", 'indices = ["\\u009b2J", ', "not printable"),
        ("size = ", "size = 99999999", "is no size"),
    ],
)
def test_what_strangers_may_have_written_into_it(old: str, new: str, reason: str) -> None:
    text = TEXT.replace(old, new)
    assert text != TEXT
    with pytest.raises(LockError, match=reason) as caught:
        from_text(text, Path("belay.lock"))
    assert caught.value.line
    assert str(caught.value).isprintable()


def test_whatever_can_be_fetched_can_be_locked() -> None:
    assert lockfile.MAX_FILE == FILE_BYTES
