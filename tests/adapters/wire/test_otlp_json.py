from typing import Any

import msgspec
import pytest
from google.protobuf import json_format
from hypothesis import given
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from tests.adapters.wire.test_otlp_metrics import REQUESTS

from sightline.adapters.wire.otlp_json import metrics_as_protobuf
from sightline.domain.errors import InvalidField, MalformedBody


@given(REQUESTS)
def test_json_is_what_the_library_writes(request: ExportMetricsServiceRequest) -> None:
    """A request that protobuf's library wrote as JSON is the same request, field by field."""
    text = json_format.MessageToJson(request, use_integers_for_enums=True)
    read = ExportMetricsServiceRequest.FromString(metrics_as_protobuf(text.encode()))
    assert json_format.MessageToJson(read, use_integers_for_enums=True) == text  # which knows one NaN alone


def _point(**fields: Any) -> bytes:
    metric = {"name": "a", "gauge": {"dataPoints": [fields]}}
    return msgspec.json.encode({"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]})


def _read(body: bytes) -> Any:
    request = ExportMetricsServiceRequest.FromString(metrics_as_protobuf(body))
    return request.resource_metrics[0].scope_metrics[0].metrics[0].gauge.data_points[0]


def test_integers_may_be_numbers_or_strings() -> None:
    """64-bit integers come either way."""
    for given_ in (1763700000000000000, "1763700000000000000"):
        assert _read(_point(timeUnixNano=given_, asInt=-3)).time_unix_nano == 1763700000000000000


def test_ids_are_hexadecimal() -> None:
    """Trace and span ids are hexadecimal and not base 64, in either case of letters."""
    (exemplar,) = _read(_point(exemplars=[{"traceId": "AB" * 16, "spanId": "cd" * 8, "asDouble": "NaN"}])).exemplars
    assert (exemplar.trace_id, exemplar.span_id) == (b"\xab" * 16, b"\xcd" * 8)


def test_what_is_not_known_is_passed_over() -> None:
    """Unknown fields are ignored, as are names in snake case, which OTLP's JSON does not have; null is as if it were not there."""
    point = _read(_point(timeUnixNano=1, time_unix_nano=2, somethingNew={"a": [1]}, attributes=None))
    assert (point.time_unix_nano, len(point.attributes)) == (1, 0)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"timeUnixNano": "x"}, "timeUnixNano: must be an integer from 0 to 18446744073709551615"),
        ({"timeUnixNano": -1}, "timeUnixNano: must be an integer"),
        ({"timeUnixNano": True}, "timeUnixNano: must be an integer"),
        ({"asInt": 2**63}, "asInt: must be an integer"),
        ({"asDouble": "much"}, "asDouble: must be a number"),
        ({"attributes": {}}, "attributes: must be a list"),
        ({"attributes": [7]}, r"attributes\[0\]: must be an object"),
        ({"attributes": [{"key": 7}]}, r"attributes\[0\]\.key: must be a string"),
        ({"attributes": [{"value": {"boolValue": 1}}]}, "boolValue: must be true or false"),
        ({"attributes": [{"value": {"bytesValue": "?"}}]}, "bytesValue: must be base 64"),
        ({"exemplars": [{"traceId": "xyz"}]}, "traceId: must be hexadecimal digits"),
    ],
)
def test_what_cannot_be_is_named_by_its_path(fields: dict[str, Any], message: str) -> None:
    """The message begins with where the value stands."""
    path = r"^resourceMetrics\[0\]\.scopeMetrics\[0\]\.metrics\[0\]\.gauge\.dataPoints\[0\]\."
    with pytest.raises(InvalidField, match=path + ".*" + message):
        metrics_as_protobuf(_point(**fields))


def test_values_within_values_have_a_bound() -> None:
    """Nesting that no sender has is refused and not followed."""
    value: Any = {"intValue": 1}
    for _ in range(200):
        value = {"arrayValue": {"values": [value]}}
    with pytest.raises(InvalidField, match="nested deeper"):
        metrics_as_protobuf(_point(attributes=[{"key": "a", "value": value}]))
    with pytest.raises(MalformedBody, match="no JSON"):
        metrics_as_protobuf(b'{"a":' * 100_000)


def test_what_is_no_object_is_refused() -> None:
    """A body that is no JSON object is none of ours."""
    for body in (b"", b"[]", b"7", b"{", b"\xff"):
        with pytest.raises((MalformedBody, InvalidField)):
            metrics_as_protobuf(body)
