import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import MetricsServiceStub
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AGGREGATION_TEMPORALITY_CUMULATIVE,
    AGGREGATION_TEMPORALITY_DELTA,
)
from structlog.testing import capture_logs
from tests.application.intake import House
from typing_extensions import override

from sightline.adapters.inbound.grpc.serving import serving
from sightline.adapters.inbound.grpc.settings import GrpcSettings
from sightline.adapters.inbound.lines.complaints import EVERY, Complaints
from sightline.adapters.wire.otlp_metrics import OtlpMetricsDecoder
from sightline.application.absorb import Absorb, Absorbed
from sightline.application.accumulate import Accumulate
from sightline.application.exemplify import Exemplify
from sightline.application.ingest import IngestLimits
from sightline.application.metadata import MetricMetadata
from sightline.application.offload import Offload
from sightline.domain.metrics.exemplar_ring import ExemplarRing
from sightline.domain.tenancy import LOCAL, Principal


def admit(_: Mapping[str, str]) -> Principal:
    """Everybody may come in."""
    return LOCAL


def absorb_into(house: House) -> Absorb:
    """The use case that stores in the house."""
    return Absorb(
        OtlpMetricsDecoder().decode,
        house.ingest,
        Accumulate(house.ingest, house.reader, house.clock, house.telemetry),
        Exemplify(ExemplarRing(), house.telemetry),
        MetricMetadata(house.telemetry),
        Offload(time.thread_time),
        Complaints("otlp", house.clock, what="points").wrong,
    )


class Waiting(Absorb):
    """Stores nothing before it may; it is a fake."""

    def __init__(self) -> None:
        self.called, self.may = asyncio.Event(), asyncio.Event()

    @override
    async def metrics(self, principal: Principal, message: bytes) -> Absorbed:
        self.called.set()
        await self.may.wait()
        return Absorbed()


@asynccontextmanager
async def exporter(house: House, absorb: Absorb | None = None, **more: Any) -> AsyncIterator[Any]:
    """A stub whose calls lead to the house."""
    absorb = absorb or absorb_into(house)
    settings = GrpcSettings(host="127.0.0.1", port=0, absorb=absorb, admit=admit, telemetry=house.telemetry, **more)
    stub: Any = MetricsServiceStub
    async with serving(settings) as listening, grpc.aio.insecure_channel(str(await listening.wait())) as channel:
        yield stub(channel)


def request(house: House, points: int = 1) -> ExportMetricsServiceRequest:
    """An export of a gauge."""
    made = ExportMetricsServiceRequest()
    metric = made.resource_metrics.add().scope_metrics.add().metrics.add(name="load")
    for number in range(points):
        metric.gauge.data_points.add(as_int=number, time_unix_nano=(house.clock.now() - number) * 10**6)
    return made


async def test_overload_says_when_to_come_again() -> None:
    """Where no more is taken the call is UNAVAILABLE, with a RetryInfo that exporters wait for, and nothing is stored."""
    house = House(limits=IngestLimits(unflushed_samples=1))
    async with exporter(house) as stub:
        await stub.Export(request(house))
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.Export(request(house))
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    details = dict(refused.value.trailing_metadata() or ())["grpc-status-details-bin"]
    status = Status.FromString(details)
    info = RetryInfo()
    assert status.details[0].Unpack(info)
    assert (status.code, info.retry_delay.seconds) == (grpc.StatusCode.UNAVAILABLE.value[0], 5)
    assert "intake.unflushed_samples" in status.message
    assert house.tail.rows == 1


async def test_messages_are_bounded() -> None:
    """A message beyond the bound is RESOURCE_EXHAUSTED, also when it is small before it is unpacked; others go on."""
    house = House()
    async with exporter(house, max_message_bytes=10_000) as stub:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.Export(request(house, points=2_000), compression=grpc.Compression.Gzip)
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        await stub.Export(request(house, points=100), compression=grpc.Compression.Gzip)
    assert house.tail.rows == 100


