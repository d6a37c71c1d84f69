"""What lines are handed to in these tests."""

import asyncio
from dataclasses import dataclass, field

import pytest

from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.domain.errors import SightlineError
from sightline.domain.labels import Labels
from sightline.domain.metrics.left_out import Taken
from sightline.domain.metrics.roster import Roster
from sightline.domain.metrics.samples import STALE_BITS, WriteBatch
from sightline.domain.tenancy import LOCAL, Principal, Tenant


@dataclass
class Intake:
    """Keeps what it takes, by series; raises what it is to raise."""

    samples: dict[str, list[tuple[int, float | str]]] = field(default_factory=dict)
    fails: list[SightlineError] = field(default_factory=list)
    left_out: Taken | None = None
    names: Roster = field(default_factory=Roster)
    took: asyncio.Event = field(default_factory=asyncio.Event)

    async def partly(self, principal: Principal, batch: WriteBatch) -> Taken:
        """Ingest."""
        assert principal == LOCAL
        assert len(set(batch.labels)) == len(batch.labels)
        if self.fails:
            raise self.fails.pop(0)
        for series, time, value in zip(
            batch.series.tolist(), batch.times.tolist(), batch.values.view("u8").tolist(), strict=True
        ):
            shown = "end" if value == STALE_BITS else float(batch.values[batch.values.view("u8") == value][0])
            self.samples.setdefault(str(Labels(batch.labels[series])), []).append((time, shown))
        self.took.set()
        return self.left_out or Taken(len(batch))

    def roster(self, tenant: Tenant) -> Roster:
        """Ingest."""
        assert tenant == LOCAL.tenant
        return self.names

    def values(self) -> dict[str, list[float | str]]:
        """By series, in order."""
        return {name: [value for _, value in found] for name, found in sorted(self.samples.items())}


class Telemetry(MemoryTelemetry):
    """Remembers, and tells one number."""

    def of(self, name: str, *labels: str) -> float:
        """The present value of an instrument under labels."""
        points = (point for family in self.families() if family.instrument.name == name for point in family.points)
        return sum(point.value for point in points if tuple(value for _, value in point.labels) == labels)


@pytest.fixture
def intake() -> Intake:
    """An empty one."""
    return Intake()


@pytest.fixture
def telemetry() -> Telemetry:
    """An empty one."""
    return Telemetry()


@pytest.fixture
def clock() -> ManualClock:
    """A clock that the test moves."""
    return ManualClock(1_763_700_000_123)
