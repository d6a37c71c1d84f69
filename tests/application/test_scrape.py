"""A scrape from the answer to what is stored, and how targets come and go."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.application.intake import House

from sightline.adapters.outbound.memory.scraper import MemoryScraper
from sightline.application.discover import Discover
from sightline.application.exemplify import Exemplify
from sightline.application.follow import Follow
from sightline.application.metadata import MetricMetadata
from sightline.application.scrape import Followed, Scrape
from sightline.domain.errors import InvalidHistogram, MalformedBody, Overloaded, Unavailable
from sightline.domain.labels import Labels, Matcher, MatchOp
from sightline.domain.metrics.exemplar_ring import ExemplarRing
from sightline.domain.metrics.exemplars import ExemplarBatch
from sightline.domain.metrics.left_out import LeftOut
from sightline.domain.metrics.samples import stale_mask
from sightline.domain.scrape.job import RelabelRule, ScrapeJob, TargetGroup, TargetsRead
from sightline.domain.scrape.scraped import NO_TIME, Metadata
from sightline.domain.scrape.target import Health
from sightline.domain.tenancy import DEFAULT_TENANT, LOCAL, Principal, Tenant
from sightline.domain.timerange import ALL_TIME

pytestmark = pytest.mark.anyio

URL = "http://a:1/metrics"
A, B = Labels.of(__name__="a"), Labels.of(__name__="b")
FOREIGN = Principal("somebody", Tenant("other"))


class Site:
    """Targets in memory, scraped into the write path."""

    def __init__(self, *groups: TargetGroup, **job: Any) -> None:
        self.house = House()
        self.clock = self.house.clock
        self.scraper = MemoryScraper(self.clock)
        self.metadata = MetricMetadata(self.house.telemetry)
        self.ingest: Callable[..., Any] = self.house.ingest
        self.exemplify = Exemplify(ExemplarRing(), self.house.telemetry)
        self.scrape = Scrape(
            self.scraper, self.taken, self.metadata, self.clock, self.house.telemetry, exemplars=self.exemplify
        )
        self.read = TargetsRead()
        job = {"static": groups or (TargetGroup(("a:1",)),), "interval": 15_000, **job}
        discover = Discover([ScrapeJob(job="node", **job)], {"node": self._files}, self.house.telemetry)
        self.follow = Follow(discover, self.scrape)

    async def _files(self) -> TargetsRead:
        return self.read

    async def taken(self, principal: Principal, batch: Any, /) -> int:
        """Intake, which a test may replace."""
        stored: int = await self.ingest(principal, batch)
        return stored

    async def one(self) -> Followed:
        """The only target."""
        (one,) = (await self.follow.look()).came
        return one

    async def values(self, name: str) -> list[float | str]:
        """All values of a metric, a stale marker as `stale`."""
        found = await self.house.reader.select(
            DEFAULT_TENANT, (Matcher("__name__", MatchOp.EQUAL, name),), ALL_TIME, 10**6
        )
        marks = stale_mask(found.values).tolist()
        return ["stale" if mark else value for mark, value in zip(marks, found.values.tolist(), strict=True)]

    async def again(self, one: Followed) -> None:
        """The next scrape, an interval later."""
        await self.clock.advance(15)
        await self.scrape.once(one)


@pytest.fixture
def site() -> Site:
    """One target of one job."""
    return Site()


async def test_what_a_target_shows_is_stored(site: Site) -> None:
    """Samples and the report can be queried, and the target is up."""
    one = await site.one()
    assert one.health is Health.UNKNOWN
    site.scraper.show(URL, (A, 1.0), (B, 2.0))
    await site.scrape.once(one)
    assert (await site.values("a"), await site.values("b"), await site.values("up")) == ([1.0], [2.0], [1.0])
    assert (one.health, one.error, one.samples, one.scraped_at) == (Health.UP, "", 2, site.clock.now())
    assert site.house.counted("sightline_scrapes_total") == 1


async def test_a_target_that_fails_is_down_with_the_reason(site: Site) -> None:
    """Up is 0, its series are stale, and the cause stands with the target until the next scrape."""
    one = await site.one()
    site.scraper.show(URL, (A, 1.0))
    await site.scrape.once(one)
    site.scraper.fail(URL, MalformedBody("line 3: no value"))
    await site.again(one)
    assert (one.health, one.error, one.reason) == (Health.DOWN, "line 3: no value", "body_malformed")
    assert await site.values("a") == [1.0, "stale"]
    assert await site.values("up") == [1.0, 0.0]
    site.scraper.show(URL, (A, 3.0))
    await site.again(one)
    assert (one.health, one.error, one.reason) == (Health.UP, "", "")
    assert await site.values("a") == [1.0, "stale", 3.0]


@pytest.mark.parametrize(("job", "limit"), [({"sample_limit": 1}, "sample_limit"), ({"label_limit": 2}, "label_limit")])
async def test_a_limit_fails_the_whole_scrape(job: dict[str, int], limit: str) -> None:
    """Nothing of the body is stored, up is 0, and the message names the limit."""
    site = Site(**job)
    one = await site.one()
    site.scraper.show(URL, (A, 1.0), (B, 2.0))
    await site.scrape.once(one)
    assert limit in one.error
    assert one.reason == limit
    assert (await site.values("a"), await site.values("up")) == ([], [0.0])
    assert await site.values("scrape_samples_scraped") == [2.0]


async def test_a_sample_that_intake_refuses_is_left_out_alone(site: Site) -> None:
    """A time out of bounds, or a label that cannot be, costs its own sample; the target is up and shows the reason."""
    one = await site.one()
    site.scraper.show(URL, (A, 1.0, site.clock.now() + 10**9), (B, 2.0))
    await site.scrape.once(one)
    assert (one.reason, one.health) == ("sample_out_of_bounds", Health.UP)
    assert (await site.values("a"), await site.values("b"), await site.values("up")) == ([], [2.0], [1.0])
    site.scraper.show(URL, (Labels.of(__name__="a", text="x" * 9000), 1.0), (B, 3.0))
    await site.again(one)
    assert (one.reason, one.health) == ("label_invalid", Health.UP)
    assert (await site.values("b"), await site.values("up")) == ([2.0, 3.0], [1.0, 1.0])


async def test_a_histogram_that_cannot_be_read_is_left_out_alone(site: Site) -> None:
    """What the decoder left out leaves the target up, with the reason; the rest is stored."""
    one = await site.one()
    left_out = (LeftOut(InvalidHistogram("series h: a native histogram cannot be stored"), 1),)
    site.scraper.show(URL, (A, 1.0), left_out=left_out)
    await site.scrape.once(one)
    assert (one.reason, one.health) == ("histogram_invalid", Health.UP)
    assert one.error == "series h: a native histogram cannot be stored; 1 sample was refused, the other 6 stored"
    assert (await site.values("a"), await site.values("up")) == ([1.0], [1.0])
    site.scraper.show(URL, left_out=left_out)
    await site.again(one)
    assert (one.health, await site.values("up")) == (Health.UP, [1.0, 1.0])
    site.scraper.show(URL, (A, 2.0))
    await site.again(one)
    assert (one.health, one.error) == (Health.UP, "")


async def test_a_refusing_intake_is_a_failed_scrape(site: Site) -> None:
    """While intake takes nothing the target is down for that reason, and markers follow once it takes some."""
    one = await site.one()
    site.scraper.show(URL, (A, 1.0))
    await site.scrape.once(one)

    async def full(*_: object) -> int:
        raise Overloaded("no room", retry_after=5)

    site.ingest, ingest = full, site.ingest
    await site.again(one)
    assert (one.health, one.error, one.reason) == (Health.DOWN, "no room", "intake_overloaded")
    site.ingest = ingest
    site.scraper.fail(URL, Unavailable("away"))
    await site.again(one)
    assert await site.values("a") == [1.0, "stale"]
    assert await site.values("up") == [1.0, 0.0]


async def test_scrapes_that_are_hardly_late_keep_their_distance(site: Site) -> None:
    """Two milliseconds are evened out, three are not."""
    one = await site.one()
    began = site.clock.now()
    await site.scrape.once(one)
    for late, expected in ((0.002, 0), (0.001, 0), (0.003, 3)):
        await site.clock.advance((began + 15_000 - site.clock.now()) / 1000 + late)
        await site.scrape.once(one)
        began += 15_000
        assert one.scraped_at == began + expected


async def test_a_target_that_leaves_marks_its_series_stale() -> None:
    """What a file no longer names is ended, its report too; what stays is not touched."""
    site = Site()
    site.read = TargetsRead((TargetGroup(("b:1",)),))
    came = (await site.follow.look()).came
    assert [one.target.url for one in came] == [URL, "http://b:1/metrics"]
    for one in came:
        site.scraper.show(one.target.url, (A, 1.0))
        await site.scrape.once(one)
    await site.clock.advance(5)
    site.read = TargetsRead()
    changes = await site.follow.look()
    assert (changes.came, [one.target.url for one in changes.left]) == ((), ["http://b:1/metrics"])
    await site.scrape.end(changes.left[0])
    assert await site.values("a") == [1.0, 1.0, "stale"]
    assert await site.values("up") == [1.0, 1.0, "stale"]
    assert [one.target.url for one in site.follow.followed(LOCAL)] == [URL]


async def test_targets_that_stay_are_not_begun_anew(site: Site) -> None:
    """Looking again changes nothing, and what was discovered anew of a target is shown."""
    site.read = TargetsRead((TargetGroup(("b:1",), {"__meta_seen": "1"}),))
    first = {one.target.url: one for one in (await site.follow.look()).came}
    site.read = TargetsRead((TargetGroup(("b:1",), {"__meta_seen": "2"}),))
    changes = await site.follow.look()
    assert (changes.came, changes.left) == ((), ())
    assert first["http://b:1/metrics"].target.discovered.get("__meta_seen") == "2"


async def test_dropped_targets_and_problems_are_shown() -> None:
    """Jobs tell what relabelling dropped, and files and addresses what is wrong with them."""
    rule = RelabelRule(action="drop", source_labels=("__address__",), regex="a:1")
    site = Site(relabel=(rule,))
    site.read = TargetsRead((TargetGroup(("http://b",)),), ("x.json: not JSON",))
    await site.follow.look()
    found = site.follow.by_job(LOCAL)["node"]
    assert (found.active, found.dropped_count, found.dropped[0].get("__address__")) == ((), 1, "a:1")
    first, second = site.follow.problems()
    assert first == "x.json: not JSON"
    assert "http://b" in second


async def test_another_tenant_sees_no_targets(site: Site) -> None:
    """Targets and what they say of metrics are the program's own."""
    one = await site.one()
    site.scraper.show(URL, (A, 1.0), metadata={"a": Metadata("gauge", "A.")})
    await site.scrape.once(one)
    assert site.follow.followed(LOCAL) == [one]
    assert site.follow.followed(FOREIGN) == []
    assert site.follow.by_job(FOREIGN) == {}
    assert await site.metadata.by_metric(FOREIGN) == {}
    assert site.metadata.by_target(FOREIGN) == []


