"""OpenTelemetry's own SDK against the running product, by both transports."""

import asyncio
import gzip
import socket
import time
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import cramjam
import grpc
import grpc.aio
import msgspec
import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpExporter
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import MetricsServiceStub
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider, ObservableCounter
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    MetricExporter,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from tests.e2e.descriptors import descriptors
from tests.e2e.program import Program

from sightline.compose.program import Running, start
from sightline.domain.errors import SettingsInvalid
from sightline.settings.schema import Settings
from sightline.settings.sources import load

# What the HTTP exporter is made of says that it could do without a proxy.
pytestmark = pytest.mark.filterwarnings("ignore:SOCKS support in urllib3")

DELTA = dict.fromkeys((Counter, Histogram, ObservableCounter), AggregationTemporality.DELTA)
RESOURCE = Resource.create(
    {
        "service.name": "checkout",
        "service.namespace": "shop",
        "service.instance.id": "pod-7",
        "deployment.environment.name": "prod",
    }
)


def _settings(folder: Path, **more: object) -> Settings:
    given = {
        "data": folder / "data",
        "listen": "127.0.0.1:0",
        "otlp.http_listen": "127.0.0.1:0",
        "otlp.grpc_listen": "127.0.0.1:0",
        "otlp.promote_resource_attributes": "deployment.environment.name",
        "disk.min_free": "0B",
        "host.enabled": "false",
        "containers.enabled": "false",
    }
    return load({**given, **more}, {}, folder)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    """The product, listening on free ports."""
    async with start(_settings(tmp_path)) as program:
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
    async with aiohttp.ClientSession() as session, session.get(f"{running.url}/api/v1/metadata") as answer:
        described = (await answer.json())["data"]
    assert described["http_server_requests_total"] == [{"type": "counter", "help": "Requests served", "unit": ""}]
    assert await value(running, "queue_size_bytes") == -2
    assert await value(running, "cpu_usage_ratio") == 0.25
    assert await value(running, 'rpc_duration_seconds_bucket{le="0.1"}') == 1
    assert await value(running, 'rpc_duration_seconds_bucket{le="1"}') == 3
    assert await value(running, 'rpc_duration_seconds_bucket{le="+Inf"}') == 4
    assert await value(running, "rpc_duration_seconds_count") == 4
    assert await value(running, "rpc_duration_seconds_sum") == pytest.approx(21.25)
    assert await value(running, 'count(target_info{telemetry_sdk_language="python", job="shop/checkout"})') == 1
    await asyncio.to_thread(provider.shutdown)


@pytest.mark.parametrize("transport", ["http", "grpc"])
async def test_deltas_come_out_as_totals(running: Running, transport: str) -> None:
    """With delta temporality counters and histograms grow from export to export, beginning at nothing."""
    exporter = await _exporter(running, transport, preferred_temporality=DELTA)
    provider = _provider(exporter)
    meter = provider.get_meter("shop")
    counter, histogram = meter.create_counter("sales"), meter.create_histogram("size", unit="By")
    for number in range(3):
        counter.add(5, {"shop": "a"})
        histogram.record(10.0 * (number + 1))
        assert await asyncio.to_thread(provider.force_flush)
        assert await value(running, "sales_total") == 5 * (number + 1)
    assert await value(running, "size_bytes_count") == 3
    assert await value(running, "size_bytes_sum") == 60
    assert await value(running, 'size_bytes_bucket{le="25"}') == 2
    assert await value(running, "min_over_time(sales_total[5m])") == 0
    await asyncio.to_thread(provider.shutdown)


