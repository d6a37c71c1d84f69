"""Heartbeats from ping to result: taken, stored, missed, paused, and taken up after a restart."""

import asyncio
from collections.abc import Sequence

import pytest
from tests.application.uptime_world import UptimeWorld
from typing_extensions import override

from sightline.adapters.outbound.memory.catalog import MemoryCatalog
from sightline.adapters.wire import pulse as wire
from sightline.application.beat import Beat
from sightline.application.enroll import Enroll
from sightline.application.issue import with_token
from sightline.application.remember import PULSE_KIND, PulseCodec
from sightline.domain.errors import NotFound, Overloaded, Unavailable
from sightline.domain.probes.check import Check, Definition
from sightline.domain.probes.heartbeat import HeartbeatState
from sightline.domain.probes.options import Heartbeat
from sightline.domain.probes.outcome import Reason
from sightline.domain.probes.ping import KEPT, Ping, PingKind, ended
from sightline.domain.probes.state import CheckState
from sightline.domain.tenancy import LOCAL, Tenant
from sightline.domain.timerange import ALL_TIME, HOUR, MINUTE
from sightline.ports.catalog import Change

CODEC = PulseCodec(wire.encode_pulse, wire.decode_pulse, wire.encode_ping, wire.decode_ping)
OK, START, FAIL = Ping(kind=PingKind.SUCCESS), Ping(kind=PingKind.START), Ping(kind=PingKind.FAIL)


class CountedCatalog(MemoryCatalog):
    """Counts writes, and can be away."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[int] = []
        self.is_away = False

    @override
    async def write(self, changes: Sequence[Change]) -> None:
        await asyncio.sleep(0)
        if self.is_away:
            raise Unavailable("the catalog is away")
        self.writes.append(len(changes))
        await super().write(changes)


class World(UptimeWorld):
    """Checks and heartbeats."""

    def __init__(self) -> None:
        self.catalog = CountedCatalog()
        super().__init__()

    @override
    def start(self) -> None:
        super().start()
        self.beat = self.beating()

    def beating(self, kept: int = KEPT) -> Beat:
        """As after a start, with so many pings kept of each heartbeat."""
        telemetry = self.telemetry
        return Beat(self.enroll, self.assess, self.catalog, CODEC, self.clock, telemetry, most=1000, kept=kept)

    async def begin(self) -> None:
        """As the program begins."""
        await self.assess.load()
        await self.beat.load()

    async def heartbeat(self, name: str = "backup", **options: object) -> Check:
        """A new one, due every hour and five minutes late at most."""
        await self.begin()
        given = {"period": HOUR, "grace": 5 * MINUTE, **options}
        written = Definition(name=name, options=Heartbeat(**given))  # type: ignore[arg-type]
        return (await self.enroll.add(LOCAL, [with_token(written)]))[0]

    async def passes(self, seconds: float) -> None:
        """Time goes by as the program lives through it: in steps of ten seconds at most."""
        while seconds > 0:
            await self.clock.advance(min(10.0, seconds))
            seconds -= 10
            await self.beat.sweep()
            await self.assess.tick()
            await self.assess.settle()
            await self.keep.run_once()

    def pulse_state(self, check: Check) -> HeartbeatState:
        """How a heartbeat stands."""
        return self.beat.stands(LOCAL.tenant, check.id)[0].state


@pytest.fixture
def world() -> World:
    """A fresh one."""
    return World()


async def test_a_heartbeat_goes_from_unknown_to_up_to_down_and_back(world: World) -> None:
    """The check follows its pings: nothing before the first, up, still up while late, down when missed, up again."""
    check = await world.heartbeat()
    await world.passes(60)
    assert world.state(check) is CheckState.UNKNOWN
    await world.beat.ping(check.id, OK)
    assert world.state(check) is CheckState.UP
    await world.passes(3600)
    assert (world.pulse_state(check), world.state(check)) == (HeartbeatState.LATE, CheckState.UP)
    await world.passes(300)
    assert (world.pulse_state(check), world.state(check)) == (HeartbeatState.DOWN, CheckState.DOWN)
    (incident,) = await world.all_incidents()
    assert "no ping came, 5m after it was due" in incident.details
    await world.beat.ping(check.id, OK)
    assert world.state(check) is CheckState.UP
    await world.passes(1)
    assert (await world.all_incidents())[0].ended_at is not None


async def test_a_reported_failure_is_down_at_once(world: World) -> None:
    """An exit status other than 0 makes the check down, with the status as its reason."""
    check = await world.heartbeat()
    taken = await world.beat.ping(check.id, Ping(kind=ended(7), exit_status=7))
    assert taken.number == 1
    assert world.state(check) is CheckState.DOWN
    latest = world.assess.standing(LOCAL.tenant, check.id).latest
    assert (latest.probe_reason, latest.message) == (Reason.FAILED, "exit status 7")


async def test_series_go_on_between_pings(world: World) -> None:
    """A heartbeat tells how it stands once in its check's interval, with how long the last run took."""
    check = await world.heartbeat()
    await world.beat.ping(check.id, START)
    await world.passes(30)
    await world.beat.ping(check.id, OK)
    await world.passes(600)
    found = await world.history.latest(LOCAL.tenant, check.id, 100, ALL_TIME)
    assert 10 <= len(found) <= 12
    assert {one.seconds for one in found} == {30.0}
    assert {one.verdict.value for one in found} == {"up"}


