"""Rosters: label sets by number, so that a series which comes again and again is an integer and not a text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import overload

import numpy as np
from typing_extensions import override

from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import Index


class Roster:
    """Label sets, numbered from 0 in the order in which they were first named. A number never changes its meaning. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._labels: list[Labels] = []
        self._numbers: dict[Labels, int] = {}

    def __len__(self) -> int:
        """How many label sets; numbers are less than that."""
        return len(self._labels)

    def __getitem__(self, number: int) -> Labels:
        """The label set of a number, the very object that was named first."""
        return self._labels[number]

    def numbers(self, labels: Sequence[Labels]) -> Index:
        """The numbers of label sets, uint32 (k,); those not met before get the next ones. Label sets named here cost nothing."""
        if type(labels) is Named and labels.roster is self:  # isinstance costs a microsecond with an abstract class
            return labels.numbers
        sets = tuple(labels)
        found = [self._numbers.get(one, -1) for one in sets]
        if -1 in found:
            with self._lock:
                found = [self._number(one) if number < 0 else number for one, number in zip(sets, found, strict=True)]
        return np.array(found, np.uint32)

    def named(self, numbers: Index) -> "Named":
        """The label sets of some numbers, uint32 (k,)."""
        return Named(self, numbers)

    def _number(self, labels: Labels) -> int:
        number = self._numbers.get(labels)
        if number is None:
            number = len(self._labels)
            self._labels.append(labels)  # first, so that whoever finds the number finds what it means
            self._numbers[labels] = number
        return number


@dataclass(frozen=True, slots=True, eq=False)
class Named(Sequence[Labels]):
    """k label sets that stand in a roster; numbers: uint32 (k,). Who knows the roster need not look at the label sets."""

    roster: Roster
    numbers: Index

    @override
    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, at: int) -> Labels: ...
    @overload
    def __getitem__(self, at: slice) -> "Named": ...
    @override
    def __getitem__(self, at: int | slice) -> "Labels | Named":
        if isinstance(at, slice):
            return Named(self.roster, self.numbers[at])
        return self.roster[int(self.numbers[at])]

    @override
    def __iter__(self) -> Iterator[Labels]:
        return map(self.roster.__getitem__, self.numbers.tolist())
