# A part of the agent: functions in threads of their own.
from _thread import start_new_thread


def _belay_spawn(function, args, named):
    start_new_thread(F[function], tuple(args), named)


def _belay_spawn_written(function, written):
    start_new_thread(F[function], *eval(written, values))


put(55, _belay_spawn)
put(56, _belay_spawn_written)
