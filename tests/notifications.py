"""Notifications for tests of what takes them."""

from sightline.domain.alerts.notice import AlertState, Notice
from sightline.domain.alerts.notification import Notification, Status
from sightline.domain.alerts.posted import posted
from sightline.domain.alerts.rule import ALERT_NAME
from sightline.domain.labels import Labels


def alone(notice: Notice, receiver: str, external_url: str = "") -> Notification:
    """What a receiver is told of one alert: it is a group of its own, named by its rule."""
    name = notice.alert.labels.get(ALERT_NAME)
    return Notification(
        id=f"{receiver}/{name}/{notice.at}",
        tenant=notice.alert.tenant,
        receiver=receiver,
        group_key=f'{{}}:{{{ALERT_NAME}="{name}"}}',
        group_labels=Labels.of({ALERT_NAME: name}),
        status=Status.RESOLVED if notice.alert.state is AlertState.RESOLVED else Status.FIRING,
        alerts=(posted(notice, generator_url=f"{external_url.rstrip('/')}/ui/alerts" if external_url else ""),),
        at=notice.at,
        external_url=external_url,
    )
