# A part of the agent: the board asks the host in the middle of a call or of a program, and waits for the reply.
import builtins
from struct import unpack

try:
    from _thread import get_ident
except ImportError:
    get_ident = int

own_input, home = input, get_ident()
asked = 0
reply_head = bytearray(8)


def _belay_ask(what, *args):
    global asked
    if get_ident() != home:
        raise OSError("%s() in a thread" % what)
    asked += 1
    # The letter of the last request is still there.
    question = "%ca%r" % (head[3], (asked, what, args))
    rest = memoryview(reply_head)
    send(question)
    while True:
        got = readinto(reply_head)
        while got < 8:
            got += readinto(rest[got:])
        size, function, number, check = unpack("<HBBI", reply_head)
        size -= 32896
        reply = read(size) if 0 <= size <= largest else b""
        if not 0 <= size <= largest or crc(reply, function << 8 | number) != check:
            while waiting.poll(30):
                read(1)
            # The reply may be among what was thrown away.
            send(question)
        elif function != 34:
            # The host has not seen the question.
            send(question)
        else:
            about, value, error = loads(reply)
            # Else it is the second reply to an earlier question.
            if about == asked:
                if error:
                    raise OSError(error)
                return value


def _belay_input(prompt=""):
    print(prompt, end="")
    line = ""
    while line[-1:] != "\n":
        # In JSON a character takes up to six bytes.
        piece = _belay_ask("input", largest // 6 - 16)
        if not piece:
            break
        line += piece
    if not line:
        raise EOFError
    return line[:-1] if line[-1] == "\n" else line


def _belay_use(on):
    # Only in place of the other of the two: a program may have an input of its own. The module's attribute does
    # not say what was set, the name does.
    if input is (own_input if on else _belay_input):
        builtins.input = _belay_input if on else own_input


use = _belay_use
use(True)
