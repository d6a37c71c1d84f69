import asyncio

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.application.intake import House
from tests.oracles.native_histogram import Native, columns, natives

from sightline.application.accumulate import REACH, Accumulate
from sightline.domain.errors import SampleOutOfBounds, StorageFull, TooManyDeltas
from sightline.domain.labels import Labels
from sightline.domain.metrics.left_out import Taken
from sightline.domain.metrics.native_histograms import MARK
from sightline.domain.metrics.points import Points
from sightline.domain.metrics.samples import WriteBatch
from sightline.domain.tenancy import LOCAL
from sightline.domain.timerange import ALL_TIME, HOUR, SECOND

HITS = Labels.of(__name__="hits_total", job="shop")
OTHER = Labels.of(__name__="others_total", job="shop")
NO_SERIES = Labels.of(__name__="wordy_total", text="v" * 100_000)


def points(time: int, *values: tuple[Labels, float], start: int = 0) -> Points:
    """Deltas of one time."""
    batch = WriteBatch.at(time, values)
    return Points(len(batch), batch, np.ones(len(batch), np.bool_), np.full(len(batch), start))


class Shop:
    """A house whose deltas are added up."""

    def __init__(self, max_series: int = 100) -> None:
        self.house = House()
        self.max_series = max_series
        self.begin()

    def begin(self) -> None:
        """Begin a run, as after a crash."""
        self.house.start()
        house = self.house
        self.accumulate = Accumulate(house.ingest, house.reader, house.clock, house.telemetry, self.max_series)

    async def send(self, given: Points) -> Taken:
        """As an exporter does."""
        return await self.accumulate(LOCAL, given)

    async def samples(self, labels: Labels = HITS) -> list[tuple[int, float]]:
        """Times, from now on, and values that are stored of a series."""
        found = await self.house.reader.select(LOCAL.tenant, (), ALL_TIME, 1_000_000)
        rows = dict(zip(found.labels, range(len(found)), strict=True))
        if labels not in rows:
            return []
        within = slice(found.offsets[rows[labels]], found.offsets[rows[labels] + 1])
        now = self.house.clock.now()
        times, values = found.times[within].tolist(), found.values[within].tolist()
        return [(time - now, value) for time, value in zip(times, values, strict=True)]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["send", "send", "send twice", "crash", "flush", "refuse"]),
        st.integers(1, 9),
    ),
    max_size=12,
)


@given(STEPS)
def test_totals_survive_whatever_happens(steps: list[tuple[str, int]]) -> None:
    """Crashes, flushes, refusals and repeated requests in any order: each acknowledged delta counts once."""

    async def run() -> None:
        shop = Shop()
        now = shop.house.clock.now()
        total, expected, time = 0.0, [], now
        for step, delta in steps:
            time += SECOND
            if step == "crash":
                shop.begin()
            elif step == "flush":
                await shop.house.flush.run_once()
            elif step == "refuse":
                shop.house.disk.room = 0
                await shop.house.retain.run_once()
                with pytest.raises(StorageFull):
                    await shop.send(points(time, (HITS, 100.0)))
                shop.house.disk.room = 1 << 40
                await shop.house.retain.run_once()
            else:
                total += delta
                expected.append((time - now, total))
                for _ in range(2 if step == "send twice" else 1):
                    assert not (await shop.send(points(time, (HITS, float(delta))))).left_out
        assert await shop.samples() == expected

    asyncio.run(run())


async def test_a_series_begins_at_nothing() -> None:
    """Before the first total stands a zero at the start of its delta, so that the first delta is an increase."""
    shop = Shop()
    now = shop.house.clock.now()
    await shop.send(points(now, (HITS, 5.0), start=now - 10 * SECOND))
    await shop.send(points(now + 10 * SECOND, (HITS, 2.0), start=now))
    assert await shop.samples() == [(-10 * SECOND, 0.0), (0, 5.0), (10 * SECOND, 7.0)]


