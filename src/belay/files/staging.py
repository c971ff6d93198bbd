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
from belay.files.tree import join, parents


def staged(
    operations: Sequence[Operation], found: Iterable[str], *, here: Callable[[str], bool] = lambda _: True
) -> tuple[Operation, ...]:
    """The same steps in that order; as they are where nothing is replaced.

    What would be imported in place of something that is there replaces it, too: ``x.py`` goes before
    ``x.mpy``, and a folder ``x`` before both.

    Args:
        operations: The steps of a plan.
        found: The paths of what the board holds.
        here: Whether a path is on the file system of the top folder: no other can be reached by renaming.
    """
    there = {fat.folded(path) for path in found}

    def replaces(path: str, *others: str) -> bool:
        return here(path) and not there.isdisjoint(map(fat.folded, others))

    pairs = {
        at: step
        for at, step in enumerate(operations[:-1])
        if isinstance(step, Send) and operations[at + 1] == Move(step.to, step.path) and here(step.path)
    }
    late = {at for at, step in pairs.items() if replaces(step.path, *_same_module(step.path))}
    folders = {
        step.path
        for step in operations
        if isinstance(step, MakeFolder) and replaces(step.path, *(step.path + end for end in _MODULES))
    }
    if not late and not folders:
        return tuple(operations)
    # What starts by itself must not do so before all that it imports is in its place.
    late |= {at for at, step in pairs.items() if step.path.split("/")[0] in STARTED}
    return _rearranged(operations, late, folders)


def _rearranged(operations: Sequence[Operation], late: set[int], folders: set[str]) -> tuple[Operation, ...]:
    """The steps in their new order.

    Args:
        operations: The steps.
        late: Which of them write a file that is put in its place, by the step behind it, at the end.
        folders: The new folders that are, with all that is in them.
    """
    end = _end(operations)
    steps: list[Operation] = []
    moves: list[Move] = []
    places: dict[str, str] = {}
    for at, step in enumerate(operations[:end]):
        if at - 1 in late:
            continue
        path = step.path
        above = next((folder for folder in parents(path) if folder in places), None)
        if above is not None:
            place = places[above] + path[len(above) :]
            if isinstance(step, MakeFolder):
                steps.append(MakeFolder(place))
            elif isinstance(step, Send):
                steps.append(Send(path, place))
        elif at in late or (isinstance(step, MakeFolder) and path in folders):
            if not moves:
                steps.append(MakeFolder(STAGE))
            place = join(STAGE, str(len(moves)))
            steps.append(Send(path, place) if isinstance(step, Send) else MakeFolder(place))
            moves.append(Move(place, path))
            if isinstance(step, MakeFolder):
                places[path] = place
        else:
            steps.append(step)
    return (*steps, *moves, RemoveFolder(STAGE), *operations[end:])


_MODULES = (".py", ".mpy")


def _same_module(path: str) -> list[str]:
    """The files that a file replaces where they are: those that are imported by the same name."""
    stem, dot, end = path.rpartition(".")
    return [stem + each for each in _MODULES] if f"{dot}{end}" in _MODULES else [path]


def _end(operations: Sequence[Operation]) -> int:
    """Behind the last step that puts something in its place: only removals follow."""
    removals = (RemoveFile, RemoveFolder)
    puts = [at for at, step in enumerate(operations) if not isinstance(step, removals)]
    return puts[-1] + 1
