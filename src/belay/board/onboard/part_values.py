# A part of the agent: writes results that are more than a number or a short text, so that the host reads exactly
# what they are. Bytes, arrays and long texts travel as chunks; the text of the answer says with _(n) where the
# next n bytes of them belong. The plain way has this too, on boards with room for it.
from struct import pack
from binascii import hexlify

try:
    from array import array
except ImportError:
    array = ()

words = {int, bool, type(None), type(...), range}
simple = {float, str, bytes, list, tuple, set, dict} | words
double = 1 + 1e-10 != 1
chunks = ()


def _belay_is_simple(value, depth):
    # Whether the host reads in what repr writes exactly this value.
    kind = type(value)
    if kind in words:
        return True
    if kind is float:
        if double:
            # What repr writes of others is the next number's text once in ten thousand times.
            return value != value or -1e8 < value < 1e8 and value * 64 % 1 == 0
        return value != value or float(repr(value)) == value
    if kind is str or kind is bytes:
        return len(value) <= 64
    if kind not in simple:
        return False
    if not depth:
        raise RuntimeError
    depth -= 1
    for item in value:
        if not _belay_is_simple(item, depth) or kind is dict and not _belay_is_simple(value[item], depth):
            return False
    return True


def _belay_chunks(form, data):
    view = memoryview(data)
    # A view counts items, which are longer than a byte in an array.
    width = len(bytes(view[:1])) or 1
    step = 4096 // width
    for at in range(0, len(view), step):
        piece = view[at : at + step]
        chunks.append((len(piece) * width, piece))
    return form % (len(view) * width)


def _belay_text(value, depth):
    if _belay_is_simple(value, depth):
        return repr(value)
    kind = type(value)
    if kind is float:
        return "_d('%s')" % hexlify(pack(">d", value)).decode()
    if isinstance(value, str):
        return _belay_chunks("_s(%d)", value)
    if isinstance(value, bytearray):
        return _belay_chunks("bytearray(_(%d))", value)
    if isinstance(value, bytes) or kind is memoryview:
        return _belay_chunks("_(%d)", value)
    if isinstance(value, array):
        return _belay_chunks("_a('%s',%d,%%d)" % (repr(value[:0])[7], len(value)), value)
    if kind is complex:
        return "_c(%s,%s)" % (_belay_text(value.real, 1), _belay_text(value.imag, 1))
    pairs = isinstance(value, dict)
    if pairs:
        form = "OrderedDict([%s])" if kind.__name__ == "OrderedDict" else "dict([%s])"
    elif isinstance(value, list):
        form = "[%s]"
    elif isinstance(value, tuple):
        form = "(%s,)" if value else "()%s"
    elif isinstance(value, (set, frozenset)):
        form = "set([%s])" if isinstance(value, set) else "frozenset([%s])"
    else:
        return "_u(%r,%r)" % (kind.__name__, repr(value))
    if not depth:
        raise RuntimeError
    depth -= 1
    parts = []
    for item in value:
        part = _belay_text(item, depth)
        if pairs:
            part = "(%s,%s)" % (part, _belay_text(value[item], depth))
        parts.append(part)
    return form % ",".join(parts)


def _belay_encode(value):
    global chunks
    chunks = []
    try:
        return _belay_text(value, 32), chunks
    except RuntimeError:
        # Ours, or the stack is at its end.
        return "_u('deeply nested data','')", ()
    finally:
        # They are as large as the value.
        chunks = ()


encode = _belay_encode
