"""Remote write's messages, made by the protobuf library from their published schemas: an encoder that shares nothing with ours."""

from collections.abc import Iterable
from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from tests.oracles.native_histogram import Native

DOUBLE, INT64, UINT64, INT32, STRING, UINT32, SINT32, SINT64 = 1, 3, 4, 5, 9, 13, 17, 18
"""The protobuf library's numbers of types."""
_MESSAGE: Final = 11

_SPAN: Final = [("offset", 1, SINT32, ""), ("length", 2, UINT32, "")]
_HISTOGRAM: Final = [
    ("count_int", 1, UINT64, "count"),
    ("count_float", 2, DOUBLE, "count"),
    ("sum", 3, DOUBLE, ""),
    ("schema", 4, SINT32, ""),
    ("zero_threshold", 5, DOUBLE, ""),
    ("zero_count_int", 6, UINT64, "zero_count"),
    ("zero_count_float", 7, DOUBLE, "zero_count"),
    ("negative_spans", 8, "BucketSpan", "many"),
    ("negative_deltas", 9, SINT64, "many"),
    ("negative_counts", 10, DOUBLE, "many"),
    ("positive_spans", 11, "BucketSpan", "many"),
    ("positive_deltas", 12, SINT64, "many"),
    ("positive_counts", 13, DOUBLE, "many"),
    ("reset_hint", 14, INT32, ""),
    ("timestamp", 15, INT64, ""),
    ("custom_values", 16, DOUBLE, "many"),
]
_SAMPLE: Final = [("value", 1, DOUBLE, ""), ("timestamp", 2, INT64, "")]
_V1: Final[dict[str, list[tuple[str, int, Any, str]]]] = {
    "BucketSpan": _SPAN,
    "Histogram": _HISTOGRAM,
    "Sample": _SAMPLE,
    "Label": [("name", 1, STRING, ""), ("value", 2, STRING, "")],
    "Exemplar": [("labels", 1, "Label", "many"), ("value", 2, DOUBLE, ""), ("timestamp", 3, INT64, "")],
    "TimeSeries": [
        ("labels", 1, "Label", "many"),
        ("samples", 2, "Sample", "many"),
        ("exemplars", 3, "Exemplar", "many"),
        ("histograms", 4, "Histogram", "many"),
    ],
    "MetricMetadata": [
        ("type", 1, INT32, ""),
        ("metric_family_name", 2, STRING, ""),
        ("help", 4, STRING, ""),
        ("unit", 5, STRING, ""),
    ],
    "WriteRequest": [("timeseries", 1, "TimeSeries", "many"), ("metadata", 3, "MetricMetadata", "many")],
}
_V2: Final[dict[str, list[tuple[str, int, Any, str]]]] = {
    "BucketSpan": _SPAN,
    "Histogram": [*_HISTOGRAM, ("start_timestamp", 17, INT64, "")],
    "Sample": [*_SAMPLE, ("start_timestamp", 3, INT64, "")],
    "Exemplar": [("labels_refs", 1, UINT32, "many"), ("value", 2, DOUBLE, ""), ("timestamp", 3, INT64, "")],
    "Metadata": [("type", 1, INT32, ""), ("help_ref", 3, UINT32, ""), ("unit_ref", 4, UINT32, "")],
    "TimeSeries": [
        ("labels_refs", 1, UINT32, "many"),
        ("samples", 2, "Sample", "many"),
        ("histograms", 3, "Histogram", "many"),
        ("exemplars", 4, "Exemplar", "many"),
        ("metadata", 5, "Metadata", ""),
    ],
    "Request": [("symbols", 4, STRING, "many"), ("timeseries", 5, "TimeSeries", "many")],
}


def classes(package: str, schema: dict[str, list[tuple[str, int, Any, str]]], syntax: str = "proto3") -> dict[str, Any]:
    """Message classes by name, of fields given as name, number, type and whether there are many, or the oneof they are in."""
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax=syntax)
    for name, fields in schema.items():
        message = file.message_type.add(name=name)
        for field, number, kind, how in fields:
            repeated: Any = 3 if how == "many" else 1
            code: Any = _MESSAGE if isinstance(kind, str) else kind
            added = message.field.add(name=field, number=number, label=repeated, type=code)
            if isinstance(kind, str):
                added.type_name = f".{package}.{kind}"
            if how not in {"", "many"}:
                names = [one.name for one in message.oneof_decl]
                if how not in names:
                    message.oneof_decl.add(name=how)
                    names.append(how)
                added.oneof_index = names.index(how)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}")) for name in schema}


V1: Final = classes("prometheus", _V1)
"""The classes of remote write 1.0's messages, by their names."""
V2: Final = classes("io.prometheus.write.v2", _V2)
"""Likewise of 2.0."""


def histogram(native: Native, time: int, *, whole: bool, start: int | None = None) -> dict[str, Any]:
    """The fields of a Histogram message, with whole counts or with floats."""
    said: dict[str, Any] = {
        "sum": native.sum,
        "schema": native.schema,
        "zero_threshold": native.zero_threshold,
        "reset_hint": int(native.reset),
        "timestamp": time,
        "custom_values": list(native.custom),
    }
    if start is not None:
        said["start_timestamp"] = start
    kind = "int" if whole else "float"
    said[f"count_{kind}"] = int(native.count) if whole else native.count
    said[f"zero_count_{kind}"] = int(native.zero_count) if whole else native.zero_count
    for sign, buckets in (("positive", native.positive), ("negative", native.negative)):
        spans, counts = _spans(buckets)
        said[f"{sign}_spans"] = spans
        if whole:
            said[f"{sign}_deltas"] = [int(after - before) for before, after in zip([0, *counts], counts, strict=False)]
        else:
            said[f"{sign}_counts"] = counts
    return said


def _spans(buckets: Any) -> tuple[list[dict[str, int]], list[float]]:
    """Spans and counts as Prometheus makes them: gaps of up to two buckets are filled with empty ones."""
    spans: list[dict[str, int]] = []
    counts: list[float] = []
    after = 0
    for index in sorted(buckets):
        gap = index - after
        if spans and gap <= 2:
            counts += gap * [0.0]
            spans[-1]["length"] += gap + 1
        else:
            spans.append({"offset": gap, "length": 1})
        counts.append(buckets[index])
        after = index + 1
    return spans, counts


class Symbols:
    """The table of a request of 2.0 while it grows."""

    def __init__(self) -> None:
        self.all = [""]

    def ref(self, text: str) -> int:
        """The number of a text."""
        if text not in self.all:
            self.all.append(text)
        return self.all.index(text)

    def refs(self, pairs: Iterable[tuple[str, str]]) -> list[int]:
        """The references of labels."""
        return [self.ref(part) for pair in pairs for part in pair]
