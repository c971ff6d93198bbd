"""Conversations with boards: what the host asked, what the board sent, what must be understood of it.

Those without a remark are recordings from MicroPython 1.29; the others follow what the named firmware sends.
"""

from __future__ import annotations

from dataclasses import dataclass

from belay.repl import (
    Accepted,
    Event,
    Finished,
    Frame,
    Output,
    PasteAborted,
    PasteRefused,
    Prompt,
    Rebooted,
    Torn,
    Window,
)

ANY_KEY = b"Press any key to enter the REPL. Use CTRL-D to reload."
MARK = b"\x1e0a1b2c3d"


@dataclass(frozen=True)
class Ask:
    """The host calls a method of the state machine.

    Args:
        method: Its name.
        argument: What it is given, if anything.
        sends: The bytes that it must return; None if they are of no interest.
    """

    method: str
    argument: bytes | str | None = None
    sends: bytes | None = None


@dataclass(frozen=True)
class Conversation:
    name: str
    steps: tuple[Ask | bytes, ...]
    events: tuple[Event, ...]


ENTER = (
    Ask("challenge", "11aa22bb", sends=b"\x15\x0b\x01print('11aa'+'22bb')\x04"),
    b"\r\n>>> \r\nraw REPL; CTRL-B to exit\r\n>OK11aa22bb\r\n\x04\x04>",
)
ENTERED = (Output(b"\r\n>>> \r\n"), Finished())
PROOF = (Ask("challenge", "33cc44dd"), b"raw REPL; CTRL-B to exit\r\n>OK33cc44dd\r\n\x04\x04>")
FRIENDLY_PROOF = (Ask("challenge", "33cc44dd"), b"\r\nraw REPL; CTRL-B to exit\r\n>OK33cc44dd\r\n\x04\x04>")
FAILED = b"raw REPL; CTRL-B to exit\r\n>OK\x04MemoryError: no, no\r\n\x04>"
FAILED_PROOF = (PROOF[0], FAILED, Ask("challenge", "eeeeffff"), b"raw REPL; CTRL-B to exit\r\n>" * 3 + FAILED)
RUN = Ask("execute", b"...", sends=b"...\x04")
BANNER = (
    b"MicroPython 9458e3a23f on 2026-07-05; linux [GCC 14.2.1] version\r\n"
    b'Type "help()" for more information.\r\n>>> '
)
CIRCUIT_BANNER = (
    b"\r\nAdafruit CircuitPython 9.2.1 on 2024-11-20; Raspberry Pi Pico W with rp2040\r\n"
    b"\x1b]0;\xf0\x9f\x90\x8dWi-Fi: off | REPL | 9.2.1\x1b\\>>> "
)
HEAD = b"Traceback (most recent call last):\r\n"
WHERE = b'  File "<stdin>", line 1, in <module>\r\n'
ZERO = HEAD + WHERE + b"ZeroDivisionError: divide by zero\r\n"
EOTS = HEAD + WHERE + b"ValueError: a\x04b\x04\x04>c\r\n"
SYNTAX = HEAD + b'  File "<stdin>", line 1\r\nSyntaxError: invalid syntax\r\n'
INTERRUPTED = HEAD + WHERE + b"KeyboardInterrupt: \r\n"
PASTE = Ask("ask_paste", sends=b"\x05A\x01")
END = Ask("paste_end", sends=b"\x04")
FRAME = MARK + b"r1 2" + MARK + b"."


def _entered(name: str, *steps: Ask | bytes, gives: tuple[Event, ...]) -> Conversation:
    return Conversation(name, (*ENTER, *steps), (*ENTERED, *gives))


def _program(name: str, sent: bytes, *gives: Event, proof: tuple[Ask | bytes, ...] = PROOF) -> Conversation:
    return _entered(name, RUN, b"OK" + sent, *proof, gives=(Accepted(), *gives))


def _output(name: str, output: bytes) -> Conversation:
    return _program(name, output + b"\x04\x04>", *([Output(output)] if output else []), Finished())


