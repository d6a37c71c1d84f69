"""OpenTelemetry's own SDK against the running product, by both transports."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpExporter
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider, ObservableCounter
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    MetricExporter,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.metrics.view import View
from opentelemetry.sdk.resources import Resource

from sightline.compose import Running, start
from sightline.settings.sources import load

DELTA = dict.fromkeys((Counter, Histogram, ObservableCounter), AggregationTemporality.DELTA)
RESOURCE = Resource.create(
    {
        "service.name": "checkout",
        "service.namespace": "shop",
        "service.instance.id": "pod-7",
        "deployment.environment.name": "prod",
    }
)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    """The product, listening on free ports."""
    given = {
        "data": tmp_path / "data",
        "listen": "127.0.0.1:0",
        "otlp.http_listen": "127.0.0.1:0",
        "otlp.grpc_listen": "127.0.0.1:0",
        "otlp.promote_resource_attributes": "deployment.environment.name",
        "disk.min_free": "0B",
        "host.enabled": "false",
        "containers.enabled": "false",
    }
    async with start(load(given, {}, tmp_path)) as program:
        yield program


async def _exporter(running: Running, transport: str, **more: Any) -> MetricExporter:
    if transport == "grpc":
        assert running.grpc is not None
        return GrpcExporter(endpoint=f"http://{await running.grpc.wait()}", insecure=True, **more)
    return HttpExporter(endpoint=f"{running.also[0]}/v1/metrics", compression=Compression.Gzip, **more)


async def ask(running: Running, expression: str, at: float | None = None) -> dict[tuple[tuple[str, str], ...], float]:
    """The value of each series of an instant query."""
    query = {"query": expression, "time": str(time.time() if at is None else at)}
    async with aiohttp.ClientSession() as session, session.get(f"{running.url}/api/v1/query", params=query) as found:
        answer = await found.json()
    assert answer["status"] == "success", answer
    return {
        tuple(sorted(one["metric"].items())): float(one["value"][1])
        for one in answer["data"]["result"]
        if "value" in one
    }


async def value(running: Running, expression: str) -> float:
    """The one value of an instant query."""
    found = await ask(running, expression)
    assert len(found) == 1, (expression, found)
    return next(iter(found.values()))


def _provider(exporter: MetricExporter, *views: View) -> MeterProvider:
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    return MeterProvider([reader], RESOURCE, views=views)


@pytest.mark.parametrize("transport", ["http", "grpc"])
async def test_every_instrument_of_the_sdk_is_stored(running: Running, transport: str) -> None:
    """Counters, up-down counters, gauges and histograms of the SDK come out of PromQL under their names and labels."""
    provider = _provider(await _exporter(running, transport))
    meter = provider.get_meter("shop.library", "1.2.3", "https://example.org/schema")
    counter = meter.create_counter("http.server.requests", unit="{request}", description="Requests served")
    counter.add(3, {"http.route": "/cart", "http.response.status_code": 200})
    counter.add(4, {"http.route": "/pay", "http.response.status_code": 500})
    meter.create_up_down_counter("queue.size", unit="By").add(-2)
    meter.create_gauge("cpu.usage", unit="1").set(0.25)
    histogram = meter.create_histogram("rpc.duration", unit="s", explicit_bucket_boundaries_advisory=[0.1, 1, 10])
    for seconds in (0.05, 0.5, 0.7, 20):
        histogram.record(seconds)
    assert await asyncio.to_thread(provider.force_flush)

    found = await ask(running, 'http_server_requests_total{http_route="/cart"}')
    assert found == {
        (
            ("__name__", "http_server_requests_total"),
            ("deployment_environment_name", "prod"),
            ("http_response_status_code", "200"),
            ("http_route", "/cart"),
            ("instance", "pod-7"),
            ("job", "shop/checkout"),
            ("otel_scope_name", "shop.library"),
            ("otel_scope_schema_url", "https://example.org/schema"),
            ("otel_scope_version", "1.2.3"),
        ): 3.0
    }
    assert await value(running, "queue_size_bytes") == -2
    assert await value(running, "cpu_usage_ratio") == 0.25
    assert await value(running, 'rpc_duration_seconds_bucket{le="0.1"}') == 1
    assert await value(running, 'rpc_duration_seconds_bucket{le="1"}') == 3
    assert await value(running, 'rpc_duration_seconds_bucket{le="+Inf"}') == 4
    assert await value(running, "rpc_duration_seconds_count") == 4
    assert await value(running, "rpc_duration_seconds_sum") == pytest.approx(21.25)
    assert await value(running, 'count(target_info{telemetry_sdk_language="python", job="shop/checkout"})') == 1
    await asyncio.to_thread(provider.shutdown)
