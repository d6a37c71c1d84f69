"""Status pages as readers get them, and what is made of them how often."""

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from tests.application.status_world import NOW, PAGE, StatusWorld
from typing_extensions import override

from sightline.adapters.outbound.memory.bus import MemoryBus
from sightline.adapters.outbound.memory.standings import MemoryStandings
from sightline.application.announce import Announce
from sightline.application.latency import PARTS, SeriesLatencies
from sightline.application.publish import MAX_PAGES
from sightline.domain.errors import Conflict, NotFound, QueryTimeout, Unavailable
from sightline.domain.events import CheckMoved, IncidentChanged
from sightline.domain.labels import Labels
from sightline.domain.probes.page_password import is_hashed, matches
from sightline.domain.probes.state import CheckState, StateReason, Transition
from sightline.domain.probes.status_page import MASKED, PageGroup, Shows
from sightline.domain.probes.status_view import Planned
from sightline.domain.probes.uptime import AWAY_AFTER
from sightline.domain.probes.window import Once, Scope, Window
from sightline.domain.promql.values import Answer, Vector
from sightline.domain.tenancy import DEFAULT_TENANT, LOCAL, Principal, Tenant, tenant
from sightline.domain.timerange import DAY, HOUR, MINUTE, Grid, TimeRange

OTHERS = Principal("ann", tenant("others"))
UP, DOWN = CheckState.UP, CheckState.DOWN


@pytest.fixture
async def world() -> StatusWorld:
    """A page with one check that is up."""
    found = StatusWorld()
    await found.move(found.enroll("Website"), UP, DAY)
    return found


async def test_a_page_tells_how_its_checks_stand(world: StatusWorld) -> None:
    """In the words of its headline, and as of when that is."""
    text = await world.page()
    assert "All systems operational" in text
    assert "As of <time" in text
    await world.move(1, DOWN)
    assert "Major outage" in await world.page()


async def test_a_page_is_made_once_for_all_who_ask(world: StatusWorld) -> None:
    """However many come at once, and again only when it is old."""
    await world.page()
    assert world.rendered == 1
    world.clock.skip(5_000)
    await world.alive()
    await asyncio.gather(*(world.read() for _ in range(50)))
    await world.read()
    assert world.rendered == 2


async def test_whoever_comes_first_waits_and_others_get_the_old_page(world: StatusWorld) -> None:
    """What changed is seen by the next one; those who come while it is made anew do not wait."""

    class Slow(MemoryStandings):
        """Answers when it is told to."""

        def __init__(self) -> None:
            super().__init__()
            self.go = asyncio.Event()
            self.go.set()

        @override
        async def between(self, tenant: Tenant, checks: Sequence[int], within: TimeRange) -> list[Transition]:
            await self.go.wait()
            return await super().between(tenant, checks, within)

    slow = Slow()
    world = StatusWorld(standings=slow)
    await world.move(world.enroll("Website"), UP, DAY)
    await world.page()
    slow.go.clear()
    await world.clock.advance(2)
    await world.move(1, DOWN)
    first = asyncio.create_task(world.read())
    await asyncio.sleep(0)
    assert "All systems operational" in await world.read()
    assert not first.done()
    slow.go.set()
    assert "Major outage" in await first
    assert "Major outage" in await world.read()


async def test_a_flood_of_changes_is_no_flood_of_pages(world: StatusWorld) -> None:
    """However often something changes, a page is made once a second at most."""
    await world.page()
    for state in (DOWN, UP, DOWN, UP):
        await world.move(1, state)
        await world.read()
    assert world.rendered == 1
    world.clock.skip(1_000)
    await world.read()
    assert world.rendered == 2


async def test_an_old_page_is_not_the_truth_for_long() -> None:
    """Where nothing can be read, what is there is shown for a minute, and nothing after that."""

    class Away(MemoryStandings):
        """Can be taken away."""

        away = False

        @override
        async def between(self, tenant: Tenant, checks: Sequence[int], within: TimeRange) -> list[Transition]:
            if self.away:
                raise Unavailable("the catalog is away")
            return await super().between(tenant, checks, within)

    standings = Away()
    world = StatusWorld(standings=standings)
    await world.move(world.enroll("Website"), UP, DAY)
    await world.page()
    standings.away = True
    world.clock.skip(30_000)
    assert "All systems operational" in await world.read()
    world.clock.skip(30_000)
    with pytest.raises(Unavailable):
        await world.read()
    standings.away = False
    await world.alive()
    assert "All systems operational" in await world.read()


async def test_a_monitor_that_is_away_is_never_green(world: StatusWorld) -> None:
    """When nothing was heard of it for long enough, nothing is known since."""
    await world.page()
    world.clock.skip(AWAY_AFTER + 1)
    text = await world.read()
    assert "the monitor itself is away" in text
    assert "All systems operational" not in text


