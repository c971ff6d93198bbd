"""The table: what may be wrong with the world, and what becomes of a command then.

Each case has one of two ends. Either the result is right, or one error says which package, which source and
what to do, and nothing has changed. What is said stands in ``messages.txt``, under the name of the case.
"""

# ruff: noqa: E501 - a line is a case

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from belay.cli.exits import CONNECTION, DONE, FILE, PACKAGES, USAGE

from . import arrange as a
from .arrange import CONTENT, HASH, PORTAL, fault, packages, page, raw, wants
from .scene import VENDORED
from .stage import BAD, LATEST, LISTING, PAGE, Arrangement, digits
from .stage import FILE as BAD_FILE

MAIN = f"project/{VENDORED}/main"
LOCK = "project/belay.lock"
PYPROJECT = "project/pyproject.toml"
HEAD = b"HTTP/1.1 200 OK\r\n"
_STARTS = {"update": "wanted", "lock": "wanted", "add": "settled", "new": "settled"}


@dataclass(frozen=True)
class Case:
    """A line of the table.

    Attributes:
        name: Says what is wrong.
        command: What is run.
        exit: What it ends with.
        arrange: Makes it wrong.
        names: What the message must name, and more than once is no harm.
        start: What the project is before, as for :meth:`~.stage.Stage.begin`.
        gives: If all is well: the vendored files beside those of ``good``; None if that does not matter.
        changes: What else may change if all is well, below the top folder.
        long: Whether it takes its time.
    """

    name: str
    command: str
    exit: int
    arrange: tuple[Arrangement, ...]
    names: tuple[str, ...]
    start: str
    gives: Mapping[str, bytes] | None
    changes: tuple[str, ...] = ()
    long: bool = False


def case(
    name: str,
    command: str,
    code: int,
    *arrange: Arrangement,
    names: tuple[str, ...] = ("bad",),
    start: str = "",
    gives: Mapping[str, str | bytes] | None = BAD,
    changes: tuple[str, ...] = (),
    long: bool = False,
) -> Case:
    """A line of the table, with what is usual."""
    verb = command.split(maxsplit=1)[0]
    data = gives and {path: text.encode() if isinstance(text, str) else text for path, text in gives.items()}
    start = start or _STARTS.get(verb, "locked")
    return Case(name, command, code, arrange, names, start, data, changes, long)


WEB = ("bad", "<web>")
NOTHING: dict[str, str] = {}


def _new(**files: str) -> dict[str, object]:
    return {"files": files}


RIGHT = [
    case("nothing is wrong", "update", DONE),
    case("nothing is wrong, lock", "lock", DONE, gives=None),
    case("nothing is wrong, fetch", "fetch", DONE, a.emptied),
    case("nothing is wrong, verify", "verify", DONE),
    case("nothing is wrong, add", "add bad", DONE, changes=(PYPROJECT,)),
    case("nothing is wrong, remove", "remove bad", DONE, gives=NOTHING, changes=(PYPROJECT,)),
    case("nothing is wrong, new", "new", DONE, a.inside("fresh"), gives=None, changes=("fresh",)),
]

# --- what others got wrong ------------------------------------------------------------------------

REPO = {"bad.py": "BAD = 1\n"}
LATER = {"bad.py": "BAD = 2\n"}

