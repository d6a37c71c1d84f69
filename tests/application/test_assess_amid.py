"""Checks that come, go and change while their results are on their way."""

import asyncio

import pytest
from tests.application.uptime_world import UptimeWorld, results_of
from tests.domain.probes.checks import definition, result

from sightline.application.deliver import Decision
from sightline.application.respond import Change
from sightline.domain.alerts.notice import AlertState, Reason
from sightline.domain.alerts.pipeline.plan import Channel
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.labels import Labels
from sightline.domain.probes.options import Composed, Heartbeat, Promql
from sightline.domain.probes.outcome import Reason as Why
from sightline.domain.probes.result import Verdict
from sightline.domain.probes.state import CheckState
from sightline.domain.tenancy import LOCAL, Principal, Tenant
from sightline.domain.timerange import ALL_TIME

OTHERS = Principal("somebody", Tenant("other"))
UP, DOWN, DEGRADED = Verdict.UP, Verdict.DOWN, Verdict.DEGRADED


@pytest.fixture
def world() -> UptimeWorld:
    return UptimeWorld()


async def test_a_note_on_what_is_over_leaves_what_lasts(world: UptimeWorld) -> None:
    """A check is down again while somebody writes about the last time: it is this time that ends when it is up."""
    (api,) = await world.with_checks("api")
    for verdict in (DOWN, UP, DOWN):
        await world.found(api, verdict)
        await world.passed(10)
    first, second = await world.all_incidents()
    await world.respond.change(LOCAL, first.id, Change(post_mortem="A cable."))
    await world.found(api, UP)
    first, second = await world.all_incidents()
    assert first.post_mortem == "A cable."
    assert second.ended_at is not None


async def test_a_check_that_is_deleted_while_its_series_are_stored_is_left_out(world: UptimeWorld) -> None:
    """What comes with its results counts all the same."""
    api, web = await world.with_checks("api", "web")
    rows = [*results_of(world, api, DOWN), *results_of(world, web, DOWN)]
    world.samples.amid = lambda: world.enroll.delete(LOCAL, api.id)
    await world.assess.take(rows)
    assert world.state(web) is CheckState.DOWN


async def test_a_parent_goes_down_while_its_child_is_deleted(world: UptimeWorld) -> None:
    """Nobody misses the child."""
    (gateway,) = await world.with_checks("gateway")
    (api,) = await world.enroll.add(LOCAL, [definition("api", depends_on=("gateway",))])
    await world.found(api, DOWN)
    found = [(LOCAL.tenant, result(DOWN, world.now, gateway.id))]
    world.samples.amid = lambda: world.assess.hear(found)
    await world.enroll.delete(LOCAL, api.id)
    assert world.state(gateway) is CheckState.DOWN


async def test_an_alert_that_waits_is_told_as_the_check_is_called_by_then(world: UptimeWorld) -> None:
    """Renamed while what it depends on is probed."""
    await world.with_checks("gateway")
    (api,) = await world.enroll.add(LOCAL, [definition("api", depends_on=("gateway",))])
    await world.found(api, DOWN)
    await world.enroll.put(LOCAL, api.id, definition("shop", depends_on=("gateway",)))
    await world.passed(20)
    assert [check for _, check, _ in world.told()] == ["shop"]


async def test_an_alert_that_waits_is_dropped_with_its_notices(world: UptimeWorld) -> None:
    """Nobody is told of a check of which nobody is to be told by then."""
    await world.with_checks("gateway")
    (api,) = await world.enroll.add(LOCAL, [definition("api", depends_on=("gateway",))])
    await world.found(api, DOWN)
    await world.enroll.put(LOCAL, api.id, definition("api", depends_on=("gateway",), notify=False))
    await world.passed(20)
    assert not world.told()


async def test_people_are_told_of_what_is_down_when_they_say_so(world: UptimeWorld) -> None:
    """Notices are switched on while a check is down."""
    (api,) = await world.with_checks("api", notify=False)
    await world.found(api, DOWN)
    await world.enroll.put(LOCAL, api.id, definition("api"))
    assert [(name, state.value) for name, _, state in world.told()] == [("CheckDown", "firing")]