async def test_other_forms_are_made_when_somebody_asks(world: StatusWorld) -> None:
    """They say what the page says, and are made once too."""
    await world.page()
    assert '"status":"operational"' in await world.read(form="json")
    assert "<rss" in await world.read(form="feed")
    published = await world.publish.directory.find("acme")
    assert published is not None
    assert world.publish.at_once("acme", "json") is (await world.publish.read(published, "json"))
    assert world.publish.at_once("gone", "json") is None


async def test_latencies_are_read_less_often_than_the_rest(world: StatusWorld) -> None:
    """They are dear to read and change slowly; a page that does not show them does not read them."""
    world.measured.seconds[1] = [0.1, None, 0.3]
    await world.page()
    assert world.measured.asked == 0
    page = replace(PAGE, shows=Shows(latency=True))
    assert "200 ms in 24h" in await world.page(page)
    world.clock.skip(10_000)
    await world.read()
    assert world.measured.asked == 1


async def test_passwords_are_kept_so_that_nobody_reads_them(world: StatusWorld) -> None:
    """What is stored is hashed; a masked one keeps what is there, an empty one takes it away."""
    saved = await world.publish.put(LOCAL, replace(PAGE, password="sesame"), None)
    assert is_hashed(saved.page.password)
    assert matches("sesame", saved.page.password)
    kept = await world.publish.put(LOCAL, replace(PAGE, title="New", password=MASKED), saved.version)
    assert kept.page.password == saved.page.password
    assert (await world.publish.put(LOCAL, PAGE, None)).page.password == ""


async def test_a_slug_and_a_domain_belong_to_one_page() -> None:
    """Of all tenants, for readers name none, until the page is deleted."""
    world = StatusWorld()
    await world.publish.put(LOCAL, replace(PAGE, domains=("status.acme.org",)), 0)
    with pytest.raises(Conflict, match="slug"):
        await world.publish.put(OTHERS, PAGE, None)
    with pytest.raises(Conflict, match=r"status\.acme\.org"):
        await world.publish.put(OTHERS, replace(PAGE, slug="b", domains=("status.acme.org",)), None)
    with pytest.raises(NotFound):
        await world.publish.get(OTHERS, "acme")
    with pytest.raises(NotFound):
        await world.publish.delete(OTHERS, "acme")
    assert world.publish.directory.of_domain("status.acme.org") is not None
    await world.publish.delete(LOCAL, "acme")
    await world.publish.put(OTHERS, replace(PAGE, domains=("status.acme.org",)), None)
    assert [one.page.slug for one in await world.publish.all(OTHERS)] == ["acme"]
    assert await world.publish.all(LOCAL) == []


async def test_a_page_is_saved_in_place_of_the_version_that_was_read(world: StatusWorld) -> None:
    """Another version is a conflict, and so is a page too many."""
    await world.publish.put(LOCAL, PAGE, 0)
    with pytest.raises(Conflict):
        await world.publish.put(LOCAL, PAGE, 0)
    for number in range(MAX_PAGES - 1):
        await world.publish.put(LOCAL, replace(PAGE, slug=f"p{number}"), 0)
    with pytest.raises(Conflict, match="delete one first"):
        await world.publish.put(LOCAL, replace(PAGE, slug="more"), 0)


async def test_strangers_know_what_is_published(world: StatusWorld) -> None:
    """A page that is hidden is not found; one that another copy of the program saved is, a little later."""
    await world.publish.put(LOCAL, replace(PAGE, published=False), None)
    assert await world.publish.directory.find("acme") is None
    other = StatusWorld(world.clock, world.catalog)
    assert await other.publish.directory.find("acme") is None
    await world.publish.put(LOCAL, replace(PAGE, domains=("status.acme.org",)), None)
    world.clock.skip(15_000)
    await other.publish.directory.find("acme")
    await world.clock.advance(0)
    assert await other.publish.directory.find("acme") is not None
    assert other.publish.directory.of_domain("status.acme.org") is not None


async def test_incidents_and_their_updates_are_shown(world: StatusWorld) -> None:
    """Those of the page's checks, and those that people wrote of none; what was said later is read again."""
    hidden = world.enroll("Hidden", group="inner")
    page = replace(PAGE, groups=(PageGroup(checks=("Website",)),))
    await world.incident(hidden, HOUR)
    await world.incident(None, HOUR, title="Mail is late")
    incident = await world.incident(1, HOUR)
    text = await world.page(page)
    assert "Website is down" in text
    assert "Mail is late" in text
    assert "Hidden" not in text
    await world.update(incident, "We are <looking> into it")
    world.clock.skip(6_000)
    assert "We are &lt;looking&gt; into it" in await world.read()


