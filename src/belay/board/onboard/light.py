# A LED of a board with MicroPython: switch it, and put its pin back. Returns its name, None if none is known.
def _belay_light(wanted):
    global _belay_lit
    from machine import Pin

    def find(names):
        for name in names:
            try:
                return name, Pin(name)
            except Exception:
                pass
        return None, None

    def plain(pin):
        try:
            before = pin.mode()
        except Exception:
            # Where it cannot be asked, the text says it; where not even that does, it is as after power-up.
            before = Pin.OUT if "OUT" in repr(pin) else Pin.IN
        level = pin.value() if before == Pin.OUT else 0
        pin.init(Pin.OUT)

        def back():
            pin.value(level)
            if before != Pin.OUT:
                try:
                    pin.init(before)
                except Exception:
                    pin.init(Pin.IN)

        return pin.value, back

    def pixel(pin):
        from machine import bitstream

        power = find(("NEOPIXEL_POWER",))[1]
        supply, cut = plain(power) if power else (lambda on: None, lambda: None)
        _, back = plain(pin)
        supply(1)

        def light(on):
            bitstream(pin, 0, (400, 850, 800, 450), bytes([24 * on] * 3))

        def dark():
            light(0)
            back()
            cut()

        return light, dark

    def of_pyb():
        import pyb

        led = pyb.LED(1)
        level = led.intensity()
        return (lambda on: led.intensity(255 * on)), (lambda: led.intensity(level))

    if wanted is None:
        usual = ("LED", "LED_BLUE", "LED_GREEN", "LED_RED", "LED1", "LED_BUILTIN")
        name, pin = find(usual)
    else:
        name, pin = wanted, Pin(wanted)
    if pin:
        _belay_lit = pixel(pin) if name == "NEOPIXEL" else plain(pin)
        return str(name)
    try:
        _belay_lit = of_pyb()
        return "pyb.LED(1)"
    except Exception:
        name, pin = find(("NEOPIXEL",))
        if not pin:
            return None
        try:
            _belay_lit = pixel(pin)
        except Exception:
            return None
        return name
