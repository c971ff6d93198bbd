# A part of the agent: writes results that are more than a number or a short text. Bytes, arrays and long texts
# travel as chunks; the text of the answer says with _(n) where the next n bytes of them belong.
def _belay_values():
    import struct
    from binascii import hexlify

    try:
        from array import array
    except ImportError:
        array = ()

    words = {int, bool, type(None), type(...)}
    LONG, CHUNK = 64, 4096

    def _belay_goes_as_repr(value, depth):
        kind = type(value)
        if kind in words:
            return True
        if kind is float:
            return value != value or float(repr(value)) == value
        if kind is str or kind is bytes:
            return len(value) <= LONG
        if not depth:
            raise ValueError("the result is nested too deeply")
        if kind is list or kind is tuple or kind is set:
            for item in value:
                if not _belay_goes_as_repr(item, depth - 1):
                    return False
            return True
        if kind is dict:
            for key in value:
                if not _belay_goes_as_repr(key, 1) or not _belay_goes_as_repr(value[key], depth - 1):
                    return False
            return True
        return False

    def _belay_encode(value):
        chunks = []

        def blob(form, data):
            view = memoryview(data)
            # A view counts items, which are longer than a byte in an array.
            width = len(bytes(view[:1])) or 1
            step = CHUNK // width
            for at in range(0, len(view), step):
                piece = view[at : at + step]
                chunks.append((len(piece) * width, piece))
            return form % (len(view) * width)

        def items(values, depth):
            return ",".join([text(item, depth) for item in values])

        def text(value, depth):
            kind = type(value)
            if _belay_goes_as_repr(value, depth) if kind in simple else False:
                return repr(value)
            if kind is float:
                return "_d('%s')" % hexlify(struct.pack(">d", value)).decode()
            if isinstance(value, str):
                return blob("_s(%d)", value)
            if isinstance(value, bytes):
                return blob("_(%d)", value)
            if isinstance(value, bytearray):
                return blob("bytearray(_(%d))", value)
            if kind is memoryview:
                return blob("_(%d)", value)
            if isinstance(value, array):
                return blob("_a('%s',%d,%%d)" % (repr(value[:0])[7], len(value)), value)
            if kind is complex:
                return "_c(%s,%s)" % (text(value.real, depth), text(value.imag, depth))
            if not depth:
                raise ValueError("the result is nested too deeply")
            depth -= 1
            if isinstance(value, tuple):
                return "(%s,)" % items(value, depth) if value else "()"
            if isinstance(value, list):
                return "[%s]" % items(value, depth)
            if isinstance(value, (set, frozenset)):
                return "%s([%s])" % ("set" if isinstance(value, set) else "frozenset", items(value, depth))
            if isinstance(value, dict):
                pairs = ["(%s,%s)" % (text(key, 1), text(value[key], depth)) for key in value]
                return "%s([%s])" % ("dict" if kind is dict else "OrderedDict", ",".join(pairs))
            if kind is range:
                return repr(value)
            return "_u(%r,%r)" % (kind.__name__, repr(value))

        simple = {float, str, bytes, list, tuple, set, dict} | words
        return text(value, 32), chunks

    return _belay_encode


encode = _belay_values()
