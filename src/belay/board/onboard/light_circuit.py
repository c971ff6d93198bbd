# A LED of a board with CircuitPython: switch it, and put its pin back. Returns its name, None if none is known.
def _belay_light(wanted):
    global _belay_lit
    import board
    from digitalio import DigitalInOut

    def take(name):
        held = DigitalInOut(getattr(board, name))
        held.switch_to_output()
        return held

    def plain(name):
        held = take(name)

        def light(on):
            held.value = bool(on)

        return light, held.deinit

    def pixel(name):
        from neopixel_write import neopixel_write

        power = take("NEOPIXEL_POWER") if hasattr(board, "NEOPIXEL_POWER") else None
        held = take(name)
        if power:
            power.value = True

        def light(on):
            neopixel_write(held, bytearray([24 * on] * 3))

        def back():
            light(0)
            held.deinit()
            if power:
                power.deinit()

        return light, back

    if wanted is None:
        names = ("LED", "L", "NEOPIXEL", "D13")
    elif isinstance(wanted, int):
        names = [kind + str(wanted) for kind in ("D", "GP", "IO", "GPIO")]
    else:
        names = (wanted,)
    for name in names:
        if hasattr(board, name):
            try:
                _belay_lit = pixel(name) if name == "NEOPIXEL" else plain(name)
                return name
            except Exception:
                # Somebody has it.
                if wanted is not None:
                    raise
    if wanted is not None:
        raise ValueError("board has no pin " + str(wanted))
