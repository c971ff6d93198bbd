# Goes with part_values where calls go over the plain REPL: a result's bytes stand in its text.
def exactly(value):
    text, chunks = encode(value)
    if chunks:
        text = "_w(%r,%s)" % (text, ",".join([repr(bytes(chunk)) for _, chunk in chunks]))
    return text
