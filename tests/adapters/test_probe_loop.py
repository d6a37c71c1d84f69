"""When checks are probed."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from sightline.adapters.inbound.probing import ProbeLoop
from sightline.adapters.outbound.memory.clock import ManualClock
from sightline.adapters.outbound.memory.prober import MemoryProber
from sightline.adapters.outbound.memory.telemetry import MemoryTelemetry
from sightline.application.probe import Probe
from sightline.application.roster import Roster
from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.location import phase
from sightline.domain.probes.options import Http
from sightline.domain.probes.outcome import Outcome, Reason
from sightline.domain.probes.result import HERE, Judgement, Result, Verdict
from sightline.domain.tenancy import DEFAULT_TENANT, Tenant
from sightline.ports.prober import Attempt

pytestmark = pytest.mark.anyio

START = 1_700_000_000_000
# Times of a schedule are sums of seconds, rounded to ms.
SOON = 1


class Judge:
    """All is well that came."""

    def judge(self, outcome: Outcome, now: int) -> Judgement:
        """The verdict."""
        assert now
        return Judgement(Verdict.UP if outcome.ok else Verdict.DOWN, outcome.reason)


def check(number: int, *, version: int = 1, **words: Any) -> Check:
    """A check of that id, each 10 s, without a trace; words are further fields of its definition."""
    given = {"interval": 10_000, "trace": False, **words}
    definition = Definition(name=f"c{number}", url=f"http://c{number}.test", options=Http(), **given)
    return Check(number, definition, 0, version, version)


class World:
    """A loop over checks, at a time that the test moves."""

    def __init__(self, *checks: Check, max_concurrent: int = 100) -> None:
        self.clock = ManualClock(START)
        self.telemetry = MemoryTelemetry()
        self.prober = MemoryProber(self.clock)
        self.told: list[tuple[Tenant, Result]] = []
        self.roster = Roster()
        self.enroll(checks)
        probe = Probe({"http": self.prober}, self.clock, self.telemetry, "0".__mul__, lambda _: None)
        self.loop = ProbeLoop(
            self.roster, probe, self.told.append, self.clock, self.telemetry, max_concurrent=max_concurrent
        )

    def enroll(self, checks: Sequence[Check]) -> None:
        """These are the checks from now on."""
        self.roster.replace([(DEFAULT_TENANT, one, Judge()) for one in checks])

    def asked(self, number: int) -> list[int]:
        """When the check was probed, ms after the start."""
        return [at - START for at, attempt in self.prober.attempts if attempt.definition.name == f"c{number}"]

    def counted(self, name: str) -> float:
        """The present value of one of our own metrics; of a histogram, the count."""
        points = [p for f in self.telemetry.families() if f.instrument.name == name for p in f.points]
        return sum(point.value for point in points if not point.name.endswith(("_bucket", "_sum")))


async def test_each_check_has_its_own_place_in_its_interval() -> None:
    """Checks are probed an interval apart, each at its phase of the wall clock, and each result is told."""
    checks = [check(number) for number in range(1, 31)]
    world = World(*checks)
    async with world.loop:
        await world.clock.advance(30)
    for one in checks:
        first = (phase(one, HERE) - START) % 10_000
        assert world.asked(one.id) == pytest.approx([first + 10_000 * turn for turn in range(3)], abs=SOON)
    assert len(world.told) == 90
    assert {(tenant, result.location) for tenant, result in world.told} == {(DEFAULT_TENANT, HERE)}
    assert world.counted("sightline_check_lateness_seconds") == 90
    assert world.counted("sightline_check_skipped_total") == 0
    assert world.counted("sightline_checks_scheduled") == 30


async def test_a_slow_check_never_overlaps_itself_and_delays_no_other() -> None:
    """Times that pass during a probe are skipped and counted, and the next is on the schedule again."""
    world = World(check(1, timeout=60_000, interval=1_000), check(2, interval=1_000))
    quick = world.prober.probe

    async def probe(attempt: Attempt) -> Outcome:
        if "c1" in attempt.definition.url:
            await world.clock.sleep(2.5)
        return await quick(attempt)

    world.prober.probe = probe  # type: ignore[method-assign] # a prober that takes longer than its timeout
    async with world.loop:
        await world.clock.advance(10)
        assert world.counted("sightline_check_probes_under_way") == 1
    # Asked after its 2.5 s: every third time, and the ones between are skipped.
    assert len(world.asked(1)) == 3
    assert len(world.asked(2)) == 10
    assert world.counted("sightline_check_skipped_total") == 6


async def test_a_change_of_the_wall_clock_moves_nothing() -> None:
    """The schedule goes on as it was."""
    world = World(check(1))
    async with world.loop:
        await world.clock.advance(10)
        world.clock.jump(3_600_000)
        await world.clock.advance(10)
    first, second = world.asked(1)
    assert second - first == pytest.approx(3_610_000, abs=SOON)


async def test_a_new_check_is_probed_at_once_and_then_at_its_place() -> None:
    """Nobody waits an interval to see whether what they typed works; others notice nothing."""
    world = World(check(1, interval=60_000))
    async with world.loop:
        await world.clock.advance(0.2)
        world.enroll([*(one for _, one, _ in world.roster.checks()), check(2, interval=60_000)])
        await world.clock.advance(120)
    place = (phase(check(2, interval=60_000), HERE) - START) % 60_000
    assert world.asked(2) == pytest.approx([200, place, place + 60_000], abs=SOON)
    assert len(world.asked(1)) == 2
    assert world.counted("sightline_check_skipped_total") == 0


async def test_one_change_is_taken_up_without_the_others() -> None:
    """One comes, one says something else, one goes: only these are begun anew or stopped."""
    world = World(*(check(number, interval=60_000) for number in range(1, 5)))
    async with world.loop:
        await world.clock.advance(60)
        changed = [check(2, interval=60_000, version=2), check(9, interval=60_000)]
        world.roster.change([(DEFAULT_TENANT, one, Judge()) for one in changed], [3])
        await world.clock.advance(60)
        assert world.counted("sightline_checks_scheduled") == 4
    assert [len(world.asked(number)) for number in (1, 2, 3, 4, 9)] == [2, 3, 1, 2, 2]


async def test_many_new_checks_are_not_probed_in_one_instant() -> None:
    """An import of a thousand is worked off at a few hundred a second."""
    world = World(max_concurrent=2_000)
    async with world.loop:
        await world.clock.advance(0.2)
        world.enroll([check(number, interval=3_600_000) for number in range(1_000)])
        await world.clock.advance(1)
        assert 400 < len(world.told) < 600
        await world.clock.advance(1.2)
    assert {result.check for _, result in world.told} == set(range(1_000))


async def test_a_check_that_changed_is_probed_as_it_is_now() -> None:
    """Its probe under way is cancelled and told by nobody, and it is probed at once under its new words."""
    world = World(check(1))
    world.prober.seconds["http://c1.test"] = 5
    async with world.loop:
        await world.clock.advance((phase(check(1), HERE) - START) % 10_000 / 1_000 + 1)
        assert len(world.prober.attempts) == 1
        world.prober.seconds.clear()
        world.enroll([check(1, version=2, timeout=3_000)])
        await world.clock.advance(0.1)
        assert [attempt.timeout for _, attempt in world.prober.attempts] == pytest.approx([9.85, 3.0])
        assert len(world.told) == 1
        await world.clock.advance(20)
    assert len(world.told) == 3


async def test_a_check_that_is_gone_is_probed_no_more() -> None:
    """Nor is one that is switched off, or is another location's; what is under way is cancelled."""
    world = World(check(1), check(2), check(3))
    async with world.loop:
        await world.clock.advance(10)
        assert len(world.told) == 3
        world.enroll([check(2, version=2, enabled=False), check(3, version=2, locations=("oslo",))])
        await world.clock.advance(60)
    assert len(world.told) == 3
    assert world.counted("sightline_checks_scheduled") == 0


