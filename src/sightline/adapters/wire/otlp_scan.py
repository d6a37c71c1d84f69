"""One pass over the bytes of an ExportMetricsServiceRequest: what is measured, where its attributes lie, and the points.

Source: https://github.com/open-telemetry/opentelemetry-proto, metrics/v1/metrics.proto:

    ExportMetricsServiceRequest { repeated ResourceMetrics resource_metrics = 1 }
    ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; string schema_url = 3 }
    ScopeMetrics    { InstrumentationScope scope = 1; repeated Metric metrics = 2; string schema_url = 3 }
    Metric          { string name = 1; description = 2; unit = 3; Gauge gauge = 5; Sum sum = 7; Histogram histogram = 9;
                      ExponentialHistogram exponential_histogram = 10; Summary summary = 11 }
    Gauge, Sum, ... { repeated data_points = 1; AggregationTemporality aggregation_temporality = 2; bool is_monotonic = 3 }

Where something stands in a way that no serializer writes (a message in two pieces, numbers that could be packed and are not),
`found` tells: protobuf's own library makes the usual form of it, and the pass begins again.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sightline.adapters.wire.otlp_layout import (
    DONE,
    EXPONENTIAL,
    FULL,
    GAUGE,
    HISTOGRAM,
    KIND,
    METRICS,
    MONOTONIC,
    OF_METRIC,
    OF_RESOURCE,
    OF_SCOPE,
    OFFSET,
    POINTS,
    RESOURCE_END,
    RESOURCE_START,
    RESOURCES,
    SCOPE_END,
    SCOPE_START,
    SCOPES,
    SUM,
    SUMMARY,
    TEMPORALITY,
    UNUSUAL,
    URL_START,
)
from sightline.adapters.wire.otlp_point import point
from sightline.adapters.wire.protobuf import BAD_WIRE_TYPE, LENGTH, VARINT, key, length, skip, varint
from sightline.domain.kernels.compiled import kernel, subroutine


@subroutine
def _metric(
    data: bytes,
    start: int,
    end: int,
    metrics: NDArray[np.int64],
    points: NDArray[np.int64],
    found: NDArray[np.int64],
) -> int:
    """Read one metric and its points; returns DONE, FULL or a reason."""
    metric = found[METRICS]
    if metric == metrics.shape[1]:
        return FULL
    found[METRICS] += 1
    metrics[OF_SCOPE, metric] = found[SCOPES]
    position = start
    while position < end:
        found[OFFSET] = position
        field, wire, position = key(data, position, end)
        if position < 0:
            return -position
        if (
            field != 1
            and field != 2
            and field != 3
            and field != GAUGE
            and field != SUM
            and field != HISTOGRAM
            and field != EXPONENTIAL
            and field != SUMMARY
        ):
            position = skip(data, position, end, wire)
            if position < 0:
                return -position
            continue
        if wire != LENGTH:
            return BAD_WIRE_TYPE
        stop, position = length(data, position, end)
        if position < 0:
            return -position
        if field <= 3:
            metrics[2 * field, metric] = position
            metrics[2 * field + 1, metric] = stop
            position = stop
            continue
        found[UNUSUAL] += int(metrics[KIND, metric] != 0)
        metrics[KIND, metric] = field
        while position < stop:
            found[OFFSET] = position
            inner, wire, position = key(data, position, stop)
            if position < 0:
                return -position
            if inner == 1:
                if wire != LENGTH:
                    return BAD_WIRE_TYPE
                after, position = length(data, position, stop)
                if position < 0:
                    return -position
                row = found[POINTS]
                if row == points.shape[1]:
                    return FULL
                points[OF_METRIC, row] = metric
                reason = point(data, position, after, field, points, row, found)
                if reason != DONE:
                    return reason
                found[POINTS] += 1
                position = after
            elif (inner == 2 and (field == SUM or field == HISTOGRAM or field == EXPONENTIAL)) or (
                inner == 3 and field == SUM
            ):
                if wire != VARINT:
                    return BAD_WIRE_TYPE
                value, position = varint(data, position, stop)
                if position < 0:
                    return -position
                metrics[TEMPORALITY if inner == 2 else MONOTONIC, metric] = value
            else:
                position = skip(data, position, stop, wire)
                if position < 0:
                    return -position
    return DONE


@subroutine
def _scope(
    data: bytes,
    start: int,
    end: int,
    scopes: NDArray[np.int64],
    metrics: NDArray[np.int64],
    points: NDArray[np.int64],
    found: NDArray[np.int64],
) -> int:
    """Read one ScopeMetrics; returns DONE, FULL or a reason."""
    scope = found[SCOPES]
    if scope == scopes.shape[1]:
        return FULL
    scopes[OF_RESOURCE, scope] = found[RESOURCES]
    position = start
    while position < end:
        found[OFFSET] = position
        field, wire, position = key(data, position, end)
        if position < 0:
            return -position
        if field < 1 or field > 3:
            position = skip(data, position, end, wire)
            if position < 0:
                return -position
            continue
        if wire != LENGTH:
            return BAD_WIRE_TYPE
        stop, position = length(data, position, end)
        if position < 0:
            return -position
        if field == 2:
            reason = _metric(data, position, stop, metrics, points, found)
            if reason != DONE:
                return reason
        else:
            first = SCOPE_START if field == 1 else URL_START
            found[UNUSUAL] += int(field == 1 and scopes[SCOPE_END, scope] != 0)
            scopes[first, scope] = position
            scopes[first + 1, scope] = stop
        position = stop
    found[SCOPES] += 1
    return DONE


def scan_in_python(
    data: bytes,
    resources: NDArray[np.int64],
    scopes: NDArray[np.int64],
    metrics: NDArray[np.int64],
    points: NDArray[np.int64],
    found: NDArray[np.int64],
) -> int:
    """Fill the tables, whose rows are named above and one column of which is one thing; all are given as zeros.

    Returns DONE, FULL, or a reason of the protobuf module with its offset in `found` (FOUND,), which has the counts.
    """
    end = len(data)
    position = 0
    while position < end:
        found[OFFSET] = position
        field, wire, position = key(data, position, end)
        if position < 0:
            return -position
        if field != 1:
            position = skip(data, position, end, wire)
            if position < 0:
                return -position
            continue
        if wire != LENGTH:
            return BAD_WIRE_TYPE
        stop, position = length(data, position, end)
        if position < 0:
            return -position
        resource = found[RESOURCES]
        if resource == resources.shape[1]:
            return FULL
        while position < stop:
            found[OFFSET] = position
            field, wire, position = key(data, position, stop)
            if position < 0:
                return -position
            if field != 1 and field != 2:
                position = skip(data, position, stop, wire)
                if position < 0:
                    return -position
                continue
            if wire != LENGTH:
                return BAD_WIRE_TYPE
            after, position = length(data, position, stop)
            if position < 0:
                return -position
            if field == 1:
                found[UNUSUAL] += int(resources[RESOURCE_END, resource] != 0)
                resources[RESOURCE_START, resource] = position
                resources[RESOURCE_END, resource] = after
            else:
                reason = _scope(data, position, after, scopes, metrics, points, found)
                if reason != DONE:
                    return reason
            position = after
        found[RESOURCES] += 1
    return DONE


_TABLE: Final = "int64[:, ::1]"
# The loop is its own twin: over bytes plain Python does as well as NumPy would.
scan = kernel(
    f"int64(Bytes(uint8, 1, 'C', readonly=True), {_TABLE}, {_TABLE}, {_TABLE}, {_TABLE}, int64[::1])",
    twin=scan_in_python,
)(scan_in_python)
"""`scan_in_python`, or the same as machine code once it is compiled."""
