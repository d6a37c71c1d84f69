"""The exemplars of OpenTelemetry's points; requests without any do not pay for it.

Source: https://github.com/open-telemetry/opentelemetry-proto, metrics/v1/metrics.proto:

    Exemplar { fixed64 time_unix_nano = 2; double as_double = 3; bytes span_id = 4; bytes trace_id = 5; sfixed64 as_int = 6;
               repeated KeyValue filtered_attributes = 7 }
"""

import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire import otlp_layout as layout
from sightline.adapters.wire.otlp_attributes import Attributes, expect, fields, labels
from sightline.adapters.wire.otlp_series import Places
from sightline.adapters.wire.protobuf import FIXED64, LENGTH
from sightline.domain.labels import Labels
from sightline.domain.metrics.exemplars import MAX_CHARACTERS, NO_EXEMPLARS, ExemplarBatch
from sightline.domain.metrics.roster import Roster

_MS: Final = 1_000_000
_FIELDS: Final = {layout.GAUGE: 5, layout.SUM: 5, layout.HISTOGRAM: 8, layout.EXPONENTIAL: 11}


def exemplars(
    data: bytes, points: NDArray[np.int64], kinds: NDArray[np.int64], places: Places, roster: Roster
) -> ExemplarBatch:
    """All exemplars of the points, by time; those of an explicit histogram belong to the bucket that their value falls into.

    Raises:
        MalformedBody: one of them is no exemplar message.
    """
    attributes = Attributes()
    series: list[int] = []
    texts: list[bytes] = []
    values: list[float] = []
    times: list[int] = []
    for row in np.flatnonzero(points[layout.FLAGS] & layout.HAS_EXEMPLARS).tolist():
        kind, first = int(kinds[row]), int(places.first[row])
        bounds = _bounds(data, points[:, row].tolist()) if kind == layout.HISTOGRAM else None
        for number, wire, start, end in fields(
            data, int(points[layout.POINT_START, row]), int(points[layout.POINT_END, row])
        ):
            if number != _FIELDS[kind]:
                continue
            expect(wire, LENGTH, start)
            value, time, own = _exemplar(data, start, end, attributes)
            within = 0 if bounds is None else int(np.searchsorted(bounds, value))
            series.append(int(places.numbers[first + within]))
            texts.append(own)
            values.append(value)
            times.append(time)
    if not series:
        return NO_EXEMPLARS
    distinct, owners = np.unique(np.array(series, np.uint32), return_inverse=True)
    # SDKs send them as their reservoirs hold them.
    at, order = np.array(times, np.int64), np.argsort(times, kind="stable")
    texts, at = [texts[row] for row in order.tolist()], at[order]
    return ExemplarBatch(
        roster.named(distinct), owners[order].astype(np.uint32), texts, np.array(values)[order], at, at != 0
    )


def _bounds(data: bytes, point: list[int]) -> NDArray[np.float64]:
    start = point[layout.BOUNDS_START]
    return np.frombuffer(data[start : start + 8 * point[layout.SIZE]], np.float64)


def _exemplar(data: bytes, start: int, end: int, attributes: Attributes) -> tuple[float, int, bytes]:
    """Value, time in ms, and the canonical bytes of the labels: trace, span, and what of the attributes there is room for."""
    value, time = 0.0, 0
    own: dict[str, str] = {}
    for number, wire, place, stop in fields(data, start, end):
        if number in {2, 3, 6}:
            expect(wire, FIXED64, place)
        if number == 2:
            time = int(struct.unpack_from("<Q", data, place)[0]) // _MS
        elif number == 3:
            value = struct.unpack_from("<d", data, place)[0]
        elif number == 6:
            value = float(struct.unpack_from("<q", data, place)[0])
        elif number in {4, 5} and any(data[place:stop]):
            expect(wire, LENGTH, place)
            own["span_id" if number == 4 else "trace_id"] = data[place:stop].hex()
    room = MAX_CHARACTERS - sum(len(name) + len(text) for name, text in own.items())
    for name, text in labels(attributes.read(data, start, end, 7)).items():
        room -= len(name) + len(text)
        if room >= 0 and name not in own:
            own[name] = text
    return value, time, Labels.of(own).canonical()
