# The board's own boot: hardware, file system, boot.py, main.py. Runs once and is forgotten.
import sys, vfs, os, gc, micropython, uctypes


def native(address):
    # A list holds pointers to its items: put the address of a native function there.
    made = [None]
    items = uctypes.bytearray_at(id(made), 32)[24:32]
    at = int.from_bytes(items, "little")
    uctypes.bytearray_at(at, 8)[:] = address.to_bytes(8, "little")
    return made[0]


def script(name, names):
    # As on a board: a missing file is no error, an exception is printed and ends the start.
    try:
        os.stat(name)
    except OSError:
        return True
    micropython.kbd_intr(3)
    try:
        execfile(name, names)
        return True
    except SystemExit:
        micropython.kbd_intr(-1)
        machine.soft_reset()
    except BaseException as error:
        sys.print_exception(error)
    finally:
        micropython.kbd_intr(-1)
    return False


def run(names):
    global machine
    micropython.kbd_intr(-1)
    _, _, root, address, raw, uid, cause = sys.argv
    sys.argv[:] = []
    names.pop("__file__", None)
    micropython.opt_level(3)  # no line numbers: memory is dear
    import _host

    _host.uid = bytes.fromhex(uid)
    if address == "0":
        import _local

        _local._cause = int(cause)
        host = _local.host
        del sys.modules["_local"]
    else:
        host = native(int(address))
    _host.host = host
    # What stays is to lie together, at the beginning of the heap.
    gc.collect()
    import machine
    gc.collect()
    if root:
        from _flash import Flash
    else:
        import _blocks

    micropython.opt_level(0)
    vfs.umount("/_b")
    if root:
        vfs.mount(Flash(vfs.VfsPosix(root)), "/")
    else:
        _blocks.mount(host, native, machine.soft_reset)
    os.chdir("/")
    sys.path[:] = ["", ".frozen", "/lib"]
    for name in ("_boot", "_host", "_flash", "_blocks"):
        sys.modules.pop(name, None)
    gc.collect()
    host(0, 0, 0)
    if script("/boot.py", names) and raw == "0":
        script("/main.py", names)
    gc.collect()
