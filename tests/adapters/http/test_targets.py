"""Targets and metadata, as clients of Prometheus read them."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tests.adapters.http.stage import Stage, calling

from sightline.adapters.inbound.http.settings import DoorSettings
from sightline.application.scrape import Followed
from sightline.domain.labels import Labels
from sightline.domain.scrape.job import RelabelRule, ScrapeJob, TargetGroup
from sightline.domain.scrape.scraped import Metadata

NODE = ScrapeJob(
    job="node",
    interval=15_000,
    static=(TargetGroup(("127.0.0.1:9100", "b:1"), {"env": "prod", "__meta_zone": "z"}), TargetGroup(("gone:1",))),
    relabel=(RelabelRule(action="drop", source_labels=("__address__",), regex="gone:1"),),
)
CACHE = ScrapeJob(job="cache", static=(TargetGroup(("c:1",)),))
URL = "http://127.0.0.1:9100/metrics"


@pytest.fixture
async def targets(stage: Stage) -> dict[str, Followed]:
    """Three targets of two jobs by URL, nothing scraped yet, and one that was dropped."""
    stage.targets = stage.scraping(NODE, CACHE)
    return {one.target.url: one for one in (await stage.targets.look()).came}


@pytest.fixture
async def client(
    stage: Stage, settings: DoorSettings, targets: dict[str, Followed]
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a door behind which the targets are."""
    async with calling(stage, settings) as found:
        yield found