@pytest.mark.parametrize("temporality", ["cumulative", "delta"])
async def test_exponential_histograms_are_native(running: Running, temporality: str) -> None:
    """An exponential histogram of the SDK is a native histogram, whichever its temporality."""
    preferred = DELTA if temporality == "delta" else {}
    view = View(instrument_name="latency", aggregation=ExponentialBucketHistogramAggregation(max_size=40))
    provider = _provider(await _exporter(running, "grpc", preferred_temporality=preferred), view)
    histogram = provider.get_meter("shop").create_histogram("latency", unit="s")
    for seconds in (0.5, 1.0, 2.0, 4.0):
        histogram.record(seconds)
        assert await asyncio.to_thread(provider.force_flush)
    assert await value(running, "histogram_count(latency_seconds)") == 4
    assert await value(running, "histogram_sum(latency_seconds)") == 7.5
    assert await value(running, "histogram_quantile(1, latency_seconds)") == pytest.approx(4, rel=0.1)
    await asyncio.to_thread(provider.shutdown)


async def test_exemplars_of_the_sdk_are_found(running: Running) -> None:
    """Measurements within a sampled span leave exemplars with its trace, which the API of exemplars gives."""
    provider = _provider(await _exporter(running, "http"))
    counter = provider.get_meter("shop").create_counter("clicks")
    with TracerProvider().get_tracer("shop").start_as_current_span("click") as span:
        counter.add(1)
    assert await asyncio.to_thread(provider.force_flush)
    now = time.time()
    query = {"query": "clicks_total", "start": str(now - 300), "end": str(now + 300)}
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{running.url}/api/v1/query_exemplars", params=query) as found,
    ):
        (series,) = (await found.json())["data"]
    assert series["exemplars"][0]["labels"]["trace_id"] == f"{span.get_span_context().trace_id:032x}"
    await asyncio.to_thread(provider.shutdown)


def _body(value: float, *, temporality: int, at: float, step: float = 10) -> bytes:
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="hits")
    metric.sum.is_monotonic, metric.sum.aggregation_temporality = True, temporality  # type: ignore[assignment]
    nanoseconds = 10**9
    metric.sum.data_points.add(
        as_double=value, time_unix_nano=int(at * nanoseconds), start_time_unix_nano=int((at - step) * nanoseconds)
    )
    return request.SerializeToString()


def _stub(channel: Any) -> Any:
    made: Any = MetricsServiceStub
    return made(channel)


async def post(url: str, body: bytes, kind: str = "application/x-protobuf", **headers: str) -> tuple[int, Any, bytes]:
    """Status, headers and body of a POST."""
    given = {"Content-Type": kind, **headers}
    async with aiohttp.ClientSession() as session, session.post(url, data=body, headers=given) as found:
        return found.status, found.headers, await found.read()


async def test_rejected_points_are_told(running: Running) -> None:
    """A point out of bounds is rejected in the answer, by HTTP in both encodings and by gRPC, and an empty request is a success."""
    old = _body(1, temporality=2, at=1_000_000)
    url = f"{running.url}/v1/metrics"
    status, headers, body = await post(url, old)
    told = ExportMetricsServiceResponse.FromString(body).partial_success
    assert (status, headers["Content-Type"], told.rejected_data_points) == (200, "application/x-protobuf", 1)
    assert "hits_total" in told.error_message
    point = {"timeUnixNano": "1000000000000000", "asDouble": 1}
    tree = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "hits", "gauge": {"dataPoints": [point]}}]}]}]}
    status, _, body = await post(url, msgspec.json.encode(tree), "application/json")
    assert (status, msgspec.json.decode(body)["partialSuccess"]["rejectedDataPoints"]) == (200, "1")
    assert (await post(url, b""))[::2] == (200, b"")
    assert (await post(url, b"{}", "application/json"))[::2] == (200, b"{}")
    assert running.grpc is not None
    async with grpc.aio.insecure_channel(str(await running.grpc.wait())) as channel:
        told = (await _stub(channel).Export(ExportMetricsServiceRequest.FromString(old))).partial_success
    assert told.rejected_data_points == 1


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("zstd", lambda body: bytes(cramjam.zstd.compress(body)))],
)
async def test_bodies_may_be_packed(running: Running, encoding: str, packed: Callable[[bytes], bytes]) -> None:
    """What collectors pack with is taken apart, within the bound, and damage is told."""
    url, header = f"{running.url}/v1/metrics", {"Content-Encoding": encoding}
    body = packed(_body(3, temporality=2, at=time.time()))
    assert (await post(url, body, **header))[::2] == (200, b"")
    assert await value(running, "hits_total") == 3
    assert (await post(url, packed(bytes(70 << 20)), **header))[0] == 413
    assert (await post(url, body[:-6], **header))[0] == 400
    assert (await post(url, b"nonsense", **header))[0] == 400


