"""OpenTelemetry's metrics: an ExportMetricsServiceRequest to sample columns.

Source: https://opentelemetry.io/docs/specs/otlp/ (1.x), .../specs/otel/metrics/data-model/, and for what a metric is in PromQL
.../specs/otel/compatibility/prometheus_and_openmetrics/.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire import otlp_layout as layout
from sightline.adapters.wire.otlp_exemplars import exemplars
from sightline.adapters.wire.otlp_histograms import counts_of, explicit, native, quantiles
from sightline.adapters.wire.otlp_series import Metric, Naming, Places, PointSeries
from sightline.adapters.wire.otlp_tables import Tables, tables
from sightline.domain.errors import BadData, BodyTooLarge, InvalidField, InvalidLabel
from sightline.domain.metrics.consecutive import spans
from sightline.domain.metrics.exemplars import NO_EXEMPLARS
from sightline.domain.metrics.left_out import LeftOut
from sightline.domain.metrics.native_histograms import MARK, NO_HISTOGRAMS, Histograms, mark_mask
from sightline.domain.metrics.points import Points
from sightline.domain.metrics.roster import Roster
from sightline.domain.metrics.samples import STALE, Index, Times, Values, WriteBatch

MAX_SAMPLES: Final = 1_000_000
"""Points, and samples that they make, that one request may bring."""

DELTA: Final = 1
CUMULATIVE: Final = 2
"""Temporalities."""

_MS: Final = 1_000_000
_TOLD_EVERY: Final = 150_000
"""Of a resource whose points span more than that, ms, target_info is told so often: half of the time that a query looks back."""
_TOLD_FOR: Final = 24 * _TOLD_EVERY
"""How long before its latest point a resource is told of in one request at most, ms."""
_HAS_TEMPORALITY: Final = frozenset({layout.SUM, layout.HISTOGRAM, layout.EXPONENTIAL})


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """n samples: of which point each is, the number of its series in the roster, and its value; histograms for the marks."""

    points: NDArray[np.int64]
    numbers: Index
    values: Values
    histograms: Histograms


class OtlpMetricsDecoder:
    """Decodes requests, and remembers what their metrics and attributes are called. Thread-safe; scanning releases the GIL.

    Series are distinct in the batch. Explicit histograms and summaries are several series; exponential histograms are native ones.
    A point that says that nothing was recorded is a stale marker.
    """

    def __init__(self, naming: Naming | None = None, *, max_samples: int = MAX_SAMPLES) -> None:
        """Start without knowing any series."""
        self._series = PointSeries(naming or Naming())
        self._lock = Lock()
        self._max_samples = max_samples

    def decode(self, message: bytes, roster: Roster) -> Points:
        """Decode a request that is not compressed; its series are named in the roster.

        Raises:
            MalformedBody: no such message, or text that is not UTF-8; the message says where.
            BodyTooLarge: more points or samples than allowed.
        """
        data, filled = tables(message, self._max_samples)
        with self._lock:
            metrics, resources = self._series.metrics(data, filled)
            points, left_out = _readable(filled, metrics)
            places = self._series.places(data, metrics, filled, points, roster)
            infos = [self._series.info(one, roster) for one in resources]
        if int(places.size.sum()) > self._max_samples:
            said = (
                f"the request makes more than {self._max_samples} samples, which is what intake.request_samples allows"
            )
            raise BodyTooLarge(said, limit="intake.request_samples", allowed=self._max_samples)
        kinds = filled.metrics[layout.KIND][points[layout.OF_METRIC]]
        rows, bad = _rows(data, points, kinds, places)
        times = points[layout.TIME] // _MS
        if bad:
            left_out.append(LeftOut(_no_native(), bad))
        told = _told(filled, points, times, infos)
        return _points(_Told(data, filled, metrics, points, kinds, times, places, rows, roster, told, tuple(left_out)))


@dataclass(frozen=True, slots=True, eq=False)
class _Told:
    """Everything that a request said, on the way to columns. told: the numbers and times of target_info."""

    data: bytes
    filled: Tables
    metrics: Sequence[Metric]
    points: NDArray[np.int64]
    kinds: NDArray[np.int64]
    times: Times
    places: Places
    rows: _Rows
    roster: Roster
    told: tuple[Index, Times]
    left_out: tuple[LeftOut, ...]


def _points(said: _Told) -> Points:
    rows = said.rows
    numbers, times, owners = rows.numbers, said.times[rows.points], rows.points
    deltas = starts = None
    of_metric = said.points[layout.OF_METRIC]
    is_delta = said.filled.metrics[layout.TEMPORALITY] == DELTA
    if is_delta.any():
        is_delta &= np.isin(said.filled.metrics[layout.KIND], list(_HAS_TEMPORALITY))
        deltas = is_delta[of_metric][rows.points]
        starts = (said.points[layout.START] // _MS)[rows.points]
    values, (told, told_at) = rows.values, said.told
    if len(told):
        numbers, times = np.concatenate([numbers, told]), np.concatenate([times, told_at])
        values = np.concatenate([values, np.ones(len(told))])
        owners = np.concatenate([owners, np.full(len(told), -1)])
        if deltas is not None and starts is not None:
            deltas, starts = np.append(deltas, np.zeros(len(told), np.bool_)), np.append(starts, told_at)
    distinct, series = _distinct(numbers)
    return Points(
        said.filled.points.shape[1],
        WriteBatch(said.roster.named(distinct), series, times, values, rows.histograms),
        deltas if deltas is not None and deltas.any() else None,
        starts,
        exemplars(said.data, said.points, said.kinds, said.places, said.roster)
        if said.filled.exemplars
        else NO_EXEMPLARS,
        {one.name: one.description for one in said.metrics if one.name},
        said.left_out,
        owners,
    )


def _readable(filled: Tables, metrics: Sequence[Metric]) -> tuple[NDArray[np.int64], list[LeftOut]]:
    """The points of metrics that can be stored, and why others cannot."""
    table = filled.metrics
    reasons: dict[int, BadData] = {}
    for row, (metric, kind, temporality) in enumerate(
        zip(metrics, table[layout.KIND].tolist(), table[layout.TEMPORALITY].tolist(), strict=True)
    ):
        if not metric.name:
            reasons[row] = InvalidLabel("a metric has no name, or none with a letter or digit in it")
        elif kind in _HAS_TEMPORALITY and temporality not in {DELTA, CUMULATIVE}:
            reasons[row] = InvalidField(
                f"metric {metric.name[:200]}: aggregation_temporality = {temporality} is neither delta (1) nor cumulative (2)"
            )
    if not reasons:
        return filled.points, []
    owners = filled.points[layout.OF_METRIC]
    counts = np.bincount(owners, minlength=len(metrics)).tolist()
    left_out = [LeftOut(error, counts[row]) for row, error in reasons.items() if counts[row]]
    return np.ascontiguousarray(filled.points[:, ~np.isin(owners, list(reasons))]), left_out


def _rows(data: bytes, points: NDArray[np.int64], kinds: NDArray[np.int64], places: Places) -> tuple[_Rows, int]:
    """The samples of points, in their order, and how many points are none because no native histogram can be made of them."""
    count = points.shape[1]
    flags = points[layout.FLAGS]
    if count == 0:
        return _Rows(np.empty(0, np.int64), np.empty(0, np.uint32), np.empty(0), NO_HISTOGRAMS), 0
    is_simple = int(places.size.max()) == 1
    offsets = np.arange(count) if is_simple else np.cumsum(places.size) - places.size
    total = count if is_simple else int(places.size.sum())
    values = _numbers(points, flags)
    present = None
    if not is_simple:
        values, present = _several(data, points, kinds, places, offsets, values, total)
    values[mark_mask(values)] = np.nan  # a number that has the bits of the mark is no histogram
    owners = np.arange(count) if is_simple else np.repeat(np.arange(count), places.size)
    numbers = places.numbers[places.first if is_simple else spans(places.first, places.size)]
    is_stale = flags & layout.NO_VALUE != 0
    if is_stale.any():
        ended = is_stale[owners]
        values[ended] = STALE
        if present is not None:
            present |= ended  # such a point has no counts, and ends all the same what others of its shape began
    bad = 0
    histograms = NO_HISTOGRAMS
    exponential = np.flatnonzero((kinds == layout.EXPONENTIAL) & ~is_stale)
    if len(exponential):
        made = native(data, np.ascontiguousarray(points[:, exponential]))
        histograms = made.histograms
        values[offsets[exponential]] = MARK
        bad = int(made.bad.sum())
        if bad:
            histograms = histograms.take(np.flatnonzero(~made.bad))
            present = np.ones(total, np.bool_) if present is None else present
            present[offsets[exponential[made.bad]]] = False
    if present is None or present.all():
        return _Rows(owners, numbers, values, histograms), bad
    return _Rows(owners[present], numbers[present], values[present], histograms), bad


def _numbers(points: NDArray[np.int64], flags: NDArray[np.int64]) -> Values:
    """What is a number, as such; of other points whatever comes out."""
    bits = points[layout.VALUE]
    values: Values = bits.copy().view(np.float64)
    integers = flags & layout.INTEGER != 0
    if integers.any():
        np.copyto(values, bits, where=integers)  # as numbers, not as bits
    return values


def _several(
    data: bytes,
    points: NDArray[np.int64],
    kinds: NDArray[np.int64],
    places: Places,
    offsets: NDArray[np.int64],
    simple: Values,
    total: int,
) -> tuple[Values, NDArray[np.bool_]]:
    """The values of all samples where some points are several, float64 (total,), and which of them there are, bool (total,)."""
    values, present = np.zeros(total), np.ones(total, np.bool_)
    ones = np.flatnonzero((kinds != layout.HISTOGRAM) & (kinds != layout.SUMMARY))
    values[offsets[ones]] = simple[ones]
    histograms = np.flatnonzero(kinds == layout.HISTOGRAM)
    summaries = np.flatnonzero(kinds == layout.SUMMARY)
    if len(histograms):
        explicit(data, points, histograms, offsets[histograms], values, present)
    if len(summaries):
        quantiles(data, points, summaries, offsets[summaries], values.view(np.int64))
    both = np.concatenate([histograms, summaries])
    last = (offsets + places.size)[both] - 1
    values[last] = np.ascontiguousarray(points[layout.SUMMED][both]).view(np.float64)
    values[last - 1] = counts_of(np.ascontiguousarray(points[layout.VALUE][both]))
    return values, present


def _told(filled: Tables, points: NDArray[np.int64], times: Times, infos: Sequence[int | None]) -> tuple[Index, Times]:
    """The numbers and times of each resource's target_info: its latest point's, and at times before where they span long."""
    if not len(times) or all(info is None for info in infos):
        return np.empty(0, np.uint32), np.empty(0, np.int64)
    scope = filled.metrics[layout.OF_SCOPE][points[layout.OF_METRIC]]
    owners = filled.scopes[layout.OF_RESOURCE][scope]
    first, last = np.full(len(infos), np.iinfo(np.int64).max), np.full(len(infos), np.iinfo(np.int64).min)
    np.minimum.at(first, owners, times)
    np.maximum.at(last, owners, times)
    numbers, at = [], []
    for info, begin, end in zip(infos, first.tolist(), last.tolist(), strict=True):
        if info is None or begin > end:
            continue
        since = max(begin, end - _TOLD_FOR)
        own = [*range(since, end, _TOLD_EVERY), end]
        at += own
        numbers += [info] * len(own)
    return np.array(numbers, np.uint32), np.array(at, np.int64)


def _distinct(numbers: Index) -> tuple[Index, Index]:
    """The distinct ones of the numbers (n,), and which of these each is."""
    ordered = np.sort(numbers)
    if not bool((ordered[1:] == ordered[:-1]).any()):
        return numbers, np.arange(len(numbers), dtype=np.uint32)
    distinct, places = np.unique(numbers, return_inverse=True)
    return distinct, places.astype(np.uint32)


def _no_native() -> BadData:
    return InvalidField(
        "an exponential histogram is coarser than scale -4, or has a bucket beyond 32 bits: no native histogram can be made of it"
    )
