"""Alerts that an Alertmanager, or Grafana in its words, tells a webhook.

Sources: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config, version 4, and Grafana's documentation of its
webhook notifier, which adds fields; what these say becomes annotations of the same names.
"""

from typing import Final

import msgspec

from sightline.adapters.wire.fields import decode
from sightline.adapters.wire.hooked import FIRING, RESOLVED, Arrival, Hooked, Said, check_count, instant, taken
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.errors import InvalidField

_FURTHER: Final = ("valueString", "silenceURL", "dashboardURL", "panelURL", "imageURL")
EXPECTED: Final = {
    "alerts": "a list of alerts",
    "labels": "names with texts",
    "annotations": "names with texts",
    **dict.fromkeys(("status", "startsAt", "endsAt", "generatorURL", *_FURTHER), "a text"),
    "truncatedAlerts": "a whole number",
}
"""What fields want, in words."""


class HookAlert(msgspec.Struct, gc=False):
    """An alert as it is sent."""

    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    status: str | None = None
    startsAt: str | None = None  # noqa: N815 - Alertmanager's name
    endsAt: str | None = None  # noqa: N815 - likewise
    generatorURL: str | None = None  # noqa: N815 - likewise
    valueString: str | None = None  # noqa: N815 - Grafana's name
    silenceURL: str | None = None  # noqa: N815 - likewise
    dashboardURL: str | None = None  # noqa: N815 - likewise
    panelURL: str | None = None  # noqa: N815 - likewise
    imageURL: str | None = None  # noqa: N815 - likewise


class _Hook(msgspec.Struct, gc=False):
    """A notification as it is sent."""

    alerts: list[HookAlert] | None
    status: str | None = None
    truncatedAlerts: int | None = None  # noqa: N815 - Alertmanager's name


_DECODER: Final = msgspec.json.Decoder(_Hook)


def read_hook(body: bytes, arrival: Arrival) -> Hooked:
    """What a notification brings, all of it or nothing.

    Raises:
        MalformedBody: no JSON.
        InvalidField: a field is missing or has the wrong form.
        BadData: there are too many alerts.
    """
    hook = decode(_DECODER, body, EXPECTED)
    return hooked(hook.alerts or (), hook.status, hook.truncatedAlerts, arrival)


def hooked(written: list[HookAlert] | tuple[()], status: str | None, truncated: int | None, arrival: Arrival) -> Hooked:
    """What alerts come to. status: of those that do not say theirs. truncated: how many the sender left out.

    Raises:
        InvalidField, BadData: likewise.
    """
    check_count(len(written), arrival.bounds)
    alerts = [_posted(one, status, f"alerts[{number}]", arrival) for number, one in enumerate(written)]
    return Hooked(alerts, max(0, truncated or 0))


def _posted(written: HookAlert, status: str | None, path: str, arrival: Arrival) -> PostedAlert:
    status = written.status or status
    if status not in {FIRING, RESOLVED}:
        message = f"{path}.status: wants {FIRING} or {RESOLVED}, not {(status or '')[:80]!a}"
        raise InvalidField(message, field=f"{path}.status")
    further = {name: text for name in _FURTHER if (text := getattr(written, name))}
    # The end of an alert that fires is when its sender would take it to have ended, without telling.
    ends_at = instant(written.endsAt, f"{path}.endsAt")
    said = Said(
        written.labels,
        {**further, **(written.annotations or {})},
        status == FIRING,
        instant(written.startsAt, f"{path}.startsAt"),
        None if status == FIRING else ends_at,
        written.generatorURL or "",
    )
    return taken(said, path, arrival)
