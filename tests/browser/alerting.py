"""Alerts on their way to people, as tests have the server tell of them."""

from typing import Any

from playwright.sync_api import Page
from tests.browser.answers import ago, answer

SILENCE = "5b1c3c0e-8a44-4c5e-9d1f-2f6f0a7c9e11"
# What Alertmanager calls an alert of these labels by.
LAGGING = {"alertname": "ReplicaLags", "instance": "db-2", "severity": "warning", "team": "db"}
FINGERPRINT = "0f1e6f0b9b92f97d"


def told_alert(labels: dict[str, str], receiver: str = "db", **held: list[str]) -> dict[str, Any]:
    """An alert that the pipeline knows; silencedBy, inhibitedBy and mutedBy hold it."""
    status = {"silencedBy": [], "inhibitedBy": [], "mutedBy": [], **held}
    return {
        "labels": labels,
        "annotations": {"summary": f"{labels.get('instance', '')} lags behind"},
        "fingerprint": FINGERPRINT,
        "startsAt": ago(600),
        "endsAt": ago(-300),
        "updatedAt": ago(1),
        "generatorURL": "http://prometheus.example.org/graph",
        "receivers": [{"name": receiver}],
        "status": {"state": "suppressed" if held else "active", **status},
    }


def group(*alerts: dict[str, Any], receiver: str = "db", **labels: str) -> dict[str, Any]:
    """Alerts that are told together."""
    return {"labels": labels, "receiver": {"name": receiver}, "alerts": list(alerts)}


def channel(key: str, **parts: Any) -> dict[str, Any]:
    """A channel that was told, or differs in some parts."""
    return {
        "channel": key,
        "kind": "slack",
        "told": True,
        "reason": "nothing_new",
        "by": [],
        "lastToldAt": ago(120),
        "owed": False,
        "problem": "",
        **parts,
    }


def answer_why(page: Page, alert: dict[str, Any], *channels: dict[str, Any]) -> None:
    """Let the alert go through a tree of routes to these channels."""
    routes = [
        {"route": "{}", "receiver": "all", "reason": "passed_on_to_routes_beneath", "failed": None},
        {"route": '{team="web"}', "receiver": "web", "reason": "matcher_not_satisfied", "failed": 'team="web"'},
        {"route": '{team="db"}', "receiver": "db", "reason": "taken", "failed": None},
    ]
    its = {"key": "k", "labels": {"team": "db"}, "receiver": "db", "nextLookAt": ago(-30), "channels": list(channels)}
    why = {"alert": alert, "routes": routes, "groups": [its]}
    answer(page, "**/api/v1/notices/why*", {"status": "success", "data": why})


def silence(comment: str, state: str = "active", **parts: Any) -> dict[str, Any]:
    """A silence of the team db, from an hour ago to an hour from now, or with other parts."""
    return {
        "id": SILENCE,
        "status": {"state": state},
        "updatedAt": ago(3_600),
        "comment": comment,
        "createdBy": "ada",
        "startsAt": ago(3_600),
        "endsAt": ago(-3_600),
        "matchers": [{"name": "team", "value": "db", "isRegex": False, "isEqual": True}],
        **parts,
    }


def answer_silences(page: Page, silences: list[dict[str, Any]]) -> None:
    """Let there be these silences."""
    answer(page, "**/api/v2/silences*", silences)


def notice(reason: str, seconds: float, *, told: bool, **parts: Any) -> dict[str, Any]:
    """A decision about a channel so many seconds ago."""
    return {
        "at": ago(seconds),
        "receiver": "db",
        "channel": "db/slack/0",
        "kind": "slack",
        "told": told,
        "reason": reason,
        "attempts": 1,
        "problem": "",
        "groupKey": "k",
        "groupLabels": {"team": "db"},
        "alerts": [LAGGING],
        "id": f"{reason} {seconds}",
        **parts,
    }


def answer_notices(page: Page, notices: list[dict[str, Any]]) -> None:
    """Let these decisions have been made."""
    answer(page, "**/api/v1/notices?*", {"status": "success", "data": {"notices": notices}})


def receiver_channel(key: str, **parts: Any) -> dict[str, Any]:
    """A channel that works, or differs in some parts."""
    return {
        "key": key,
        "kind": "slack",
        "circuit": "closed",
        "owed": 0,
        "problem": "",
        "sendsResolved": True,
        "whenMuted": "hold",
        **parts,
    }


def answer_receivers(page: Page, receivers: dict[str, list[dict[str, Any]]]) -> None:
    """Let there be these receivers with their channels, and a configuration."""
    found = [{"name": name, "channels": its} for name, its in receivers.items()]
    answer(page, "**/api/v1/receivers", {"status": "success", "data": {"receivers": found}})
    answer(page, "**/api/v2/status", {"config": {"original": "route:\n  receiver: db\n"}})
