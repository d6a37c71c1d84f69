import struct
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AGGREGATION_TEMPORALITY_CUMULATIVE,
    Exemplar,
    ExponentialHistogramDataPoint,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    SummaryDataPoint,
)
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from tests.oracles.otlp import Row, bits, told

from sightline.adapters.wire.otlp_metrics import OtlpMetricsDecoder
from sightline.adapters.wire.otlp_series import TARGET_INFO, Naming
from sightline.adapters.wire.protobuf import encoded_varint, field
from sightline.domain.errors import BodyTooLarge, MalformedBody
from sightline.domain.metrics.native_histograms import mark_mask
from sightline.domain.metrics.points import Points
from sightline.domain.metrics.roster import Roster

NOW = 1_763_700_000_000_000_000
COUNT = st.integers(0, 2**64 - 1)
DOUBLE = st.floats()
SMALL = st.floats(-1e6, 1e6)
KEY = st.sampled_from(["http.route", "http_route", "a", "9lives", "_x", "__y", "ä", ""])
VALUE = st.one_of(
    st.builds(AnyValue, string_value=st.text(max_size=5).filter(lambda text: "\0" not in text)),
    st.builds(AnyValue, bool_value=st.booleans()),
    st.builds(AnyValue, int_value=st.integers(-(2**63), 2**63 - 1)),
    st.builds(AnyValue, double_value=st.sampled_from([0.5, 2.0, -3.25])),
    st.just(AnyValue()),
)
ATTRIBUTES = st.lists(st.builds(KeyValue, key=KEY, value=VALUE), max_size=3, unique_by=lambda one: one.key)
COMMON = {
    "start_time_unix_nano": COUNT,
    "time_unix_nano": st.one_of(COUNT, st.just(NOW)),
    "attributes": ATTRIBUTES,
    "flags": st.sampled_from([0, 0, 1, 2]),
}
BUCKETS = st.builds(
    ExponentialHistogramDataPoint.Buckets,
    offset=st.one_of(st.integers(-20, 20), st.integers(-(2**31), 2**31 - 1)),
    bucket_counts=st.lists(st.one_of(st.integers(0, 3), COUNT), max_size=6),
)
NUMBERS = st.lists(
    st.one_of(
        st.builds(NumberDataPoint, as_double=DOUBLE, **COMMON),
        st.builds(NumberDataPoint, as_int=st.integers(-(2**63), 2**63 - 1), **COMMON),
        st.builds(NumberDataPoint, **COMMON),
    ),
    max_size=4,
)
TEMPORALITY = st.sampled_from([0, 1, 2])


def _histogram(**given: Any) -> HistogramDataPoint:
    if given["sum"] is None:
        del given["sum"]
    return HistogramDataPoint(**given)


HISTOGRAMS = st.lists(
    st.builds(
        _histogram,
        count=COUNT,
        sum=st.one_of(st.none(), SMALL),
        bucket_counts=st.lists(st.integers(0, 2**40), max_size=4),
        explicit_bounds=st.lists(SMALL, max_size=3, unique=True).map(sorted),
        **COMMON,
    ),
    max_size=3,
)
EXPONENTIALS = st.lists(
    st.builds(
        ExponentialHistogramDataPoint,
        count=COUNT,
        sum=SMALL,
        scale=st.one_of(st.integers(-6, 20), st.integers(-(2**31), 2**31 - 1)),
        zero_count=COUNT,
        zero_threshold=st.sampled_from([0.0, 0.001]),
        positive=BUCKETS,
        negative=BUCKETS,
        **COMMON,
    ),
    max_size=3,
)
SUMMARIES = st.lists(
    st.builds(
        SummaryDataPoint,
        count=COUNT,
        sum=SMALL,
        quantile_values=st.lists(
            st.builds(SummaryDataPoint.ValueAtQuantile, quantile=st.sampled_from([0.0, 0.5, 0.99, 1.0]), value=SMALL),
            max_size=3,
            unique_by=lambda one: one.quantile,
        ),
        **COMMON,
    ),
    max_size=3,
)


