"""How a program's conversation ends: what it looks like, and reading it backwards.

A program in the raw REPL ends with ``EOT error EOT >``, but a program may print just that. While it runs
an end can therefore only be suspected. Once the answer to a challenge proves that the prompt was there, all
that came before the answer is known to be the whole conversation, and its end is found from the right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import Enum, auto
from typing import Final

from belay.repl.control import (
    ANY_KEY,
    EOT,
    FRIENDLY_PROMPT,
    HELP_LINE,
    NAMES,
    OK,
    PROMPT,
    RAW_BANNER,
    SOFT_REBOOT,
)
from belay.repl.events import Event, Finished, Output, Rebooted

MAX_BANNER: Final = 400
"""No banner of a power-up is longer than so many bytes, CircuitPython's titles among them."""

MAX_EOTS: Final = 16
"""An exception's text with more EOTs than that is taken for output."""

_TRACEBACK: Final = b"Traceback (most recent call last):"
_END: Final = EOT + PROMPT

_NAME_LINE: Final = rb"(?:" + rb"|".join(map(re.escape, NAMES)) + rb")[^\r\n]*\r?\n"
_HELP: Final = re.escape(HELP_LINE) + rb"\r?\n"
_TITLE: Final = rb"\x1b\][^\x1b]*\x1b\\"
"""CircuitPython tells the terminal what its window's title should be."""
_BETWEEN: Final = rb"(?:" + _HELP + rb"|" + _TITLE + rb"|\r?\n)*"
_UP_TO_PROMPT: Final = re.compile(_BETWEEN)
_POWER_UP: Final = re.compile(
    rb"(?:" + _NAME_LINE + _BETWEEN + rb"|" + _HELP + rb")"
    # Each Ctrl-C that arrived while the board booted was answered with one more prompt.
    rb"(?:" + re.escape(FRIENDLY_PROMPT) + rb")(?:\r?\n" + re.escape(FRIENDLY_PROMPT) + rb")*"
)
_SYNC_LINE: Final = re.compile(rb"\A(?:MPY|PYB): sync filesystems\r?\n")
_REBOOT_LINE: Final = re.compile(
    rb"(?:(?:MPY|PYB): sync filesystems\r?\n)?(?:(?:MPY|PYB): )?" + re.escape(SOFT_REBOOT) + rb"\r?\n"
)
BANNER_STARTS: Final = (*NAMES, HELP_LINE)
"""How a power-up's banner begins. A firmware may have a name of its own."""
NAMED_REBOOT_STARTS: Final = (b"MPY: s", b"PYB: s")
"""How MicroPython's message of a soft reset begins."""
REBOOT_STARTS: Final = (*NAMED_REBOOT_STARTS, SOFT_REBOOT)
"""How the message of a soft reset begins, CircuitPython's too."""
RAW_BANNER_END: Final = re.compile(re.escape(RAW_BANNER) + rb"\r?\n>")
_BANNERS: Final = re.compile(rb"(?:" + RAW_BANNER_END.pattern + rb")+")
_RAW_PROMPT: Final = re.compile(RAW_BANNER_END.pattern + rb"\Z")
_ANSWER_BEGINS: Final = re.compile(rb"(?:" + RAW_BANNER_END.pattern + rb")*(?:" + OK + rb")?\Z")
_FRIENDLY: Final = re.compile(
    rb"(?:" + _POWER_UP.pattern + rb"|" + re.escape(ANY_KEY) + rb"\r?\n(?:" + _TITLE + rb")?)\Z"
)
_WAITS_FOR_KEY: Final = re.compile(re.escape(ANY_KEY) + rb"\r?\n(?:" + _TITLE + rb")?\Z")
_LAST_EOT: Final = re.compile(rb"\x04[\r\n]*\Z")
_BARE_ERROR: Final = re.compile(rb"\x04(?:MemoryError|KeyboardInterrupt)(?:: [^\x04\n]*)?\n\Z")
"""What is printed without a traceback, since there is no memory for one, or no code that ran."""
_NO_TRACEBACK: Final = re.compile(rb"[\w.]*(?:Error|Exception|Interrupt|Iteration|Exit)(?:[:\r\n])")
_EXCEPTION: Final = re.compile(rb"[A-Za-z_][A-Za-z0-9_.]*(?:\Z|[:\r\n])")


