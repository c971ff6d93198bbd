"""Packages for MicroPython: what is wanted, where it comes from, what exactly was chosen, and its files.

The room knows no board. Its modules, from the ground up:

- **Shared.** ``model`` has what the parts say to each other, ``origin`` which server an address means,
  ``lines`` where in a TOML file something stands, ``document`` what a stranger's TOML may hold; ``reading``
  takes files of strangers and ``writing`` replaces files.
- **What users write.** ``requirement`` reads what a dependency may be, ``version`` what is wanted of it,
  ``hosts`` and ``gitplace`` how places in repositories are written.
- **What strangers write.** ``manifest`` reads package.json; ``manifestpy`` reads manifest.py without
  running it, by ``statements`` and ``constants``. ``folders`` says what a folder without either means,
  ``destination`` where files may go, ``compiled`` which .mpy files fit.
- **Bytes.** ``supply`` brings them by address: from the network by ``fetch`` (with ``carrier``,
  ``watched``, ``packing``, ``logins`` and the threads of ``workers``), through ``draft`` into ``store``;
  ``stored`` shows people what is in it.
- **Sources.** ``index`` is one MicroPython index, ``indices`` several, ``search`` looks for words in them.
  ``local`` and ``localtree`` are this machine. Git hosts, by HTTP: ``hosting`` has their addresses,
  ``refs`` their branches and tags, ``pinning`` which commit that is, ``archive``, ``unpacking`` and
  ``unpacked`` a commit's files, ``repository`` the package. The git program: ``gitprogram`` runs it,
  ``gittalk`` hears what it says, ``gitlisting`` reads its lists, ``gitrepository`` and ``gitcache`` keep
  what it brings, ``gitsource`` has the package. ``tags`` are the newer ones of either.
- **The choice.** ``catalogue`` is what there is to choose from, ``resolve`` chooses, ``lock`` is what was
  chosen and ``lockfile`` its text, ``update`` leads from what is wanted to that, ``tree`` says what leads
  to what.
- **Vendored files.** ``vendor`` makes them what is locked, by a ``journal`` that survives a kill, with a
  ``swap`` where that can be; ``exclusive`` has one process do so at a time.
"""
