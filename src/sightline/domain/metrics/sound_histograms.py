"""What of a batch is left out because its native histograms do not agree with themselves, or with its marks."""

import numpy as np
from numpy.typing import NDArray

from sightline.domain.errors import InvalidHistogram
from sightline.domain.metrics.histogram_faults import SAID, Fault, faults
from sightline.domain.metrics.left_out import LeftOut
from sightline.domain.metrics.native_histograms import MARK_BITS, NO_HISTOGRAMS, mark_mask
from sightline.domain.metrics.samples import STALE, WriteBatch, stale_mask


def sound(batch: WriteBatch) -> tuple[WriteBatch, list[LeftOut], NDArray[np.bool_] | None]:
    """The samples that can be stored, one histogram for each mark, what was left out, and which these samples are: None if all.

    A float with the bits of the mark is no sample. A histogram whose sum is the stale marker becomes a stale marker.
    """
    if not len(batch.histograms):
        if not _has_mark(batch):
            return batch, [], None
        return _without_marks(batch)
    rows = np.flatnonzero(mark_mask(batch.values))
    if len(rows) != len(batch.histograms):
        return _without_marks(batch)
    found = faults(batch.histograms)
    if (ended := stale_mask(batch.histograms.sum)).any():
        values = batch.values.copy()
        values[rows[ended]] = STALE
        left = np.flatnonzero(~ended)
        batch = WriteBatch(batch.labels, batch.series, batch.times, values, batch.histograms.take(left))
        rows, found = rows[left], found[left]
    if not found.any():
        return batch, [], None
    left_out = []
    for fault in np.unique(found[found != Fault.NONE]).tolist():
        wrong = rows[found == fault]
        left_out.append(_left_out(batch, wrong, SAID[Fault(fault)]))
    keep = np.ones(len(batch), np.bool_)
    keep[rows[found != Fault.NONE]] = False
    return batch.only(keep), left_out, keep


def _has_mark(batch: WriteBatch) -> bool:
    if len(batch) == 1:  # a tenth of what follows
        return int(batch.values.view(np.uint64)[0]) == MARK_BITS
    return bool(mark_mask(batch.values).any())


def _without_marks(batch: WriteBatch) -> tuple[WriteBatch, list[LeftOut], NDArray[np.bool_]]:
    """Nobody knows which histogram belongs to which mark."""
    marks = mark_mask(batch.values)
    plain = WriteBatch(batch.labels, batch.series, batch.times, batch.values, NO_HISTOGRAMS)
    said = f"its value is the NaN {MARK_BITS:#x}, which stands for a native histogram and comes without one"
    return plain.only(~marks), [_left_out(batch, np.flatnonzero(marks), said)], ~marks


def _left_out(batch: WriteBatch, rows: NDArray[np.intp], said: str) -> LeftOut:
    series, time = str(batch.labels[int(batch.series[rows[0]])]), int(batch.times[rows[0]])
    message = f"series {series}: the native histogram of {time} ms cannot be stored: {said}"
    return LeftOut(InvalidHistogram(message, series=series, time=time), len(rows))
