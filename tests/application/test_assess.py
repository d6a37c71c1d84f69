"""From what probes find to how checks stand, and what follows."""

import asyncio

import pytest
from tests.application.uptime_world import UptimeWorld, results_of
from tests.domain.probes.checks import definition, result

from sightline.domain.alerts.notice import AlertState
from sightline.domain.errors import NotFound, Unavailable
from sightline.domain.events import AlertChanged, CheckMoved, IncidentChanged, ProbesFinished, topic
from sightline.domain.labels import METRIC_NAME
from sightline.domain.metrics.samples import stale_mask
from sightline.domain.probes.incident import EntryKind, IncidentKind
from sightline.domain.probes.options import Composed
from sightline.domain.probes.outcome import Reason
from sightline.domain.probes.result import Verdict
from sightline.domain.probes.state import CheckState, StateReason
from sightline.domain.tenancy import LOCAL, Tenant
from sightline.domain.timerange import ALL_TIME, MINUTE, SECOND

UP, DEGRADED, DOWN = Verdict.UP, Verdict.DEGRADED, Verdict.DOWN


@pytest.fixture
def world() -> UptimeWorld:
    return UptimeWorld()


async def test_a_check_goes_down_and_comes_back(world: UptimeWorld) -> None:
    """Its states are stored, it has an incident that says why and when, and an alert that fires and ends."""
    (api,) = await world.with_checks("api")
    await world.found(api, UP)
    await world.passed(60)
    await world.found(api, DOWN)
    await world.passed(60)
    await world.found(api, UP)
    assert [one.state for one in await world.stored(api)] == [
        CheckState.UNKNOWN,
        CheckState.UP,
        CheckState.DOWN,
        CheckState.UP,
    ]
    (incident,) = await world.all_incidents()
    assert (incident.kind, incident.title, incident.details) == (
        IncidentKind.DOWN,
        "api is down",
        "nobody listens there",
    )
    assert incident.ended_at == incident.started_at + MINUTE
    timeline = await world.incidents.timeline(LOCAL.tenant, incident.id)
    assert [one.kind for one in timeline] == [EntryKind.OPENED, EntryKind.TRANSITION, EntryKind.RESOLVED]
    assert world.told() == [("CheckDown", "api", AlertState.FIRING), ("CheckDown", "api", AlertState.RESOLVED)]


async def test_checks_can_be_read_from_the_first_moment_on(world: UptimeWorld) -> None:
    """Before anything was assessed in this run, and by several at a time, each is there once; those that come now are too."""
    await world.with_checks("api")
    world.start()
    listed, again = await asyncio.gather(world.review.all(LOCAL), world.review.all(LOCAL))
    assert [one.check.name for one in listed] == [one.check.name for one in again] == ["api"]
    world.start()
    (shop,) = await world.enroll.add(LOCAL, [definition("shop")])
    assert (await world.review.one(LOCAL, shop.id)).standing.state is CheckState.UNKNOWN


async def test_results_become_series_and_history(world: UptimeWorld) -> None:
    """One batch of samples for all results that come together; results can be read before they are stored."""
    (api,) = await world.with_checks("api")
    await world.found(api, UP)
    names = {labels.get(METRIC_NAME) for labels in world.samples.batches[0].labels}
    assert {"probe_success", "probe_duration_seconds"} <= names
    before = await world.review.results(LOCAL, api.id, 10, ALL_TIME)
    await world.keep.run_once()
    assert await world.review.results(LOCAL, api.id, 10, ALL_TIME) == before
    assert len(before) == 1


async def test_results_of_checks_that_nobody_has_are_left_out(world: UptimeWorld) -> None:
    """Also those of a check of another tenant, and of one that is switched off."""
    (api,) = await world.with_checks("api", enabled=False)
    await world.found(api, DOWN)
    rows = [(Tenant("other"), one) for _, one in results_of(world, api, DOWN)]
    await world.assess.take(rows)
    assert world.state(api) is CheckState.PAUSED
    assert not world.samples.batches


