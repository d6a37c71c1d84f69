"""How late the event loop is: how long whatever else runs in it keeps everybody waiting."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from sightline.domain.probes.stalls import Stalls
from sightline.ports.clock import Clock
from sightline.ports.telemetry import Instrument, Kind, Telemetry

LAG: Final = Instrument(
    "sightline_event_loop_lag_seconds",
    "How much later than it wanted a task of the event loop ran that is due four times a second.",
    Kind.HISTOGRAM,
    (),
    (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
)

INTERVAL: Final = 0.25
"""Seconds between two measurements: what holds the loop up for longer is certainly seen."""


@asynccontextmanager
async def measuring_lag(clock: Clock, telemetry: Telemetry, stalls: Stalls | None = None) -> AsyncIterator[None]:
    """Measure as long as the context is entered. stalls: where long ones are noted."""
    task = asyncio.create_task(_measure(clock, telemetry, stalls or Stalls()), name="lag")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _measure(clock: Clock, telemetry: Telemetry, stalls: Stalls) -> None:
    while True:
        due = clock.monotonic() + INTERVAL
        await clock.sleep(INTERVAL)
        now = clock.monotonic()
        telemetry.observe(LAG, max(0.0, now - due))
        stalls.note(now, now - due)
