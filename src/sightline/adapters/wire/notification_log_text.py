"""Alerts, what was told of them and what is owed, as JSON texts for the log."""

from typing import Any

import msgspec

from sightline.domain.alerts.notice import Reason
from sightline.domain.alerts.notification import Because, Notification, Status
from sightline.domain.alerts.pipeline.sent import About, Owed, Place, Sent
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.errors import BadData
from sightline.domain.labels import Labels
from sightline.domain.tenancy import Tenant


class _Alert(msgspec.Struct, omit_defaults=True):
    labels: dict[str, str]
    starts_at: int
    updated_at: int
    annotations: dict[str, str] = {}
    ends_at: int | None = None
    timed: bool = False
    generator_url: str = ""
    rule: str = ""
    value: float | None = None
    reason: Reason | None = None


class _Sent(msgspec.Struct, omit_defaults=True):
    at: int
    count: int
    receiver: str
    key: str
    labels: dict[str, str] = {}
    firing: dict[int, int] = {}
    resolved: dict[int, int] = {}
    acknowledged: list[int] = []


class _Owed(msgspec.Struct, omit_defaults=True):
    id: str
    status: Status
    at: int
    alerts: list[_Alert]
    after: _Sent
    external_url: str = ""
    because: Because | None = None


def alert_to_json(alert: PostedAlert) -> bytes:
    """An alert, without whose it is."""
    return msgspec.json.encode(_written(alert))


def alert_from_json(tenant: Tenant, body: bytes) -> PostedAlert:
    """An alert of a tenant.

    Raises:
        BadData: this is none.
    """
    return _alert(tenant, _decoded(body, _Alert))


def sent_to_json(sent: Sent) -> bytes:
    """What a channel was told of a group."""
    return msgspec.json.encode(_written_sent(sent))


def sent_from_json(body: bytes) -> Sent:
    """What a channel was told of a group.

    Raises:
        BadData: this is not.
    """
    return _sent(_decoded(body, _Sent))


def owed_to_json(owed: Owed) -> bytes:
    """What a channel has still to take, without where."""
    told = owed.notification
    alerts = [_written(alert) for alert in told.alerts]
    return msgspec.json.encode(
        _Owed(told.id, told.status, told.at, alerts, _written_sent(owed.after), told.external_url, told.because)
    )


def owed_from_json(place: Place, body: bytes) -> Owed:
    """What a channel has still to take there.

    Raises:
        BadData: this is not.
    """
    found = _decoded(body, _Owed)
    after = _sent(found.after)
    notification = Notification(
        id=found.id,
        tenant=place.tenant,
        receiver=after.about.receiver,
        group_key=after.about.key,
        group_labels=after.about.labels,
        status=found.status,
        alerts=tuple(_alert(place.tenant, alert) for alert in found.alerts),
        at=found.at,
        external_url=found.external_url,
        because=found.because,
    )
    return Owed(place, notification, after)


def _decoded(body: bytes, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise BadData(f"the notification log holds what this version does not understand: {error}") from None


def _written(alert: PostedAlert) -> _Alert:
    return _Alert(
        labels=dict(alert.labels),
        starts_at=alert.starts_at,
        updated_at=alert.updated_at,
        annotations=dict(alert.annotations),
        ends_at=alert.ends_at,
        timed=alert.timed,
        generator_url=alert.generator_url,
        rule=alert.rule,
        value=alert.value,
        reason=alert.reason,
    )


def _alert(tenant: Tenant, found: _Alert) -> PostedAlert:
    return PostedAlert(
        tenant=tenant,
        labels=Labels.of(found.labels),
        annotations=Labels.of(found.annotations),
        starts_at=found.starts_at,
        ends_at=found.ends_at,
        updated_at=found.updated_at,
        timed=found.timed,
        generator_url=found.generator_url,
        rule=found.rule,
        value=found.value,
        reason=found.reason,
    )


def _written_sent(sent: Sent) -> _Sent:
    about = sent.about
    return _Sent(
        at=sent.at,
        count=sent.count,
        receiver=about.receiver,
        key=about.key,
        labels=dict(about.labels),
        firing=dict(sent.firing),
        resolved=dict(sent.resolved),
        acknowledged=sorted(sent.acknowledged),
    )


def _sent(found: _Sent) -> Sent:
    return Sent(
        at=found.at,
        firing=found.firing,
        resolved=found.resolved,
        acknowledged=frozenset(found.acknowledged),
        count=found.count,
        about=About(found.receiver, found.key, Labels.of(found.labels)),
    )