async def test_what_is_told_to_be_stored_is(world: UptimeWorld) -> None:
    """Results of other locations are in the history when `take` returns, in order, and twice the same are once."""
    (api,) = await world.with_checks("api")
    rows = results_of(world, api, UP, DOWN, DOWN)
    await world.assess.take(rows)
    await world.assess.take(rows)
    assert len(await world.history.latest(LOCAL.tenant, api.id, 10, ALL_TIME)) == 3
    assert [one.state for one in await world.stored(api)] == [CheckState.UNKNOWN, CheckState.UP, CheckState.DOWN]


async def test_results_are_refused_while_their_series_cannot_be_stored(world: UptimeWorld) -> None:
    """Who brought them learns of it, and brings them again; own ones count all the same."""
    (api,) = await world.with_checks("api")
    world.samples.is_away = True
    with pytest.raises(Unavailable):
        await world.assess.take(results_of(world, api, DOWN))
    assert world.state(api) is CheckState.UNKNOWN
    await world.found(api, DOWN)
    assert world.state(api) is CheckState.DOWN


async def test_what_moved_while_the_catalog_was_away_is_stored_later(world: UptimeWorld) -> None:
    """In order; alerts did not wait for it."""
    (api,) = await world.with_checks("api")
    await world.tick()
    world.standings.is_away = True
    for verdict in (DOWN, UP, DOWN):
        await world.clock.advance(1)
        with pytest.raises(Unavailable):
            await world.found(api, verdict)
    assert len(world.told()) == 3
    assert world.settle.problem
    world.standings.is_away = False
    await world.tick()
    assert [one.state.value for one in await world.stored(api)] == ["unknown", "down", "up", "down"]
    assert len(await world.all_incidents()) == 2
    assert not world.settle.problem


async def test_who_depends_on_what_is_down_is_unreachable_and_nobody_is_told(world: UptimeWorld) -> None:
    """It is probed on; its line stands in the incident of what is behind it."""
    (gateway,) = await world.with_checks("gateway")
    (api,) = await world.enroll.add(LOCAL, [definition("api", depends_on=("gateway",))])
    await world.found(gateway, UP)
    await world.found(api, UP)
    await world.passed(60)
    await world.found(gateway, DOWN)
    await world.found(api, DOWN)
    assert world.state(api) is CheckState.UNREACHABLE
    (incident,) = await world.all_incidents()
    assert incident.check == gateway.id
    timeline = await world.incidents.timeline(LOCAL.tenant, incident.id)
    assert "api cannot be reached" in timeline[-1].text
    assert {check for _, check, _ in world.told()} == {"gateway"}
    await world.passed(60)
    await world.found(gateway, UP)
    assert world.state(api) is CheckState.UNREACHABLE
    await world.found(api, UP)
    assert world.state(api) is CheckState.UP


async def test_a_child_that_fails_first_has_its_parent_probed_before_anybody_is_told(world: UptimeWorld) -> None:
    """When the parent turns out to be down, the child was never down by itself."""
    (gateway,) = await world.with_checks("gateway")
    (api,) = await world.enroll.add(LOCAL, [definition("api", depends_on=("gateway",))])
    await world.found(gateway, UP)
    await world.found(api, DOWN)
    assert world.urged == [gateway.id]
    assert world.told() == []
    await world.passed(2)
    await world.found(gateway, DOWN)
    await world.passed(30)
    assert world.state(api) is CheckState.UNREACHABLE
    assert world.told() == [("CheckDown", "gateway", AlertState.FIRING)]
    child, parent = await world.all_incidents()
    assert child.part_of == parent.id


