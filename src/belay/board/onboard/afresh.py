# Forgets what was added since the names and modules were remembered: by boot.py, and by what keeps the
# connection. Modules are forgotten so that files which were changed are imported anew.
def _belay_afresh(names):
    from gc import collect
    from sys import modules

    kept = names["_belay_kept"]
    for name in list(names):
        if name not in kept[0] and name != "_belay_kept" and name[:2] != "__":
            del names[name]
    for name in list(modules):
        # Somebody may have started it since, by hand.
        if name not in kept[1] and name != "webrepl" and hasattr(modules[name], "__file__"):
            del modules[name]
    collect()


_belay_afresh(globals())
