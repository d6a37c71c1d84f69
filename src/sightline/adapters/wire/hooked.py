"""Alerts that other programs tell by webhooks, as the pipeline takes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sightline.adapters.wire.alertmanager_posted import AlertBounds, label_set, problem_of
from sightline.adapters.wire.alertmanager_times import ZERO, parse_instant
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.alerts.treatment import Treatment
from sightline.domain.errors import BadData, InvalidField
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import DAY

LASTING: Final = 7 * DAY
"""For how long an alert fires of which nothing more is said, ms, where settings say nothing (`alerts.webhook_timeout`)."""
FIRING: Final = "firing"
RESOLVED: Final = "resolved"


@dataclass(frozen=True, slots=True)
class Arrival:
    """How what a webhook brings is taken in.

    now: ms. lasting: for how long an alert fires of which nothing more is said, ms. no_data: what it means that the sender's alarm
    has no data: that its alert ended (`ok`), fires (`alert`), or is as it was (`keep`).
    """

    tenant: Tenant
    now: int
    lasting: int = LASTING
    bounds: AlertBounds = field(default_factory=AlertBounds)
    no_data: Treatment = Treatment.ALERT


@dataclass(frozen=True, slots=True)
class Hooked:
    """What a webhook brings. left_out: how many alerts the sender, or its mapping, says that it left out."""

    alerts: list[PostedAlert] = field(default_factory=list)
    left_out: int = 0

    def counts(self, now: int) -> dict[str, int]:
        """How many of the alerts fire, how many ended, and how many were left out."""
        ended = sum(one.has_ended(now) for one in self.alerts)
        return {"firing": len(self.alerts) - ended, "resolved": ended, "leftOut": self.left_out}


@dataclass(frozen=True, slots=True)
class Said:
    """One alert, as its sender words it. starts_at, ends_at: ms, None where nothing is said."""

    labels: Mapping[str, str] | None
    annotations: Mapping[str, str] | None
    is_firing: bool
    starts_at: int | None = None
    ends_at: int | None = None
    url: str = ""


def taken(said: Said, path: str, arrival: Arrival) -> PostedAlert:
    """The alert as it is posted. path: where it stands in the body.

    One that fires does so until it is said to have ended, or `lasting` is over, for senders repeat themselves rarely or never. One
    that ended did so at its end, or now where that is not said or not yet.

    Raises:
        InvalidField: it cannot be taken.
    """
    now, bounds = arrival.now, arrival.bounds
    starts_at = now if said.starts_at is None else said.starts_at
    if said.is_firing:
        timed = said.ends_at is None or said.ends_at <= now
        ends_at = max(now, starts_at) + arrival.lasting if timed or said.ends_at is None else said.ends_at
    else:
        timed, ends_at = False, now if said.ends_at is None else min(said.ends_at, now)
        starts_at = min(starts_at, ends_at)
    labels, annotations = label_set(said.labels), label_set(said.annotations)
    problem = problem_of(labels, annotations, starts_at, ends_at, bounds)
    if problem is None and len(said.url) > bounds.alert_bytes:
        problem = f"its address is longer than alerts.max_alert_bytes = {bounds.alert_bytes} allows"
    if problem is not None:
        raise InvalidField(f"{path}: {problem}", field=path)
    return PostedAlert(arrival.tenant, labels, annotations, starts_at, ends_at, now, timed, said.url)


def check_count(count: int, bounds: AlertBounds) -> None:
    """See that a webhook does not bring too many alerts.

    Raises:
        BadData: it does.
    """
    if count > bounds.alerts:
        raise BadData(
            f"{count} alerts in one request, and alerts.request_alerts allows {bounds.alerts}: send fewer at once"
        )


def instant(text: str | None, path: str) -> int | None:
    """An instant in ms; None where nothing is said, or Go's way of saying nothing stands.

    Raises:
        InvalidField: it is none.
    """
    if not text or text.startswith(ZERO):
        return None
    try:
        return parse_instant(text)
    except BadData:
        raise InvalidField(f"{path}: {text[:100]!a} is no time: write it as 2026-11-21T01:43:11Z", field=path) from None