async def test_a_parent_that_fails_after_its_child_for_the_same_cause_is_the_root(world: UptimeWorld) -> None:
    """Never the child, and never each other's."""
    (gateway,) = await world.with_checks("gateway", url="http://host.example/")
    (api,) = await world.enroll.add(LOCAL, [definition("api", url="http://host.example/x", depends_on=("gateway",))])
    await world.found(api, DOWN)
    assert world.urged == [gateway.id]
    await world.passed(1)
    await world.found(gateway, DOWN)
    child, parent = await world.all_incidents()
    assert (child.part_of, parent.part_of) == (parent.id, None)
    assert world.told() == [("CheckDown", "gateway", AlertState.FIRING)]


async def test_a_result_that_nobody_can_tell_is_no_voice(world: UptimeWorld) -> None:
    """What a check is composed of may all be unknown: so is it, and nothing is stored as if it were down."""
    (api,) = await world.with_checks("api")
    await world.found(api, DOWN, reason=Reason.UNDECIDED)
    assert world.state(api) is CheckState.UNKNOWN
    assert not world.samples.batches
    await world.passed(1)
    await world.found(api, UP)
    await world.passed(1)
    await world.found(api, DOWN, reason=Reason.UNDECIDED)
    assert world.state(api) is CheckState.UNKNOWN


async def test_what_timed_out_while_the_monitor_stood_still_changes_nothing(world: UptimeWorld) -> None:
    """The verdict before it stands, and no sample says otherwise."""
    (api,) = await world.with_checks("api")
    await world.found(api, UP)
    await world.passed(1)
    await world.found(api, DOWN, reason=Reason.STALLED)
    assert world.state(api) is CheckState.UP
    assert len(world.samples.batches) == 1


async def test_what_the_monitor_cannot_do_is_unknown_and_says_why(world: UptimeWorld) -> None:
    """A ping that this machine may not send says nothing of the other one; nobody is told that it is down."""
    (api,) = await world.with_checks("api")
    for _ in range(3):
        await world.found(api, DOWN, reason=Reason.NOT_PERMITTED, message="pings need CAP_NET_RAW")
        await world.passed(1)
    latest = world.assess.standing(LOCAL.tenant, api.id).latest
    assert (latest.state, latest.message) == (CheckState.UNKNOWN, "pings need CAP_NET_RAW")
    assert len(await world.stored(api)) == 2
    assert world.told() == []


async def test_what_failed_at_a_place_that_was_cut_off_is_unknown_and_no_incident(world: UptimeWorld) -> None:
    """Stored as such, told to nobody, said once however often it comes; what is dead still is down afterwards."""
    (api,) = await world.with_checks("api")
    await world.found(api, UP)
    for _ in range(3):
        await world.passed(60)
        await world.found(api, DOWN, reason=Reason.CUT_OFF, message="no reference takes a connection")
    await world.passed(600)
    assert [(one.state, one.reason) for one in await world.stored(api)][1:] == [
        (CheckState.UP, StateReason.VERDICT),
        (CheckState.UNKNOWN, StateReason.MONITOR_CUT_OFF),
    ]
    assert len(world.samples.batches) == 1
    assert (await world.all_incidents(), world.told()) == ([], [])
    spent = (await world.review.uptime(LOCAL, [api.id]))[api.id]["24h"]
    assert spent.length(CheckState.UNKNOWN) > 700 * SECOND
    assert spent.corrected() == 1.0
    await world.found(api, DOWN)
    assert world.state(api) is CheckState.DOWN


async def test_a_place_that_is_cut_off_leaves_the_others_to_decide(world: UptimeWorld) -> None:
    """It counts as one that is not heard; that alone is no partial failure."""
    (api,) = await world.with_checks("api", locations=("fra", "nyc"))
    for _ in range(5):  # until nobody is waited for as after a start
        for place in ("fra", "nyc"):
            await world.found(api, UP, place)
        await world.passed(60)
    await world.found(api, DOWN, "nyc", reason=Reason.CUT_OFF)
    assert world.state(api) is CheckState.UP
    await world.found(api, DOWN, "fra")
    assert world.state(api) is CheckState.DOWN


