"""A project as a package for others, and as images: what ``belay build`` makes.

- ``about`` is what a project says of itself; ``pieces`` are its files; ``check`` refuses what nobody could
  import, by ``imports`` and the compiler.
- ``needs`` is what whoever installs the package needs, too: by name, or copied, or as a part of it.
- ``compiled`` makes ``.mpy`` files for boards in general, where :mod:`belay.files.making` does for one.
- ``release`` is what goes into an index of all these.
- ``packagejson`` writes a package.json, ``index`` a static index (its ``pages`` are what is in it),
  ``image`` a ROMFS image, ``freeze`` a manifest.py; ``build`` makes
  all that is asked for.
"""
