from __future__ import annotations

import pytest

from belay.exceptions import PackageError
from belay.packages.compiled import check_compiled
from belay.packages.model import LockedFile, LockedPackage


def package(*paths: str) -> LockedPackage:
    files = tuple(LockedFile(path, 4, "0" * 64, "https://example.com/x") for path in paths)
    return LockedPackage("x", "1.0", "", ("main",), (), files)


def mpy(version: int, flags: int) -> bytes:
    return b"M" + bytes([version, flags]) + b"\x1f"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (mpy(6, 0), ""),
        (mpy(6, 3), ""),
        (mpy(6, 4 << 2 | 3), ""),
        (mpy(6, 5 << 2), "native code for armv7m, and the project is for armv6m"),
        (mpy(6, 9 << 2), "native code for xtensa, and the project is for armv6m"),
        (mpy(6, 15 << 2), "native code for architecture 15"),
        (mpy(5, 0), "of mpy version 5, and the project's is 6"),
        (b"print(1)", "is no .mpy file"),
        (b"", "is no .mpy file"),
    ],
)
def test_compiled_files_must_fit(content: bytes, reason: str) -> None:
    if not reason:
        check_compiled(package("x.mpy"), lambda _: content, mpy_version="6", arch="armv6m")
        return
    with pytest.raises(PackageError, match=f"^x 1.0: x.mpy .*{reason}"):
        check_compiled(package("x.mpy"), lambda _: content, mpy_version="6", arch="armv6m")


def test_only_compiled_files_are_read() -> None:
    def read(_: LockedFile) -> bytes:
        raise AssertionError

    check_compiled(package("x.py", "data.bin"), read, mpy_version="6", arch="")


def test_without_an_mpy_version_any_will_do() -> None:
    check_compiled(package("x.mpy"), lambda _: mpy(5, 0), mpy_version="py", arch="")
    with pytest.raises(PackageError, match="the project names none") as caught:
        check_compiled(package("x.mpy"), lambda _: mpy(6, 4 << 2), mpy_version="py", arch="")
    assert "set arch" in (caught.value.hint or "")
