"""A notification that tells people nothing but that they would be told."""

from typing import Final

from sightline.domain.alerts.notification import Notification, Status
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.alerts.rule import ALERT_NAME
from sightline.domain.labels import Labels
from sightline.domain.tenancy import DEFAULT_TENANT, Tenant

TRIAL: Final = "SightlineTest"
"""What the alert of a trial is called."""


def trial(receiver: str, at: int, *, tenant: Tenant = DEFAULT_TENANT, external_url: str = "") -> Notification:
    """A test notice to a receiver, as every channel takes it: one alert fires, which no rule and no program made.

    at: wall time in ms; another one makes another notification.
    """
    labels = Labels.of({ALERT_NAME: TRIAL, "severity": "info"})
    annotations = Labels.of(
        summary=f"This is a test of the receiver {receiver}",
        description="Nothing is wrong: somebody wanted to know whether notices arrive.",
    )
    link = f"{external_url.rstrip('/')}/ui/alerts" if external_url else ""
    alert = PostedAlert(tenant, labels, annotations, at, None, at, generator_url=link)
    return Notification(
        id=f"{receiver}/{TRIAL}/{at}",
        tenant=tenant,
        receiver=receiver,
        group_key=f'{{}}:{{{ALERT_NAME}="{TRIAL}"}}',
        group_labels=Labels.of({ALERT_NAME: TRIAL}),
        status=Status.FIRING,
        alerts=(alert,),
        at=at,
        external_url=external_url,
    )
