"""An order in which all that is replaced is replaced at once, and not while the rest is still being sent.

What takes the place of other files is sent to a folder of its own first, and renamed into its places when all
of it is there. Nothing makes that one step, but it takes milliseconds where sending takes seconds, so whoever
pulls the plug while files are sent finds all of the old program, and new files beside it that it does not
know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from belay.files import fat
from belay.files.operations import MakeFolder, Move, Operation, RemoveFile, RemoveFolder, Send
from belay.files.plan import STAGE, STARTED
from belay.files.tree import join


def staged(
    operations: Sequence[Operation], found: Iterable[str], *, here: Callable[[str], bool] = lambda _: True
) -> tuple[Operation, ...]:
    """The same steps in that order; as they are where nothing is replaced.

    Args:
        operations: The steps of a plan.
        found: The paths of what the board holds.
        here: Whether a path is on the file system of the top folder: no other can be reached by renaming.
    """
    there = {fat.folded(path) for path in found}
    pairs = {
        at: step
        for at, step in enumerate(operations[:-1])
        if isinstance(step, Send) and operations[at + 1] == Move(step.to, step.path) and here(step.path)
    }
    if not any(fat.folded(step.path) in there for step in pairs.values()):
        return tuple(operations)
    # What starts by itself must not do so before all that it imports is in its place.
    late = {
        at: step
        for at, step in pairs.items()
        if fat.folded(step.path) in there or step.path.split("/")[0] in STARTED
    }
    end = _end(operations)
    steps: list[Operation] = []
    moves: list[Operation] = []
    is_made = False
    for at, step in enumerate(operations[:end]):
        if at - 1 in late:
            continue
        if at not in late:
            steps.append(step)
            continue
        if not is_made:
            steps.append(MakeFolder(STAGE))
            is_made = True
        place = join(STAGE, str(len(moves)))
        steps.append(Send(late[at].path, place))
        moves.append(Move(place, late[at].path))
    return (*steps, *moves, RemoveFolder(STAGE), *operations[end:])


def _end(operations: Sequence[Operation]) -> int:
    """Behind the last step that puts something in its place: only removals follow."""
    removals = (RemoveFile, RemoveFolder)
    puts = [at for at, step in enumerate(operations) if not isinstance(step, removals)]
    return puts[-1] + 1
