import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.application.answers import exactly
from tests.application.intake import House

from sightline.application.ingest import IngestLimits
from sightline.application.query import Query
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import STALE, WriteBatch
from sightline.domain.promql.evaluate import evaluate
from sightline.domain.promql.parse import parse
from sightline.domain.promql.plan import plan
from sightline.domain.promql.values import Answer
from sightline.domain.tenancy import LOCAL
from sightline.domain.timerange import DAY, HOUR, MINUTE, Grid

SERIES = [Labels.of(__name__=name, x=x, y=y) for name in "ab" for x in "12" for y in "345"]
VALUES = [0.0, 1.5, -3.0, 0.1, 7.0, float("inf"), float("nan"), float(STALE)]

CALLS = st.builds(
    "{}({}[{}]{})".format,
    st.sampled_from(["min_over_time", "max_over_time", "count_over_time", "present_over_time"]),
    st.sampled_from(["a", "b", 'a{x="1"}', '{x="2"}']),
    st.sampled_from(["1h", "2h", "3h", "90m", "1d"]),
    st.sampled_from(["", " offset 1h", " offset -2h", " offset 5m", " @ end()", " @ start() offset 1h"]),
)
AROUND = st.sampled_from(
    [
        "{0}",
        "sum by (x) ({0})",
        "max without (y) ({0})",
        "topk(2, {0})",
        "{0} + on(x, y) group_left() last_over_time(a[2h])",
        "max_over_time(({0})[4h:1h])",
        "count_over_time(a[1h]) - ({0})",
        "absent({0})",
        "({0}) > 1",
    ]
)


class World:
    """Samples of a day in all tiers: in the store, above the horizon, and late ones in the tail."""

    def __init__(self) -> None:
        self.house = House(limits=IngestLimits(ahead=30 * DAY))
        self.house.hot_bytes = 18_000
        self.house.start()
        self.now = self.house.clock.now() // HOUR * HOUR
        self.executor = ThreadPoolExecutor(2)

    async def fill(self, seed: int) -> None:
        """Samples every half an hour or so, an hour of them after the other; some again and some late."""
        random = np.random.default_rng(seed)
        await self.house.reader.refill(self.now)
        for hour in range(-30, 1):
            await self.write(random, self.now + hour * HOUR, 60)
            if hour % 5 == 0:
                await self.house.flush.drain()
        await self.write(random, self.now - 20 * HOUR, 5)

    async def write(self, random: np.random.Generator, end: int, count: int) -> None:
        """Samples of the hour that ends then."""
        times = end - random.choice([0, 1, 10 * MINUTE, 30 * MINUTE, HOUR - 1], count)
        series = random.integers(0, len(SERIES), count).astype(np.uint32)
        await self.house.ingest(LOCAL, WriteBatch(tuple(SERIES), series, times, random.choice(VALUES, count)))

    def query(self) -> Query:
        """What answers from digests."""
        house = self.house
        return Query(series=house.reader, clock=house.clock, telemetry=house.telemetry, executor=self.executor)

    async def by_samples(self, text: str, grid: Grid) -> Answer:
        """The answer from samples alone."""
        planned = plan(parse(text), grid, is_range=True)
        fetched = [
            await self.house.reader.select(LOCAL.tenant, one.matchers, one.within, 10**9) for one in planned.fetches
        ]
        return evaluate(planned, fetched)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One for all: nothing is written by the tests."""
    made = World()
    asyncio.run(made.fill(7))
    yield made
    made.executor.shutdown()
    made.house.threads.shutdown()


@given(
    call=CALLS,
    around=AROUND,
    first=st.integers(-20, 0),
    step=st.sampled_from([HOUR, 2 * HOUR, 20 * MINUTE]),
    off=st.sampled_from([0, MINUTE]),
)
@settings(
    max_examples=2 * settings().max_examples, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_digests_change_no_answer(world: World, call: str, around: str, first: int, step: int, off: int) -> None:
    """What is asked at whole hours has the same value, to the last bit, whether samples are read or digests."""
    start = world.now + first * HOUR + off
    grid = Grid(start, start + 6 * HOUR, step)
    text = around.format(call)
    assert await exactly(world.query().range(LOCAL, text, grid)) == await exactly(world.by_samples(text, grid))


def test_the_horizon_lies_in_the_middle(world: World) -> None:
    """Some of what is asked lies below it, some above."""
    assert world.now - 25 * HOUR < world.house.hot.view(LOCAL.tenant).horizon < world.now - 5 * HOUR