@st.composite
def metrics(draw: st.DrawFn) -> Metric:
    """A metric of any kind."""
    metric = Metric(
        name=draw(st.sampled_from(["http.requests", "a", "9", "-", "", "cpu_total"])),
        unit=draw(st.sampled_from(["", "1", "s", "By/s", "{thing}", "m^2"])),
        description=draw(st.sampled_from(["", "What it is"])),
    )
    kind = draw(st.sampled_from(["gauge", "sum", "histogram", "exponential_histogram", "summary", ""]))
    points = {
        "histogram": HISTOGRAMS,
        "exponential_histogram": EXPONENTIALS,
        "summary": SUMMARIES,
    }.get(kind, NUMBERS)
    if kind:
        data = getattr(metric, kind)
        data.SetInParent()
        data.data_points.extend(draw(points))
        if kind not in {"gauge", "summary"}:
            data.aggregation_temporality = draw(TEMPORALITY)
        if kind == "sum":
            data.is_monotonic = draw(st.booleans())
    return metric


SCOPES = st.builds(
    ScopeMetrics,
    scope=st.builds(
        InstrumentationScope,
        name=st.sampled_from(["", "lib"]),
        version=st.sampled_from(["", "1"]),
        attributes=ATTRIBUTES,
    ),
    metrics=st.lists(metrics(), max_size=4),
    schema_url=st.sampled_from(["", "https://example.org"]),
)
SERVICE = st.lists(
    st.builds(
        KeyValue,
        key=st.sampled_from(["service.name", "service.namespace", "service.instance.id", "host.name"]),
        value=st.builds(AnyValue, string_value=st.sampled_from(["", "x", "y"])),
    ),
    max_size=4,
    unique_by=lambda one: one.key,
)
REQUESTS = st.builds(
    ExportMetricsServiceRequest,
    resource_metrics=st.lists(
        st.builds(
            ResourceMetrics,
            resource=st.builds(Resource, attributes=SERVICE),
            scope_metrics=st.lists(SCOPES, max_size=3),
        ),
        max_size=3,
    ),
)


def rows(points: Points) -> list[Row]:
    """The samples as the oracle tells them."""
    found = []
    batch = points.batch
    marks = iter(range(len(batch.histograms)))
    is_mark = mark_mask(batch.values)
    for place, (series, time) in enumerate(zip(batch.series.tolist(), batch.times.tolist(), strict=True)):
        labels = batch.labels[series]
        if labels.name == TARGET_INFO:
            continue
        value = bits_of(batch.values, place)
        if is_mark[place]:
            one = batch.histograms.take(np.array([next(marks)]))
            sides = [
                list(zip(side.index.tolist(), side.counts.tolist(), strict=True))
                for side in (one.positive, one.negative)
            ]
            value = str(
                (
                    int(one.schema[0]),
                    float(one.zero_count[0]),
                    float(one.count[0]),
                    bits(float(one.sum[0])),
                    float(one.zero_threshold[0]),
                    *sides,
                )
            )
        found.append((tuple(labels), time, value))
    return found


def bits_of(values: Any, place: int) -> str:
    """A value's bits, which a float of Python's might change."""
    return f"{int(values.view(np.uint64)[place]):016x}"


@given(st.lists(REQUESTS, min_size=1, max_size=3))
@settings(max_examples=60)
def test_a_request_is_what_the_library_reads(requests: list[ExportMetricsServiceRequest]) -> None:
    """Any request gives the samples that protobuf's library finds in it, also when its series are known by then."""
    decoder, roster = OtlpMetricsDecoder(), Roster()
    for request in [*requests, *requests]:
        body = request.SerializeToString()
        expected, found = told(body), decoder.decode(body, roster)
        assert rows(found) == expected.rows
        assert found.count == expected.points
        assert sum(each.samples for each in found.left_out) == expected.rejected


@pytest.mark.usefixtures("compiled_decoders")
@given(st.lists(REQUESTS, min_size=1, max_size=3))
@settings(max_examples=60)
def test_machine_code_reads_the_same(requests: list[ExportMetricsServiceRequest]) -> None:
    """As above, once the decoder is compiled."""
    decoder, roster = OtlpMetricsDecoder(), Roster()
    for request in requests:
        body = request.SerializeToString()
        assert rows(decoder.decode(body, roster)) == told(body).rows


def _counter(*points: bytes, after: bytes = b"") -> bytes:
    """A request with one cumulative counter of these points, each a whole message."""
    data = b"".join(field(1, point) for point in points) + b"\x10\x02\x18\x01" + after
    metric = field(1, b"hits") + field(7, data)
    return field(1, field(2, field(2, metric)))


