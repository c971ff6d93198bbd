# A part of the agent: when a result was there, by the board's clock. It also goes over the plain REPL, where
# "ready" is None.


def _belay_find_clock():
    # The function that says the time, and about it: its name, how many of its ticks are a second, and after which
    # number it begins anew; 0 if it never does.
    for name, wanted, freq, last in (
        ("time", "ticks_us", 1000000, 0),
        ("time", "monotonic_ns", 1000000000, 0),
        ("supervisor", "ticks_ms", 1000, (1 << 29) - 1),
    ):
        try:
            module = __import__(name)
            get = getattr(module, wanted)
            get()
            if wanted == "ticks_us":
                last = module.ticks_add(0, -1)
            return get, "%s.%s %d %d" % (name, wanted, freq, last)
        except (ImportError, AttributeError, NotImplementedError):
            # CircuitPython has monotonic_ns only on boards that have long integers.
            pass
    return None, None


ticks, ticks_about = _belay_find_clock()
ticks_small = {int, bool, type(None)}
if 1 + 1e-10 == 1:
    # repr is exact enough where a float has single precision.
    ticks_small.add(float)


def _belay_clock():
    return ticks_about


def _belay_ticks():
    return ticks()


def _belay_timed(_belay_f, *args, **named):
    begun = ticks()
    value = _belay_f(*args, **named)
    ended = ticks()
    # In short where that can be: a tuple takes another part of the agent, and memory.
    return "%d %d %r" % (begun, ended, value) if type(value) in ticks_small else (begun, ended, value)


def _belay_timed_number(function, *args):
    return _belay_timed(F[function], *args)


if ready:
    put(80, _belay_clock)
    put(81, _belay_timed_number)
    put(82, _belay_ticks)
