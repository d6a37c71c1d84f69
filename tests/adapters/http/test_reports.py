"""Reports by HTTP, for programs and for people."""

import httpx
import pytest
from tests.adapters.http.stage import NOW, Stage
from tests.contracts.ranges import Ledger, Write

from sightline.domain.labels import Labels
from sightline.domain.probes.result import Verdict
from sightline.domain.tenancy import DEFAULT_TENANT
from sightline.domain.timerange import DAY, MINUTE


async def fired(stage: Stage, name: str) -> None:
    """An alert that fires for the last ten minutes."""
    labels = Labels.of(__name__="ALERTS", alertname=name, alertstate="firing", severity="warning", instance="<b>")
    samples = [(NOW - minutes * MINUTE, 1.0) for minutes in range(10, -1, -1)]
    await stage.series_store.write(Ledger().sealed([Write(DEFAULT_TENANT, labels, samples)]))


async def test_a_report_is_an_object(client: httpx.AsyncClient, stage: Stage) -> None:
    """A program has every number of a report, times as RFC 3339 and lengths in seconds."""
    await fired(stage, "Disk")
    answer = await client.get("/api/v1/reports?period=1d")
    assert answer.status_code == 200, answer.text
    found = answer.json()["data"]
    assert (found["start"], found["end"]) == ("2025-11-20T04:40:00.123Z", "2025-11-21T04:40:00.123Z")
    assert (found["fired"], found["stillFiring"], found["meanTimeToResolve"], found["partial"]) == (1, 1, None, False)
    assert found["rules"] == [
        {
            "name": "Disk",
            "severity": "warning",
            "alerts": 1,
            "fired": 1,
            "firing": 600.0,
            "longest": 600.0,
            "resolved": 0,
            "meanTimeToResolve": None,
            "stillFiring": 1,
            "endsInADay": 0,
            "flaps": False,
        }
    ]
    assert found["notices"]["receivers"] == []
    assert found["uptime"] is None


async def test_a_report_tells_of_checks(client: httpx.AsyncClient, stage: Stage) -> None:
    """Where there are some: their uptime, incidents and what ends, in every form."""
    (shop,) = await stage.checked.with_checks("shop")
    await stage.checked.found(shop, Verdict.UP, expires_at=stage.clock.now() + DAY)
    await stage.checked.passed(10)
    await stage.checked.found(shop, Verdict.DOWN, expires_at=NOW + DAY)
    await stage.checked.passed(10)
    found = (await client.get("/api/v1/reports?period=1h")).json()["data"]["uptime"]
    assert (found["checks"], found["outages"], found["corrected"]) == (1, 1, pytest.approx(0.5, abs=0.001))
    assert found["seconds"]["down"] == pytest.approx(10.0, abs=0.01)
    (lowest,) = found["lowest"]
    assert (lowest["check"], lowest["corrected"]) == ("shop", found["corrected"])
    (incident,) = found["incidents"]
    assert (incident["title"], incident["check"], incident["endedAt"]) == ("shop is down", shop.id, None)
    assert (found["incidentsTotal"], found["incidentsFollowing"], found["openIncidents"], found["partial"]) == (
        1,
        0,
        1,
        False,
    )
    assert found["endings"] == [{"check": "shop", "what": "certificate", "at": "2025-11-22T04:40:00.123Z"}]
    for form in ("html", "text"):
        told = (await client.get(f"/api/v1/reports?period=1h&format={form}")).text
        assert "shop is down" in told
        assert "50.0" in told


async def test_a_report_is_a_page(client: httpx.AsyncClient, stage: Stage) -> None:
    """People get a page under a policy that allows no script, or plain text, and alerts' texts are escaped."""
    await fired(stage, "<script>alert(1)</script>")
    answer = await client.get("/api/v1/reports?format=html")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "&lt;script&gt;" in answer.text
    assert "<script" not in answer.text
    answer = await client.get("/api/v1/reports?format=text")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.startswith("Report: 1 alert fired, 1 still firing\n")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("format=pdf", "format: wants one of json, html, text"),
        ("period=1m", "between 1h and 15d"),
        ("period=x", "period"),
    ],
)
async def test_other_reports_are_refused(client: httpx.AsyncClient, query: str, said: str) -> None:
    """A parameter that cannot be is named."""
    answer = await client.get(f"/api/v1/reports?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "parameter_invalid")
    assert said in answer.json()["error"]
