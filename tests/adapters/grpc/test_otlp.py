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
from tests.application.intake import House

from sightline.adapters.inbound.grpc.serving import serving
from sightline.adapters.inbound.grpc.settings import GrpcSettings
from sightline.adapters.wire.otlp_metrics import OtlpMetricsDecoder
from sightline.application.absorb import Absorb
from sightline.application.accumulate import Accumulate
from sightline.application.exemplify import Exemplify
from sightline.application.ingest import IngestLimits
from sightline.application.metadata import MetricMetadata
from sightline.domain.metrics.exemplar_ring import ExemplarRing
from sightline.domain.tenancy import LOCAL, Principal


def admit(_: Mapping[str, str]) -> Principal:
    """Everybody may come in."""
    return LOCAL


@asynccontextmanager
async def exporter(house: House, **more: Any) -> AsyncIterator[Any]:
    """A stub whose calls lead to the house."""
    absorb = Absorb(
        OtlpMetricsDecoder().decode,
        house.ingest,
        Accumulate(house.ingest, house.reader, house.clock, house.telemetry),
        Exemplify(ExemplarRing(), house.telemetry),
        MetricMetadata(house.telemetry),
    )
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
    """What all calls hold at once has a bound, whose setting the answer names."""
    house = House()
    async with exporter(house, max_inflight_bytes=10) as stub:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.Export(request(house))
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert "http.max_inflight_bytes" in str(refused.value.details())


async def test_calls_are_counted() -> None:
    """Calls are counted by their status."""
    house = House()
    async with exporter(house) as stub:
        await stub.Export(request(house))
    (family,) = [one for one in house.telemetry.families() if one.instrument.name == "sightline_grpc_requests_total"]
    assert [(point.labels[1][1], point.value) for point in family.points] == [("OK", 1.0)]
