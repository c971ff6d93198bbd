"""``machine`` on the board, and the host's hand on its pins."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from .conftest import PATIENCE, Keyboard, MakeBoard, wait_until

IMPORTS = "import machine, time\nfrom machine import ADC, I2C, Pin, PWM, SPI, Timer, Signal"


@pytest.fixture
def bench(keyboard: Keyboard) -> Keyboard:
    keyboard.run(IMPORTS)
    return keyboard


def test_an_output_is_seen(bench: Keyboard) -> None:
    pin = bench.board.pins[25]
    assert (pin.value, pin.mode, pin.pull) == (0, None, None)
    bench.run("led = Pin(25, Pin.OUT, value=1)")
    assert (pin.value, pin.mode, repr(pin)) == (1, "OUT", "<VirtualPin 25 mode=OUT value=1>")
    bench.run("led.toggle()")
    assert pin.value == 0
    for statement, level in (
        ("led.on()", 1),
        ("led.low()", 0),
        ("led(1)", 1),
        ("led.value(0)", 0),
        ("led.high()", 1),
    ):
        bench.run(statement)
        assert pin.value == level
    assert bench.text("print(led.value(), led())") == "1 1"
    assert pin.edges == 7


def test_an_input_follows_the_host_and_its_pull(bench: Keyboard) -> None:
    pin = bench.board.pins[2]
    bench.run("button = Pin(2, Pin.IN, Pin.PULL_UP)")
    assert (pin.mode, pin.pull) == ("IN", "UP")
    levels = [bench.text("print(button.value())")]
    for level in (0, 1, 0, None):
        pin.drive(level)
        levels.append(bench.text("print(button.value())"))
    assert levels == ["1", "0", "1", "0", "1"]
    bench.run("button.init(Pin.IN, Pin.PULL_DOWN)")
    assert (pin.pull, pin.value) == ("DOWN", 0)
    assert bench.text("button.pull(None); print(button.pull(), button.mode() == Pin.IN)") == "None True"


def test_open_drain(bench: Keyboard) -> None:
    pin = bench.board.pins[4]
    bench.run("wire = Pin(4, Pin.OPEN_DRAIN, value=1)")
    pin.drive(0)
    assert bench.text("print(wire.value())") == "0"
    pin.drive(None)
    assert bench.text("print(wire.value()); wire(0)") == "1"
    assert pin.value == 0


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("25", 25),
        ("'LED'", 25),
        ("'GP3'", 3),
        ("'GPIO17'", 17),
        ("'D7'", 7),
        ("'A0'", 26),
        ("'A2'", 28),
        ("'5'", 5),
    ],
)
def test_names(bench: Keyboard, name: str, number: int) -> None:
    assert (
        bench.text(f"print(Pin({name}, Pin.OUT), Pin({name}) == Pin({number}))")
        == f"Pin(GPIO{number}, mode=OUT) True"
    )


@pytest.mark.parametrize(
    ("name", "error"), [("64", b"ValueError: invalid pin"), ("'X1'", b'ValueError: unknown named pin "X1"')]
)
def test_wrong_names(bench: Keyboard, name: str, error: bytes) -> None:
    bench.start(f"Pin({name})")
    assert bench.finish()[1].rstrip().endswith(error)


def test_a_pin_looks_as_on_a_board(bench: Keyboard) -> None:
    assert bench.text("print(Pin(2, Pin.IN, Pin.PULL_DOWN))") == "Pin(GPIO2, mode=IN, pull=PULL_DOWN)"
    assert (
        bench.text("p = Pin(3, Pin.OUT); s = Signal(p, invert=True); s.on(); print(p(), len({p, Pin(3)}))")
        == "0 1"
    )
    assert bench.text("print(machine.time_pulse_us(p, 1, 1000))") == "-2"


def test_the_host_waits_for_a_level(bench: Keyboard) -> None:
    pin = bench.board.pins[6]
    assert pin.wait_for(0, 0) is True
    assert pin.wait_for(1, 0.01) is False
    bench.start("time.sleep(0.05)\nPin(6, Pin.OUT).on()")
    assert pin.wait_for(1, PATIENCE) is True
    bench.finish()


def test_several_threads_wait(bench: Keyboard) -> None:
    seen: list[int] = []

    def watch(number: int) -> None:
        if bench.board.pins[number].wait_for(1, PATIENCE):
            seen.append(number)

    threads = [threading.Thread(target=watch, args=(number,)) for number in (7, 8, 9)]
    for thread in threads:
        thread.start()
    bench.run("for number in (9, 7): Pin(number, Pin.OUT).on()")
    bench.board.pins[8].drive(1)
    for thread in threads:
        thread.join()
    assert sorted(seen) == [7, 8, 9]


def test_who_listens_to_the_board_sees_what_another_thread_drives(bench: Keyboard) -> None:
    pin = bench.board.pins[8]
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(pin.wait_for(1)))
    thread.start()
    wait_until(lambda: pin._wires.is_listening)
    for level in (0, 1):
        pin.drive(level)
    thread.join(PATIENCE)
    assert answers == [True]
    assert not pin._wires.is_listening


def test_waiting_ends_with_the_board(bench: Keyboard) -> None:
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(bench.board.pins[7].wait_for(1)))
    thread.start()
    bench.start("while True: pass")
    os.kill(bench.board.pid, signal.SIGKILL)
    thread.join(PATIENCE)
    assert answers == [False]


@pytest.mark.parametrize(
    "waiting", ["time.sleep(100)", "while not done: pass", "while not done: time.sleep_ms(1)"]
)
def test_an_edge_from_outside_calls_the_handler(bench: Keyboard, waiting: str) -> None:
    pin = bench.board.pins[2]
    bench.run(
        "done = False\ncalls = []\nbutton = Pin(2, Pin.IN, Pin.PULL_UP)\n"
        "def pressed(pin):\n calls.append((pin is button, pin.flags()))\n"
        " global done\n done = len(calls) == 3\n print('edge')\nbutton.irq(pressed)"
    )
    bench.start(waiting)
    for level in (0, 1, 0):
        pin.drive(level)
        bench.until(b"edge\r\n")
    if "100" in waiting:
        bench.type(b"\x03")
    bench.finish()
    assert (
        bench.text("print(calls, Pin.IRQ_FALLING, Pin.IRQ_RISING)") == "[(True, 4), (True, 8), (True, 4)] 4 8"
    )


def test_edges_at_the_idle_prompt_and_only_those_asked_for(bench: Keyboard) -> None:
    pin = bench.board.pins[2]
    bench.run("Pin(2, Pin.IN).irq(lambda pin: print('up'), Pin.IRQ_RISING)")
    for _ in range(20):
        pin.drive(1)
        bench.until(b"up\r\n")
        pin.drive(0)
    assert bench.run("Pin(2).irq(None)") == b""
    pin.drive(1)
    assert bench.run("time.sleep_ms(20)") == b""


def test_quick_edges_are_not_lost(bench: Keyboard) -> None:
    bench.run("ups = 0\ndef up(pin):\n global ups\n ups += 1\nPin(2, Pin.IN).irq(up, Pin.IRQ_RISING)")
    bench.start("while ups < 50: pass")
    for _ in range(50):
        bench.board.pins[2].drive(1)
        bench.board.pins[2].drive(0)
    assert bench.finish() == (b"", b"")


def test_an_edge_of_the_boards_own_calls_the_handler(bench: Keyboard) -> None:
    assert (
        bench.text(
            "pin = Pin(5, Pin.OUT, value=0)\npin.irq(lambda pin: print('edge'))\n"
            "pin.on(); pin.on()\ntime.sleep_ms(30)"
        )
        == "edge"
    )


def test_masked_interrupts_come_later(bench: Keyboard) -> None:
    bench.run("Pin(2, Pin.IN).irq(lambda pin: print('edge'))\nstate = machine.disable_irq()")
    bench.board.pins[2].drive(1)
    assert (
        bench.text("time.sleep_ms(30)\nprint('calm')\nmachine.enable_irq(state)\ntime.sleep_ms(30)")
        == "calm\nedge"
    )


def test_an_exception_in_a_handler_is_printed(bench: Keyboard) -> None:
    bench.run("def bad(pin): raise ValueError('no')\nPin(2, Pin.IN).irq(bad)")
    bench.board.pins[2].drive(1)
    bench.until(b"ValueError: no\r\n")
    assert bench.run("print(1)") == b"1\r\n"


def test_more_edges_than_the_board_can_take(bench: Keyboard) -> None:
    """They are dropped; the board lives on."""
    bench.run("def slow(pin): time.sleep_ms(1)\nPin(2, Pin.IN).irq(slow)\nstate = machine.disable_irq()")
    for turn in range(2000):
        bench.board.pins[2].drive(turn % 2)
    assert bench.run("machine.enable_irq(state)\nprint(1)") == b"1\r\n"


def test_periodic_timer_while_code_runs_sleeps_and_idles(bench: Keyboard) -> None:
    bench.run(
        "ticks = 0\ndef tick(timer):\n global ticks\n ticks += 1\ntimer = Timer(period=2, callback=tick)"
    )
    bench.run("begin = ticks\nwhile ticks < begin + 20: pass")
    bench.run("begin = ticks\nwhile ticks < begin + 20: time.sleep(0.1)")
    before = int(bench.text("print(ticks)"))
    time.sleep(0.5)  # nothing is sent meanwhile: that is the point
    assert int(bench.text("print(ticks)")) > before + 10
    assert bench.text("timer.deinit()\nbegin = ticks\ntime.sleep_ms(20)\nprint(ticks - begin)") == "0"


def test_one_shot_and_frequency(bench: Keyboard) -> None:
    assert (
        bench.text(
            "done = []\nTimer(mode=Timer.ONE_SHOT, period=1, callback=lambda t: done.append(print('once')))\n"
            "while not done: time.sleep_ms(1)"
        )
        == "once"
    )
    bench.run(
        "ticks = 0\ndef tick(timer):\n global ticks\n ticks += 1\ntimer = Timer(3, freq=500, callback=tick)"
    )
    bench.run("while ticks < 10: pass\ntimer.deinit()")
    assert (
        bench.text(
            "timer.init(period=1, mode=Timer.ONE_SHOT, callback=lambda t: done.append(print(t is timer)))\n"
            "while len(done) < 2: time.sleep_ms(1)"
        )
        == "True"
    )


def test_timers_refuse_nonsense_and_end(bench: Keyboard) -> None:
    bench.start("Timer(period=0, callback=print)")
    assert b"ValueError" in bench.finish()[1]
    bench.start("keep = [Timer(period=10000, callback=print) for _ in range(33)]")
    assert b"OSError: [Errno 12] ENOMEM" in bench.finish()[1]


def test_a_reset_stops_timers_and_handlers(bench: Keyboard) -> None:
    bench.run("Timer(period=1, callback=lambda timer: print('tick'))")
    bench.until(b"tick\r\n")
    bench.type(b"\x04")
    bench.until(b"CTRL-B to exit\r\n>")
    assert bench.run("import time; time.sleep_ms(20)") == b""


def test_outside_and_pins_over_resets(bench: Keyboard) -> None:
    pins = bench.board.pins
    bench.run("Pin(25, Pin.OUT).on()\nPWM(Pin(3), freq=100, duty_u16=60000)")
    pins[2].drive(1)
    bench.board.adc[26].set_u16(4711)
    bench.type(b"\x04")
    bench.until(b"CTRL-B to exit\r\n>")
    assert (pins[25].value, pins[3].duty, pins[3].mode) == (1, None, None)
    assert bench.text(IMPORTS + "\nprint(Pin(2).value(), ADC(26).read_u16())") == "1 4711"
    bench.type(b"machine.reset()\x04")
    bench.until(b">>> ")
    bench.raw()
    assert (pins[25].value, pins[25].mode) == (0, None)
    assert bench.text(IMPORTS + "\nprint(Pin(2).value(), ADC(26).read_u16())") == "1 4711"


def test_adc(bench: Keyboard) -> None:
    adc = bench.board.adc
    adc[26].set_voltage(3.3 / 2)
    assert adc[0].value == adc[26].value == 32768
    assert bench.text("print(ADC(26).read_u16(), ADC(Pin(26)).read_u16(), ADC(0).read_uv(), ADC('A0'))") == (
        "32768 32768 1650025 <ADC channel=0>"
    )
    adc[4].set_u16(14000)
    assert bench.text("print(ADC(ADC.CORE_TEMP).read_u16())") == "14000"
    adc[1].set_voltage(-1)
    adc[2].set_voltage(99)
    assert bench.text("print(ADC(27).read_u16(), ADC(28).read_u16())") == "0 65535"
    assert repr(adc[2]) == "<VirtualAdc 28 value=65535>"


def test_a_stream_of_bits(bench: Keyboard) -> None:
    pin = bench.board.pins[6]
    assert pin.bits == b""
    send = "machine.bitstream(Pin(6, Pin.OUT), 0, (400, 850, 800, 450), %s)"
    bench.run(send % "bytes([1, 2, 255])")
    assert pin.bits == b"\x01\x02\xff"
    bench.run(send % "bytearray(1000)")
    assert pin.bits == bytes(768)
    assert bench.board.pins[7].bits == b""
    bench.start("machine.bitstream(6, 1, (400, 850, 800, 450), b'')")
    assert b"ValueError" in bench.finish()[1]


def test_pwm(bench: Keyboard) -> None:
    pin = bench.board.pins[3]
    assert (pin.duty, pin.freq) == (None, 0)
    assert bench.text("pwm = PWM(Pin(3), freq=1000, duty_u16=40000)\nprint(pwm, pwm.duty_ns())") == (
        "<PWM pin=3 freq=1000 duty_u16=40000> 610360"
    )
    assert (pin.duty, pin.freq, pin.mode, pin.value) == (40000, 1000, "ALT", 1)
    bench.run("pwm.freq(50)\npwm.duty_ns(1500000)")
    assert (pin.duty, pin.freq) == (4915, 50)
    bench.run("pwm.deinit()")
    assert (pin.duty, pin.mode) == (None, None)
    bench.start("pwm.freq(0)")
    assert b"ValueError" in bench.finish()[1]


def test_buses(bench: Keyboard) -> None:
    assert bench.text("print(I2C(0, scl=Pin(1), sda=Pin(0)).scan())") == "[]"
    bench.start("I2C(0).readfrom(8, 1)")
    assert b"OSError: [Errno 19] ENODEV" in bench.finish()[1]
    assert bench.text(
        "into = bytearray(3)\nSPI(0).write_readinto(b'abc', into)\nprint(into, SPI(0).read(2, 7))"
    ) == ("bytearray(b'abc') b'\\x07\\x07'")


def test_the_rest_of_machine(bench: Keyboard) -> None:
    assert bench.text("print(machine.freq())\nmachine.freq(1000)\nprint(machine.freq())") == "125000000\n1000"
    assert bench.text(
        "clock = machine.RTC()\nclock.datetime((2024, 2, 29, 0, 12, 30, 15, 0))\nprint(clock.datetime()[:6])"
    ) == ("(2024, 2, 29, 3, 12, 30)")
    bench.start("machine.bootloader()")
    assert b"no bootloader" in bench.finish()[1]
    bench.run("machine.lightsleep(1)\nmachine.idle()")
    bench.type(b"machine.deepsleep(1)\x04")
    bench.until(b">>> ")


def test_different_boards_differ(bench: Keyboard, make_board: MakeBoard) -> None:
    other = make_board()
    assert bench.text("print(machine.unique_id())") != other.text(
        "import machine; print(machine.unique_id())"
    )
    other.run("machine.Pin(2, machine.Pin.OUT).on()")
    assert (bench.board.pins[2].value, other.board.pins[2].value) == (0, 1)


def test_cost_in_memory(bench: Keyboard) -> None:
    """The peripherals take about 14 KB of the board's heap."""
    assert int(bench.text("import gc; gc.collect(); print(gc.mem_alloc())")) < 20_000


def test_board_survives_a_busy_doorbell(bench: Keyboard) -> None:
    bench.run("led = Pin(25, Pin.OUT)\nfor _ in range(2000): led.toggle()")
    assert bench.board.pins[25].edges == 2000
    wait_until(lambda: bench.board.pins[25].wait_for(0, 0.1))