async def data(client: httpx.AsyncClient, path: str, headers: dict[str, str] | None = None, **parameters: Any) -> Any:
    """What the server says."""
    answer = await client.get(path, params=parameters, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def shown(client: httpx.AsyncClient, url: str = URL) -> dict[str, Any]:
    """One active target."""
    active = (await data(client, "/api/v1/targets"))["activeTargets"]
    (found,) = [one for one in active if one["scrapeUrl"] == url]
    return dict(found)


async def test_a_target_looks_like_prometheus_target(client: httpx.AsyncClient, targets: dict[str, Followed]) -> None:
    """Every field that clients of Prometheus read is there before the first scrape."""
    assert await shown(client) == {
        "discoveredLabels": {
            "__address__": "127.0.0.1:9100",
            "__meta_zone": "z",
            "__metrics_path__": "/metrics",
            "__scheme__": "http",
            "__scrape_interval__": "15s",
            "__scrape_timeout__": "10s",
            "env": "prod",
            "job": "node",
        },
        "labels": {"env": "prod", "instance": "127.0.0.1:9100", "job": "node"},
        "scrapePool": "node",
        "scrapeUrl": URL,
        "globalUrl": URL,
        "lastError": "",
        "lastScrape": "0001-01-01T00:00:00Z",
        "lastScrapeDuration": 0.0,
        "health": "unknown",
        "scrapeInterval": "15s",
        "scrapeTimeout": "10s",
    }


async def test_health_and_error_are_those_of_the_last_scrape(
    client: httpx.AsyncClient, stage: Stage, targets: dict[str, Followed]
) -> None:
    """Down with the reason, then up without one."""
    await stage.scrape.once(targets[URL])
    found = await shown(client)
    assert (found["health"], found["lastScrape"]) == ("down", "2025-11-21T04:40:00.123Z")
    assert "refuses the connection" in found["lastError"]
    stage.scraper.show(URL, (Labels.of(__name__="a"), 1.0))
    await stage.scrape.once(targets[URL])
    found = await shown(client)
    assert (found["health"], found["lastError"]) == ("up", "")


async def test_dropped_targets_are_listed_and_counted(client: httpx.AsyncClient, targets: dict[str, Followed]) -> None:
    """What relabelling dropped shows what was discovered, and each pool its count."""
    found = await data(client, "/api/v1/targets")
    (dropped,) = found["droppedTargets"]
    assert (dropped["discoveredLabels"]["__address__"], dropped["scrapePool"]) == ("gone:1", "node")
    assert found["droppedTargetCounts"] == {"cache": 0, "node": 1}


@pytest.mark.parametrize(
    ("state", "active", "dropped"),
    [("", 3, 1), ("any", 3, 1), ("active", 3, 0), ("ACTIVE", 3, 0), ("dropped", 0, 1), ("other", 0, 0)],
)
async def test_a_state_chooses(
    client: httpx.AsyncClient, targets: dict[str, Followed], state: str, active: int, dropped: int
) -> None:
    """Active, dropped, any; another word chooses nothing."""
    found = await data(client, "/api/v1/targets", state=state)
    assert (len(found["activeTargets"]), len(found["droppedTargets"])) == (active, dropped)


async def test_a_pool_chooses(client: httpx.AsyncClient, targets: dict[str, Followed]) -> None:
    """Only the targets of that job are shown, dropped ones too, and jobs are listed as pools."""
    found = await data(client, "/api/v1/targets", scrapePool="cache")
    assert [one["scrapePool"] for one in found["activeTargets"]] == ["cache"]
    assert (found["droppedTargets"], found["droppedTargetCounts"]) == ([], {"cache": 0})
    assert await data(client, "/api/v1/scrape_pools") == {"scrapePools": ["cache", "node"]}


async def test_targets_come_in_order_of_pool_and_labels(
    client: httpx.AsyncClient, targets: dict[str, Followed]
) -> None:
    """The list stays the same from one call to the next."""
    active = (await data(client, "/api/v1/targets"))["activeTargets"]
    assert [one["labels"]["instance"] for one in active] == ["c:1", "127.0.0.1:9100", "b:1"]


async def test_another_tenant_sees_none(client: httpx.AsyncClient, targets: dict[str, Followed]) -> None:
    """Targets are the program's own."""
    found = await data(client, "/api/v1/targets", {"X-Scope-OrgID": "other"})
    assert found == {"activeTargets": [], "droppedTargets": [], "droppedTargetCounts": {}}
    assert await data(client, "/api/v1/scrape_pools", {"X-Scope-OrgID": "other"}) == {"scrapePools": []}


async def test_a_neighbour_on_loopback_is_named_as_we_are(caller: Any, stage: Stage) -> None:
    """Who reaches us by a name gets links that work from there."""
    stage.targets = stage.scraping(NODE)
    await stage.targets.look()
    async with caller(allowed_hosts=("watch.example",)) as client:
        active = (await data(client, "http://watch.example:8080/api/v1/targets"))["activeTargets"]
    assert {one["globalUrl"] for one in active} == {"http://watch.example:9100/metrics", "http://b:1/metrics"}


@pytest.fixture
def described(stage: Stage, targets: dict[str, Followed]) -> None:
    """Two targets that say something of two metrics."""
    one, other = (targets[url].target for url in (URL, "http://c:1/metrics"))
    stage.metadata.note(one, {"a_total": Metadata("counter", "A.", ""), "b": Metadata("gauge", "B.", "bytes")})
    stage.metadata.note(other, {"a_total": Metadata("counter", "Another A.", "")})


async def test_metadata_is_told_by_metric(client: httpx.AsyncClient, described: None) -> None:
    """Each family has the distinct things said of it; our own metrics are among them."""
    found = await data(client, "/api/v1/metadata")
    assert found["a_total"] == [
        {"type": "counter", "help": "A.", "unit": ""},
        {"type": "counter", "help": "Another A.", "unit": ""},
    ]
    assert found["b"] == [{"type": "gauge", "help": "B.", "unit": "bytes"}]
    assert found["sightline_tests_total"] == [{"type": "counter", "help": "Tests.", "unit": ""}]


@pytest.mark.parametrize(
    ("asked", "counts"),
    [
        ({"metric": "a_total"}, [2]),
        ({"metric": "a_total", "limit_per_metric": "1"}, [1]),
        ({"metric": "a_total", "limit_per_metric": "0"}, [2]),
        ({"metric": "unknown"}, []),
        ({"limit": "1"}, [2]),
        ({"limit": "0"}, []),
        ({"limit": "-1"}, [2, 1, 1]),
    ],
)
async def test_metadata_can_be_chosen(
    client: httpx.AsyncClient, described: None, asked: dict[str, Any], counts: list[int]
) -> None:
    """By metric, by number of metrics, and by number of things said of each, where no limit is below zero."""
    found = await data(client, "/api/v1/metadata", **asked)
    assert sorted((len(said) for said in found.values()), reverse=True) == counts


async def test_metadata_is_told_by_target(client: httpx.AsyncClient, described: None) -> None:
    """With the target's labels; with a metric given its name is left out, as Prometheus does."""
    found = await data(client, "/api/v1/targets/metadata", match_target='{job="node"}')
    labels = {"env": "prod", "instance": "127.0.0.1:9100", "job": "node"}
    assert found == [
        {"target": labels, "metric": "a_total", "type": "counter", "help": "A.", "unit": ""},
        {"target": labels, "metric": "b", "type": "gauge", "help": "B.", "unit": "bytes"},
    ]
    found = await data(client, "/api/v1/targets/metadata", metric="a_total")
    assert [sorted(one) for one in found] == [["help", "target", "type", "unit"]] * 2
    assert len(await data(client, "/api/v1/targets/metadata", limit="1")) == 1


@pytest.mark.parametrize(
    ("path", "asked", "said"),
    [
        ("/api/v1/metadata", {"limit": "many"}, "limit must be a number"),
        ("/api/v1/metadata", {"limit_per_metric": "1.5"}, "limit_per_metric must be a number"),
        ("/api/v1/targets/metadata", {"limit": "x"}, "limit must be a number"),
        ("/api/v1/targets/metadata", {"match_target": "{"}, "match_target"),
    ],
)
async def test_what_cannot_be_read_is_refused(
    client: httpx.AsyncClient, path: str, asked: dict[str, str], said: str
) -> None:
    """A limit that is no number, or a selector that is none, is bad data by the parameter's name."""
    answer = await client.get(path, params=asked)
    assert (answer.status_code, answer.json()["errorType"]) == (400, "bad_data")
    assert said in answer.json()["error"]
