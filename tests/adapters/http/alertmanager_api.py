"""What is sent to Alertmanager's API in tests, and what was taken in."""

from datetime import UTC, datetime
from typing import Any, Final

from tests.adapters.http.stage import NOW, Stage

from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.tenancy import DEFAULT_TENANT
from sightline.domain.timerange import HOUR, SECOND

SILENCE: Final[dict[str, Any]] = {
    "matchers": [{"name": "instance", "value": "db2", "isRegex": False}],
    "startsAt": "2016-11-21T01:00:00Z",
    "endsAt": "2037-11-21T01:00:00Z",
    "createdBy": "lab",
    "comment": "maintenance",
}
ALERTS: Final = [
    {"labels": {"alertname": "DbDown", "instance": "db1", "severity": "critical", "team": "db"}},
    {"labels": {"alertname": "DbDown", "instance": "db2", "severity": "critical", "team": "db", "zone": ""}},
    {
        "labels": {"alertname": "DiskFull", "instance": "db1", "severity": "warning", "team": "db"},
        "annotations": {"summary": "disk full"},
        "generatorURL": "http://src/1",
    },
    {"labels": {"alertname": "Slow", "instance": "w1", "team": "web"}, "endsAt": "2036-11-21T01:00:00.5Z"},
    {
        "labels": {"alertname": "Over", "team": "web"},
        "startsAt": "2016-01-01T00:00:00Z",
        "endsAt": "2016-01-02T00:00:00Z",
    },
    {"labels": {"alertname": "Zero"}, "startsAt": "0001-01-01T00:00:00Z", "endsAt": "0001-01-01T00:00:00Z"},
    {"labels": {"alertname": "Null"}, "annotations": None, "startsAt": None, "endsAt": None, "generatorURL": None},
]


def posted(stage: Stage) -> dict[str, PostedAlert]:
    """What was taken in, by alertname."""
    return {one.labels.get("alertname"): one for one in stage.pipeline.known.get(DEFAULT_TENANT, {}).values()}


def instant(at: int) -> str:
    """An instant as it is sent."""
    return datetime.fromtimestamp(at / SECOND, UTC).isoformat()


def silence(**changes: Any) -> dict[str, Any]:
    """A silence as it is sent, of one hour from now."""
    return {**SILENCE, "startsAt": instant(NOW), "endsAt": instant(NOW + HOUR), **changes}