async def test_metadata_is_kept_while_the_target_is(site: Site) -> None:
    """What a target says of its metrics can be asked by metric and by target until it leaves."""
    one = await site.one()
    said = Metadata("counter", "A.", "bytes")
    site.scraper.show(URL, (A, 1.0), metadata={"a": said})
    await site.scrape.once(one)
    assert (await site.metadata.by_metric(LOCAL))["a"] == [said]
    assert site.metadata.by_target(LOCAL) == [(one.target.labels, "a", said)]
    await site.scrape.end(one)
    assert "a" not in await site.metadata.by_metric(LOCAL)


def traced(value: float) -> ExemplarBatch:
    """An exemplar of the first series of a page, without a time."""
    labels = [Labels.of(trace_id="t").canonical()]
    times, owners = np.array([NO_TIME]), np.zeros(1, np.uint32)
    return ExemplarBatch((), owners, labels, np.array([value]), times, np.zeros(1, np.bool_))


async def test_exemplars_are_kept_when_their_samples_are(site: Site) -> None:
    """With the target's labels and the moment of the scrape; not again while the target shows the same, nor when intake refuses."""
    one = await site.one()
    first = site.clock.now()
    site.scraper.show(URL, (A, 1.0), exemplars=traced(0.5))
    await site.scrape.once(one)
    await site.again(one)
    site.scraper.show(URL, (A, 1.0))
    await site.again(one)

    async def refusing(*_: Any) -> int:
        raise Overloaded("no room", retry_after=1)

    taken, site.ingest = site.ingest, refusing
    site.scraper.show(URL, (A, 1.0), exemplars=traced(0.6))
    await site.again(one)
    site.ingest = taken
    site.scraper.show(URL, (A, 1.0), exemplars=traced(0.7))
    await site.again(one)
    (found,) = await site.exemplify.find(LOCAL, "a", ALL_TIME) or []
    assert found.labels == Labels.of(__name__="a", instance="a:1", job="node")
    assert [(each.value, each.time) for each in found.exemplars] == [(0.5, first), (0.7, site.clock.now())]
