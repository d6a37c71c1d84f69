"""Two sets of sample columns merged into one, sample by sample in order of time."""

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.compiled import FLOATS, INTS, kernel

Offsets = NDArray[np.int64]
Rows = NDArray[np.int64]
Times = NDArray[np.int64]
Values = NDArray[np.float64]


def _merge_numpy(
    older_rows: Rows,
    older_offsets: Offsets,
    older_times: Times,
    older_values: Values,
    newer_rows: Rows,
    newer_offsets: Offsets,
    newer_times: Times,
    newer_values: Values,
    offsets: Offsets,
    times: Times,
    values: Values,
) -> None:
    inverse = [_inverse(rows, source) for rows, source in ((older_rows, older_offsets), (newer_rows, newer_offsets))]
    row = np.concatenate(
        [
            np.repeat(found, np.diff(source))
            for found, source in zip(inverse, (older_offsets, newer_offsets), strict=True)
        ]
    )
    time = np.concatenate((older_times, newer_times))
    value = np.concatenate((older_values, newer_values))
    order = np.lexsort((time, row))  # stable: of equal times the newer stands last
    row, time = row[order], time[order]
    kept = np.ones(len(order), np.bool_)
    if len(order) > 1:
        kept[:-1] = (row[1:] != row[:-1]) | (time[1:] != time[:-1])
    offsets[0] = 0
    np.cumsum(np.bincount(row[kept], minlength=len(offsets) - 1), out=offsets[1:])
    times[: offsets[-1]] = time[kept]
    values[: offsets[-1]] = value[order][kept]


def _inverse(rows: Rows, offsets: Offsets) -> Rows:
    """Of every input series the output series."""
    inverse = np.zeros(len(offsets) - 1, np.int64)
    used = rows >= 0
    inverse[rows[used]] = np.flatnonzero(used)
    return inverse


@kernel(
    f"void({INTS}, {INTS}, {INTS}, {FLOATS}, {INTS}, {INTS}, {INTS}, {FLOATS}, int64[::1], int64[::1], float64[::1])",
    twin=_merge_numpy,
)
def merge(
    older_rows: Rows,
    older_offsets: Offsets,
    older_times: Times,
    older_values: Values,
    newer_rows: Rows,
    newer_offsets: Offsets,
    newer_times: Times,
    newer_values: Values,
    offsets: Offsets,
    times: Times,
    values: Values,
) -> None:
    """Merge columns of r output series; of two samples of one time the newer one stays.

    older_rows, newer_rows: int64 (r,), the input series that an output series takes from, -1 for none; each is taken once.
    offsets: int64 (r + 1,); times, values: as long as both inputs together; filled up to offsets[r].
    """
    written = 0
    offsets[0] = 0
    for r in range(len(older_rows)):
        i, i_end, j, j_end = 0, 0, 0, 0
        if older_rows[r] >= 0:
            i, i_end = older_offsets[older_rows[r]], older_offsets[older_rows[r] + 1]
        if newer_rows[r] >= 0:
            j, j_end = newer_offsets[newer_rows[r]], newer_offsets[newer_rows[r] + 1]
        while i < i_end or j < j_end:
            if j >= j_end or (i < i_end and older_times[i] < newer_times[j]):
                times[written] = older_times[i]
                values[written] = older_values[i]
                i += 1
            else:
                if i < i_end and older_times[i] == newer_times[j]:
                    i += 1
                times[written] = newer_times[j]
                values[written] = newer_values[j]
                j += 1
            written += 1
        offsets[r + 1] = written