async def test_what_is_older_than_the_last_is_left_out() -> None:
    """A delta out of order is left out and named; gaps and overlaps are not, and count whole."""
    shop = Shop()
    now = shop.house.clock.now()
    await shop.send(points(now, (HITS, 5.0)))
    taken = await shop.send(points(now - 1, (HITS, 2.0), (OTHER, 1.0)))
    (cause,) = taken.left_out
    assert isinstance(cause.error, SampleOutOfBounds)
    assert "hits_total" in cause.error.message
    assert (cause.samples, taken.samples, taken.refused.tolist()) == (1, 1, [0])
    await shop.send(points(now + 5, (HITS, 1.0), start=now - 5))  # overlaps
    await shop.send(points(now + 9, (HITS, 1.0), start=now + 8))  # leaves a gap
    assert [value for _, value in await shop.samples()] == [5.0, 6.0, 7.0]


async def test_deltas_that_are_refused_are_not_counted() -> None:
    """What the bounds of time leave out is in no later total."""
    shop = Shop()
    now = shop.house.clock.now()
    await shop.send(points(now, (HITS, 5.0)))
    taken = await shop.send(points(now + shop.house.limits.ahead + 1, (HITS, 100.0)))
    assert [each.samples for each in taken.left_out] == [1]
    await shop.send(points(now + 1, (HITS, 1.0)))
    assert [value for _, value in await shop.samples()] == [5.0, 6.0]


async def test_a_delta_that_is_too_old_is_in_no_total() -> None:
    """Of one request the delta that retention leaves out is named and counted once, and the one beside it begins the series."""
    shop = Shop()
    now = shop.house.clock.now()
    times = np.array([now - shop.house.limits.retention - 1, now])
    batch = WriteBatch((HITS,), np.zeros(2, np.uint32), times, np.array([7.0, 5.0]))
    taken = await shop.send(Points(2, batch, np.ones(2, np.bool_), np.zeros(2, np.int64)))
    assert [(type(each.error), each.samples) for each in taken.left_out] == [(SampleOutOfBounds, 1)]
    assert taken.refused.tolist() == [0]
    assert await shop.samples() == [(0, 5.0)]
    assert shop.house.counted("sightline_ingest_refused_samples_total") == 1


@pytest.mark.parametrize("forgets", ["crash", "refusal", "flush"])
async def test_late_deltas_go_on_from_the_total_before_them(forgets: str) -> None:
    """What a queue brings hours later is added to what was stored of its time, whatever was forgotten since."""
    shop = Shop()
    begun = shop.house.clock.now() - 2 * HOUR
    for number in range(1, 6):
        late = points(begun + number * SECOND, (HITS, 10.0), start=begun + (number - 1) * SECOND)
        if forgets == "crash":
            shop.begin()
        elif forgets == "flush":
            await shop.house.flush.run_once()
            shop.begin()
        else:  # a gauge beside it in the request
            batch = WriteBatch.at(begun + number * SECOND, [(HITS, 10.0), (NO_SERIES, 1.0)])
            late = Points(2, batch, np.array([True, False]), np.full(2, begun + (number - 1) * SECOND))
        await shop.send(late)
    assert [value for _, value in await shop.samples()] == [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]


async def test_a_series_that_is_refused_does_not_unsettle_others() -> None:
    """Only the series whose samples were refused is read back again; the gauge beside it changes nothing either."""
    shop = Shop()
    now = shop.house.clock.now()
    for number in range(3):
        taken = await shop.send(points(now + number, (HITS, 1.0), (NO_SERIES, 1.0)))
        assert [each.samples for each in taken.left_out] == [1]
    assert [value for _, value in await shop.samples()] == [1.0, 2.0, 3.0]
    assert shop.house.counted("sightline_otlp_delta_series") == 1