async def test_a_degraded_child_waits_too_before_it_is_called_down(world: UptimeWorld) -> None:
    """Its warning goes on; what is behind it turns out to be its parent."""
    (gateway,) = await world.with_checks("gateway")
    (api,) = await world.enroll.add(LOCAL, [definition("api", depends_on=("gateway",))])
    await world.found(gateway, UP)
    await world.found(api, DEGRADED)
    await world.passed(1)
    await world.found(api, DOWN)
    await world.found(gateway, DOWN)
    assert world.state(api) is CheckState.UNREACHABLE
    assert [(name, check) for name, check, _ in world.told()] == [("CheckDegraded", "api"), ("CheckDown", "gateway")]


async def test_what_is_behind_something_unreachable_waits_until_that_is_probed(world: UptimeWorld) -> None:
    """The farthest is up again; what it hid is not known yet, so the child is not called down at once."""
    (line,) = await world.with_checks("line")
    (gateway,) = await world.enroll.add(LOCAL, [definition("gateway", depends_on=("line",))])
    (api,) = await world.enroll.add(LOCAL, [definition("api", depends_on=("gateway",))])
    for check in (line, gateway, api):
        await world.found(check, DOWN)
    await world.passed(1)
    await world.found(line, UP)
    await world.passed(1)
    await world.found(api, DOWN)
    await world.passed(1)
    await world.found(gateway, DOWN)
    assert world.state(api) is CheckState.UNREACHABLE
    assert "api" not in {check for _, check, _ in world.told()}


async def test_an_alert_that_was_lost_in_a_crash_is_told_after_it(world: UptimeWorld) -> None:
    """Killed between the state and its alert, and back before anybody would call it a gap."""
    (api,) = await world.with_checks("api")
    await world.found(api, DOWN)
    world.heard.notices.clear()
    world.start()
    await world.assess.load()
    assert [(name, state.value) for name, _, state in world.told()] == [("CheckDown", "firing")]


async def test_one_place_of_two_makes_nothing_down_after_a_restart(world: UptimeWorld) -> None:
    """Whoever is heard first is not alone: those that were heard before are waited for."""
    (api,) = await world.with_checks("api", quorum=2)
    for place, verdict in (("fra", UP), ("nyc", UP), ("sin", DOWN)):
        await world.found(api, verdict, place)
    await world.passed(60)
    world.start()
    await world.assess.load()
    for place, verdict in (("sin", DOWN), ("fra", UP), ("nyc", UP)):
        await world.found(api, verdict, place)
        await world.passed(1)
    assert CheckState.DOWN not in {one.state for one in await world.stored(api)}
    assert world.state(api) is CheckState.DEGRADED


@pytest.mark.parametrize(
    ("was", "is_now", "stays"),
    [
        ((UP, UP, UP), (DOWN, UP, UP), CheckState.UP),
        ((DOWN, DOWN, UP), (UP, DOWN, DOWN), CheckState.DOWN),
        ((DOWN, UP, UP), (UP, UP, DOWN), CheckState.DEGRADED),
    ],
)
async def test_a_restart_leaves_a_check_that_is_probed_from_everywhere_as_it_was(
    world: UptimeWorld, was: tuple[Verdict, ...], is_now: tuple[Verdict, ...], stays: CheckState
) -> None:
    """It says neither from where nor how many must agree: the places that were heard in the last run are waited for."""
    (api,) = await world.with_checks("api")
    places = ("fra", "nyc", "sin")
    for place, verdict in zip(places, was, strict=True):
        await world.found(api, verdict, place)
    await world.passed(5)
    assert world.state(api) is stays
    known = len(await world.stored(api))
    world.start()
    await world.assess.load()
    for place, verdict in list(zip(places, is_now, strict=True))[:2]:
        await world.found(api, verdict, place)
        await world.passed(1)
    assert world.state(api) is stays
    assert len(await world.stored(api)) == known
    await world.found(api, is_now[2], places[2])
    assert world.state(api) is (CheckState.DEGRADED if stays is not CheckState.DOWN else CheckState.DOWN)


