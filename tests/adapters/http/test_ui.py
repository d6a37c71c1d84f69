"""The built page: where it is found, how it is cached, what browsers are told to refuse."""

from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from tests.adapters.http.stage import Stage, calling

from sightline.adapters.inbound.http.settings import DoorSettings


@pytest.mark.parametrize(
    "path", ["/ui/", "/ui/index.html", "/ui/hosts", "/ui/hosts/web-1", "/ui/hosts/web-1.example.org", "/ui/alerts/"]
)
async def test_places_within_the_page_are_the_page(client: httpx.AsyncClient, path: str) -> None:
    """Paths that name no file are places that the page finds by itself."""
    answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "<title>Sightline</title>" in answer.text
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/", "/ui"])
async def test_the_root_leads_to_the_page(client: httpx.AsyncClient, path: str) -> None:
    """Who comes without a path is sent to the page, whose links need the slash."""
    answer = await client.get(path)
    assert (answer.status_code, answer.headers["location"], answer.content) == (307, "/ui/", b"")


@pytest.mark.parametrize(
    "path",
    [
        "/ui/assets/gone-Zz99.js",
        "/ui/assets/gone",
        "/ui/favicon.png",
        "/ui/.sources.sha256",
        "/ui/../app.py",
        "/ui/%2e%2e/%2e%2e/etc/passwd",
        "/ui/assets/..%2f..%2findex.html",
        "/ui/a%00.js",
    ],
)
async def test_files_that_are_not_there_are_a_404(client: httpx.AsyncClient, path: str) -> None:
    """A missing file, a hidden one and one outside the folder are JSON 404s and not the page."""
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_hashed_files_are_kept_for_ever_and_come_compressed(
    client: httpx.AsyncClient, settings: DoorSettings
) -> None:
    """A file whose name hashes its content is immutable and compressed for who takes that."""
    path = "/ui/assets/index-Ab12.js"
    packed = await client.get(path, headers={"Accept-Encoding": "gzip, br"})
    plain = await client.get(path, headers={"Accept-Encoding": "identity"})
    refused = await client.get(path, headers={"Accept-Encoding": "gzip;q=0"})
    assert packed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["content-type"] == "text/javascript; charset=utf-8"
    assert int(packed.headers["content-length"]) < len(plain.content)
    assert "content-encoding" not in plain.headers
    assert "content-encoding" not in refused.headers
    assert packed.content == plain.content == (settings.ui_folder / "assets" / "index-Ab12.js").read_bytes()
    assert packed.headers["etag"] != plain.headers["etag"]


async def test_an_unchanged_page_is_not_sent_again(client: httpx.AsyncClient, settings: DoorSettings) -> None:
    """A matching ETag is a 304 without body; once the file has changed, the new one is sent."""
    first = await client.get("/ui/")
    tag = first.headers["etag"]
    for known in (tag, f'"other", W/{tag}', "*"):
        again = await client.get("/ui/", headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    (settings.ui_folder / "index.html").write_text("<!doctype html><title>Newer</title>")
    changed = await client.get("/ui/", headers={"If-None-Match": tag})
    assert (changed.status_code, "Newer" in changed.text) == (200, True)


async def test_the_page_may_load_from_here_alone(client: httpx.AsyncClient) -> None:
    """Browsers are told to run no script but ours and to show us in no foreign frame."""
    headers = (await client.get("/ui/")).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'self'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


async def test_the_icon_is_found_where_browsers_look(client: httpx.AsyncClient) -> None:
    """Browsers ask for /favicon.ico whatever the page says."""
    answer = await client.get("/favicon.ico")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")


async def test_a_copy_without_the_page_says_how_to_build_it(stage: Stage, tmp_path: Path) -> None:
    """Without the built UI the page's place says what to do, and the API works."""
    empty = replace(DoorSettings(), ui_folder=tmp_path / "nothing")
    async with calling(stage, empty) as client:
        answer = await client.get("/ui/")
        assert answer.status_code == 503
        assert "make web" in answer.text
        assert (await client.get("/api/v1/query?query=up")).status_code == 200
        assert (await client.get("/favicon.ico")).status_code == 404
