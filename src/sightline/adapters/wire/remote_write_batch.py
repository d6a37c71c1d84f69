"""What the decoders of both versions of remote write have in common: from the rows of a scan to a batch, and what is left out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire.histogram_fields import (
    NO_FIELDS,
    SAID,
    WRITTEN,
    HistogramFields,
    NoHistogram,
    histogram_fields,
)
from sightline.adapters.wire.remote_write_exemplars import ExemplarFields
from sightline.adapters.wire.remote_write_labels import malformed
from sightline.domain.errors import BadData, BodyTooLarge, InvalidHistogram
from sightline.domain.kernels.spans import ABSENT
from sightline.domain.metrics.exemplars import ExemplarBatch
from sightline.domain.metrics.left_out import NO_ROWS, LeftOut
from sightline.domain.metrics.native_histograms import NO_HISTOGRAMS, mark_mask
from sightline.domain.metrics.roster import Roster
from sightline.domain.metrics.samples import STALE, Index, Times, Values, WriteBatch
from sightline.domain.scrape.scraped import Metadata

LIMIT: Final = "intake.request_samples"

_Scalar = TypeVar("_Scalar", bound=np.generic)


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A request's samples, exemplars and descriptions of metrics, by their names, and what it also held that cannot be stored.

    A native histogram that marks the end of its series is a stale marker among the samples. stale: int64, the rows of these.
    """

    batch: WriteBatch
    exemplars: ExemplarBatch
    metadata: Mapping[str, Metadata]
    left_out: tuple[LeftOut, ...] = ()
    stale: NDArray[np.int64] = field(default_factory=lambda: NO_ROWS)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """n samples as a scan found them. series: uint32 (n,), of which series of the request; times: int64 (n,); values: float64 (n,).

    histogram_row, start, end: int64 (h,), which of the samples are histograms, and where their messages lie.
    """

    series: Index
    times: Times
    values: Values
    histogram_row: NDArray[np.int64]
    histogram_start: NDArray[np.int64]
    histogram_end: NDArray[np.int64]

    def first(self, samples: int, histograms: int) -> "Rows":
        """The rows that were written, for the columns had room for more."""
        return Rows(
            _filled(self.series, samples),
            _filled(self.times, samples),
            _filled(self.values, samples),
            self.histogram_row[:histograms],
            self.histogram_start[:histograms],
            self.histogram_end[:histograms],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """k series of a request. numbers: int64 (k,), in the roster, or ABSENT of those that are left out.

    refused: why those are, by their places. unused: whether some series have no sample.
    """

    roster: Roster
    numbers: NDArray[np.int64]
    refused: Mapping[int, BadData]
    unused: bool


def batch_of(
    data: bytes, rows: Rows, series: Series, max_samples: int
) -> tuple[WriteBatch, tuple[LeftOut, ...], NDArray[np.int64]]:
    """The batch of what can be stored, what is left out, and which rows of the batch are histograms that end their series.

    Raises:
        BodyTooLarge: the histograms have too many buckets.
        MalformedBody: a histogram is no message.
    """
    fields = _histograms(data, rows, max_samples)
    if len(fields.times):
        rows.times[rows.histogram_row] = fields.times
        rows.values[rows.histogram_row[fields.stale]] = STALE
    keep, left_out = _judged(rows, series, fields)
    histograms = fields.histograms
    stays = ~fields.stale if keep is None else ~fields.stale & keep[rows.histogram_row]
    if not stays.all():
        histograms = histograms.take(np.flatnonzero(stays))
    owners, times, values = rows.series, rows.times, rows.values
    stale = rows.histogram_row[fields.stale] if len(fields.times) else NO_ROWS
    if keep is not None:
        owners, times, values = owners[keep], times[keep], values[keep]
        stale = (np.cumsum(keep) - 1)[stale[keep[stale]]]
    distinct, owners = _distinct(owners, series.numbers, is_whole=keep is None and not series.unused)
    batch = WriteBatch(
        series.roster.named(distinct), owners, times, values, histograms if len(histograms) else NO_HISTOGRAMS
    )
    return batch, left_out, stale


def _filled(column: NDArray[_Scalar], count: int) -> NDArray[_Scalar]:
    """The first `count` rows; a copy where most would be room, because the batch outlives the request."""
    return column[:count] if 4 * count >= 3 * len(column) else column[:count].copy()


def exemplars_of(numbers: NDArray[np.int64], found: ExemplarFields, roster: Roster) -> ExemplarBatch:
    """The exemplars of series with these numbers, without those of series that are left out."""
    owners = numbers[found.owners]
    keep = owners != ABSENT
    labels, values, times, unreadable = found.labels, found.values, found.times, found.unreadable
    if not keep.all():
        labels = [text for text, is_kept in zip(labels, keep.tolist(), strict=True) if is_kept]
        owners, values, times = owners[keep], values[keep], times[keep]
        unreadable += len(keep) - len(owners)
    distinct, places = np.unique(owners, return_inverse=True)
    # No time is time 0, and is read as none: so does Prometheus.
    return ExemplarBatch(
        roster.named(distinct.astype(np.uint32)),
        places.astype(np.uint32),
        labels,
        values,
        times,
        times != 0,
        unreadable,
    )


def too_many(allowed: int) -> BodyTooLarge:
    """The error of a request that holds more than it may."""
    return BodyTooLarge(
        f"the request holds more than {allowed} samples, series or exemplars, which is what {LIMIT} allows",
        limit=LIMIT,
        allowed=allowed,
    )


def _histograms(data: bytes, rows: Rows, max_samples: int) -> HistogramFields:
    if not len(rows.histogram_row):
        return NO_FIELDS
    try:
        return histogram_fields(data, rows.histogram_start, rows.histogram_end, WRITTEN, max_samples, LIMIT)
    except NoHistogram as error:
        raise malformed(error.reason, error.offset) from None


def _judged(
    rows: Rows, series: Series, fields: HistogramFields
) -> tuple[NDArray[np.bool_] | None, tuple[LeftOut, ...]]:
    """Which samples can be stored, bool (n,), None for all of them; and why the others cannot."""
    marks = mark_mask(rows.values)
    true_marks = rows.histogram_row[~fields.stale]
    if not series.refused and not fields.faults.any() and np.count_nonzero(marks) == len(true_marks):
        return None, ()
    keep = np.ones(len(rows.times), np.bool_)
    left_out = []
    if series.refused:
        left_out += _refused_series(rows, series)
        keep &= (series.numbers != ABSENT)[rows.series]
    for fault, said in SAID.items():
        faulty = rows.histogram_row[fields.faults == fault]
        faulty = faulty[keep[faulty]]
        if len(faulty):
            left_out.append(_left_out(rows, series, faulty, f"a native histogram cannot be stored: {said}"))
            keep[faulty] = False
    marks[true_marks] = False
    false = np.flatnonzero(marks & keep)
    if len(false):
        said = "no value may be this NaN, which stands for a native histogram"
        left_out.append(_left_out(rows, series, false, said))
        keep[false] = False
    return keep, tuple(left_out)


def _refused_series(rows: Rows, series: Series) -> list[LeftOut]:
    """Each kind of reason once, with the samples of all series that it concerns."""
    counts = np.bincount(rows.series, minlength=len(series.numbers))
    kinds: dict[tuple[str, object], LeftOut] = {}
    for place, error in series.refused.items():
        kind = error.code, error.detail.get("rule")
        known = kinds.get(kind, LeftOut(error, 0))
        samples = int(counts[place])
        kinds[kind] = LeftOut(known.error, known.samples + samples, known.series + (not samples))
    return list(kinds.values())


def _left_out(rows: Rows, series: Series, at: NDArray[np.int64], said: str) -> LeftOut:
    first = int(at[0])
    name = series.roster[int(series.numbers[rows.series[first]])]
    message = f"series {str(name)[:200]} at {int(rows.times[first])} ms: {said}"
    return LeftOut(InvalidHistogram(message), len(at))


def _distinct(owners: Index, numbers: NDArray[np.int64], *, is_whole: bool) -> tuple[Index, Index]:
    """Leave out series without samples and give series of one number one place: their numbers, and the samples' owners."""
    if is_whole:
        ordered = np.sort(numbers)
        if not bool((ordered[1:] == ordered[:-1]).any()):
            return numbers.astype(np.uint32), owners
    used, of_used = np.unique(owners, return_inverse=True)
    distinct, places = np.unique(numbers[used], return_inverse=True)
    return distinct.astype(np.uint32), places[of_used].astype(np.uint32)
