# A part of the agent: a file system that is a folder of the host's. It keeps nothing: files have no handle on the
# host, each question names the path, the place and which file it was when it was opened.
# Functions outside of the classes: each can be compiled by itself, and their names keep them out of tracebacks. All
# parts share one scope: other names than theirs.
import sys
from binascii import b2a_base64
from gc import collect
from io import IOBase
from os import stat
from time import gmtime, ticks_diff, ticks_ms

try:
    from vfs import mount, umount
except ImportError:
    from os import mount, umount

# In the place of a user's and a group's number: the top of a file system of ours.
OURS = 48666
# Seconds from the board's epoch to 2000.
EPOCH = 946684800 if gmtime(0)[0] == 1970 else 0
# While an interrupted import goes on, this is what it finds, so that it opens it.
STOPPED = [32768, 0, 0]
mounts = {}
# What the host said besides its last answer. An import, which looks for three names, needs one question so.
ahead = None


def _belay_m_request(folder, op, path, *args):
    if not folder.number:
        raise OSError(19)
    return _belay_ask("mount", folder.number, op, path, *args)


def _belay_m_get(folder, op, path, *args):
    # What changes nothing may be asked for again, with less beside it.
    room = folder.room
    while True:
        try:
            return _belay_m_request(folder, op, path, room, *args)
        except MemoryError:
            collect()
            if room < 64:
                raise
            room //= 4


def _belay_m_whole(folder, path):
    return path if path[:1] == "/" else folder.at + "/" + path


def _belay_m_known(folder, path):
    # What was said in this very call and a moment ago, with nothing else done since.
    global ahead
    if ahead:
        of, request, when, moment, names, opened = ahead
        if (
            of is folder
            and request == bytes(head)
            and when == era
            and path in names
            and ticks_diff(ticks_ms(), moment) < 100
        ):
            return names[path]
        ahead = None


def _belay_m_keep(folder, names, opened):
    global ahead
    ahead = folder, bytes(head), era, ticks_ms(), names, opened


def _belay_m_look(folder, path):
    path = _belay_m_whole(folder, path)
    found = _belay_m_known(folder, path)
    if found is None:
        try:
            found, names, *opened = _belay_m_get(folder, "look", path)
        except KeyboardInterrupt:
            # An import takes every exception for "there is no such file" and goes on to the next name.
            stem = path[:-3] if path[-3:] == ".py" else path
            _belay_m_keep(folder, {stem + ".py": STOPPED, stem + ".mpy": STOPPED}, None)
            raise
        if names:
            _belay_m_keep(folder, names, opened)
    if type(found) is int:
        raise OSError(found)
    return found


def _belay_m_stat(self, path):
    if path == "/":
        return 16384, 0, 0, 0, OURS, OURS, 0, 0, 0, 0
    mode, size, changed = _belay_m_look(self, path)
    changed += EPOCH
    return mode, 0, 0, 0, 0, 0, size, changed, changed, changed


def _belay_m_statvfs(self, path):
    block, total, free = _belay_m_get(self, "room", _belay_m_whole(self, path))
    return block, block, total, free, free, 0, 0, 0, int(not self.writable), 255


def _belay_m_names(folder, path, entries, more):
    while True:
        for name, kind, size in entries:
            yield name, kind, 0, size
        if not more:
            return
        entries, more = _belay_m_get(folder, "list", path, entries[-1][0])


def _belay_m_ilistdir(self, path):
    path = _belay_m_whole(self, path)
    return _belay_m_names(self, path, *_belay_m_get(self, "list", path, ""))


def _belay_m_chdir(self, path):
    path = _belay_m_whole(self, path)
    if path != "/" and not _belay_m_look(self, path)[0] & 16384:
        raise OSError(20)
    names = []
    for name in path.split("/"):
        if name == "..":
            names.pop()
        elif name and name != ".":
            names.append("/" + name)
    self.at = "".join(names)


def _belay_m_getcwd(self):
    return self.at or "/"


def _belay_m_change(op):
    def _belay_m_changed(self, *paths):
        paths = [_belay_m_whole(self, path) for path in paths]
        _belay_m_request(self, op, paths[0], 0, *paths[1:])

    return _belay_m_changed


