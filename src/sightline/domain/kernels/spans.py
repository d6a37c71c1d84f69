"""Numbers by stretches of bytes: an open-addressed table in arrays. Bytes are compared, never only their hash."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.compiled import BYTES, INTS, kernel, subroutine

ABSENT: Final = -1

_FACTOR: Final = 0x2545F491 | 1
_MASK: Final = (1 << 31) - 1
_FURTHEST: Final = 64
"""Places looked at for one stretch: what collides more often is not kept in the table."""


@subroutine
def digest(data: bytes, start: int, end: int, seed: int) -> int:
    """A hash of 31 bits of data[start:end]; products stay below 2^63, so that Python and machine code agree."""
    state = seed
    position = start
    while position + 4 <= end:
        low = int(data[position]) | (int(data[position + 1]) << 8)
        high = int(data[position + 2]) | (int(data[position + 3]) << 8)
        state = (state ^ (low | (high << 16))) * _FACTOR
        state = (state ^ (state >> 31)) & _MASK
        position += 4
    while position < end:
        state = (state ^ int(data[position])) * _FACTOR
        state = (state ^ (state >> 31)) & _MASK
        position += 1
    return state


@subroutine
def stands_at(
    data: bytes, start: int, end: int, entry: int, bounds: NDArray[np.int64], arena: NDArray[np.uint8]
) -> bool:
    """Whether data[start:end] is that entry."""
    at = int(bounds[entry])
    length = end - start
    if int(bounds[entry + 1]) - at != length:
        return False
    # In slices machine code compares many bytes at once: it need not ask whether a place counts from the end.
    mine = data[start:end]
    held = arena[at : at + length]
    difference = 0
    for step in range(length):
        difference |= int(mine[step]) ^ int(held[step])
    return difference == 0


@subroutine
def place_of(
    data: bytes,
    start: int,
    end: int,
    hashed: int,
    slots: NDArray[np.int32],
    hashes: NDArray[np.int64],
    bounds: NDArray[np.int64],
    arena: NDArray[np.uint8],
) -> int:
    """The slot where data[start:end] stands or may be put; ABSENT when all that may be looked at are taken."""
    last = len(slots) - 1
    slot = hashed & last
    for _ in range(_FURTHEST):
        entry = int(slots[slot])
        if entry < 0:
            return slot
        if int(hashes[entry]) == hashed and stands_at(data, start, end, entry, bounds, arena):
            return slot
        slot = (slot + 1) & last
    return ABSENT


def find_in_python(
    data: bytes,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    seed: int,
    count: int,
    slots: NDArray[np.int32],
    hashes: NDArray[np.int64],
    bounds: NDArray[np.int64],
    arena: NDArray[np.uint8],
    entries: NDArray[np.int64],
) -> int:
    """Which of `count` entries each stretch is, ABSENT where it is none, into `entries`; returns how many are absent.

    Senders keep to an order: what follows an entry is looked at first, which spares the hash and goes through memory in order.
    """
    absent = 0
    entry = ABSENT
    for one in range(len(starts)):
        start = int(starts[one])
        end = int(ends[one])
        entry += 1
        if entry >= count or not stands_at(data, start, end, entry, bounds, arena):
            slot = place_of(data, start, end, digest(data, start, end, seed), slots, hashes, bounds, arena)
            entry = ABSENT if slot < 0 else int(slots[slot])
        entries[one] = entry
        if entry < 0:
            absent += 1
    return absent


def put_in_python(
    data: bytes,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    seed: int,
    count: int,
    slots: NDArray[np.int32],
    hashes: NDArray[np.int64],
    bounds: NDArray[np.int64],
    arena: NDArray[np.uint8],
    entries: NDArray[np.int64],
) -> int:
    """Put stretches in as entries count, count + 1, ...; returns the new count. There is room for all of them.

    entries: the entry of each stretch, also of one that is in already; ABSENT for one that finds no place.
    """
    for one in range(len(starts)):
        start = int(starts[one])
        end = int(ends[one])
        hashed = digest(data, start, end, seed)
        slot = place_of(data, start, end, hashed, slots, hashes, bounds, arena)
        entries[one] = ABSENT if slot < 0 else int(slots[slot])
        if slot < 0 or slots[slot] >= 0:
            continue
        at = int(bounds[count])
        for step in range(end - start):
            arena[at + step] = data[start + step]
        bounds[count + 1] = at + end - start
        hashes[count] = hashed
        slots[slot] = count
        entries[one] = count
        count += 1
    return count


def place_again_in_python(hashes: NDArray[np.int64], count: int, slots: NDArray[np.int32]) -> int:
    """Put the entries, which are distinct, into empty slots, but those whose hash is ABSENT; returns how many found a place."""
    last = len(slots) - 1
    placed = 0
    for entry in range(count):
        if hashes[entry] < 0:
            continue
        slot = int(hashes[entry]) & last
        for _ in range(_FURTHEST):
            if slots[slot] < 0:
                slots[slot] = entry
                placed += 1
                break
            slot = (slot + 1) & last
    return placed


_TABLE: Final = f"Array(int32, 1, 'C', True), {INTS}, {INTS}, {BYTES}"

find = kernel(
    f"int64(Bytes(uint8, 1, 'C', readonly=True), {INTS}, {INTS}, int64, int64, {_TABLE}, int64[::1])",
    twin=find_in_python,
)(find_in_python)
put = kernel(
    f"int64(Bytes(uint8, 1, 'C', readonly=True), {INTS}, {INTS}, int64, int64, int32[::1], int64[::1], int64[::1],"
    " uint8[::1], int64[::1])",
    twin=put_in_python,
)(put_in_python)
place_again = kernel(f"int64({INTS}, int64, int32[::1])", twin=place_again_in_python)(place_again_in_python)


def _gather_numpy(
    bounds: NDArray[np.int64],
    arena: NDArray[np.uint8],
    entries: NDArray[np.int64],
    ends: NDArray[np.int64],
    out: NDArray[np.uint8],
) -> None:
    for entry, end in zip(entries.tolist(), ends.tolist(), strict=True):
        own = arena[bounds[entry] : bounds[entry + 1]]
        out[end - len(own) : end] = own


@kernel(f"void({INTS}, {BYTES}, {INTS}, {INTS}, uint8[::1])", twin=_gather_numpy)
def gather(
    bounds: NDArray[np.int64],
    arena: NDArray[np.uint8],
    entries: NDArray[np.int64],
    ends: NDArray[np.int64],
    out: NDArray[np.uint8],
) -> None:
    """Copy the stretches of entries (k,) one behind the other; ends (k,): where each ends in `out`."""
    for one in range(len(entries)):
        at = bounds[entries[one]]
        length = bounds[entries[one] + 1] - at
        start = ends[one] - length
        for step in range(length):
            out[start + step] = arena[at + step]