async def test_pings_are_kept_with_what_they_say_and_bounded(world: World) -> None:
    """The last hundred pings are there, newest first, each with its number and body."""
    check = await world.heartbeat()
    for number in range(KEPT + 5):
        await world.beat.ping(check.id, Ping(kind=PingKind.LOG, body=b"%d\xff" % number, run="r"))
    found = await world.beat.pings(LOCAL.tenant, check.id)
    assert [one.number for one in found] == list(range(KEPT + 5, 5, -1))
    assert found[0].body == b"104\xff"
    assert (await world.beat.one_ping(LOCAL.tenant, check.id, 6)).body == b"5\xff"
    with pytest.raises(NotFound):
        await world.beat.one_ping(LOCAL.tenant, check.id, 5)
    with pytest.raises(NotFound):
        await world.beat.pings(Tenant("other"), check.id)


async def test_fewer_pings_may_be_kept(world: World) -> None:
    """The newest, also where more were kept before; which setting says so is told with one that is gone."""
    check = await world.heartbeat()
    for _ in range(8):
        await world.beat.ping(check.id, OK)
    world.start()
    world.beat = world.beating(kept=3)
    await world.begin()
    for _ in range(2):
        await world.beat.ping(check.id, OK)
    assert [one.number for one in await world.beat.pings(LOCAL.tenant, check.id)] == [10, 9, 8]
    with pytest.raises(NotFound, match=r"its last 3 are kept \(pings.kept\)"):
        await world.beat.one_ping(LOCAL.tenant, check.id, 7)


async def test_pings_under_way_at_once_share_one_write(world: World) -> None:
    """A thousand pings at once are a few writes, and each is counted and acknowledged."""
    checks = [await world.heartbeat(f"job {number}") for number in range(10)]
    world.catalog.writes.clear()
    taken = await asyncio.gather(*(world.beat.ping(checks[number % 10].id, OK) for number in range(1000)))
    assert sorted(one.number for one in taken) == sorted([*range(1, 101)] * 10)
    assert len(world.catalog.writes) <= 3
    assert all(world.state(check) is CheckState.UP for check in checks)


async def test_a_ping_that_cannot_be_stored_is_not_acknowledged(world: World) -> None:
    """While the catalog is away a ping fails and changes nothing; the next one is the first."""
    check = await world.heartbeat()
    world.catalog.is_away = True
    for found in await asyncio.gather(*(world.beat.ping(check.id, OK) for _ in range(3)), return_exceptions=True):
        assert isinstance(found, Unavailable)
    assert world.pulse_state(check) is HeartbeatState.NEW
    world.catalog.is_away = False
    assert (await world.beat.ping(check.id, OK)).number == 1


