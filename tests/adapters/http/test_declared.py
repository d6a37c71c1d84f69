"""What is declared, judged and imported over HTTP."""

import json
from typing import Any

import httpx
import pytest
import yaml
from tests.adapters.http.stage import Stage

DECLARED = "/api/v1/declared"
YAML = {"Content-Type": "application/yaml"}
CHECK = {"name": "shop", "type": "http", "url": "https://me:pa55@shop.example/", "conditions": ["latency < 500ms"]}
GATUS = """
ui: {title: x}
endpoints:
  - {name: shop, url: "https://shop.example", conditions: ["[STATUS] == 200"]}
  - {name: ssh, url: "ssh://host.example:22", conditions: ["[CONNECTED] == true"]}
"""


@pytest.fixture(autouse=True)
async def known(stage: Stage) -> None:
    """Checks are read."""
    await stage.checked.assess.load()


def told(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_document_is_compared_applied_and_exported(client: httpx.AsyncClient) -> None:
    """A dry run tells what would change; an export is a document of the same kind, with masks."""
    text = yaml.safe_dump({"checks": [CHECK]})
    expected = {"add": 1, "change": 0, "remove": 0}
    dry = told(await client.post(f"{DECLARED}?dry_run=true", content=text, headers=YAML))
    assert (dry["counts"], dry["dry_run"]) == (expected, True)
    assert told(await client.get("/api/v1/checks"))["checks"] == []
    assert told(await client.post(DECLARED, content=text, headers=YAML))["counts"] == expected
    answer = await client.get(f"{DECLARED}?kind=checks")
    assert answer.headers["content-type"].startswith("application/yaml")
    assert yaml.safe_load(answer.text) == {"checks": [{**CHECK, "url": "https://***@shop.example/"}]}
    assert told(await client.post(DECLARED, content=answer.text, headers=YAML))["changes"] == []


async def test_drift_is_json_by_field(client: httpx.AsyncClient) -> None:
    """With what is there and what is written."""
    await client.post(DECLARED, json={"checks": [CHECK]})
    changed = {"checks": [{**CHECK, "conditions": ["latency < 1s"]}]}
    assert told(await client.post(f"{DECLARED}?dry_run=true", json=changed))["changes"] == [
        {
            "kind": "checks",
            "name": "shop",
            "action": "change",
            "fields": [{"path": "conditions", "before": ["latency < 500ms"], "after": ["latency < 1s"]}],
        }
    ]


async def test_files_are_sent_together_by_their_names(client: httpx.AsyncClient) -> None:
    """What is wrong is told with the name of the file."""
    files = {"a.yml": json.dumps({"checks": [CHECK]}), "b.yml": "windows: [{name: w}]"}
    found = told(await client.post(DECLARED, json={"files": files}), 400)
    assert (found["code"], found["error"]) == ("field_invalid", "b.yml: windows[0].scope: is missing")
    assert told(await client.get("/api/v1/checks"))["checks"] == []


@pytest.mark.parametrize(
    ("text", "code"), [("a: [", "bad_data"), ("- a", "field_invalid"), ("foo: [{}]", "field_invalid")]
)
async def test_what_is_no_document_is_refused(client: httpx.AsyncClient, text: str, code: str) -> None:
    """As what it is."""
    assert told(await client.post(DECLARED, content=text, headers=YAML), 400)["code"] == code


async def test_no_web_form_declares_anything(client: httpx.AsyncClient) -> None:
    """Any page could send one."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = await client.post(DECLARED, content="checks: []", headers={"Content-Type": kind})
        assert told(answer, 415)["code"] == "media_type_unsupported"


async def test_a_definition_is_judged_without_being_stored(client: httpx.AsyncClient) -> None:
    """Everything that is wrong is told, and what is right is shown with all its fields."""
    found = told(await client.post("/api/v1/checks/validate", json={**CHECK, "retries": 99, "foo": 1}))
    assert (found["valid"], found["check"]) == (False, None)
    assert sorted(one["field"] for one in found["errors"]) == ["foo", "retries"]
    found = told(await client.post("/api/v1/checks/validate", json=CHECK))
    assert (found["valid"], found["errors"], found["check"]["interval"]) == (True, [], "1m")
    assert found["check"]["url"] == "https://***@shop.example/"
    found = told(await client.post("/api/v1/checks/validate", json={**CHECK, "depends_on": ["nobody"]}))
    assert [one["error"] for one in found["errors"]] == ["depends_on[0]: there is no check named 'nobody'"]
    assert told(await client.get("/api/v1/checks"))["checks"] == []


async def test_a_mask_is_judged_by_the_check_that_it_is_of(client: httpx.AsyncClient) -> None:
    """As when it is saved."""
    made = told(await client.post("/api/v1/checks", json=CHECK), 201)
    masked = {**CHECK, "url": made["url"]}
    assert not told(await client.post("/api/v1/checks/validate", json=masked))["valid"]
    assert told(await client.post(f"/api/v1/checks/validate?like={made['id']}", json=masked))["valid"]


async def test_checks_of_another_program_are_imported_once(client: httpx.AsyncClient) -> None:
    """A dry run stores nothing; names that are there stay as they are, and what is left out is told."""
    path = "/api/v1/checks/import?format=gatus"
    dry = told(await client.post(f"{path}&dry_run=true", content=GATUS, headers=YAML))
    assert (dry["added"], dry["dry_run"]) == (["shop", "ssh"], True)
    assert [one["name"] for one in yaml.safe_load(dry["checks"])["checks"]] == ["shop", "ssh"]
    assert told(await client.get("/api/v1/checks"))["checks"] == []
    await client.post("/api/v1/checks", json=CHECK)
    found = told(await client.post(path, content=GATUS, headers=YAML))
    assert (found["added"], found["skipped"]) == (["ssh"], ["shop"])
    assert found["left_out"] == [
        "shop: there is a check of that name already; it is left as it is",
        "ui: how the page looks is said by status pages",
    ]
    assert [one["name"] for one in told(await client.get("/api/v1/checks"))["checks"]] == ["shop", "ssh"]


@pytest.mark.parametrize("query", ["", "?format=nagios"])
async def test_a_format_that_nobody_knows_is_refused(client: httpx.AsyncClient, query: str) -> None:
    """With those that are known."""
    found = told(await client.post(f"/api/v1/checks/import{query}", content="a: b", headers=YAML), 400)
    assert found["code"] == "parameter_invalid"
    assert "kuma, gatus, blackbox" in found["error"]
