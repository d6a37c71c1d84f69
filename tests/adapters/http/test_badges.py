"""Badges of checks over HTTP, under our own addresses and under Uptime Kuma's."""

import re
from collections.abc import Callable
from html import unescape

import httpx
import pytest
from msgspec.structs import replace
from tests.adapters.http.stage import Stage
from tests.application.status_world import PAGE

from sightline.application.figures import TellFigures
from sightline.domain.probes.result import Result, Verdict
from sightline.domain.probes.state import CheckState
from sightline.domain.probes.status_page import PageGroup
from sightline.domain.tenancy import DEFAULT_TENANT, LOCAL
from sightline.domain.timerange import DAY, HOUR, MINUTE

Caller = Callable[..., httpx.AsyncClient]
DOMAIN = "status.acme.org"


@pytest.fixture(autouse=True)
async def checks(stage: Stage) -> None:
    """One check on a public page, with a past of two days of which six hours failed, and one that is not."""
    world = stage.world
    public, hidden = world.enroll("Website"), world.enroll("Hidden", group="inner")
    await world.move(public, CheckState.UP, 2 * DAY)
    await world.move(public, CheckState.DOWN, 12 * HOUR)
    await world.move(public, CheckState.UP, 6 * HOUR)
    await world.move(hidden, CheckState.UP, DAY)
    world.measured.seconds[public] = [0.1, None, 0.3]
    now = world.clock.now()
    result = Result(
        check=public, location="local", at=now - MINUTE, seconds=0.12, verdict=Verdict.UP, expires_at=now + 20 * DAY
    )
    await world.history.append([(DEFAULT_TENANT, result)])
    await world.publish.put(LOCAL, replace(PAGE, groups=(PageGroup(checks=("Website",)),)), None)


def said(answer: httpx.Response) -> str:
    """What a badge says in words."""
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml; charset=utf-8")
    found = re.search(r'role="img" aria-label="([^"]*)"', answer.text)
    assert found is not None
    return unescape(found[1])


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/badge/1/status.svg", "status: Up"),
        ("/badge/1/uptime.svg", "uptime 24h: 75.00 %"),
        ("/badge/1/uptime/7d.svg", "uptime 7d: 87.50 %"),
        ("/badge/1/latency.svg", "latency 24h: 200 ms"),
        ("/badge/1/response.svg", "response: 120 ms"),
        ("/badge/1/certificate.svg", "certificate: 20 days"),
        ("/api/badge/1/status", "Status: Up"),
        ("/api/badge/1/uptime", "Uptime (24h): 75.00 %"),
        ("/api/badge/1/uptime/24", "Uptime (24h): 75.00 %"),
        ("/api/badge/1/uptime/2d", "Uptime (2d): 87.50 %"),
        ("/api/badge/1/ping/24", "Avg. Ping (24h): 200 ms"),
        ("/api/badge/1/avg-response", "Avg. Response (24h): 200 ms"),
        ("/api/badge/1/cert-exp", "Cert Exp.: 20 days"),
        ("/api/badge/1/response", "Response: 120 ms"),
        ("/api/badge/2/status", "N/A"),
        ("/api/badge/99/uptime/24h", "N/A"),
        ("/api/badge/1/status?label=Site&upLabel=fine&upColor=00f&labelColor=blue&style=flat-square", "Site: fine"),
        ("/badge/1/uptime.svg?label=%3Cx%3E&suffix=!", "<x>: 75.00 %!"),
    ],
)
async def test_a_badge_tells_a_figure(client: httpx.AsyncClient, path: str, text: str) -> None:
    """In words for readers too, under the label that is asked for."""
    assert said(await client.get(path)) == text


async def test_a_page_with_a_domain_has_the_badges_of_its_checks_there(client: httpx.AsyncClient, stage: Stage) -> None:
    """And of no others, not even of those that other pages show; by other names all of them are as before."""
    its = PageGroup(checks=("Hidden",))
    await stage.world.publish.put(LOCAL, replace(PAGE, slug="inner", groups=(its,), domains=(DOMAIN,)), None)
    by_domain = {"host": f"{DOMAIN}:8443"}
    assert said(await client.get("/badge/2/status.svg", headers=by_domain)) == "status: Up"
    assert said(await client.get("/badge/2/uptime/7d.svg", headers=by_domain)) == "uptime 7d: 100 %"
    assert said(await client.get("/api/badge/2/uptime/24", headers=by_domain)) == "Uptime (24h): 100 %"
    assert (await client.get("/badge/1/status.svg", headers=by_domain)).status_code == 404
    assert said(await client.get("/api/badge/1/status", headers=by_domain)) == "N/A"
    for path in ("/badge/1/status.svg", "/badge/2/status.svg"):
        assert (await client.get(path)).status_code == 200
        assert (await client.get(path, headers={"host": "evil.example.org"})).status_code == 403


