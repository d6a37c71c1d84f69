"""Alerts that Grafana tells a webhook: in Alertmanager's words, or in those of its dashboard alerts before version 11.

Source: Grafana's documentation of its webhook notifier, of unified alerting and of legacy alerting.
"""

from typing import Any, Final

import msgspec

from sightline.adapters.wire import webhook_alertmanager
from sightline.adapters.wire.fields import decode
from sightline.adapters.wire.hooked import Arrival, Hooked, Said, taken
from sightline.adapters.wire.webhook_alertmanager import HookAlert, hooked
from sightline.domain.alerts.rule import ALERT_NAME
from sightline.domain.alerts.treatment import Treatment
from sightline.domain.errors import InvalidField

_STATES: Final = {"alerting": True, "ok": False, "paused": False}
"""What states of a dashboard's alert mean: that it fires, or not."""
_NO_DATA: Final = "no_data"
_PENDING: Final = "pending"
_MOST_VALUES: Final = 20
_EXPECTED: Final = {
    **webhook_alertmanager.EXPECTED,
    **dict.fromkeys(("state", "ruleName", "ruleUrl", "title", "message", "imageUrl", "metric"), "a text"),
    "tags": "names with texts",
    "evalMatches": "a list of values",
    "value": "a number",
    "ruleId": "a whole number",
}


class _Match(msgspec.Struct, gc=False):
    """A value that made a rule fire."""

    metric: str | None = None
    value: float | None = None


class _Hook(msgspec.Struct, gc=False):
    """A notification as it is sent, of either kind."""

    alerts: list[HookAlert] | None = None
    status: str | None = None
    truncatedAlerts: int | None = None  # noqa: N815 - Grafana's name
    state: str | None = None
    ruleId: int | None = None  # noqa: N815 - likewise
    ruleName: str | None = None  # noqa: N815 - likewise
    ruleUrl: str | None = None  # noqa: N815 - likewise
    title: str | None = None
    message: str | None = None
    imageUrl: str | None = None  # noqa: N815 - likewise
    tags: dict[str, str] | None = None
    evalMatches: list[_Match] | None = None  # noqa: N815 - likewise


_DECODER: Final = msgspec.json.Decoder(_Hook)


def read_grafana(body: bytes, arrival: Arrival) -> Hooked:
    """What a notification brings, all of it or nothing.

    Raises:
        MalformedBody: no JSON.
        InvalidField: a field is missing or has the wrong form.
        BadData: there are too many alerts.
    """
    hook = decode(_DECODER, body, _EXPECTED)
    if hook.alerts is not None:
        return hooked(hook.alerts, hook.status, hook.truncatedAlerts, arrival)
    if hook.state is None:
        raise InvalidField("alerts: is missing, and so is the state of an alert of a dashboard", field="alerts")
    return _of_dashboard(hook, hook.state, arrival)


def _of_dashboard(hook: _Hook, state: str, arrival: Arrival) -> Hooked:
    """One alert a rule: what fires it is told when it begins, and nothing of it when it ends."""
    is_firing = _STATES.get(state)
    if state == _PENDING or (state == _NO_DATA and arrival.no_data is Treatment.KEEP):
        return Hooked()
    if state == _NO_DATA:
        is_firing = arrival.no_data is Treatment.ALERT
    if is_firing is None:
        known = ", ".join((*_STATES, _PENDING, _NO_DATA))
        raise InvalidField(f"state: wants one of {known}, not {state[:80]!a}", field="state")
    if not hook.ruleName:
        raise InvalidField("ruleName: is missing", field="ruleName")
    labels = {**(hook.tags or {}), ALERT_NAME: hook.ruleName}
    if hook.ruleId is not None:
        labels.setdefault("rule_id", str(hook.ruleId))
    return Hooked(
        [taken(Said(labels, _annotations(hook, state), is_firing, url=hook.ruleUrl or ""), "the alert", arrival)]
    )


def _annotations(hook: _Hook, state: str) -> dict[str, str]:
    values = ", ".join(
        f"{one.metric or 'value'}={'null' if one.value is None else f'{one.value:g}'}"
        for one in (hook.evalMatches or ())[:_MOST_VALUES]
    )
    found: dict[str, Any] = {
        "summary": hook.title,
        "description": hook.message,
        "valueString": values,
        "imageURL": hook.imageUrl,
        "state": state,
    }
    return {name: text for name, text in found.items() if text}
