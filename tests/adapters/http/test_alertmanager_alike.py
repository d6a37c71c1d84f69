"""Alertmanager's API answers and refuses as a real Alertmanager does."""

import json
import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import anyio
import httpx
from tests.adapters.http.alertmanager_api import ALERTS, SILENCE, silence
from tests.adapters.http.real_alertmanager import alertmanager

_QUERIES: Final = (
    "/api/v2/alerts",
    "/api/v2/alerts?filter=alertname%3D%22DbDown%22",
    "/api/v2/alerts?filter=team%3D~%22d.%22&filter=severity!%3D%22warning%22",
    "/api/v2/alerts?silenced=false&inhibited=false",
    "/api/v2/alerts?active=false",
    "/api/v2/alerts?active=nonsense&silenced=0",
    "/api/v2/alerts?receiver=page.",
    "/api/v2/alerts?receiver=pa",
    "/api/v2/alerts/groups",
    "/api/v2/alerts/groups?silenced=false&receiver=pager",
    "/api/v2/alerts/groups?filter=alertname%3DSlow",
    "/api/v2/receivers",
    "/api/v2/silences",
    "/api/v2/silences?filter=instance%3D%22db2%22",
    "/api/v2/silences?filter=instance%3D~%22db.%22",
    "/api/v2/silences?filter=other%3D%22db2%22",
    "/api/v2/status",
)
_WRONG: Final[tuple[dict[str, Any], ...]] = (
    {"matchers": []},
    {"matchers": None},
    {"comment": None},
    {"createdBy": None},
    {"endsAt": None},
    {"startsAt": None},
    {"startsAt": "x"},
    {"matchers": [{"name": "a", "value": "", "isRegex": False}]},
    {"matchers": [{"name": "a", "value": ".*", "isRegex": True}]},
    {"matchers": [{"name": "a", "value": "b", "isRegex": False, "isEqual": False}]},
    {"matchers": [{"name": "a", "value": "(", "isRegex": True}]},
    {"matchers": [{"name": "", "value": "b", "isRegex": False}]},
    {"matchers": [{"name": "a", "value": "b"}]},
    {"matchers": [{"value": "b", "isRegex": True}]},
    {"matchers": [{"name": "b", "isRegex": True}]},
    {"startsAt": "2036-11-21T01:00:00Z", "endsAt": "2035-11-21T01:00:00Z"},
    {"startsAt": "2036-11-21T01:00:00Z", "endsAt": "2036-11-21T01:00:00Z"},
    {"endsAt": "2017-11-21T01:00:00Z"},
    {"endsAt": "0001-01-01T00:00:00Z"},
    {"id": "xx"},
    {"id": str(uuid.UUID(int=7))},
)
_REFUSED: Final[tuple[tuple[str, str, str | None], ...]] = (
    *(("GET", f"/api/v2/{path}", None) for path in ("alerts?receiver=(", "alerts/groups?receiver=(", "silence/xx")),
    ("GET", f"/api/v2/silence/{uuid.UUID(int=7)}", None),
    ("DELETE", "/api/v2/silence/xx", None),
    ("POST", "/api/v2/alerts", "{"),
    ("POST", "/api/v2/alerts", "{}"),
    ("POST", "/api/v2/alerts", "[1]"),
    ("POST", "/api/v2/alerts", ""),
    ("POST", "/api/v2/alerts", "[]"),
    ("POST", "/api/v2/alerts", "null"),
    ("POST", "/api/v2/alerts", "[{}]"),
    ("POST", "/api/v2/alerts", '[{"labels":null}]'),
    ("POST", "/api/v2/alerts", '[{"labels":{}}]'),
    ("POST", "/api/v2/alerts", '[{"labels":{"a":""}}]'),
    ("POST", "/api/v2/alerts", '[{"labels":{"a":1}}]'),
    ("POST", "/api/v2/alerts", '[{"labels":{"":"x"}},{"labels":{}},{"labels":{"a":"b"},"annotations":{"":"1"}}]'),
    ("POST", "/api/v2/alerts", '[{"labels":{"a":"b"},"startsAt":"2026-11-21T01:00:00Z","endsAt":"2026-11-20T01:00:00Z"}]'),
    *(("POST", "/api/v2/alerts", json.dumps([{"labels": {"a": "b"}, "startsAt": text, "endsAt": "2036-11-21T01:00:00Z"}]))
      for text in ("x", "2026-11-21", "2026-11-21T25:00:00Z", "2026-11-21t01:00:00z", "2026-11-21T01:00", "2026-11-21 01:00:00",
                   "2026-11-21T01:00:00.123456789+01:00", "2026-11-21T01:00:00+0100", "2026-11-21T01:00:00,5Z")),
    *(("POST", "/api/v2/alerts", json.dumps([{"labels": {"a": "b"}, "generatorURL": text}]))
      for text in ("", "x", "/x", "http://x", "//x", "a:b", "?x", "%zz", "http://a b", "http://%zz", "http://a/b?c=d e%")),
    ("POST", "/api/v2/silences", ""),
    ("POST", "/api/v2/silences", "{"),
    ("POST", "/api/v2/silences", "[]"),
    ("POST", "/api/v2/silences", "{}"),
    *(("POST", "/api/v2/silences", json.dumps({**SILENCE, **changes})) for changes in _WRONG),
)  # fmt: skip


