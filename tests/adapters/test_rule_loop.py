"""When groups of rules are evaluated, and what becomes of changed files."""

import asyncio
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs
from tests.application.rule_world import RuleWorld, of
from typing_extensions import override

from sightline.adapters.inbound.rule_groups import RuleLoop
from sightline.application.adopt import Adopt
from sightline.application.derive import GroupState
from sightline.domain.alerts.group import Rule, RuleGroup
from sightline.domain.alerts.notice import AlertState
from sightline.domain.alerts.rule import AlertingRule
from sightline.domain.errors import SettingsInvalid
from sightline.domain.promql.recording import RecordingRule
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.domain.timerange import Grid
from sightline.ports.rulebook import Rulebook, RulesRead

pytestmark = pytest.mark.anyio

START = 1_700_000_000_000
RULE = RecordingRule("r", "time() - 1.7e9")


def group(*rules: Rule, name: str = "g", interval: float = 10, offset: float = 0) -> RuleGroup:
    """A group of these rules, of `RULE` where there are none; seconds."""
    return RuleGroup("a.yml", name, rules or (RULE,), int(1000 * interval), int(1000 * offset))


class World(RuleWorld, Rulebook):
    """A loop over the groups that the test sets, at a time that it moves."""

    def __init__(self, *groups: RuleGroup, concurrency: int = 4) -> None:
        super().__init__()
        self.found = RulesRead(groups)
        self.adopt = Adopt(self, self.derive, self.telemetry)
        self.loop = RuleLoop(self.adopt, self.derive, self.clock, self.telemetry, concurrency=concurrency)
        self.began: list[tuple[str, int]] = []
        self.running = self.most = 0
        self.slow: Callable[[str], float] = lambda _: 0.0
        self._once, self.derive.once = self.derive.once, self.once  # type: ignore[method-assign] # one that may be slow

    @override
    async def read(self) -> RulesRead:
        return self.found

    async def once(self, state: GroupState, slot: int) -> None:
        """Evaluate as slowly as the test wants."""
        name = state.group.name
        self.began.append((name, slot - START))
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.clock.sleep(self.slow(name))
            await self._once(state, slot)
        finally:
            self.running -= 1

    def first(self, group: RuleGroup) -> int:
        """The group's first slot, ms after the start."""
        return group.slot(START) + group.interval - START

    def slots(self, name: str = "g") -> list[int]:
        """The slots for which a group was evaluated, ms after the start."""
        return [slot for its, slot in self.began if its == name]

    async def count(self, name: str) -> int:
        """Samples of a metric that are no markers."""
        return sum(value is not None for samples in (await self.stored(name)).values() for _, value in samples)


async def test_a_group_is_evaluated_at_its_slots() -> None:
    """An interval apart, at its place in the interval; samples have the slot's time, not that of the evaluation."""
    its = group()
    world = World(its)
    world.slow = lambda _: 3.0
    async with world.loop:
        await world.clock.advance(45)
    first = world.first(its)
    assert world.slots() == [first + 10_000 * turn for turn in range(len(world.slots()))]
    assert len(world.slots()) in {4, 5}
    matrix = await world.query.range(LOCAL, "timestamp(r) == r + 1.7e9", Grid(START + first, START + first, 1))
    assert matrix.value.labels  # type: ignore[union-attr] # a vector
    assert world.counted("sightline_rule_group_iterations_missed_total") == 0
    assert world.counted("sightline_rule_group_iterations_total") == len(world.slots())


async def test_slots_that_pass_during_an_evaluation_are_missed_and_counted() -> None:
    """The last that is due is evaluated at once, the others never."""
    world = World(group(), group(name="quick"))
    world.slow = lambda name: 25.0 if name == "g" else 0.0
    async with world.loop:
        await world.clock.advance(100)
    first = world.first(group())
    assert world.slots()[:4] == [first, first + 20_000, first + 50_000, first + 70_000]
    assert len(world.slots("quick")) in {9, 10}
    assert world.counted("sightline_rule_group_iterations_missed_total") > 0
    missed = [p for f in world.telemetry.families() for p in f.points if p.name.endswith("iterations_missed_total")]
    assert {dict(p.labels)["rule_group"]: p.value > 0 for p in missed} == {"a.yml;g": True, "a.yml;quick": False}


async def test_only_so_many_groups_are_evaluated_at_once() -> None:
    """The others wait for their turn."""
    world = World(*(group(name=str(number)) for number in range(6)), concurrency=2)
    world.slow = lambda _: 8.0
    async with world.loop:
        await world.clock.advance(60)
    assert world.most == 2
    assert {name for name, _ in world.began} == set("012345")


async def test_a_clock_that_jumps_loses_no_group() -> None:
    """Forward, the slots in between are missed; back, it goes on an interval later."""
    world = World(group())
    async with world.loop:
        await world.clock.advance(25)
        world.clock.jump(3_600_000)
        await world.clock.advance(20)
        ahead = len(world.slots())
        world.clock.jump(-7_200_000)
        await world.clock.advance(40)
    assert ahead >= 3
    assert len(world.slots()) >= ahead + 3
    assert world.slots()[-1] <= world.clock.now() - START
    assert world.counted("sightline_rule_group_iterations_missed_total") > 300


