import asyncio
from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from sightline.adapters.inbound.ticker import First, Ticker
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.domain.errors import Unavailable

pytestmark = pytest.mark.anyio


class World:
    """A ticker, its clock, and when jobs ran."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.telemetry = MemoryTelemetry()
        self.ticker = Ticker(self.clock, self.telemetry)
        self.runs: dict[str, list[float]] = {}

    def job(self, name: str, *lasts: float) -> Callable[[], Awaitable[None]]:
        """A job that notes when it starts and lasts so long, each run in turn and then the last again."""
        self.runs[name] = []

        async def run() -> None:
            number = len(self.runs[name])
            self.runs[name].append(self.clock.monotonic())
            if lasts:
                await self.clock.sleep(lasts[min(number, len(lasts) - 1)])

        return run

    def counted(self, name: str) -> dict[tuple[str, ...], float]:
        """The points of one of our own metrics by label values."""
        families = [each for each in self.telemetry.families() if each.instrument.name == name]
        return {tuple(value for _, value in each.labels): each.value for one in families for each in one.points}


@pytest.fixture
def world() -> World:
    """A ticker without jobs."""
    return World()


async def test_a_job_runs_at_once_and_then_every_interval(world: World) -> None:
    """The first run is at the start, and the others are an interval apart."""
    world.ticker.every(5, "a", world.job("a"))
    async with world.ticker:
        await world.clock.advance(17)
    assert world.runs["a"] == [0, 5, 10, 15]


async def test_a_job_may_run_first_after_an_interval(world: World) -> None:
    """Asked for later, the first run waits for one interval."""
    world.ticker.every(5, "a", world.job("a"), First.LATER)
    async with world.ticker:
        await world.clock.advance(12)
    assert world.runs["a"] == [5, 10]


async def test_jobs_may_be_spread(world: World) -> None:
    """Spread jobs start at different times within their first interval, at the same ones every time, and keep the interval."""
    names = [f"job {number}" for number in range(20)]
    starts = []
    for again in (World(), World()):
        for name in names:
            again.ticker.every(10, name, again.job(name), First.SPREAD)
        async with again.ticker:
            await again.clock.advance(20)
        assert all(len(again.runs[name]) == 2 for name in names)
        assert all(runs[1] - runs[0] == pytest.approx(10) for runs in again.runs.values())
        starts.append([again.runs[name][0] for name in names])
    assert starts[0] == starts[1]
    assert len(set(starts[0])) == len(names)
    assert 0 <= min(starts[0]) < 3
    assert 7 < max(starts[0]) < 10


async def test_the_schedule_does_not_drift(world: World) -> None:
    """How long runs take does not move later ones, and a tenth of a second a thousand times is a hundred seconds."""
    world.ticker.every(0.1, "a", world.job("a", 0.03, 0.07, 0.01))
    async with world.ticker:
        await world.clock.advance(100.05)
    assert world.runs["a"] == pytest.approx([number / 10 for number in range(1_001)])
    assert world.counted("sightline_task_skipped_ticks_total") == {}


async def test_missed_ticks_are_skipped_and_counted(world: World) -> None:
    """A run that lasts over two ticks costs those two; the next one is on the schedule again."""
    world.ticker.every(5, "a", world.job("a", 12, 0))
    async with world.ticker:
        await world.clock.advance(21)
    assert world.runs["a"] == [0, 15, 20]
    assert world.counted("sightline_task_skipped_ticks_total") == {("a",): 2.0}


async def test_a_run_that_ends_on_a_tick_is_in_time(world: World) -> None:
    """A run as long as the interval misses nothing, also where the times are no exact floats."""
    world.ticker.every(0.3, "a", world.job("a", 0.3))
    async with world.ticker:
        await world.clock.advance(9.1)
    assert world.runs["a"] == pytest.approx([0.3 * number for number in range(31)])
    assert world.counted("sightline_task_skipped_ticks_total") == {}


async def test_a_slow_job_delays_no_other(world: World) -> None:
    """While one job hangs the others keep their times."""
    world.ticker.every(5, "slow", world.job("slow", 1_000))
    world.ticker.every(5, "quick", world.job("quick"))
    async with world.ticker:
        await world.clock.advance(11)
    assert world.runs == {"slow": [0], "quick": [0, 5, 10]}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Unavailable("the store is away"), "unavailable"),
        (KeyError("oops"), "internal"),
        (asyncio.CancelledError(), "internal"),
        (ExceptionGroup("several", [KeyError("oops")]), "internal"),
    ],
    ids=["ours", "defect", "cancelled inside", "group"],
)
async def test_a_failure_ends_a_run_and_no_more(world: World, error: BaseException, code: str) -> None:
    """A job that fails runs again at its next tick, other jobs notice nothing, and the failures are counted by code."""

    async def fail() -> None:
        raise error

    world.ticker.every(5, "bad", fail)
    world.ticker.every(5, "good", world.job("good"))
    with capture_logs():
        async with world.ticker:
            await world.clock.advance(11)
    assert world.runs["good"] == [0, 5, 10]
    assert world.counted("sightline_task_runs_total") == {("bad", code): 3.0, ("good", "ok"): 3.0}


async def test_a_lasting_failure_is_logged_once_and_its_end_too(world: World) -> None:
    """The log tells of a failure when it begins or becomes another one, and when it is over."""
    problems = iter(["away", "away", "full", "", "", "away"])

    async def job() -> None:
        problem = next(problems)
        if problem:
            raise Unavailable(problem)

    world.ticker.every(5, "a", job)
    with capture_logs() as logs:
        async with world.ticker:
            await world.clock.advance(25)
    assert [(each["event"], each.get("problem"), each.get("code")) for each in logs] == [
        ("job_failed", "away", "unavailable"),
        ("job_failed", "full", "unavailable"),
        ("job_recovered", None, None),
        ("job_failed", "away", "unavailable"),
    ]


async def test_leaving_stops_everything(world: World) -> None:
    """At the exit running jobs are cancelled and have ended, nothing runs later, and no task is left."""
    ended = []

    async def hang() -> None:
        try:
            await world.clock.sleep(1_000)
        finally:
            await asyncio.sleep(0)
            ended.append(True)

    before = asyncio.all_tasks()
    world.ticker.every(5, "hang", hang)
    world.ticker.every(5, "a", world.job("a"))
    async with world.ticker:
        await world.clock.advance(1)
        assert len(asyncio.all_tasks()) == len(before) + 2
    assert ended == [True]
    assert asyncio.all_tasks() == before
    await world.clock.advance(100)
    assert world.runs["a"] == [0]


async def test_an_error_inside_the_context_stops_everything_too(world: World) -> None:
    """The context ends by an error as it ends without one, and the error goes on."""
    before = asyncio.all_tasks()
    world.ticker.every(5, "a", world.job("a"))
    with pytest.raises(Unavailable):
        async with world.ticker:
            raise Unavailable("no")
    assert asyncio.all_tasks() == before


async def test_a_job_that_fails_while_it_is_stopped_disturbs_nobody(world: World) -> None:
    """An error on the way out is not raised at the exit."""

    async def stubborn() -> None:
        try:
            await world.clock.sleep(1_000)
        except asyncio.CancelledError:
            raise KeyError("on the way out") from None

    world.ticker.every(5, "a", stubborn)
    with capture_logs() as logs:
        async with world.ticker:
            await world.clock.advance(1)
    assert [each["event"] for each in logs] == ["job_failed"]


async def test_jobs_may_be_added_while_it_runs(world: World) -> None:
    """A job that is added inside the context starts then."""
    async with world.ticker:
        await world.clock.advance(3)
        world.ticker.every(5, "late", world.job("late"))
        await world.clock.advance(6)
    assert world.runs["late"] == [3, 8]


async def test_names_are_unique_and_intervals_positive(world: World) -> None:
    """Two jobs of one name, or an interval of nothing, are mistakes that are refused."""
    world.ticker.every(5, "a", world.job("a"))
    with pytest.raises(ValueError, match="'a'"):
        world.ticker.every(5, "a", world.job("a"))
    for interval in (0, -1, float("nan")):
        with pytest.raises(ValueError, match="interval"):
            world.ticker.every(interval, "b", world.job("b"))
