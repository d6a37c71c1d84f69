import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.application.intake import House
from tests.domain.promql.repeated import EXPRESSIONS

from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.application.ingest import Ingest
from sightline.application.reuse import Computed, Repeated, Reuse
from sightline.domain.errors import SightlineError, Unavailable
from sightline.domain.labels import Labels
from sightline.domain.metrics.freshness import Freshness
from sightline.domain.metrics.samples import STALE, SeriesColumns, WriteBatch
from sightline.domain.promql.evaluate import evaluate
from sightline.domain.promql.nodes import Node
from sightline.domain.promql.parse import parse
from sightline.domain.promql.plan import plan
from sightline.domain.promql.values import Answer, Vector
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.domain.timerange import DAY, MIN_TIME, MINUTE, SECOND, Grid, TimeRange

LOOKBACK = 6 * SECOND
RETENTION = DAY
SERIES = [Labels.of(__name__=name, x=x, y=y) for name in "ab" for x in "12" for y in ("", "3")]
OTHER = Principal("other", Tenant("other"))
Exact = list[tuple[Labels, list[bytes | None]]] | str


class World:
    """Intake and reads over memory adapters; evaluations are counted by their grids, and may be told to wait."""

    def __init__(self, max_bytes: int = 1 << 20) -> None:
        self.house = House()
        self.freshness = Freshness()
        house = self.house
        self.ingest = Ingest(
            house.journal,
            house.tail,
            house.bus,
            house.clock,
            house.retain,
            house.telemetry,
            house.limits,
            0,
            freshness=self.freshness,
        )
        self.now = house.clock.now() // MINUTE * MINUTE
        self.executor = ThreadPoolExecutor(1)
        self.telemetry = MemoryTelemetry()
        self.reuse = Reuse(
            self.freshness,
            house.clock,
            self.telemetry,
            self.executor,
            max_bytes=max_bytes,
            retention=RETENTION,
        )
        self.evaluated: list[Grid] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.waiting = asyncio.Event()
        self.expired = MIN_TIME

    def close(self) -> None:
        """End the threads."""
        self.executor.shutdown()
        self.house.threads.shutdown()

    async def write(self, *samples: tuple[Labels, int, float], principal: Principal = LOCAL) -> None:
        """Take samples in, at seconds from now."""
        labels = tuple(dict.fromkeys(one for one, _, _ in samples))
        batch = WriteBatch(
            labels,
            np.array([labels.index(one) for one, _, _ in samples], np.uint32),
            np.array([self.now + at * SECOND for _, at, _ in samples], np.int64),
            np.array([value for _, _, value in samples], np.float64),
        )
        await self.ingest(principal, batch)

    def grid(self, start: int, end: int, step: int = 1) -> Grid:
        """A grid in seconds from now."""
        return Grid(self.now + start * SECOND, self.now + end * SECOND, step * SECOND)

    async def compute(self, text: str, root: Node | None, grid: Grid, tenant: Tenant = LOCAL.tenant) -> Computed:
        """Evaluate a query; what has expired is no longer there."""
        planned = plan(parse(text) if root is None else root, grid, LOOKBACK, is_range=True)
        fetched: list[SeriesColumns] = []
        for fetch in planned.fetches:
            within = TimeRange(max(fetch.within.start, self.expired), fetch.within.end)
            fetched.append(await self.house.reader.select(tenant, fetch.matchers, within, 10**9))
        self.waiting.set()
        await self.gate.wait()
        return Computed(planned.query, evaluate(planned, fetched), is_quick=False)

    async def ask(self, text: str, grid: Grid, tenant: Tenant = LOCAL.tenant) -> Answer:
        """A query through what is kept."""

        async def compute(root: Node | None, part: Grid) -> Computed:
            self.evaluated.append(part)
            return await self.compute(text, root, part, tenant)

        return await self.reuse(Repeated(tenant, text, grid, LOOKBACK), compute)

    async def anew(self, text: str, grid: Grid, tenant: Tenant = LOCAL.tenant) -> Answer:
        """A query that knows of nothing kept."""
        return (await self.compute(text, None, grid, tenant)).answer

    def outcomes(self) -> dict[str, int]:
        """How often what could be used."""
        families = {one.instrument.name: one for one in self.telemetry.families()}
        points = families["sightline_query_cache_requests_total"].points
        return {point.labels[0][1]: int(point.value) for point in points}

    def bytes(self) -> float:
        """What is kept."""
        return (
            next(f for f in self.telemetry.families() if f.instrument.name == "sightline_query_cache_bytes")
            .points[0]
            .value
        )


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """An empty world."""
    found = World()
    yield found
    found.close()


