"""The parts of canonical bytes, name, 0xff, value, 0xff, name, ..., and their order."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.compiled import subroutine

SEPARATOR: Final = 0xFF

Text = bytes | NDArray[np.uint8]


@subroutine
def part_end(data: Text, start: int, end: int) -> int:
    """Where the name or value that begins at `start` ends."""
    at = start
    while at < end and data[at] != SEPARATOR:
        at += 1
    return at


@subroutine
def stands_before(data: Text, first: int, first_end: int, second: int, second_end: int) -> bool:
    """Whether data[first:first_end] is less than data[second:second_end] in the order of bytes, as names are sorted."""
    for step in range(min(first_end - first, second_end - second)):
        if data[first + step] != data[second + step]:
            return bool(data[first + step] < data[second + step])
    return first_end - first < second_end - second
