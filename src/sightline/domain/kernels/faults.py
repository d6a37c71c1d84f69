"""What is wrong with native histograms, each looked at once."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.compiled import FLOATS, INTS, kernel, subroutine

Ints = NDArray[np.int64]
Indices = NDArray[np.int32]
Floats = NDArray[np.float64]

SOUND: Final = 0
SCHEMA: Final = 1
COUNT: Final = 2
BUCKET: Final = 3
ORDER: Final = 4
SUM: Final = 5
ZERO_THRESHOLD: Final = 6
BOUNDS: Final = 7
CUSTOM: Final = 8
"""The faults, in the order in which they are looked for within one histogram but for SUM, which comes last."""

CUSTOM_SCHEMA: Final = -53
LEAST_SCHEMA: Final = -4
GREATEST_SCHEMA: Final = 8
_EXACT: Final = 2.0**53  # whole counts up to here add up without rounding

_INDICES: Final = "Array(int32, 1, 'C', True)"


def _falls(owner: NDArray[np.intp], column: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a column does not ascend within its owner, (n,)."""
    found = np.zeros(len(column), np.bool_)
    found[1:] = (owner[1:] == owner[:-1]) & (column[1:] <= column[:-1])
    return found


def _faults_numpy(
    schema: NDArray[np.int8],
    zero_threshold: Floats,
    zero_count: Floats,
    count: Floats,
    offsets: Ints,
    index: Indices,
    counts: Floats,
    negative_offsets: Ints,
    negative_index: Indices,
    negative_counts: Floats,
    custom_offsets: Ints,
    custom: Floats,
    out: NDArray[np.uint8],
) -> None:
    size = len(schema)
    above, below, of_bound = (
        np.repeat(np.arange(size), np.diff(each)) for each in (offsets, negative_offsets, custom_offsets)
    )
    owner, every = np.concatenate([above, below]), np.concatenate([counts, negative_counts])

    def those_of(owners: NDArray[np.intp], are_wrong: NDArray[np.bool_]) -> NDArray[np.bool_]:
        found = np.zeros(size, np.bool_)
        found[owners[are_wrong]] = True
        return found

    is_custom, bounds = schema == CUSTOM_SCHEMA, np.diff(custom_offsets)
    holding = np.bincount(owner, every, size) + zero_count
    odd = those_of(owner, every != np.floor(every)) | (zero_count != np.floor(zero_count)) | (count != np.floor(count))
    has_more = (zero_threshold != 0) | (zero_count != 0) | (np.diff(negative_offsets) > 0)
    checks = (
        (SCHEMA, ~(is_custom | ((schema >= LEAST_SCHEMA) & (schema <= GREATEST_SCHEMA)))),
        (ZERO_THRESHOLD, ~((zero_threshold >= 0) & (zero_threshold < np.inf))),
        (COUNT, ~((count >= 0) & (count < np.inf) & (zero_count >= 0) & (zero_count < np.inf))),
        (BUCKET, those_of(owner, ~((every >= 0) & (every < np.inf)))),
        (ORDER, those_of(above, _falls(above, index)) | those_of(below, _falls(below, negative_index))),
        (CUSTOM, np.where(is_custom, has_more, bounds > 0)),
        (BOUNDS, those_of(of_bound, ~np.isfinite(custom) | _falls(of_bound, custom))),
        (BOUNDS, is_custom & those_of(above, (index < 0) | (index > bounds[above]))),
        (SUM, ~odd & (count < _EXACT) & (holding > count)),
    )
    out[:] = np.select([found for _, found in checks], [fault for fault, _ in checks], SOUND)


@subroutine
def _of_buckets(index: Indices, counts: Floats) -> tuple[int, float, bool]:
    """The fault of some buckets, what they hold together, and whether all of it are whole numbers."""
    together = 0.0
    whole = True
    disordered = False
    for i in range(len(counts)):
        count = counts[i]
        if not (count >= 0 and count < np.inf):
            return BUCKET, 0.0, False
        if i and index[i] <= index[i - 1]:
            disordered = True
        together += count
        whole &= count == np.floor(count)
    return (ORDER if disordered else SOUND), together, whole


@subroutine
def _of_bounds(bounds: Floats, index: Indices) -> int:
    """The fault of custom bounds, or of buckets that lie outside of them."""
    for i in range(len(bounds)):
        if not np.isfinite(bounds[i]) or (i and bounds[i] <= bounds[i - 1]):
            return BOUNDS
    if len(index) and (index[0] < 0 or index[len(index) - 1] > len(bounds)):
        return BOUNDS
    return SOUND


@kernel(
    f"void(Array(int8, 1, 'C', True), {FLOATS}, {FLOATS}, {FLOATS}, {INTS}, {_INDICES}, {FLOATS}, {INTS}, {_INDICES}, {FLOATS},"
    f" {INTS}, {FLOATS}, uint8[::1])",
    twin=_faults_numpy,
)
def faults(
    schema: NDArray[np.int8],
    zero_threshold: Floats,
    zero_count: Floats,
    count: Floats,
    offsets: Ints,
    index: Indices,
    counts: Floats,
    negative_offsets: Ints,
    negative_index: Indices,
    negative_counts: Floats,
    custom_offsets: Ints,
    custom: Floats,
    out: NDArray[np.uint8],
) -> None:
    """The fault of each of h histograms, or SOUND, to out (h,); the columns are those of `Histograms`."""
    for row in range(len(schema)):
        own = schema[row]
        is_custom = own == CUSTOM_SCHEMA
        if not is_custom and (own < LEAST_SCHEMA or own > GREATEST_SCHEMA):
            out[row] = SCHEMA
            continue
        if not (zero_threshold[row] >= 0 and zero_threshold[row] < np.inf):
            out[row] = ZERO_THRESHOLD
            continue
        if not (count[row] >= 0 and count[row] < np.inf and zero_count[row] >= 0 and zero_count[row] < np.inf):
            out[row] = COUNT
            continue
        positive = index[offsets[row] : offsets[row + 1]]
        negative = negative_index[negative_offsets[row] : negative_offsets[row + 1]]
        fault, above, whole = _of_buckets(positive, counts[offsets[row] : offsets[row + 1]])
        other, below, also = _of_buckets(negative, negative_counts[negative_offsets[row] : negative_offsets[row + 1]])
        bounds = custom[custom_offsets[row] : custom_offsets[row + 1]]
        if other == BUCKET or fault == SOUND:
            fault = other
        if fault == SOUND:
            has_zero = zero_threshold[row] != 0 or zero_count[row] != 0
            if has_zero or len(negative) if is_custom else len(bounds):
                fault = CUSTOM
            elif is_custom:
                fault = _of_bounds(bounds, positive)
        if fault == SOUND:
            every = above + below + zero_count[row]
            whole &= also and zero_count[row] == np.floor(zero_count[row]) and count[row] == np.floor(count[row])
            if whole and count[row] < _EXACT and every > count[row]:
                fault = SUM
        out[row] = fault
