"""How late the event loop is."""

import asyncio

from tests.adapters.http.stage import Counters
from typing_extensions import override

from sightline.adapters.inbound.lag import INTERVAL, LAG, measuring_lag
from sightline.adapters.outbound.memory.clock import ManualClock


class Late(ManualClock):
    """A clock whose sleepers wake late, as when the loop is busy."""

    late = 0.0

    @override
    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds + self.late)


class Seen(Counters):
    """Remembers every observation."""

    def __init__(self) -> None:
        super().__init__()
        self.lags: list[float] = []

    @override
    def observe(self, instrument: object, value: float, labels: object = ()) -> None:
        assert instrument is LAG
        self.lags.append(round(value, 6))


async def test_what_is_late_is_measured_as_long_as_it_is_wanted() -> None:
    """Each measurement says by how much the task ran late, and none comes after the end."""
    clock, telemetry = Late(), Seen()
    async with measuring_lag(clock, telemetry):
        await asyncio.sleep(0)  # the task begins to wait
        await clock.advance(INTERVAL)
        clock.late = 0.125
        await clock.advance(INTERVAL)
        await clock.advance(INTERVAL + 0.125)
    clock.late = 0.0
    await clock.advance(10 * INTERVAL)
    assert telemetry.lags == [0.0, 0.0, 0.125]
