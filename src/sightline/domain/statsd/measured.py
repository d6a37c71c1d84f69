"""What clients say, before it is summed up."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import Index, Values


class Kind(IntEnum):
    """How values of a series are summed up."""

    COUNTER = 0
    """Added up, from the start of the program on."""
    GAUGE = 1
    """The last one; one with a sign changes it."""
    TIMER = 2
    """Counted by size."""
    SET = 3
    """Counted once each, between two flushes."""


class Head(NamedTuple):
    """What a value belongs to. weight: how many of its kind it stands for, the inverse of the sample rate."""

    kind: Kind
    labels: Labels
    weight: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """n values in the order in which they came.

    heads: k of them, of which some may be equal. which: uint32 (n,), the head of each. values: float64 (n,), finite; 0 for members
    of sets.
    signed: bool (n,), whether a value was written with a sign. members: of sets, one for each of their values, in order.
    """

    heads: Sequence[Head]
    which: Index
    values: Values
    signed: NDArray[np.bool_]
    members: Sequence[bytes] = ()

    def __len__(self) -> int:
        """How many values."""
        return len(self.which)
