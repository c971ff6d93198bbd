# A part of the agent: one file at a time. It also goes over the plain REPL, where "ready" is None.
import os

FRESH_COPY = ".belay.new"
PIECE = 4096


class _belay_Pieces:
    # The content of a file as the agent sends it: read while it is sent, and again if it was torn.
    def __init__(self, path, at, size):
        self.path, self.at, self.size = path, at, size
        self.file, self.place = None, -1
        try:
            self.buffer = bytearray(min(PIECE, size))
        except MemoryError:
            self.buffer = bytearray(min(256, size))
        self.step = len(self.buffer)

    def __len__(self):
        return (self.size + self.step - 1) // self.step

    def __getitem__(self, index):
        start = index * self.step
        if self.file is None:
            self.file, self.place = open(self.path, "rb"), -1
        if self.place != start:
            self.file.seek(self.at + start)
        size = min(self.step, self.size - start)
        view = memoryview(self.buffer)[:size]
        got = self.file.readinto(view) or 0
        while got < size:
            more = self.file.readinto(view[got:])
            if not more:
                # It was made shorter meanwhile.
                raise OSError(5)
            got += more
        self.place = start + size
        if self.place == self.size:
            self.file.close()
            self.file = None
        return size, view


def _belay_read(path, at, size):
    # At most so many bytes of a file, and how many it has.
    stat = os.stat(path)
    if stat[0] & 0x4000:
        raise OSError(21)
    total = stat[6]
    size = max(0, min(size, total - at))
    if ready:
        pieces = [(0, b"")]
        if size:
            pieces = _belay_Pieces(path, at, size)
            # Here an error can still be told.
            pieces[0]
        else:
            open(path, "rb").close()
        return ready("(_(%d),%d)" % (size, total), pieces)
    with open(path, "rb") as file:
        file.seek(at)
        return file.read(size), total


def _belay_stat(path, also=None):
    # Kind (1: a file, 2: a folder), size, seconds of the last change, the year that they are counted from; a
    # short text needs no other part. Of names in a folder one line each; 0 is gone, or cannot be read.
    if also:
        text = ""
        for name in also:
            try:
                text += _belay_stat(path + "/" + name) + "\n"
            except OSError:
                text += "0 0 0 1970\n"
        return text
    if path == "/":
        return "2 0 0 1970"
    stat = os.stat(path)
    return "%d %d %d %d" % (2 if stat[0] & 0x4000 else 1, stat[6], stat[8], _belay_epoch())


def _belay_epoch():
    try:
        import time

        # CircuitPython has no gmtime.
        return (getattr(time, "gmtime", None) or time.localtime)(0)[0]
    except (ImportError, AttributeError, OverflowError):
        return 1970


def _belay_hash(path, name):
    # None where the board does not know this hash.
    try:
        from hashlib import new
    except ImportError:
        new = None
    try:
        made = new(name) if new else getattr(__import__("hashlib"), name)()
    except (ImportError, AttributeError, ValueError):
        return None
    buffer = bytearray(1024)
    view = memoryview(buffer)
    with open(path, "rb") as file:
        while True:
            got = file.readinto(buffer)
            if not got:
                return made.digest().hex() if hasattr(b"", "hex") else "".join("%02x" % byte for byte in made.digest())
            made.update(view[:got])


def _belay_copy(path, to):
    # Beside its place first: what is there stays whole.
    buffer, fresh = bytearray(1024), to[: to.rfind("/") + 1] + FRESH_COPY
    view, total = memoryview(buffer), 0
    try:
        if os.stat(to)[0] & 0x4000:
            raise OSError(21)
    except OSError as error:
        if error.args[0] == 21:
            raise
    with open(path, "rb") as source:
        try:
            with open(fresh, "wb") as target:
                while True:
                    got = source.readinto(buffer)
                    if not got:
                        break
                    target.write(view[:got])
                    total += got
        except OSError:
            os.remove(fresh)
            raise
    try:
        os.rename(fresh, to)
    except OSError as error:
        if error.args[0] != 17:
            raise
        os.remove(to)
        os.rename(fresh, to)
    return total


def _belay_touch(path):
    try:
        if os.stat(path)[0] & 0x4000:
            raise OSError(21)
    except OSError as error:
        if error.args[0] == 21:
            raise
    with open(path, "ab"):
        pass


def _belay_room(path):
    # Bytes of a block, blocks, free blocks.
    facts = os.statvfs(path)
    return "%d %d %d" % (facts[1] or facts[0], facts[2], facts[3])


if ready:
    put(61, _belay_read)
    put(62, _belay_stat)
    put(63, _belay_hash)
    put(64, _belay_copy)
    put(65, _belay_touch)
    put(66, _belay_room)
