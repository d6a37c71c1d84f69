"""What the radar found, over HTTP."""

import httpx
import pytest
from tests.adapters.http.stage import NOW, Stage

from sightline.application.radar import Judged, RuleName, Sweep
from sightline.domain.alerts.radar import Habit, Reason, Suspect
from sightline.domain.errors import SightlineError, Unavailable
from sightline.domain.labels import Labels
from sightline.domain.promql.places import Place
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import DAY, TimeRange

WINDOW = TimeRange(NOW - 7 * DAY, NOW)
SUSPECT = Suspect(
    Reason.SELECTOR_MATCHES_NOTHING,
    'up{job="nodes"}',
    Place.NEEDED,
    matches=False,
    metric_exists=True,
    matcher='job="nodes"',
    nearest=("node",),
    last_seen=NOW - DAY,
)
FLAPS = Habit(Reason.FLAPS, WINDOW, 0.123456, 12, Labels.of(room="a"))


async def test_findings_stand_with_their_rule(client: httpx.AsyncClient, stage: Stage) -> None:
    """Rules of files and of the catalog are named as where rules are listed; those of which nothing is found are left out."""
    stage.sweep = Sweep(
        WINDOW,
        4,
        (
            Judged(RuleName("a.yml", "g", 0, "A"), is_recording=False, findings=(SUSPECT,), yields_nothing=True),
            Judged(RuleName("a.yml", "g", 1, "r"), is_recording=True, findings=()),
            Judged(RuleName("a.yml", "g", 2, "s"), is_recording=True, findings=(), problem="1:1: parse error"),
            Judged(
                RuleName("", "", 0, "B"), is_recording=False, findings=(FLAPS, Habit(Reason.NEVER_FIRED, WINDOW, 0.0))
            ),
        ),
    )
    answer = await client.get("/api/v1/radar", headers={"X-Scope-OrgID": "other"})
    assert answer.status_code == 200
    assert "warnings" not in answer.json()
    found = answer.json()["data"]
    assert {name: found[name] for name in ("start", "end", "rules", "looked", "partial")} == {
        "start": "2025-11-14T04:40:00.123Z",
        "end": "2025-11-21T04:40:00.123Z",
        "rules": 4,
        "looked": 4,
        "partial": False,
    }
    first, second, third = found["found"]
    assert first == {
        "file": "a.yml",
        "group": "g",
        "name": "A",
        "type": "alerting",
        "yieldsNothing": True,
        "findings": [
            {
                "reason": "selector_matches_nothing",
                "message": (
                    'up{job="nodes"} matches no series: job="nodes" excludes all there are; nearest: node;'
                    " its last sample came at 2025-11-20T04:40:00Z"
                ),
                "selector": 'up{job="nodes"}',
                "place": "needed",
                "matches": False,
                "metricExists": True,
                "matcher": 'job="nodes"',
                "nearest": ["node"],
                "lastSeen": "2025-11-20T04:40:00.123Z",
            }
        ],
    }
    assert (second["name"], second["type"], second["problem"]) == ("s", "recording", "1:1: parse error")
    assert (third["file"], third["group"], third["name"]) == ("catalog", "alerts", "B")
    assert third["findings"][0] == {
        "reason": "flaps",
        "message": 'its alert {room="a"} ended 12 times within a day',
        "start": "2025-11-14T04:40:00.123Z",
        "share": 0.1235,
        "ends": 12,
        "labels": {"room": "a"},
    }
    ((_, principal, window),) = stage.calls
    assert (principal.tenant, window) == (Tenant("other"), None)


async def test_rules_that_were_left_out_are_warned_of(client: httpx.AsyncClient, stage: Stage) -> None:
    """With how many, and the setting that gives more time."""
    stage.sweep = Sweep(WINDOW, 3, (Judged(RuleName("", "", 0, "B"), is_recording=False, findings=()),))
    answer = (await client.get("/api/v1/radar", params={"window": "14d"})).json()
    assert (answer["data"]["partial"], answer["data"]["found"]) == (True, [])
    assert answer["warnings"] == ["1 of 3 rules were looked at within 30s: raise rules.radar_timeout to see the rest"]
    assert stage.calls[-1][-1] == 14 * DAY


@pytest.mark.parametrize(("error", "status"), [(Unavailable("the store is away"), 503)])
async def test_what_cannot_be_looked_at_is_refused(
    client: httpx.AsyncClient, stage: Stage, error: SightlineError, status: int
) -> None:
    """A store that is away, and a window that is none."""
    assert (await client.get("/api/v1/radar", params={"window": "soon"})).status_code == 400
    stage.fails = error
    assert (await client.get("/api/v1/radar")).status_code == status
