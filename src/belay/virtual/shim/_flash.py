# The board's file system. In a module of its own, so that the boot code can be forgotten.
class Flash:
    # The host's folder, whose ilistdir tells sizes as a board's does. (No subclass: a native file system
    # finds itself by its place in memory.)
    def __init__(self, folder):
        self._folder = folder

    def __getattr__(self, name):
        return getattr(self._folder, name)

    def rename(self, old, new):
        # VfsPosix builds both absolute paths in one buffer, the second over the first.
        if new[:1] == "/":
            here = self._folder.getcwd().strip("/")
            new = "../" * (here.count("/") + 1 if here else 0) + new.lstrip("/")
        self._folder.rename(old, new)

    def ilistdir(self, path):
        for name, kind, _ in self._folder.ilistdir(path):
            yield name, kind, 0, 0 if kind == 0x4000 else self._folder.stat(path.rstrip("/") + "/" + name if path else name)[6]
