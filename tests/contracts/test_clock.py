"""What every clock promises, proven on each."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import pytest

from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.system.clock import SystemClock
from sightline.ports.clock import Clock

pytestmark = pytest.mark.anyio

YEAR_2020 = 1_577_836_800_000


class Timed(NamedTuple):
    """A clock and what makes its time pass."""

    clock: Clock
    pass_time: Callable[[float], Awaitable[None]]


def manual() -> Timed:
    """Time passes when it is told to."""
    clock = ManualClock()
    return Timed(clock, clock.advance)


ADAPTERS: dict[str, Callable[[], Timed]] = {
    "manual": manual,
    "system": lambda: Timed(SystemClock(), asyncio.sleep),
}


@pytest.fixture(params=ADAPTERS)
def timed(request: pytest.FixtureRequest) -> Timed:
    """Each clock in turn."""
    return ADAPTERS[request.param]()


async def test_wall_time_is_milliseconds_since_1970(timed: Timed) -> None:
    """Wall time is a whole number of milliseconds since 1970, so it lies after 2020 and before 2100."""
    now = timed.clock.now()
    assert type(now) is int
    assert YEAR_2020 < now < YEAR_2020 + 80 * 366 * 86_400_000


async def test_monotonic_time_counts_seconds_and_never_goes_back(timed: Timed) -> None:
    """When 2 ms have passed, monotonic time has grown by at least that."""
    before = timed.clock.monotonic()
    await timed.pass_time(0.002)
    between = timed.clock.monotonic()
    assert between - before >= 0.002 - 1e-9
    assert timed.clock.monotonic() >= between


async def test_wall_time_goes_on(timed: Timed) -> None:
    """When 3 ms have passed, wall time has grown by at least two of its milliseconds."""
    before = timed.clock.now()
    await timed.pass_time(0.003)
    assert timed.clock.now() - before >= 2


async def test_sleep_lasts_as_long_as_was_asked(timed: Timed) -> None:
    """A sleeper sleeps on before its time and is awake after it."""
    started = timed.clock.monotonic()
    sleeper = asyncio.create_task(timed.clock.sleep(0.002))
    await asyncio.sleep(0)
    assert not sleeper.done()
    await timed.pass_time(0.002)
    await sleeper
    assert timed.clock.monotonic() - started >= 0.002 - 1e-9


@pytest.mark.parametrize("seconds", [0, -0.0, -5.0])
async def test_sleep_of_nothing_lets_others_run(timed: Timed, seconds: float) -> None:
    """A sleep of 0 or less returns by itself, but not before a task that was ready has run."""
    ran: list[bool] = []
    other = asyncio.create_task(_note(ran))
    await timed.clock.sleep(seconds)
    assert ran == [True]
    await other


async def test_sleepers_wake_in_order_of_their_deadlines(timed: Timed) -> None:
    """Who asked for less wakes first, whoever went to sleep first."""
    woken: list[float] = []

    async def sleep(seconds: float) -> None:
        await timed.clock.sleep(seconds)
        woken.append(seconds)

    async with asyncio.TaskGroup() as tasks:
        for seconds in (0.009, 0.001, 0.005):
            tasks.create_task(sleep(seconds))
        await asyncio.sleep(0)
        await timed.pass_time(0.009)
    assert woken == [0.001, 0.005, 0.009]


async def test_a_cancelled_sleeper_disturbs_nobody(timed: Timed) -> None:
    """Cancelling one sleep ends that one alone."""
    cancelled = asyncio.create_task(timed.clock.sleep(0.001))
    other = asyncio.create_task(timed.clock.sleep(0.002))
    await asyncio.sleep(0)
    cancelled.cancel()
    await timed.pass_time(0.002)
    await other
    assert cancelled.cancelled()


async def test_a_call_comes_when_its_time_has_come(timed: Timed) -> None:
    """Neither before nor twice, and not at all once it was called off."""
    came: list[str] = []
    timed.clock.call_later(0.002, lambda: came.append("one"))
    called_off = timed.clock.call_later(0.001, lambda: came.append("other"))
    called_off.cancel()
    await asyncio.sleep(0)
    assert came == []
    await timed.pass_time(0.004)
    assert came == ["one"]
    called_off.cancel()
    await timed.pass_time(0.002)
    assert came == ["one"]


async def _note(ran: list[bool]) -> None:
    ran.append(True)
    await asyncio.sleep(0)


# What is said of the manual clock alone.


async def test_manual_time_stands_still_unless_told(manual_clock: ManualClock) -> None:
    """Neither time moves by itself."""
    before = manual_clock.now(), manual_clock.monotonic()
    await asyncio.sleep(0.001)
    assert (manual_clock.now(), manual_clock.monotonic()) == before


async def test_manual_sleepers_see_their_own_deadline(manual_clock: ManualClock) -> None:
    """One long advance wakes a repeated sleeper at each of its deadlines, not all at the end."""
    seen: list[float] = []

    async def every_second() -> None:
        while True:
            await manual_clock.sleep(1)
            seen.append(manual_clock.monotonic())

    task = asyncio.create_task(every_second())
    await manual_clock.advance(3.5)
    assert seen == [1.0, 2.0, 3.0]
    assert manual_clock.monotonic() == 3.5
    task.cancel()


async def test_manual_time_adds_up_without_rounding(manual_clock: ManualClock) -> None:
    """Ten advances by a tenth of a second wake who sleeps for one second."""
    sleeper = asyncio.create_task(manual_clock.sleep(1))
    for _ in range(10):
        await manual_clock.advance(0.1)
    assert sleeper.done()


async def test_manual_time_never_goes_back(manual_clock: ManualClock) -> None:
    """An advance by less than nothing is a mistake that is refused."""
    with pytest.raises(ValueError, match="never goes back"):
        await manual_clock.advance(-1)
    assert manual_clock.monotonic() == 0


async def test_manual_wall_time_jumps_alone(manual_clock: ManualClock) -> None:
    """A jump of the wall time wakes nobody and leaves monotonic time alone."""
    before = manual_clock.now(), manual_clock.monotonic()
    sleeper = asyncio.create_task(manual_clock.sleep(1))
    await asyncio.sleep(0)
    manual_clock.jump(-3_600_000)
    await asyncio.sleep(0)
    assert not sleeper.done()
    assert (manual_clock.now(), manual_clock.monotonic()) == (before[0] - 3_600_000, before[1])
    sleeper.cancel()


async def test_manual_clock_says_when_tasks_sleep(manual_clock: ManualClock) -> None:
    """A test can wait until two tasks sleep, and a cancelled one no longer counts."""
    tasks = [asyncio.create_task(manual_clock.sleep(1)) for _ in range(2)]
    await manual_clock.until_sleeping(2)
    assert manual_clock.sleeping == 2
    tasks[0].cancel()
    await asyncio.wait([tasks[0]])
    assert manual_clock.sleeping == 1
    await manual_clock.advance(1)
    assert manual_clock.sleeping == 0


@pytest.fixture
def manual_clock() -> ManualClock:
    """A manual clock."""
    return ManualClock()
