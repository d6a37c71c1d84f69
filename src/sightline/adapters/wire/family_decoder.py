"""Scraped pages of protobuf to samples: classic and native histograms, exemplars and metadata.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/ and io/prometheus/client/metrics.proto; series are named as
Prometheus names those of the text formats.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire import family_scan as layout
from sightline.adapters.wire.exposition_decoder import MAX_CACHED_BYTES, MAX_SAMPLES, distinct, first_of_each
from sightline.adapters.wire.family_scan import scan
from sightline.adapters.wire.histogram_fields import SAID, SCRAPED, NoHistogram, histogram_fields
from sightline.adapters.wire.protobuf import REASONS, key, length, skip, varint
from sightline.adapters.wire.recent import Recent
from sightline.adapters.wire.remote_write_exemplars import label_set_text
from sightline.adapters.wire.remote_write_labels import label
from sightline.adapters.wire.remote_write_scan import DONE, FULL
from sightline.domain.errors import BodyTooLarge, InvalidHistogram, MalformedBody
from sightline.domain.labels import METRIC_NAME, Labels
from sightline.domain.metrics.exemplars import NO_EXEMPLARS, ExemplarBatch
from sightline.domain.metrics.left_out import LeftOut
from sightline.domain.metrics.native_histograms import NO_HISTOGRAMS, Histograms, ResetHint, mark_mask
from sightline.domain.scrape.scraped import NO_TIME, Metadata, Scraped

_LIMIT: Final = "intake.request_samples"
_TYPES: Final = ("counter", "gauge", "summary", "unknown", "histogram", "gaugehistogram")
_GAUGE_HISTOGRAM: Final = 5
_SUFFIXES: Final = {
    layout.VALUE: "",
    layout.COUNT: "_count",
    layout.SUM: "_sum",
    layout.BUCKET: "_bucket",
    layout.QUANTILE: "",
    layout.NATIVE: "",
}
_BOUNDS: Final = {layout.BUCKET: "le", layout.QUANTILE: "quantile"}
# Bytes of a page for each of what it consists of, as clients write them; a page of other shape is scanned a second time.
_FAMILY_BYTES: Final = 32
_METRIC_BYTES: Final = 12
_ROW_BYTES: Final = 8
_EXEMPLAR_BYTES: Final = 32
_SLACK: Final = 8
_ENTRY_BYTES: Final = 400  # of a series that is remembered, beside its key
_LEAST_EXPONENT: Final = -4
_GREATEST_EXPONENT: Final = 6


@dataclass(frozen=True, slots=True, eq=False)
class _Page:
    """A scanned page: the filled parts of the outputs of `scan`, a row for each family, metric, exemplar and native histogram."""

    data: bytes
    families: NDArray[np.int64]
    metrics: NDArray[np.int64]
    row_metric: NDArray[np.int64]
    row_kind: NDArray[np.uint8]
    values: NDArray[np.float64]
    bounds: NDArray[np.float64]
    exemplars: NDArray[np.int64]
    natives: NDArray[np.int64]

    def text(self, family: Sequence[int], column: int) -> str:
        """Name, help or unit of a family."""
        try:
            return self.data[family[column] : family[column + 1]].decode()
        except UnicodeDecodeError:
            raise _malformed(f"a text is not UTF-8, at byte {family[column]}") from None


class MetricFamilyDecoder:
    """Decodes pages and remembers their label sets, within about `max_cached_bytes`. One for all targets. Thread-safe."""

    def __init__(self, *, max_samples: int = MAX_SAMPLES, max_cached_bytes: int = MAX_CACHED_BYTES) -> None:
        self._max_samples = max_samples
        self._half = max_cached_bytes // 2
        self._lock = Lock()
        self._series: Recent[bytes, Labels] = Recent()

    def decode(self, body: bytes, *, native: bool, classic: bool, last: Scraped | None = None) -> Scraped:
        """The samples of a body, all or none, except for native histograms that do not agree with themselves.

        native: histograms that have native buckets are told as such. classic: and with their classic buckets beside that.
        last: what the same target said before; when the series are the same in the same order, so is the tuple `labels`.
        Of samples of one series at one time the first counts; `duplicates` says how many others there were.

        Raises:
            MalformedBody: not a page of protobuf, a series without name or with a label twice.
            BodyTooLarge: more samples, or buckets, than allowed.
        """
        page = _scanned(body, self._max_samples, layout.WANT_NATIVE * native | layout.WANT_CLASSIC * classic)
        families = page.families.tolist()
        names = [page.text(family, layout.NAME) for family in families]
        histograms, left_out = NO_HISTOGRAMS, tuple[LeftOut, ...]()
        if len(page.natives):
            page, histograms, left_out = _sound(page, names, self._max_samples)
        found = self._named(page, names)
        labels, series = distinct(found, by_identity=False)
        if last is not None and labels == last.labels:
            labels = last.labels
        own = page.metrics[page.row_metric]
        times = np.where(own[:, layout.TIMED] != 0, own[:, layout.TIME], NO_TIME)
        metadata = {name: _described(page, family) for name, family in zip(names, families, strict=True)}
        told = last.metadata if last is not None and metadata == last.metadata else metadata
        scraped = Scraped(
            labels,
            series,
            times,
            page.values,
            told,
            exemplars=_exemplars(page, labels, series, times) if len(page.exemplars) else NO_EXEMPLARS,
            histograms=histograms,
            left_out=left_out,
        )
        return scraped if len(labels) == len(series) else _without_duplicates(scraped)

    def _named(self, page: _Page, names: Sequence[str]) -> list[Labels]:
        """The label set of each row; the same object for what an earlier page had."""
        stretches = [(family, page.data[start:end]) for family, start, end in page.metrics[:, : layout.TIME].tolist()]
        heads = [name.encode() for name in names]
        bits = page.bounds.tobytes()
        found = []
        with self._lock:
            if self._series.weight > self._half:
                self._series.turn()
            rows = zip(page.row_metric.tolist(), page.row_kind.tolist(), page.bounds.tolist(), strict=True)
            for row, (metric, kind, bound) in enumerate(rows):
                family, stretch = stretches[metric]
                has_bound = kind in _BOUNDS
                text = b"\xff".join((heads[family], stretch, bits[8 * row : 8 * row + 8] if has_bound else b""))
                text += _SUFFIXES[kind].encode()
                cost = len(text) + _ENTRY_BYTES
                labels = self._series.find(text, cost)
                if labels is None:
                    pairs = [(METRIC_NAME, names[family] + _SUFFIXES[kind])]
                    pairs += [(_BOUNDS[kind], bound_text(bound))] if has_bound else []
                    labels = _label_set(pairs + _pairs(stretch), names[family])
                    self._series.put(text, labels, cost)
                found.append(labels)
        return found


def _scanned(data: bytes, max_samples: int, wanted: int) -> _Page:
    most = max_samples + _SLACK
    guesses = [len(data) // each + _SLACK for each in (_FAMILY_BYTES, _METRIC_BYTES, _ROW_BYTES, _EXEMPLAR_BYTES)]
    page = _tried(data, wanted, [min(one, most) for one in guesses])
    if page is None:
        page = _tried(data, wanted, 4 * [min(len(data) + _SLACK, most)])
    if page is None or len(page.values) > max_samples:
        raise BodyTooLarge(
            f"the body holds more than {max_samples} samples; {_LIMIT} says how many samples one may bring",
            limit=_LIMIT,
            allowed=max_samples,
        )
    return page


def _tried(data: bytes, wanted: int, room: Sequence[int]) -> _Page | None:
    """The page, with room for so many families, metrics, rows and exemplars; None where it takes more."""
    families, metrics, rows, exemplars = room
    family, metric = (
        np.empty(layout.FAMILY_COLUMNS * families, np.int64),
        np.empty(layout.METRIC_COLUMNS * metrics, np.int64),
    )
    row_metric, row_kind = np.empty(rows, np.int64), np.empty(rows, np.uint8)
    values, bounds = np.zeros(rows, np.float64), np.zeros(rows, np.float64)
    exemplar, native = np.empty(3 * exemplars, np.int64), np.empty(2 * metrics, np.int64)
    found = np.zeros(layout.FOUND, np.int64)
    words = values.view(np.uint32), bounds.view(np.uint32)
    status = scan(data, wanted, family, metric, row_metric, row_kind, values, *words, exemplar, native, found)
    if status == FULL:
        return None
    if status != DONE:
        raise _malformed(f"{REASONS[status]}, at byte {int(found[layout.OFFSET])}")
    f, m, r = (int(found[at]) for at in (layout.FAMILIES, layout.METRICS, layout.ROWS))
    e, h = int(found[layout.EXEMPLARS]), int(found[layout.NATIVES])
    kinds, values = row_kind[:r].copy(), values[:r].copy()
    values[mark_mask(values) & (kinds != layout.NATIVE)] = (
        np.nan
    )  # a number that has the bits of the mark is no histogram
    return _Page(
        data,
        family[: layout.FAMILY_COLUMNS * f].reshape(f, layout.FAMILY_COLUMNS),
        metric[: layout.METRIC_COLUMNS * m].reshape(m, layout.METRIC_COLUMNS),
        row_metric[:r].copy(),
        kinds,
        values,
        bounds[:r].copy(),
        exemplar[: 3 * e].reshape(e, 3),
        native[: 2 * h].reshape(h, 2),
    )


def _malformed(said: str) -> MalformedBody:
    return MalformedBody(f"the body is no page of protobuf: {said}")


def _described(page: _Page, family: Sequence[int]) -> Metadata:
    kind = family[layout.TYPE]
    name = _TYPES[kind] if 0 <= kind < len(_TYPES) else "unknown"
    return Metadata(name, page.text(family, layout.HELP), page.text(family, layout.UNIT))


def _pairs(stretch: bytes) -> list[tuple[str, str]]:
    """The labels of a metric, whose fields the stretch holds with whatever stands between them."""
    found, position, end = [], 0, len(stretch)
    while position < end:
        number, wire, position = key(stretch, position, end)
        if number != 1:
            position = skip(stretch, position, end, wire)
            continue
        after, position = length(stretch, position, end)
        try:
            name, value = label(stretch, position, after)
            found.append((name.decode(), value.decode()))
        except UnicodeDecodeError:
            raise _malformed(f"the label {stretch[position:after][:80]!r} is not UTF-8") from None
        except MalformedBody:
            raise _malformed(f"the label {stretch[position:after][:80]!r} is damaged") from None
        position = after
    return found


def _label_set(pairs: Sequence[tuple[str, str]], family: str) -> Labels:
    names = [name for name, _ in pairs]
    if not family or "" in names or len(set(names)) != len(names):
        said = "has no name" if not family else "has a label name that is empty or given twice"
        raise _malformed(f"family {family[:100]!r} {said}")
    return Labels.of(pairs)


def bound_text(bound: float) -> str:
    """An upper bound or quantile as the label of a series has it: as OpenMetrics writes numbers, 1.0, 0.005, 1e+06."""
    if not math.isfinite(bound):
        return "NaN" if math.isnan(bound) else "+Inf" if bound > 0 else "-Inf"
    shortest = f"{bound!r}"
    digits, exponent = _decimal(shortest.lstrip("-"))
    sign = "-" if shortest.startswith("-") else ""
    if digits and not _LEAST_EXPONENT <= exponent < _GREATEST_EXPONENT:
        mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
        return f"{sign}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    if not digits:
        return f"{sign}0.0"
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    whole = digits[: exponent + 1].ljust(exponent + 1, "0")
    return f"{sign}{whole}.{digits[exponent + 1 :] or '0'}"


def _decimal(text: str) -> tuple[str, int]:
    """The digits of a number that Python wrote, without zeros at the ends, and the exponent of the first."""
    mantissa, _, power = text.partition("e")
    whole, _, part = mantissa.partition(".")
    digits = whole + part
    leading = len(digits) - len(digits.lstrip("0"))
    return digits.strip("0"), len(whole) - 1 - leading + int(power or 0)


def _sound(page: _Page, names: Sequence[str], max_samples: int) -> tuple[_Page, Histograms, tuple[LeftOut, ...]]:
    """The page without the native histograms that cannot be stored, those that can, and why the others cannot."""
    starts, ends = page.natives[:, 0].copy(), page.natives[:, 1].copy()
    try:
        fields = histogram_fields(page.data, starts, ends, SCRAPED, max_samples, _LIMIT)
    except NoHistogram as error:
        raise _malformed(f"{REASONS[error.reason]}, at byte {error.offset}") from None
    rows = np.flatnonzero(page.row_kind == layout.NATIVE)
    families = page.metrics[page.row_metric[rows], layout.FAMILY]
    gauges = page.families[families, layout.TYPE] == _GAUGE_HISTOGRAM
    histograms = replace(fields.histograms, reset=np.where(gauges, np.uint8(ResetHint.GAUGE), fields.histograms.reset))
    if not fields.faults.any():
        return page, histograms, ()
    left_out = []
    for fault, said in SAID.items():
        if len(faulty := rows[fields.faults == fault]):
            family, start, end = page.metrics[page.row_metric[faulty[0]], : layout.TIME].tolist()
            series = _label_set([(METRIC_NAME, names[family]), *_pairs(page.data[start:end])], names[family])
            message = f"series {str(series)[:200]}: a native histogram cannot be stored: {said}"
            left_out.append(LeftOut(InvalidHistogram(message), len(faulty)))
    keep = np.ones(len(page.values), np.bool_)
    keep[rows[fields.faults != 0]] = False
    return _only(page, keep), histograms.take(np.flatnonzero(fields.faults == 0)), tuple(left_out)


def _only(page: _Page, keep: NDArray[np.bool_]) -> _Page:
    """The page with some of its rows, and the exemplars of these."""
    exemplars = page.exemplars[keep[page.exemplars[:, 0]]]
    exemplars[:, 0] = (np.cumsum(keep) - 1)[exemplars[:, 0]]
    return replace(
        page,
        row_metric=page.row_metric[keep],
        row_kind=page.row_kind[keep],
        values=page.values[keep],
        bounds=page.bounds[keep],
        exemplars=exemplars,
    )


def _exemplars(
    page: _Page, labels: tuple[Labels, ...], series: NDArray[np.uint32], times: NDArray[np.int64]
) -> ExemplarBatch:
    read = [(row, *_exemplar(page.data, start, end)) for row, start, end in page.exemplars.tolist()]
    kept = [(row, text, value, time) for row, text, value, time in read if text is not None]
    rows = np.array([row for row, _, _, _ in kept], np.intp)
    own = np.array([time for _, _, _, time in kept], np.int64)
    return ExemplarBatch(
        labels,
        series[rows],
        [text for _, text, _, _ in kept],
        np.array([value for _, _, value, _ in kept], np.float64),
        np.where(own == NO_TIME, times[rows], own),
        own != NO_TIME,
        len(read) - len(kept),
    )


def _exemplar(data: bytes, position: int, end: int) -> tuple[bytes | None, float, int]:
    """Canonical labels, None where they are none, value and time in ms of an Exemplar message."""
    start, value, time = position, 0.0, NO_TIME
    while position < end:
        at = position
        number, wire, position = key(data, position, end)
        place = position
        position = skip(data, position, end, wire) if position >= 0 else position
        if position < 0 or wire != {1: 2, 2: 1, 3: 2}.get(number, wire):
            raise _malformed(f"an exemplar is damaged, at byte {at}")
        if number == 2:
            value = float(np.frombuffer(data, np.float64, 1, place)[0])
        elif number == 3:
            _, inner = length(data, place, end)
            time = _milliseconds(data, inner, position)
    try:
        return label_set_text(data, start, end), value, time
    except MalformedBody:
        raise _malformed(f"the labels of an exemplar are damaged, at byte {start}") from None


def _milliseconds(data: bytes, position: int, end: int) -> int:
    """A Timestamp { int64 seconds = 1; int32 nanos = 2 }."""
    parts = {1: 0, 2: 0}
    while position < end:
        at = position
        number, wire, position = key(data, position, end)
        if position >= 0 and number in parts and wire == 0:
            parts[number], position = varint(data, position, end)
        elif position >= 0:
            position = skip(data, position, end, wire)
        if position < 0:
            raise _malformed(f"a time is damaged, at byte {at}")
    return min(max(parts[1] * 1000 + parts[2] // 1_000_000, -(2**62)), 2**62)


def _without_duplicates(scraped: Scraped) -> Scraped:
    first = first_of_each(scraped.series, scraped.times)
    keep = np.zeros(len(scraped.series), np.bool_)
    keep[first] = True
    histograms = scraped.histograms
    if len(histograms):
        histograms = histograms.take(np.flatnonzero(keep[mark_mask(scraped.values)]))
    return replace(
        scraped,
        series=scraped.series[keep],
        times=scraped.times[keep],
        values=scraped.values[keep],
        duplicates=len(keep) - len(first),
        histograms=histograms,
    )
