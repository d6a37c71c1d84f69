"""Samples in the order in which they came, found by series: each piece of a series points back to the piece before it.

A piece is a stretch of neighbouring samples of one series. Pieces and samples are numbered from the first one ever, and stand in
columns from `first_piece` and `first_sample` on; a piece ends where the next one starts, so that `starts` has one row more than
there are pieces.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.compiled import FLOATS, INTS, kernel

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_INDEX: Final = "Array(uint32, 1, 'C', True)"


def _link_numpy(
    rows: Ints,
    index: NDArray[np.uint32],
    piece: int,
    sample: int,
    first_piece: int,
    heads: Ints,
    previous: Ints,
    starts: Ints,
) -> int:
    bounds = np.flatnonzero(np.concatenate(([True], index[1:] != index[:-1])))
    at = piece - first_piece
    starts[at : at + len(bounds)] = sample + bounds
    starts[at + len(bounds)] = sample + len(index)
    owners = rows[index[bounds]]
    order = np.argsort(owners, kind="stable")
    own = owners[order]
    follows = np.append(False, own[1:] == own[:-1])[: len(own)]
    before = np.where(follows, piece + np.roll(order, 1), heads[own] if len(heads) else -1)
    previous[at + order] = np.where(own >= 0, before, -1)
    is_last = np.append(~follows[1:], True)[: len(own)] & (own >= 0)
    heads[own[is_last]] = piece + order[is_last]
    return piece + len(bounds)


@kernel(
    f"int64({INTS}, {_INDEX}, int64, int64, int64, int64[::1], int64[::1], int64[::1])",
    twin=_link_numpy,
)
def link(
    rows: Ints,
    index: NDArray[np.uint32],
    piece: int,
    sample: int,
    first_piece: int,
    heads: Ints,
    previous: Ints,
    starts: Ints,
) -> int:
    """Cut n > 0 new samples into pieces and hang each behind the last piece of its series.

    rows (k,): which row of `heads` a series has, -1 for one that is not to be found. index (n,): which series a sample is of.
    piece, sample: the numbers that the first new ones get. heads: the last piece of each row, written. previous, starts:
    columns of pieces, written from `piece` on. Returns the number of the next piece.
    """
    at = piece - first_piece
    owner = np.int64(-1)
    for offset in range(len(index)):
        series = np.int64(index[offset])
        if series == owner:
            continue
        owner = series
        row = rows[series]
        previous[at] = -1
        if row >= 0:
            previous[at] = heads[row]
            heads[row] = first_piece + at
        starts[at] = sample + offset
        at += 1
    starts[at] = sample + len(index)
    return first_piece + at


def _pieces(head: int, first_piece: int, first_sample: int, previous: Ints, starts: Ints) -> list[slice]:
    """The samples of a chain, oldest piece first."""
    found = []
    while head >= first_piece:
        at = head - first_piece
        found.append(slice(int(starts[at]) - first_sample, int(starts[at + 1]) - first_sample))
        head = int(previous[at])
    return found[::-1]


def _weigh_numpy(
    heads: Ints,
    first_piece: int,
    first_sample: int,
    previous: Ints,
    starts: Ints,
    times: Ints,
    first: int,
    last: int,
    counts: Ints,
) -> None:
    for series, head in enumerate(heads.tolist()):
        for piece in _pieces(head, first_piece, first_sample, previous, starts):
            counts[series] += np.count_nonzero((times[piece] >= first) & (times[piece] <= last))


@kernel(
    f"void({INTS}, int64, int64, {INTS}, {INTS}, {INTS}, int64, int64, int64[::1])",
    twin=_weigh_numpy,
)
def weigh(
    heads: Ints,
    first_piece: int,
    first_sample: int,
    previous: Ints,
    starts: Ints,
    times: Ints,
    first: int,
    last: int,
    counts: Ints,
) -> None:
    """Add to counts (s,) how many samples of each chain lie in [first, last], ms; heads (s,) are the chains' last pieces."""
    for series in range(len(heads)):
        head = heads[series]
        count = 0
        while head >= first_piece:
            at = head - first_piece
            for sample in range(starts[at] - first_sample, starts[at + 1] - first_sample):
                if first <= times[sample] <= last:
                    count += 1
            head = previous[at]
        counts[series] += count


def _collect_numpy(
    heads: Ints,
    first_piece: int,
    first_sample: int,
    previous: Ints,
    starts: Ints,
    times: Ints,
    values: Floats,
    first: int,
    last: int,
    offsets: Ints,
    out_times: Ints,
    out_values: Floats,
    disordered: Flags,
) -> None:
    for series, head in enumerate(heads.tolist()):
        own = range(offsets[series], offsets[series + 1])
        if not own:
            continue
        pieces = _pieces(head, first_piece, first_sample, previous, starts)
        time = np.concatenate([times[piece] for piece in pieces])
        keep = (time >= first) & (time <= last)
        out_times[own.start : own.stop] = time[keep]
        out_values[own.start : own.stop] = np.concatenate([values[piece] for piece in pieces])[keep]
        disordered[series] = bool((np.diff(time[keep]) <= 0).any())


@kernel(
    f"void({INTS}, int64, int64, {INTS}, {INTS}, {INTS}, {FLOATS}, int64, int64, {INTS}, int64[::1], float64[::1],"
    " boolean[::1])",
    twin=_collect_numpy,
)
def collect(
    heads: Ints,
    first_piece: int,
    first_sample: int,
    previous: Ints,
    starts: Ints,
    times: Ints,
    values: Floats,
    first: int,
    last: int,
    offsets: Ints,
    out_times: Ints,
    out_values: Floats,
    disordered: Flags,
) -> None:
    """Copy what lies in [first, last], ms, of each chain in the order in which it came, the chain of series i to offsets[i].

    offsets (s + 1,): room as `weigh` counted it. disordered (s,): marked where times do not ascend strictly.
    """
    for series in range(len(heads)):
        head = heads[series]
        at_first = offsets[series]
        cursor = offsets[series + 1]
        while cursor > at_first:
            at = head - first_piece
            sample = starts[at + 1] - first_sample
            while sample > starts[at] - first_sample:
                sample -= 1
                time = times[sample]
                if first <= time <= last:
                    if cursor < offsets[series + 1] and time >= out_times[cursor]:
                        disordered[series] = True
                    cursor -= 1
                    out_times[cursor] = time
                    out_values[cursor] = values[sample]
            head = previous[at]