async def test_hosts_that_time_out_do_not_hold_up_the_living() -> None:
    """Once they are known to take long, the dead wait for each other, and others begin in time."""
    dead = [check(number, interval=20_000) for number in range(1, 101)]
    living = [check(number, interval=1_000) for number in range(201, 205)]
    world = World(*dead, *living, max_concurrent=16)
    for one in dead:
        world.prober.seconds[one.definition.url] = 60
    async with world.loop:
        await world.clock.advance(400)
        assert world.counted("sightline_check_probes_under_way") == 12
        world.prober.attempts.clear()
        world.told.clear()
        begun = world.clock.monotonic()
        await world.clock.advance(100)
    assert world.clock.monotonic() - begun == pytest.approx(100)
    for one in living:
        assert len(world.asked(one.id)) == 100
    probed = [len(world.asked(one.id)) for one in dead]
    assert set(probed) <= {1, 2}
    assert world.counted("sightline_check_skipped_total") > 0


async def test_a_check_that_waits_for_a_place_and_goes_takes_none() -> None:
    """Who is gone by its turn is passed over, and the next begins."""
    world = World(*(check(number) for number in range(1, 4)), max_concurrent=1)
    for number in range(1, 4):
        world.prober.seconds[f"http://c{number}.test"] = 9.5
    async with world.loop:
        await world.clock.advance(10)
        assert world.counted("sightline_check_probes_waiting") == 2
        under_way = world.prober.attempts[0][1].definition.name
        world.enroll([one for _, one, _ in world.roster.checks() if one.name in {under_way, "c3"}])
        await world.clock.advance(30)
        assert [attempt.definition.name for _, attempt in world.prober.attempts[:4]] == [under_way, "c3"] * 2
        assert "c2" not in {attempt.definition.name for _, attempt in world.prober.attempts}


