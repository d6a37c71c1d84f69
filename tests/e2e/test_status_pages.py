"""A status page of the whole product: it follows what is probed, tells subscribers, and survives a kill."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from tests.adapters.webhook_receiver import receiving
from tests.e2e.program import Program, running, until
from tests.serving import serving
from typing_extensions import override

PAGE = {
    "slug": "acme",
    "title": "Acme",
    "groups": [{"checks": ["Website"]}],
    "subscribe": ["rss", "webhook"],
    "notify_after": "0s",
}


@dataclass
class Website:
    """What is probed: answers with a status."""

    url: str = ""
    status: int = 200


@contextmanager
def website() -> Iterator[Website]:
    """A site on loopback."""
    site = Website()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(site.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Nothing is printed."""

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        site.url = f"http://127.0.0.1:{server.server_port}/"
        yield site


def said(program: Program) -> str:
    """What the page says of all together."""
    return str(program.get("/status/acme.json")["status"])


def test_a_page_follows_what_is_probed_and_tells_subscribers_once(tmp_path: Path) -> None:
    """Down is seen on the page, on the badge and by a subscriber, who is told again only what a kill broke off, and as it was."""
    flags = (
        "--set",
        "http.external_url=https://monitor.example.org",
        "--set",
        "status_pages.webhook_networks=127.0.0.0/8",
    )
    folder = tmp_path / "data"
    with website() as site, receiving() as hook:
        with running(folder, *flags) as program:
            check = {"name": "Website", "type": "http", "url": site.url, "interval": "1s"}
            number = httpx.post(f"{program.url}/targets", json=check).json()["id"]
            assert httpx.post(f"{program.url}/api/v1/status-pages", json=PAGE).status_code == 201
            until(lambda: said(program) == "operational")
            asked = httpx.post(f"{program.url}/status/acme/subscribe", data={"url": hook.url})
            assert "Almost there" in asked.text
            until(lambda: bool(hook.bodies))
            secret = bytes.fromhex(hook.bodies[0]["secret"])
            link = urlsplit(hook.bodies[0]["confirm_url"])
            assert link.hostname == "monitor.example.org"
            confirmed = httpx.post(f"{program.url}{link.path}?{link.query}")
            assert "Subscribed" in confirmed.text
            state = f"{program.url}/api/v1/status-pages/acme/subscribers"
            assert len(httpx.get(state).json()["subscribers"]) == 1
            until(lambda: program.get("/status/acme.json")["groups"][0]["checks"][0]["state"] == "up")
            hook.instead = program.kill
            site.status = 500
            until(lambda: program.process.poll() is not None)
        with running(folder, *flags) as program:
            until(lambda: said(program) == "major_outage")
            assert "Website is down" in httpx.get(f"{program.url}/status/acme").text
            until(lambda: "Down" in httpx.get(f"{program.url}/badge/{number}/status.svg").text)
            until(lambda: len(hook.bodies) > 2)  # who was being told as the program was killed is told again
            site.status = 200
            until(lambda: any(one.get("event") == "incident_resolved" for one in hook.bodies))
            assert said(program) == "operational"
    confirm, opened, again, resolved = hook.bodies
    assert (confirm["event"], opened["event"], resolved["event"]) == ("confirm", "incident_opened", "incident_resolved")
    assert again == opened
    assert hook.wait_for(4)
    first, second, third = ((one["idempotency-key"], one["x-sightline-signature"]) for one in hook.requests[1:])
    assert first == second
    assert first[0] != third[0]
    for body, (_, signature) in ((opened, first), (resolved, third)):
        text = json.dumps(body, ensure_ascii=False).encode()
        assert signature == f"sha256={hmac.new(secret, text, hashlib.sha256).hexdigest()}"
