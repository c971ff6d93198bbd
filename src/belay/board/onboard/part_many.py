# A part of the agent: many calls in one request, up to the first that raises.
def _belay_many(calls):
    results = []
    try:
        for function, args in calls:
            results.append(F[function](*args))
    except Exception as error:
        return results, describe(error)
    return results, None


def _belay_many_written(written):
    results = []
    try:
        for function, args, named in eval(written, values):
            results.append(F[function](*args, **named))
    except Exception as error:
        return results, describe(error)
    return results, None


def _belay_map(function, items):
    results = []
    add, function = results.append, F[function]
    try:
        for item in items:
            add(function(item))
    except Exception as error:
        return results, describe(error)
    return results, None


put(52, _belay_many)
put(53, _belay_many_written)
put(54, _belay_map)
