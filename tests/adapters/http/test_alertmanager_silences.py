"""Silences by Alertmanager's API: windows in which they recur, and what becomes of them by edits."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from tests.adapters.http.alertmanager_api import SILENCE, instant, silence
from tests.adapters.http.real_alertmanager import alertmanager
from tests.adapters.http.stage import Stage

from sightline.domain.timerange import HOUR, MINUTE, SECOND

_EDITS: Final[tuple[dict[str, Any], ...]] = (
    {"comment": "other"},
    {"endsAt": 2},
    {"matchers": [{"name": "a", "value": "b.*", "isRegex": True}]},
    {"startsAt": -1},
    {"startsAt": 1, "endsAt": 3},
    {"startsAt": 2},
    {"matchers": [{"name": "c", "value": "d", "isRegex": False, "isEqual": True}]},
    {"createdBy": "bob"},
    {"startsAt": -1},
    {"expire": True},
    {"comment": "again"},
    {"startsAt": 1, "endsAt": 3},
    {"expire": True},
)
"""One after another, of the same silence; times are hours from now."""


async def test_a_silence_recurs(client: httpx.AsyncClient, stage: Stage) -> None:
    """A silence of windows has no end of its own, silences within them alone, and stays so when it is edited by who knows none."""
    windows = [
        {"weekdays": ["sunday"], "times": [{"start_time": "02:00", "end_time": "04:00"}], "location": "Europe/Berlin"}
    ]
    # The first Sunday after: 2025-11-23, one hour ahead of UTC.
    sunday = int(datetime(2025, 11, 23, 1, 30, tzinfo=UTC).timestamp()) * SECOND
    await client.post(
        "/api/v2/alerts", json=[{"labels": {"instance": "db2"}, "endsAt": instant(sunday + 30 * 24 * HOUR)}]
    )
    made = {**silence(recurrence=windows), "endsAt": None}
    silence_id = (await client.post("/api/v2/silences", json=made)).json()["silenceID"]
    shown = (await client.get(f"/api/v2/silence/{silence_id}")).json()
    assert (shown["status"], shown["recurrence"]) == ({"state": "pending"}, windows)
    for week in range(3):
        for offset, state in ((-31 * MINUTE, "active"), (0, "suppressed"), (2 * HOUR, "active")):
            stage.clock.jump(sunday + week * 7 * 24 * HOUR + offset - stage.clock.now())
            (alert,) = (await client.get("/api/v2/alerts")).json()
            assert alert["status"]["state"] == state, (week, offset)
    edit = {name: shown[name] for name in ("id", "matchers", "startsAt", "endsAt", "createdBy")} | {"comment": "new"}
    assert (await client.post("/api/v2/silences", json=edit)).json()["silenceID"] == silence_id
    again = (await client.get(f"/api/v2/silence/{silence_id}")).json()
    assert (again["comment"], again["recurrence"], again["endsAt"]) == ("new", windows, shown["endsAt"])
    without = await client.post("/api/v2/silences", json={**edit, "recurrence": []})
    assert without.json()["silenceID"] == silence_id
    assert "recurrence" not in (await client.get(f"/api/v2/silence/{silence_id}")).json()


@pytest.mark.parametrize(
    ("windows", "said"),
    [
        ([{"weekdays": ["funday"]}], "recurrence[0].weekdays: 'funday' is none of"),
        ([{}, {"times": [{"start_time": "04:00", "end_time": "02:00"}]}], "recurrence[1].times: start_time 04:00"),
        ([{"location": "Atlantis"}], "recurrence[0].location: 'Atlantis' is no time zone"),
        ([{"years": ["2026"] * 101}], "recurrence[0].years: 101 ranges"),
        ([{}] * 101, "recurrence has 101 intervals"),
    ],
)
async def test_windows_that_cannot_be_are_refused(client: httpx.AsyncClient, windows: Any, said: str) -> None:
    """The message leads to what is wrong with a window."""
    answer = await client.post("/api/v2/silences", json=silence(recurrence=windows))
    assert answer.status_code == 400
    assert said in answer.json()


async def test_windows_have_known_fields_alone(client: httpx.AsyncClient) -> None:
    """A field of a window that is misspelt is not passed over, for it would silence more."""
    answer = await client.post("/api/v2/silences", json=silence(recurrence=[{"weekday": ["sunday"]}]))
    assert (answer.status_code, answer.json()["code"]) == (400, 400)
    assert "weekday" in answer.json()["message"]


async def edits(asked: httpx.AsyncClient, sync: Callable[[], object]) -> list[Any]:
    """What becomes of a silence by all edits: whether each leaves it its id, and then the states of all there are."""
    now = time.time()
    silence_id = ""
    told: list[Any] = []
    given = {**SILENCE, "startsAt": instant(int(now * SECOND)), "endsAt": instant(int(now + 3600) * SECOND)}
    for changes in ({}, *_EDITS):
        sync()
        if "expire" in changes:
            assert (await asked.delete(f"/api/v2/silence/{silence_id}")).status_code == 200
        else:
            given |= {"id": silence_id}
            given |= {
                name: instant(int((now + 3600 * value) * SECOND)) if name.endswith("At") else value
                for name, value in changes.items()
            }
            answer = await asked.post("/api/v2/silences", json=given)
            assert answer.status_code == 200, (changes, answer.text)
            found = answer.json()["silenceID"]
            told.append((changes, "the same" if found == silence_id else "another"))
            silence_id = found
            shown = (await asked.get(f"/api/v2/silence/{silence_id}")).json()
            given |= {"startsAt": shown["startsAt"]}
        await passed()
        sync()
        silences = (await asked.get("/api/v2/silences")).json()
        told.append(sorted((one["status"]["state"], one["comment"], one["createdBy"]) for one in silences))
        told += [one["startsAt"] == one["endsAt"] for one in silences if one["id"] == silence_id]
    return told


async def passed() -> None:
    """Return when a few milliseconds are over, for a silence that ends is over only after that instant."""
    last = time.monotonic() + 0.003
    while time.monotonic() < last:  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(0)


async def test_edits_have_the_outcome_that_they_have_there(
    client: httpx.AsyncClient, stage: Stage, require_binary: Callable[[str, str], str], tmp_path: Path
) -> None:
    """Each edit leaves a silence the same or makes another, as with a real Alertmanager."""
    program = require_binary("prometheus-alertmanager", "prometheus-alertmanager")
    with alertmanager(program, tmp_path) as address:
        async with httpx.AsyncClient(base_url=address) as real:
            theirs = await edits(real, lambda: None)
    ours = await edits(client, lambda: stage.clock.jump(time.time_ns() // 1_000_000 - stage.clock.now()))
    assert ours == theirs
