"""The protobuf format of scraped pages, made by the protobuf library from its published schema."""

from collections.abc import Mapping
from typing import Any, Final

from tests.oracles.native_histogram import Native
from tests.oracles.write_messages import DOUBLE, INT32, INT64, SINT32, SINT64, STRING, UINT32, UINT64, classes

_EXEMPLAR: Final = [("label", 1, "LabelPair", "many"), ("value", 2, DOUBLE, ""), ("timestamp", 3, "Timestamp", "")]
_SCHEMA: Final[dict[str, list[tuple[str, int, Any, str]]]] = {
    "Timestamp": [("seconds", 1, INT64, ""), ("nanos", 2, INT32, "")],
    "LabelPair": [("name", 1, STRING, ""), ("value", 2, STRING, "")],
    "Exemplar": _EXEMPLAR,
    "Gauge": [("value", 1, DOUBLE, "")],
    "Counter": [("value", 1, DOUBLE, ""), ("exemplar", 2, "Exemplar", ""), ("created_timestamp", 3, "Timestamp", "")],
    "Quantile": [("quantile", 1, DOUBLE, ""), ("value", 2, DOUBLE, "")],
    "Summary": [("sample_count", 1, UINT64, ""), ("sample_sum", 2, DOUBLE, ""), ("quantile", 3, "Quantile", "many")],
    "Untyped": [("value", 1, DOUBLE, "")],
    "Bucket": [
        ("cumulative_count", 1, UINT64, ""),
        ("upper_bound", 2, DOUBLE, ""),
        ("exemplar", 3, "Exemplar", ""),
        ("cumulative_count_float", 4, DOUBLE, ""),
    ],
    "BucketSpan": [("offset", 1, SINT32, ""), ("length", 2, UINT32, "")],
    "Histogram": [
        ("sample_count", 1, UINT64, ""),
        ("sample_sum", 2, DOUBLE, ""),
        ("bucket", 3, "Bucket", "many"),
        ("sample_count_float", 4, DOUBLE, ""),
        ("schema", 5, SINT32, ""),
        ("zero_threshold", 6, DOUBLE, ""),
        ("zero_count", 7, UINT64, ""),
        ("zero_count_float", 8, DOUBLE, ""),
        ("negative_span", 9, "BucketSpan", "many"),
        ("negative_delta", 10, SINT64, "many"),
        ("negative_count", 11, DOUBLE, "many"),
        ("positive_span", 12, "BucketSpan", "many"),
        ("positive_delta", 13, SINT64, "many"),
        ("positive_count", 14, DOUBLE, "many"),
        ("created_timestamp", 15, "Timestamp", ""),
        ("exemplars", 16, "Exemplar", "many"),
    ],
    "Metric": [
        ("label", 1, "LabelPair", "many"),
        ("gauge", 2, "Gauge", ""),
        ("counter", 3, "Counter", ""),
        ("summary", 4, "Summary", ""),
        ("untyped", 5, "Untyped", ""),
        ("timestamp_ms", 6, INT64, ""),
        ("histogram", 7, "Histogram", ""),
    ],
    "MetricFamily": [
        ("name", 1, STRING, ""),
        ("help", 2, STRING, ""),
        ("type", 3, INT32, ""),
        ("metric", 4, "Metric", "many"),
        ("unit", 5, STRING, ""),
    ],
}
CLIENT: Final = classes("io.prometheus.client", _SCHEMA, syntax="proto2")
"""The classes of the messages, by their names."""

COUNTER, GAUGE, SUMMARY, UNTYPED, HISTOGRAM, GAUGE_HISTOGRAM = range(6)
"""The types of metric families."""

CONTENT_TYPE: Final = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"


def page(*families: Mapping[str, Any]) -> bytes:
    """Families, each behind its length."""
    whole = bytearray()
    for family in families:
        message = CLIENT["MetricFamily"](**family).SerializeToString()
        size = len(message)
        while size > 0x7F:
            whole.append(size & 0x7F | 0x80)
            size >>= 7
        whole.append(size)
        whole += message
    return bytes(whole)


def pairs(**labels: str) -> list[dict[str, str]]:
    """Labels of a metric or an exemplar."""
    return [{"name": name, "value": value} for name, value in labels.items()]


def native(said: Native, **more: Any) -> dict[str, Any]:
    """The fields of a Histogram with whole counts; every bucket has a span of its own."""
    fields: dict[str, Any] = {
        "sample_count": int(said.count),
        "sample_sum": said.sum,
        "schema": said.schema,
        "zero_threshold": said.zero_threshold,
        "zero_count": int(said.zero_count),
        **more,
    }
    for sign, buckets in (("positive", said.positive), ("negative", said.negative)):
        indexes = sorted(buckets)
        counts = [int(buckets[index]) for index in indexes]
        starts = [0, *(index + 1 for index in indexes)]
        fields[f"{sign}_span"] = [
            {"offset": index - start, "length": 1} for index, start in zip(indexes, starts, strict=False)
        ]
        fields[f"{sign}_delta"] = [after - before for before, after in zip([0, *counts], counts, strict=False)]
    return fields
