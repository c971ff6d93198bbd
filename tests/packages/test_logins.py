from __future__ import annotations

import base64
import json
import logging
from collections.abc import Mapping
from pathlib import Path

import pytest
from servers.web import WebServer

from belay.exceptions import FetchError
from belay.packages.fetch import Fetcher, Limits
from belay.packages.hosting import KNOWN, Host, all_hosts
from belay.packages.logins import Logins, variable_for
from belay.packages.requirement import parse_source
from belay.packages.store import Store
from belay.packages.supply import Supply

from .conftest import GitHosts

SECRET = "s3cr3t-t0k3n"
QUICK = Limits(read=5.0, attempts=1, pause=0.01)


def logins(tmp_path: Path, *hosts: Host, warn: list[str] | None = None, **environment: str) -> Logins:
    """The logins of an environment with nothing but these, and no .netrc unless it is named."""
    environment = {"NETRC": str(tmp_path / "nosuch"), **environment}
    return Logins((*KNOWN, *hosts), environment=environment, warn=([] if warn is None else warn).append)


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


REFS = "/o/r.git/info/refs?service=git-upload-pack"


@pytest.mark.parametrize(
    ("variable", "url", "headers"),
    [
        ("GITHUB_TOKEN", "https://github.com" + REFS, basic("x-access-token", SECRET)),
        ("GH_TOKEN", "https://github.com" + REFS, basic("x-access-token", SECRET)),
        (
            "GITHUB_TOKEN",
            "https://raw.githubusercontent.com/o/r/c/a.py",
            {"Authorization": f"Bearer {SECRET}"},
        ),
        ("GITHUB_TOKEN", "https://github.com/o/r/archive/c.tar.gz", {"Authorization": f"Bearer {SECRET}"}),
        ("GITLAB_TOKEN", "https://gitlab.com" + REFS, basic("oauth2", SECRET)),
        ("GITLAB_TOKEN", "https://gitlab.com/o/r/-/raw/c/a.py", {"PRIVATE-TOKEN": SECRET}),
        ("CODEBERG_TOKEN", "https://codeberg.org" + REFS, basic("oauth2", SECRET)),
        ("CODEBERG_TOKEN", "https://codeberg.org/api/v1/repos/o/r", {"Authorization": f"token {SECRET}"}),
        ("BELAY_TOKEN_GIT_EXAMPLE_COM", "https://git.example.com/x", {"Authorization": f"Bearer {SECRET}"}),
        ("BELAY_TOKEN_GITHUB_COM", "https://github.com/o/r/raw/c/a", {"Authorization": f"Bearer {SECRET}"}),
    ],
)
def test_a_token_is_sent_as_its_server_wants_it(
    tmp_path: Path, variable: str, url: str, headers: Mapping[str, str]
) -> None:
    found = logins(tmp_path, **{variable: SECRET})
    assert found.headers(url) == headers
    assert found.where(url) == variable


@pytest.mark.parametrize(
    "url",
    [
        "https://codeload.github.com/x",
        "https://github.com.example.com/x",
        "https://example.com/github.com/x",
        "https://github.com:8443/x",
        "http://github.com/x",
        "https://gist.github.com/x",
        "https://api.github.com/x",
        "https://gitlab.com/x",
        "https://micropython.org/pi/v2/index.json",
        "http://127.0.0.1:8000/x",
    ],
)
def test_a_token_is_for_its_own_server_only(tmp_path: Path, url: str) -> None:
    found = logins(tmp_path, GITHUB_TOKEN=SECRET, BELAY_TOKEN_GIT_EXAMPLE_COM=SECRET, CODEBERG_TOKEN=SECRET)
    assert found.headers(url) == {}
    assert found.where(url) == ""


def test_whoever_says_that_he_is_github_gets_no_token_of_github(tmp_path: Path) -> None:
    mirror = Host("github", "github", "https://mirror.example", "https://raw.mirror.example")
    found = logins(tmp_path, mirror, GITHUB_TOKEN=SECRET, GH_TOKEN=SECRET)
    assert found.headers("https://mirror.example" + REFS) == {}
    assert found.headers("https://raw.mirror.example/o/r/c/a.py") == {}


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://git.example.com/x", "GIT_EXAMPLE_COM"),
        ("https://git-example.com/x", "GIT__EXAMPLE_COM"),
        ("https://GIT.example.com:443", "GIT_EXAMPLE_COM"),
        ("https://git.example.com:8443", "GIT_EXAMPLE_COM_8443"),
        ("http://127.0.0.1:8000", "127_0_0_1_8000"),
        ("https://git_example.com/x", None),
        ("https://-git.example.com/x", None),
        ("http://[::1]:8000", None),
    ],
)
def test_each_server_has_a_variable_of_its_own(url: str, name: str | None) -> None:
    assert variable_for(url) == (f"BELAY_TOKEN_{name}" if name else "")


