"""Packages on a board, one by one, without a project: what ``mip`` does, with a memory.

- ``wants`` reads what a user asks for; ``choice`` chooses packages for it and has their files.
- ``installed`` is what the record on the board says of packages; ``planning`` works out from that and a
  choice what the board shall hold.
- ``again`` chooses anew what is there, for an upgrade; ``refusals`` says what is not done.
- ``library`` puts it there, and finds out what has changed.
- ``strangers`` recognises packages that somebody else has installed.
- ``mip`` is what a device has as ``device.mip``.
"""