class Verdict(Enum):
    """What is to be thought of bytes that may be a program's end."""

    NO = auto()
    """They are not."""
    OPEN = auto()
    """They may become it."""
    ENDED = auto()
    """They look like it, whatever follows behind."""


LAST_BYTES: Final = frozenset(b"> \n\\")
"""What :func:`looks_ended` is true of ends with one of these."""


def looks_ended(tail: bytes) -> bool:
    """Tell whether what came last looks like a prompt: the raw one, its banner, or a power-up's."""
    return tail.endswith(_END) or bool(_RAW_PROMPT.search(tail) or _FRIENDLY.search(tail))


def waits_for_key(tail: bytes) -> bool:
    """Tell whether CircuitPython asked for a key before it shows its prompt."""
    return _WAITS_FOR_KEY.search(tail) is not None


def find_reset(idle: bytes | bytearray) -> int:
    """Where, in what came at the raw prompt unasked, a message begins that the board was reset; or -1."""
    found = _POWER_UP.search(idle) or _REBOOT_LINE.search(idle)
    return found.start() if found else -1


def judge_end(data: bytearray, at: int) -> Verdict:
    """Whether an EOT and what follows it are how a program ends: ``EOT error EOT >``.

    A program that raises SystemExit ends with the message of a soft reset where the ``>`` would stand.

    Args:
        data: What came.
        at: Where the EOT is.
    """
    head = bytes(data[at + 1 : at + 1 + len(_TRACEBACK)])
    if head.startswith(EOT):
        return judge_prompt(data, at + 2)
    if not _TRACEBACK.startswith(head) and not _EXCEPTION.match(head):
        return Verdict.NO
    for _ in range(MAX_EOTS):
        at = data.find(EOT, at + 1)
        if at < 0:
            return Verdict.OPEN
        verdict = judge_prompt(data, at + 1)
        # An error's own text may hold an EOT.
        if verdict is not Verdict.NO:
            return verdict
    return Verdict.NO


def judge_banner(data: bytearray, at: int) -> Verdict:
    """Whether bytes are the banner of a power-up with its prompt.

    Args:
        data: What came.
        at: Where one of :data:`BANNER_STARTS` is.
    """
    head = bytes(data[at : at + MAX_BANNER])
    if _POWER_UP.match(head):
        return Verdict.ENDED
    line = 0 if head.startswith(HELP_LINE) else head.find(b"\n") + 1
    if line or head.startswith(HELP_LINE):
        known = _UP_TO_PROMPT.match(head, line)
        rest = head[known.end() if known else line :]
        following = (HELP_LINE + b"\r\n", HELP_LINE + b"\n", FRIENDLY_PROMPT, b"\r\n")
        if not rest.startswith(b"\x1b") and not any(text.startswith(rest) for text in following):
            return Verdict.NO
    return Verdict.OPEN if len(head) < MAX_BANNER else Verdict.NO


_FAILED_ANSWER: Final = re.compile(rb"((?:" + RAW_BANNER_END.pattern + rb")+)" + OK + rb"(\x04[^\x04]+\x04>)")


def failed_answers(data: bytes | bytearray, banners: int = 1) -> list[int]:
    """Where the prompt answers challenges that it cannot run.

    The heap is full to the last byte, or the program has put something else in the place of ``print``.

    Args:
        data: What came.
        banners: How many times at least the prompt must have announced itself before.
    """
    return [
        match.start(2) for match in _FAILED_ANSWER.finditer(data) if match[1].count(RAW_BANNER) >= banners
    ]


def judge_answer(data: bytearray, at: int, nonces: Iterable[bytes]) -> Verdict:
    """Whether bytes are how the raw prompt answers a challenge.

    Args:
        data: What came.
        at: Where :data:`~belay.repl.control.RAW_BANNER` is.
        nonces: What the answer may be.
    """
    head = bytes(data[at : at + 4 * MAX_BANNER])
    banners = _BANNERS.match(head)
    rest = head[banners.end() if banners else 0 :]
    # An EOT directly behind the OK: the challenge itself failed.
    said = (RAW_BANNER + b"\r\n", RAW_BANNER + b"\n", *(OK + what for what in (*nonces, EOT)))
    return Verdict.OPEN if any(what.startswith(rest[: len(what)]) for what in said) else Verdict.NO


