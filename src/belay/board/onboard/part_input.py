# A part of the agent: input() asks the host, while a call or a program of the host's runs.
import builtins

own_input = input


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


def _belay_swap(on):
    # Only in place of the other of the two: a program may have an input of its own. The module's attribute does
    # not say what was set, the name does.
    if input is (own_input if on else _belay_input):
        builtins.input = _belay_input if on else own_input


swap = _belay_swap
swap(True)