def _numbers(points: Points) -> list[tuple[str, float]]:
    return [
        (str(points.batch.labels[series]), value)
        for series, value in zip(points.batch.series.tolist(), points.batch.values.tolist(), strict=True)
    ]


def test_what_no_serializer_writes_is_read_too() -> None:
    """Attributes in two stretches, and buckets that are not packed, mean what they mean to protobuf's library."""
    time = b"\x19" + struct.pack("<Q", NOW)
    one, other = (
        KeyValue(key="a", value=AnyValue(string_value="1")),
        KeyValue(key="b", value=AnyValue(string_value="2")),
    )
    split = (
        field(7, one.SerializeToString())
        + time
        + b"\x21"
        + struct.pack("<d", 5.0)
        + field(7, other.SerializeToString())
    )
    found = OtlpMetricsDecoder().decode(_counter(split), Roster())
    assert _numbers(found) == [('hits_total{a="1",b="2"}', 5.0)]

    unpacked = (
        time + b"".join(b"\x31" + struct.pack("<Q", count) for count in (1, 2)) + b"\x39" + struct.pack("<d", 0.5)
    )
    histogram = field(9, field(1, unpacked + b"\x21" + struct.pack("<Q", 3)) + b"\x10\x02")
    body = field(1, field(2, field(2, field(1, b"h") + histogram)))
    assert rows(OtlpMetricsDecoder().decode(body, Roster())) == told(body).rows
    assert len(told(body).rows) == 3


def test_fields_that_are_not_known_are_passed_over() -> None:
    """A newer sender's fields, of any wire type, change nothing."""
    strange = encoded_varint(200 << 3) + b"\x05" + field(201, b"xyz") + encoded_varint(202 << 3 | 5) + b"abcd"
    point = NumberDataPoint(time_unix_nano=NOW, as_int=7).SerializeToString()
    found = OtlpMetricsDecoder().decode(strange + _counter(strange + point, after=strange) + strange, Roster())
    assert _numbers(found) == [("hits_total", 7.0)]


@pytest.mark.parametrize("cut", range(1, 30))
def test_what_is_cut_off_is_refused(cut: int) -> None:
    """A message without its end is refused, and the error says where it stops making sense."""
    body = _counter(NumberDataPoint(time_unix_nano=NOW, as_int=7).SerializeToString())
    if cut >= len(body):
        pytest.skip("the message is shorter")
    with pytest.raises(MalformedBody, match=r"the body is no OTLP request: .* at byte \d+"):
        OtlpMetricsDecoder().decode(body[:-cut], Roster())


def test_a_request_has_a_bound() -> None:
    """More points than allowed are refused, and so are points that make more samples than allowed; the setting is named."""
    point = NumberDataPoint(time_unix_nano=NOW, as_int=7).SerializeToString()
    decoder = OtlpMetricsDecoder(max_samples=3)
    assert decoder.decode(_counter(*[point] * 3), Roster()).count == 3
    with pytest.raises(BodyTooLarge, match=r"intake\.request_samples"):
        decoder.decode(_counter(*[point] * 4), Roster())
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="h")
    metric.histogram.aggregation_temporality = AGGREGATION_TEMPORALITY_CUMULATIVE
    metric.histogram.data_points.add(explicit_bounds=[1, 2], bucket_counts=[0, 0, 0])
    with pytest.raises(BodyTooLarge, match=r"intake\.request_samples"):
        decoder.decode(request.SerializeToString(), Roster())


def _resource(**attributes: str) -> ExportMetricsServiceRequest:
    request = ExportMetricsServiceRequest()
    resource = request.resource_metrics.add()
    for key, value in attributes.items():
        resource.resource.attributes.add(key=key.replace("_", "."), value=AnyValue(string_value=value))
    metric = resource.scope_metrics.add().metrics.add(name="up")
    metric.gauge.data_points.add(time_unix_nano=NOW, as_int=1)
    return request


