"""Alerts of Opsgenie, by its Alert API: created, acknowledged and closed under one alias a group.

Sources: https://prometheus.io/docs/alerting/latest/configuration/#opsgenie_config,
https://docs.opsgenie.com/docs/alert-api.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from typing_extensions import override

from sightline.adapters.outbound.notifiers.over_http import HttpChannel
from sightline.domain.alerts.clipped import clipped
from sightline.domain.alerts.notification import Notification, Status, incident_key
from sightline.domain.alerts.said import Said, given, groups

URL: Final = "https://api.opsgenie.com/"
MAX_MESSAGE: Final = 130
MAX_DESCRIPTION: Final = 15_000
MAX_NOTE: Final = 25_000
MAX_ENTITY: Final = 512
MAX_SOURCE: Final = 100
MAX_WORD: Final = 50
"""Characters that Opsgenie takes; MAX_WORD: of a tag or an action."""
MAX_DETAILS: Final = 8_000
"""Characters that Opsgenie takes of all details together, names included."""
MAX_TAGS: Final = 20
MAX_ACTIONS: Final = 10
"""How many Opsgenie takes."""

_DEFAULTS: Final[Mapping[str, str]] = MappingProxyType(
    {option: f'{{{{ template "opsgenie.default.{option}" . }}}}' for option in ("message", "description", "source")}
)
_PRIORITIES: Final = frozenset({"P1", "P2", "P3", "P4", "P5"})


class Opsgenie(HttpChannel):
    """Makes one request a notification, or three where `update_alerts` is set and the alert fires.

    options: Alertmanager's. A priority that Opsgenie does not know is left out, rather than that nobody is told.

    Raises:
        SettingsInvalid: on construction, when `api_url` or `http_config` cannot be used.
    """

    ADDRESS = "api_url"
    USUAL = MappingProxyType({"api_url": URL})

    @override
    async def notify(self, notification: Notification) -> None:
        key = self._texts.text(await self._sender.value("api_key"), notification).strip()
        if not key or not key.isprintable():
            raise self._sender.refused("api_key is empty or has more than one line")
        base = f"{(await self._sender.value('api_url')).rstrip('/')}/v2/alerts"
        said = Said(notification, self._texts, self._options, _DEFAULTS)
        for method, path, body in requests(said, update=self._options.get("update_alerts") is True):
            await self._sender.send(f"{base}{path}", body, headers={"Authorization": f"GenieKey {key}"}, method=method)


def requests(said: Said, *, update: bool) -> list[tuple[str, str, dict[str, Any]]]:
    """What is asked for: method, path behind that of all alerts, body. update: whether an alert that is open says what is new."""
    known_as = incident_key(said.notification)
    message = clipped(said("message"), MAX_MESSAGE)
    if said.notification.status is not Status.FIRING:
        what = "close" if said.notification.status is Status.RESOLVED else "acknowledge"
        # Alertmanager sends only the source; the message is what people read in the alert's history.
        note = clipped(said("note") or said("message"), MAX_NOTE)
        body = {"source": clipped(said("source"), MAX_SOURCE), "note": note}
        return [("POST", f"/{known_as}/{what}?identifierType=alias", body)]
    description = clipped(said("description"), MAX_DESCRIPTION)
    priority = said("priority").strip().upper()
    alert = {
        "alias": known_as,
        "message": message or known_as,
        "description": description,
        "source": clipped(said("source"), MAX_SOURCE),
        "details": _details(said),
        **given(
            {
                "responders": _responders(said),
                "tags": _words(said("tags"))[:MAX_TAGS],
                "note": clipped(said("note"), MAX_NOTE),
                "priority": priority if priority in _PRIORITIES else "",
                "entity": clipped(said("entity"), MAX_ENTITY),
                "actions": _words(said("actions"))[:MAX_ACTIONS],
            }
        ),
    }
    found = [("POST", "", alert)]
    if update:
        # Of an alert that is open, creating it again changes neither of the two.
        for field, text in (("message", message or known_as), ("description", description)):
            found.append(("PUT", f"/{known_as}/{field}?identifierType=alias", {field: text}))
    return found


def _details(said: Said) -> dict[str, str]:
    """The labels that all alerts have, and what the settings say, as many as there is room for."""
    own = said.options.get("details")
    every = {
        **dict(said.notification.common_labels),
        **{name: said.of(one) for name, one in (own if isinstance(own, Mapping) else {}).items()},
    }
    room, found = MAX_DETAILS, {}
    for name, text in every.items():
        room -= len(name) + len(text)
        if room < 0:
            found[name] = clipped(text, room + len(text)) if room + len(text) > 0 else ""
            break
        found[name] = text
    return found


def _responders(said: Said) -> list[dict[str, str]]:
    """Who is told; `teams` are several of the type `team` by their names, and one that comes to nothing is left out."""
    found = []
    for one in groups(said.options.get("responders")):
        responder = given({name: said.of(template) for name, template in one.items()})
        kind = responder.pop("type", "").lower()
        if kind == "teams":
            found += [{"name": name, "type": "team"} for name in _words(responder.get("name", ""))]
        elif responder:
            found.append(given({**responder, "type": kind}))
    return found


def _words(text: str) -> list[str]:
    """What commas divide."""
    return [clipped(word.strip(), MAX_WORD) for word in text.split(",") if word.strip()]