async def test_what_time_changes_is_told_while_the_catalog_is_away_and_stored_later(world: World) -> None:
    """A missed ping makes the check down though nothing can be stored, and is stored when it can be."""
    check = await world.heartbeat()
    await world.beat.ping(check.id, OK)
    world.catalog.is_away = True
    await world.passes(3900)
    assert world.state(check) is CheckState.DOWN
    world.catalog.is_away = False
    await world.passes(1)
    document = await world.catalog.get(LOCAL.tenant, PULSE_KIND, str(check.id))
    assert wire.decode_pulse(document.body).state is HeartbeatState.DOWN


async def test_one_who_goes_away_does_not_cost_the_others_their_pings(world: World) -> None:
    """A request that is cancelled while its ping is stored leaves all pings stored."""
    check = await world.heartbeat()
    tasks = [asyncio.create_task(world.beat.ping(check.id, OK)) for _ in range(5)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(isinstance(one, Ping) for one in found) == 4
    assert world.beat.stands(LOCAL.tenant, check.id)[0].pings == 5


async def test_there_are_bounds(world: World) -> None:
    """More pings than may wait are refused, with when to try again; a check that is not there is not found."""
    check = await world.heartbeat()
    with pytest.raises(NotFound):
        await world.beat.ping(check.id + 1, OK)
    asking = [world.beat.ping(check.id, OK) for _ in range(1001)]
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert sum(isinstance(one, Overloaded) for one in found) == 1


async def test_heartbeats_stand_after_a_restart_as_they_did(world: World) -> None:
    """A short stop loses nothing: what was up is up at once, and due when it was."""
    check = await world.heartbeat()
    await world.beat.ping(check.id, OK)
    await world.passes(60)
    before = world.beat.stands(LOCAL.tenant, check.id)[1]
    world.start()
    await world.begin()
    await world.passes(1)
    assert world.beat.stands(LOCAL.tenant, check.id)[1] == before
    assert world.state(check) is CheckState.UP


async def test_what_was_due_while_we_were_away_is_unknown_until_the_grace_has_passed(world: World) -> None:
    """After two hours away nobody can tell of a ping that was due meanwhile: unknown, then down, unless one comes."""
    check, daily = await world.heartbeat(), await world.heartbeat("daily", period=24 * HOUR)
    await world.beat.ping(check.id, OK)
    await world.beat.ping(daily.id, OK)
    await world.passes(60)
    world.clock.skip(2 * HOUR)
    world.start()
    await world.begin()
    await world.passes(200)
    assert world.state(daily) is CheckState.UP
    assert (world.state(check), world.pulse_state(check)) == (CheckState.UNKNOWN, HeartbeatState.LATE)
    await world.passes(110)
    assert world.state(check) is CheckState.DOWN
    assert "may have been lost" in world.assess.standing(LOCAL.tenant, check.id).latest.message


async def test_a_ping_after_we_were_away_is_taken_as_ever(world: World) -> None:
    """What pings within the grace after a restart was never down."""
    check = await world.heartbeat()
    await world.beat.ping(check.id, OK)
    await world.passes(60)
    world.clock.skip(2 * HOUR)
    world.start()
    await world.begin()
    await world.passes(100)
    await world.beat.ping(check.id, OK)
    await world.passes(1000)
    assert world.state(check) is CheckState.UP
    assert {one.state.value for one in await world.stored(check)} == {"unknown", "up"}


async def test_a_clock_that_jumps_ahead_misses_nothing(world: World) -> None:
    """After a jump of three hours a heartbeat has its grace, as after any time in which nobody could tell."""
    check = await world.heartbeat()
    await world.beat.ping(check.id, OK)
    await world.passes(60)
    world.clock.jump(3 * HOUR)
    await world.passes(100)
    assert world.state(check) is CheckState.UNKNOWN
    await world.beat.ping(check.id, OK)
    assert world.state(check) is CheckState.UP


async def test_a_paused_heartbeat_is_resumed_by_its_next_ping(world: World) -> None:
    """A paused check misses nothing, and goes on with a ping, unless people are to resume it."""
    check, manual = await world.heartbeat(), await world.heartbeat("manual", manual_resume=True)
    for one in (check, manual):
        await world.beat.ping(one.id, OK)
        await world.enroll.switch(LOCAL, one.id, enabled=False)
    await world.passes(5000)
    assert (world.state(check), world.pulse_state(check)) == (CheckState.PAUSED, HeartbeatState.PAUSED)
    await world.beat.ping(check.id, OK)
    assert world.enroll.roster[check.id].check.definition.enabled
    assert world.state(check) is CheckState.UP
    assert (await world.beat.ping(manual.id, OK)).kind is PingKind.IGNORED
    assert world.state(manual) is CheckState.PAUSED
    await world.enroll.switch(LOCAL, manual.id, enabled=True)
    await world.passes(5000)
    assert (world.state(manual), world.pulse_state(manual)) == (CheckState.UNKNOWN, HeartbeatState.NEW)


async def test_a_change_of_the_schedule_counts_at_once(world: World) -> None:
    """What is due follows the definition, and so does who is recognized."""
    check = await world.heartbeat()
    await world.beat.ping(check.id, OK)
    options = check.definition.options
    assert isinstance(options, Heartbeat)
    assert world.beat.known.by_token(options.token) == (LOCAL.tenant, check)
    written = Definition(name="else", options=Heartbeat(period=2 * HOUR, grace=MINUTE, slug="s", token="t" * 20))
    changed = await world.enroll.put(LOCAL, check.id, written)
    assert world.beat.known.by_token(options.token) is None
    assert world.beat.known.by_token("t" * 20) == (LOCAL.tenant, changed)
    assert world.beat.known.by_slug(LOCAL.tenant, "s") == [changed]
    assert world.beat.known.by_slug(Tenant("other"), "s") == []
    assert world.beat.stands(LOCAL.tenant, check.id)[1].due == world.now + 2 * HOUR
    await world.passes(7000)
    assert world.state(check) is CheckState.UP


async def test_a_check_that_is_deleted_leaves_nothing(world: World) -> None:
    """Its state and its pings go with it, and nobody comes in by its token."""
    check = await world.heartbeat()
    await world.beat.ping(check.id, OK)
    await world.enroll.delete(LOCAL, check.id)
    assert world.beat.next_due() is None
    assert await world.catalog.list(LOCAL.tenant, PULSE_KIND) == []
    assert await world.catalog.list(LOCAL.tenant, f"heartbeat_pings:{check.id}") == []
    with pytest.raises(NotFound):
        await world.beat.ping(check.id, OK)
    await world.beat.close()


async def test_a_zone_that_is_not_known_here_costs_only_its_own_schedule(world: World) -> None:
    """Pings of a heartbeat whose time zone this machine lacks are taken, and none is called missed."""
    check = await world.heartbeat(cron="0 * * * *", timezone="Moon/Crater")
    await world.beat.ping(check.id, OK)
    await world.passes(8000)
    assert world.state(check) is CheckState.UP


async def test_a_heartbeat_that_comes_while_others_are_read_is_followed(world: World) -> None:
    """What is made during the start is known after it, and what was there is not overwritten."""
    check = await world.heartbeat()
    await world.beat.ping(check.id, OK)
    world.start()
    await world.enroll.load()
    written = Definition(name="late", options=Heartbeat(token="t" * 20))
    _, (late,) = await asyncio.gather(world.beat.load(), world.enroll.add(LOCAL, [written]))
    assert world.beat.known.by_token("t" * 20) == (LOCAL.tenant, late)
    assert world.pulse_state(check) is HeartbeatState.UP
    assert (await world.beat.ping(late.id, OK)).number == 1


async def test_definitions_get_tokens_that_stay(world: World) -> None:
    """A heartbeat without a token gets one of its own, and keeps it when it is written without."""
    enroll = Enroll(world.checks, world.clock, complete=with_token)
    written = Definition(name="a", options=Heartbeat())
    (made,) = await enroll.add(LOCAL, [written])
    token = _token(made)
    assert len(token) == 36
    assert _token(await enroll.put(LOCAL, made.id, written)) == token
    assert _token((await enroll.add(LOCAL, [Definition(name="b", options=Heartbeat())]))[0]) != token


def _token(check: Check) -> str:
    options = check.definition.options
    assert isinstance(options, Heartbeat)
    return options.token