def exactly(answer: Answer) -> Exact:
    """An answer to the last bit."""
    vector = answer.value
    if not isinstance(vector, Vector):
        return repr(vector)
    rows = zip(vector.labels, vector.values, vector.present, strict=True)
    return [
        (labels, [v.tobytes() if p else None for v, p in zip(values, there, strict=True)])
        for labels, values, there in rows
    ]


@dataclass
class Writes:
    """Samples, as one batch."""

    samples: list[tuple[Labels, int, float]]
    flushed: bool


@dataclass
class Asks:
    """A query over some seconds before the world's present, which moves on."""

    which: int
    back: int
    length: int
    step: int


@dataclass
class Passes:
    """Time passes."""

    seconds: int


VALUES = st.one_of(st.floats(-10, 10), st.sampled_from([0.1, 1e17, float("nan"), float("inf"), float(STALE)]))
# Mostly of the present, as samples are, and sometimes late.
AT = st.one_of(*[st.integers(-4, 2)] * 4, st.integers(-60, 5))
WRITES = st.builds(
    Writes,
    st.lists(st.tuples(st.sampled_from(SERIES), AT, VALUES), min_size=1, max_size=12),
    st.booleans(),
)
ASKS = st.builds(
    Asks,
    st.sampled_from([0, 0, 1]),
    st.sampled_from([0, 0, 5]),
    st.sampled_from([30, 30, 47]),
    st.sampled_from([1, 1, 3]),
)
STORY = st.lists(st.one_of(WRITES, ASKS, ASKS, st.builds(Passes, st.integers(0, 9))), min_size=10, max_size=24)


@given(texts=st.tuples(EXPRESSIONS, EXPRESSIONS), story=STORY)
async def test_what_is_kept_makes_no_difference(texts: tuple[str, str], story: list[Writes | Asks | Passes]) -> None:
    """Whatever is written, however late or twice, an answer is to the last bit what an evaluation of the whole gives."""
    world = World()
    asked = [one.replace("ms", "s").replace("@ 0.0", f"@ {world.now // SECOND - 30}.0") for one in texts]
    present = 0
    await world.write(*[(one, at, at / 7) for one in SERIES[:4] for at in range(-60, 0, 3)])
    for event in story:
        match event:
            case Writes(samples, flushed):
                await world.write(*[(one, present + at, value) for one, at, value in samples])
                if flushed:
                    await world.house.flush.drain()
            case Passes(seconds):
                present += seconds
                await world.house.clock.advance(seconds)
            case Asks(which, back, length, step):
                end = present - back
                grid = world.grid(end - length, end, step)
                await _compare(world, asked[which], grid)
    world.close()


async def _compare(world: World, text: str, grid: Grid) -> None:
    try:
        expected = await world.anew(text, grid)
    except SightlineError as error:
        with pytest.raises(type(error)):
            await world.ask(text, grid)
        return
    found = await world.ask(text, grid)
    assert exactly(found) == exactly(expected)
    assert (found.grid, found.warnings, found.infos) == (expected.grid, expected.warnings, expected.infos)


UP = Labels.of(__name__="up", job="a")
DOWN = Labels.of(__name__="up", job="b")


async def fill(world: World, *labels: Labels, first: int = -300, last: int = 0) -> None:
    """A sample a second."""
    await world.write(*[(one, at, at / 7) for one in labels for at in range(first, last + 1)])


