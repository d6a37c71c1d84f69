"""Number points of OpenTelemetry as protobuf bodies, all encoded before a clock starts."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from bench.doors import OTLP
from bench.samples import Request
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import AGGREGATION_TEMPORALITY_CUMULATIVE


@dataclass(frozen=True, slots=True)
class Services:
    """How many services tell of their metrics how often, each in a request of its own. start: ns; step: ns between two."""

    start: int
    rounds: int
    services: int = 10
    metrics: int = 20
    points: int = 50
    step: int = 10_000_000_000


def requests(shape: Services, seed: int = 1) -> Iterator[Request]:
    """The bodies, round after round; half of the metrics are sums that grow, half are gauges."""
    random = np.random.default_rng(seed)
    totals = np.zeros((shape.services, shape.metrics, shape.points), np.int64)
    for number in range(shape.rounds):
        time = shape.start + number * shape.step
        totals += random.integers(0, 40, totals.shape)
        for service in range(shape.services):
            body = _message(shape, service, time, totals[service].tolist())
            yield Request(service, shape.metrics * shape.points, body, OTLP)


def _message(shape: Services, service: int, time: int, totals: list[list[int]]) -> bytes:
    request = ExportMetricsServiceRequest()
    resource = request.resource_metrics.add()
    resource.resource.attributes.extend(
        [
            _text("service.name", f"service-{service}"),
            _text("service.instance.id", f"{service:032x}"),
            _text("host.name", f"host-{service}"),
        ]
    )
    scope = resource.scope_metrics.add()
    scope.scope.name = "bench"
    for number, values in enumerate(totals):
        metric = scope.metrics.add(name=f"bench.requests.{number}", unit="{request}")
        if number % 2:
            metric.sum.is_monotonic, metric.sum.aggregation_temporality = True, AGGREGATION_TEMPORALITY_CUMULATIVE
        data = metric.sum if number % 2 else metric.gauge
        for point, value in enumerate(values):
            found = data.data_points.add(start_time_unix_nano=shape.start, time_unix_nano=time)
            found.attributes.extend(
                [
                    _text("http.route", f"/api/v1/items/{point}"),
                    _text("http.request.method", "GET"),
                    KeyValue(key="http.response.status_code", value=AnyValue(int_value=200)),
                ]
            )
            if number % 2:
                found.as_int = value
            else:
                found.as_double = value / 100
    return request.SerializeToString()


def _text(key: str, value: str) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(string_value=value))
