"""One pass over a scraped page of protobuf: its families, their metrics, and a row for each sample of these.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/ and io/prometheus/client/metrics.proto. A page is families,
each behind its length:

    MetricFamily { string name = 1; string help = 2; MetricType type = 3; repeated Metric metric = 4; string unit = 5 }
    Metric       { repeated LabelPair label = 1; Gauge gauge = 2; Counter counter = 3; Summary summary = 4; Untyped untyped = 5;
                   int64 timestamp_ms = 6; Histogram histogram = 7 }
    Gauge, Untyped { double value = 1 }          Counter { double value = 1; Exemplar exemplar = 2 }
    Summary      { uint64 sample_count = 1; double sample_sum = 2; repeated Quantile quantile = 3 }
    Quantile     { double quantile = 1; double value = 2 }
    Histogram    { uint64 sample_count = 1; double sample_sum = 2; repeated Bucket bucket = 3; double sample_count_float = 4; ... }
    Bucket       { uint64 cumulative_count = 1; double upper_bound = 2; Exemplar exemplar = 3; double cumulative_count_float = 4 }

Of the native part of a histogram only its place is noted: histogram_scan.py reads it.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire.protobuf import BAD_WIRE_TYPE, FIXED64, LENGTH, VARINT, key, length, skip, varint
from sightline.adapters.wire.remote_write_scan import DONE, FULL, MARK_HIGH, MARK_LOW, word
from sightline.domain.kernels.compiled import kernel, subroutine

# What a row is.
VALUE: Final = 0
COUNT: Final = 1
SUM: Final = 2
BUCKET: Final = 3
QUANTILE: Final = 4
NATIVE: Final = 5

# Columns of a family and of a metric.
NAME: Final = 0
HELP: Final = 2
UNIT: Final = 4
TYPE: Final = 6
FAMILY_COLUMNS: Final = 7
FAMILY: Final = 0
LABELS: Final = 1
TIME: Final = 3
TIMED: Final = 4
METRIC_COLUMNS: Final = 5

# What `found` tells.
FAMILIES: Final = 0
METRICS: Final = 1
ROWS: Final = 2
EXEMPLARS: Final = 3
NATIVES: Final = 4
OFFSET: Final = 5
FOUND: Final = 6

# What scan is asked for, by bits.
WANT_NATIVE: Final = 1
WANT_CLASSIC: Final = 2
"""Classic buckets also of histograms that have native ones."""

_INFINITE: Final = 0x7FF00000
_TWO_TO_64: Final = 18446744073709551616.0


@subroutine
def _unsigned(value: int) -> float:
    """A uint64 that was read as int64."""
    return float(value) if value >= 0 else float(value) + _TWO_TO_64


@subroutine
def _put_words(data: bytes, place: int, words: NDArray[np.uint32], row: int) -> None:
    words[2 * row] = word(data, place)
    words[2 * row + 1] = word(data, place + 4)


@subroutine
def _field(data: bytes, position: int, end: int) -> tuple[int, int, int, int, int]:
    """Read a field whole: number, wire type, its value or the place of its content, the end of its content, the next position.

    The next position is a reason's negative where there is none.
    """
    field, wire, position = key(data, position, end)
    if position < 0:
        return 0, 0, 0, 0, position
    if wire == VARINT:
        value, position = varint(data, position, end)
        return field, wire, value, 0, position
    if wire == LENGTH:
        stop, first = length(data, position, end)
        return field, wire, first, stop, stop if first >= 0 else first
    return field, wire, position, position, skip(data, position, end, wire)


@subroutine
def _wrong(field: int, wire: int, varints: int, doubles: int, lengths: int) -> bool:
    """Whether a field that is known, by the bits of three sets, has another wire type than it may."""
    bit = 1 << field if field < 32 else 0
    return (
        (varints & bit != 0 and wire != VARINT)
        or (doubles & bit != 0 and wire != FIXED64)
        or (lengths & bit != 0 and wire != LENGTH)
    )


def scan_in_python(
    data: bytes,
    wanted: int,
    families: NDArray[np.int64],
    metrics: NDArray[np.int64],
    row_metric: NDArray[np.int64],
    row_kind: NDArray[np.uint8],
    values: NDArray[np.float64],
    value_words: NDArray[np.uint32],
    bound_words: NDArray[np.uint32],
    exemplars: NDArray[np.int64],
    natives: NDArray[np.int64],
    found: NDArray[np.int64],
) -> int:
    """Decode a page into the given outputs; returns DONE, FULL, or a reason of the protobuf module with its offset in `found`.

    families: (7 f,), where name, help and unit begin and end, and the type. metrics: (5 m,), its family, where its label fields
    begin and end, with whatever stands between them, its time in ms and whether it has one. row_metric, row_kind, values: (r,);
    bound_words: (2 r,), the upper bound or the quantile; value_words is the memory of values. exemplars: (3 e,), whose row each
    belongs to and where it begins and ends. natives: (2 h,), where the messages of native histograms begin and end, whose rows
    are the mark.
    """
    end = len(data)
    position = 0
    at = 0
    family = 0
    metric = 0
    rows = 0
    exemplar = 0
    native = 0
    status = DONE
    while position < end and status == DONE:
        at = position
        family_end, position = length(data, position, end)
        if position < 0:
            status = -position
            break
        if FAMILY_COLUMNS * (family + 1) > len(families):
            status = FULL
            break
        slot = FAMILY_COLUMNS * family
        families[slot : slot + FAMILY_COLUMNS] = 0
        while position < family_end and status == DONE:
            at = position
            field, wire, first, stop, position = _field(data, position, family_end)
            if position < 0 or _wrong(field, wire, 1 << 3, 0, 1 << 1 | 1 << 2 | 1 << 4 | 1 << 5):
                status = -position if position < 0 else BAD_WIRE_TYPE
                break
            if field in (1, 2, 5):
                column = NAME if field == 1 else HELP if field == 2 else UNIT
                families[slot + column] = first
                families[slot + column + 1] = stop
            elif field == 3:
                families[slot + TYPE] = first
            if field != 4:
                continue
            if METRIC_COLUMNS * (metric + 1) > len(metrics):
                status = FULL
                break
            own = METRIC_COLUMNS * metric
            metrics[own] = family
            metrics[own + 1 : own + METRIC_COLUMNS] = 0
            inner, metric_end = first, stop
            while inner < metric_end and status == DONE:
                at = inner
                field, wire, first, stop, inner = _field(data, inner, metric_end)
                if inner < 0 or _wrong(field, wire, 1 << 6, 0, 0xBE):
                    status = -inner if inner < 0 else BAD_WIRE_TYPE
                    break
                if field == 1:
                    if metrics[own + LABELS + 1] == 0:
                        metrics[own + LABELS] = at
                    metrics[own + LABELS + 1] = inner
                elif field == 6:
                    metrics[own + TIME] = first
                    metrics[own + TIMED] = int(first != 0)
                if field not in (2, 3, 4, 5, 7):
                    continue
                # The value: rows from here on, of which the first two are count and sum where there are such.
                start = rows
                is_parted = field in (4, 7)
                is_native = False
                first_exemplar = exemplar
                message, message_end = first, stop
                head = 2 if is_parted else 1
                if rows + head + 1 > len(row_kind):
                    status = FULL
                    break
                for step in range(head):
                    row_metric[rows] = metric
                    row_kind[rows] = COUNT + step if is_parted else VALUE
                    values[rows] = 0.0
                    rows += 1
                kind = field
                place = message
                while place < message_end and status == DONE:
                    at = place
                    field, wire, first, stop, place = _field(data, place, message_end)
                    if kind == 7:
                        bad = _wrong(field, wire, 1 << 1 | 1 << 7, 1 << 2 | 1 << 4 | 1 << 6 | 1 << 8, 1 << 3 | 1 << 16)
                    elif kind == 4:
                        bad = _wrong(field, wire, 1 << 1, 1 << 2, 1 << 3)
                    else:
                        bad = _wrong(field, wire, 0, 1 << 1, 1 << 2 if kind == 3 else 0)
                    if place < 0 or bad:
                        status = -place if place < 0 else BAD_WIRE_TYPE
                        break
                    if not is_parted:
                        if field == 1:
                            _put_words(data, first, value_words, start)
                    elif field == 1:
                        values[start] = _unsigned(first)
                    elif field == 2:
                        _put_words(data, first, value_words, start + 1)
                    elif field == 4 and kind == 7:
                        if word(data, first) != 0 or word(data, first + 4) != 0:
                            _put_words(data, first, value_words, start)
                    elif field in (6, 8) and kind == 7:
                        is_native = is_native or word(data, first) != 0 or word(data, first + 4) != 0
                    elif field == 7 and kind == 7:
                        is_native = is_native or first != 0
                    elif field in (9, 12) and kind == 7:
                        is_native = True
                    shows = (field == 2 and kind == 3) or (field == 16 and kind == 7)
                    if shows:
                        if 3 * (exemplar + 1) > len(exemplars):
                            status = FULL
                            break
                        exemplars[3 * exemplar] = start
                        exemplars[3 * exemplar + 1] = first
                        exemplars[3 * exemplar + 2] = stop
                        exemplar += 1
                    if field != 3 or not is_parted:
                        continue
                    # A bucket or a quantile; there is always room for one row more.
                    if rows + 2 > len(row_kind):
                        status = FULL
                        break
                    row_metric[rows] = metric
                    row_kind[rows] = BUCKET if kind == 7 else QUANTILE
                    values[rows] = 0.0
                    bound_words[2 * rows] = 0
                    bound_words[2 * rows + 1] = 0
                    part, part_end = first, stop
                    while part < part_end:
                        at = part
                        field, wire, first, stop, part = _field(data, part, part_end)
                        if kind == 7:
                            bad = _wrong(field, wire, 1 << 1, 1 << 2 | 1 << 4, 1 << 3)
                        else:
                            bad = _wrong(field, wire, 0, 1 << 1 | 1 << 2, 0)
                        if part < 0 or bad:
                            status = -part if part < 0 else BAD_WIRE_TYPE
                            break
                        if kind == 4 and field in (1, 2):
                            if field == 1:
                                _put_words(data, first, bound_words, rows)
                            else:
                                _put_words(data, first, value_words, rows)
                        elif kind == 7 and field == 1:
                            values[rows] = _unsigned(first)
                        elif kind == 7 and field == 2:
                            _put_words(data, first, bound_words, rows)
                        elif kind == 7 and field == 4:
                            if word(data, first) != 0 or word(data, first + 4) != 0:
                                _put_words(data, first, value_words, rows)
                        elif kind == 7 and field == 3:
                            if 3 * (exemplar + 1) > len(exemplars):
                                status = FULL
                                break
                            exemplars[3 * exemplar] = rows
                            exemplars[3 * exemplar + 1] = first
                            exemplars[3 * exemplar + 2] = stop
                            exemplar += 1
                    rows += 1
                if status != DONE or kind != 7:
                    continue
                last = rows - 1
                if last <= start + 1 or bound_words[2 * last + 1] != _INFINITE or bound_words[2 * last] != 0:
                    row_metric[rows] = metric
                    row_kind[rows] = BUCKET
                    values[rows] = values[start]
                    bound_words[2 * rows] = 0
                    bound_words[2 * rows + 1] = _INFINITE
                    rows += 1
                if not is_native or wanted & WANT_NATIVE == 0:
                    continue
                if 2 * (native + 1) > len(natives) or rows + 1 > len(row_kind):
                    status = FULL
                    break
                natives[2 * native] = message
                natives[2 * native + 1] = message_end
                native += 1
                if wanted & WANT_CLASSIC != 0:
                    row_metric[rows] = metric
                    row_kind[rows] = COUNT
                    values[rows] = values[start]
                    rows += 1
                else:
                    rows = start + 1
                    for one in range(first_exemplar, exemplar):
                        exemplars[3 * one] = start
                row_kind[start] = NATIVE
                value_words[2 * start] = MARK_LOW
                value_words[2 * start + 1] = MARK_HIGH
            metric += 1
        family += 1
    found[FAMILIES] = family
    found[METRICS] = metric
    found[ROWS] = rows
    found[EXEMPLARS] = exemplar
    found[NATIVES] = native
    found[OFFSET] = at
    return status


scan = kernel(
    "int64(Bytes(uint8, 1, 'C', readonly=True), int64, int64[::1], int64[::1], int64[::1], uint8[::1], float64[::1],"
    " uint32[::1], uint32[::1], int64[::1], int64[::1], int64[::1])",
    twin=scan_in_python,
)(scan_in_python)
"""`scan_in_python`, or the same as machine code once it is compiled."""