async def test_badges_of_all_checks_are_not_told_by_a_pages_domain(caller: Caller, stage: Stage) -> None:
    """The setting that makes every badge public does not make a page's site tell of what the page does not show."""
    world, its = stage.world, PageGroup(checks=("Website",))
    world.figures = TellFigures(world.publish, world.sources, world.history, world.clock, everybody=True)
    await world.publish.put(LOCAL, replace(PAGE, groups=(its,), domains=(DOMAIN,)), 1)
    async with caller() as client:
        assert said(await client.get("/badge/2/status.svg")) == "status: Up"
        assert (await client.get("/badge/1/status.svg", headers={"host": DOMAIN})).status_code == 200
        assert (await client.get("/badge/2/status.svg", headers={"host": DOMAIN})).status_code == 404


async def test_the_domain_of_a_page_with_a_password_has_no_badges(client: httpx.AsyncClient, stage: Stage) -> None:
    """From the moment that it has one, be the check on another page that everybody may read."""
    its = replace(PAGE, slug="inner", groups=(PageGroup(groups=("*",)),), domains=(DOMAIN,))
    await stage.world.publish.put(LOCAL, its, None)
    assert (await client.get("/badge/2/status.svg", headers={"host": DOMAIN})).status_code == 200
    await stage.world.publish.put(LOCAL, replace(its, password="sesame"), 1)
    for number in (1, 2):
        assert (await client.get(f"/badge/{number}/status.svg", headers={"host": DOMAIN})).status_code == 404
    assert (await client.get("/badge/1/status.svg")).status_code == 200
    assert (await client.get("/badge/2/status.svg")).status_code == 404


async def test_a_name_of_the_server_has_all_badges_though_a_page_has_it_too(caller: Caller, stage: Stage) -> None:
    """Where `http.allowed_hosts` names the domain as well, everything is served by it."""
    its = PageGroup(checks=("Hidden",))
    await stage.world.publish.put(LOCAL, replace(PAGE, slug="own", groups=(its,), domains=(DOMAIN,)), None)
    async with caller(allowed_hosts=(DOMAIN,)) as client:
        assert (await client.get("/badge/1/status.svg", headers={"host": DOMAIN})).status_code == 200


async def test_badges_are_kept_by_whoever_shows_them(client: httpx.AsyncClient) -> None:
    """For a minute, and told to be the same afterwards."""
    first = await client.get("/badge/1/status.svg")
    assert first.headers["cache-control"] == "public, max-age=60"
    again = await client.get("/badge/1/status.svg", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/badge/2/status.svg", 404),
        ("/badge/1/status", 404),
        ("/badge/x/status.svg", 404),
        ("/badge/1/pie.svg", 404),
        ("/badge/1/uptime/7d/x.svg", 404),
        ("/badge/1/uptime/soon.svg", 400),
        ("/badge/1/uptime/0.svg", 400),
        ("/api/badge/1/pie", 404),
    ],
)
async def test_what_is_no_badge_is_said_to_be_none(client: httpx.AsyncClient, path: str, status: int) -> None:
    """And so is one of a check that no page shows to everybody."""
    assert (await client.get(path)).status_code == status


async def test_colours_say_how_good_it_is(client: httpx.AsyncClient) -> None:
    """Green for what is well, and what is asked for where a colour is given; nothing else gets into the picture."""
    assert "#2e8b4f" in (await client.get("/badge/1/status.svg")).text
    assert "#cc8111" in (await client.get("/badge/1/uptime.svg")).text
    assert "#0000ff" in (await client.get("/badge/1/status.svg?color=00f")).text
    odd = (await client.get('/badge/1/status.svg?color="onload=x&labelColor=red;x&style=<')).text
    assert "onload" not in odd
    assert set(re.findall(r'fill="(#[0-9a-f]+)"', odd)) == {"#3c444d", "#2e8b4f", "#fff"}
