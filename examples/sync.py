"""Files of this computer on the board: a module and its data, sent only where something has changed.

Wiring: none. The files go into the folder /phrases of the board; what is elsewhere is not touched.

One sees: both files are sent, then none, then only the one that is another; and the board speaks
accordingly.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import belay

MODULE = """
def greet(name):
    with open("/phrases/words.txt") as words:
        return words.read().strip().format(name)
"""

with tempfile.TemporaryDirectory() as name, belay.Device(*sys.argv[1:]) as device:
    folder = Path(name)
    (folder / "greeter.py").write_text(MODULE)
    (folder / "words.txt").write_text("good morning, {}")

    @device.task
    def greet(name):
        if "/phrases" not in sys.path:
            sys.path.append("/phrases")
        import greeter

        return greeter.greet(name)

    device("import sys")
    for words in (None, None, "good evening, {}"):
        if words:
            (folder / "words.txt").write_text(words)
        done = device.sync(folder, "/phrases")
        sent = sorted(path.rpartition("/")[2] for path in done.sent)
        print(f"sent {', '.join(sent) or 'nothing'}: {greet('Ada')}")
