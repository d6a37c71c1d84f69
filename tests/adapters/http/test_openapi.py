"""The API's description: it says what is served, all of it, and nothing else."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import yaml
from tests.adapters.http.stage import Stage

from sightline.adapters.inbound.http import app, badges, openapi, pings, public_pages
from sightline.adapters.inbound.http.errors import MEANING
from sightline.adapters.inbound.http.inflight import Inflight
from sightline.adapters.inbound.http.settings import DoorSettings

Caller = Callable[..., httpx.AsyncClient]
GUIDE = Path(__file__).parents[3] / "docs" / "guide" / "api.md"


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    """The description."""
    return openapi.document("1.2.3")


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and operation, one by one."""
    for path, item in document["paths"].items():
        for method in openapi.METHODS:
            if method in item:
                yield path, method.upper(), item[method]


def served(stage: Stage, settings: DoorSettings) -> set[tuple[str, str]]:
    """Path and method of everything that is served."""
    door: Any = app.build(stage.use_cases(), settings)
    return {
        *((path, "POST") for path in door._intake),
        *((path, "GET") for path in door._live),
        *((path, method) for path, methods in public_pages.PATHS.items() for method in methods),
        *((path, "GET") for path in badges.PATHS),
        *((path, method) for path, methods in pings.PATHS.items() for method in methods),
        *(
            (re.sub(r"\{(\w+):\w+\}", r"{\1}", path), str(method))
            for handler in app.handlers(stage.use_cases(), settings, Inflight(1, stage.telemetry))
            for path in handler.paths
            for method in handler.http_methods
            if method not in {"HEAD", "OPTIONS"}
        ),
    }


def test_everything_served_is_described_and_the_reverse(
    stage: Stage, settings: DoorSettings, document: dict[str, Any]
) -> None:
    """Every route and method of the door stands in the description, and what stands there is served."""
    assert {(path, method) for path, method, _ in operations(document)} == served(stage, settings)


def test_every_code_is_described() -> None:
    """Every code that an answer can have comes with an example and a remedy."""
    assert set(openapi.error_texts()) == set(MEANING)


def test_the_guide_lists_every_code() -> None:
    """The guide's table has a row a code, with its status and what to do."""
    text = GUIDE.read_text(encoding="utf-8")
    rows = [f"| `{code}` | {status} | `{kind}` | {remedy} |" for code, status, kind, remedy in openapi.error_rows()]
    missing = [row for row in rows if row not in text]
    assert missing == []


def test_the_guide_compares_what_is_served(document: dict[str, Any]) -> None:
    """Every path in the guide's comparison with Prometheus is one that the description has."""
    rows = re.findall(r"^\| (`/[^|]+) \|", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    named = {path for row in rows for path in re.findall(r"`(/[^`]+)`", row)}
    assert "/federate" in named
    assert named <= set(document["paths"])


def test_operations_are_told_apart(document: dict[str, Any]) -> None:
    """Every operation has a summary, a tag that is described, and an id of its own."""
    tags = {tag["name"] for tag in document["tags"]}
    found = list(operations(document))
    assert all(operation["summary"] and set(operation["tags"]) <= tags for _, _, operation in found)
    names = [operation["operationId"] for _, _, operation in found]
    assert len(names) == len(set(names))


def test_references_lead_somewhere(document: dict[str, Any]) -> None:
    """Every reference is to a component that is there, and every component is referred to."""

    def referred(tree: Any) -> Iterator[str]:
        if isinstance(tree, dict):
            if "$ref" in tree:
                yield tree["$ref"]
            for branch in tree.values():
                yield from referred(branch)
        elif isinstance(tree, list):
            for branch in tree:
                yield from referred(branch)

    there = {
        f"#/components/{kind}/{name}"
        for kind in ("headers", "parameters", "schemas")
        for name in document["components"][kind]
    }
    assert set(referred(document)) == there


@pytest.mark.parametrize("path", ["/api/v1/query", "/api/v1/write", "/api/v1/servers"])
def test_closed_paths_say_so(document: dict[str, Any], path: str) -> None:
    """Where a token counts, the description says what happens without one, and how to name the tenant."""
    operation = next(one for found, _, one in operations(document) if found == path)
    assert "security" not in operation
    assert "unauthenticated" in operation["responses"]["401"]["content"]["application/json"]["examples"]
    assert {"$ref": "#/components/parameters/tenant"} in operation["parameters"]


async def test_open_paths_need_no_token(caller: Caller, document: dict[str, Any]) -> None:
    """What is described as open is answered without a token, and nothing else is."""
    async with caller(token=b"0123456789abcdef") as client:
        for path, method, operation in operations(document):
            answer = await client.request(method, path.replace("{", "").replace("}", ""))
            assert (answer.status_code == 401) is (operation.get("security") != []), (path, method)


async def test_the_description_is_served_as_json_and_yaml(client: httpx.AsyncClient) -> None:
    """Both texts say the same, under the version that runs, and a client that has them is told so."""
    told = await client.get("/openapi.json")
    assert told.headers["content-type"] == "application/json"
    found = msgspec.json.decode(told.content)
    assert (found["openapi"], found["info"]["version"]) == ("3.1.0", "1.2.3")
    written = await client.get("/openapi.yaml")
    assert yaml.load(written.content, yaml.CSafeLoader) == found
    again = await client.get("/openapi.json", headers={"If-None-Match": told.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("path", "place"), [("/swagger/index.html", "/docs"), ("/dashboard.html", "/ui/dashboards/host")]
)
async def test_addresses_of_other_products_lead_to_ours(client: httpx.AsyncClient, path: str, place: str) -> None:
    """Who comes by an address known from elsewhere is led to our page."""
    answer = await client.get(path)
    assert (answer.status_code, answer.headers["location"]) == (307, place)


async def test_the_page_is_served_under_the_strict_policy(client: httpx.AsyncClient, settings: DoorSettings) -> None:
    """The API page comes with the policy of the web UI, which allows no script within a page and nothing from elsewhere."""
    assert (await client.get("/docs")).status_code == 503
    (settings.ui_folder / "swagger").mkdir()
    (settings.ui_folder / "swagger" / "index.html").write_text("<!doctype html><title>API</title>")
    answer = await client.get("/docs")
    assert (answer.status_code, answer.text) == (200, "<!doctype html><title>API</title>")
    assert "script-src 'self';" in answer.headers["content-security-policy"]
    assert "unsafe-eval" not in answer.headers["content-security-policy"]
