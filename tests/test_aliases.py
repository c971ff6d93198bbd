"""The names that users give to boards, and the file that they are in."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import platformdirs
import pytest

from belay.aliases import (
    Alias,
    check_name,
    config_file,
    find_alias,
    read_aliases,
    remove_alias,
    rename_alias,
    save_alias,
)
from belay.exceptions import AddressError, AliasFileError

BENCH = {"serial_number": "e6614c311b137637"}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's config, which is not there yet, and neither is its folder."""
    monkeypatch.setenv("BELAY_CONFIG_DIR", str(tmp_path / "settings"))
    return tmp_path / "settings" / "config.toml"


def test_where_the_file_is(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert config_file() == file
    monkeypatch.delenv("BELAY_CONFIG_DIR")
    assert config_file() == Path(platformdirs.user_config_dir("belay", appauthor=False), "config.toml")


def test_without_a_file_nobody_has_a_name(file: Path) -> None:
    assert read_aliases() == {}
    assert not file.parent.exists()
    with pytest.raises(AddressError) as caught:
        find_alias("bench")
    assert caught.value.hint == "belay select --save bench gives a board this name"


def test_a_name_and_what_it_means(file: Path) -> None:
    assert save_alias("@bench-left", {**BENCH, "location": None}) is None
    assert save_alias("lab", "socket://10.0.0.7:2000") is None
    assert list(read_aliases()) == ["bench-left", "lab"]
    assert json.loads(find_alias("bench-left").address) == BENCH
    assert find_alias("lab").address == "socket://10.0.0.7:2000"
    assert save_alias("lab", "a0") == Alias("lab", "socket://10.0.0.7:2000")
    assert remove_alias("@lab") == Alias("lab", "a0")
    assert file.read_text(encoding="utf-8") == (
        '[aliases]\nbench-left = {serial_number = "e6614c311b137637"}\n'
    )


def test_what_else_is_in_the_file_stays(file: Path) -> None:
    file.parent.mkdir()
    before = (
        '# mine\nwhat = 1\n\n[aliases]\n# the left one\na = "a0"  # here\n\n'
        '[aliases.b]\nlocation = "1-2"\ncolour = "red"\n\n[more]\nx = [1,\n 2]\n'
    )
    file.write_text(before, encoding="utf-8")
    save_alias("c", "c3")
    rename_alias("a", "z")
    after = file.read_text(encoding="utf-8")
    remove_alias("c")
    for line in ("# mine", "what = 1", "# the left one", 'colour = "red"', "[more]", "x = [1,\n 2]"):
        assert line in after
    assert {name: alias.meaning for name, alias in read_aliases().items()} == {
        "b": {"location": "1-2", "colour": "red"},
        "z": "a0",
    }


def test_a_file_that_is_a_link_stays_one(file: Path, tmp_path: Path) -> None:
    file.parent.mkdir()
    (tmp_path / "dotfiles").mkdir()
    try:
        file.symlink_to(tmp_path / "dotfiles" / "belay.toml")
    except OSError:
        pytest.skip("links are not for everybody here")
    save_alias("a", "a0")
    assert file.is_symlink()
    assert "a0" in (tmp_path / "dotfiles" / "belay.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "text", [b"[aliases\n", b"\xff\xfe", b"aliases = 1\n", b"[aliases]\na = 'x'\na = 'y'\n"]
)
def test_a_damaged_file_is_named_and_left_alone(file: Path, text: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(text)
    for use in (
        read_aliases,
        lambda: find_alias("a"),
        lambda: save_alias("a", "a0"),
        lambda: remove_alias("a"),
    ):
        with pytest.raises(AliasFileError) as caught:
            use()
        assert caught.value.file == str(file)
        assert str(file) in caught.value.message
        assert caught.value.advice
    assert file.read_bytes() == text


def test_a_file_that_cannot_be_read(file: Path) -> None:
    file.mkdir(parents=True)
    with pytest.raises(AliasFileError, match=r"config\.toml"):
        read_aliases()


@pytest.mark.parametrize("meaning", ["1", "[]", "2020-01-01", '"@other"', "true"])
def test_what_no_address_can_be_is_said_where_it_is_used(file: Path, meaning: str) -> None:
    file.parent.mkdir()
    file.write_text(f"[aliases]\nbad = {meaning}\ngood = 'a0'\n", encoding="utf-8")
    assert find_alias("good").address == "a0"
    with pytest.raises(AddressError) as caught:
        _ = find_alias("bad").address
    assert caught.value.address == "@bad"
    assert str(file) in str(caught.value.hint)


@pytest.mark.parametrize("name", ["a", "Bench.2_left-1", "@7", "x" * 64])
def test_names(name: str) -> None:
    assert check_name(name) == name.removeprefix("@")


@pytest.mark.parametrize("name", ["", "@", "-a", ".a", "a b", "a/b", "ä", "@@a", "a\n", "x" * 65, "a:b", "'"])
def test_what_is_no_name(file: Path, name: str) -> None:
    for use in (lambda: check_name(name), lambda: save_alias(name, "a0"), lambda: rename_alias("a", name)):
        with pytest.raises(AddressError, match="no name"):
            use()
    assert not file.exists()


def test_names_that_nobody_has(file: Path) -> None:
    save_alias("bench-left", BENCH)
    save_alias("bench-right", "a1")
    save_alias("lab", "a2")
    wrong = {"Bench-Left": "did you mean @bench-left or @bench-right?", "zzz": "known names: @bench-left, "}
    for name, hint in wrong.items():
        for use in (find_alias, remove_alias, lambda name: rename_alias(name, "new")):
            with pytest.raises(AddressError) as caught:
                use(name)
            assert str(caught.value.hint).startswith(hint)
            assert caught.value.address == f"@{name}"


def test_a_name_that_another_board_has_is_not_taken(file: Path) -> None:
    save_alias("a", "a0")
    save_alias("b", "a1")
    rename_alias("a", "a")
    with pytest.raises(AddressError, match="another board"):
        rename_alias("a", "b")
    assert {name: alias.meaning for name, alias in read_aliases().items()} == {"a": "a0", "b": "a1"}


def test_several_programs_at_once(file: Path) -> None:
    """Each opens the lock's file itself, as processes do: none loses what another one saves."""
    names = [f"board-{number}" for number in range(8)]
    threads = [threading.Thread(target=save_alias, args=(name, "a0")) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(read_aliases()) == names
    assert sorted(path.name for path in file.parent.iterdir()) == [".config.toml.lock", "config.toml"]
