# The peripherals of the virtual board. They live in the process around the interpreter;
# host(operation, a, b) asks it. The operations stand in ../peripherals.py.
from umachine import *
from micropython import const
from _host import host, uid as _uid
import umachine as _builtin, time as _time, sys as _sys

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5

_SOFT = const(1)
_HARD = const(2)
_CAUSE = const(3)
_READ = const(4)
_WRITE = const(5)
_MODE = const(6)
_PULL = const(7)
_IRQ = const(8)
_ADC = const(9)
_DUTY = const(10)
_FREQ = const(11)
_TIMER = const(12)
_NEXT = const(13)
_DONE = const(14)
_DISPATCH = const(15)
_MASK = const(16)
_BITS = const(18)
_I2C = const(23)
_ASK = const(-9)

_live = {}  # what calls back: pins by number, timers from 64 on
_hz = 125000000


def _dispatch(_):
    # The last word to host must be followed by no jump: an interrupt may come right after it.
    try:
        while (number := host(_NEXT, 0, 0)) >= 0:
            source = _live.get(number & 127)
            if source:
                try:
                    source._fire(number >> 7)
                except Exception as error:
                    _sys.print_exception(error)
    except KeyboardInterrupt:
        # It belongs to the code that was interrupted by this call.
        return host(_DONE, 1, 0)
    return host(_DONE, 0, 0)


class Pin(PinBase):
    IN = 0
    OUT = 1
    OPEN_DRAIN = 2
    ALT = 3
    PULL_UP = 1
    PULL_DOWN = 2
    IRQ_FALLING = 4
    IRQ_RISING = 8

    def __init__(self, id, mode=-1, pull=None, *, value=None, alt=0):
        self._n = _number(id)
        if mode != -1 or pull is not None or value is not None:
            self.init(mode, pull, value=value)

    def init(self, mode=-1, pull=None, *, value=None, alt=0):
        n = self._n
        if value is not None:
            host(_WRITE, n, 1 if value else 0)
        if pull != -1:
            host(_PULL, n, pull or 0)
        if mode is not None and mode != -1:
            host(_MODE, n, mode)

    def value(self, value=None):
        if value is None:
            return host(_READ, self._n, 0)
        host(_WRITE, self._n, 1 if value else 0)

    __call__ = value

    def on(self):
        host(_WRITE, self._n, 1)

    def off(self):
        host(_WRITE, self._n, 0)

    high = on
    low = off

    def toggle(self):
        host(_WRITE, self._n, 2)

    def mode(self, mode=_ASK):
        mode = host(_MODE, self._n, mode)
        return mode if mode >= 0 else 0

    def pull(self, pull=_ASK):
        return host(_PULL, self._n, pull or 0) or None

    def irq(self, handler=None, trigger=12, *, hard=False, priority=1, wake=None):
        n = self._n
        if handler:
            self._f = 0
            self._h = handler
            _live[n] = self
        else:
            _live.pop(n, None)
        host(_IRQ, n, trigger if handler else 0)
        return self

    def flags(self):
        return self._f

    def _fire(self, flags):
        self._f = flags
        self._h(self)

    def __eq__(self, other):
        return isinstance(other, Pin) and self._n == other._n

    def __hash__(self):
        return self._n

    def __repr__(self):
        pull = self.pull()
        return "Pin(GPIO%d, mode=%s%s)" % (
            self._n,
            ("IN", "OUT", "OPEN_DRAIN", "ALT")[self.mode()],
            ", pull=PULL_" + ("UP" if pull == 1 else "DOWN") if pull else "",
        )


def _number(id):
    if isinstance(id, Pin):
        return id._n
    if isinstance(id, str):
        if id == "LED":
            return 25
        name = id.lstrip("GPIOD")
        at = 26 if name[:1] == "A" else 0
        name = name[1:] if at else name
        if not name.isdigit():
            raise ValueError('unknown named pin "%s"' % id)
        id = at + int(name)
    if not 0 <= id < 64:
        raise ValueError("invalid pin")
    return id


class ADC:
    CORE_TEMP = 4

    def __init__(self, pin, **_):
        # As on the RP2040: 0 to 3 are the pins 26 to 29, 4 is the chip's temperature.
        if isinstance(pin, int) and pin < 4:
            pin += 26
        self._n = _number(pin)

    def read_u16(self):
        return host(_ADC, self._n, 0)

    def read_uv(self):
        return self.read_u16() * 3300000 // 65535

    def __repr__(self):
        return "<ADC channel=%d>" % (self._n - 26 if self._n > 25 else self._n)


