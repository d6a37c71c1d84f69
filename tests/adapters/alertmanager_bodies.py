"""Notifications of which Alertmanager made bodies."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sightline.adapters.outbound.notifiers.webhook import NEVER
from sightline.domain.alerts.notification import Notification, Status, in_order
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.labels import Labels
from sightline.domain.tenancy import Tenant


def notified(body: dict[str, Any], at: int) -> Notification:
    """The notification of which Alertmanager made a body, with alerts in place of those that it left out."""

    def instant(text: str) -> int:
        return round(datetime.fromisoformat(text).timestamp() * 1_000)

    alerts = [
        PostedAlert(
            Tenant("team-a"),
            Labels.of(one["labels"]),
            Labels.of(one["annotations"]),
            instant(one["startsAt"]),
            None if one["endsAt"] == NEVER else instant(one["endsAt"]),
            at,
            generator_url=one["generatorURL"],
        )
        for one in body["alerts"]
    ]
    left_out = [replace(alerts[0], labels=Labels.of(zz=str(number))) for number in range(body["truncatedAlerts"])]
    return Notification(
        id="1",
        tenant=Tenant("team-a"),
        receiver=body["receiver"],
        group_key=body["groupKey"],
        group_labels=Labels.of(body["groupLabels"]),
        status=Status(body["status"]),
        alerts=(*in_order(alerts), *left_out),
        at=at,
        external_url=body["externalURL"],
    )
