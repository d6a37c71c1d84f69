"""Columns of two sources, such as the tail in memory over the store, read as one."""

import numpy as np
from numpy.typing import NDArray

from sightline.domain.kernels.merge import merge as merge_samples
from sightline.domain.metrics.marked import numbered, restored
from sightline.domain.metrics.samples import Ids, SeriesColumns


def merge(older: SeriesColumns, newer: SeriesColumns) -> SeriesColumns:
    """All series of both, in ascending order of labels; of two samples of one series and time the newer one stays.

    Both have their series in ascending order of labels, as the series port returns them. Stale markers keep their bits. The result
    may share arrays with an argument when the other is empty.
    """
    if not len(newer):
        return older
    if not len(older):
        return newer
    if len(older) == len(newer) and np.array_equal(older.ids, newer.ids):
        labels, ids = older.labels, older.ids
        older_rows = newer_rows = np.arange(len(older), dtype=np.int64)
    else:
        # An id stands for its label set, and ids compare faster; sorting two ascending runs takes one pass.
        known = set(older.ids.tolist())
        id_of = dict(zip(older.labels, older.ids.tolist(), strict=True))
        fresh = [
            (one, number) for one, number in zip(newer.labels, newer.ids.tolist(), strict=True) if number not in known
        ]
        id_of.update(fresh)
        labels = tuple(sorted((*older.labels, *(one for one, _ in fresh))))
        ids = np.array([id_of[one] for one in labels], np.uint64)
        older_rows, newer_rows = _rows(ids, older), _rows(ids, newer)
    offsets = np.zeros(len(labels) + 1, np.int64)
    times = np.empty(older.samples + newer.samples, np.int64)
    values = np.empty(len(times), np.float64)
    histograms = [older.histograms, newer.histograms]
    own = [older.values, newer.values]
    moved = numbered([older.samples, newer.samples]) if any(map(len, histograms)) else own
    merge_samples(
        older_rows,
        older.offsets,
        older.times,
        moved[0],
        newer_rows,
        newer.offsets,
        newer.times,
        moved[1],
        offsets,
        times,
        values,
    )
    times, values = times[: offsets[-1]], values[: offsets[-1]]
    if moved is own:
        return SeriesColumns(labels, ids, offsets, times, values)
    return SeriesColumns(labels, ids, offsets, times, *restored(values, own, histograms))


def _rows(ids: Ids, columns: SeriesColumns) -> NDArray[np.int64]:
    """For each id the series of `columns` that has it, or -1."""
    position = {number: row for row, number in enumerate(columns.ids.tolist())}
    return np.array([position.get(number, -1) for number in ids.tolist()], np.int64)
