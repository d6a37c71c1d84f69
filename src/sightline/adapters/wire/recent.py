"""A dictionary that forgets what nobody asks for any more."""

from collections.abc import Hashable
from typing import Generic, TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class Recent(Generic[_Key, _Value]):
    """Two generations: what is found in the older one moves to the younger, and `turn` drops what did not.

    `weight` is what the younger one holds in the owner's own unit, who calls `turn` when that is half of what it may hold: so
    whatever was asked for since the last turn stays, without a clock and without a cost per look-up. Not thread-safe, but
    `young.get` is: owners may read it without their lock, and ask `find` under it.
    """

    __slots__ = ("_old", "weight", "young")

    def __init__(self) -> None:
        self.young: dict[_Key, _Value] = {}
        self._old: dict[_Key, _Value] = {}
        self.weight = 0

    def find(self, key: _Key, weight: int) -> _Value | None:
        """What was put under the key, or None. `weight` is that of the entry, should it move."""
        value = self.young.get(key)
        if value is None:
            value = self._old.pop(key, None)
            if value is not None:
                self.put(key, value, weight)
        return value

    def put(self, key: _Key, value: _Value, weight: int) -> None:
        """Remember an entry that `find` did not find."""
        self.young[key] = value
        self.weight += weight

    def turn(self) -> None:
        """Forget what has not been found or put since the last turn."""
        self._old, self.young, self.weight = self.young, {}, 0

    def __len__(self) -> int:
        """Entries of both generations."""
        return len(self.young) + len(self._old)
