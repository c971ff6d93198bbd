# What the firmware is, and what it has of what the agent needs; each part may be missing.
def _belay_probe(mark):
    import sys

    def ask(question):
        try:
            return question()
        except Exception:
            return None

    def has(emitter):
        try:
            exec("import micropython\n@micropython." + emitter + "\ndef f():0", {})
            return 1
        except Exception:
            return 0

    def room():
        import gc

        gc.collect()
        return gc.mem_free()

    # The firmware's own modules, whatever the libraries on the board are called.
    path = getattr(sys, "path", [])
    there, path[:] = path[:], [".frozen"]
    try:
        features = [
            name
            for name, question in (
                ("json", lambda: __import__("json").loads),
                ("struct", lambda: __import__("struct").unpack),
                ("select", lambda: __import__("select").poll),
                ("StringIO", lambda: __import__("io").StringIO),
                ("print_exception", lambda: sys.print_exception),
                ("crc32", lambda: __import__("binascii").crc32),
                ("base64", lambda: __import__("binascii").a2b_base64),
                ("stdin.buffer", lambda: sys.stdin.buffer.readinto),
                ("stdout.buffer", lambda: sys.stdout.buffer.write),
                ("kbd_intr", lambda: __import__("micropython").kbd_intr),
                ("inflate", lambda: __import__("deflate").DeflateIO),
                ("threads", lambda: __import__("_thread").start_new_thread),
            )
            if ask(question)
        ]
    finally:
        path[:] = there
    about = sys.implementation
    answer = repr((
        about[0],
        tuple(about[1])[:3],
        sys.platform,
        [emitter for emitter in ("native", "viper") if has(emitter)],
        ask(lambda: about._mpy),
        ask(lambda: about._machine) or ask(lambda: __import__("os").uname().machine),
        ask(lambda: __import__("machine").unique_id())
        or ask(lambda: bytes(__import__("microcontroller").cpu.uid)),
        features,
        ask(room),
        ask(lambda: float("1e300") != float("inf") and float("1.00000000001") != 1),
    ))
    print(mark + "r" + str(len(answer)) + " " + answer + mark + ".", end="")