def test_no_token_goes_over_plain_http_but_to_this_machine(tmp_path: Path) -> None:
    found = logins(tmp_path, BELAY_TOKEN_LAB=SECRET, BELAY_TOKEN_LAB_80=SECRET, BELAY_TOKEN_LOCALHOST=SECRET)
    assert found.headers("http://lab/x") == {}
    assert found.headers("http://localhost/x") == {"Authorization": f"Bearer {SECRET}"}


@pytest.mark.parametrize("bad", [f"{SECRET}\r\nX-Evil: 1", f"{SECRET} x", f"{SECRET}\x00", f"ü{SECRET}"])
def test_what_is_no_token_is_not_sent_and_not_shown(tmp_path: Path, bad: str) -> None:
    said: list[str] = []
    found = logins(tmp_path, warn=said, GITHUB_TOKEN=bad)
    assert found.headers("https://github.com/x") == found.headers("https://github.com/y") == {}
    assert len(said) == 1
    assert "GITHUB_TOKEN is no token" in said[0]
    assert SECRET not in said[0]
    # A line's end behind it is nobody's fault.
    assert logins(tmp_path, GITHUB_TOKEN=SECRET + "\n").where("https://github.com/x") == "GITHUB_TOKEN"


# --- .netrc --------------------------------------------------------------------------------------


def test_logins_of_a_netrc(tmp_path: Path) -> None:
    file = tmp_path / "netrc"
    file.write_text(
        f"machine git.example.com login me password {SECRET}\n"
        f"machine gitlab.com login me password {SECRET}\n"
        "default login anybody password anything\n"
    )
    found = logins(tmp_path, NETRC=str(file))
    assert found.headers("https://git.example.com/x") == basic("me", SECRET)
    assert found.headers("https://gitlab.com" + REFS) == basic("me", SECRET)
    assert found.headers("https://gitlab.com/o/r/-/raw/c/a.py") == {"PRIVATE-TOKEN": SECRET}
    assert found.where("https://git.example.com/x") == str(file)
    for other in ("https://other.example.com/x", "http://git.example.com/x"):
        assert found.headers(other) == {}


def test_a_netrc_that_is_not_understood_is_told_without_what_is_in_it(tmp_path: Path) -> None:
    file = tmp_path / "netrc"
    file.write_text(f"machine git.example.com login me password\nmachine x {SECRET} y\n")
    said: list[str] = []
    assert logins(tmp_path, warn=said, NETRC=str(file)).headers("https://git.example.com/x") == {}
    assert len(said) == 1
    assert "is not understood" in said[0]
    assert SECRET not in said[0]


# --- over the wire -------------------------------------------------------------------------------


def own(web: WebServer) -> str:
    name = variable_for(web.url)
    assert name.startswith("BELAY_TOKEN_127_0_0_1_")
    return name


def sent(web: WebServer) -> dict[str, str | None]:
    """What was asked for, and with which login."""
    return {request.path: request.headers.get("authorization") for request in web.counts().requests}


def test_a_token_is_sent_to_its_server(web: WebServer, tmp_path: Path) -> None:
    web.page("/a.py", "a")
    with Fetcher(QUICK, proxies={}, logins=logins(tmp_path, **{own(web): SECRET})) as fetcher:
        assert fetcher.get(web.url + "/a.py").content == b"a"
        assert fetcher.login_for(web.url + "/a.py") == own(web)
    assert sent(web) == {"/a.py": f"Bearer {SECRET}"}


def test_a_login_of_a_netrc_is_sent_and_crosses_no_redirect(web: WebServer, tmp_path: Path) -> None:
    file = tmp_path / "netrc"
    file.write_text(f"machine 127.0.0.1 login me password {SECRET}\n")
    with WebServer() as other:
        other.page("/a.py", "a")
        web.fault("redirect", "/a.py", to=other.url.replace("127.0.0.1", "localhost") + "/a.py")
        with Fetcher(QUICK, proxies={}, logins=logins(tmp_path, NETRC=str(file))) as fetcher:
            assert fetcher.get(web.url + "/a.py").content == b"a"
        assert sent(web) == {"/a.py": basic("me", SECRET)["Authorization"]}
        assert sent(other) == {"/a.py": None}


def test_a_token_crosses_no_redirect_to_another_server(web: WebServer, tmp_path: Path) -> None:
    with WebServer() as other:
        web.page("/b.py", "b")
        web.fault("redirect", "/a.py", to=other.url + "/a.py")
        other.fault("redirect", "/a.py", to=web.url + "/b.py")
        found = logins(tmp_path, **{own(web): SECRET})
        with Fetcher(QUICK, proxies={}, logins=found) as fetcher:
            assert fetcher.get(web.url + "/a.py").content == b"b"
        # Not even back at its own server, where somebody else has sent us.
        assert sent(web) == {"/a.py": f"Bearer {SECRET}", "/b.py": None}
        assert sent(other) == {"/a.py": None}


