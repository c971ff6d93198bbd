# A part of the agent: objects that the host holds by numbers of its own. It also goes over the plain REPL, where
# "ready" is None. What stands for an object in an answer is a list, which is no value that is copied: [0] it is
# held, [1] it is a method, found again by its name, [2] it is the very object that was asked, [3] no more items.
held = {}
bodies = {}
copied = {type(None), bool, int, float, str, bytes, type(...), range}
groups = {tuple}
try:
    # Small firmwares have neither.
    groups.add(frozenset)
    copied.add(complex)
except NameError:
    pass
# Their iterators may be read ahead: nothing happens by that.
quick = {type(iter(some)) for some in ((), [], {}, {1}, "", b"", bytearray(), range(0), {}.keys())}
scope = globals()


def _belay_o(key=None, name=None):
    if key is None:
        return None
    return held[key] if name is None else getattr(held[key], name)


def _belay_is_copied(value, depth):
    if type(value) not in groups:
        return type(value) in copied
    for item in value:
        if not depth or not _belay_is_copied(item, depth - 1):
            return False
    return True


def _belay_stands(value, key, ref=()):
    # What stands for a value in the answer: itself, or a list, and it is held.
    if _belay_is_copied(value, 8):
        return value
    if ref and value is held[ref[0]]:
        return [2]
    held[key] = value
    return [0]


def _belay_answer(stands):
    if ready and type(stands) is list and len(stands) == 1:
        # The kind of the answer says it, and no part is needed to write a list.
        kind("o")
        return stands[0]
    return stands


def _belay_is_lasting(target, name, value):
    # A method of its type, or a function of a module of the firmware's: nobody puts another value there.
    known = type(value).__name__
    if known == "bound_method":
        return hasattr(type(target), name)
    if known != "function" and known != "type" or type(target).__name__ != "module":
        return False
    return not hasattr(target, "__file__") and target.__name__ != "__main__"


def _belay_get(key, ref, name):
    target = _belay_o(*ref)
    value = getattr(target, name)
    return _belay_answer([1] if _belay_is_lasting(target, name, value) else _belay_stands(value, key))


def _belay_do_call(key, ref, args, named):
    return _belay_answer(_belay_stands(_belay_o(*ref)(*args, **named), key, ref))


def _belay_do_call_written(key, ref, written):
    args, named = eval(written, values)
    return _belay_do_call(key, ref, args, named)


def _belay_filled(key, ref, args, named, places):
    # The bytearrays and arrays at these places come back if the call has changed them.
    buffers = [args[place] if type(place) is int else named[place] for place in places]
    before = [bytes(buffer) for buffer in buffers]
    found = [_belay_stands(_belay_o(*ref)(*args, **named), key, ref)]
    for old, buffer in zip(before, buffers):
        new = bytes(buffer)
        found.append(None if new == old else new)
    return tuple(found)


def _belay_placed(key, ref, args, named, places):
    # At these places stands what JSON cannot say: (0) bytes, (1) a bytearray, (2) an object.
    if type(args) is str:
        args, named = eval(args, values)
    else:
        for place, what in places:
            group = args if type(place) is int else named
            value = group[place]
            group[place] = _belay_o(*value) if what == 2 else (bytes, bytearray)[what](a2b_base64(value))
    places = [place for place, what in places if what == 1]
    if places:
        return _belay_filled(key, ref, args, named, places)
    return _belay_do_call(key, ref, args, named)


def _belay_operate(key, body, ref, args):
    # A body is compiled once. Of what it may use, "k" is the key, "a" the object, and the rest are the arguments;
    # "held" is there to hold what is a value, too.
    if body not in bodies:
        exec("def _belay_f(k,a,b=None,c=None,d=None,e=None):" + body, scope)
        bodies[body] = scope["_belay_f"]
    value = bodies[body](key, _belay_o(*ref), *args)
    # Without a key it is wanted as it is, also if it is a list.
    return _belay_answer(_belay_stands(value, key, ref)) if key else value


def _belay_operate_written(key, body, ref, written):
    return _belay_operate(key, body, ref, eval(written, values))


def _belay_take_items(key, ref, most):
    iterator, found = held[ref[0]], []
    ahead = type(iterator) in quick
    try:
        while len(found) < (most if ahead else 1):
            found.append(_belay_stands(next(iterator), key + len(found)))
    except StopIteration:
        if not ahead:
            # It may bring a value.
            raise
        found.append([3])
    return tuple(found)


def _belay_release(keys, function=None, args=()):
    # Nothing happens a second time: what the host is not sure of it says again.
    for key in keys:
        name = None
        if type(key) is list:
            key, name = key
        if key in held:
            if name and names.get(name) is held[key]:
                del names[name]
            # What is taken out of a dict still keeps its value alive.
            held[key] = None
            del held[key]
    if function:
        # By a function of the agent's own, so that exec and eval find the user's globals, and not ours.
        return F[37](function, args, {})


names["_belay_o"] = _belay_o
if ready:
    from binascii import a2b_base64

    values["_belay_o"] = _belay_o
    for at, function in enumerate(
        (
            _belay_get, _belay_do_call, _belay_do_call_written, _belay_operate, _belay_operate_written,
            _belay_take_items, _belay_release, _belay_placed,
        )
    ):  # fmt: skip
        put(72 + at, function)
