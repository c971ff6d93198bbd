# The imports that every device starts with; each may be missing from a firmware.
def _belay():

    names = globals()
    for name in ("os", "time", "machine"):
        try:
            names[name] = __import__(name)
        except ImportError:
            pass
    for module, wanted in (
        ("time", "sleep"),
        ("micropython", "const"),
        ("machine", "ADC I2C Pin PWM SPI Timer"),
    ):
        for name in wanted.split():
            try:
                names[name] = getattr(__import__(module), name)
            except (ImportError, AttributeError):
                pass


_belay()
