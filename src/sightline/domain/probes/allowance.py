"""How many probes may be under way at once, so that those that take long do not hold up the others."""

from collections import deque
from typing import Final, Generic, TypeVar

T = TypeVar("T")

# Of the whole, those that take long may have three quarters and the others seven eighths: neither ever stands before a full house
# of the other kind. 10,000 dead hosts, each 10 s of every minute, want 1,700 places; 500 places of 0.1 s are 5,000 probes a second.
_SLOW: Final = (3, 4)
_QUICK: Final = (7, 8)


class Allowance(Generic[T]):
    """Places for `most` probes, of which the slow and the quick have shares; who finds none waits, first come first served."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._shares = {slow: max(1, most * part // of) for slow, (part, of) in ((True, _SLOW), (False, _QUICK))}
        self._under_way = {True: 0, False: 0}
        self._waiting: dict[bool, deque[T]] = {False: deque(), True: deque()}

    @property
    def under_way(self) -> int:
        """How many have a place."""
        return self._under_way[True] + self._under_way[False]

    @property
    def waiting(self) -> int:
        """How many wait for one."""
        return len(self._waiting[True]) + len(self._waiting[False])

    def ask(self, one: T, *, slow: bool) -> bool:
        """Whether it has a place now; else it waits, and `following` tells when it has."""
        if self._waiting[slow] or not self._has_room(slow=slow):
            self._waiting[slow].append(one)
            return False
        self._under_way[slow] += 1
        return True

    def leave(self, *, slow: bool) -> None:
        """One that had a place has it no more."""
        self._under_way[slow] -= 1

    def following(self) -> tuple[T, bool] | None:
        """Who of those that wait has a place now, and whether as a slow one; None when nobody has."""
        for slow, waiting in self._waiting.items():
            if waiting and self._has_room(slow=slow):
                self._under_way[slow] += 1
                return waiting.popleft(), slow
        return None

    def _has_room(self, *, slow: bool) -> bool:
        return self._under_way[slow] < self._shares[slow] and self.under_way < self._most
