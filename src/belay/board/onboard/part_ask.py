# A part of the agent: the board asks the host in the middle of a call, and waits for the reply.
from struct import unpack

asked = 0
reply_head = bytearray(8)


def _belay_ask(what, *args):
    global asked
    asked += 1
    question = "%ca%r" % (head[3], (asked, what, args))
    send(question)
    rest = memoryview(reply_head)
    while True:
        got = readinto(reply_head)
        while got < 8:
            got += readinto(rest[got:])
        size, function, number, check = unpack("<HBBI", reply_head)
        size -= 8224
        reply = read(size) if 0 <= size <= largest else b""
        if not 0 <= size <= largest or crc(reply, function << 8 | number) != check:
            while waiting.poll(30):
                read(1)
            # The call has not ended, and its question may have been lost.
            send(question)
        elif function == 34:
            about, value, error = loads(reply)
            if about == asked:
                if error:
                    raise OSError(error)
                return value
        elif function == 32:
            send(question)


def _belay_input(prompt=""):
    if prompt:
        print(prompt, end="")
    line = _belay_ask("input")
    if line is None:
        raise EOFError
    return line


def _belay_use_input(use):
    import builtins

    builtins.input = _belay_input if use else own_input


from builtins import input as own_input

put(57, _belay_use_input)
