"""What is kept of metrics' descriptions, and how it is asked for."""

import pytest

from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.application.metadata import MetricMetadata
from sightline.domain.scrape.job import ScrapeJob, TargetGroup
from sightline.domain.scrape.relabel import Relabelling
from sightline.domain.scrape.scraped import Metadata
from sightline.domain.scrape.target import Target, targets_of
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.ports.telemetry import Instrument, Kind

pytestmark = pytest.mark.anyio

ONE, OTHER = Metadata("counter", "One."), Metadata("gauge", "Other.")


def targets(*addresses: str) -> tuple[Target, ...]:
    """Targets of one job."""
    return targets_of(ScrapeJob(job="node"), Relabelling(()), [TargetGroup(addresses)]).active


@pytest.fixture
def telemetry() -> MemoryTelemetry:
    """Our own metrics, none yet."""
    return MemoryTelemetry()


@pytest.fixture
def metadata(telemetry: MemoryTelemetry) -> MetricMetadata:
    """Room for four descriptions."""
    return MetricMetadata(telemetry, max_entries=4)


async def test_equal_descriptions_are_told_once(metadata: MetricMetadata) -> None:
    """Targets that say the same of a metric give one description, others one each."""
    a, b, c = targets("a:1", "b:1", "c:1")
    metadata.note(a, {"m": ONE})
    metadata.note(b, {"m": ONE})
    metadata.note(c, {"m": OTHER})
    assert (await metadata.by_metric(LOCAL, "m")) == {"m": [ONE, OTHER]}
    assert (await metadata.by_metric(LOCAL, "m", per_metric=1)) == {"m": [ONE]}


async def test_the_number_of_metrics_can_be_limited(metadata: MetricMetadata) -> None:
    """At most so many families, or descriptions of targets, are told; none of one that is not known."""
    (a,) = targets("a:1")
    metadata.note(a, {"m": ONE, "n": OTHER})
    assert len(await metadata.by_metric(LOCAL, limit=1)) == 1
    assert await metadata.by_metric(LOCAL, limit=0) == {}
    assert await metadata.by_metric(LOCAL, "unknown") == {}
    assert [name for _, name, _ in metadata.by_target(LOCAL)] == ["m", "n"]
    assert metadata.by_target(LOCAL, "n") == [(a.labels, "n", OTHER)]


async def test_room_is_bounded(metadata: MetricMetadata, telemetry: MemoryTelemetry) -> None:
    """A target whose descriptions do not fit goes without; room that is given up is used again."""
    a, b = targets("a:1", "b:1")
    metadata.note(a, dict.fromkeys("xyz", ONE))
    metadata.note(b, dict.fromkeys("pq", ONE))
    assert {labels for labels, _, _ in metadata.by_target(LOCAL)} == {a.labels}
    counted = {one.instrument.name: one.points[0].value for one in telemetry.families()}
    assert counted["sightline_metadata_refused_total"] == 1
    assert counted["sightline_metadata_entries"] == 3
    metadata.note(a, {"x": ONE})
    metadata.note(b, dict.fromkeys("pq", ONE))
    assert len(metadata.by_target(LOCAL)) == 3


async def test_our_own_metrics_are_described(metadata: MetricMetadata, telemetry: MemoryTelemetry) -> None:
    """Every instrument in use has its type and help, without being scraped."""
    telemetry.add(Instrument("sightline_things_total", "Things.", Kind.COUNTER))
    assert (await metadata.by_metric(LOCAL, "sightline_things_total")) == {
        "sightline_things_total": [Metadata("counter", "Things.")]
    }


async def test_what_is_known_beforehand_needs_no_target(telemetry: MemoryTelemetry) -> None:
    """Descriptions that were given at the start are told too."""
    assert (await MetricMetadata(telemetry, {"m": ONE}).by_metric(LOCAL, "m")) == {"m": [ONE]}


async def told(metadata: MetricMetadata, names: str, principal: Principal = LOCAL) -> list[list[Metadata]]:
    """The descriptions of some metrics."""
    return [(await metadata.by_metric(principal, name)).get(name, []) for name in names]


async def test_what_senders_say_is_told_to_their_tenant(metadata: MetricMetadata) -> None:
    """Pushed descriptions stand beside those of targets, the last of a metric counts, and no other tenant sees them."""
    shop = Principal("shop", Tenant("shop"))
    (a,) = targets("a:1")
    metadata.note(a, {"m": ONE})
    metadata.push(LOCAL, {"m": ONE, "n": ONE})
    metadata.push(LOCAL, {"n": OTHER})
    metadata.push(shop, {"o": ONE})
    assert await told(metadata, "mno") == [[ONE], [OTHER], []]
    assert await metadata.by_metric(shop) == {"o": [ONE]}


async def test_what_senders_say_is_bounded(metadata: MetricMetadata, telemetry: MemoryTelemetry) -> None:
    """Beyond the bound only what is known already changes, and the refusal is counted."""
    metadata.push(LOCAL, dict.fromkeys("abc", ONE))
    metadata.push(LOCAL, {"a": OTHER, "d": ONE, "e": ONE})
    assert await told(metadata, "abcde") == [[OTHER], [ONE], [ONE], [], []]
    counted = {one.instrument.name: one.points[0].value for one in telemetry.families()}
    assert counted["sightline_metadata_refused_total"] == 1