async def test_that_a_place_was_cut_off_long_ago_says_nothing_of_now(world: UptimeWorld) -> None:
    """What it brings once the cable is mended neither moves a check nor silences what it said since."""
    (api,) = await world.with_checks("api")
    then = [result(DOWN, world.now + at * MINUTE, api.id, "fra", reason=Reason.CUT_OFF) for at in range(30)]
    await world.passed(1_800)
    await world.found(api, UP, "fra")
    await world.assess.take([(LOCAL.tenant, one) for one in then])
    assert world.state(api) is CheckState.UP
    assert "fra" in world.assess.standing(LOCAL.tenant, api.id).voices


async def test_a_restart_while_a_place_is_cut_off_changes_nothing(world: UptimeWorld) -> None:
    """The check stays unknown for the same reason, and what failed is no voice in the next run either."""
    (api,) = await world.with_checks("api")
    await world.found(api, UP)
    await world.passed(60)
    await world.found(api, DOWN, reason=Reason.CUT_OFF, message="no reference takes a connection")
    world.start()
    await world.assess.load()
    await world.passed(60)
    await world.found(api, DOWN, reason=Reason.CUT_OFF, message="no reference takes a connection")
    assert (await world.stored(api))[-1].reason is StateReason.MONITOR_CUT_OFF
    assert len(await world.stored(api)) == 3


async def test_what_a_check_is_composed_of_has_it_looked_at_when_it_moves(world: UptimeWorld) -> None:
    """At once, and not with its next turn."""
    (api,) = await world.with_checks("api")
    (whole,) = await world.enroll.add(LOCAL, [definition("all", url="", options=Composed(checks=("api",)))])
    await world.found(api, DOWN)
    assert world.urged == [whole.id]


async def test_a_child_that_fails_alone_is_told_once_its_parent_had_its_chance(world: UptimeWorld) -> None:
    """A timeout later."""
    (gateway,) = await world.with_checks("gateway")
    (api,) = await world.enroll.add(LOCAL, [definition("api", depends_on=("gateway",))])
    await world.found(gateway, UP)
    await world.found(api, DOWN)
    await world.passed(15)
    assert world.told() == [("CheckDown", "api", AlertState.FIRING)]


async def test_maintenance_says_so_and_opens_nothing(world: UptimeWorld) -> None:
    """Probes go on; what is still down when the window ends is an incident from then on."""
    (api,) = await world.with_checks("api")
    await world.found(api, UP)
    world.windows.cover("api")
    await world.passed(1)
    await world.found(api, DOWN)
    assert world.state(api) is CheckState.MAINTENANCE
    assert await world.all_incidents() == []
    world.windows.cover()
    await world.passed(1)
    assert world.state(api) is CheckState.DOWN
    assert len(await world.all_incidents()) == 1
    assert world.told() == [("CheckDown", "api", AlertState.FIRING)]


async def test_a_location_that_falls_silent_is_unknown_and_says_nothing_about_health(world: UptimeWorld) -> None:
    """With nobody else, so is the check; an incident that lasts goes on, and its alert too."""
    (api,) = await world.with_checks("api")
    await world.found(api, DOWN)
    await world.passed(240)
    assert world.state(api) is CheckState.UNKNOWN
    (incident,) = await world.all_incidents()
    assert incident.ended_at is None
    assert world.told() == [("CheckDown", "api", AlertState.FIRING)]


async def test_what_a_location_brings_after_an_outage_is_history(world: UptimeWorld) -> None:
    """It is stored under its own time, and makes nothing down that is well now."""
    (api,) = await world.with_checks("api")
    found_then = [result(DOWN, world.now + at * MINUTE, api.id, "fra") for at in range(10)]
    await world.passed(1_800)
    await world.found(api, UP)
    await world.assess.take([(LOCAL.tenant, one) for one in found_then])
    assert world.state(api) is CheckState.UP
    assert len(await world.history.latest(LOCAL.tenant, api.id, 100, ALL_TIME, "fra")) == 10
    await world.found(api, DOWN, "fra")
    assert world.state(api) is CheckState.DEGRADED