async def test_messages_under_way_are_bounded_together() -> None:
    """While others hold what all may hold together, a call is to come again."""
    house, waiting = House(), Waiting()
    message = request(house)
    async with exporter(house, waiting, max_inflight_bytes=message.ByteSize() * 3 // 2) as stub:
        first = asyncio.ensure_future(stub.Export(message))
        await waiting.called.wait()
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.Export(message)
        waiting.may.set()
        await first
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert "http.max_inflight_bytes" in str(refused.value.details())
    assert refused.value.trailing_metadata()


async def test_a_message_that_never_fits_is_not_to_come_again() -> None:
    """A message above the bound of all together is too large, and the answer names the setting."""
    house = House()
    async with exporter(house, max_inflight_bytes=10) as stub:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.Export(request(house))
    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "http.max_inflight_bytes" in str(refused.value.details())
    assert b"RetryInfo" not in dict(refused.value.trailing_metadata() or ())["grpc-status-details-bin"]


LONG = KeyValue(key="a", value=AnyValue(string_value="v" * 9_000))


async def test_of_two_deltas_one_is_rejected() -> None:
    """The zero at the start of a series counts for no point: of two deltas of which one cannot be a series, one is rejected."""
    house = House()
    made = ExportMetricsServiceRequest()
    metrics = made.resource_metrics.add().scope_metrics.add().metrics
    now = house.clock.now() * 10**6
    for name, attributes in (("good", []), ("bad", [LONG])):
        metric = metrics.add(name=name)
        metric.sum.is_monotonic, metric.sum.aggregation_temporality = True, AGGREGATION_TEMPORALITY_DELTA
        metric.sum.data_points.add(
            as_int=1, time_unix_nano=now, start_time_unix_nano=now - 10**9, attributes=attributes
        )
    async with exporter(house) as stub:
        told = (await stub.Export(made)).partial_success
    assert told.rejected_data_points == 1
    assert "longer than" in told.error_message
    assert await house.values(name="good_total") == [0.0, 1.0]


async def test_a_histogram_that_is_rejected_is_one_point() -> None:
    """However many buckets it has, and whatever stands beside it."""
    house = House()
    made = request(house, points=10)
    metric = made.resource_metrics[0].scope_metrics[0].metrics.add(name="wide")
    metric.histogram.aggregation_temporality = AGGREGATION_TEMPORALITY_CUMULATIVE
    metric.histogram.data_points.add(
        count=21,
        bucket_counts=[1] * 21,
        explicit_bounds=range(20),
        time_unix_nano=house.clock.now() * 10**6,
        attributes=[LONG],
    )
    async with exporter(house) as stub:
        told = (await stub.Export(made)).partial_success
    assert told.rejected_data_points == 1
    assert house.tail.rows == 10


async def test_a_resource_that_cannot_be_described_rejects_no_point() -> None:
    """Where target_info alone is left out, the message says so and no point is rejected."""
    house = House()
    made = request(house, points=11)
    service = KeyValue(key="service.name", value=AnyValue(string_value="shop"))
    made.resource_metrics[0].resource.attributes.extend([service, LONG])
    async with exporter(house) as stub:
        told = (await stub.Export(made)).partial_success
    assert told.rejected_data_points == 0
    assert "target_info" in told.error_message
    assert house.tail.rows == 11


@pytest.mark.parametrize("beside", ["cumulative", "delta"])
async def test_what_cannot_be_read_is_counted_as_refused(beside: str) -> None:
    """A sum without a temporality is told and counted once, whether there are deltas in its request or not."""
    house = House()
    made = request(house)
    metrics = made.resource_metrics[0].scope_metrics[0].metrics
    now = house.clock.now() * 10**6
    metrics.add(name="none").sum.data_points.add(as_int=1, time_unix_nano=now)
    if beside == "delta":
        metric = metrics.add(name="good")
        metric.sum.is_monotonic, metric.sum.aggregation_temporality = True, AGGREGATION_TEMPORALITY_DELTA
        metric.sum.data_points.add(as_int=1, time_unix_nano=now)
        metric.sum.data_points.add(as_double=float("inf"), time_unix_nano=now + 1)
    async with exporter(house) as stub:
        told = (await stub.Export(made)).partial_success
    refused = 1 if beside == "cumulative" else 2
    assert told.rejected_data_points == refused
    assert told.error_message.count("metric none: aggregation_temporality = 0") == 1
    assert house.counted("sightline_ingest_refused_samples_total") == refused


async def test_the_log_tells_of_rejected_points_now_and_then() -> None:
    """The first are told at once and later ones once a minute, together: exporters may not show what they are answered."""
    house = House()
    made = request(house)
    made.resource_metrics[0].scope_metrics[0].metrics[0].gauge.data_points[0].attributes.append(LONG)
    with capture_logs() as lines:
        async with exporter(house) as stub:
            for _ in range(3):
                await stub.Export(made)
            await house.clock.advance(EVERY)
            await stub.Export(made)
            await stub.Export(request(house))
    told = [line for line in lines if line["event"] == "points were left out"]
    assert [(line["listener"], line["points"], line["log_level"]) for line in told] == [
        ("otlp", 1, "warning"),
        ("otlp", 3, "warning"),
    ]
    assert "longer than" in told[0]["reason"]


async def test_calls_are_counted() -> None:
    """Calls are counted by their status."""
    house = House()
    async with exporter(house) as stub:
        await stub.Export(request(house))
    (family,) = [one for one in house.telemetry.families() if one.instrument.name == "sightline_grpc_requests_total"]
    assert [(point.labels[1][1], point.value) for point in family.points] == [("OK", 1.0)]