def test_a_token_stays_with_redirects_of_its_own_server(web: WebServer, tmp_path: Path) -> None:
    web.page("/b.py", "b")
    web.fault("redirect", "/a.py", to="/b.py")
    with Fetcher(QUICK, proxies={}, logins=logins(tmp_path, **{own(web): SECRET})) as fetcher:
        fetcher.get(web.url + "/a.py")
    assert sent(web) == dict.fromkeys(["/a.py", "/b.py"], f"Bearer {SECRET}")


def test_a_token_does_not_follow_to_another_name_of_this_machine(web: WebServer, tmp_path: Path) -> None:
    web.page("/b.py", "b")
    web.fault("redirect", "/a.py", to=web.url.replace("127.0.0.1", "localhost") + "/b.py")
    with Fetcher(QUICK, proxies={}, logins=logins(tmp_path, **{own(web): SECRET})) as fetcher:
        fetcher.get(web.url + "/a.py")
    assert sent(web) == {"/a.py": f"Bearer {SECRET}", "/b.py": None}


@pytest.mark.parametrize(
    "fault", [{"kind": "status", "status": 401}, {"kind": "drop"}, {"kind": "redirect", "to": "x:y"}]
)
def test_no_error_shows_a_token(
    web: WebServer, tmp_path: Path, fault: dict[str, str | int], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    web.fault(path="/a.py", **fault)  # type: ignore[arg-type]
    found = logins(tmp_path, **{own(web): SECRET})
    with Fetcher(QUICK, proxies={}, logins=found) as fetcher, pytest.raises(FetchError) as caught:
        fetcher.get(web.url + "/a.py")
    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in f"{error} {error!r} {vars(error)}"
        error = error.__cause__
    assert SECRET not in caplog.text


@pytest.mark.parametrize("to", ["http://127.0.0.1:1/a", "x:y", "http://192.0.2.1/a", "/gone", "https://x:y/"])
def test_keys_in_the_address_of_a_redirect_are_not_shown(web: WebServer, tmp_path: Path, to: str) -> None:
    web.fault("redirect", "/a.py", to=f"{to}?token={SECRET}")
    with Fetcher(QUICK, proxies={}) as fetcher, pytest.raises(FetchError) as caught:
        fetcher.get(web.url + "/a.py")
    assert SECRET not in f"{caught.value} {vars(caught.value)} {caught.value.__cause__}"


def test_a_login_that_is_refused_is_named(web: WebServer, tmp_path: Path) -> None:
    web.fault("status", "/a.py", status=403)
    found = logins(tmp_path, **{own(web): SECRET})
    with Fetcher(QUICK, proxies={}, logins=found) as fetcher, pytest.raises(FetchError) as caught:
        fetcher.get(web.url + "/a.py")
    assert caught.value.hint == f"the login is the one of {own(web)}"


def test_a_private_repository_leaves_no_token_behind(git_hosts: GitHosts, tmp_path: Path) -> None:
    web = git_hosts.web
    git_hosts.repository().commit(
        {"lib/__init__.py": "", "package.json": json.dumps({"urls": [["a.py", "a.py"]]})}
    )
    found = Logins(
        git_hosts.known.values(), environment={own(web): SECRET, "NETRC": str(tmp_path / "nosuch")}
    )
    store = Store(tmp_path / "cache")
    with Supply(store, Fetcher(QUICK, proxies={}, logins=found), hosts=git_hosts.known) as supply:
        for text in ("github:o/r", "gitlab:o/r", "codeberg:o/r", "github:o/r/lib"):
            source = parse_source(text)
            candidate = supply.repositories.read("x", source)  # type: ignore[arg-type]
            assert SECRET not in repr(candidate)
    requests = web.counts().requests
    assert requests
    assert all({"private-token", "authorization"} & request.headers.keys() for request in requests)
    kept = [path.read_bytes() for path in store.folder.rglob("*") if path.is_file()]
    assert kept
    assert not any(SECRET.encode() in content for content in kept)


def test_hosts_of_the_project_say_how_but_not_where(tmp_path: Path) -> None:
    lab = Host("lab", "gitlab", "https://git.example.com")
    found = logins(tmp_path, lab, BELAY_TOKEN_GIT_EXAMPLE_COM=SECRET)
    assert found.headers("https://git.example.com/o/r/-/raw/c/a.py") == {"PRIVATE-TOKEN": SECRET}
    assert all_hosts([lab])["lab"] is lab
