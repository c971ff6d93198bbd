"""Serial ports by pyserial: ``/dev/tty…``, ``COM3``, ``rfc2217://``, ``loop://``."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from belay.exceptions import ConnectionFailedError, DeviceNotFoundError, PortBusyError
from belay.transports.base import Transport
from belay.transports.fd import FdTransport
from belay.transports.threaded import ThreadedTransport
from belay.transports.usb import UART_BRIDGES, PortLister, comports, list_devices

if TYPE_CHECKING:
    import serial

PTYS = ("/dev/pts/", "/dev/ttys")
"""Where ptys are, on Linux and on macOS."""

_DRAIN_SECONDS = 1.0
"""Seconds for a port's last output: 11 kB at 115200 baud, and a board that lives needs no time at all."""

_SLICE = 0.2
"""Seconds after which a blocking read of pyserial's looks whether it was closed."""


def open_serial(
    port: str, *, baudrate: int = 115200, exclusive: bool = True, ports: PortLister = comports
) -> Transport:
    """Open a serial port, or one of pyserial's URLs.

    Args:
        port: As ``/dev/ttyACM0``, ``COM3``, ``rfc2217://HOST:PORT`` or ``loop://``.
        baudrate: Bits per second; of no meaning on USB and on ptys.
        exclusive: Refuse a port that another program has locked, and lock it. Windows always does.
        ports: Lists the serial ports of this machine.

    Raises:
        DeviceNotFoundError: There is no such port.
        PortBusyError: Another program has it open.
        ConnectionFailedError: It cannot be opened.
    """
    import serial

    is_url = "://" in port
    vid = None if is_url else _vendor(port, ports)
    line = None
    try:
        line = _pyserial(port, baudrate, exclusive and not is_url, asserted=lines_asserted(vid))
        return _transport(port, line, flow_control=has_flow_control(port, vid))
    except (serial.SerialException, OSError, ValueError) as error:
        if line is not None:
            line.close()
        raise _translated(port, error, ports) from error


def has_flow_control(port: str, vid: int | None) -> bool:
    """Decide whether a write of any size to a port waits for the board instead of losing bytes.

    The rule: with USB all the way to the board, with ptys and with pipes it does; through a UART, be it
    behind a bridge chip, on the mainboard or at the far end of RFC 2217, it does not. A port of which
    nothing is known counts as a UART, which costs speed and not bytes.

    Args:
        port: As given to :func:`open_serial`.
        vid: The USB vendor behind it, None when unknown.
    """
    if port.startswith("loop://"):
        return True
    if "://" in port:
        return False
    if vid is not None:
        return vid not in UART_BRIDGES
    real = os.path.realpath(port) if port.startswith("/") else port
    return real.startswith(("/dev/ttyACM", "/dev/cu.usbmodem", "/dev/tty.usbmodem", *PTYS))


def lines_asserted(vid: int | None, platform: str = sys.platform) -> bool:
    """Decide whether DTR and RTS are to be asserted, both or none, while a port is open.

    On ESP boards a pair of transistors makes reset out of "RTS and not DTR" and the boot pin out of "DTR
    and not RTS"; when the two lines agree the board runs. So they must agree, and never disagree on the
    way there either:

    * Linux and macOS assert both together when a port is opened. Left asserted, nothing changes.
    * On Windows both are off while a port is closed, and a bridge's driver (CP210x) switches them on one
      after the other, through the state that resets. Left off, nothing changes, neither now nor on close.
    * A board with USB of its own takes DTR as "somebody is listening" and drops its output without, on
      Windows too; its USB stack gets both lines in one request.

    Args:
        vid: The USB vendor behind the port, None when unknown.
        platform: As ``sys.platform``.
    """
    return not (platform == "win32" and vid in UART_BRIDGES)


def _vendor(port: str, ports: PortLister) -> int | None:
    real = os.path.realpath(port) if port.startswith("/") else port.removeprefix("\\\\.\\")
    if real.startswith(PTYS):
        return None
    return next((info.vid for info in ports() if info.device.lower() == real.lower()), None)