async def same(world: World, text: str, grid: Grid, evaluated: list[Grid]) -> Answer:
    """Ask, and compare with an evaluation of the whole; only these parts of the grid were evaluated."""
    world.evaluated.clear()
    found = await world.ask(text, grid)
    assert world.evaluated == evaluated
    assert exactly(found) == exactly(await world.anew(text, grid))
    return found


async def test_a_window_that_moves_is_evaluated_at_its_new_end(world: World) -> None:
    """What is asked again a step later costs that step, and the same again costs nothing."""
    await fill(world, UP, DOWN)
    await same(world, "up", world.grid(-100, 0), [world.grid(-100, 0)])
    await same(world, "up", world.grid(-100, 0), [])
    for at in range(1, 4):
        await world.write((UP, at, 0.5))
        await same(world, "up", world.grid(-100 + at, at), [world.grid(at, at)])
    assert world.outcomes() == {"miss": 1, "hit": 1, "extended": 3}


async def test_a_late_sample_is_seen(world: World) -> None:
    """From its time on, however far back, everything is evaluated anew; a second write of a timestamp is no different."""
    await fill(world, UP)
    await same(world, "sum_over_time(up[3s])", world.grid(-100, 0), [world.grid(-100, 0)])
    await world.write((UP, -20, 7.0))
    await same(world, "sum_over_time(up[3s])", world.grid(-100, 0), [world.grid(-20, 0)])
    await world.write((UP, -80, 7.0))
    await same(world, "sum_over_time(up[3s])", world.grid(-100, 0), [world.grid(-100, 0)])


async def test_a_sample_of_the_future_of_an_instant_counts_where_it_is_looked_at(world: World) -> None:
    """With an offset the samples behind an instant are other ones: those before it by the offset, or after it."""
    await fill(world, UP)
    grid = world.grid(-100, 0)
    for text, evaluated in (("up offset -10s", world.grid(-30, 0)), ("up offset 10s", world.grid(-10, 0))):
        await world.ask(text, grid)
        await world.write((UP, -20, 7.0))
        await same(world, text, grid, [evaluated])


async def test_an_expression_fixed_in_time_holds_until_a_sample_comes_there(world: World) -> None:
    """`@` makes all instants follow from the same samples."""
    await fill(world, UP)
    text, grid = f"up - up @ {(world.now - 50 * SECOND) // SECOND}", world.grid(-10, 0)
    await world.ask(text, grid)
    await world.write((UP, -4, 7.0))
    await same(world, text, grid, [world.grid(-4, 0)])
    await world.write((UP, -55, 7.0))
    await same(world, text, grid, [grid])
    early = world.grid(-200, -100)
    await same(world, text, early, [early])
    await world.write((UP, -40, 7.0))
    await same(world, text, early, [])
    await world.write((UP, -52, 7.0))
    await same(world, text, early, [early])


async def test_tenants_have_answers_of_their_own(world: World) -> None:
    """The same query of another tenant finds nothing kept, and its samples change nothing for the first."""
    await fill(world, UP)
    grid = world.grid(-100, 0)
    await same(world, "up", grid, [grid])
    await world.write((UP, -50, 1.0), principal=OTHER)
    world.evaluated.clear()
    other = await world.ask("up", grid, OTHER.tenant)
    assert world.evaluated == [grid]
    assert exactly(other) == exactly(await world.anew("up", grid, OTHER.tenant))
    await same(world, "up", grid, [])


async def test_what_has_expired_is_not_shown(world: World) -> None:
    """Instants that look at samples older than the retention are evaluated anew, for the store may have forgotten them."""
    await fill(world, UP)
    grid, end = world.grid(-100, 0), world.grid(-10, 0)
    fixed = f"up - up @ {(world.now - 100 * SECOND) // SECOND}"
    await world.ask("up", grid)
    await world.ask(fixed, end)
    world.house.clock.jump(world.now + RETENTION - 126 * SECOND - world.house.clock.now())
    world.expired = world.house.clock.now() - RETENTION + 30 * SECOND
    # A minute of doubt: who looks back 6 s to less than a minute ago may miss something.
    await same(world, "up", grid, [world.grid(-100, -61)])
    await same(world, fixed, end, [end])
    world.house.clock.jump(DAY)
    world.expired = world.house.clock.now() - RETENTION
    await same(world, "up", grid, [grid])


