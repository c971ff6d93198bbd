"""A board's own prompt on this computer's terminal.

What is typed goes to the board as it is, but for two keys: one leaves, the other opens a menu. What decides
anything (:mod:`~belay.terminal.keys`, :mod:`~belay.terminal.screen`, :mod:`~belay.terminal.paste`,
:mod:`~belay.terminal.menu`) knows no console and no board; the consoles of the systems are modules of their
own.
"""

from __future__ import annotations

from belay.terminal.console import dimmed, open_console
from belay.terminal.keys import LEAVE_KEY, MENU_KEY
from belay.terminal.talk import Terminal

__all__ = ["LEAVE_KEY", "MENU_KEY", "Terminal", "dimmed", "open_console"]
