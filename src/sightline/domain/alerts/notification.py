"""What one receiver is told about one group of alerts.

Source: https://prometheus.io/docs/alerting/latest/notifications/.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache, reduce
from hashlib import sha256
from typing import Final

from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.labels import Labels
from sightline.domain.tenancy import DEFAULT_TENANT, Tenant

_FNV_OFFSET: Final = 0xCBF29CE484222325
_FNV_PRIME: Final = 0x100000001B3
_BITS: Final = 0xFFFFFFFFFFFFFFFF


class Status(StrEnum):
    """What a notification says of its group: that some of it fires, that none of it does, or that it fires but people know."""

    FIRING = "firing"
    RESOLVED = "resolved"
    ACKNOWLEDGED = "acknowledged"


class Because(StrEnum):
    """What happened that a receiver is told of, in Alertmanager's words where it has any."""

    FIRST = "first notification"
    NEW_ALERTS = "new alerts added"
    SOME_RESOLVED = "some alerts resolved"
    ALL_RESOLVED = "all alerts resolved"
    REPEATED = "repeat interval elapsed"
    MUTED = "alerts muted"
    UNMUTED = "alerts no longer muted"


@dataclass(frozen=True, slots=True)
class Notification:
    """What a receiver is told, through one of the ways to it.

    id: the same at every attempt to deliver it, and another for every other notification. group_key: names the group for good, so
    that receivers can tell later ones belong together. alerts: at least one, those of `job` and `instance` beside each other. at:
    wall time, ms. external_url: where people reach this program, empty where nobody said. because: what happened, None where
    nothing did.
    """

    id: str
    tenant: Tenant
    receiver: str
    group_key: str
    group_labels: Labels
    status: Status
    alerts: tuple[PostedAlert, ...]
    at: int
    external_url: str = ""
    because: Because | None = None

    @property
    def firing(self) -> tuple[PostedAlert, ...]:
        """Those of its alerts that fire."""
        return tuple(alert for alert in self.alerts if not alert.has_ended(self.at))

    @property
    def resolved(self) -> tuple[PostedAlert, ...]:
        """Those of its alerts that fire no longer."""
        return tuple(alert for alert in self.alerts if alert.has_ended(self.at))

    @property
    def common_labels(self) -> Labels:
        """The labels that all its alerts have."""
        return _common(alert.labels for alert in self.alerts)

    @property
    def common_annotations(self) -> Labels:
        """The annotations that all its alerts have."""
        return _common(alert.annotations for alert in self.alerts)


@lru_cache(32_768)
def fingerprint(labels: Labels) -> str:
    """What Alertmanager calls an alert by: 64-bit FNV-1a over names and values, each followed by 0xff, in hexadecimal."""
    digest = _FNV_OFFSET
    for pair in labels:
        for text in pair:
            for byte in (*text.encode(), 0xFF):
                digest = (digest ^ byte) * _FNV_PRIME & _BITS
    return f"{digest:016x}"


def incident_key(notification: Notification) -> str:
    """What services know a group by: SHA-256 of its key in hexadecimal.

    It is Alertmanager's, so that an incident that is open stays the same when Sightline takes over, except of tenants besides the
    usual one, whose groups may have the same key.
    """
    tenant = "" if notification.tenant == DEFAULT_TENANT else f"{notification.tenant}\0"
    return sha256(f"{tenant}{notification.group_key}".encode()).hexdigest()


def in_order(alerts: Iterable[PostedAlert]) -> tuple[PostedAlert, ...]:
    """Alerts in the order in which a notification has them: by job, then instance, those without one last, then all labels."""
    return tuple(sorted(alerts, key=_place))


def _place(alert: PostedAlert) -> tuple[bool, str, bool, str, Labels]:
    job, instance = alert.labels.get("job"), alert.labels.get("instance")
    return not job, job, not instance, instance, alert.labels


def _common(sets: Iterable[Labels]) -> Labels:
    found = reduce(lambda all_of, one: all_of & one, (frozenset(each) for each in sets))
    return Labels(sorted(found))
