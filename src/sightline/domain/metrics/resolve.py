"""How samples from several writes become one answer: the last write of a timestamp counts, series stand by labels."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sightline.domain.labels import Labels
from sightline.domain.metrics.consecutive import spans
from sightline.domain.metrics.marked import histograms_of
from sightline.domain.metrics.native_histograms import NO_HISTOGRAMS, Histograms
from sightline.domain.metrics.samples import Ids, SeriesColumns, Times, Values

Order = NDArray[np.intp]


def last_writes(ids: Ids, times: Times, seqs: Ids) -> Order:
    """Which rows count, in order of (id, time): of the rows of one id and time the one with the highest seq.

    ids: uint64 (n,), times: int64 (n,) ms, seqs: uint64 (n,), rows in any order. Rows that come sorted by (id, time, seq)
    are not sorted again.
    """
    if _ascending(ids, times, seqs):
        return np.flatnonzero(_last_of_run(ids, times))
    order = np.lexsort((seqs, times, ids))
    return order[_last_of_run(ids[order], times[order])]


def by_labels(
    labels: Mapping[int, Labels], ids: Ids, times: Times, values: Values, histograms: Histograms = NO_HISTOGRAMS
) -> SeriesColumns:
    """Columns in order of labels, from rows in order of (id, time) with each pair once.

    labels: the label set of every id that occurs. Ids without a row do not appear in the answer.
    """
    if not len(ids):
        return SeriesColumns.empty()
    starts = np.flatnonzero(np.concatenate(([True], ids[1:] != ids[:-1])))
    lengths = np.diff(np.append(starts, len(ids)))
    found = ids[starts]
    sets = [labels[one] for one in found.tolist()]
    keys = ["\0".join(map("\0".join, one)) for one in sets]
    rank = sorted(range(len(sets)), key=keys.__getitem__)
    order = np.array(rank, np.intp)
    offsets = np.zeros(len(sets) + 1, np.int64)
    np.cumsum(lengths[order], out=offsets[1:])
    rows = spans(starts[order], lengths[order])
    return SeriesColumns(
        tuple(sets[at] for at in rank),
        found[order],
        offsets,
        times[rows],
        values[rows],
        histograms_of(values, histograms, rows),
    )


def _last_of_run(ids: Ids, times: Times) -> NDArray[np.bool_]:
    last = np.ones(len(ids), np.bool_)
    if len(ids) > 1:
        last[:-1] = (ids[1:] != ids[:-1]) | (times[1:] != times[:-1])
    return last


def _ascending(ids: Ids, times: Times, seqs: Ids) -> bool:
    """Whether rows stand in order of (id, time, seq)."""
    later = seqs[1:] >= seqs[:-1]
    later = (times[1:] > times[:-1]) | ((times[1:] == times[:-1]) & later)
    return bool(np.all((ids[1:] > ids[:-1]) | ((ids[1:] == ids[:-1]) & later)))
