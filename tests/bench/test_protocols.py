"""The bodies of other protocols than remote write of floats."""

import cramjam
from bench.histograms import Latencies
from bench.histograms import requests as histogram_bodies
from bench.lines import LINES_A_HOST, VALUES_A_HOST, Stream
from bench.lines import requests as line_bodies
from bench.points import Services
from bench.points import requests as point_bodies
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest


def test_lines_are_of_every_host_at_every_instant() -> None:
    """Each body has as many lines and values as it says, and the bodies together every host once an instant."""
    bodies = list(line_bodies(Stream(1_700_000_000 * 10**9, rounds=3, hosts=5, hosts_a_request=2)))
    lines = [line for one in bodies for line in one.body.decode().splitlines()]
    assert sum(one.samples for one in bodies) == len(lines) == 3 * 5 * LINES_A_HOST
    assert sum(line.split(" ")[1].count("=") for line in lines) == 3 * 5 * VALUES_A_HOST
    assert len({line.rpartition(" ")[2] for line in lines}) == 3
    assert len({line.rpartition(" ")[0].partition(" ")[0] for line in lines}) == 5 * LINES_A_HOST


def test_points_are_messages_of_opentelemetry() -> None:
    """Each body decodes to as many points as it says, and sums grow from one to the next."""
    bodies = list(point_bodies(Services(1_700_000_000 * 10**9, rounds=2, services=1, metrics=2, points=3)))
    messages = [ExportMetricsServiceRequest.FromString(one.body) for one in bodies]
    metrics = [list(one.resource_metrics[0].scope_metrics[0].metrics) for one in messages]
    assert [sum(len(one.gauge.data_points) + len(one.sum.data_points) for one in each) for each in metrics] == [6, 6]
    before, after = ([point.as_int for point in each[1].sum.data_points] for each in metrics)
    assert all(low <= high for low, high in zip(before, after, strict=True))


def test_histograms_are_one_a_series_and_round() -> None:
    """The bodies hold every series once a round."""
    bodies = list(histogram_bodies(Latencies(1_700_000_000_000, rounds=2, series=5, series_a_request=2)))
    assert sum(one.samples for one in bodies) == 10
    unpacked = b"".join(bytes(cramjam.snappy.decompress_raw(one.body)) for one in bodies)
    assert unpacked.count(b"bench_seconds") == 10
