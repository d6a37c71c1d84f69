"""Alerts and groups as Alertmanager's API shows them."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import msgspec

from sightline.adapters.wire.instants import instant_text
from sightline.domain.alerts.notification import fingerprint
from sightline.domain.alerts.shown import ShownAlert, ShownGroup

_MAINTENANCE: Final = "maintenance: "
"""What the names of windows follow among those of time intervals: to clients of Alertmanager both are times that mute."""

# Of alerts that are shown again and again: a fingerprint takes 15 us.
_fingerprint: Final = lru_cache(65_536)(fingerprint)


class _Name(msgspec.Struct):
    name: str


class _Status(msgspec.Struct):
    inhibitedBy: tuple[str, ...]  # noqa: N815 - Alertmanager's name
    mutedBy: tuple[str, ...]  # noqa: N815 - likewise
    silencedBy: tuple[str, ...]  # noqa: N815 - likewise
    state: str


class AlertObject(msgspec.Struct, omit_defaults=True):
    """An alert, ready to be written as JSON."""

    annotations: dict[str, str]
    endsAt: str  # noqa: N815 - Alertmanager's name
    fingerprint: str
    receivers: list[_Name]
    startsAt: str  # noqa: N815 - likewise
    status: _Status
    updatedAt: str  # noqa: N815 - likewise
    labels: dict[str, str]
    generatorURL: str = ""  # noqa: N815 - likewise


class _Group(msgspec.Struct):
    alerts: list[AlertObject]
    labels: dict[str, str]
    receiver: _Name


def alert_object(shown: ShownAlert, unless_ended: int) -> AlertObject:
    """What is shown of an alert. unless_ended: the end, ms, that is shown where only its rule ends it: there must be one."""
    alert = shown.alert
    muted_by = (*shown.muted_by, *(f"{_MAINTENANCE}{name}" for name in shown.maintained_by))
    return AlertObject(
        annotations=dict(alert.annotations),
        endsAt=instant_text(unless_ended if alert.ends_at is None else alert.ends_at),
        fingerprint=_fingerprint(alert.labels),
        receivers=[_Name(name) for name in shown.receivers],
        startsAt=instant_text(alert.starts_at),
        status=_Status(shown.inhibited_by, muted_by, shown.silenced_by, shown.state.value),
        updatedAt=instant_text(alert.updated_at),
        labels=dict(alert.labels),
        generatorURL=alert.generator_url,
    )


def alerts_json(shown: Iterable[ShownAlert], unless_ended: int) -> bytes:
    """Alerts in ascending order of fingerprint."""
    found = [alert_object(one, unless_ended) for one in shown]
    found.sort(key=lambda one: one.fingerprint)
    return msgspec.json.encode(found)


def groups_json(groups: Iterable[ShownGroup], unless_ended: int) -> bytes:
    """Groups: those of fewer labels first, then by labels and receiver; alerts in the order that they have there."""
    ordered = sorted(groups, key=lambda one: (len(one.labels), one.labels, one.receiver))
    found = [
        _Group([alert_object(alert, unless_ended) for alert in one.alerts], dict(one.labels), _Name(one.receiver))
        for one in ordered
    ]
    return msgspec.json.encode(found)