async def test_places_that_are_gone_are_not_waited_for_again(world: UptimeWorld) -> None:
    """A place that was silent for long is none by the next restart, so that the one that is left decides at once."""
    (api,) = await world.with_checks("api")
    for place in ("fra", "nyc"):
        await world.found(api, UP, place)
    for _ in range(20):
        await world.passed(60)
        await world.found(api, UP, "fra")
    world.start()
    await world.assess.load()
    await world.found(api, DOWN, "fra")
    assert world.state(api) is CheckState.DOWN


async def test_a_place_that_died_with_the_program_is_waited_for_once(world: UptimeWorld) -> None:
    """For three intervals; then the one that is left decides."""
    (api,) = await world.with_checks("api")
    for place in ("fra", "nyc"):
        await world.found(api, UP, place)
    world.start()
    await world.assess.load()
    await world.found(api, DOWN, "fra")
    assert world.state(api) is CheckState.UP
    for _ in range(4):
        await world.passed(60)
        await world.found(api, DOWN, "fra")
    assert world.state(api) is CheckState.DOWN


async def test_places_are_those_of_their_tenant_and_of_checks_that_ask_somebody(world: UptimeWorld) -> None:
    """A heartbeat is told of here, whatever else is probed from elsewhere."""
    (api,) = await world.with_checks("api")
    (job,) = await world.enroll.add(LOCAL, [definition("job", url="", options=Heartbeat())])
    for place in ("fra", "nyc"):
        await world.found(api, UP, place)
    (other,) = await world.enroll.add(OTHERS, [definition("other")])
    await world.found(job, DOWN)
    await world.assess.hear([(OTHERS.tenant, result(DOWN, world.now, other.id))])
    assert world.state(job) is CheckState.DOWN
    assert world.assess.standing(OTHERS.tenant, other.id).state is CheckState.DOWN


async def test_one_place_decides_once_it_is_known_to_be_alone(world: UptimeWorld) -> None:
    """Silence is no sign of health, be it from the beginning."""
    (api,) = await world.with_checks("api", quorum=2)
    for _ in range(5):
        await world.found(api, DOWN, "sin")
        await world.passed(60)
    assert world.state(api) is CheckState.DOWN


async def test_after_the_clock_was_set_back_the_next_probe_tells(world: UptimeWorld) -> None:
    """It does not wait until the clock is where it was."""
    (api,) = await world.with_checks("api")
    await world.passed(5)
    await world.found(api, UP)
    world.clock.jump(-3_600_000)
    await world.passed(60)
    await world.found(api, UP)
    assert world.state(api) is CheckState.UP


async def test_a_store_that_takes_long_is_no_monitor_that_stands_still(world: UptimeWorld) -> None:
    """The state is as probes say, and is stored when it can be."""
    (api,) = await world.with_checks("api")
    await world.found(api, UP)
    world.standings.gate = asyncio.Event()
    await world.assess.hear([(LOCAL.tenant, result(DOWN, world.now + 1, api.id))])
    settling = asyncio.create_task(world.assess.settle())
    for _ in range(60):
        await world.clock.advance(1)
        await world.assess.tick()
    assert world.state(api) is CheckState.DOWN
    world.standings.gate.set()
    await settling
    assert [one.state.value for one in await world.stored(api)] == ["unknown", "up", "down"]


async def test_nothing_is_said_of_the_monitor_before_it_is_known_when_it_stopped(world: UptimeWorld) -> None:
    """Results of other locations that come in first do not make the gap disappear."""
    (api,) = await world.with_checks("api")
    await world.found(api, UP)
    await world.passed(10)
    await world.clock.advance(600)
    world.start()
    await world.assess.take(results_of(world, api, UP))
    await world.assess.load()
    assert world.state(api) is CheckState.UNKNOWN