async def test_partial_names_the_locations(world: UptimeWorld) -> None:
    """One of three: degraded, with a warning that says where."""
    (api,) = await world.with_checks("api")
    for place, verdict in (("fra", UP), ("nyc", UP), ("sin", UP), ("fra", DOWN)):
        await world.clock.advance(1)
        await world.found(api, verdict, place)
    assert world.state(api) is CheckState.DEGRADED
    (notice,) = world.heard.notices
    assert notice.alert.labels.get("alertname") == "CheckDegraded"
    assert notice.alert.annotations.get("locations") == "fra"
    assert "down from fra" in notice.alert.annotations.get("summary")


async def test_a_restart_leaves_an_honest_gap(world: UptimeWorld) -> None:
    """From the last sign of life to the first probe nobody knows; the incident and its alert go on over it."""
    (api,) = await world.with_checks("api")
    await world.found(api, DOWN)
    await world.passed(20)
    died = world.now
    await world.clock.advance(600)
    world.start()
    await world.assess.load()
    await world.tick()
    assert world.state(api) is CheckState.UNKNOWN
    assert world.assess.last_gap is not None
    gap = (await world.stored(api))[-1]
    assert gap.reason is StateReason.MONITOR_STOPPED
    assert died - 5 * SECOND <= gap.at <= died
    await world.found(api, UP)
    (incident,) = await world.all_incidents()
    assert incident.ended_at is not None
    assert incident.ended_at >= died + 600 * SECOND


async def test_a_quick_restart_is_no_gap(world: UptimeWorld) -> None:
    """An upgrade of a few seconds changes nothing."""
    (api,) = await world.with_checks("api")
    await world.found(api, UP)
    await world.passed(10)
    world.start()
    await world.assess.load()
    assert world.state(api) is CheckState.UP


@pytest.mark.parametrize("by", [-3_600_000, 3_600_000])
async def test_a_clock_that_jumps_is_told(world: UptimeWorld, by: int) -> None:
    """Either way: nobody knows what happened when, until the next probe; transitions stay in order."""
    (api,) = await world.with_checks("api")
    await world.passed(5)
    await world.found(api, UP)
    world.clock.jump(by)
    await world.passed(1)
    assert world.state(api) is CheckState.UNKNOWN
    assert world.assess.standing(LOCAL.tenant, api.id).latest.reason is StateReason.CLOCK_JUMPED
    await world.passed(300)
    times = [one.at for one in await world.stored(api)]
    assert times == sorted(set(times))


async def test_a_process_that_stood_still_is_told(world: UptimeWorld) -> None:
    """Half a minute without a look."""
    (api,) = await world.with_checks("api")
    await world.passed(2)
    await world.found(api, UP)
    await world.clock.advance(30)
    await world.tick()
    assert world.assess.standing(LOCAL.tenant, api.id).latest.reason is StateReason.MONITOR_STALLED


async def test_incidents_of_one_cause_are_one(world: UptimeWorld) -> None:
    """Checks of one host that fail alike, soon after one another, belong together."""
    first, second, other = await world.with_checks("a", "b", "c", url="https://host.example/x")
    for check in (first, second):
        await world.found(check, DOWN)
        await world.passed(30)
    await world.passed(600)
    await world.found(other, DOWN)
    incidents = await world.all_incidents()
    assert [one.part_of for one in incidents] == [None, incidents[0].id, None]


async def test_an_incident_that_the_last_run_left_behind_is_put_right(world: UptimeWorld) -> None:
    """Killed between the transition and its incident: the start does what was left undone."""
    (api,) = await world.with_checks("api")
    world.incidents.is_away = True
    with pytest.raises(Unavailable):
        await world.found(api, DOWN)
    world.incidents.is_away = False
    world.start()
    await world.assess.load()
    await world.tick()
    (incident,) = await world.all_incidents()
    assert incident.ended_at is None