class PWM:
    def __init__(self, pin, **settings):
        self._n = _number(pin)
        host(_MODE, self._n, 3)
        self.init(**settings)

    def init(self, *, freq=None, duty_u16=None, duty_ns=None, invert=False):
        if freq is not None:
            self.freq(freq)
        if duty_u16 is not None:
            self.duty_u16(duty_u16)
        if duty_ns is not None:
            self.duty_ns(duty_ns)

    def freq(self, freq=None):
        if freq is None:
            return host(_FREQ, self._n, _ASK)
        if freq <= 0:
            raise ValueError("freq too small")
        host(_FREQ, self._n, freq)

    def duty_u16(self, duty=None):
        if duty is None:
            return host(_DUTY, self._n, _ASK)
        host(_DUTY, self._n, min(max(duty, 0), 65535))

    def duty_ns(self, ns=None):
        freq = self.freq()
        if ns is None:
            return self.duty_u16() * 1000000000 // (65535 * freq) if freq else 0
        self.duty_u16(ns * freq * 65535 // 1000000000)

    def deinit(self):
        host(_DUTY, self._n, -1)

    def __repr__(self):
        return "<PWM pin=%d freq=%d duty_u16=%d>" % (self._n, self.freq(), self.duty_u16())


class Timer:
    ONE_SHOT = 0
    PERIODIC = 1

    def __init__(self, id=-1, **settings):
        if id >= 0:
            self._n = 64 + id % 32
        else:
            self._n = 96
            while self._n in _live:
                self._n += 1
            if self._n > 127:
                raise OSError(12)
        if settings:
            self.init(**settings)

    def init(self, *, mode=1, period=-1, freq=-1, callback=None, hard=False, tick_hz=1000):
        self.deinit()
        us = int(1000000 / freq) if freq > 0 else period * 1000000 // tick_hz
        if us <= 0:
            raise ValueError("invalid period")
        self._h = callback
        self._m = mode
        if callback:
            _live[self._n] = self
        if host(_TIMER, self._n, us if mode else -us):
            raise OSError(19)

    def _fire(self, _):
        if not self._m:
            _live.pop(self._n, None)
        self._h(self)

    def deinit(self):
        host(_TIMER, self._n, 0)
        if _live.get(self._n) is self:
            del _live[self._n]


class I2C:
    def __init__(self, id=0, *_, **__):
        # A software bus is made of pins, and is the first one here.
        self._bus = id if type(id) is int and id > 0 else 0
        if not hasattr(I2C, "init"):
            # Its methods come when the first is made: boards that use none keep the memory.
            exec(bytes(host(_I2C, at, 0) for at in range(host(_I2C, -1, 0))), {"I2C": I2C, "host": host})


class SPI:
    # MOSI is wired to MISO.
    MSB = 0
    LSB = 1

    def __init__(self, *_, **__):
        pass

    init = deinit = write = __init__

    def read(self, count, write=0):
        return bytes([write]) * count

    def readinto(self, data, write=0):
        self.write_readinto(self.read(len(data), write), data)

    def write_readinto(self, out, data):
        data[:] = out


SoftI2C = I2C
SoftSPI = SPI


class RTC:
    _ahead = 0

    def datetime(self, to=None):
        now = _time.time()
        if to is None:
            t = _time.gmtime(now + RTC._ahead)
            return t[:3] + (t[6],) + t[3:6] + (0,)
        RTC._ahead = int(_time.mktime(to[:3] + to[4:7] + (0, 0))) - int(now)


def unique_id():
    return _uid


def freq(hz=None):
    global _hz
    if hz is None:
        return _hz
    _hz = hz


def soft_reset():
    host(_SOFT, 0, 0)


def reset():
    host(_HARD, 0, 0)


def reset_cause():
    return host(_CAUSE, 0, 0)


def bootloader(*_):
    raise RuntimeError("the virtual board has no bootloader")


def lightsleep(ms=0):
    _time.sleep_ms(ms)


def deepsleep(ms=0):
    _time.sleep_ms(ms)
    reset()


def bitstream(pin, encoding, timing, data):
    if encoding or len(timing) != 4:
        raise ValueError("encoding")
    n = _number(pin)
    host(_BITS, n, -1)
    for byte in data:
        host(_BITS, n, byte)
    host(_BITS, n, -2)


def disable_irq():
    return host(_MASK, 1, 0)


def enable_irq(state=0):
    host(_MASK, state, 0)


host(_DISPATCH, _dispatch, 0)
