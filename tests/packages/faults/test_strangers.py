"""What a project, a package or a neighbour of strangers can do to whoever runs belay in it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from servers.web import WebServer

from belay.cli import exits

from .scene import VENDORED, Result, Scene, belay, ended, on_stage, seen

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links and pipes need a right on Windows")

VERBS = ("update", "fetch", "verify", "tree", "lock", "clean", "outdated", "run")
TOKENS = {
    "GITHUB_TOKEN": "ghp_0123456789",
    "GH_TOKEN": "gho_0123456789",
    "GITLAB_TOKEN": "glpat-0123456789",
    "CODEBERG_TOKEN": "codeberg0123456789",
    "BELAY_TOKEN_EXAMPLE_COM": "example0123456789",
}


def ready(scene: Scene, web: WebServer, **more: dict[str, object]) -> None:
    """A project that is locked and vendored."""
    web.packages({"a": {"1.0": {"files": {"a.py": "A = 1\n", "b/c.py": "C = 1\n"}}}, **more})
    scene.configure(web.url + "/pi/v2", 'a = "*"')
    with on_stage(scene):
        assert belay("update").code == 0


def test_no_token_goes_where_a_project_says(
    scene: Scene, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts = [
        f'{name} = {{ kind = "{kind}", url = "{web.url}/{name}" }}'
        for name, kind in (
            ("github", "github"),
            ("gitlab", "gitlab"),
            ("codeberg", "forgejo"),
            ("my", "gitea"),
        )
    ]
    wanted = [f'p{name} = "{name}:o/r/x.py"' for name in ("github", "gitlab", "codeberg", "my")]
    (scene.home / ".netrc").write_text(
        "machine github.com login me password secret0\nmachine example.com login me password secret1\n",
        encoding="utf-8",
    )
    (scene.home / ".netrc").chmod(0o600)
    (scene.project / "pyproject.toml").write_text(
        "\n".join(
            [
                "[tool.belay]",
                f'package_indices = ["{web.url}/pi/v2"]',
                "[tool.belay.hosts]",
                *hosts,
                "[tool.belay.dependencies]",
                'a = "*"',
                *wanted,
                f'direct = "{web.url}/direct.py"',
            ]
        ),
        encoding="utf-8",
    )
    with on_stage(scene):
        for name, token in TOKENS.items():
            monkeypatch.setenv(name, token)
        for verb in ("update", "lock", "outdated"):
            result = belay(verb)
            assert not any(token in result.out + result.err for token in TOKENS.values())
    asked = web.counts().requests
    assert len(asked) > 4
    for request in asked:
        names = {name.lower() for name in request.headers}
        assert not names & {"authorization", "private-token", "cookie", "proxy-authorization"}


ESCAPE = "\x1b]0;owned\x07\x1b[2J\u202e"


def test_names_of_files_steer_no_terminal(scene: Scene, web: WebServer) -> None:
    ready(scene, web)
    (scene.project / VENDORED / "main" / f"x{ESCAPE}.py").write_text("", encoding="utf-8")
    (scene.project / f"part{ESCAPE}").mkdir()
    with on_stage(scene):
        for verb in VERBS:
            result = belay(verb)
            assert not any(sign in result.out + result.err for sign in "\x1b\x07\u202e"), verb
        said = belay("verify").out
    assert r"x\x1b]0;owned\x07\x1b[2J\u202e.py" in said


PLACES = (
    '[tool.belay.dependencies]\n"x{0}" = "*"\n',
    '[tool.belay]\n"{0}" = 1\n',
    '[tool.belay]\nname = "x{0}"\n',
    '[tool.belay]\npackage_indices = ["https://a/{0}"]\n',
    '[tool.belay.dependencies]\nx = "github:o/r{0}"\n',
    '[tool.belay.dependencies]\nx = {{ "{0}" = 1 }}\n',
    '[tool.belay.group."g{0}".dependencies]\nx = "*"\n',
    '[tool.belay.hosts]\n"h{0}" = "https://a"\n',
    '[tool.belay]\nhttp_hosts = ["{0}"]\n',
    '[tool.belay]\nprefer = {{ "{0}" = "x" }}\n',
    '[tool.belay]\narch = "{0}"\n',
    '[tool.belay]\ndependencies_path = "{0}"\n',
)


@pytest.mark.parametrize("text", PLACES)
def test_what_a_project_says_steers_no_terminal(scene: Scene, text: str) -> None:
    quoted = json.dumps(ESCAPE + "\nerror: all is well").strip('"')
    (scene.project / "pyproject.toml").write_text(text.format(quoted), encoding="utf-8")
    with on_stage(scene):
        for verb in VERBS:
            result = belay(verb)
            assert result.code in {exits.USAGE, exits.PACKAGES, exits.FILE}, (verb, result)
            assert not any(sign in result.out + result.err for sign in "\x1b\x07\u202e"), verb
            assert "\nerror: all is well" not in result.err


def test_what_an_index_says_steers_no_terminal(scene: Scene, web: WebServer) -> None:
    name, digits = f"a{ESCAPE}", hashlib.sha256(b"").hexdigest()
    pages = (
        {"version": f"1{ESCAPE}"},
        {"urls": [[f"a{ESCAPE}.py", "x"]]},
        {"urls": [["a.py", f"x{ESCAPE}"]]},
        {"deps": [[name, ""]]},
        {"deps": [["b", ESCAPE]]},
        {"hashes": [["a.py", f"{digits[:8]}{ESCAPE}"]]},
        {ESCAPE: 1, "v": ESCAPE},
    )
    listing = {
        "name": "a",
        "version": ESCAPE,
        "description": ESCAPE,
        "author": ESCAPE,
        "versions": {"py": [ESCAPE]},
    }
    for page in pages:
        web.page("/pi/v2/package/py/a/latest.json", json.dumps(page).encode())
        web.page(
            "/pi/v2/index.json",
            json.dumps({"v": 2, "packages": [listing, {**listing, "name": name}]}).encode(),
        )
        scene.configure(web.url + "/pi/v2", 'a = "*"')
        with on_stage(scene):
            for words in (("update",), ("search", "a"), ("outdated",), ("search", "a", "--json")):
                result = belay(*words)
                assert not any(sign in result.out + result.err for sign in "\x1b\x07\u202e"), (page, words)


def test_json_is_json_whatever_is_in_it(scene: Scene, web: WebServer) -> None:
    ready(scene, web)
    odd = f'x","kind":"missing"}}]{ESCAPE}.py'.replace("/", "")
    (scene.project / VENDORED / "main" / odd).write_text("", encoding="utf-8")
    with on_stage(scene):
        (finding,) = json.loads(belay("verify", "--json").out)
    assert finding == {"path": f"{VENDORED}/main/{odd}", "kind": "unknown"}


@pytest.mark.parametrize(
    "wanted",
    [
        "~/.ssh",
        "~/.netrc",
        "~/.config/x",
        "./.git",
        ".git/config",
        "./.env",
        "/proc/self/environ",
        "link",
        "package.json",
    ],
)
@pytest.mark.parametrize("develop", [False, True])
def test_secrets_of_the_user_are_copied_nowhere(
    scene: Scene, web: WebServer, wanted: str, develop: bool
) -> None:
    for place in (".ssh/id_rsa", ".netrc", ".config/x/token"):
        (scene.home / place).parent.mkdir(parents=True, exist_ok=True)
        (scene.home / place).write_text("machine SECRET", encoding="utf-8")
    (scene.project / ".git").mkdir()
    for place in (".git/config", ".env"):
        (scene.project / place).write_text("SECRET", encoding="utf-8")
    (scene.project / "link").symlink_to(scene.home / ".ssh")
    page = {"urls": [["x.py", ".git/config"], ["y.py", ".env"]]}
    (scene.project / "package.json").write_text(json.dumps(page), encoding="utf-8")
    flag = "true" if develop else "false"
    scene.configure(web.url + "/pi/v2", f'x = {{ uri = "{wanted}", develop = {flag} }}')
    before = scene.seen("project/.belay", "store")
    with on_stage(scene):
        os.environ["SECRET_TOKEN"] = "SECRET"
        for verb in ("update", "lock"):
            result = belay(verb)
            assert result.code, (verb, result)
            assert "SECRET" not in result.out + result.err
        ran = scene.run("run", "micropython", "-c", "pass")
    assert bool(ran.code) is develop, ran
    assert "SECRET" not in ran.out + ran.err
    assert scene.seen("project/.belay", "store") == before
    for folder in (scene.project / ".belay", scene.store):
        assert not [path for path in folder.rglob("*") if path.is_file() and b"SECRET" in path.read_bytes()]


def test_hard_links_and_pipes_among_vendored_files(scene: Scene, web: WebServer) -> None:
    ready(scene, web)
    main = scene.project / VENDORED / "main"
    (main / "a.py").unlink()
    os.link(scene.top / "elsewhere" / "canary", main / "a.py")
    (main / "b" / "c.py").unlink()
    os.mkfifo(main / "b" / "c.py")
    os.mkfifo(main / "pipe.py")
    outside = seen(scene.top / "elsewhere")
    with on_stage(scene):
        assert {"changed", "link", "unknown"} <= set(belay("verify").out.split())
        assert belay("fetch").code == 0
    assert (main / "a.py").read_text(encoding="utf-8") == "A = 1\n"
    assert (main / "b" / "c.py").read_text(encoding="utf-8") == "C = 1\n"
    assert (main / "pipe.py").is_fifo()
    assert seen(scene.top / "elsewhere") == outside


def test_a_huge_file_among_vendored_files_is_not_read(scene: Scene, web: WebServer) -> None:
    ready(scene, web)
    with (scene.project / VENDORED / "main" / "a.py").open("r+b") as file:
        file.truncate(1 << 36)
    with on_stage(scene):
        assert "changed" in belay("verify").out
        assert belay("fetch").code == 0
    assert (scene.project / VENDORED / "main" / "a.py").stat().st_size == len("A = 1\n")


MARK = "import os; os.close(os.open(os.environ['MARK'], os.O_CREAT)); raise SystemExit('run')\n"


def test_nothing_of_a_project_is_run(scene: Scene, web: WebServer, tmp_path: Path) -> None:
    ready(scene, web)
    mark = tmp_path / "was-run"
    for folder in (scene.project, scene.project / VENDORED / "main"):
        for name in (
            "json",
            "click",
            "rich",
            "tomllib",
            "msgspec",
            "belay",
            "sitecustomize",
            "conftest",
            "setup",
        ):
            (folder / f"{name}.py").write_text(MARK, encoding="utf-8")
    for name in ("git", "micropython", "belay", "python3", "ssh"):
        program = scene.project / name
        program.write_text(f"#!/bin/sh\ntouch {mark}\n", encoding="utf-8")
        program.chmod(0o755)
    script = shutil.which("belay", path=str(Path(sys.executable).parent))
    assert script is not None

    def run(*words: str) -> Result:
        env = {**scene.env, "MARK": str(mark)}
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return ended(subprocess.Popen([script, *words], cwd=scene.project, env=env, text=True, **pipes))

    wanted = (scene.project / "pyproject.toml").read_text(encoding="utf-8")
    (scene.project / "pyproject.toml").write_text(
        f'{wanted}g = "git+file:///nothing/here"\n', encoding="utf-8"
    )

    for words in (("tree",), ("verify",), ("lock", "--check"), ("update",), ("fetch",), ("run", "nosuch")):
        result = run(*words)
        assert "Traceback" not in result.err
        assert not mark.exists(), words
    done = run("run", "micropython", "-c", "print(6 * 7)")
    assert not mark.exists(), done


def test_a_lock_that_names_another_server_brings_nothing_else(scene: Scene, web: WebServer) -> None:
    ready(scene, web)
    lock = scene.project / "belay.lock"
    good = lock.read_text(encoding="utf-8")
    evil = web.page("/evil.py", b"EVIL = 1\n")
    start = good.index('url = "', good.index('path = "a.py"')) + len('url = "')
    lock.write_text(good[:start] + evil + good[good.index('"', start) :], encoding="utf-8")
    shutil.rmtree(scene.store)
    (scene.project / VENDORED / "main" / "a.py").unlink()
    before = scene.vendored
    with on_stage(scene):
        result = belay("fetch")
    assert result.code in {exits.CONNECTION, exits.PACKAGES}
    assert "SHA-256" in result.err
    assert scene.vendored == before


def test_what_comes_from_elsewhere_than_its_index_is_told(scene: Scene, web: WebServer) -> None:
    ready(scene, web)
    lock = scene.project / "belay.lock"
    good = lock.read_text(encoding="utf-8")
    digits = hashlib.sha256(b"A = 1\n").hexdigest()
    index = f"{web.url}/pi/v2"
    elsewhere = web.page("/elsewhere/a.py", b"A = 1\n")
    for old, new, said in (
        (
            f"{index}/file/{digits[:2]}/{digits[:8]}",
            elsewhere,
            f"note: a has files of {web.url}, not of its index",
        ),
        (
            f'"index+{index}"',
            f'"index+{index}2"',
            f"a comes from the index {index}2, which is none of the project's",
        ),
    ):
        assert old in good
        lock.write_text(good.replace(old, new), encoding="utf-8")
        shutil.rmtree(scene.project / ".belay")
        with on_stage(scene):
            result = belay("fetch")
            assert said in result.err, result
            assert "note" not in belay("fetch").err
        assert result.code == 0
    lock.write_text(good, encoding="utf-8")
    shutil.rmtree(scene.project / ".belay")
    with on_stage(scene):
        assert "note" not in belay("fetch").err


def test_a_package_does_not_know_the_project_s_own_hosts(scene: Scene, web: WebServer) -> None:
    for page in ({"deps": [["my:o/r", ""]]}, {"urls": [["x.py", "my:o/r/x.py"]]}):
        web.page("/pi/v2/package/py/a/latest.json", json.dumps(page).encode())
        scene.configure(
            web.url + "/pi/v2", 'a = "*"', lines=(f'hosts.my = {{ kind = "gitea", url = "{web.url}" }}',)
        )
        with on_stage(scene):
            result = belay("update")
        assert result.code == exits.PACKAGES, result
        assert "my: is not known here" in result.err
    assert not [request for request in web.counts().requests if "/o/r" in request.path]