async def test_pausing_ends_the_incident_and_the_alert(world: UptimeWorld) -> None:
    """Nobody is to hear of it any more; switched on again it begins anew."""
    (api,) = await world.with_checks("api")
    await world.found(api, DOWN)
    await world.enroll.switch(LOCAL, api.id, enabled=False)
    await world.tick()
    assert world.state(api) is CheckState.PAUSED
    assert world.told()[-1] == ("CheckDown", "api", AlertState.RESOLVED)
    (incident,) = await world.all_incidents()
    assert incident.ended_at is not None
    await world.enroll.switch(LOCAL, api.id, enabled=True)
    assert world.state(api) is CheckState.UNKNOWN


async def test_deleting_ends_everything(world: UptimeWorld) -> None:
    """Its series are marked, its incident and its alert end, and nobody knows of it."""
    (api,) = await world.with_checks("api")
    await world.found(api, DOWN)
    await world.enroll.delete(LOCAL, api.id)
    await world.tick()
    assert stale_mask(world.samples.batches[-1].values).all()
    assert world.told()[-1][2] is AlertState.RESOLVED
    (incident,) = await world.all_incidents()
    assert incident.ended_at is not None
    with pytest.raises(NotFound):
        world.assess.standing(LOCAL.tenant, api.id)


async def test_a_check_that_gets_another_name_goes_on(world: UptimeWorld) -> None:
    """Its old series end; its alert ends under the old name and fires under the new one."""
    (api,) = await world.with_checks("api")
    await world.found(api, DOWN)
    await world.enroll.put(LOCAL, api.id, definition("shop"))
    assert world.told()[-2:] == [("CheckDown", "api", AlertState.RESOLVED), ("CheckDown", "shop", AlertState.FIRING)]
    assert world.state(api) is CheckState.DOWN
    assert stale_mask(world.samples.batches[-1].values).all()


async def test_a_check_that_is_not_to_notify_has_incidents_alone(world: UptimeWorld) -> None:
    """Nobody is told."""
    (api,) = await world.with_checks("api", notify=False)
    await world.found(api, DOWN)
    assert len(await world.all_incidents()) == 1
    assert world.told() == []


async def test_degrading_and_failing_are_one_incident(world: UptimeWorld) -> None:
    """Its kind is the worst that it was; alerts follow the state."""
    (api,) = await world.with_checks("api")
    for verdict in (DEGRADED, DOWN, DEGRADED, UP):
        await world.found(api, verdict)
        await world.passed(1)
    (incident,) = await world.all_incidents()
    assert incident.kind is IncidentKind.DOWN
    assert [(name, state.value) for name, _, state in world.told()] == [
        ("CheckDegraded", "firing"),
        ("CheckDegraded", "resolved"),
        ("CheckDown", "firing"),
        ("CheckDown", "resolved"),
        ("CheckDegraded", "firing"),
        ("CheckDegraded", "resolved"),
    ]


async def test_listeners_hear_of_results_states_alerts_and_incidents(world: UptimeWorld) -> None:
    """Under topics of their own."""
    (api,) = await world.with_checks("api")
    async with world.bus.subscribe(LOCAL.tenant) as heard:
        await world.found(api, DOWN)
        world.bus.close()
        events = [event async for event in heard]
    assert {type(event) for event in events} == {ProbesFinished, CheckMoved, AlertChanged, IncidentChanged}
    assert {topic(event) for event in events} == {
        "sightline.default.probes.results",
        "sightline.default.probes.states",
        "sightline.default.alerts",
        "sightline.default.incidents",
    }


async def test_checks_can_be_asked_for_by_name(world: UptimeWorld) -> None:
    """In the order given; those that the tenant lacks are left out."""
    await world.with_checks("web", "api", "job")
    found = world.assess.named(LOCAL.tenant, ("job", "gone", "web"))
    assert [one.check.name for one in found] == ["job", "web"]
    assert world.assess.named(Tenant("other"), ("job", "web")) == []
