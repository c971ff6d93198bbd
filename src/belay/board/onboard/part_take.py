# A part of the agent: bytes from the host, put together for the call that names them by a number. Those that are
# whole are in "arrived", the others in "coming": requests follow each other without a pause, and no call may find
# a half.
from binascii import a2b_base64
from gc import collect

coming = {}
arrived = {}
scratch = memoryview(bytearray(64))


def _belay_take(name, total, at, size, check, gaps):
    # The bytes follow the request. An 0x03 would be an interrupt, and a prompt, if that is what they meet, would
    # take 0x02, 0x04 and 0x05 for orders: the host sends other bytes, and where.
    got = 0
    try:
        data = _belay_begun(name, total, at)
        into = memoryview(data)[at : at + size]
        while got < size:
            got += readinto(into[got:])
    except Exception:
        # The rest must not be taken for requests.
        while got < size:
            got += readinto(scratch[: size - got])
        raise
    place = -1
    for gap in gaps:
        step = ord(gap) - 35
        place += step
        if step < 89:
            into[place] &= 15
    return crc(into) == check and _belay_keep(name, data, at + size)


def _belay_give(name, total, at, written):
    data, piece = _belay_begun(name, total, at), a2b_base64(written)
    data[at : at + len(piece)] = piece
    return _belay_keep(name, data, at + len(piece))


def _belay_begun(name, total, at):
    # Taken out, so that it is gone if anything fails from here on.
    if not at:
        return bytearray(total)
    data, end = _belay_whole(name, coming)
    if end != at:
        # A request between was not even read: there was no memory for it, or it was torn.
        raise KeyError("_belay_lost")
    return data


def _belay_keep(name, data, end):
    if end == len(data):
        arrived[name] = data
    else:
        coming[name] = data, end
    return True


def _belay_whole(name, place=arrived):
    if name not in place:
        raise KeyError("_belay_lost")
    data = place[name]
    # What is taken out of a dict still keeps its value alive.
    place[name] = None
    del place[name]
    return data


def _belay_bytes(name):
    data = _belay_whole(name)
    try:
        return bytes(data)
    except MemoryError:
        # There is no room for a copy.
        return data


def _belay_long(function, name):
    return F[function](*loads(_belay_whole(name)))


def _belay_forget(*names):
    for name in names:
        for place in (arrived, coming):
            place[name] = None
            del place[name]
    # It also lets what comes next lie in the gaps, so that the largest free piece of the heap stays whole.
    collect()
    return True


values["_bytes"], values["_bytearray"] = _belay_bytes, _belay_whole
put(48, _belay_take)
put(49, _belay_give)
put(50, _belay_long)
put(51, _belay_forget)
