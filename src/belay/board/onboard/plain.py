# Runs on the board where calls go over the plain raw REPL. It must do on MicroPython 1.9 with 10 kB of heap.
# A frame is: mark, a letter for its kind, the text's length in characters, a blank, the text, mark, ".".
# The length tells a frame that another thread printed into. Names begin with _belay so that the host can
# leave these functions out of tracebacks.

def _belay(mark):
    import sys

    live = {}

    def _belay_send(kind, value):
        text = repr(value)
        print(mark + kind + str(len(text)) + " " + text + mark + ".", end="")

    def _belay_fail(error):
        kind = type(error)
        names = []
        try:
            while 1:
                names.append(kind.__name__)
                kind = kind.__bases__[0]
        except (AttributeError, IndexError):
            # The end of the line, or a port without __bases__.
            pass
        text = repr((names, repr(error.args)))
        print(mark + "e" + str(len(text)) + " " + text)
        try:
            show = sys.print_exception
        except AttributeError:
            # CircuitPython
            from traceback import print_exception as show
        show(error)
        print(mark + ".", end="")

    def _belay_call(function, *args, **kwargs):
        try:
            _belay_send("r", function(*args, **kwargs))
        except BaseException as error:
            _belay_fail(error)

    def _belay_start(function, *args, **kwargs):
        key = 1
        while key in live:
            key += 1
        live[key] = function(*args, **kwargs)
        return key

    def _belay_step(key, method, *args):
        try:
            _belay_send("y", getattr(live[key], method)(*args))
            return
        except StopIteration as stop:
            error = None
            value = stop.value
        except BaseException as problem:
            error = problem
        live.pop(key, None)
        if error:
            _belay_fail(error)
        else:
            _belay_call(lambda: value)

    def _belay_drop(*keys):
        for key in keys:
            try:
                live.pop(key).close()
            except BaseException:
                # Nobody waits for this generator any more, so nobody could be told.
                pass

    return _belay_call, _belay_start, _belay_step, _belay_drop, _belay_fail