async def test_samples_that_come_during_an_evaluation(world: World) -> None:
    """What comes after the reading has begun is not taken for part of the answer."""
    await fill(world, UP)
    grid = world.grid(-100, 0)
    world.gate.clear()
    asking = asyncio.ensure_future(world.ask("up", grid))
    await asyncio.wait_for(world.waiting.wait(), 30)
    await world.write((UP, -40, 7.0))
    world.gate.set()
    await asking
    await same(world, "up", grid, [world.grid(-40, 0)])


async def test_other_windows_of_the_same_query(world: World) -> None:
    """A shorter one is cut out, an earlier one begun anew at its head, and the longest stays."""
    await fill(world, UP, DOWN)
    await same(world, "up", world.grid(-100, 0), [world.grid(-100, 0)])
    await same(world, "up", world.grid(-60, -20), [])
    await same(world, "up", world.grid(-120, -30), [world.grid(-120, -101)])
    await world.write((UP, 1, 1.0))
    await same(world, "up", world.grid(-30, 1), [world.grid(1, 1)])
    await same(world, "up", world.grid(-99, 1), [])
    await same(world, "up", world.grid(-300, 0), [world.grid(-300, 0)])


async def test_steps_and_lookbacks_are_apart(world: World) -> None:
    """Another step, or the same with other instants, is another query."""
    await fill(world, UP)
    await same(world, "up", world.grid(-100, 0, 2), [world.grid(-100, 0, 2)])
    await same(world, "up", world.grid(-100, 0, 4), [world.grid(-100, 0, 4)])
    await same(world, "up", world.grid(-99, 1, 2), [world.grid(-99, 1, 2)])
    world.evaluated.clear()

    async def compute(root: Node | None, part: Grid) -> Computed:
        world.evaluated.append(part)
        return await world.compute("up", root, part)

    await world.reuse(Repeated(LOCAL.tenant, "up", world.grid(-100, 0, 2), LOOKBACK + 1), compute)
    assert world.evaluated == [world.grid(-100, 0, 2)]


async def test_an_end_between_two_instants(world: World) -> None:
    """The answer's grid is the one asked for, to its very end, and the next query goes on behind its last instant."""
    await fill(world, UP)
    odd = Grid(world.now - 100_000, world.now - 500, 1000)
    assert (await same(world, "up", odd, [odd])).grid == odd
    assert (await same(world, "up", odd, [])).grid == odd
    await same(world, "up", world.grid(-100, 0), [world.grid(0, 0)])


@pytest.mark.parametrize(
    "text",
    ["up + start()", "up + end()", "up + range()", "sum_over_time(up[range()])", "up offset range()", "up + step()"],
)
async def test_what_follows_from_the_grid_is_never_put_together(world: World, text: str) -> None:
    """An answer that follows from where its query begins or ends, or from its step, holds for no other query."""
    await fill(world, UP)
    for grid in (world.grid(-100, 0), world.grid(-99, 1), world.grid(-90, 0), world.grid(-99, 1)):
        await same(world, text, grid, [grid])
    assert world.outcomes() == {"miss": 4}


async def test_series_come_and_go(world: World) -> None:
    """Rows are those of the window asked for: without series that ended before it, with those that began since."""
    await fill(world, UP, first=-300, last=-60)
    await fill(world, DOWN, first=-100, last=0)
    first = await same(world, "up", world.grid(-100, 0), [world.grid(-100, 0)])
    new = Labels.of(__name__="up", job="aa")
    await world.write((new, 1, 1.0), (DOWN, 60, 1.0))
    second = await same(world, "up", world.grid(-40, 60), [world.grid(-40, 60)])
    await world.write((new, 61, 1.0))
    third = await same(world, "up", world.grid(-10, 61), [world.grid(61, 61)])
    shown = [
        [one.get("job") for one in answer.value.labels]
        for answer in (first, second, third)
        if isinstance(answer.value, Vector)
    ]
    assert shown == [["a", "b"], ["aa", "b"], ["aa", "b"]]