@pytest.mark.parametrize("rule", ["check:1", "check: disks", "check:²", "check:" + "9" * 5_000])
async def test_rules_that_are_called_like_checks_are_none(world: UptimeWorld, rule: str) -> None:
    """Least of all of another tenant: what its channels were told stands in no incident of ours."""
    (api,) = await world.with_checks("api")
    await world.found(api, DOWN)
    channel = Channel("ops/slack/0", "ops", "slack")
    told = Decision(world.now, channel, "g", Labels(), (), told=True, reason=Reason.NOTIFIED)
    alert = PostedAlert(Tenant("other"), Labels(), Labels(), world.now, None, world.now, rule=rule)
    world.assess.noticed(told, [alert])
    await world.tick()
    (incident,) = await world.all_incidents()
    assert len(await world.incidents.timeline(LOCAL.tenant, incident.id)) == 1


async def test_results_and_what_says_that_nobody_can_tell_count_in_their_order(world: UptimeWorld) -> None:
    """A location brings at once what it found during an outage: it is the last of it that says how it is."""
    (api,) = await world.with_checks("api")
    await world.passed(30)
    well = result(UP, world.now - 20_000, api.id, "fra")
    cut_off = result(DOWN, world.now - 10_000, api.id, "fra", reason=Why.CUT_OFF)
    await world.assess.take([(LOCAL.tenant, well), (LOCAL.tenant, cut_off)])
    assert world.state(api) is CheckState.UNKNOWN
    later = [(LOCAL.tenant, result(UP, world.now - 1_000, api.id, "fra"))]
    await world.assess.hear([*later, (LOCAL.tenant, result(DOWN, world.now, api.id, "fra", reason=Why.CUT_OFF))])
    assert world.state(api) is CheckState.UNKNOWN
    assert [one.ok for one in await world.review.results(LOCAL, api.id, 9, ALL_TIME)] == [True, True]


@pytest.mark.parametrize("given", [{"quorum": 2}, {"locations": ("fra", "nyc")}])
@pytest.mark.parametrize("options", [Heartbeat(), Composed(checks=("web",)), Promql(expr="up")])
async def test_what_asks_nobody_waits_for_no_other_place(
    world: UptimeWorld, given: dict[str, object], options: Heartbeat | Composed | Promql
) -> None:
    """It is told of from one, whatever it says of places: a job that is late is late."""
    await world.with_checks("web")
    (job,) = await world.enroll.add(LOCAL, [definition("job", url="", options=options, **given)])
    await world.found(job, DOWN)
    assert world.state(job) is CheckState.DOWN
    await world.enroll.put(LOCAL, job.id, definition("job", url="", options=options, description="!", **given))
    assert world.assess.standing(LOCAL.tenant, job.id).voices


async def test_a_check_that_is_probed_more_often_notices_silence_sooner(world: UptimeWorld) -> None:
    """It was probed once a day when it was heard last."""
    (api,) = await world.with_checks("api", interval=86_400_000)
    await world.found(api, UP)
    await world.enroll.put(LOCAL, api.id, definition("api"))
    await world.passed(60)
    assert world.state(api) is CheckState.UP
    await world.passed(200)
    assert world.state(api) is CheckState.UNKNOWN


async def test_what_was_under_way_from_a_place_that_a_check_has_left_does_not_count(world: UptimeWorld) -> None:
    """Neither what it found, nor that it cannot tell."""
    (api,) = await world.with_checks("api")
    await world.found(api, UP, "fra")
    await world.enroll.put(LOCAL, api.id, definition("api", locations=("fra",)))
    await world.passed(1)
    await world.found(api, DOWN, "nyc")
    await world.found(api, DOWN, "sin", reason=Why.CUT_OFF)
    assert world.state(api) is CheckState.UP
    assert set(world.assess.standing(LOCAL.tenant, api.id).voices) == {"fra"}


async def test_windows_are_looked_at_anew_where_the_clock_was_set_back(world: UptimeWorld) -> None:
    """By the new time one may be active that was over."""
    (api,) = await world.with_checks("api")
    await world.passed(5)
    world.windows.asked.clear()
    world.clock.jump(-3_600_000)
    await world.passed(1)
    assert world.windows.asked == [api.name]


async def test_an_alert_waits_until_what_the_check_depends_on_was_tried_again_too(world: UptimeWorld) -> None:
    """Its retries count: it is not known to be down before the last of them."""
    await world.with_checks("gateway", timeout=10_000, retries=2, retry_interval=1_000)
    (api,) = await world.enroll.add(LOCAL, [definition("api", depends_on=("gateway",))])
    await world.found(api, DOWN)
    await world.passed(33)
    assert world.told() == []
    await world.passed(2)
    assert [check for _, check, _ in world.told()] == ["api"]


