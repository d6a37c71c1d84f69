"""The newest sample of each series."""

from dataclasses import dataclass

import numpy as np

from sightline.domain.labels import Labels
from sightline.domain.metrics.native_histograms import mark_mask
from sightline.domain.metrics.samples import SeriesColumns, Times, Values, stale_mask


@dataclass(frozen=True, slots=True, eq=False)
class Newest:
    """One sample of each of s series. labels: s label sets. times: int64 (s,), ms. values: float64 (s,)."""

    labels: tuple[Labels, ...]
    times: Times
    values: Values

    def __len__(self) -> int:
        """How many series."""
        return len(self.labels)


def newest(columns: SeriesColumns) -> Newest:
    """The last sample of each series that has not ended, in order of metric names, and within one as they stand in `columns`.

    A series whose last sample is a stale marker is left out, as is one without a name, and one whose last sample is a native
    histogram, which the text formats cannot say.
    """
    last = columns.offsets[1:] - 1
    values = columns.values[last]
    alive = np.flatnonzero(~(stale_mask(values) | mark_mask(values))).tolist()
    names = {row: columns.labels[row].name for row in alive}
    rows = np.array(sorted(filter(names.__getitem__, alive), key=names.__getitem__), np.intp)
    labels = tuple([columns.labels[row] for row in rows.tolist()])
    return Newest(labels, columns.times[last[rows]], columns.values[last[rows]])
