"""Packages for MicroPython: what is wanted, where it comes from, what exactly was chosen, and its files.

The room knows no board. From the ground up: :mod:`~belay.packages.model` holds what the parts say to each
other, ``version`` and ``requirement`` read what users write, ``destination`` says where files may go,
``manifest`` reads package.json, ``fetch`` and ``store`` bring bytes, ``index`` knows the MicroPython index,
``resolve`` chooses, ``lock`` writes down what was chosen, ``vendor`` puts the files where they are imported
from.
"""
