# A file system on the board's own flash, which is an image that only native functions reach.
# host(17, which, error): what it tells stands in ../blocks.py.
import vfs, sys


class _Flash:
    pass


def mount(host, native, soft_reset):
    flash = _Flash()
    flash.readblocks = native(host(17, 2, 0))
    flash.writeblocks = native(host(17, 3, 0))
    flash.ioctl = native(host(17, 4, 0))
    # As the RP2040's port does, whose flash is written in pages of 256 bytes.
    kind, how = (vfs.VfsLfs2, {"progsize": 256}) if host(17, 0, 0) else (vfs.VfsFat, {})
    try:
        if host(17, 1, 0):
            kind.mkfs(flash, **how)
        vfs.mount(kind(flash, **how), "/")
    except OSError as error:
        host(17, -1, error.errno)
    # The end of the interpreter is a soft reset too: it closes what is open.
    sys.atexit(soft_reset)