async def test_public_windows_are_announced() -> None:
    """Of a window each stretch, with the checks of the page that it covers; not those that nobody is to hear of."""
    world = StatusWorld()
    covered = [world.checks.roster[world.enroll(name)].check for name in ("a", "b")]
    timing = Once(NOW + HOUR, NOW + 2 * HOUR)

    class Windows:
        """Three windows."""

        def all(self, principal: Principal) -> list[Window]:
            assert principal.tenant == DEFAULT_TENANT
            return [
                Window(name="Move", timing=timing, scope=Scope(checks=("a",)), id="w1", description="Slow."),
                Window(name="Inner", timing=timing, scope=Scope(everything=True), id="w2", is_public=False),
                Window(name="Elsewhere", timing=timing, scope=Scope(checks=("z",)), id="w3"),
            ]

    found = await Announce(Windows()).planned(DEFAULT_TENANT, covered, TimeRange(NOW, NOW + DAY))
    assert found == [Planned("w1", "Move", NOW + HOUR, NOW + 2 * HOUR, frozenset({1}), "Slow.")]


async def test_latencies_come_from_the_series_of_probes() -> None:
    """One query for all checks, whatever their names; what is not there is None."""
    world = StatusWorld()
    checks = [world.checks.roster[world.enroll(name)].check for name in ('a.b"c', "b")]
    asked: list[Any] = []

    class Asking:
        """A query that answers for one of them."""

        async def range(self, principal: Principal, text: str, grid: Grid) -> Answer:
            asked.append((principal.tenant, text, grid.points))
            values = np.full((1, grid.points), 0.25)
            present = np.ones((1, grid.points), np.bool_)
            present[0, 0] = False
            return Answer(grid, Vector((Labels.of(check='a.b"c'),), values, present), ())

    found = await SeriesLatencies(Asking()).latencies(DEFAULT_TENANT, checks, TimeRange(NOW - DAY, NOW))
    assert found == {1: [None] + [0.25] * (PARTS - 1)}
    text = 'avg by (check) (avg_over_time(probe_duration_seconds{check=~"a\\\\.b\\"c|b"}[15m]))'
    assert asked == [(DEFAULT_TENANT, text, PARTS)]
    assert await SeriesLatencies(Asking()).latencies(DEFAULT_TENANT, [], TimeRange(0, 1)) == {}

    class Failing:
        """A query that takes too long."""

        async def range(self, principal: Principal, text: str, grid: Grid) -> Answer:
            raise QueryTimeout("too long")

    with pytest.raises(Unavailable, match="too long"):
        await SeriesLatencies(Failing()).latencies(DEFAULT_TENANT, checks, TimeRange(NOW - DAY, NOW))


async def test_figures_are_told_of_what_is_public(world: StatusWorld) -> None:
    """Not of checks that no page shows to everybody, and none that are not there; they are kept for some seconds."""
    hidden = world.enroll("Hidden", group="inner")
    await world.move(hidden, UP)
    assert await world.figures(1) is None
    await world.publish.put(LOCAL, replace(PAGE, groups=(PageGroup(checks=("Website",)),)), None)
    world.clock.skip(20_000)
    found = await world.figures(1, 2 * HOUR)
    assert found is not None
    assert (found.name, found.state, found.uptimes[2 * HOUR].raw) == ("Website", UP, 1.0)
    assert await world.figures(hidden) is None
    assert await world.figures(99) is None
    await world.move(1, DOWN, MINUTE)
    assert await world.figures(1, 2 * HOUR) is found
    world.clock.skip(20_000)
    later = await world.figures(1, 2 * HOUR)
    assert later is not None
    assert later.state is DOWN
    await world.publish.put(LOCAL, replace(PAGE, password="x"), None)
    world.clock.skip(20_000)
    assert await world.figures(1) is None


async def test_what_moves_is_heard_on_the_bus() -> None:
    """A page is made anew a second after a check moved or an incident changed, and nothing is followed after the end."""
    bus = MemoryBus()
    world = StatusWorld(bus=bus)
    await world.move(world.enroll("Website"), UP, DAY)
    await world.page()
    down = Transition(1, world.clock.now(), UP, DOWN, StateReason.VERDICT)
    await world.standings.record([(DEFAULT_TENANT, down)], world.clock.now())
    await world.clock.advance(1)
    assert "All systems operational" in await world.read()
    bus.publish(CheckMoved(DEFAULT_TENANT, down))
    await world.clock.advance(0)
    assert "Major outage" in await world.read()
    incident = await world.incident(1, 0)
    bus.publish(IncidentChanged(DEFAULT_TENANT, incident))
    await world.clock.advance(1)
    assert "Website is down" in await world.read()
    await world.publish.close()
    assert "changes of status pages" not in {task.get_name() for task in asyncio.all_tasks()}
