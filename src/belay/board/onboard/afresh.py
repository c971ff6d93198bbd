# Forgets what was added since this ran for the first time after a reset: that is what boot.py has made, and what
# keeps the connection may be among it. Modules are forgotten so that files which were changed are imported anew.
def _belay_afresh(names):
    from gc import collect
    from sys import modules

    kept = names.get("_belay_kept")
    if kept is None:
        kept = names["_belay_kept"] = [name for name in names if name[:6] != "_belay"], list(modules)
    for name in list(names):
        if name not in kept[0] and name != "_belay_kept" and name[:2] != "__":
            del names[name]
    for name in list(modules):
        # Somebody may have started it since, by hand.
        if name not in kept[1] and name != "webrepl" and hasattr(modules[name], "__file__"):
            del modules[name]
    collect()


_belay_afresh(globals())