def _belay_m_begin(self, readonly, mkfs):
    pass


def _belay_m_end(self):
    self.number = 0


def _belay_m_open(self, path, mode="r", *more):
    path = _belay_m_whole(self, path)
    kind, other = mode[:1], mode[1:].replace("b", "").replace("t", "")
    if kind not in "rwax" or not kind or other not in ("", "+"):
        raise ValueError(mode)
    opened = None
    if mode in ("r", "rb", "rt"):
        known = _belay_m_known(self, path)
        if known is STOPPED:
            raise KeyboardInterrupt
        if known and ahead[5] and ahead[5][0][0] == path:
            opened = ahead[5][0][1:] + ahead[5][1:]
        elif type(known) is int:
            raise OSError(known)
    if not opened:
        if kind == "r" and not other:
            opened = _belay_m_get(self, "open", path, mode)
        else:
            opened = _belay_m_request(self, "open", path, 0, mode)
    file = (_belay_m_File if "b" in mode else _belay_m_Text)()
    file.folder, file.path = self, path
    file.reads, file.writes, file.appends = kind == "r" or other, kind != "r" or other, kind == "a"
    file.out = bytearray()
    file.used = 0
    file.which, file.at, file.ends, file.data = opened
    file.at += len(file.data)
    return file


def _belay_m_check(file, allowed):
    if file.path is None or not allowed:
        raise OSError(9)


def _belay_m_fill(file):
    # The next piece; false at the end, which is told once without a question.
    if file.out:
        _belay_m_flush(file)
    if file.ends:
        return False
    file.data, file.used = b"", 0
    file.ends, file.data = _belay_m_get(file.folder, "read", file.path, file.which, file.at)
    file.at += len(file.data)
    return len(file.data)


def _belay_m_parts(file, size, line):
    _belay_m_check(file, file.reads)
    left = 1 << 29 if size is None or size < 0 else size
    parts = []
    while left and (file.used < len(file.data) or _belay_m_fill(file)):
        end = min(len(file.data), file.used + left)
        found = 0
        if line:
            found = file.data.find(b"\n", file.used, end) + 1
        part = file.data[file.used : found or end]
        file.used += len(part)
        left -= len(part)
        parts.append(part)
        if found:
            break
    if left and not parts:
        file.ends = False
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _belay_m_read(self, size=-1):
    return _belay_m_parts(self, size, False)


def _belay_m_readline(self, size=-1):
    return _belay_m_parts(self, size, True)


def _belay_m_readinto(self, buffer, *size):
    _belay_m_check(self, self.reads)
    view = memoryview(buffer)
    wanted = min(len(view), *size) if size else len(view)
    got = 0
    while got < wanted and (self.used < len(self.data) or _belay_m_fill(self)):
        step = min(len(self.data) - self.used, wanted - got)
        view[got : got + step] = memoryview(self.data)[self.used : self.used + step]
        self.used += step
        got += step
    if wanted and not got:
        self.ends = False
    return got


def _belay_m_text(self, parts):
    # A character may be cut at the end.
    back = 1
    while back < 4 and back < len(parts) and parts[-back] & 192 == 128:
        back += 1
    lead = parts[-back] if parts else 0
    lacks = (lead > 191) + (lead > 223) + (lead > 239) + 1 - back
    if lacks > 0 and lead > 191:
        parts += _belay_m_parts(self, lacks, False)
    return str(parts, "utf-8")


def _belay_m_read_text(self, size=-1):
    text = _belay_m_text(self, _belay_m_parts(self, size, False))
    if size and size > 0:
        while len(text) < size:
            more = _belay_m_parts(self, size - len(text), False)
            if not more:
                break
            text += _belay_m_text(self, more)
    return text


def _belay_m_readline_text(self, size=-1):
    return _belay_m_text(self, _belay_m_parts(self, size, True))


def _belay_m_tell(self):
    _belay_m_check(self, True)
    return self.at - len(self.data) + self.used + len(self.out)