def judge_prompt(data: bytearray, at: int) -> Verdict:
    """Whether bytes are the raw prompt, or the message of a soft reset and then the prompt.

    Args:
        data: What came.
        at: Where the prompt or the message may begin.
    """
    if data.startswith(PROMPT, at):
        return Verdict.ENDED
    text = bytes(data[at : at + 64]).lstrip(b"\r\n")
    if line := _REBOOT_LINE.match(text):
        return Verdict.ENDED if data.find(RAW_BANNER, at + line.end()) >= 0 else Verdict.OPEN
    text = _SYNC_LINE.sub(b"", text, count=1)
    if b"\n" not in text and any(begin.startswith(text[: len(begin)]) for begin in REBOOT_STARTS):
        return Verdict.OPEN
    return Verdict.NO


def read_backwards(shown: int, conversation: bytes) -> Iterator[Event]:
    """Read all that a program sent, knowing that a prompt followed.

    Args:
        shown: So many bytes were given out as output already.
        conversation: All that came up to the answer that proves the prompt.

    Yields:
        Output that was not shown yet, how it ended (:class:`~belay.repl.events.Finished`, perhaps
        :class:`~belay.repl.events.Rebooted`), then what threads and timers printed behind the prompt.
    """
    answer = _ANSWER_BEGINS.search(conversation)
    for event in _read(conversation[: answer.start()] if answer else conversation):
        if isinstance(event, Output):
            rest = event.data[shown:]
            shown = max(0, shown - len(event.data))
            if rest:
                yield Output(rest)
        else:
            # If the shown part reached into the error, what stands behind the error is still new.
            shown = 0
            yield event


def _read(conversation: bytes) -> Iterator[Event]:
    ended = conversation.rfind(_END)
    reboot = _last(_REBOOT_LINE, conversation)
    power_up = _last(_POWER_UP, conversation)
    if power_up and power_up.end() > max(ended, reboot.end() if reboot else -1):
        yield Output(conversation[: power_up.start()])
        yield Rebooted(raw=False)
        yield Finished()
        yield Output(conversation[power_up.end() :].strip(b"\r\n"))
    elif reboot and reboot.end() > ended:
        body, error = _split_error(_LAST_EOT.sub(b"", conversation[: reboot.start()]))
        yield Output(body)
        yield Rebooted(raw=True)
        yield Finished(error)
        yield Output(RAW_BANNER_END.sub(b"", conversation[reboot.end() :]))
    elif ended >= 0:
        body, error = _split_error(conversation[:ended])
        strange, error = _no_error(error)
        yield Output(body)
        yield Output(strange)
        yield Finished(error)
        yield Output(conversation[ended + len(_END) :])
    else:
        # A thread printed into the very end, or nobody knows what ran.
        at = conversation.rfind(_TRACEBACK, max(0, conversation.find(EOT)))
        error = conversation[at:] if at > 0 else b""
        yield Output(conversation[: len(conversation) - len(error)])
        yield Finished(error)


def _last(pattern: re.Pattern[bytes], text: bytes) -> re.Match[bytes] | None:
    last = None
    for last in pattern.finditer(text):  # noqa: B007 - the last is what is wanted
        pass
    return last


def _no_error(text: bytes) -> tuple[bytes, bytes]:
    """What a thread printed where the error stands, and the error."""
    at = text.find(_TRACEBACK)
    if at < 0 and not _NO_TRACEBACK.match(text):
        return text, b""
    return text[: max(at, 0)], text[max(at, 0) :]


def _split_error(body: bytes) -> tuple[bytes, bytes]:
    """Output and error of ``output EOT error``.

    The text of an exception ends with a newline, so an EOT at the very end says that there was none. An
    exception's own message may hold an EOT: a traceback's first line counts for more than the last EOT.
    """
    if body.endswith(EOT):
        return body[:-1], b""
    bare = _BARE_ERROR.search(body)
    at = bare.start() if bare else body.rfind(EOT + _TRACEBACK)
    if at < 0:
        at = body.rfind(EOT)
    return (body, b"") if at < 0 else (body[:at], body[at + 1 :])