CONVERSATIONS = [
    Conversation("entering", ENTER, ENTERED),
    Conversation(
        "entering a board that boots and prints noise",
        (ENTER[0], b"\xff\x00ets Jun  8 2016\r\n" + BANNER, ENTER[1]),
        (Output(b"\xff\x00ets Jun  8 2016\r\n"), Rebooted(raw=False), Finished()),
    ),
    Conversation(
        # It had been started just before: that is no answer.
        "entering, what ran fails by itself",
        (
            ENTER[0],
            b"raw REPL; CTRL-B to exit\r\n>OK\x04" + INTERRUPTED + b"\x04>",
            b"raw REPL; CTRL-B to exit\r\n>OK11aa22bb\r\n\x04\x04>",
        ),
        (Output(b"raw REPL; CTRL-B to exit\r\n>OK"), Finished(INTERRUPTED)),
    ),
    Conversation(
        "entering, what ran fails by itself, asked twice",
        (
            ENTER[0],
            b"raw REPL; CTRL-B to exit\r\n>OK\x04" + INTERRUPTED + b"\x04>",
            Ask("challenge", "33cc44dd", sends=b"\x15\x0b\x01\x01\x01\x01print('33cc'+'44dd')\x04"),
            FAILED,
            b"raw REPL; CTRL-B to exit\r\n>" * 4 + b"OK33cc44dd\r\n\x04\x04>",
        ),
        (
            Output(
                b"raw REPL; CTRL-B to exit\r\n>OK\x04" + INTERRUPTED + b"\x04>raw REPL; CTRL-B to exit\r\n>OK"
            ),
            Finished(b"MemoryError: no, no\r\n"),
        ),
    ),
    Conversation(
        "entering, asked twice, both answered",
        (ENTER[0], Ask("challenge", "33cc44dd"), ENTER[1], PROOF[1]),
        ENTERED,
    ),
    Conversation(
        "entering, asked twice, the first lost",
        (ENTER[0], PROOF[0], b"\x00" + PROOF[1]),
        (Output(b"\x00"), Finished()),
    ),
    Conversation(
        "CircuitPython: entering, with titles",
        (
            Ask("challenge", "11aa22bb"),
            CIRCUIT_BANNER,
            b"\r\n",
            FRIENDLY_PROOF[1].replace(b"33cc44dd", b"11aa22bb"),
        ),
        (Output(b"\r\n"), Rebooted(raw=False), Finished()),
    ),
    _output("no output", b""),
    _output("a line", b"2\r\n"),
    _output("no newline", b"2"),
    _output("newlines only", b"a\nb\n"),
    _output("nothing but an EOT", b"\x04"),
    _output("EOTs", b"\x04\x04\x04\x04\x04"),
    _output("EOT and text", b"\x04OK"),
    _output("an end", b"a\x04\x04>b"),
    _output("an end at the end", b"\x04\x04>"),
    _output("ends", b"\x04\x04>\x04\x04>\x04>"),
    _output("an error's end", b"\x04" + ZERO + b"\x04>"),
    _output("a traceback", ZERO),
    _output("prompts", b">>> \r\n>OK\r\n... "),
    _output("a friendly banner", BANNER),
    _output("a friendly banner and more", b"x" + BANNER + b"more"),
    _output("half a friendly banner", BANNER[:80]),
    _output("a raw banner", b"raw REPL; CTRL-B to exit\r\n>"),
    _output("a soft reboot", b"MPY: soft reboot\r\n"),
    _output("an end and a soft reboot", b"\x04\x04MPY: soft reboot\r\nraw REPL; CTRL-B to exit\r\n>"),
    _output("part of a mark", b"a" + MARK[:4] + b"b"),
    _output("part of a mark at the end", b"a" + MARK[:-1]),
    _output("a number of the kind that challenges are", b"33cc44de\r\n\x04\x04>"),
    _output("bytes", bytes(range(256))),
    _output("invalid UTF-8", b"\xff\xfe\xc3(\xf0\x9f"),
    _output("MicroPython by name", b"MicroPython is small.\r\nMicroPython \r\n>>> "),
    _program("an exception", b"a\r\n\x04" + ZERO + b"\x04>", Output(b"a\r\n"), Finished(ZERO)),
    _program("an exception with EOTs in it", b"\x04" + EOTS + b"\x04>", Finished(EOTS)),
    _program("a syntax error", b"\x04" + SYNTAX + b"\x04>", Finished(SYNTAX)),
    _program(
        "an exception without a traceback", b"\x04MemoryError: \r\n\x04>", Finished(b"MemoryError: \r\n")
    ),
    _program(
        "an end, then an exception", b"\x04\x04>\x04" + ZERO + b"\x04>", Output(b"\x04\x04>"), Finished(ZERO)
    ),
    _program(
        "SystemExit",
        b"bye\r\n\x04\x04MPY: soft reboot\r\nraw REPL; CTRL-B to exit\r\n>",
        Output(b"bye\r\n"),
        Rebooted(raw=True),
        Finished(),
    ),
    _program(
        "a soft reset that ends no section",
        b"bye\r\nMPY: soft reboot\r\nraw REPL; CTRL-B to exit\r\n>",
        Output(b"bye\r\n"),
        Rebooted(raw=True),
        Finished(),
    ),
    _program(
        # A port that syncs its filesystem, with a boot.py that prints.
        "SystemExit with boot.py",
        b"\x04\x04MPY: sync filesystems\r\nMPY: soft reboot\r\nin boot\r\nraw REPL; CTRL-B to exit\r\n>",
        Rebooted(raw=True),
        Finished(),
        Output(b"in boot\r\n"),
    ),
    _program(
        # MicroPython 1.9
        "SystemExit, PYB",
        b"\x04\x04PYB: soft reboot\r\nraw REPL; CTRL-B to exit\r\n>",
        Rebooted(raw=True),
        Finished(),
    ),
    _program(
        # CircuitPython
        "SystemExit, CircuitPython",
        b"\x04\x04\r\nsoft reboot\r\nraw REPL; CTRL-B to exit\r\n>",
        Rebooted(raw=True),
        Finished(),
    ),
    _program(
        "a full heap: the challenge fails too",
        b"x\x04MemoryError: \r\n\x04>",
        Output(b"x"),
        Finished(b"MemoryError: \r\n"),
        proof=FAILED_PROOF,
    ),
    _program(
        "asked twice, both challenges fail late",
        b"x\x04MemoryError: \r\n\x04>",
        Output(b"x"),
        Finished(b"MemoryError: \r\n"),
        proof=(FAILED_PROOF[0], FAILED_PROOF[2], FAILED_PROOF[1], FAILED_PROOF[3]),
    ),
    _program(
        "a program prints what looks like a challenge that failed",
        b"x" + FAILED + b"y\x04Error: z\r\n\x04>",
        Output(b"x" + FAILED + b"y"),
        Finished(b"Error: z\r\n"),
    ),
    _program(
        "a hard reset",
        b"x" + BANNER,
        Output(b"x"),
        Rebooted(raw=False),
        Finished(),
        proof=FRIENDLY_PROOF,
    ),
    _program(
        "a hard reset, Ctrl-C while booting",
        b"x" + BANNER + b"\r\n>>> \r\n>>> ",
        Output(b"x"),
        Rebooted(raw=False),
        Finished(),
        proof=FRIENDLY_PROOF,
    ),
    _program(
        # MicroPython 1.9 on a micro:bit
        "a hard reset, an old banner",
        b"MicroPython v1.9.2-34-gd64154c73 on 2017-09-01; micro:bit v1.0.1 with nRF51822\r\n"
        b'Type "help()" for more information.\r\n>>> ',
        Rebooted(raw=False),
        Finished(),
        proof=FRIENDLY_PROOF,
    ),
    _program(
        # A firmware with a name of its own
        "a hard reset, a banner of its own",
        b'FooPython 1.0\r\nType "help()" for more information.\r\n>>> ',
        Output(b"FooPython 1.0\r\n"),
        Rebooted(raw=False),
        Finished(),
        proof=FRIENDLY_PROOF,
    ),
    _program(
        # CircuitPython
        "a hard reset, CircuitPython with titles",
        b"x" + CIRCUIT_BANNER,
        Output(b"x\r\n"),
        Rebooted(raw=False),
        Finished(),
        proof=FRIENDLY_PROOF,
    ),
    _entered(
        # CircuitPython: any key is the carriage return before the challenge.
        "code.py has ended, any key",
        RUN,
        b"OK\r\nCode done running.\r\n\r\n" + ANY_KEY + b"\r\n",
        Ask("challenge", "33cc44dd", sends=b"\r\x15\x0b\x01print('33cc'+'44dd')\x04"),
        CIRCUIT_BANNER + FRIENDLY_PROOF[1],
        gives=(
            Accepted(),
            Output(b"\r\nCode done running.\r\n\r\n" + ANY_KEY + b"\r\n\r\n"),
            Rebooted(raw=False),
            Finished(),
        ),
    ),
    _program(
        "a thread behind the prompt",
        b"a\x04\x04>bg\r\n",
        Output(b"a"),
        Finished(),
        Output(b"bg\r\n"),
    ),
    _program(
        "a thread prints where the error stands",
        b"a\x04bg\r\n\x04>",
        Output(b"abg\r\n"),
        Finished(),
    ),
    _program(
        "a thread prints before the error",
        b"a\x04bg\r\n" + ZERO + b"\x04>",
        Output(b"abg\r\n"),
        Finished(ZERO),
    ),
    _entered(
        "threads in between everything",
        b"one",
        RUN,
        b"twoOKthree\x04\x04>four",
        *PROOF,
        b"five",
        gives=(
            Output(b"onetwo"),
            Accepted(),
            Output(b"three"),
            Finished(),
            Output(b"fourfive"),
        ),
    ),
    _entered(
        "a thread printed into the end",
        RUN,
        b"OKa\x04x\x04y>z",
        PROOF[0],
        b"raw REPL; CTRL-B to exit\r\n>OK33cc44dd-\r\n-\x04-\x04->",
        gives=(Accepted(), Output(b"a\x04x\x04y>z"), Finished()),
    ),
    _entered(
        "a thread printed into the end behind an exception",
        RUN,
        b"OKa\x04x" + ZERO + b"\x04y>z",
        *PROOF,
        gives=(Accepted(), Output(b"a\x04x" + ZERO + b"\x04y>z"), Finished(ZERO + b"\x04y>z")),
    ),
    _entered(
        "a challenge that was read as input",
        RUN,
        b"OK\x04\x04>",
        Ask("challenge", "eeeeffff"),
        b"it said print('eeee'+'ffff')\r\n\x04\x04>",
        *PROOF,
        gives=(Accepted(), Output(b"\x04\x04>it said print('eeee'+'ffff')\r\n"), Finished()),
    ),
    _entered(
        "a challenge that was answered late",
        RUN,
        b"OKa\x04\x04>",
        Ask("challenge", "eeeeffff"),
        Ask("challenge", "33cc44dd"),
        b"raw REPL; CTRL-B to exit\r\n>OKeeeeffff\r\n\x04\x04>" + PROOF[1],
        gives=(Accepted(), Output(b"a"), Finished()),
    ),
    _entered(
        "a frame",
        RUN,
        b"OKout" + FRAME + b"\x04\x04>",
        gives=(Accepted(), Output(b"out"), Frame(b"r1 2"), Finished()),
    ),
    _entered(
        "two frames, an end in between, a frame of EOTs",
        RUN,
        b"OK" + FRAME + b"-\x04\x04>" + MARK + b"\x04\x04>" + MARK + b"." + b"\x04\x04>late",
        gives=(
            Accepted(),
            Frame(b"r1 2"),
            Output(b"-\x04\x04>"),
            Frame(b"\x04\x04>"),
            Finished(),
            Output(b"late"),
        ),
    ),
    _entered(
        "a frame that was torn, and the one that says so",
        RUN,
        b"OK" + MARK + b"r5 12" + MARK + b"e3 ..." + MARK + b".\x04\x04>",
        gives=(Accepted(), Torn(b"r5 12"), Frame(b"e3 ..."), Finished()),
    ),
    _program(
        "interrupted in the middle of a frame",
        b"a" + MARK + b"r5 12\x04" + INTERRUPTED + b"\x04>",
        Output(b"a" + MARK + b"r5 12"),
        Finished(INTERRUPTED),
    ),
    _program(
        "a thread prints behind a frame",
        FRAME + b"bg\x04\x04>",
        Frame(b"r1 2"),
        Output(b"bg"),
        Finished(),
    ),
    _program("an error behind a frame", FRAME + b"\x04" + ZERO + b"\x04>", Frame(b"r1 2"), Finished(ZERO)),
    _entered(
        "a frame behind an end that was asked about, the challenge still in the board's input",
        RUN,
        b"OK\x04\x04>",
        PROOF[0],
        b"more" + FRAME + b"\x04\x04>",
        PROOF[1],
        gives=(Accepted(), Output(b"\x04\x04>more"), Frame(b"r1 2"), Finished()),
    ),
    _entered(
        "raw paste",
        PASTE,
        b"R\x01\x80\x00\x01",
        b"\x01\x01",
        END,
        b"\x04pasted\r\n\x04\x04>",
        *PROOF,
        gives=(
            *(Window(128) for _ in range(4)),
            Accepted(),
            Output(b"pasted\r\n"),
            Finished(),
        ),
    ),
    _entered(
        "raw paste, windows cross the end, a thread prints",
        PASTE,
        b"bgR\x01\x20\x00\x01bg",
        END,
        b"\x01bg\x01\x04" + FRAME + b"\x04\x04>",
        gives=(
            Output(b"bg"),
            Window(32),
            Window(32),
            Output(b"bgbg"),
            Accepted(),
            Frame(b"r1 2"),
            Finished(),
        ),
    ),
    _entered(
        "raw paste, a syntax error in the middle",
        PASTE,
        b"R\x01\x80\x00\x01",
        b"\x04",
        END,
        b"\x04" + SYNTAX + b"\x04>",
        *PROOF,
        gives=(Window(128), Window(128), PasteAborted(), Finished(SYNTAX)),
    ),
    _entered(
        "raw paste, a syntax error that crosses the end",
        PASTE,
        b"R\x01\x80\x00\x01",
        END,
        b"\x04\x04" + SYNTAX + b"\x04>",
        *PROOF,
        gives=(Window(128), Window(128), Accepted(), Finished(SYNTAX)),
    ),
    _entered(
        # A firmware built without it
        "raw paste refused",
        PASTE,
        b"R\x00",
        RUN,
        b"OK" + FRAME + b"\x04\x04>",
        gives=(PasteRefused(), Accepted(), Frame(b"r1 2"), Finished()),
    ),
    _entered(
        # MicroPython 1.9
        "raw paste unknown",
        PASTE,
        b"raw REPL; CTRL-B to exit\r\n>",
        RUN,
        b"OK" + FRAME + b"\x04\x04>",
        gives=(PasteRefused(), Accepted(), Frame(b"r1 2"), Finished()),
    ),
    _entered(
        "a soft reset with boot.py",
        Ask("soft_reset", sends=b"\x04"),
        b"OK\r\nMPY: soft reboot\r\nin boot\r\nraw REPL; CTRL-B to exit\r\n>late",
        gives=(Rebooted(raw=True), Output(b"in boot\r\n"), Prompt(), Output(b"late")),
    ),
    _entered(
        "a soft reset, boot.py prints what looks like the banner",
        Ask("soft_reset"),
        b"OK\r\nMPY: sync filesystems\r\nMPY: soft reboot\r\nraw REPL; CTRL-B to exit now"
        b"raw REPL; CTRL-B to exit\r\n>",
        gives=(Rebooted(raw=True), Output(b"raw REPL; CTRL-B to exit now"), Prompt()),
    ),
    _entered(
        "a reboot with boot.py and main.py",
        Ask("reboot", sends=b"\x02\x04"),
        b"\r\n" + BANNER + b"\r\nMPY: soft reboot\r\nin boot\r\nin main\r\n" + BANNER,
        *FRIENDLY_PROOF,
        gives=(Accepted(), Output(b"in boot\r\nin main\r\n"), Rebooted(raw=False), Finished()),
    ),
    _entered("a reset at the idle prompt", b"bg" + BANNER, gives=(Output(b"bg"), Rebooted(raw=False))),
    _entered(
        "a reset at the idle prompt, CircuitPython",
        CIRCUIT_BANNER,
        gives=(Output(b"\r\n"), Rebooted(raw=False)),
    ),
    _entered(
        "a soft reset at the idle prompt",
        b"MPY: soft reboot\r\nraw REPL; CTRL-B to exit\r\n>",
        gives=(Rebooted(raw=False),),
    ),
    _entered("a reset just before a command", RUN, BANNER, gives=(Rebooted(raw=False),)),
    _entered(
        "no reset: a thread prints a lot that begins like one",
        b"MicroPython " + b"x" * 500 + b" soft reboots\r\n",
        RUN,
        b"OK",
        gives=(Output(b"MicroPython " + b"x" * 500 + b" soft reboots\r\n"), Accepted()),
    ),
    Conversation(
        # A transport or a port that leaves newlines alone
        "newlines without carriage returns",
        (
            ENTER[0],
            b"\n>>> \nraw REPL; CTRL-B to exit\n>OK11aa22bb\n\x04\x04>",
            RUN,
            b"OKa\n\x04" + ZERO.replace(b"\r", b"") + b"\x04>",
            PROOF[0],
            b"raw REPL; CTRL-B to exit\n>OK33cc44dd\n\x04\x04>",
            Ask("soft_reset"),
            b"OK\nMPY: soft reboot\nraw REPL; CTRL-B to exit\n>",
            RUN,
            b"OK" + BANNER.replace(b"\r", b""),
            Ask("challenge", "1234"),
            b"\nraw REPL; CTRL-B to exit\n>OK1234\n\x04\x04>",
        ),
        (
            Output(b"\n>>> \n"),
            Finished(),
            Accepted(),
            Output(b"a\n"),
            Finished(ZERO.replace(b"\r", b"")),
            Rebooted(raw=True),
            Prompt(),
            Accepted(),
            Rebooted(raw=False),
            Finished(),
        ),
    ),
]
