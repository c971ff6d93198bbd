# Goes with part_values where calls go over the plain REPL: a result's bytes stand in its text.
def _belay_exact(encode):
    def _belay_text(value):
        text, chunks = encode(value)
        if chunks:
            text = "_w(%r,%s)" % (text, ",".join([repr(bytes(chunk)) for _, chunk in chunks]))
        return text

    return _belay_text