def comparable(answer: Any) -> Any:
    """An answer without what differs from run to run."""
    if isinstance(answer, dict):
        kept = {name: comparable(value) for name, value in answer.items() if name not in {"mutedBy", "original"}}
        if "versionInfo" in kept:
            kept["versionInfo"] = dict.fromkeys(kept["versionInfo"])
        return kept
    if isinstance(answer, list):
        return [comparable(one) for one in answer]
    if isinstance(answer, str) and re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answer):
        return "id"
    if isinstance(answer, str) and re.fullmatch(r"(19[67]|20[12])\d-.*T.*\.\d{3}Z", answer):
        return "when"
    return answer


async def test_a_real_alertmanager_answers_alike(
    client: httpx.AsyncClient, require_binary: Callable[[str, str], str], tmp_path: Path
) -> None:
    """After the same alerts and silences every question has the answer of an Alertmanager, but for times and ids."""
    program = require_binary("prometheus-alertmanager", "prometheus-alertmanager")
    with alertmanager(program, tmp_path) as address:
        async with httpx.AsyncClient(base_url=address) as real:
            for one in (real, client):
                assert (await one.post("/api/v2/alerts", json=ALERTS)).status_code == 200
                made = await one.post("/api/v2/silences", json=SILENCE)
                assert (made.status_code, set(made.json())) == (200, {"silenceID"})
            await settled(real)
            for query in _QUERIES:
                theirs, ours = await real.get(query), await client.get(query)
                assert ours.status_code == theirs.status_code == 200, query
                assert comparable(ours.json()) == comparable(theirs.json()), query


async def settled(real: httpx.AsyncClient) -> None:
    """Return when a real one has sorted all its alerts into groups."""
    with anyio.fail_after(20):
        while True:
            groups = (await real.get("/api/v2/alerts/groups")).json()
            if sum(len(one["alerts"]) for one in groups) == 6:
                return


async def test_a_real_alertmanager_refuses_alike(
    client: httpx.AsyncClient, require_binary: Callable[[str, str], str], tmp_path: Path
) -> None:
    """What an Alertmanager refuses is refused with the same status and the same kind of body, and mostly in the same words."""
    program = require_binary("prometheus-alertmanager", "prometheus-alertmanager")
    other_words: list[tuple[str | None, Any]] = []
    with alertmanager(program, tmp_path) as address:
        async with httpx.AsyncClient(base_url=address) as real:
            for method, path, text in _REFUSED:
                sent: dict[str, Any] = (
                    {"content": text, "headers": {"Content-Type": "application/json"}} if text is not None else {}
                )
                theirs, ours = [await one.request(method, path, **sent) for one in (real, client)]
                assert ours.status_code == theirs.status_code, (method, path, text, ours.text, theirs.text)
                if theirs.content.strip():
                    bodies = theirs.json(), ours.json()
                    assert type(bodies[0]) is type(bodies[1]), (text, bodies)
                    if comparable(bodies[0]) != comparable(bodies[1]):
                        other_words.append((text, bodies))
                elif ours.status_code != 404:  # of which we say what it is
                    assert ours.content == b"", (text, ours.text)
    # What a JSON reader says of JSON that is none is its own, and so is which names labels may have.
    assert {text for text, _ in other_words} <= {"{", "{}", "[1]", "[]", '[{"labels":{"a":1}}]'}, other_words


def shape(tree: Any) -> Any:
    """The names and kinds of an answer; of lists those of all elements together."""
    if isinstance(tree, dict):
        return {name: shape(value) for name, value in tree.items()}
    if isinstance(tree, list):
        return sorted({json.dumps(shape(one), sort_keys=True) for one in tree})
    return type(tree).__name__


async def test_recorded_answers_have_this_shape(client: httpx.AsyncClient, recorded_data: Path) -> None:
    """What an Alertmanager once answered has the fields that are answered here, but for those that later ones have."""
    folder = recorded_data / "alertmanager"
    assert (await client.post("/api/v2/alerts", json=ALERTS)).status_code == 200
    made = (await client.post("/api/v2/silences", json=silence())).json()
    assert shape(made) == shape(json.loads((folder / "am_post_silence.json").read_text()))
    bad = await client.post("/api/v2/silences", json=silence(startsAt="x"))
    assert bad.json() == json.loads((folder / "am_post_silence_bad.json").read_text())
    for path in ("receivers", "silences", "status"):
        ours = (await client.get(f"/api/v2/{path}")).json()
        assert shape(ours) == shape(json.loads((folder / f"am_get_{path}.json").read_text())), path
    for path in ("alerts", "alerts/groups"):
        ours = (await client.get(f"/api/v2/{path}")).json()
        theirs = json.loads((folder / f"am_get_{path.replace('/', '_')}.json").read_text())
        if path == "alerts":
            ours, theirs = ({"alerts": all_of} for all_of in (ours, theirs))
        for names in ("alerts", "receiver"):
            assert fields(ours, names) == fields(theirs, names), path


def fields(tree: Any, name: str) -> set[str]:
    """The names of fields of all objects beneath a name, and those of the objects beneath these."""
    return {found for one in within(tree, name) for found in (*one, *one.get("status", ()))} - {"mutedBy"}


def within(tree: Any, name: str) -> Iterator[dict[str, Any]]:
    """All objects beneath a name."""
    for one in tree if isinstance(tree, list) else [tree]:
        found = one.get(name, [])
        yield from found if isinstance(found, list) else [found]
