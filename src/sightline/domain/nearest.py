"""Which of many names somebody may have meant who wrote one that is not there."""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

MOST_EDITS: Final = 8
"""Edits beyond which no two names are near, however long: as many as a missing `_seconds` is."""
MOST_COMPARED: Final = 1_000
"""Names that are compared letter by letter: those that share most letters with the one asked for; takes half a second."""
_PART: Final = 3  # one edit to so many letters
_LETTERS: Final = 64  # classes of letters that are counted apart
_BLOCK: Final = 20_000  # names whose letters are counted at once: 10 MB


def nearest(name: str, among: Sequence[str], most: int = 3) -> tuple[str, ...]:
    """The names that differ least from one, nearest first and then in order, at most `most`; without the name itself.

    A name is near when it becomes the other by one edit to three letters, eight at most. An edit puts in, takes out or changes a
    letter, or exchanges two that stand side by side.
    """
    bound = min(MOST_EDITS, max(1, len(name) // _PART))
    least = _least_edits(name, among)
    near = np.flatnonzero(least <= bound)
    near = near[np.argsort(least[near], kind="stable")][:MOST_COMPARED]
    found: list[tuple[int, str]] = []
    for row in near.tolist():
        if least[row] > bound:
            break
        edits = distance(name, among[row], bound)
        if 0 < edits <= bound:
            found = sorted({*found, (edits, among[row])})
            if len(found) >= most:
                bound = found[most - 1][0]
    return tuple([one for _, one in found[:most]])


def hint(name: str, among: Iterable[str]) -> str:
    """What to add to the message that a name is not there; empty where none is near."""
    near = nearest(name, list(among))
    return f"; there is {', '.join(map(repr, near))}" if near else ""


def distance(one: str, other: str, bound: int) -> int:
    """How many edits lead from one text to another; bound + 1 where these are more than `bound`.

    It is the distance called optimal string alignment: no letter is edited twice.
    """
    if abs(len(one) - len(other)) > bound:
        return bound + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        earlier, before, row = before, row, [at] + [bound + 1] * len(other)
        # Beyond this band more letters are put in or taken out than the bound allows.
        for place in range(max(1, at - bound), min(len(other), at + bound) + 1):
            same = letter == other[place - 1]
            edits = min(before[place] + 1, row[place - 1] + 1, before[place - 1] + (not same))
            if at > 1 and place > 1 and letter == other[place - 2] and one[at - 2] == other[place - 1]:
                edits = min(edits, earlier[place - 2] + 1)
            row[place] = edits
        if min(row) > bound:
            return bound + 1
    return min(row[-1], bound + 1)


def _least_edits(name: str, among: Sequence[str]) -> NDArray[np.int64]:
    """For each name (n,) a number of edits that it takes at least: letters that one has and the other does not."""
    own = _counts([name])[0]
    found = np.empty(len(among), np.int64)
    for start in range(0, len(among), _BLOCK):
        more = _counts(among[start : start + _BLOCK]) - own
        missing = np.where(more < 0, -more, 0).sum(axis=1)
        found[start : start + _BLOCK] = np.maximum(missing, missing + more.sum(axis=1))
    return found


def _counts(names: Sequence[str]) -> NDArray[np.int64]:
    """How many letters of each class the names have, (n, classes)."""
    lengths = np.array([len(name) for name in names], np.int64)
    letters = np.frombuffer("".join(names).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64) % _LETTERS
    rows = np.repeat(np.arange(len(names)), lengths)
    return np.bincount(rows * _LETTERS + letters, minlength=_LETTERS * len(names)).reshape(len(names), _LETTERS)