async def test_series_beyond_the_bound_are_left_out() -> None:
    """The setting bounds the series that are added up; those that have been idle for long make room."""
    shop = Shop(max_series=1)
    now = shop.house.clock.now()
    await shop.send(points(now, (HITS, 5.0)))
    taken = await shop.send(points(now + 1, (OTHER, 1.0), (HITS, 1.0)))
    (cause,) = taken.left_out
    assert isinstance(cause.error, TooManyDeltas)
    assert taken.refused.tolist() == [0]
    assert (
        "no more series that come as deltas are added up than otlp.max_delta_series = 1 allows" in cause.error.message
    )
    assert await shop.samples(OTHER) == []
    assert [value for _, value in await shop.samples()] == [5.0, 6.0]
    await shop.house.clock.advance(REACH / 1000 + 10)
    later = shop.house.clock.now()
    await shop.send(points(later, (OTHER, 1.0)))
    assert await shop.samples(OTHER) == [(0, 1.0)]


async def test_requests_at_once_are_added_one_after_the_other() -> None:
    """Exports that come together lose nothing."""
    shop = Shop()
    now = shop.house.clock.now()
    await asyncio.gather(*[shop.send(points(now + step, (HITS, 1.0))) for step in range(20)])
    assert [value for _, value in await shop.samples()] == [float(step + 1) for step in range(20)]


async def test_native_histograms_go_on_after_a_crash() -> None:
    """The total of a histogram is read back from what is stored, log or store, and goes on from there, bucket by bucket."""
    shop = Shop()
    now = shop.house.clock.now()

    def histogram(at: int) -> Points:
        one = Native(schema=0, count=3.0, sum=4.0, zero_threshold=1e-128, positive={1: 1.0, 2: 2.0})
        batch = WriteBatch((HITS,), np.zeros(1, np.uint32), np.array([at]), np.array([MARK]), columns([one]))
        return Points(1, batch, np.ones(1, np.bool_), np.array([at - SECOND]))

    for number, event in enumerate(("nothing", "crash", "flush", "crash")):
        if event == "crash":
            shop.begin()
        elif event == "flush":
            await shop.house.flush.run_once()
        assert not (await shop.send(histogram(now + number * SECOND))).left_out
    found = await shop.house.reader.select(LOCAL.tenant, (), ALL_TIME, 1_000)
    totals = natives(found.histograms)
    assert [one.count for one in totals] == [0, 3, 6, 9, 12]  # and the zero at the start of the first
    assert totals[-1].positive == {1: 4.0, 2: 8.0}
    assert totals[-1].sum == 16.0


async def test_deltas_and_totals_of_one_request_stand_side_by_side() -> None:
    """What is cumulative, or a histogram that is no delta, is stored as it came, beside what is added up."""
    shop = Shop()
    now = shop.house.clock.now()
    plain = Native(schema=0, count=1.0, sum=1.0, zero_threshold=1e-128, positive={1: 1.0})
    delta = Native(schema=0, count=2.0, sum=2.0, zero_threshold=1e-128, positive={2: 2.0})
    labels = tuple(Labels.of(__name__=name) for name in ("a", "b", "c", "d"))
    for number in range(2):
        batch = WriteBatch(
            labels,
            np.arange(4, dtype=np.uint32),
            np.full(4, now + number),
            np.array([MARK, 5.0, MARK, 7.0]),
            columns([delta, plain]),
        )
        is_delta = np.array([True, False, False, True])
        assert not (await shop.send(Points(4, batch, is_delta, np.zeros(4, np.int64)))).left_out
    found = await shop.house.reader.select(LOCAL.tenant, (), ALL_TIME, 1_000)
    assert [one.name for one in found.labels] == ["a", "b", "c", "d"]
    assert [one.count for one in natives(found.histograms)] == [2.0, 4.0, 1.0, 1.0]
    assert found.values[2:4].tolist() == [5.0, 5.0]
    assert found.values[-2:].tolist() == [7.0, 14.0]