@pytest.mark.parametrize("prefix", ["", "/api/v1/otlp", "/opentelemetry", "/otlp"])
async def test_every_usual_path_takes_metrics(running: Running, prefix: str) -> None:
    """The paths of OpenTelemetry, Prometheus and VictoriaMetrics all lead to the same door, at the exporters' port too."""
    for base in (running.url, running.also[0]):
        status, _, body = await post(f"{base}{prefix}/v1/metrics", _body(3, temporality=2, at=time.time()))
        assert (status, body) == (200, b"")
    assert await value(running, "hits_total") == 3


async def test_failures_are_in_the_encoding_of_the_request(running: Running) -> None:
    """What is wrong with a request is a google.rpc.Status, in protobuf or JSON as the request was."""
    url = f"{running.url}/v1/metrics"
    status, headers, body = await post(url, b"\xff\xff")
    found = Status.FromString(body)
    assert (status, headers["Content-Type"], found.code) == (
        400,
        "application/x-protobuf",
        grpc.StatusCode.INVALID_ARGUMENT.value[0],
    )
    assert "OTLP" in found.message
    status, headers, body = await post(url, b'{"resourceMetrics": 7}', "application/json")
    assert (status, headers["Content-Type"]) == (400, "application/json")
    assert msgspec.json.decode(body) == {"code": 3, "message": "resourceMetrics: must be a list"}
    assert (await post(url, b"x", "text/plain"))[0] == 415
    assert (await post(url, b"x", **{"Content-Encoding": "br"}))[0] == 415
    for signal in ("logs", "traces"):
        status, _, body = await post(f"{running.url}/v1/{signal}", b"")
        assert (status, Status.FromString(body).code) == (404, grpc.StatusCode.NOT_FOUND.value[0])


async def test_grpc_has_tenants_and_refuses_what_it_does_not_serve(running: Running) -> None:
    """The tenant comes from the metadata as from HTTP's header; other services are unimplemented; nonsense is INVALID_ARGUMENT."""
    assert running.grpc is not None
    request = ExportMetricsServiceRequest.FromString(_body(4, temporality=2, at=time.time()))
    async with grpc.aio.insecure_channel(str(await running.grpc.wait())) as channel:
        stub = _stub(channel)
        await stub.Export(request, metadata=(("x-scope-orgid", "blue"),), compression=grpc.Compression.Gzip)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.Export(request, metadata=(("x-scope-orgid", "no/tenant"),))
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        traces: Any = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await traces(b"")
        assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
        export: Any = channel.unary_unary("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export")
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await export(b"\xff")
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert await ask(running, "hits_total") == {}
    query = {"query": "hits_total"}
    blue, url = aiohttp.ClientSession(headers={"X-Scope-OrgID": "blue"}), f"{running.url}/api/v1/query"
    async with blue as session, session.get(url, params=query) as found:
        assert len((await found.json())["data"]["result"]) == 1


async def test_a_token_is_asked_for(tmp_path: Path) -> None:
    """Where callers must show a token, exporters must too, by either transport."""
    (tmp_path / "token").write_text("0123456789abcdef0123")
    async with start(_settings(tmp_path, **{"http.token_file": tmp_path / "token"})) as running:
        assert running.grpc is not None
        request = ExportMetricsServiceRequest.FromString(_body(4, temporality=2, at=time.time()))
        assert (await post(f"{running.also[0]}/v1/metrics", b""))[0] == 401
        shown = {"Authorization": "Bearer 0123456789abcdef0123"}
        assert (await post(f"{running.also[0]}/v1/metrics", b"", **shown))[0] == 200
        async with grpc.aio.insecure_channel(str(await running.grpc.wait())) as channel:
            stub = _stub(channel)
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await stub.Export(request)
            assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
            await stub.Export(request, metadata=(("authorization", shown["Authorization"]),))


