# A part of the agent: many calls in one request, up to the first that raises, or until the answer is long enough.
# Needs part_values. Each result is a line; where bytes belong to it, the line begins with how many: "5:_(5)".
from io import BytesIO

try:
    from time import ticks_diff, ticks_ms
except ImportError:
    ticks_ms = None

# Of the last request: its number, how many of its calls were begun, and how many came to their end.
many_number, many_begun, many_ended = 0, 0, 0
many_texts, many_chunks, many_failed, many_kept = None, (), "None", False
encode_one = encode


def _belay_written_one(value, room):
    text, more = encode_one(value)
    if not more:
        return text, room - len(text)
    size = 0
    for length, _ in more:
        size += length
    room -= size
    if room >= 0:
        # The next call may change what this one returned.
        try:
            more = [(length, bytes(piece)) for length, piece in more]
        except MemoryError:
            room = -1
    many_chunks.extend(more)
    return "%d:%s" % (size, text), room - len(text)


def _belay_many(number, budget, calls):
    # budget: milliseconds after which no further call begins, so that the time-out of each can be kept.
    global many_number, many_begun, many_ended, many_texts, many_chunks, many_failed, many_kept
    many_begun, many_ended, many_texts, many_chunks, many_failed, many_kept = 0, 0, BytesIO(), [], "None", False
    many_number = number
    add, room, words, value = many_texts.write, largest, (int, bool, type(None)), None
    if budget and ticks_ms:
        start = ticks_ms()
    try:
        for same in calls:
            arguments = iter(same)
            function = F[next(arguments)]
            for args in arguments:
                if room < 0:
                    return _belay_many
                many_begun += 1
                value = function(*args)
                if type(value) in words:
                    text = repr(value)
                    room -= len(text)
                else:
                    text, room = _belay_written_one(value, room)
                    value = None
                # At once, so that an interrupt finds whole lines.
                add(text + ",\n")
                many_ended += 1
                if budget and (not ticks_ms or ticks_diff(ticks_ms(), start) > budget):
                    room = -1
    except BaseException as error:
        value = calls = arguments = args = None
        many_kept = isinstance(error, KeyboardInterrupt)
        try:
            many_failed = repr(describe(error))
        except MemoryError:
            many_failed = "(['%s'],'()','')" % type(error).__name__
    return _belay_many


def _belay_encode_many(value):
    global many_texts, many_chunks, many_kept
    if value is not _belay_many:
        return encode_one(value)
    # Behind its place is what it had made room for when the memory came to an end.
    text, chunks = many_texts.getvalue()[: many_texts.tell()], many_chunks
    text = str(text, "utf-8") + many_failed
    if not many_kept:
        many_texts, many_chunks = None, ()
    # Whoever interrupts does not read the answer: it can be asked for once.
    many_kept = False
    return text, chunks


def _belay_so_far(number, whole):
    # For a host that got no answer: what became of its calls.
    if number != many_number:
        return None
    if whole:
        return many_texts and _belay_many
    return "%d %d" % (many_begun, many_ended)


def _belay_many_exec(code):
    exec(code, names)


def _belay_many_eval(code):
    return eval(code, names)


encode = _belay_encode_many
put(52, _belay_many)
put(53, _belay_many_exec)
put(54, _belay_many_eval)
put(57, _belay_so_far)
