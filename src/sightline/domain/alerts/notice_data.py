"""What templates of notices look at: Alertmanager's data of a notification.

Source: https://prometheus.io/docs/alerting/latest/notifications/.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar, Final

from typing_extensions import override

from sightline.domain.alerts.go_time import ZERO, Moment
from sightline.domain.alerts.go_values import Function, Items, Record, Texts, Typed, type_name
from sightline.domain.alerts.notification import Notification, Status, fingerprint
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.errors import Unprocessable
from sightline.domain.labels import Labels

_FIRST_NAME: Final = "alertname"
_SPECIAL: Final = re.compile(r"[\\.+*?()|\[\]{}^$]")


@dataclass(frozen=True, slots=True)
class Pair(Record):
    """A label or annotation."""

    GO_TYPE: ClassVar[str] = "template.Pair"

    name: str
    value: str

    @override
    def fields(self) -> Mapping[str, object]:
        return {"Name": self.name, "Value": self.value}


class Pairs(Items):
    """Labels or annotations in their order."""

    GO_TYPE: ClassVar[str] = "template.Pairs"
    METHODS: ClassVar[Mapping[str, Function]] = MappingProxyType(
        {
            "Names": Function(lambda it: Items(pair.name for pair in it), 0, 0),
            "Values": Function(lambda it: Items(pair.value for pair in it), 0, 0),
        }
    )


class KV(Typed, Texts):
    """Labels or annotations by their names."""

    GO_TYPE: ClassVar[str] = "template.KV"

    def pairs(self) -> Pairs:
        """In order of their names, but that of the alert comes first."""
        names = sorted(self, key=lambda name: (name != _FIRST_NAME, name))
        return Pairs(Pair(name, self[name]) for name in names)

    def without(self, names: object) -> "KV":
        """Those whose names are not among these.

        Raises:
            Unprocessable: these are no list.
        """
        if type(names) is not Items:
            raise Unprocessable(f"wrong type for value; expected []string; got {type_name(names)}")
        unwanted = frozenset(names)
        return KV((name, value) for name, value in self.items() if name not in unwanted)

    METHODS: ClassVar[Mapping[str, Function]] = MappingProxyType(
        {
            "SortedPairs": Function(lambda it: it.pairs(), 0, 0),
            "Names": Function(lambda it: Items(pair.name for pair in it.pairs()), 0, 0),
            "Values": Function(lambda it: Items(pair.value for pair in it.pairs()), 0, 0),
            "Remove": Function(lambda it, names: it.without(names), 1, 1),
        }
    )


@dataclass(frozen=True, slots=True)
class NoticeAlert(Record):
    """One alert. ends_at: the first instant of year 1 while nobody knows."""

    GO_TYPE: ClassVar[str] = "template.Alert"
    JSON_NAMES: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "Status": "status",
            "Labels": "labels",
            "Annotations": "annotations",
            "StartsAt": "startsAt",
            "EndsAt": "endsAt",
            "GeneratorURL": "generatorURL",
            "Fingerprint": "fingerprint",
        }
    )

    status: str = ""
    labels: KV = field(default_factory=KV)
    annotations: KV = field(default_factory=KV)
    starts_at: Moment = field(default_factory=lambda: Moment(ZERO))
    ends_at: Moment = field(default_factory=lambda: Moment(ZERO))
    generator_url: str = ""
    fingerprint: str = ""

    @override
    def fields(self) -> Mapping[str, object]:
        return {
            "Status": self.status,
            "Labels": self.labels,
            "Annotations": self.annotations,
            "StartsAt": self.starts_at,
            "EndsAt": self.ends_at,
            "GeneratorURL": self.generator_url,
            "Fingerprint": self.fingerprint,
        }


class SomeAlerts(Items):
    """Alerts of one status."""

    GO_TYPE: ClassVar[str] = "[]template.Alert"


class Alerts(Items):
    """The alerts of a notification."""

    GO_TYPE: ClassVar[str] = "template.Alerts"
    METHODS: ClassVar[Mapping[str, Function]] = MappingProxyType(
        {
            "Firing": Function(lambda it: _of(it, Status.FIRING), 0, 0),
            "Resolved": Function(lambda it: _of(it, Status.RESOLVED), 0, 0),
        }
    )


def _because(it: object) -> object:
    return it.because if isinstance(it, NoticeData) else ""


@dataclass(frozen=True, slots=True)
class NoticeData(Record):
    """All of it. now: what `since` counts to."""

    GO_TYPE: ClassVar[str] = "template.Data"
    JSON_NAMES: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "Receiver": "receiver",
            "Status": "status",
            "Alerts": "alerts",
            "GroupLabels": "groupLabels",
            "CommonLabels": "commonLabels",
            "CommonAnnotations": "commonAnnotations",
            "ExternalURL": "externalURL",
        }
    )

    # Later versions of Alertmanager have it.
    METHODS: ClassVar[Mapping[str, Function]] = MappingProxyType({"NotificationReason": Function(_because, 0, 0)})

    now: Moment
    receiver: str = ""
    status: str = ""
    alerts: Alerts = field(default_factory=Alerts)
    group_labels: KV = field(default_factory=KV)
    common_labels: KV = field(default_factory=KV)
    common_annotations: KV = field(default_factory=KV)
    external_url: str = ""
    because: str = ""

    @override
    def fields(self) -> Mapping[str, object]:
        return {
            "Receiver": self.receiver,
            "Status": self.status,
            "Alerts": self.alerts,
            "GroupLabels": self.group_labels,
            "CommonLabels": self.common_labels,
            "CommonAnnotations": self.common_annotations,
            "ExternalURL": self.external_url,
        }


def notice_data(notification: Notification) -> NoticeData:
    """What templates see of a notification.

    As in Alertmanager, the receiver's name is escaped for use in a regex, and an alert that fires has no end.
    """
    return NoticeData(
        Moment(notification.at * 1_000_000),
        _SPECIAL.sub(r"\\\g<0>", notification.receiver),
        notification.status,
        Alerts(_alert(alert, notification.at) for alert in notification.alerts),
        _kv(notification.group_labels),
        _kv(notification.common_labels),
        _kv(notification.common_annotations),
        notification.external_url,
        "" if notification.because is None else notification.because.value,
    )


def _alert(alert: PostedAlert, now: int) -> NoticeAlert:
    ended = alert.has_ended(now) and alert.ends_at is not None
    return NoticeAlert(
        Status.RESOLVED if ended else Status.FIRING,
        _kv(alert.labels),
        _kv(alert.annotations),
        Moment(alert.starts_at * 1_000_000),
        Moment((alert.ends_at or 0) * 1_000_000 if ended else ZERO),
        alert.generator_url,
        fingerprint(alert.labels),
    )


def _kv(labels: Labels) -> KV:
    return KV(labels)


def _of(alerts: Iterable[NoticeAlert], status: Status) -> SomeAlerts:
    return SomeAlerts(alert for alert in alerts if alert.status == status)
