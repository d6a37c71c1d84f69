"""Our own metrics as a source."""

import sys

import pytest

from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.prometheus_client.telemetry import PrometheusTelemetry
from sightline.adapters.outbound.sources.own import OwnMetrics
from sightline.domain.labels import Labels
from sightline.ports.telemetry import Instrument, Kind

pytestmark = pytest.mark.anyio

REQUESTS = Instrument("test_requests_total", "Requests.", Kind.COUNTER, ("code",))
SECONDS = Instrument("test_seconds", "Time.", Kind.HISTOGRAM, (), (1.0,))


async def test_everything_exposed_is_collected_with_job_and_instance() -> None:
    """Counters, buckets and what is known of the process are samples of this moment, under our job and address."""
    telemetry, clock = PrometheusTelemetry(), ManualClock()
    telemetry.add(REQUESTS, 3, ("200",))
    telemetry.observe(SECONDS, 0.5)
    batch = await OwnMetrics(telemetry, clock, "host:8080").collect()
    found = dict(zip(batch.labels, batch.values.tolist(), strict=True))
    target = {"job": "sightline", "instance": "host:8080"}
    assert found[Labels.of({**target, "__name__": "test_requests_total", "code": "200"})] == 3
    assert found[Labels.of({**target, "__name__": "test_seconds_bucket", "le": "+Inf"})] == 1
    assert set(batch.times.tolist()) == {clock.now()}
    assert Labels.of({**target, "__name__": "python_gc_collections_total", "generation": "0"}) in found


@pytest.mark.skipif(sys.platform != "linux", reason="the client library reads the process on Linux alone")
async def test_the_process_is_measured() -> None:
    """CPU time, resident memory, open files and start time of this process are among our metrics."""
    batch = await OwnMetrics(PrometheusTelemetry(), ManualClock(), "host:8080").collect()
    found = {labels.name: value for labels, value in zip(batch.labels, batch.values.tolist(), strict=True)}
    wanted = (
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_start_time_seconds",
    )
    assert all(found[name] > 0 for name in wanted)


async def test_series_keep_their_label_sets() -> None:
    """The same series is the same object from one collection to the next."""
    telemetry = PrometheusTelemetry()
    source = OwnMetrics(telemetry, ManualClock(), "host:8080")
    first, second = await source.collect(), await source.collect()
    assert second.labels is first.labels
    telemetry.add(REQUESTS, labels=("200",))
    third = await source.collect()
    assert len(third.labels) == len(first.labels) + 1
    assert {id(labels) for labels in first.labels} < {id(labels) for labels in third.labels}
