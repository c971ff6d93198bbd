# A part of the agent: generators, in lockstep. "live" holds those that have begun.
live = {}


def _belay_start(key, function, args, named):
    live[key] = F[function](*args, **named)


def _belay_start_written(key, function, written):
    args, named = eval(written, values)
    live[key] = F[function](*args, **named)


def _belay_step(key, method, *args):
    try:
        item = getattr(live[key], method)(*args)
    except StopIteration as stop:
        del live[key]
        return stop.value
    except BaseException:
        live.pop(key, None)
        raise
    kind("y")
    return item


def _belay_step_written(key, method, written):
    return _belay_step(key, method, *eval(written, values))


def _belay_drop(keys, then=None, args=()):
    for key in keys:
        try:
            live.pop(key).close()
        except KeyboardInterrupt:
            # Whoever interrupts does not want the rest either.
            raise
        except BaseException:
            # Nobody waits for this generator any more, so nobody could be told.
            pass
    if then:
        # By a function of the agent's own, so that exec and eval find the user's globals, and not ours.
        return F[37](then, args, {})


for at, function in enumerate(
    (_belay_start, _belay_start_written, _belay_step, _belay_step_written, _belay_drop)
):
    put(43 + at, function)
