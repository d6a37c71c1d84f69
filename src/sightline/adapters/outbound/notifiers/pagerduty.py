"""Alerts as incidents of PagerDuty: the Events API, version 2, or version 1 where a service key is given.

Sources: https://prometheus.io/docs/alerting/latest/configuration/#pagerduty_config,
https://developer.pagerduty.com/docs/events-api-v2-overview, https://developer.pagerduty.com/docs/events-api-v1-overview.
"""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

import msgspec
from typing_extensions import override

from sightline.adapters.outbound.notifiers.over_http import TRY_AGAIN, HttpChannel, Outgoing
from sightline.domain.alerts.clipped import clipped, clipped_json
from sightline.domain.alerts.notice_texts import NoticeTexts
from sightline.domain.alerts.notification import Notification, Status, incident_key
from sightline.domain.alerts.receiver import Options
from sightline.domain.alerts.said import Said, given, groups

V2_URL: Final = "https://events.pagerduty.com/v2/enqueue"
V1_URL: Final = "https://events.pagerduty.com/generic/2010-04-15/create_event.json"
MAX_DESCRIPTION: Final = 1_024
"""Characters of a description, and of any other text beside the details."""
MAX_EVENT: Final = 512_000
"""Bytes of an event; details are cut where they do not fit."""
DETAILS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "firing": '{{ template "pagerduty.default.instances" .Alerts.Firing }}',
        "resolved": '{{ template "pagerduty.default.instances" .Alerts.Resolved }}',
        "num_firing": "{{ .Alerts.Firing | len }}",
        "num_resolved": "{{ .Alerts.Resolved | len }}",
    }
)
"""Details that are told unless settings have one of the same name."""

_DEFAULTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "description": '{{ template "pagerduty.default.description" .}}',
        "client": '{{ template "pagerduty.default.client" . }}',
        "client_url": '{{ template "pagerduty.default.clientURL" . }}',
        "severity": "error",
    }
)
_EVENTS: Final = {Status.FIRING: "trigger", Status.ACKNOWLEDGED: "acknowledge", Status.RESOLVED: "resolve"}
_SEVERITIES: Final = frozenset({"critical", "error", "warning", "info"})
_NOT_NOW_V1: Final = TRY_AGAIN | {HTTPStatus.FORBIDDEN}
_LEAST_DETAIL: Final = 5
_AROUND: Final = 8
"""Bytes of JSON around a name and a value."""


class PagerDuty(HttpChannel):
    """Sends one event a notification; all events of a group are one incident.

    options: Alertmanager's. A severity that PagerDuty does not know becomes `error`, rather than that nobody is told. v1_url: where
    events of version 1 go, for which no setting exists.

    Raises:
        SettingsInvalid: on construction, when `url` or `http_config` cannot be used.
    """

    ADDRESS = "url"
    USUAL = MappingProxyType({"url": V2_URL})

    def __init__(
        self, options: Options, texts: NoticeTexts, *, name: str, http: Outgoing, v1_url: str = V1_URL
    ) -> None:
        self._v1_url = v1_url if options.get("service_key") or options.get("service_key_file") else ""
        try_again = _NOT_NOW_V1 if self._v1_url else TRY_AGAIN
        super().__init__(options, texts, name=name, http=http, try_again=try_again)

    @override
    async def notify(self, notification: Notification) -> None:
        option = "service_key" if self._v1_url else "routing_key"
        key = self._texts.text(await self._sender.value(option), notification).strip()
        if not key:
            raise self._sender.refused(f"{option} is empty")
        said = Said(notification, self._texts, self._options, _DEFAULTS)
        if self._v1_url:
            await self._sender.send(self._v1_url, event_v1(said, key))
        else:
            await self._sender.send(await self._sender.value("url"), event_v2(said, key))


def event_v2(said: Said, key: str) -> dict[str, Any]:
    """An event of version 2. key: of the integration."""
    client = _short(said, "client")
    severity = _short(said, "severity").lower()
    payload = {
        "summary": _short(said, "description"),
        "source": _short(said, "source") or client,
        "severity": severity if severity in _SEVERITIES else "error",
        **given({option: _short(said, option) for option in ("class", "component", "group")}),
    }
    event = {
        "routing_key": key,
        "dedup_key": incident_key(said.notification),
        "event_action": _EVENTS[said.notification.status],
        "payload": payload,
        **given({"client": client, "client_url": _short(said, "client_url")}),
        **given({"images": _each(said, "images", "src"), "links": _each(said, "links", "href")}),
    }
    payload["custom_details"] = _details(said, len(msgspec.json.encode(event)))
    return event


def event_v1(said: Said, key: str) -> dict[str, Any]:
    """An event of version 1. key: of the service."""
    event = {
        "service_key": key,
        "incident_key": incident_key(said.notification),
        "event_type": _EVENTS[said.notification.status],
        "description": _short(said, "description"),
        **given({"client": _short(said, "client"), "client_url": _short(said, "client_url")}),
    }
    event["details"] = _details(said, len(msgspec.json.encode(event)))
    return event


def _details(said: Said, taken: int) -> dict[str, str]:
    """Details by name, each with its share of the room. taken: bytes of the rest of the event."""
    own = said.options.get("details")
    templates = {**DETAILS, **(own if isinstance(own, Mapping) else {})}
    names = len(msgspec.json.encode(["custom_details", *templates])) + _AROUND * len(templates)
    share = (MAX_EVENT - taken - names) // len(templates)
    if share < _LEAST_DETAIL:
        return {}
    return {name: clipped_json(said.of(template), share) for name, template in templates.items()}


def _each(said: Said, option: str, needed: str) -> list[dict[str, str]]:
    """Images or links, but those whose address comes to nothing."""
    every = (
        {name: clipped(said.of(one), MAX_DESCRIPTION) for name, one in each.items()}
        for each in groups(said.options.get(option))
    )
    return [given(one) for one in every if one.get(needed)]


def _short(said: Said, option: str) -> str:
    return clipped(said(option), MAX_DESCRIPTION)
