# Goes with part_clock where calls go over the plain REPL: a generator whose items say when they were there.
class _belay_Timed:
    pass


def _belay_timed_items(_belay_f, *args, **named):
    items = _belay_Timed()
    items.of = _belay_f(*args, **named)
    return items


def _belay_timed_send(self, value):
    return _belay_timed(self.of.send, value)


def _belay_timed_throw(self, *error):
    return _belay_timed(self.of.throw, *error)


def _belay_timed_close(self):
    self.of.close()


_belay_Timed.send, _belay_Timed.throw, _belay_Timed.close = _belay_timed_send, _belay_timed_throw, _belay_timed_close