async def test_remarks_stay(world: World) -> None:
    """An info stands with the answer as long as all parts have it; where that is not certain everything is evaluated anew."""
    await fill(world, UP)
    text = "rate(up[5s])"
    first = await same(world, text, world.grid(-100, 0), [world.grid(-100, 0)])
    assert len(first.infos) == 1
    await world.write((UP, 1, 1.0))
    assert (await same(world, text, world.grid(-99, 1), [world.grid(1, 1)])).infos == first.infos
    part = world.grid(-50, 0)
    assert (await same(world, text, part, [part])).infos == first.infos


async def test_a_remark_of_the_past_goes_with_it(world: World) -> None:
    """When the part that was remarked on is no longer asked for, the remark is gone."""
    await fill(world, UP, first=-300, last=-90)
    text = "rate(up[5s]) or vector(1)"
    assert (await same(world, text, world.grid(-100, 0), [world.grid(-100, 0)])).infos
    await world.write((DOWN, 11, 1.0))
    later = world.grid(-80, 11)
    assert not (await same(world, text, later, [world.grid(1, 11), later])).infos


async def test_a_part_without_the_remark_is_not_kept_as_if_it_had_it(world: World) -> None:
    """Where the remarks of what would be kept are not known, what was kept before stays."""
    await fill(world, UP, first=-300, last=-115)
    await world.write((UP, -1, 1.0), (UP, 0, 2.0))
    text = "rate(up[5s]) or vector(1)"
    assert (await world.ask(text, world.grid(-100, 0))).infos  # of its last instant
    await world.write((DOWN, 0, 1.0))
    early = await same(world, text, world.grid(-120, -40), [world.grid(-120, -101)])
    assert early.infos  # of its first instants
    assert not (await world.ask(text, world.grid(-101, -1))).infos


async def test_a_warned_answer_is_not_kept(world: World) -> None:
    """Nor is one that is no vector, or that depends on the ends of its grid."""
    await fill(world, UP)
    grid = world.grid(-10, 0)
    for text in ("quantile(2, up)", "scalar(up)", "up @ end()", "sum(sum by (job) (up))"):
        await same(world, text, grid, [grid])
        await same(world, text, grid, [grid])


async def test_what_is_kept_is_bounded(world: World) -> None:
    """The least recently used answers are given up, and one that is too large is not kept at all."""
    await fill(world, UP, DOWN)
    grid = world.grid(-100, 0)
    await world.ask("up", grid)
    one = world.bytes()
    small = World(max_bytes=int(one * 2.5))
    await fill(small, UP, DOWN)
    for text in ("up", "up + 1", "up", "up + 2"):
        await small.ask(text, grid)
        assert small.bytes() <= one * 2.5
    await same(small, "up", grid, [])
    await same(small, "up + 1", grid, [grid])
    tiny = World(max_bytes=int(one))
    await fill(tiny, UP, DOWN)
    await tiny.ask("up", grid)
    assert tiny.bytes() == 0
    small.close()
    tiny.close()


async def test_a_failure_keeps_what_there_was(world: World) -> None:
    """A part that cannot be evaluated fails the query, and the answer of before still serves."""
    await fill(world, UP)
    await world.ask("up", world.grid(-100, 0))
    await world.write((UP, 1, 1.0))

    async def away(_root: Node | None, _part: Grid) -> Computed:
        raise Unavailable("the store is away")

    with pytest.raises(Unavailable):
        await world.reuse(Repeated(LOCAL.tenant, "up", world.grid(-99, 1), LOOKBACK), away)
    await same(world, "up", world.grid(-99, 1), [world.grid(1, 1)])
