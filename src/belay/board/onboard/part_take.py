# A part of the agent: bytes from the host, put together in "values" for the call that names them.
from binascii import a2b_base64


def _belay_unclear():
    while waiting.poll(30):
        read(1)


def _belay_take(name, total, at, size, check, threes):
    # The bytes follow the request. An 0x03 would be an interrupt: the host sends another byte, and where.
    if not at:
        values[name] = bytearray(total)
    into = memoryview(values[name])[at : at + size]
    got = 0
    while got < size:
        got += readinto(into[got:])
    for place in threes:
        into[place] = 3
    if crc(into) != check:
        _belay_unclear()
        return False
    return True


def _belay_give(name, total, at, written):
    if not at:
        values[name] = bytearray(total)
    data = a2b_base64(written)
    values[name][at : at + len(data)] = data
    return True


def _belay_bytes(name):
    data = values.pop(name)
    try:
        return bytes(data)
    except MemoryError:
        # There is no room for a copy.
        return data


def _belay_long(function, name):
    return F[function](*loads(values.pop(name)))


def _belay_forget(*names):
    for name in names:
        values.pop(name, None)


values["_bytes"], values["_bytearray"] = _belay_bytes, values.pop
put(48, _belay_take)
put(49, _belay_give)
put(50, _belay_long)
put(51, _belay_forget)
