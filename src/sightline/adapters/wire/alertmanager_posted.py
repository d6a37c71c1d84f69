"""Alerts that programs post to Alertmanager's API.

Source: https://github.com/prometheus/alertmanager, version 2 of its API, and what its program says of what it refuses.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Never

import msgspec

from sightline.adapters.wire.alertmanager_times import ZERO, parse_instant
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.errors import BadData, InvalidField, MalformedBody
from sightline.domain.labels import Labels
from sightline.domain.tenancy import Tenant

REQUIRED: Final = 602
BAD_FORMAT: Final = 601
TOO_FEW: Final = 612
"""The numbers that errors of form have there; an InvalidField carries its own as `number`."""

_URI: Final = re.compile(
    r"""(?:[A-Za-z][A-Za-z0-9+.\-]*:(?!//)|(?:[A-Za-z][A-Za-z0-9+.\-]*:)?//[^/?#\s"<>%]*(?=[/?#]|\Z)|/(?!/))"""
    r"""(?:%[0-9A-Fa-f]{2}|[^%?\x00-\x1f\x7f])*(?:\?[^\x00-\x1f\x7f]*)?"""
)
"""What Go takes for the URI of a request: escapes count before the query alone."""
_MOST_TOLD: Final = 20
"""Of what is wrong with the alerts of one request."""


class _Alert(msgspec.Struct, gc=False):
    """An alert as it is sent."""

    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    startsAt: str | None = None  # noqa: N815 - Alertmanager's name
    endsAt: str | None = None  # noqa: N815 - likewise
    generatorURL: str | None = None  # noqa: N815 - likewise


_DECODER: Final = msgspec.json.Decoder(list[_Alert] | None)


@dataclass(frozen=True, slots=True)
class AlertBounds:
    """How large a request may be.

    alerts: how many it may bring (`alerts.request_alerts`). alert_bytes: of the texts of one (`alerts.max_alert_bytes`).
    """

    alerts: int = 10_000
    alert_bytes: int = 65_536


@dataclass(frozen=True, slots=True)
class ReadAlerts:
    """The alerts of a request that can be taken, and what is wrong with the others, empty where nothing is."""

    alerts: list[PostedAlert]
    problems: str


def read_alerts(body: bytes, tenant: Tenant, now: int, resolve_timeout: int, bounds: AlertBounds) -> ReadAlerts:
    """Read alerts as they are taken in at `now` (ms): without a start they start now, without an end they time out.

    Raises:
        MalformedBody: no JSON of that shape.
        InvalidField: a field is missing or has the wrong form; none of the alerts can be taken.
        BadData: there are too many.
    """
    if not body.strip():
        raise InvalidField("alerts in body is required", number=REQUIRED)
    try:
        written = _DECODER.decode(body) or ()
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
        _refuse(str(error))
    if len(written) > bounds.alerts:
        message = f"{len(written)} alerts in one request, and alerts.request_alerts allows {bounds.alerts}: send fewer at once"
        raise BadData(message)
    stretches = [_stretch(one, now, resolve_timeout) for one in written]
    for number, one in enumerate(written):
        if one.labels is None:
            raise InvalidField(f"{number}.labels in body is required", number=REQUIRED)
        if one.generatorURL and not _URI.fullmatch(one.generatorURL):
            message = f'{number}.generatorURL in body must be of type uri: "{one.generatorURL[:200]}"'
            raise InvalidField(message, number=BAD_FORMAT)
    alerts: list[PostedAlert] = []
    problems: list[str] = []
    for one, (starts_at, ends_at, timed) in zip(written, stretches, strict=True):
        labels, annotations = label_set(one.labels), label_set(one.annotations)
        problem = problem_of(labels, annotations, starts_at, ends_at, bounds)
        if problem is None:
            url = one.generatorURL or ""
            alerts.append(PostedAlert(tenant, labels, annotations, starts_at, ends_at, now, timed, url))
        else:
            problems.append(problem)
    return ReadAlerts(alerts, _together(problems))


def _stretch(written: _Alert, now: int, resolve_timeout: int) -> tuple[int, int, bool]:
    """From when until when an alert fires, and whether that is merely a time-out."""
    starts_at, ends_at = _instant(written.startsAt), _instant(written.endsAt)
    if ends_at is None:
        return now if starts_at is None else starts_at, now + resolve_timeout, True
    return ends_at if starts_at is None else starts_at, ends_at, False


def _instant(text: str | None) -> int | None:
    if not text or text.startswith(ZERO):
        return None
    try:
        return parse_instant(text)
    except BadData as error:
        _refuse(error.message)


def _refuse(reason: str) -> Never:
    raise MalformedBody(f'parsing alerts body from "" failed, because {reason}') from None


def label_set(given: Mapping[str, str] | None) -> Labels:
    """Names with texts as they are given; an empty text is the same as none."""
    if not given:
        return Labels()
    if "" in given.values():  # the same as no label
        return Labels.of(given)
    return Labels(sorted(given.items()))


def problem_of(labels: Labels, annotations: Labels, starts_at: int, ends_at: int, bounds: AlertBounds) -> str | None:
    """Why an alert cannot be taken; None where it can."""
    if ends_at < starts_at:
        return "start time must be before end time"
    if not labels:
        return "at least one label pair required"
    if not labels[0][0]:  # which sorts before all others
        return 'invalid label set: invalid name ""'
    if annotations and not annotations[0][0]:
        return 'invalid annotations: invalid name ""'
    size = sum([len(name) + len(text) for name, text in labels]) + sum(
        [len(name) + len(text) for name, text in annotations]
    )
    if size * 4 > bounds.alert_bytes and _bytes(labels) + _bytes(annotations) > bounds.alert_bytes:
        return (
            f"the labels and annotations of the alert {labels.get('alertname')[:200]!r} have more bytes than "
            f"alerts.max_alert_bytes = {bounds.alert_bytes} allows"
        )
    return None


def _bytes(labels: Labels) -> int:
    return sum(len(text.encode()) for pair in labels for text in pair)


def _together(problems: list[str]) -> str:
    told = problems[:_MOST_TOLD]
    if len(problems) > len(told):
        told.append(f"and {len(problems) - len(told)} more alerts cannot be taken")
    return "; ".join(told)