def _pyserial(port: str, baudrate: int, exclusive: bool, *, asserted: bool) -> serial.Serial:
    import serial

    with warnings.catch_warnings():
        # pyserial 3.5 calls Thread.setDaemon for rfc2217://.
        warnings.simplefilter("ignore", DeprecationWarning)
        line = serial.serial_for_url(port, do_not_open=True, baudrate=baudrate, timeout=_SLICE)
        line.dtr = line.rts = asserted
        if exclusive:
            line.exclusive = True
        line.open()
    return line


def _transport(port: str, line: serial.Serial, *, flow_control: bool) -> Transport:
    if sys.platform != "win32" and "://" not in port:
        return _over_fd(port, line, flow_control)

    def receive() -> bytes | None:
        return bytes(line.read(max(1, line.in_waiting))) or None

    def unblock() -> None:
        # Of pyserial's ports without a descriptor only some can cancel; the others look every slice.
        for cancel in ("cancel_read", "cancel_write"):
            getattr(line, cancel, lambda: None)()

    return ThreadedTransport(
        port,
        receive=receive,
        send=line.write,
        unblock=unblock,
        release=line.close,
        flow_control=flow_control,
    )


def _over_fd(port: str, line: serial.Serial, flow_control: bool) -> Transport:
    import termios

    fd = line.fileno()
    # pyserial asks for VMIN=0, with which a read of an idle line returns b"" just as one of a line that is
    # gone does.
    try:
        settings = termios.tcgetattr(fd)
        settings[6][termios.VMIN] = 1
        termios.tcsetattr(fd, termios.TCSANOW, settings)
    except termios.error as error:
        # It is no OSError, though it has the arguments of one.
        raise OSError(*error.args) from error

    def release() -> None:
        # A port whose plug was pulled may refuse all of this.
        with contextlib.suppress(OSError, termios.error):
            drop_stuck_output(fd)
        with contextlib.suppress(OSError):
            line.close()

    # The transport owns a duplicate: pyserial closes its own descriptor, and the lock ends with the last.
    mine = os.dup(fd)
    return FdTransport(port, mine, mine, flow_control=flow_control, on_close=release)


def drop_stuck_output(fd: int, seconds: float = _DRAIN_SECONDS) -> None:
    """Let a tty send what it was given, but drop the rest of it when the board does not take it.

    Closing a tty waits for its output too, on Linux for 30 s, and nothing can end that.

    Args:
        fd: The tty.
        seconds: How long it may take.
    """
    import fcntl
    import termios

    if not any(fcntl.ioctl(fd, termios.TIOCOUTQ, bytes(4))):
        return

    def drain() -> None:
        with contextlib.suppress(OSError, termios.error):
            termios.tcdrain(fd)

    drained = threading.Thread(target=drain, name="belay drains a port", daemon=True)
    drained.start()
    drained.join(seconds)
    if drained.is_alive():
        termios.tcflush(fd, termios.TCOFLUSH)
        drained.join(seconds)


def _translated(port: str, error: Exception, ports: PortLister) -> Exception:
    """Say in belay's terms why a port did not open."""
    number = getattr(error, "errno", None)
    text = str(error)
    if number in (errno.EBUSY, errno.EAGAIN) or "PermissionError(13" in text:
        # Windows says "Access is denied" of a port that is open elsewhere; it has no other use for it.
        return PortBusyError(port, hint="close the other program, or give exclusive=False")
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO) or "FileNotFoundError" in text:
        boards = "; ".join(str(board) for board in list_devices(ports))
        return DeviceNotFoundError(
            f"there is no port {port}", hint=f"connected: {boards}" if boards else "no board is connected"
        )
    if number == errno.EACCES:
        return ConnectionFailedError(f"{port}: permission denied", hint=_permission_hint(port))
    return ConnectionFailedError(f"{port} cannot be opened: {text}")


def _permission_hint(port: str) -> str:
    group, known = "GROUP", "the group that owns it (dialout or uucp)"
    with contextlib.suppress(ImportError, OSError, KeyError):
        import grp

        group = grp.getgrgid(Path(port).stat().st_gid).gr_name
        known = f"the group {group}"
    return f"add yourself to {known}, as `sudo usermod -aG {group} $USER`, and log in again"