PEERS = [
    case(
        "a package is where it is imported",
        "update",
        DONE,
        packages(bad={"1.0": {"files": {"bad/__init__.py": "", "bad/inner/x.py": ""}}}),
        gives={"bad/__init__.py": "", "bad/inner/x.py": ""},
    ),
    case(
        "a name with a dot", "update", DONE, packages(umqtt__simple={"1.0": {}}), wants('"umqtt.simple" = "*"'),
        gives={"umqtt/simple.py": "V = '1.0'\n"},
    ),
    case(
        "a name with a hyphen", "add unittest-discover", DONE,
        packages(**{"unittest-discover": {"1.0": {"files": {"unittest/d.py": ""}}}}),
        gives={"unittest/d.py": ""}, changes=(PYPROJECT,),
    ),
    case(
        "a version with a hyphen", "update", DONE, packages(bad={"3.3.3-4": {}}), wants('bad = "==3.3.3-4"'),
        gives={"bad.py": "V = '3.3.3-4'\n"},
    ),
    case(
        "a tag is a tag", "update", DONE, a.repository("o/r", REPO, LATER, tags=("v1.0",)),
        wants('bad = "github:o/r/bad.py@v1.0"'), gives={"bad/__init__.py": "BAD = 1\n"},
    ),
    case(
        "a need with a tag", "update", DONE,
        a.repository("o/d", {"d.py": "D = 1\n"}, {"d.py": "D = 2\n"}, tags=("v1.0",)),
        a.manifest(deps=[["github:o/d/d.py", "v1.0"]], hashes=[["x.py", HASH]]),
        wants('bad = "*"'), gives={"x.py": CONTENT, "d/__init__.py": "D = 1\n"},
    ),
    case(
        "latest is no branch", "update", DONE,
        a.repository("o/d", {"d.py": "D = 1\n"}),
        a.manifest(deps=[["github:o/d/d.py", "latest"]], hashes=[["x.py", HASH]]),
        wants('bad = "*"'), gives={"x.py": CONTENT, "d/__init__.py": "D = 1\n"},
    ),
    case(
        "two packages of one repository", "update", DONE,
        a.repository("o/r", {"bad.py": "BAD = 1\n", "c.py": "C = 1\n"}),
        wants('bad = "github:o/r/bad.py"', 'c = "github:o/r/c.py"'),
        gives={"bad/__init__.py": "BAD = 1\n", "c/__init__.py": "C = 1\n"},
    ),
    case(
        "two who need one latest", "update", DONE,
        packages(bad={"1.0": {"deps": [["low", "latest"]]}}, c={"1.0": {"deps": [["low", "latest"]]}},
                 low={"1.0": {}, "1.1": {}}),
        wants('bad = "*"', 'c = "*"'),
        gives={"bad.py": "V = '1.0'\n", "c.py": "V = '1.0'\n", "low.py": "V = '1.1'\n"},
    ),
    case(
        "a conflict", "update", PACKAGES,
        packages(bad={"1.0": {"deps": [["low", "1.0"]]}}, c={"1.0": {"deps": [["low", "1.1"]]}},
                 low={"1.0": {}, "1.1": {}}),
        wants('bad = "*"', 'c = "*"'), names=("bad 1.0", "c 1.0", "low 1.0", "low 1.1"),
    ),
    case(
        "two contents for one file", "update", PACKAGES,
        packages(bad={"1.0": {"files": {"same.py": "1\n"}}}, c={"1.0": {"files": {"same.py": "2\n"}}}),
        wants('bad = "*"', 'c = "*"'), names=("bad", "c have", "same.py"),
    ),
    case(
        "packages that need each other", "update", DONE,
        packages(bad={"1.0": {"deps": [["c", ""]]}}, c={"1.0": {"deps": [["bad", ""]]}}),
        gives={"bad.py": "V = '1.0'\n", "c.py": "V = '1.0'\n"},
    ),
    case(
        "a circle that the search has left", "update", DONE,
        packages(
            bad={"1.0": {}, "2.0": {"deps": [["c", ">=2"]]}},
            b={"2.0": {"deps": [["c", ">=2"]]}},
            c={"2.0": {"deps": [["bad", "<2"], ["b", "2.0"]]}},
        ),
        wants('bad = "<3"'), gives={"bad.py": "V = '1.0'\n"},
    ),
    case(
        "a package that needs itself", "update", DONE, packages(bad={"1.0": {"deps": [["bad", ""]]}}),
        gives={"bad.py": "V = '1.0'\n"},
    ),
    case("not there, at the end of many", "update", CONNECTION, fault("status", BAD_FILE, status=404), names=WEB),
    case(
        "what a manifest links to has changed", "fetch", CONNECTION,
        a.emptied, page(BAD_FILE, "BAD = 2\n"), names=WEB,
    ),
    case("a need that is a path", "update", PACKAGES, a.manifest(deps=[["./x", ""]]), names=WEB),
    case("a need that is an absolute path", "update", PACKAGES, a.manifest(deps=[["/etc/passwd", ""]]), names=WEB),
    case("a need that is a file", "update", PACKAGES, a.manifest(deps=[["file:///etc/passwd", ""]]), names=WEB),
    case("a link to a file of this machine", "update", PACKAGES,
         a.manifest(urls=[["bad.py", "file:///etc/passwd"]]), names=WEB),
    case("a name that nobody has", "update nosuch", PACKAGES, names=("nosuch",)),
    case("a name that nobody has, remove", "remove nosuch", PACKAGES, names=("nosuch",)),
    case("a package that no index has", "update", PACKAGES, a.without("bad"), names=WEB),
    case("a package that no index has, add", "add nosuch", PACKAGES, names=("nosuch", "<web>")),
    case("a package that is misspelt", "add goood", PACKAGES, names=("goood", "<web>", "did you mean good")),
    case("a version that nobody has", "update", PACKAGES, wants('bad = ">=7"'), names=WEB),
    case("a dead index before a good one", "update", DONE, a.nobody_first),
]  # fmt: skip

# --- answers --------------------------------------------------------------------------------------