async def test_an_alert_that_waits_is_not_put_off_by_further_places(world: UptimeWorld) -> None:
    """They make a transition each, and may come and go for ever."""
    await world.with_checks("gateway")
    (api,) = await world.enroll.add(LOCAL, [definition("api", depends_on=("gateway",), quorum=1)])
    for number in range(5):
        await world.found(api, DOWN, f"place{number}")
        await world.passed(3)
    assert [check for _, check, _ in world.told()] == ["api"]


async def test_a_location_that_is_removed_says_nothing_any_more(world: UptimeWorld) -> None:
    """At once, and nobody waits for it in what begins then; another tenant's of that name goes on."""
    (api,) = await world.with_checks("api", interval=86_400_000)
    (other,) = await world.enroll.add(OTHERS, [definition("other", interval=86_400_000)])
    await world.found(api, UP, "fra")
    await world.found(api, DOWN, "nyc")
    await world.assess.hear([(OTHERS.tenant, result(DOWN, world.now, other.id, "nyc"))])
    assert world.state(api) is CheckState.DEGRADED
    world.assess.left(LOCAL.tenant, "nyc")
    assert world.state(api) is CheckState.UP
    assert world.assess.standing(OTHERS.tenant, other.id).state is CheckState.DOWN
    (web,) = await world.enroll.add(LOCAL, [definition("web", interval=86_400_000)])
    await world.found(web, DOWN, "fra")
    assert world.state(web) is CheckState.DOWN


async def test_one_place_that_is_well_ends_no_outage_after_a_stop(world: UptimeWorld) -> None:
    """Nobody can tell for a while whether it goes on; the places that were heard before it are waited for."""
    (api,) = await world.with_checks("api")
    for place, verdict in (("fra", UP), ("nyc", DOWN), ("sin", DOWN)):
        await world.found(api, verdict, place)
    world.heard.notices.clear()
    await world.clock.advance(60)
    world.start()
    await world.assess.load()
    await world.found(api, UP, "fra")
    assert world.state(api) is CheckState.UNKNOWN
    for place in ("nyc", "sin"):
        await world.found(api, DOWN, place)
    assert world.state(api) is CheckState.DOWN
    assert {state for _, _, state in world.told()} == {AlertState.FIRING}
    assert len(await world.all_incidents()) == 1


async def test_a_new_check_is_up_where_the_first_place_finds_it_so(world: UptimeWorld) -> None:
    """Whoever makes one sees at once that it works."""
    (api,) = await world.with_checks("api")
    for place in ("fra", "nyc"):
        await world.found(api, UP, place)
    (web,) = await world.enroll.add(LOCAL, [definition("web")])
    await world.found(web, UP, "fra")
    assert world.state(web) is CheckState.UP


@pytest.mark.parametrize(("was", "turned"), [(UP, DOWN), (DOWN, UP), (DEGRADED, DOWN)])
async def test_as_many_in_a_row_are_wanted_after_a_restart_as_before(
    world: UptimeWorld, was: Verdict, turned: Verdict
) -> None:
    """The first probe of a run is not the first of the check."""
    (api,) = await world.with_checks("api", failures=2, successes=2)
    await world.found(api, was)
    stays = world.state(api)
    world.start()
    await world.assess.load()
    await world.passed(1)
    await world.found(api, turned)
    assert world.state(api) is stays
    await world.passed(1)
    await world.found(api, turned)
    assert world.state(api).value == turned.value


async def test_the_first_probe_of_a_check_counts_however_many_are_wanted(world: UptimeWorld) -> None:
    """There is nothing to hold on to, neither of one that is new nor after a stop."""
    (api,) = await world.with_checks("api", failures=3, successes=3)
    await world.found(api, DOWN)
    assert world.state(api) is CheckState.DOWN
    await world.clock.advance(60)
    world.start()
    await world.assess.load()
    await world.found(api, UP)
    assert world.state(api) is CheckState.UP