def _belay_m_seek(self, offset, whence=0):
    _belay_m_check(self, True)
    _belay_m_flush(self)
    if whence == 1:
        offset += _belay_m_tell(self)
    elif whence == 2:
        offset += _belay_m_get(self.folder, "read", self.path, self.which, -1)[0]
    if offset < 0:
        raise OSError(22)
    start = self.at - len(self.data)
    if start <= offset < self.at:
        self.used = offset - start
    else:
        self.at, self.data, self.used, self.ends = offset, b"", 0, False
    return offset


def _belay_m_write(self, data):
    _belay_m_check(self, self.writes)
    if isinstance(data, str):
        data = data.encode()
    if not self.out:
        self.at, self.data, self.used, self.ends = _belay_m_tell(self), b"", 0, False
    view = memoryview(data)
    most = max(64, min(1024, self.folder.room // 2))
    at = 0
    while at < len(view):
        step = most - len(self.out)
        self.out.extend(view[at : at + step])
        at += step
        if len(self.out) >= most:
            _belay_m_flush(self)
    return len(view)


def _belay_m_flush(self):
    _belay_m_check(self, True)
    # Not written twice, whatever becomes of it.
    out, self.out = self.out, bytearray()
    if out:
        at = -1 if self.appends else self.at
        self.at = _belay_m_request(self.folder, "write", self.path, 0, self.which, at, b2a_base64(out))


def _belay_m_close(self):
    try:
        if self.path is not None:
            _belay_m_flush(self)
    finally:
        self.path, self.data, self.out = None, b"", bytearray()


def _belay_m_ioctl(self, request, argument):
    if request == 4:
        _belay_m_close(self)
    elif request == 1:
        _belay_m_flush(self)
    elif request == 3:
        return argument & 5
    elif request == 11:
        # What an import reads at once.
        return 255
    else:
        return -22
    return 0


def _belay_m_self(self):
    return self


def _belay_m_exit(self, *error):
    _belay_m_close(self)


def _belay_m_next(self):
    line = self.readline()
    if not line:
        raise StopIteration
    return line


def _belay_m_lines(self):
    return list(self)


class _belay_m_File(IOBase):
    read, readinto, readline, readlines = _belay_m_read, _belay_m_readinto, _belay_m_readline, _belay_m_lines
    write, flush, close, seek, tell = (
        _belay_m_write,
        _belay_m_flush,
        _belay_m_close,
        _belay_m_seek,
        _belay_m_tell,
    )
    ioctl, __enter__, __exit__ = _belay_m_ioctl, _belay_m_self, _belay_m_exit
    __iter__, __next__ = _belay_m_self, _belay_m_next


class _belay_m_Text(_belay_m_File):
    read, readline = _belay_m_read_text, _belay_m_readline_text


class _belay_m_Folder:
    mount, umount, open, stat = _belay_m_begin, _belay_m_end, _belay_m_open, _belay_m_stat
    statvfs, ilistdir, chdir, getcwd = _belay_m_statvfs, _belay_m_ilistdir, _belay_m_chdir, _belay_m_getcwd
    mkdir, rmdir = _belay_m_change("mkdir"), _belay_m_change("rmdir")
    remove, rename = _belay_m_change("remove"), _belay_m_change("rename")


def _belay_m_mount(point, number, writable, room):
    try:
        about = stat(point)
    except OSError:
        about = 16384, 0, 0, 0, 0, 0
    if about[4] == about[5] == OURS:
        # Of an earlier agent, or of one before that: nobody answers it any more.
        umount(point)
    elif not about[0] & 16384:
        raise OSError(17)
    folder = _belay_m_Folder()
    folder.number, folder.writable, folder.room, folder.at = number, writable, room, ""
    mount(folder, point)
    mounts[point] = folder
    while point in sys.path:
        sys.path.remove(point)
    sys.path.insert(0, point)


def _belay_m_unmount(point):
    folder = mounts.pop(point, None)
    while point in sys.path:
        sys.path.remove(point)
    if folder:
        folder.number = 0
        try:
            umount(folder)
        except OSError:
            # Somebody did so before.
            pass


put(70, _belay_m_mount)
put(71, _belay_m_unmount)
