"""Servers of addresses."""

from __future__ import annotations

import pytest

from belay.packages.origin import is_loopback, origin_of


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Git.Example:443/x", "https://git.example"),
        ("http://git.example:80", "http://git.example"),
        ("https://git.example:8443/x?y", "https://git.example:8443"),
        ("https://user@git.example/x", "https://git.example"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
    ],
)
def test_the_server_of_an_address(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("example.com", False),
        ("127.0.0.1.example.com", False),
        ("localhost.evil", False),
    ],
)
def test_which_hosts_are_this_machine(host: str, own: bool) -> None:
    assert is_loopback(host) is own