async def test_a_defect_ends_a_probe_and_not_the_check() -> None:
    """An error that nobody foresaw is logged and told as a failed probe, and the check is probed again when it is due."""
    world = World(check(1))
    world.prober.set("http://c1.test", LookupError("a secret"))
    with capture_logs() as logged:
        async with world.loop:
            await world.clock.advance(30)
    assert [result.reason for _, result in world.told] == [Reason.DEFECT] * 3
    assert "LookupError" in world.told[0][1].message
    assert "a secret" not in world.told[0][1].message
    assert {one["log_level"] for one in logged} == {"error"}
    assert world.counted("sightline_check_probes_under_way") == 0


async def test_a_probe_that_is_cancelled_from_within_is_a_defect() -> None:
    """The check goes on."""
    world = World(check(1))

    async def cancelled(attempt: Attempt) -> Outcome:
        raise asyncio.CancelledError(attempt)

    world.prober.probe = cancelled  # type: ignore[method-assign] # as no prober should be
    with capture_logs() as logged:
        async with world.loop:
            await world.clock.advance(30)
    assert [result.reason for _, result in world.told] == [Reason.DEFECT] * 3
    assert len(logged) == 3


async def test_a_check_can_be_probed_beside_its_schedule() -> None:
    """It is probed now, and its schedule stays as it was; one under way is not begun anew, and one that is not there is none."""
    world = World(check(1, interval=60_000))
    place = (phase(check(1, interval=60_000), HERE) - START) % 60_000
    async with world.loop:
        assert world.loop.hurry(DEFAULT_TENANT, 1)
        await world.clock.advance(0.1)
        assert len(world.told) == 1
        assert not world.loop.hurry(DEFAULT_TENANT, 2)
        assert not world.loop.hurry(Tenant("other"), 1)
        await world.clock.advance(120)
    assert world.asked(1) == pytest.approx([0, place, place + 60_000], abs=SOON)


async def test_leaving_the_loop_ends_everything() -> None:
    """No task is left, and nothing is told afterwards."""
    world = World(*(check(number) for number in range(1, 20)))
    for number in range(1, 20):
        world.prober.seconds[f"http://c{number}.test"] = 3
    before = len(asyncio.all_tasks())
    async with world.loop:
        await world.clock.advance(14)
        told = len(world.told)
    assert len(asyncio.all_tasks()) == before
    await world.clock.advance(20)
    assert len(world.told) == told


async def test_a_check_that_many_ask_for_is_probed_once() -> None:
    """As what a thousand checks depend on that fail in one instant; none of its times is skipped."""
    world = World(check(1, interval=60_000))
    place = (phase(check(1, interval=60_000), HERE) - START) % 60_000
    async with world.loop:
        for _ in range(1_000):
            world.loop.hurry(DEFAULT_TENANT, 1)
        await world.clock.advance(120)
    assert world.asked(1) == pytest.approx([0, place, place + 60_000], abs=SOON)
    assert world.counted("sightline_check_skipped_total") == 0


async def test_whose_check_is_gone_or_changed_is_said_to_who_keeps_what_was_found() -> None:
    """Not of one that comes, and not at the end."""
    forgotten: list[int] = []
    world = World(*(check(number) for number in (1, 2, 3)))
    world.loop.tell_of_gone(lambda _, number: forgotten.append(number))
    async with world.loop:
        world.roster.change([(DEFAULT_TENANT, one, Judge()) for one in (check(2, version=2), check(9))], [3])
        await world.clock.advance(1)
        assert forgotten == [2, 3]
    assert forgotten == [2, 3]