async def test_a_clock_that_goes_back_a_little_evaluates_no_slot_twice() -> None:
    """As it does when time is corrected, or a sleep ends a moment early."""
    world = World(group())
    async with world.loop:
        for _ in range(60):
            await world.clock.advance(1)
            world.clock.jump(-3)
    assert len(world.slots()) >= 5
    assert len(set(world.slots())) == len(world.slots())


async def test_changed_files_are_adopted_within_five_seconds() -> None:
    """A group that says something else goes on under its new words, others are not disturbed."""
    world = World(group(), group(RecordingRule("other", "1"), name="other", interval=1))
    async with world.loop:
        await world.clock.advance(12)
        kept = world.adopt.state("a.yml;other")
        world.found = RulesRead((group(RecordingRule("s", "5")), *world.found.groups[1:]))
        await world.clock.advance(16)
        assert world.adopt.state("a.yml;other") is kept
    assert set((await world.stored("s")).popitem()[1]) & {(at, 5.0) for at in range(40)}
    assert (await world.stored("r"))["r"][-1][1] is None
    assert await world.count("other") in {27, 28}


async def test_a_group_that_changes_while_it_is_evaluated_is_not_waited_for() -> None:
    """Its evaluation is cancelled."""
    world = World(group())
    world.slow = lambda _: 1_000.0
    async with world.loop:
        await world.clock.advance(12)
        assert world.running == 1
        world.found = RulesRead((group(interval=5),))
        await world.clock.advance(5)
        assert world.running <= 1
    assert await world.stored("r") == {}


async def test_series_of_a_group_that_is_gone_end_with_it() -> None:
    """Two intervals later, at the time when it went, unless another group has taken them over; alerts end at once."""
    world = World(group(RecordingRule("r", "a"), AlertingRule("Hot", "a > 1")))
    await world.write(0, *of("a", [1.0, 2.0]))
    async with world.loop:
        await world.clock.advance(12)
        (before,) = world.adopt.groups(LOCAL)
        world.found = RulesRead((group(RecordingRule("r", "a > 1"), name="heir"),))
        await world.loop.reload()
        went = (world.clock.now() - START) // 1000
        assert [alert.state for alert in before.rules[1].alerts.values()] == [AlertState.RESOLVED]
        assert world.adopt.alerts(LOCAL) == []
        await world.clock.advance(25)
    found = await world.stored("r")
    assert [at for at, value in found['r{i="0"}'] if value is None] == [went]
    assert [at for at, value in found['r{i="1"}'] if value is None] == []


async def test_a_broken_file_is_told_once_and_the_old_rules_go_on() -> None:
    """In the log, as a problem and by `reload`; and when it is mended too."""
    world = World(group())
    async with world.loop:
        world.found = RulesRead(world.found.groups, ("a.yml:1:1: wrong",))
        with capture_logs() as told:
            await world.clock.advance(22)
        assert [(one["event"], one.get("reason")) for one in told] == [
            ("a rule file cannot be used; the rules that it held before go on", "a.yml:1:1: wrong")
        ]
        assert world.loop.problem == "a.yml:1:1: wrong"
        assert world.adopt.problems(LOCAL) == ("a.yml:1:1: wrong",)
        with pytest.raises(SettingsInvalid, match=r"a\.yml:1:1: wrong"):
            await world.loop.reload()
        world.found = RulesRead(world.found.groups)
        with capture_logs() as told:
            await world.loop.reload()
        assert [one["event"] for one in told] == ["all rule files can be used again"]
        assert world.loop.problem == ""
    assert len(world.slots()) >= 2


async def test_a_rule_that_fails_is_logged_once() -> None:
    """With its file, its group and what is wrong."""
    world = World(group(RecordingRule("bad", '"text"')))
    async with world.loop:
        with capture_logs() as told:
            await world.clock.advance(45)
    assert [(one["group"], one["rule"], one["reason"]) for one in told] == [
        ("g", "bad", "rule result is not a vector or scalar")
    ]


async def test_a_defect_is_logged_and_the_group_goes_on() -> None:
    """The next evaluation comes all the same."""
    world = World(group())
    once = world._once

    async def broken(state: GroupState, slot: int) -> None:
        if len(world.slots()) == 1:
            raise ZeroDivisionError
        await once(state, slot)

    world._once = broken
    async with world.loop:
        with capture_logs() as told:
            await world.clock.advance(35)
    assert [one["event"] for one in told] == ["rules failed with a defect"]
    assert await world.count("r") >= 2


async def test_nothing_goes_on_after_the_end_and_nothing_is_marked() -> None:
    """The program comes back."""
    world = World(group())
    async with world.loop:
        await world.clock.advance(25)
    begun = len(world.slots())
    await world.clock.advance(60)
    assert len(world.slots()) == begun
    assert all(value is not None for _, value in (await world.stored("r"))["r"])
    assert len([task for task in asyncio.all_tasks() if task.get_name().startswith("rules")]) == 0


async def test_another_tenant_sees_nothing() -> None:
    """Files belong to the program's own tenant."""
    world = World(group())
    other = Principal("someone", Tenant("other"))
    async with world.loop:
        assert len(world.adopt.groups(LOCAL)) == 1
        assert (world.adopt.groups(other), world.adopt.alerts(other), world.adopt.problems(other)) == ([], [], ())
