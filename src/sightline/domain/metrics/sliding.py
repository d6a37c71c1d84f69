"""A column that grows at its end and is forgotten from its beginning, and never holds up for long whoever adds to it."""

from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

_Scalar = TypeVar("_Scalar", bound=np.generic)

_FEWEST: Final = 1024
# How many times what is held there is room for, as long as that is little and then: with less, what is held would be moved more
# often. Room takes no memory before it is used.
_ROOM_OF_FEW: Final = 16
_ROOM: Final = 4
_FEW: Final = 1 << 18
_PACE: Final = 3  # rows moved for each one added: with two, what is held would be moved just as the room ends
_SPARSE: Final = 4  # times what is held: so many rows dropped are worth a move


class Sliding(Generic[_Scalar]):
    """The column. How many of its rows are held is known to whoever uses it.

    Rows that are held never change, and memory that was given out is never written again but behind them: whoever keeps `rows` can
    read what was held. When room becomes scarce, or most of it is of rows dropped, what is held moves to other memory, some of it
    with each addition.
    """

    def __init__(self, rows: NDArray[_Scalar]) -> None:
        """Start with what is held."""
        self.rows = rows
        """What is held, and room behind it."""
        self._given = len(rows)  # rows of the memory behind `rows`
        self._next: NDArray[_Scalar] | None = None
        self._moved = 0  # how many rows `_next` has already

    def make_room(self, held: int, count: int) -> int:
        """Have room for `count` rows behind those that are held; gives how many of these were moved for it."""
        free = len(self.rows) - held - count
        if self._next is None:
            dropped = self._given - len(self.rows)
            if free >= held and dropped <= _SPARSE * max(held, _FEWEST):
                return 0
            self._next, self._moved = self._memory(held + count), 0
        if free < 0 and len(self._next) < held + count:
            self._next, self._moved = self._memory(held + count), 0
        begin, end = self._moved, held if free < 0 else min(held, self._moved + _PACE * count)
        self._next[begin:end] = self.rows[begin:end]
        self._moved = end
        if end == held and len(self._next) >= held + count:
            self._use(self._next)
        return end - begin

    def forget(self, count: int) -> None:
        """Drop the first `count` rows."""
        self.rows = self.rows[count:]
        if self._next is not None and self._moved >= count:
            self._next, self._moved = self._next[count:], self._moved - count
        else:
            self._next = None  # all that was moved is dropped, and what is held may want less

    def _memory(self, rows: int) -> NDArray[_Scalar]:
        room = _ROOM * rows + (_ROOM_OF_FEW - _ROOM) * min(rows, _FEW)
        return np.empty(max(_FEWEST, room), self.rows.dtype)

    def _use(self, rows: NDArray[_Scalar]) -> None:
        self.rows, self._given, self._next = rows, len(rows), None
