# A part of the agent: looks at a tree of files, and changes it step by step. It also goes over the plain REPL,
# where "ready" is None. All paths are absolute, but the top is "" here: "" + "/lib".
import os

try:
    from binascii import crc32
except ImportError:
    crc32 = None
try:
    from time import ticks_diff, ticks_ms
except ImportError:
    ticks_ms = None
try:
    from deflate import RAW, DeflateIO
    from io import BytesIO
except ImportError:
    # Then nothing comes compressed.
    pass

FRESH = ".belay.new"
walking = iter(())


def _belay_is_folder(path):
    return os.stat(path)[0] & 0x4000


def _belay_check(path, buffer):
    check, view = 0, memoryview(buffer)
    with open(path, "rb") as file:
        while True:
            got = file.readinto(buffer)
            if not got:
                return check
            check = crc32(view[:got], check)


def _belay_buffer():
    try:
        return bytearray(1024)
    except MemoryError:
        return bytearray(128)


def _belay_facts(place):
    try:
        facts = os.statvfs(place)
        return facts[1] or facts[0], facts[2], facts[3]
    except Exception:
        # There is nothing, or it does not say.
        return 0, 0, 0


def _belay_entries(folder):
    # Name, whether it is a folder, size; that is None where another file system is mounted.
    try:
        listing = os.ilistdir
    except AttributeError:
        # CircuitPython
        here = _belay_facts(folder or "/")
        for name in os.listdir(folder or "/"):
            path = folder + "/" + name
            stat = os.stat(path)
            size = stat[6]
            if not folder and stat[0] & 0x4000 and _belay_facts(path)[:2] != here[:2]:
                size = None
            yield name, stat[0] & 0x4000, size
        return
    for entry in listing(folder or "/"):
        name, kind, size = entry[0], entry[1], -1
        if len(entry) > 3:
            size = entry[3]
        elif kind == 0x4000 and not entry[2] and not folder:
            # So MicroPython lists what is mounted; only at the top.
            size = None
        if kind != 0x4000 and size < 0:
            try:
                stat = os.stat(folder + "/" + name)
                kind, size = stat[0] & 0x4000, stat[6]
            except OSError:
                # A link into nowhere, on an interpreter of the host's.
                size = 0
        yield name, kind & 0x4000, size


def _belay_mounted(top, name):
    return "//%s/%d %d %d\0" % ((name,) + _belay_facts(top + "/" + name))


def _belay_lines(top, sizes, deep, also):
    # "/folder" and then what is in it: "size crc name", with "-" for a crc that nobody needs. Of other file
    # systems "//name/block blocks free"; only those in "also" are looked into, or all if that is None.
    folders, buffer, names = [""], _belay_buffer(), set(also or ())
    while folders:
        folder = folders.pop()
        yield "/%s\0" % folder
        above = top + "/" + folder if folder else top
        for name, is_folder, size in _belay_entries(above):
            if not folder:
                names.discard(name)
            if is_folder:
                path = folder + "/" + name if folder else name
                if size is None:
                    yield _belay_mounted(top, name)
                if not deep:
                    # What follows is in the first folder again.
                    yield "/%s\0/\0" % path
                elif size is not None or also is None or name in also:
                    folders.append(path)
                continue
            check = "-"
            if crc32 and (size in sizes if sizes else sizes is None):
                try:
                    check = "%x" % _belay_check(above + "/" + name, buffer)
                except OSError:
                    # Nobody can read it: it is replaced if it is wanted.
                    pass
            yield "%d %s %s\0" % (size, check, name)
        # What is mounted below the top is in no listing.
        while names:
            name = names.pop()
            try:
                if _belay_is_folder(top + "/" + name):
                    yield _belay_mounted(top, name)
                    folders.append(name)
            except OSError:
                pass


def _belay_whole_file(path):
    try:
        with open(path, "rb") as file:
            while True:
                piece = file.read(256)
                if not piece:
                    return
                yield piece
    except OSError:
        # There is none.
        pass


