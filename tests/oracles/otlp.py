"""OpenTelemetry's metrics by protobuf's own library, a point and a label at a time."""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from sightline.adapters.wire.otlp_names import label_name, metric_name

STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
IDENTITY = {"service.namespace", "service.name", "service.instance.id"}

Row = tuple[tuple[tuple[str, str], ...], int, str]
"""Labels, time in ms, the value's bits or what a native histogram holds."""


@dataclass
class Told:
    """What a request says; rows: in the order of its points."""

    rows: list[Row] = field(default_factory=list)
    rejected: int = 0
    points: int = 0


def told(body: bytes) -> Told:
    """The samples of a request without those of target_info."""
    found = Told()
    for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
        attributes = {one.key: text(one.value) for one in resource.resource.attributes if one.key}
        service, space = attributes.get("service.name", ""), attributes.get("service.namespace", "")
        own = {
            "job": f"{space}/{service}" if space and service else service,
            "instance": attributes.get("service.instance.id", ""),
        }
        for scope in resource.scope_metrics:
            around = {f"otel_scope_{label_name(one.key)}": text(one.value) for one in scope.scope.attributes if one.key}
            named = {"otel_scope_name": scope.scope.name, "otel_scope_version": scope.scope.version}
            around.update({name: value for name, value in named.items() if value})
            around.update({"otel_scope_schema_url": scope.schema_url} if scope.schema_url else {})
            for metric in scope.metrics:
                _metric(found, metric, around, {name: value for name, value in own.items() if value})
    return found


def _metric(found: Told, metric: Any, around: dict[str, str], own: dict[str, str]) -> None:
    kind = metric.WhichOneof("data")
    if kind is None:
        return
    data = getattr(metric, kind)
    found.points += len(data.data_points)
    is_counter = kind == "sum" and data.is_monotonic
    name = metric_name(metric.name, metric.unit, is_monotonic=is_counter, is_gauge=kind == "gauge")
    if not name or (kind not in {"gauge", "summary"} and data.aggregation_temporality not in {1, 2}):
        found.rejected += len(data.data_points)
        return
    for point in data.data_points:
        labels = dict(around)
        joined: dict[str, str] = {}
        for one in sorted(point.attributes, key=lambda one: (one.key, label_name(one.key), text(one.value))):
            label = label_name(one.key)
            if label:
                joined[label] = f"{joined[label]};{text(one.value)}" if label in joined else text(one.value)
        labels |= joined | own
        time = point.time_unix_nano
        time = (time - (1 << 64) if time >= 1 << 63 else time) // 1_000_000
        stale = bool(point.flags & 1)
        if kind == "exponential_histogram" and not stale:
            made = exponential(point)
            if made is None:
                found.rejected += 1
                continue
            found.rows.append((_labels(labels, name), time, made))
            continue
        for suffix, more, value in _values(kind, point, stale=stale):
            found.rows.append((_labels({**labels, **more}, name + suffix), time, bits(STALE if stale else value)))


def _values(kind: str, point: Any, *, stale: bool) -> Iterator[tuple[str, dict[str, str], float]]:
    if kind in {"gauge", "sum", "exponential_histogram"}:
        which = None if kind == "exponential_histogram" else point.WhichOneof("value")
        yield "", {}, float(getattr(point, which)) if which else 0.0
        return
    if kind == "histogram":
        total = 0.0
        counts = [0] * len(point.explicit_bounds) if stale else point.bucket_counts
        for bound, count in zip(point.explicit_bounds, counts, strict=False):
            total += count
            yield "_bucket", {"le": plain(bound)}, total
        yield "_bucket", {"le": "+Inf"}, float(point.count)
        yield "_count", {}, float(point.count)
        if stale or point.HasField("sum"):
            yield "_sum", {}, point.sum
        return
    for one in point.quantile_values:
        yield "", {"quantile": plain(one.quantile)}, one.value
    yield "_count", {}, float(point.count)
    yield "_sum", {}, point.sum


def exponential(point: Any) -> str | None:
    """What a native histogram has to hold, as text; None where there can be none."""
    if not -4 <= point.scale <= 1 << 20:
        return None
    shift = max(point.scale - 8, 0)
    sides = []
    for side in (point.positive, point.negative):
        buckets: dict[int, float] = {}
        for place, count in enumerate(side.bucket_counts):
            if count:
                index = ((side.offset + place) >> shift) + 1
                if not -(1 << 31) <= index < 1 << 31:
                    return None
                buckets[index] = buckets.get(index, 0.0) + count
        sides.append(sorted(buckets.items()))
    threshold = point.zero_threshold if point.zero_threshold > 0 else 1e-128
    return str((min(point.scale, 8), float(point.zero_count), float(point.count), bits(point.sum), threshold, *sides))


def text(value: Any) -> str:
    """A scalar attribute as text; lists and maps are told otherwise."""
    which = value.WhichOneof("value")
    if which is None:
        return ""
    found = getattr(value, which)
    if which == "bool_value":
        return "true" if found else "false"
    if which == "double_value":
        return plain(found) if math.isfinite(found) and found == int(found) and abs(found) < 1e21 else repr(found)
    return str(found)


def plain(value: float) -> str:
    """A number in digits alone."""
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if math.isnan(value):
        return "NaN"
    shown = f"{value:.400f}" if value != int(value) else str(int(value))
    return _shortest(value) if "." in shown else ("-0" if shown == "0" and math.copysign(1, value) < 0 else shown)


def _shortest(value: float) -> str:
    digits, _, exponent = repr(value).partition("e")
    if not exponent:
        return digits
    sign, digits = ("-", digits[1:]) if digits.startswith("-") else ("", digits)
    whole, _, part = digits.partition(".")
    return sign + "0." + "0" * (-int(exponent) - 1) + whole + (part if part != "0" else "")


def bits(value: float) -> str:
    """A double bit for bit."""
    return struct.pack(">d", value).hex()


def _labels(labels: dict[str, str], name: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((key, value) for key, value in {**labels, "__name__": name}.items() if value))
