"""Status pages over HTTP: defined by whoever may, read by everybody."""

from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest
from msgspec.structs import replace
from tests.adapters.http.stage import Stage
from tests.application.status_world import PAGE

from sightline.adapters.wire.status.json import page_to_json
from sightline.domain.probes.state import CheckState
from sightline.domain.tenancy import LOCAL
from sightline.domain.timerange import DAY

Caller = Callable[..., httpx.AsyncClient]
API = "/api/v1/status-pages"
WRITTEN: dict[str, Any] = {"slug": "acme", "title": "Acme", "groups": [{"groups": ["*"]}]}
PROTECTED = replace(PAGE, password="sesame")
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture(autouse=True)
async def website(stage: Stage) -> None:
    """A check that is up."""
    await stage.world.move(stage.world.enroll("Website"), CheckState.UP, DAY)


async def test_pages_are_defined_over_the_api(client: httpx.AsyncClient) -> None:
    """Made, listed, read, changed in place of the version that was read, and deleted."""
    made = await client.post(API, json={**WRITTEN, "password": "sesame"})
    assert (made.status_code, made.headers["location"]) == (201, f"{API}/acme")
    told = made.json()
    assert (told["version"], told["password"], told["path"], told["theme"]) == (1, "***", "/status/acme", "auto")
    assert (told["shows"]["windows"], told["notify_after"]) == (["90d"], "2m")
    assert (await client.post(API, json=WRITTEN)).json()["code"] == "conflict"
    listed = (await client.get(API)).json()["status_pages"]
    assert [(one["slug"], one["password"]) for one in listed] == [("acme", "***")]
    sent_back = {name: value for name, value in told.items() if name not in {"version", "path"}}
    saved = await client.put(f"{API}/acme", json={**sent_back, "title": "New"}, headers={"If-Match": '"1"'})
    assert (saved.status_code, saved.json()["version"], saved.headers["etag"]) == (200, 2, '"2"')
    assert (await client.get("/status/acme")).status_code == 401
    stale = await client.put(f"{API}/acme", json=WRITTEN, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (409, "conflict")
    assert (await client.get(f"{API}/acme")).json()["title"] == "New"
    assert (await client.delete(f"{API}/acme")).status_code == 204
    assert (await client.get(f"{API}/acme")).status_code == 404


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        (b"{", "body_malformed", "this is not a status page"),
        (b'{"slug":"a","title":"A","groups":[{"chekcs":[]}]}', "body_malformed", "groups[0]: object contains unknown"),
        (b'{"slug":"a","title":"","groups":[{"checks":["x"]}]}', "field_invalid", "title: wants"),
        (
            b'{"slug":"a","title":"A","groups":[{"checks":["x"]}],"notify_after":"soon"}',
            "body_malformed",
            "notify_after: ",
        ),
        (
            b'{"slug":"a","title":"A","groups":[{"checks":["x"]}],"notify_after":"2h"}',
            "body_malformed",
            "notify_after: ",
        ),
        (b"[1]", "body_malformed", "this is not a status page"),
        (
            b'{"slug":"other","title":"A","groups":[{"checks":["x"]}]}',
            "parameter_invalid",
            "slug: the page calls itself",
        ),
    ],
)
async def test_what_cannot_be_shown_is_refused(client: httpx.AsyncClient, body: bytes, code: str, said: str) -> None:
    """With the field, and what it wants."""
    answer = await client.put(f"{API}/a", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json()["error"].startswith(said)


async def test_pages_are_open_where_the_api_is_not(caller: Caller, stage: Stage) -> None:
    """Readers need no token, in any form; definitions do."""
    await stage.world.publish.put(LOCAL, PAGE, None)
    async with caller(token=b"0123456789abcdef") as client:
        for path in ("/status/acme", "/status/acme.json", "/status/acme/feed.xml"):
            assert (await client.get(path)).status_code == 200
        assert (await client.get(API)).status_code == 401


async def test_a_page_is_html_json_and_a_feed(client: httpx.AsyncClient, stage: Stage) -> None:
    """Each says how things stand; what does not change is told to be so, compressed or not."""
    await stage.world.publish.put(LOCAL, PAGE, None)
    page = await client.get("/status/acme")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-encoding"] == "gzip"
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert page.headers["cache-control"].startswith("public, max-age=5")
    assert "All systems operational" in page.text
    again = await client.get("/status/acme", headers={"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    plain = await client.get("/status/acme", headers={"Accept-Encoding": "identity"})
    assert plain.text == page.text
    assert plain.headers["etag"] != page.headers["etag"]
    told = await client.get("/status/acme.json")
    assert (told.json()["status"], told.json()["groups"][0]["checks"][0]["state"]) == ("operational", "up")
    assert told.headers["access-control-allow-origin"] == "*"
    feed = await client.get("/status/acme/feed.xml")
    assert feed.headers["content-type"] == "application/rss+xml; charset=utf-8"
    assert "<link>http://localhost:8080/status/acme</link>" in feed.text
    plain_feed = await client.get("/status/acme/feed.xml", headers={"Accept-Encoding": "identity"})
    assert plain_feed.text == feed.text
    head = await client.head("/status/acme")
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    "path",
    ["/status/gone", "/status/acme/nothing", "/status/acme.txt", "/status/acme.html", "/status/", "/status/feed"],
)
async def test_what_is_not_there_is_not_found(client: httpx.AsyncClient, stage: Stage, path: str) -> None:
    """Neither pages nor parts of pages nor forms."""
    await stage.world.publish.put(LOCAL, PAGE, None)
    assert (await client.get(path)).status_code == 404


async def test_a_protected_page_asks_for_its_password(client: httpx.AsyncClient, stage: Stage) -> None:
    """A form in a browser, whose cookie opens the page; nothing of the page is shown before but its title."""
    await stage.world.publish.put(LOCAL, PROTECTED, None)
    asked = await client.get("/status/acme")
    assert (asked.status_code, asked.headers["cache-control"]) == (401, "no-store")
    assert "type=password" in asked.text
    assert "Website" not in asked.text
    wrong = await client.post("/status/acme/login", data={"password": "x"})
    assert wrong.status_code == 401
    assert "This is not the password." in wrong.text
    right = await client.post("/status/acme/login", data={"password": "sesame"})
    assert (right.status_code, right.headers["location"]) == (303, "/status/acme")
    cookie = right.headers["set-cookie"]
    assert "HttpOnly; SameSite=Lax" in cookie
    assert "Secure" not in cookie
    shown = await client.get("/status/acme", headers={"cookie": cookie.partition(";")[0]})
    assert (shown.status_code, shown.headers["cache-control"]) == (200, "private, no-cache")
    assert "Website" in shown.text
    behind_tls = {"x-forwarded-proto": "https"}
    assert (
        "; Secure"
        in (await client.post("/status/acme/login", data={"password": "sesame"}, headers=behind_tls)).headers[
            "set-cookie"
        ]
    )


async def test_programs_show_a_password_as_http_has_it(client: httpx.AsyncClient, stage: Stage) -> None:
    """For the feed and the JSON of a protected page, under any user name."""
    await stage.world.publish.put(LOCAL, PROTECTED, None)
    for path in ("/status/acme.json", "/status/acme/feed.xml"):
        asked = await client.get(path)
        assert (asked.status_code, asked.json()["code"]) == (401, "unauthenticated")
        assert asked.headers["www-authenticate"].startswith("Basic realm=")
        assert (await client.get(path, auth=("x", "sesame"))).status_code == 200
        assert (await client.get(path, auth=("x", "wrong"))).status_code == 401
    assert (await client.get("/status/acme.json", headers={"authorization": "Basic !"})).status_code == 401


async def test_guessing_a_password_is_stopped(client: httpx.AsyncClient, stage: Stage) -> None:
    """After some wrong ones the form says to wait, and when to come again."""
    await stage.world.publish.put(LOCAL, PROTECTED, None)
    for _ in range(10):
        await client.post("/status/acme/login", data={"password": "x"})
    stopped = await client.post("/status/acme/login", data={"password": "x"})
    assert (stopped.status_code, stopped.headers["retry-after"]) == (429, "30")
    assert "Wait a minute" in stopped.text


async def test_callers_behind_a_proxy_are_told_apart(client: httpx.AsyncClient, stage: Stage) -> None:
    """By what a proxy nearby says last; one who guesses does not lock the others out."""
    await stage.world.publish.put(LOCAL, PROTECTED, None)
    guessing, other = ({"x-forwarded-for": f"203.0.113.9, {one}"} for one in ("198.51.100.1", "198.51.100.2"))
    for _ in range(10):
        await client.post("/status/acme/login", data={"password": "x"}, headers=guessing)
    stopped = await client.post("/status/acme/login", data={"password": "x"}, headers=guessing)
    let_in = await client.post("/status/acme/login", data={"password": "sesame"}, headers=other)
    assert (stopped.status_code, let_in.status_code) == (429, 303)


async def test_a_page_is_the_root_of_its_domain(client: httpx.AsyncClient, stage: Stage) -> None:
    """And nothing else of the program is reached by that name; by a strange name nothing is."""
    await stage.world.publish.put(LOCAL, replace(PAGE, domains=("status.acme.org",)), None)
    by_domain = {"host": "status.acme.org"}
    assert "Acme" in (await client.get("/", headers=by_domain)).text
    feed = await client.get("/status/acme/feed.xml", headers=by_domain)
    assert "<link>https://status.acme.org/status/acme</link>" in feed.text
    for path in ("/ui/", "/api/v1/query?query=up", "/api/v1/status-pages", "/metrics", "/badges", "/api/badges"):
        assert (await client.get(path, headers=by_domain)).status_code == 403
    assert (await client.get("/", headers={"host": "evil.example.org"})).status_code == 403
    assert (await client.get("/status/acme", headers={"host": "evil.example.org"})).status_code == 403
    assert (await client.get("/")).status_code == 307


async def test_links_of_a_feed_lead_to_where_it_was_read(caller: Caller, stage: Stage) -> None:
    """Unless somebody said where readers find the page; programs keep the feed elsewhere, so links are whole."""
    await stage.world.publish.put(LOCAL, PAGE, None)
    for settings, host, place in (
        ({}, "localhost:8080", "http://localhost:8080"),
        ({}, "127.0.0.1:8080", "http://127.0.0.1:8080"),
        ({"external_url": "https://up.acme.org/"}, "localhost:8080", "https://up.acme.org"),
    ):
        async with caller(**settings) as client:
            feed = await client.get("/status/acme/feed.xml", headers={"host": host})
            again = await client.get(
                "/status/acme/feed.xml", headers={"host": host, "If-None-Match": feed.headers["etag"]}
            )
        assert feed.status_code == 200, feed.text
        assert f"<link>{place}/status/acme</link>" in feed.text
        assert f'href="{place}/status/acme/feed.xml"' in feed.text
        assert again.status_code == 304


async def test_forms_of_other_sites_do_nothing(client: httpx.AsyncClient, stage: Stage) -> None:
    """A form that comes with a foreign Origin is refused; one of the page's own domain is not."""
    await stage.world.publish.put(LOCAL, replace(PAGE, domains=("status.acme.org",)), None)
    foreign = {"origin": "https://evil.example.org"}
    sent = await client.post("/status/acme/subscribe", data={"email": "a@example.org"}, headers=foreign)
    assert sent.status_code == 403
    own = {"host": "status.acme.org", "origin": "https://status.acme.org"}
    assert (
        await client.post("/status/acme/subscribe", data={"email": "a@example.org"}, headers=own)
    ).status_code == 200


async def test_somebody_subscribes_and_leaves(client: httpx.AsyncClient, stage: Stage) -> None:
    """By a link that came, whose page has a button, for programs that read mail follow links."""
    world = stage.world
    await world.publish.put(LOCAL, PAGE, None)
    asked = await client.post("/status/acme/subscribe", data={"email": "ann@example.org"})
    assert "Almost there" in asked.text
    await world.subscribe.settle()
    link = next(line for line in world.mailbox.letters[0][1].text.splitlines() if "/confirm?" in line).split(": ")[1]
    path = link[link.index("/status") :]
    offered = await client.get(path)
    assert "<button>Subscribe</button>" in offered.text
    assert (await client.get(f"{API}/acme/subscribers")).json()["subscribers"] == []
    done = await client.post("/status/acme/confirm", data={"token": path.partition("token=")[2]})
    assert "Subscribed" in done.text
    (one,) = (await client.get(f"{API}/acme/subscribers")).json()["subscribers"]
    assert (one["channel"], one["to"]) == ("email", "ann@example.org")
    await world.subscribe.run_once()
    await world.incident(1, DAY)
    world.clock.skip(DAY // 1000)
    await world.alive()
    world.clock.skip(6_000)
    await world.subscribe.run_once()
    leave = world.mailbox.letters[-1][2]
    assert "Unsubscribe</button>" in (await client.get(leave[leave.index("/status") :])).text
    by_one_click = await client.post(
        leave[leave.index("/status") :], content=b"List-Unsubscribe=One-Click", headers=FORM
    )
    assert "You are told no more." in by_one_click.text
    assert (await client.get(f"{API}/acme/subscribers")).json()["subscribers"] == []


async def test_the_operator_dismisses_a_subscriber(client: httpx.AsyncClient, stage: Stage) -> None:
    """By the id in the list; of a page that is not there nobody is told."""
    await stage.world.publish.put(LOCAL, PAGE, None)
    await stage.world.catalog.put(
        LOCAL.tenant, "status_subscriber", "acme/1", b'{"channel":"email","to":"a@example.org","at":1}'
    )
    assert (await client.delete(f"{API}/acme/subscribers/1")).status_code == 204
    assert (await client.delete(f"{API}/acme/subscribers/1")).status_code == 404
    assert (await client.get(f"{API}/gone/subscribers")).status_code == 404
    await stage.world.catalog.put(
        LOCAL.tenant, "status_subscriber", "acme/2", b'{"channel":"email","to":"b@example.org","at":1}'
    )
    await client.delete(f"{API}/acme")
    await client.post(API, json=WRITTEN)
    assert (await client.get(f"{API}/acme/subscribers")).json()["subscribers"] == []


@pytest.mark.parametrize("data", [{}, {"email": "nobody"}, {"url": "ftp://x"}])
async def test_an_address_that_is_none_is_said_to_be_none(
    client: httpx.AsyncClient, stage: Stage, data: dict[str, str]
) -> None:
    """On a page for people."""
    await stage.world.publish.put(LOCAL, PAGE, None)
    answer = await client.post("/status/acme/subscribe", data=data)
    assert answer.status_code == 400
    assert "That did not work" in answer.text


async def test_a_definition_survives_the_catalog() -> None:
    """What is stored is read as the same page."""
    assert msgspec.json.decode(page_to_json(PAGE), type=type(PAGE)) == PAGE
