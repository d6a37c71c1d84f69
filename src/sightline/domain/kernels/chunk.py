"""Chunks: the samples of one series within an hour as few bytes, and back, bit for bit.

An hour here is left-open and right-closed, ((h - 1) hours, h hours], as the windows of queries are.

Most values are short decimals: counters are whole numbers, gauges have two or three places. A chunk keeps `whole / 10**scale`, an
exact division by IEEE 754: the quotient of two whole numbers that floats can hold is the float nearest to the decimal, and each
value is tried before it is kept so. Where too many are no short decimals the chunk keeps all bits, under the scale RAW.

What is kept of a chunk beside its bytes: `first`, the time of the first sample; `span`, from it to the last one; `samples`, how
many; `scale`; `lowest` and `highest`, the bounds of the whole numbers, or under RAW the bits of the least and the greatest value;
and whether these are the bounds of all values (`bounded`), which they are not where there is a NaN, an infinity or -0.0.

    times:   nothing where samples are evenly spaced, else `packed`: how far each is from where even spacing would have it
    values:  `packed`: the whole numbers less `lowest`; under RAW the bits of each XOR those before, of the first XOR `lowest`
    packed:  a byte of form, what it announces, then `width` planes: the lowest byte of each number, then the next of each ...
    form:    width (0 to 8) | 16 if the numbers are differences to the one before | 32 if there are exceptions | 64 if the first
             number is written as an int64 and its difference as 0, where it alone would make the planes more
    exceptions: uint16 count, then their uint16 positions, then their 8 bytes each; little-endian

Numbers are zigzag: 0, -1, 1, -2 are 0, 1, 2, 3; under RAW they are as they are. In planes a general compressor finds what numbers
have in common: after ZSTD a byte costs its entropy, where a varint would spend whole bytes, and no decoder guesses at branches.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.compiled import INTS, UINTS, kernel

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]
UInts = NDArray[np.uint64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Whole = int | np.signedinteger[Any]

HOUR: Final = 3_600_000
LONGEST: Final = 65_535
"""The most samples of a chunk."""
ALWAYS_EVEN: Final = 2
"""With so many samples or fewer there is no step that could differ."""
RAW: Final = 255
"""The scale of a chunk that keeps all bits of its values."""

MOST: Final = 12  # places: with more, a whole number takes as many bytes as the float
POWERS: Final = np.array([float(f"1e{places}") for places in range(MOST + 1)])
EXACT: Final = 2.0**53
NEGATIVE_ZERO: Final = -(2**63)
WIDTH: Final = 15
WIDEST: Final = 8  # bytes of an int64
DIFFERENCES: Final = 16
EXCEPTIONS: Final = 32
FIRST: Final = 64
FIRST_BYTES: Final = 8
HEAD: Final = 3  # bytes of form and of the number of exceptions
EXCEPTION: Final = 10  # bytes of one


def room(samples: int, chunks: int) -> int:
    """The most bytes that the times, or the values, of so many samples in so many chunks take."""
    return (8 + EXCEPTION) * samples + HEAD * chunks


def _cut_numpy(offsets: Ints, times: Ints, starts: Ints) -> int:
    if not len(times):
        return 0
    hour = times // HOUR - (times % HOUR == 0)
    new = np.ones(len(times), np.bool_)
    new[1:] = hour[1:] != hour[:-1]
    new[offsets[:-1][offsets[:-1] < offsets[1:]]] = True
    pieces = np.flatnonzero(new)
    lengths = np.diff(np.append(pieces, len(times)))
    counts = -(-lengths // LONGEST)
    total = int(counts.sum())
    if total <= len(starts):
        nth = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
        starts[:total] = np.repeat(pieces, counts) + nth * LONGEST
    return total


@kernel(f"int64({INTS}, {INTS}, int64[::1])", twin=_cut_numpy)
def cut(offsets: Ints, times: Ints, starts: Ints) -> int:
    """How many chunks the samples of some series make; where each begins goes to `starts`, if it has room for all.

    offsets: int64 (s + 1,), the bounds of the series in `times`, int64 ms, which ascend within a series.
    """
    count = 0
    for series in range(len(offsets) - 1):
        begin, end = offsets[series], offsets[series + 1]
        while begin < end:
            if count < len(starts):
                starts[count] = begin
            count += 1
            hour = times[begin] + -times[begin] % HOUR
            after = min(end, begin + LONGEST)
            if times[after - 1] > hour:
                low = begin + 1
                while low < after:
                    middle = (low + after) // 2
                    if times[middle] <= hour:
                        low = middle + 1
                    else:
                        after = middle
            begin = after
    return count


def _arrange_numpy(places: Ints, firsts: Ints, spans: Ints, seqs: UInts, order: Ints, disordered: Flags) -> None:
    order[:] = np.lexsort((firsts, places))
    place, first = places[order], firsts[order]
    overlaps = (place[1:] == place[:-1]) & (first[1:] <= first[:-1] + spans[order][:-1])
    disordered[place[1:][overlaps]] = True
    if overlaps.any():
        order[:] = np.lexsort((firsts, seqs, np.where(disordered[places], 0, firsts), places))


@kernel(f"void({INTS}, {INTS}, {INTS}, {UINTS}, int64[::1], boolean[::1])", twin=_arrange_numpy)
def arrange(places: Ints, firsts: Ints, spans: Ints, seqs: UInts, order: Ints, disordered: Flags) -> None:
    """The order in which c chunks of s series are to be decoded: by series, then by time.

    places: (c,), whose a chunk is. order: (c,), written. disordered: bool (s,), set where chunks of a series overlap in time: those
    stand in order of seq, so that of equal times the one that stands last counts.
    """
    ends = np.zeros(len(disordered) + 1, np.int64)
    for chunk in range(len(places)):
        ends[places[chunk] + 1] += 1
    for series in range(len(disordered)):
        ends[series + 1] += ends[series]
    begin = 0
    for chunk in range(len(places)):  # ends[i] moves from where series i begins to where it ends
        order[ends[places[chunk]]] = chunk
        ends[places[chunk]] += 1
    for series in range(len(disordered)):
        own = order[begin : ends[series]]
        begin = ends[series]
        ascending = True
        for i in range(1, len(own)):
            ascending = ascending and firsts[own[i]] > firsts[own[i - 1]]
        if not ascending:
            own[:] = own[np.argsort(firsts[own], kind="mergesort")]
        for i in range(1, len(own)):
            if firsts[own[i]] <= firsts[own[i - 1]] + spans[own[i - 1]]:
                disordered[series] = True
        if disordered[series]:
            own[:] = own[np.argsort(seqs[own], kind="mergesort")]
