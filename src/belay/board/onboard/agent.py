# The agent: reads requests and answers them, without compiling anything. docs/protocol.md says what travels.
# Names begin with _belay so that the host can leave these functions out of tracebacks. The rarely needed parts
# (the files part_*.py) are sent when they are first used, to keep the heap free.
def _belay(mark, largest, floats):
    import sys

    path, modules = getattr(sys, "path", []), sys.modules

    def _belay_own(send, *args):
        # What is imported meanwhile is the firmware's, whatever the libraries on the board are called. The names
        # are some that the firmware knows: others take room, of which it takes 3 KB when its list is full.
        key, value = path[:], dict(modules)
        try:
            path[:] = [".frozen"]
            modules.clear()
            return send(*args)
        finally:
            path[:] = key
            modules.update(value)

    binascii, gc, io, json, select, struct = _belay_own(
        list, map(__import__, ("binascii", "gc", "io", "json", "select", "struct"))
    )
    # The user's globals may hide any of these later: "def repr(…)", "print = None".
    write = sys.stdout.buffer.write
    read, readinto = sys.stdin.buffer.read, sys.stdin.buffer.readinto
    loads, crc, unpack = json.loads, binascii.crc32, struct.unpack
    size_of, type_of, text_of, base = len, type, repr, BaseException
    show, Text, collect = sys.print_exception, io.StringIO, gc.collect
    try:
        from micropython import kbd_intr as interruptible
    except ImportError:
        interruptible = bool
    names = globals()
    waiting = select.poll()
    waiting.register(sys.stdin, 1)
    head = bytearray(8)
    tail = memoryview(head)
    form = mark + "%s\x04%08x"
    scalars = {int, bool, type_of(None)}
    if floats:
        # repr is exact enough where a float has single precision; see part_values.py.
        scalars.add(float)
    # The last answer is kept until the next request, so that it can be sent again.
    sequence, last, chunks, kind, kept, making = 33, None, (), "r", None, False

    def _belay_send(text):
        write(form % (text, crc(text)))

    def _belay_again(at):
        nonlocal making
        while at < size_of(chunks):
            try:
                making = True
                size, chunk = chunks[at]
            finally:
                making = False
            text = "%cc%04x%04x" % (sequence, at, size)
            write("%s%s%08x" % (mark, text, crc(chunk, crc(text))))
            write(chunk)
            at += 1
        _belay_send(last)

    def _belay_describe(error):
        kind = type_of(error)
        types = []
        try:
            while 1:
                types.append(kind.__name__)
                kind = kind.__bases__[0]
        except (AttributeError, IndexError):
            # The end of the line, or a port without __bases__.
            pass
        trace = Text()
        try:
            args = text_of(error.args)
            show(error, trace)
        except Exception:
            # An argument of it cannot be shown.
            args = "()"
        return types, args, trace.getvalue()

    def _belay_fail(error):
        nonlocal last, chunks
        chunks = ()
        try:
            last = "%ce%r" % (sequence, _belay_describe(error))
        except MemoryError:
            collect()
            last = "%ce(['%s'],'()','')" % (sequence, type_of(error).__name__)
        _belay_send(last)

    def _belay_ready(text, pieces):
        # For results of parts that are bytes, made piece by piece while they are sent.
        nonlocal chunks
        chunks = pieces
        return text

    def _belay_busy():
        # Whether a request is being carried out, or its answer made: the host listens.
        return last is None or making

    def _belay_use(on):
        # The host is asked only while a call or a program of its own runs.
        if inner["use"]:
            inner["use"](on)

    def _belay_failed(error):
        _belay_use(False)
        _belay_fail(error)

    def _belay_done():
        nonlocal last, chunks
        _belay_use(False)
        last, chunks = "%crNone" % sequence, ()
        _belay_send(last)

    def _belay_drain():
        found = False
        while waiting.poll(30):
            found = read(1)
        return found

    def _belay_lost():
        _belay_send("!x%c" % sequence)

    def _belay_unclear():
        _belay_drain()
        _belay_lost()

    def _belay_put(number, function):
        while size_of(F) <= number:
            F.append(None)
        F[number] = function

    def _belay_define(code, name, number):
        # What stays is to lie in the gaps, not in the middle of the free heap, where bulk needs room.
        collect()
        run(code, names)
        _belay_put(number, names[name])

    def _belay_part(code):
        collect()
        _belay_own(run, code, inner)

    def _belay_named(function, args, named):
        return F[function](*args, **named)

    def _belay_written(function, text):
        args, named = evaluate(text, values)
        return F[function](*args, **named)

    def _belay_kind(new):
        nonlocal kind
        kind = new

    def _belay_kept():
        nonlocal kept
        value, kept = kept, None
        return value

    run, evaluate = exec, eval
    values = {}
    F = [None] * 35
    F += [
        _belay_define, _belay_part, _belay_named, _belay_written, _belay_kept, run, evaluate, gc.mem_free
    ]
    inner = {
        "F": F, "values": values, "names": names, "mark": mark, "head": head, "send": _belay_send,
        "put": _belay_put, "describe": _belay_describe, "kind": _belay_kind, "waiting": waiting,
        "write": write, "read": read, "readinto": readinto, "loads": loads, "crc": crc,
        "encode": None, "use": None, "largest": largest, "ready": _belay_ready,
        "busy": _belay_busy,
    }  # fmt: skip

    def _belay_run():
        nonlocal sequence, last, chunks, kind, kept
        # No request is the last one: whatever comes first is new. A "last" of None means that one is being
        # carried out.
        number = sequence = 33
        last, chunks = "", ()
        _belay_send("!h")
        try:
            _belay_use(True)
            while 1:
                # Whatever a function of the user's left behind: an idle agent can be interrupted.
                interruptible(3)
                got = readinto(head)
                while got < 8:
                    got += readinto(tail[got:])
                try:
                    size, function, number, check = unpack("<HBBI", head)
                    size -= 32896
                    if not 0 <= size <= largest:
                        _belay_unclear()
                        continue
                    args = read(size)
                    if crc(args, function << 8 | number) != check:
                        _belay_unclear()
                        continue
                    if function < 35 or number == sequence:
                        if function == 33:
                            _belay_send("!b")
                            return
                        if function == 48:
                            # It comes twice, and so do the bytes behind it, which are no requests.
                            _belay_unclear()
                        elif number != sequence or function == 34:
                            _belay_lost()
                        else:
                            _belay_again(loads(args)[0] if function == 32 else 0)
                        continue
                    # The last value may be as large as the memory that this one needs.
                    # An interrupt may come in between: "last" first.
                    last = None
                    sequence = number
                    chunks = ()
                    kind = "r"
                    value = None
                    value = F[function](*loads(args))
                    if type_of(value) in scalars:
                        # In short, since this is what most calls come to.
                        text = "%c%s%r" % (number, kind, value)
                        last = text
                        write(form % (text, crc(text)))
                        continue
                    if chunks:
                        last = "%cR%d %s" % (number, size_of(chunks), value)
                    elif type_of(value) is str and size_of(value) < 65:
                        last = "%c%s%r" % (number, kind, value)
                    elif inner["encode"]:
                        text, chunks = inner["encode"](value)
                        last = "%c%s%d %s" % (number, kind.upper(), size_of(chunks), text)
                    else:
                        kept = value
                        last = "%cm%s" % (number, kind)
                    if chunks:
                        _belay_again(0)
                    else:
                        _belay_send(last)
                except base as error:
                    value = args = None
                    stopped = type_of(error) is KeyboardInterrupt
                    if last is None:
                        sequence = number
                        _belay_fail(error)
                    elif stopped:
                        # It hit the sending of the answer, or the reading of a request that was never read.
                        _belay_again(0)
                    elif type_of(error) is MemoryError:
                        # There is no room for the request, or for sending the answer: not now, nor later.
                        _belay_drain()
                        _belay_send("%ce(['MemoryError','Exception'],'()','')" % number)
                        _belay_lost()
                    else:
                        _belay_unclear()
                    if stopped:
                        # Whoever pressed Ctrl-C, perhaps another tool, shall find the prompt.
                        return
        except KeyboardInterrupt:
            pass
        finally:
            _belay_use(False)

    return _belay_run, _belay_failed, _belay_done, _belay_use