def test_a_resource_is_told_of_once() -> None:
    """target_info has the attributes of the resource that job and instance are not made of, at the time of its latest point."""
    request = _resource(service_name="shop", service_instance_id="1", host_name="a")
    late = request.resource_metrics[0].scope_metrics[0].metrics[0].gauge.data_points.add(as_int=2)
    late.time_unix_nano = NOW + 400_000_000_000
    found = OtlpMetricsDecoder().decode(request.SerializeToString(), Roster())
    infos = [
        (str(found.batch.labels[series]), (time - NOW // 10**6) // 1000)
        for series, time in zip(found.batch.series.tolist(), found.batch.times.tolist(), strict=True)
        if found.batch.labels[series].name == TARGET_INFO
    ]
    assert infos == [(f'{TARGET_INFO}{{host_name="a",instance="1",job="shop"}}', at) for at in (0, 150, 300, 400)]


def test_a_resource_without_identity_is_not_told_of() -> None:
    """Without job and instance nothing could be joined with target_info, and without further attributes it would say nothing."""
    for request in (_resource(host_name="a"), _resource(service_name="shop")):
        found = OtlpMetricsDecoder().decode(request.SerializeToString(), Roster())
        assert [labels.name for labels in found.batch.labels] == ["up"]


def test_naming_can_be_chosen() -> None:
    """Resource attributes become labels, scopes stay away, and target_info keeps its identity where that is asked for."""
    request = _resource(service_name="shop", host_name="a")
    request.resource_metrics[0].scope_metrics[0].scope.name = "lib"
    naming = Naming(frozenset({"host.name"}), scope_labels=False, keep_identity=True)
    found = OtlpMetricsDecoder(naming).decode(request.SerializeToString(), Roster())
    assert sorted(map(str, found.batch.labels)) == [
        'target_info{host_name="a",job="shop",service_name="shop"}',
        'up{host_name="a",job="shop"}',
    ]


def test_exemplars_lead_to_their_trace() -> None:
    """An exemplar of a histogram belongs to the bucket of its value and carries trace and span in hexadecimal."""
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="h")
    metric.histogram.aggregation_temporality = AGGREGATION_TEMPORALITY_CUMULATIVE
    point = metric.histogram.data_points.add(
        time_unix_nano=NOW, count=2, explicit_bounds=[1, 2], bucket_counts=[0, 1, 1]
    )
    for value in (2.0, 9.0):
        own = Exemplar(
            as_double=value,
            time_unix_nano=NOW,
            trace_id=b"\xab" * 16,
            span_id=b"\xcd" * 8,
            filtered_attributes=[KeyValue(key="user.id", value=AnyValue(string_value="7"))],
        )
        point.exemplars.append(own)
    found = OtlpMetricsDecoder().decode(request.SerializeToString(), Roster()).exemplars
    assert [str(found.series[owner]) for owner in found.owners.tolist()] == ['h_bucket{le="2"}', 'h_bucket{le="+Inf"}']
    assert found.values.tolist() == [2.0, 9.0]
    assert found.times.tolist() == [NOW // 10**6] * 2
    assert found.labels[0] == b"span_id\xff" + b"cd" * 8 + b"\xfftrace_id\xff" + b"ab" * 16 + b"\xffuser_id\xff7"


def test_exemplars_come_in_the_order_of_their_times() -> None:
    """SDKs send them as they lie in their reservoirs; all of one series are kept only in the order of their times."""
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="g")
    point = metric.gauge.data_points.add(as_int=1, time_unix_nano=NOW)
    seconds = (3, 1, 4, 2, 5)
    for second in seconds:
        trace = bytes([second]) * 16
        point.exemplars.add(as_double=second, time_unix_nano=NOW + second * 10**9, trace_id=trace)
    found = OtlpMetricsDecoder().decode(request.SerializeToString(), Roster()).exemplars
    assert found.values.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert found.times.tolist() == [NOW // 10**6 + second * 1000 for second in sorted(seconds)]
    assert [text[-32:] for text in found.labels] == [f"{second:02x}".encode() * 16 for second in sorted(seconds)]


def test_metrics_are_described() -> None:
    """Type, help and unit go by the name that a metric has in PromQL."""
    request = ExportMetricsServiceRequest()
    metric = (
        request.resource_metrics.add()
        .scope_metrics.add()
        .metrics.add(name="disk.io", unit="By", description="Bytes read")
    )
    metric.sum.is_monotonic, metric.sum.aggregation_temporality = True, AGGREGATION_TEMPORALITY_CUMULATIVE
    described = OtlpMetricsDecoder().decode(request.SerializeToString(), Roster()).described
    assert {name: (one.type, one.help, one.unit) for name, one in described.items()} == {
        "disk_io_bytes_total": ("counter", "Bytes read", "bytes")
    }
