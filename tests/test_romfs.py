from __future__ import annotations

import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from belay import Device
from belay.exceptions import ImageError
from belay.romfs import ALIGNMENT, MAGIC, image_size, read_image, write_image

FILES = {
    "main.py": b"import pack.x\n",
    "pack/x.py": b"VALUE = 42\n",
    "pack/deep/er/data.bin": bytes(range(256)),
    "pack/empty": b"",
    "äöü.txt": b"1",
}

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=6)
TREES = st.dictionaries(
    st.lists(NAMES.filter(lambda name: name not in {".", ".."}), min_size=1, max_size=4).map("/".join),
    st.binary(max_size=300),
    max_size=12,
)


def record(kind: int, content: bytes = b"") -> bytes:
    return bytes([kind, len(content)]) + content


def file(name: bytes, *records: bytes) -> bytes:
    return record(5, bytes([len(name)]) + name + b"".join(records))


def image(*records: bytes) -> bytes:
    content = b"".join(records)
    return MAGIC + bytes([len(content)]) + content


@given(TREES, st.sampled_from([1, 2, 4, 16, 512]))
@example({f"{'d/' * depth}é": bytes(20) for depth in range(9)}, 4)
@example({f"d/{number}": bytes(1000) for number in range(20)}, 4)
def test_what_is_written_is_read(files: dict[str, bytes], alignment: int) -> None:
    folders = {"/".join(path.split("/")[:depth]) for path in files for depth in range(1, path.count("/") + 1)}
    if folders & files.keys():
        with pytest.raises(ImageError, match="a file"):
            write_image(files)
        return
    data = write_image(files, alignment=alignment)
    assert data == write_image(dict(reversed(files.items())), alignment=alignment)
    assert len(data) % 2 == 0
    found = read_image(data + b"\xff" * 7)
    assert {path: found.read(path) for path in found.files} == files
    assert set(found.folders) == folders
    assert found.is_checked
    assert found.size == image_size(data[:16]) == len(data)
    assert all(each.offset % alignment == 0 for each in found.files.values())


def test_damage_is_noticed() -> None:
    good = write_image(FILES)
    for at in range(len(good)):
        for bit in range(8):
            bad = bytearray(good)
            bad[at] ^= 1 << bit
            try:
                found = read_image(bytes(bad))
            except ImageError:
                continue
            # What is hit is the comment with the checksum, which is then another comment; no file is.
            assert good.index(b"crc32") <= at < good.index(b"crc32") + len(b"crc32")
            assert not found.is_checked
            assert {path: found.read(path) for path in found.files} == FILES


def test_an_image_that_is_cut_short_is_noticed() -> None:
    good = write_image(FILES)
    for size in range(len(good)):
        with pytest.raises(ImageError, match=r"damaged|is no ROMFS image"):
            read_image(good[:size])


def test_records_of_the_format() -> None:
    # What a writer may do: comments, unknown records, contents elsewhere, numbers with bytes before them.
    content = record(2, b"far away!")
    pointer = file(b"p", record(3, b"\x09\x02"))
    folder = record(4, b"\x03lib" + b"\x80\x80" + file(b"x", record(9, b"?"), record(2, b"here")))
    found = read_image(image(content, record(1, b"note"), pointer, record(77, b"?"), folder))
    assert {path: found.read(path) for path in found.files} == {"p": b"far away!", "lib/x": b"here"}
    assert found.folders == ("lib",)
    assert not found.is_checked


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no ROMFS image"),
        (b"\xff" * 64, "no ROMFS image"),
        (MAGIC, "no number"),
        (MAGIC + b"\xff" * 40, "no number"),
        (image(b"\0\0"), "no record"),
        (image(b"\x05\x09\x01a"), "no record"),
        (image(file(b"a")), "has no content"),
        (image(file(b"a", record(1, b"x"))), "has no content"),
        (image(file(b"a", record(3, b"\x09\x00"))), "is outside"),
        (image(record(5, b"\x09a")), "no name"),
        (image(file(b"..", record(2))), "no name"),
        (image(file(b"a/b", record(2))), "no name"),
        (image(file(b"\xff", record(2))), "no name"),
        (image(file(b"a", record(2)), file(b"a", record(2))), "'a' twice"),
        (image(file(b"a", record(2)), record(4, b"\x01a")), "'a' twice"),
        (image(record(1, b"crc32\0\0\0\0")), "checksum"),
    ],
)
def test_what_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ImageError, match=reason):
        read_image(data)


def test_folders_without_end_are_refused() -> None:
    inside = b""
    for _ in range(40):
        inside = (
            b"\x04" + bytes([0x80 | (len(inside) + 2) >> 7, (len(inside) + 2) & 0x7F]) + b"\x01d" + inside
        )
    with pytest.raises(ImageError, match="deeper"):
        read_image(MAGIC + bytes([0x80 | len(inside) >> 7, len(inside) & 0x7F]) + inside)


@pytest.mark.parametrize("path", ["", "/a", "a//b", "a/../b", "a\0b", "x" * 256, "\udc80", "d/" * 40 + "x"])
def test_paths_that_no_image_has(path: str) -> None:
    with pytest.raises(ImageError):
        write_image({path: b""})


@pytest.mark.parametrize("beginning", [b"", b"\xff" * 16, MAGIC, MAGIC + b"\x80" * 13])
def test_what_has_no_size(beginning: bytes) -> None:
    assert image_size(beginning) is None


def test_a_board_mounts_it_and_imports_from_it() -> None:
    data = write_image(FILES)
    with Device("virtual:", agent=False) as device:
        # A memoryview of a file leads into the image: nothing is copied.
        device("import vfs, os, sys, uctypes")
        device(f"image = {data!r}")
        device("vfs.mount(vfs.VfsRom(memoryview(image)), '/rom')\nsys.path.append('/rom')")
        assert device("sorted(os.listdir('/rom'))") == sorted({path.split("/")[0] for path in FILES})
        assert device("__import__('pack.x').x.VALUE") == 42
        for path, content in FILES.items():
            assert device(f"open('/rom/{path}', 'rb').read()") == content
        place = "uctypes.addressof(memoryview(open('/rom/{}', 'rb'))) - uctypes.addressof(image)"
        stored = read_image(data).files
        for path, content in FILES.items():
            if content:
                assert device(place.format(path)) == stored[path].offset
                assert stored[path].offset % ALIGNMENT == 0


def test_the_checksum_is_that_of_all_other_bytes() -> None:
    data = write_image(FILES)
    at = data.index(b"crc32") + len(b"crc32")
    assert zlib.crc32(data[:at] + data[at + 4 :]) == int.from_bytes(data[at : at + 4], "big")