def _belay_head(top, sizes, deep, record, also):
    place, facts = top, _belay_facts(top or "/")
    while place and not facts[1]:
        place = place[: place.rfind("/")]
        facts = _belay_facts(place or "/")
    try:
        kind = 2 if not top or _belay_is_folder(top) else 1
    except OSError:
        kind = 0
    if record and top:
        try:
            os.stat(record)
        except OSError:
            if not _belay_facts("/")[1]:
                # There is nothing but other file systems at the top: it is on that of the folder.
                record = top[: (top + "/").find("/", 1)] + record
                kind += 4
    yield "%d %d %d %d\0" % ((kind,) + facts)
    if record:
        for piece in _belay_whole_file(record):
            yield piece
    yield "\0"
    if kind & 2:
        for line in _belay_lines(top, sizes, deep, also):
            yield line


def _belay_look(top, sizes, deep, record, also):
    # sizes: of which files the crc is wanted; None for all. also: names of folders that may be mount points.
    global walking
    walking = _belay_head(top, sizes and set(sizes), deep, record, also)
    return _belay_more()


def _belay_more():
    # What follows, up to about the size of a request or for about a second; "+" at the end: there is more.
    pieces, total, parts, size, room = [], 0, [], 0, largest
    start = ticks_ms() if ticks_ms else 0
    full = False
    for line in walking:
        if type(line) is str:
            line = line.encode()
        parts.append(line)
        size += len(line)
        if size > 200:
            # Small ones: they find room between what else lies in a small heap.
            pieces.append(b"".join(parts))
            total += size
            parts, size = [], 0
            full = total > room or ticks_ms and ticks_diff(ticks_ms(), start) > 1000
            if full:
                break
    parts.append(b"+" if full else b"")
    pieces.append(b"".join(parts))
    total += len(parts[-1]) + size
    if ready:
        return ready("_(%d)" % total, [(len(piece), piece) for piece in pieces])
    return b"".join(pieces)


def _belay_move(path, to):
    try:
        os.rename(path, to)
    except OSError as error:
        if error.args[0] != 17 or _belay_is_folder(to):
            raise
        # CircuitPython cannot rename over a file.
        os.remove(to)
        os.rename(path, to)


def _belay_write(path, how, size, data, at, window, buffer):
    with open(path, how) as file:
        if not window:
            if size:
                file.write(data[at : at + size])
            return
        view = memoryview(buffer)
        while size > 0:
            got = data.readinto(view[: min(size, len(buffer))])
            if not got:
                raise OSError(5)
            file.write(view[:got])
            size -= got


def _belay_read_back(path, check, buffer):
    if crc32 and _belay_check(path, buffer) != check:
        # What was written is not what is there.
        raise OSError(5)


def _belay_do_step(top, step, data, at, window, buffer):
    # How many bytes of the data it took.
    what, path = step[0], top + "/" + step[1]
    if what == "s":
        # A whole file.
        fresh = path[: path.rfind("/") + 1] + FRESH
        _belay_write(fresh, "wb", step[2], data, at, window, buffer)
        _belay_read_back(fresh, step[3], buffer)
        _belay_move(fresh, path)
        return step[2]
    if what == "w" or what == "a":
        _belay_write(path, what + "b", step[2], data, at, window, buffer)
        return step[2]
    if what == "c":
        _belay_read_back(path, step[2], buffer)
    elif what == "m":
        _belay_move(path, top + "/" + step[2])
    elif what == "d":
        try:
            os.mkdir(path)
        except OSError:
            # A mount point is in no listing.
            try:
                if _belay_is_folder(path):
                    return 0
            except OSError:
                pass
            raise
    elif what == "f":
        try:
            found = _belay_is_folder(path)
        except OSError:
            return 0
        if found:
            raise OSError(21)
    elif what == "r":
        os.remove(path)
    else:
        os.rmdir(path)
    return 0


def _belay_apply(data, window, top, steps):
    # window: 0, or for how many bits of it the data is compressed. The letters are those of files/transfer.py.
    buffer = _belay_buffer()
    data = memoryview(data)
    if window:
        data = DeflateIO(BytesIO(data), RAW, window)
    at = 0
    for step in steps:
        try:
            at += _belay_do_step(top, step, data, at, window, buffer)
        except OSError as error:
            raise OSError(error.args[0], step[0], top + "/" + step[1])
    return len(steps)


def _belay_apply_sent(number, window, top, steps):
    return _belay_apply(_belay_whole(number) if number >= 0 else b"", window, top, steps)


if ready:
    put(58, _belay_look)
    put(59, _belay_more)
    put(60, _belay_apply_sent)