async def test_a_port_that_is_taken_is_passed_over(tmp_path: Path) -> None:
    """Where a collector has the ports already, the program starts without them; open to other machines it wants a token."""
    with socket.create_server(("127.0.0.1", 0)) as http, socket.create_server(("127.0.0.1", 0)) as rpc:
        taken = {
            "otlp.http_listen": f"127.0.0.1:{http.getsockname()[1]}",
            "otlp.grpc_listen": f"127.0.0.1:{rpc.getsockname()[1]}",
        }
        async with start(_settings(tmp_path, **taken)) as running:
            assert running.also == ()
            assert running.grpc is not None
            assert await running.grpc.wait() is None
    for setting in ("otlp.http_listen", "otlp.grpc_listen"):
        with pytest.raises(SettingsInvalid, match=rf"{setting} 0\.0\.0\.0 is open".replace(".http", r"\.http")):
            async with start(_settings(tmp_path, **{setting: "0.0.0.0:0"})):
                pass


async def test_a_total_goes_on_after_a_crash(tmp_path: Path) -> None:
    """After kill -9 the total goes on from what was acknowledged, and a request that is sent again counts once."""
    now = time.time()
    program = Program(tmp_path / "data")
    try:
        for number in range(3):
            body = _body(10, temporality=1, at=now - 30 + 10 * number)
            assert (await post(f"{program.url}/v1/metrics", body))[0] == 200
    finally:
        program.kill()
    program = Program(tmp_path / "data")
    try:
        for number in (2, 3):  # the one that was under way when it died is sent again
            body = _body(10, temporality=1, at=now - 30 + 10 * number)
            assert (await post(f"{program.url}/v1/metrics", body))[::2] == (200, b"")
        found = program.get("/api/v1/query", query="hits_total[2m]", time=now + 5)["data"]["result"]
        assert [float(value) for _, value in found[0]["values"]] == [0, 10, 20, 30, 40]
    finally:
        program.stop()


async def test_recorded_requests_are_taken(running: Running, recorded_data: Path) -> None:
    """OpenTelemetry's own example in JSON is read whole; its times are years ago, for which every point is rejected."""
    body = (recorded_data / "otlp" / "metrics.json").read_bytes()
    status, _, answer = await post(f"{running.url}/v1/metrics", body, "application/json")
    told = msgspec.json.decode(answer)["partialSuccess"]
    assert (status, told["rejectedDataPoints"]) == (200, "4")
    recent = body.replace(b"15447126603", str(int(time.time() * 10)).encode())
    assert (await post(f"{running.url}/v1/metrics", recent, "application/json"))[::2] == (200, b"{}")
    assert await value(running, "my_counter_total") == 5
    assert await value(running, "my_gauge_ratio") == 10
    assert await value(running, 'my_histogram_bucket{le="1"}') == 1
    assert await value(running, "histogram_count(my_exponential_histogram)") == 3


async def test_it_starts_and_stops_again_and_again(tmp_path: Path) -> None:
    """Descriptors and tasks do not pile up from one run with both doors to the next, whether exporters came or not."""
    counts = []
    for number in range(4):
        async with start(_settings(tmp_path)) as running:
            if number % 2 == 0:
                assert running.grpc is not None
                async with grpc.aio.insecure_channel(str(await running.grpc.wait())) as channel:
                    await _stub(channel).Export(ExportMetricsServiceRequest())
        counts.append((len(descriptors()), len(asyncio.all_tasks())))
    assert max(counts[2:]) <= max(counts[:2])