NET = [
    case("listing: not there", "update", DONE, fault("status", LISTING, status=404)),
    case("listing: forbidden", "update", CONNECTION, fault("status", LISTING, status=403), names=("<web>",)),
    case("listing: broken for good", "update", CONNECTION, fault("status", LISTING, status=500), names=("<web>",)),
    case("listing: cut", "update", CONNECTION, fault("truncate", LISTING), names=("<web>",)),
    case("listing: the page of a hotel", "update", PACKAGES, page(LISTING, PORTAL, Content_Type="text/html"),
         names=("<web>",)),
    case("listing: of another format", "update", PACKAGES, page(LISTING, '{"v": 3, "packages": []}'), names=("<web>",)),
    case("listing: too large", "update", CONNECTION, a.large(LISTING, 65), names=("<web>",), long=True),
    case("listing: small, but grows", "update", CONNECTION, a.bomb(LISTING), names=("<web>",), long=True),
    case("page: not there", "update", PACKAGES, fault("status", PAGE, status=404), names=WEB),
    case("page: gone", "update", PACKAGES, fault("status", PAGE, status=410), names=WEB),
    case("page: needs a login", "update", CONNECTION, fault("status", PAGE, status=401), names=WEB),
    case("page: broken for a moment", "update", DONE, fault("status", PAGE, status=503, times=1)),
    case("page: busy for a moment", "update", DONE,
         fault("status", PAGE, status=429, times=1, headers={"Retry-After": "0"})),
    case("page: busy for days", "update", CONNECTION,
         fault("status", PAGE, status=429, headers={"Retry-After": "90000"}), names=WEB),
    case("page: the page of a hotel", "update", PACKAGES, page(LATEST, PORTAL, Content_Type="text/html"), names=WEB),
    case("page: the page of a hotel, add", "add bad", PACKAGES, page(LATEST, PORTAL), names=WEB),
    case("page: the page of a hotel, lock", "lock", PACKAGES, page(LATEST, PORTAL), names=WEB),
    case("page: empty", "update", PACKAGES, page(LATEST, ""), names=WEB),
    case("page: no text", "update", PACKAGES, page(LATEST, b"\xff\xfe\x00{}"), names=WEB),
    case("page: a list", "update", PACKAGES, page(LATEST, "[]"), names=WEB),
    case("page: of the wrong kind", "update", PACKAGES, page(LATEST, '{"hashes": "x"}'), names=WEB),
    case("page: of another format", "update", PACKAGES, page(LATEST, '{"v": 2}'), names=WEB),
    case("page: cut JSON", "update", PACKAGES, page(LATEST, '{"v": 1, "hashes": [["bad.py"'), names=WEB),
    case("page: brackets without end", "update", PACKAGES, page(LATEST, "[" * 100_000), names=WEB),
    case("page: 64 megabytes", "update", CONNECTION, a.large(LATEST, 64), names=WEB, long=True),
    case("page: small, but grows", "update", CONNECTION, a.bomb(LATEST), names=WEB),
    case("page: cut", "update", CONNECTION, fault("truncate", PAGE), names=WEB),
    case("page: dropped", "update", CONNECTION, fault("drop", PAGE), names=WEB),
    case("page: dropped once", "update", DONE, fault("drop", PAGE, times=1)),
    case("page: not HTTP", "update", CONNECTION, fault("garbage", PAGE), names=WEB),
    case("page: no answer but a greeting", "update", CONNECTION, raw(PAGE, b"SSH-2.0-OpenSSH\r\n"), names=WEB),
    case("page: packed, but not well", "update", CONNECTION,
         raw(PAGE, HEAD + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"), names=WEB),
    case("page: packed in an unknown way", "update", CONNECTION,
         raw(PAGE, HEAD + b"Content-Encoding: what\r\nContent-Length: 5\r\n\r\nhello"), names=WEB),
    case("page: a length below nothing", "update", CONNECTION,
         raw(PAGE, HEAD + b"Content-Length: -5\r\n\r\nhello"), names=WEB),
    case("page: a length that is none", "update", CONNECTION,
         raw(PAGE, HEAD + b"Content-Length: x\r\n\r\nhello"), names=WEB),
    case("page: longer than it says", "update", PACKAGES,
         raw(PAGE, HEAD + b'Content-Length: 2\r\n\r\n{"hashes": []}'), names=("bad",)),
    case("page: pieces that are none", "update", CONNECTION,
         raw(PAGE, HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n"), names=WEB),
    case("page: not modified, but new", "update", CONNECTION, raw(PAGE, b"HTTP/1.1 304 X\r\n\r\n"), names=WEB),
    case("page: nothing", "update", CONNECTION, raw(PAGE, b"HTTP/1.1 204 X\r\n\r\n"), names=WEB),
    case("file: not there", "update", CONNECTION, fault("status", BAD_FILE, status=404), names=WEB),
    case("file: not there, fetch", "fetch", CONNECTION, a.emptied, fault("status", BAD_FILE, status=404), names=WEB),
    case("file: not there, add", "add bad", CONNECTION, fault("status", BAD_FILE, status=404), names=WEB),
    case("file: forbidden", "update", CONNECTION, fault("status", BAD_FILE, status=403), names=WEB),
    case("file: broken for good", "update", CONNECTION, fault("status", BAD_FILE, status=502), names=WEB),
    case("file: broken for a moment", "fetch", DONE, a.emptied, fault("status", BAD_FILE, status=502, times=1)),
    case("file: cut", "update", CONNECTION, fault("truncate", BAD_FILE), names=WEB),
    case("file: cut, fetch", "fetch", CONNECTION, a.emptied, fault("truncate", BAD_FILE), names=WEB),
    case("file: cut once", "update", DONE, fault("truncate", BAD_FILE, times=1)),
    case("file: dropped", "update", CONNECTION, fault("drop", BAD_FILE), names=WEB),
    case("file: one byte is another", "update", CONNECTION, fault("wrong", BAD_FILE), names=WEB),
    case("file: one byte is another, fetch", "fetch", CONNECTION, a.emptied, fault("wrong", BAD_FILE), names=WEB),
    case("file: the page of a hotel", "update", CONNECTION, page(BAD_FILE, PORTAL), names=WEB),
    case("file: the page of a hotel, fetch", "fetch", CONNECTION, a.emptied, page(BAD_FILE, PORTAL), names=WEB),
    case("file: too large", "update", CONNECTION, a.large(BAD_FILE, 17), names=WEB),
    case("file: small, but grows", "update", CONNECTION, a.bomb(BAD_FILE), names=WEB),
    case("file: small, but grows, fetch", "fetch", CONNECTION, a.emptied, a.bomb(BAD_FILE), names=WEB),
    case("an address: the page of a hotel", "update", PACKAGES,
         page("/x/package.json", PORTAL), wants('bad = "<web>/x/"'), names=WEB),
    case("an address: not there", "update", CONNECTION, wants('bad = "<web>/x.py"'), names=WEB),
    case("an address: the page of a hotel for Python", "update", CONNECTION,
         page("/x.py", PORTAL, Content_Type="text/html"), wants('bad = "<web>/x.py"'), names=WEB),
    case("nobody answers", "update", CONNECTION, a.silent(), names=("<web>",)),
    case("nobody answers, fetch", "fetch", CONNECTION, a.emptied, a.silent(), names=WEB),
    case("nobody answers, but there is a lock", "fetch", DONE, a.silent()),
    case("nobody answers, verify", "verify", DONE, a.silent()),
    case("nobody answers, remove", "remove bad", DONE, fault("drop"), gives=NOTHING, changes=(PYPROJECT,)),
    case("nobody answers, offline", "update --offline", PACKAGES, a.silent(), names=("bad", "<web>")),
    case("a slow server", "update", DONE, a.slow),
    case("a page of a picture's type", "update", DONE,
         page(LATEST, json.dumps({"v": 1, "version": "1.0", "hashes": [["bad.py", digits(BAD["bad.py"])]]}),
              Content_Type="image/png")),
    case("everything stops in the middle", "update", CONNECTION, a.silent("stall"), names=("<web>",)),
    case("everything stops in the middle, fetch", "fetch", CONNECTION, a.emptied, a.silent("stall"), names=WEB),
    case("a byte now and then", "update", CONNECTION, a.silent("drip", every=0.1), names=("<web>",)),
    case("a byte now and then, fetch", "fetch", CONNECTION, a.emptied, a.silent("drip", every=0.1), names=WEB),
]  # fmt: skip

# --- redirects, names, certificates, proxies ------------------------------------------------------

WAYS = [
    case("sent round in circles", "update", CONNECTION, fault("redirect", BAD_FILE, to=BAD_FILE), names=WEB),
    case("sent to a file", "update", CONNECTION, fault("redirect", BAD_FILE, to="file:///etc/passwd"), names=WEB),
    case("sent to another protocol", "update", CONNECTION, fault("redirect", BAD_FILE, to="ftp://a/b"), names=WEB),
    case("sent to plain http", "update", CONNECTION,
         fault("redirect", BAD_FILE, to="http://plain.test/x"), names=("bad", "<web>", "plain.test")),
    case("sent nowhere", "update", CONNECTION, raw(BAD_FILE, b"HTTP/1.1 302 X\r\nContent-Length: 0\r\n\r\n"), names=WEB),
    case("sent somewhere with a login", "update", CONNECTION,
         fault("redirect", BAD_FILE, to="https://u:p@plain.test/"), names=WEB),
    case("sent to escape codes", "update", CONNECTION,
         raw(BAD_FILE, b"HTTP/1.1 302 X\r\nLocation: \x1b[2J://x\r\nContent-Length: 0\r\n\r\n"), names=WEB),
    case("sent to another server with a token", "update", DONE, a.token("<other>/bad.py")),
    case("from TLS to plain http", "update", CONNECTION, a.tls_redirects("<web>/x.py"), names=("bad", "<tls>", "<web>")),
    case("a certificate that is right", "update", DONE, a.tls("right")),
    case("a certificate of a stranger", "update", CONNECTION, a.tls("right", trusted=False), names=("<tls>",)),
    case("a certificate that has expired", "update", CONNECTION, a.tls("expired"), names=("<tls>",)),
    case("a certificate of tomorrow", "update", CONNECTION, a.tls("early"), names=("<tls>",)),
    case("a certificate for another name", "update", CONNECTION, a.tls("name"), names=("<tls>",)),
    case("no TLS at all", "update", CONNECTION, a.plain_for_tls, names=("<tls>",)),
    case("a server without a name", "update", CONNECTION,
         wants('bad = "https://nosuch.invalid/x.py"'), names=("bad", "nosuch.invalid")),
    case("an index without a name", "update", CONNECTION,
         wants('bad = "*"', indices='["https://nosuch.invalid/pi"]'), names=("nosuch.invalid",)),
    case("nobody listens", "update", CONNECTION, a.nobody, names=("127.0.0.1",)),
    case("plain http", "update", CONNECTION,
         wants('bad = "http://plain.test/x.py"'), names=("bad", "plain.test", "http_hosts")),
    case("a proxy", "update", DONE, a.proxy()),
    case("a proxy that reaches nobody", "update", CONNECTION, a.proxy(refuses=True), names=("index.test",)),
    case("a proxy that is none", "update", CONNECTION, a.proxy(named="socks5://us:secret@<proxy>"),
         names=("index.test",)),
    case("a proxy that is no address", "update", CONNECTION, a.proxy(named="http://us:secret@[::1"),
         names=("index.test",)),
]  # fmt: skip

# --- hashes ---------------------------------------------------------------------------------------

HASHES = [
    case("a hash of 2 digits", "update", DONE, a.content(b"1\n", 2), gives={"bad.py": "1\n"}),
    case("a hash of 16 digits", "update", DONE, a.content(b"1\n", 16), gives={"bad.py": "1\n"}),
    case("a hash of 64 digits", "update", DONE, a.content(b"1\n", 64), gives={"bad.py": "1\n"}),
    case("a hash in capitals", "update", DONE, a.content(b"1\n", 64, upper=True), gives={"bad.py": "1\n"}),
    *(
        case(f"a hash: {name}", "update", PACKAGES, a.hashed(text), names=WEB)
        for name, text in {
            "nothing": "", "1 digit": "a", "65 digits": "a" * 65, "no digits": "xyzxyzxy",
            "a path": "../../../x", "a path with digits": "aa/../../..", "blanks": " " + HASH,
            "a line": HASH + "\n", "escape codes": "\x1b[31m",
        }.items()
    ),
    case("a hash of another file", "update", CONNECTION, a.content(b"1\n"),
         page(a.file_path("1\n"), "2\n"), names=WEB),
]  # fmt: skip

# --- names and destinations -----------------------------------------------------------------------

PLACES = {
    "up": "../x.py",
    "far up": "../../../../x.py",
    "in and up": "a/../../x.py",
    "absolute": "/etc/x.py",
    "another machine": "//host/share/x.py",
    "nothing": "",
    "here": ".",
    "a dot": "./x.py",
    "two slashes": "a//x.py",
    "a slash at the end": "a/",
    "Windows: a drive": "C:/x.py",
    "Windows: a drive's folder": "C:x.py",
    "Windows: backslashes": "..\\..\\x.py",
    "Windows: another machine": "\\\\host\\share\\x.py",
    "Windows: any file": "\\\\?\\C:\\x.py",
    "Windows: a device": "nul",
    "Windows: a device with a suffix": "a/con.py",
    "Windows: a device with a small digit": "lpt\u00b9.py",
    "Windows: the console": "conin$",
    "Windows: a stream": "fine.py:hidden",
    "Windows: a dot at the end": "fine.py.",
    "Windows: a blank at the end": "fine.py ",
    "Windows: signs": "a*.py",
    "Windows: too long": "/".join(["d" * 60] * 5),
    "macOS and Windows: capitals": "Fine.py",
    "macOS: ignored signs": "fine\u200d.py",
    "NUL": "a\x00.py",
    "a line": "a\n.py",
    "escape codes": "\x1b[2J.py",
    "from right to left": "\u202eyp.x",
    "half a letter": "\ud800.py",
    "git: hooks": ".git/hooks/post-checkout",
    "git: hooks of Windows": "GIT~1/config",
    "a file and a folder": "fine.py/x.py",
    "deep": "/".join("d" * 40),
    "long": "x" * 300,
}
FINE = {
    "a tilde": "~/x.py",
    "a variable": "$HOME/x.py",
    "an option": "-rf",
    "percent": "..%2fx.py",
    "wide dots": "\uff0e\uff0e/x.py",
}
KEYS = ["..", "../x", "/x", "a/b", "C:", "nul", ".git", "x.", "a b", "x" * 300, "\\u202ea", "\\u0000"]

NAMES = [
    *(
        case(f"a destination: {name}", "update", PACKAGES, a.destination(path),
             names=WEB)
        for name, path in PLACES.items()
    ),
    case("a destination: macOS: letters in pieces", "update", PACKAGES,
         a.manifest(hashes=[["fi\u0301ne.py", HASH], ["f\u00edne.py", HASH]]), names=WEB),
    *(
        case(f"a destination like any other: {name}", "update", DONE, a.destination(path),
             gives={"fine.py": CONTENT, path: CONTENT})
        for name, path in FINE.items()
    ),
    case("a destination that leads out, add", "add bad", PACKAGES, a.destination("../x.py"), names=WEB),
    case("a destination that leads out, lock", "lock", PACKAGES, a.destination("../x.py"), names=WEB),
    case("a destination that leads out, locked", "fetch", PACKAGES,
         a.replaced(LOCK, '"bad.py"', '"../../../x.py"'), names=("bad", "belay.lock")),
    case("a destination that leads out, locked, verify", "verify", PACKAGES,
         a.replaced(LOCK, '"bad.py"', '"../../../x.py"'), names=("bad", "belay.lock")),
    *(
        case(f"a group: {key[:12]}", "update", USAGE,
             a.table(f'[tool.belay.group."{key}".dependencies]\nbad = "*"'), names=("pyproject.toml",))
        for key in KEYS
    ),
    case("a group that is main by case", "update", USAGE,
         a.table('[tool.belay.group.MAIN.dependencies]\nbad = "*"'), names=("pyproject.toml", "MAIN")),
    case("a group that leads out, add", "add bad --group ../../x", PACKAGES, names=("../../x",)),
    *(
        case(f"a dependency's name: {key[:12]}", "update", USAGE, wants(f'"{key}" = "*"'), names=("pyproject.toml",))
        for key in KEYS
        if key != "nul"
    ),
    case("a dependency's name: nul", "update", PACKAGES, wants('nul = "*"'), names=("nul", "<web>")),
    case("capitals of two packages", "update", PACKAGES,
         packages(bad={"1.0": {"files": {"Lib/x.py": ""}}}, c={"1.0": {"files": {"lib/y.py": ""}}}),
         wants('bad = "*"', 'c = "*"'), names=("bad and c", "Lib", "lib")),
    case("a file and a folder of two packages", "update", PACKAGES,
         packages(bad={"1.0": {"files": {"lib": ""}}}, c={"1.0": {"files": {"lib/y.py": ""}}}),
         wants('bad = "*"', 'c = "*"'), names=("bad and c", "lib")),
]  # fmt: skip

# --- repositories ------------------------------------------------------------------------------------

R = {"bad.py": "BAD = 1\n"}
IN_R = 'bad = "github:o/r/bad.py"'
ALL_R = 'bad = "github:o/r"'
REPOSITORIES = [
    case("a git host: no such repository", "update", PACKAGES, a.repository("o/r", R), wants('bad = "github:o/no"'),
         names=("bad", "github:o/no")),
    case("a git host: no such tag", "update", PACKAGES, a.repository("o/r", R), wants('bad = "github:o/r/bad.py@v9"'),
         names=("bad", "github:o/r", "v9")),
    case("a git host: no such file", "update", CONNECTION, a.repository("o/r", R), wants('bad = "github:o/r/no.py"'),
         names=("bad", "no.py")),
    case("a git host: no such folder", "update", PACKAGES, a.repository("o/r", R), wants('bad = "github:o/r/no"'),
         names=("bad", "no")),
    case("a git host: no such host", "update", USAGE, wants('bad = "gitmoon:o/r"'), names=("bad", "gitmoon")),
    case("a git host: the page of a hotel for the refs", "update", CONNECTION, a.repository("o/r", R),
         page(a.HUB["refs"] + "?service=git-upload-pack", PORTAL), wants(IN_R), names=("bad", "<web>")),
    case("a git host: the page of a hotel for a file", "update", CONNECTION, a.repository("o/r", R),
         raw(a.HUB["file"], HEAD + b"Content-Length: 24\r\n\r\n<!DOCTYPE html><html>  \r\n"),
         wants(IN_R), names=("bad", "<web>")),
    case("a git host: the archive is cut", "update", CONNECTION, a.repository("o/r", R),
         fault("truncate", a.HUB["archive"]), wants(ALL_R), names=("bad", "<web>")),
    case("a git host: the archive is a page of a hotel", "update", CONNECTION, a.repository("o/r", R),
         raw(a.HUB["archive"], HEAD + b"Content-Length: 21\r\n\r\n<!DOCTYPE html><html>"),
         wants(ALL_R), names=("bad", "<web>")),
    case("a git host: it is closed", "update", PACKAGES, a.repository("o/r", R),
         fault("status", a.HUB["refs"], status=401), wants(IN_R), names=("bad", "github:o/r")),
    case("a git host: it is broken", "update", CONNECTION, a.repository("o/r", R),
         fault("status", a.HUB["refs"], status=500), wants(IN_R), names=("bad", "<web>")),
    case("git: no such repository", "update", CONNECTION, a.git("r", R), a.wants_git('bad = "<git>/no.git"'),
         names=("bad", "<git>/no.git")),
    case("git: no such branch", "update", CONNECTION, a.git("r", R),
         a.wants_git('bad = { git = "<git>/r.git", branch = "no" }'), names=("bad", "<git>/r.git", "no")),
    case("git: no such folder", "update", USAGE, a.git("r", R),
         a.wants_git('bad = { git = "<git>/r.git", subdirectory = "no" }'), names=("bad", "<git>/r.git", "no")),
    case("git: an option for an address", "update", USAGE, wants('bad = "git+--upload-pack=touch"'), names=("bad",)),
    case("git: an option for a branch", "update", CONNECTION, a.git("r", R),
         a.wants_git('bad = { git = "<git>/r.git", branch = "--upload-pack=touch" }'), names=("bad", "<git>/r.git")),
    case("git: a program for an address", "update", USAGE, wants('bad = "git+ext::sh -c touch"'), names=("bad",)),
    case("git: no such program", "update", PACKAGES, a.git("r", R), a.env(PATH="<top>/elsewhere"),
         a.wants_git('bad = "<git>/r.git"'), names=("bad", "<git>/r.git")),
]  # fmt: skip

# --- sizes and shapes -----------------------------------------------------------------------------

SIZES = [
    case("a hundred thousand needs", "update", CONNECTION,
         page(LATEST, json.dumps({"deps": [["good", ""]] * 100_000})), names=WEB, long=True),
    case("501 needs", "update", PACKAGES, page(LATEST, json.dumps({"deps": [["good", ""]] * 501})), names=WEB),
    case("2001 files", "update", PACKAGES,
         page(LATEST, json.dumps({"hashes": [[f"f{i}.py", HASH] for i in range(2001)]})), names=WEB),
    case("a version of a megabyte", "update", PACKAGES,
         page(LATEST, json.dumps({"version": "1" * 1_000_000})), names=WEB),
    case("a version with escape codes", "update", PACKAGES, a.manifest(version="1\x1b[2J"), names=WEB),
    case("40 that need each other in a row", "update", DONE, a.chain(40), gives=NOTHING),
    case("1000 that need each other in a row", "update", DONE, a.chain(1000), gives=NOTHING, long=True),
    case("1002 that need each other in a row", "update", PACKAGES, a.chain(1002),
         names=("<web>/m1001", "pyproject.toml"), long=True),
]  # fmt: skip

# --- content --------------------------------------------------------------------------------------

TEXTS = {
    "Latin-1": "# caf\u00e9\n".encode("latin-1"),
    "UTF-16": "X = 1\n".encode("utf-16"),
    "a mark at its start": b"\xef\xbb\xbfX = 1\n",
    "line ends of Windows": b"X = 1\r\nY = 2\r\n",
    "no line end": b"X = 1",
    "zeros": b"\0" * 100,
    "nothing": b"",
    "every byte": bytes(range(256)),
}
BYTES = [
    *(case(f"a file: {name}", "update", DONE, a.content(data), gives={"bad.py": data}) for name, data in TEXTS.items()),
    case("a file of another computer: Latin-1", "update", DONE, a.text("project/part/x.py", TEXTS["Latin-1"]),
         wants('bad = "./part"'), gives={"bad/x.py": TEXTS["Latin-1"]}),
]  # fmt: skip

# --- the project ----------------------------------------------------------------------------------

NEW_LOCK = "version = 99\n"
CONFLICT = "<<<<<<< HEAD\nversion = 1\n=======\nversion = 1\n>>>>>>> other\n"
PROJECT = [
    *(
        case(f"dependencies_path: {path}", "update", USAGE, a.setting(f'dependencies_path = "{path}"'),
             names=("pyproject.toml", "dependencies_path"))
        for path in ("../../elsewhere", "/srv", "lib/../../x", "C:/x", "nul", ".git/hooks", ".belay/.local", "a\\\\b")
    ),
    case("dependencies_path: a link out", "update", PACKAGES, a.link("project/lib", "elsewhere"),
         a.setting('dependencies_path = "lib"'), names=("lib",)),
    case("no TOML", "update", USAGE, a.text(PYPROJECT, "[tool.belay\n"), names=("pyproject.toml, line 1",)),
    case("no TOML, add", "add bad", USAGE, a.text(PYPROJECT, "[tool.belay\n"), names=("pyproject.toml, line 1",)),
    case("no TOML, remove", "remove bad", USAGE, a.text(PYPROJECT, "x = = 1\n"), names=("pyproject.toml, line 1",)),
    case("no TOML, new", "new", USAGE, a.text(PYPROJECT, "x = = 1\n"), names=("pyproject.toml, line 1",)),
    case("no text", "update", USAGE, a.text(PYPROJECT, b"[tool.belay]\nx = '\xff'\n"), names=("pyproject.toml, line 2",)),
    case("no project", "update", PACKAGES, a.text(PYPROJECT, ""), names=("pyproject.toml",)),
    case("no project, fetch", "fetch", PACKAGES, a.inside("elsewhere"), names=("pyproject.toml",)),
    case("a key that nobody knows", "update", USAGE, a.setting("indices = []"), names=("pyproject.toml", "indices")),
    case("a value of the wrong kind", "update", USAGE, wants("bad = 1"), names=("pyproject.toml", "bad")),
    case("a path that is not there", "update", USAGE, wants('bad = "./nosuch"'), names=("bad", "./nosuch")),
    case("a path that is not there, add", "add bad ./nosuch", USAGE, names=("./nosuch",)),
    case("a file of another home", "add ~nosuch-user/x", USAGE, names=("~nosuch-user/x",)),
    case("words that are nothing", "add what?", USAGE, names=("what?",)),
    case("a login in an address", "add bad https://u:secret@h.test/x.py", USAGE, names=("h.test/x.py",)),
    case("no index", "update", PACKAGES, wants('bad = "*"', indices="[]"), names=("bad", "package_indices")),
    case("an index that is no folder", "update", CONNECTION, wants('bad = "*"', indices='["./nosuch"]'),
         names=("project/nosuch",)),
    case("no lock", "fetch", PACKAGES, start="new", names=("belay.lock",)),
    case("no lock, verify", "verify", PACKAGES, start="new", names=("belay.lock",)),
    case("no lock, lock --check", "lock --check", PACKAGES, start="new", names=("belay.lock",)),
    *(
        case(f"{what}, {verb}", verb, PACKAGES, a.text(LOCK, text), start="locked", names=("belay.lock, line 1",))
        for what, text in {"a lock of tomorrow": NEW_LOCK, "a conflict of git's in the lock": CONFLICT}.items()
        for verb in ("update", "fetch", "verify", "lock", "remove bad")
    ),
    case("a lock that does not fit", "lock --check", PACKAGES, start="wanted", names=("bad",)),
    case("a lock with a hash in capitals", "fetch", PACKAGES, a.replaced(LOCK, 'sha256 = "', 'sha256 = "A'),
         names=("belay.lock",)),
    case("a lock that is cut", "fetch", PACKAGES, a.text(LOCK, 'version = 1\n[[package]]\nname = "b'),
         names=("belay.lock, line 3",)),
    case("a lock that names a file of this machine", "fetch", CONNECTION, a.emptied,
         a.replaced(LOCK, f'"<web>{BAD_FILE}"', '"file:///etc/passwd"'), names=("bad", "file:///etc/passwd")),
    case("a file that was edited, verify", "verify", PACKAGES, a.vendored("bad.py", "BAD = 7\n"), names=("bad.py",)),
    case("a file that is missing, verify", "verify", PACKAGES, a.gone(f"{MAIN}/bad.py"), names=("bad.py",)),
    case("a file that was edited, fetch", "fetch", DONE, a.vendored("bad.py", "BAD = 7\n")),
    case("a file that was edited, remove", "remove bad", DONE, a.vendored("bad.py", "BAD = 7\n"), gives=NOTHING,
         changes=(PYPROJECT,)),
    case("a file of mine is in the way", "update", PACKAGES, a.vendored("bad.py", "mine\n"), names=("bad.py",)),
    case("a file of mine is in the way, add", "add bad", PACKAGES, a.vendored("bad.py", "mine\n"), names=("bad.py",)),
    case("a folder of mine is in the way", "update", PACKAGES, a.folder(f"{MAIN}/bad.py"), names=("bad.py",)),
    case("a file of mine beside", "update", DONE, a.vendored("mine.py", b"\xff"),
         gives={**BAD, "mine.py": b"\xff"}),
    case("new, where there is a project", "new", DONE, gives=None, changes=(PYPROJECT,)),
    case("new, in a folder with a keyword's name", "new class", DONE, gives=None, changes=("project/class",)),
    case("new, in a folder with a device's name", "new nul.x", DONE, gives=None, changes=("project/nul.x",)),
    case("new, behind a link that leads nowhere", "new link", FILE, a.link("project/link", "elsewhere/no/such"),
         names=("link",), changes=("elsewhere",)),
    case("new, with no letter in it", "new -- ---", USAGE, a.inside("fresh"), names=("---",), changes=("fresh",)),
    case("new, where a file is", "new canary", USAGE, a.inside("."), names=("canary",)),
    case("new, where nobody may", "new below", FILE, a.inside("fresh"), a.read_only_folder("fresh"),
         names=("fresh/below",), changes=("fresh",)),
]  # fmt: skip

# --- links ----------------------------------------------------------------------------------------

LINKS = [
    *(
        case(f"a link: {place}", "update", code, a.link(place, "elsewhere"), names=names)
        for place, code, names in [
            ("project/.belay", PACKAGES, (".belay",)),
            ("project/.belay/.local", PACKAGES, (".local",)),
            ("project/.belay/dependencies", PACKAGES, ("dependencies",)),
            (MAIN, PACKAGES, ("main",)),
            (f"{MAIN}/good", PACKAGES, ("good",)),
        ]
    ),
    case("a link: a file of the lock", "verify", PACKAGES, a.link(f"{MAIN}/bad.py", "canary"), names=("bad.py",)),
    case("a link: a file of the lock, fetch", "fetch", DONE, a.link(f"{MAIN}/bad.py", "canary")),
    case("a link: a file to be", "update", PACKAGES, a.link(f"{MAIN}/bad.py", "canary"), names=("bad.py",)),
    case("a link: in a folder that is wanted", "update", PACKAGES, a.text("project/part/x.py", ""),
         a.link("project/part/y.py", "canary"), wants('bad = "./part"'), names=("path+./part", "y.py")),
    case("a link: round in circles", "update", PACKAGES, a.text("project/part/x.py", ""),
         a.link("project/part/y.py", "project/part/y.py"), wants('bad = "./part"'), names=("path+./part", "y.py")),
    case("a link: the store's content", "fetch", DONE, a.stored("link")),
    case("a link: the store's folder", "fetch", DONE, a.link("store/store-1/content", "elsewhere/below"), a.emptied),
    case("a link: the store", "update", DONE, a.link("store", "elsewhere/store"), changes=("elsewhere",)),
]  # fmt: skip

# --- the store, the home, the clock ---------------------------------------------------------------

AROUND = [
    case("a store with other content", "fetch", DONE, a.stored("other")),
    case("a store with cut content", "fetch", DONE, a.stored("short")),
    case("a store with folders for files", "fetch", DONE, a.stored("folder")),
    case("a store that is a file", "update", DONE, a.env(BELAY_CACHE_DIR="<top>/canary")),
    case("a store that is read-only", "update", DONE, a.read_only_folder("store")),
    case("a store in a read-only home", "update", DONE,
         a.env(BELAY_CACHE_DIR=None, XDG_CACHE_HOME=None), a.read_only_folder("home")),
    case("no home", "update", DONE, a.env(HOME=None)),
    case("no home, and no store", "update", DONE,
         a.env(HOME=None, BELAY_CACHE_DIR=None, XDG_CACHE_HOME="<top>/store")),
    case("a home that is a file", "update", DONE, a.env(HOME="<top>/canary", BELAY_CACHE_DIR=None, XDG_CACHE_HOME=None)),
    case("a home that is not there", "update", DONE, a.env(HOME="<top>/nosuch")),
    case("a project that is read-only", "update", FILE, a.read_only_folder("project"), names=("project",)),
    case("a project that is read-only, add", "add bad", FILE, a.read_only_folder("project"), names=("project",)),
    case("a project that is read-only, remove", "remove bad", FILE, a.read_only_folder("project"), names=("project",)),
    case("a project that is read-only, lock", "lock", FILE, a.read_only_folder("project"), names=("project",)),
    case("a project that is read-only, verify", "verify", DONE, a.read_only_folder("project")),
    case("records of tomorrow", "update", DONE, a.records_of(4e9)),
    case("records of 1970", "update", DONE, a.records_of(0.0)),
    case("an index of tomorrow", "update", DONE, a.index(updated=4_000_000_000)),
    case("an index of long ago", "update", DONE, a.index(updated=-1)),
    case("an index of no time at all", "update", DONE,
         page(LISTING, '{"v":2,"updated":1e300,"packages":[{"name":"good","version":"1.0"},{"name":"bad","version":"1.0"}]}')),
    case("files of 2100", "update", DONE, a.times(4.1e9)),
    case("files of 1970", "fetch", DONE, a.times(1.0)),
]  # fmt: skip

CASES = [
    *RIGHT,
    *PEERS,
    *NET,
    *WAYS,
    *HASHES,
    *NAMES,
    *REPOSITORIES,
    *SIZES,
    *BYTES,
    *PROJECT,
    *LINKS,
    *AROUND,
]
