# Runs on the board where calls go over the plain raw REPL. It must do on MicroPython 1.9 with 10 kB of heap.
# A frame is: mark, a letter for its kind, the text's length in characters, a blank, the text, mark, ".".
# The length tells a frame that another thread printed into. Names begin with _belay so that the host can
# leave these functions out of tracebacks, and so that no argument of the user's has the same name.

def _belay(mark, more=None):
    import sys

    # The user's globals may hide these later: "def repr(…)", "print = None".
    write, text_of, size_of, type_of, attribute = print, repr, len, type, getattr
    live = {}
    exactly = text_of
    if more:
        # Another way to write results, on boards with room for it; in a scope of its own, for the same reason.
        names = {}
        exec(more, names)
        exactly = names["exactly"]

    def _belay_send(kind, value):
        text = exactly(value)
        size = size_of(text)
        parts = mark + kind + text_of(size) + " ", text, mark + "."
        if size < 500:
            # In one piece, which threads seldom tear; a long text is not copied.
            parts = ("".join(parts),)
        write(*parts, sep="", end="")

    def _belay_fail(error):
        kind = type_of(error)
        names = []
        try:
            while 1:
                names.append(kind.__name__)
                kind = kind.__bases__[0]
        except (AttributeError, IndexError):
            # The end of the line, or a port without __bases__.
            pass
        try:
            args = text_of(error.args)
        except Exception:
            # An argument of it cannot be shown.
            args = "()"
        text = text_of((names, args))
        write(mark + "e" + text_of(size_of(text)) + " " + text)
        try:
            show = sys.print_exception
        except AttributeError:
            # CircuitPython
            from traceback import print_exception as show
        try:
            show(error)
        except Exception:
            # Its own __repr__ raises, for one.
            pass
        write(mark + ".", end="")

    def _belay_call(_belay_f, *args, **kwargs):
        try:
            _belay_send("r", _belay_f(*args, **kwargs))
        except BaseException as error:
            _belay_fail(error)

    def _belay_start(_belay_key, _belay_f, *args, **kwargs):
        live[_belay_key] = _belay_f(*args, **kwargs)

    def _belay_step(key, method, *args):
        try:
            _belay_send("y", attribute(live[key], method)(*args))
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

    return _belay_call, _belay_start, _belay_step, _belay_drop, _belay_fail, exec, eval
