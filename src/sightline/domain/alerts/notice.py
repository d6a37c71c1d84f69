"""What a person is told about one alert."""

from dataclasses import dataclass
from enum import StrEnum

from sightline.domain.labels import Labels
from sightline.domain.tenancy import Tenant


class AlertState(StrEnum):
    """Where an alert stands."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why an alert moved or stayed, and why a notice was sent or held; stored and shown."""

    CONDITION_TRUE = "condition_true"
    CONDITION_HELD = "condition_held_for_duration"
    CONDITION_FALSE = "condition_false"
    CONDITION_FALSE_BEFORE_FIRING = "condition_false_before_firing"
    CONDITION_TRUE_AGAIN = "condition_true_again"
    KEPT_FIRING = "kept_firing"
    NO_DATA = "no_data"
    QUERY_FAILED = "query_failed"
    NOTIFIED = "notified"
    COOLDOWN = "cooldown"
    FIRING_NOT_SENT = "firing_was_not_sent"
    CHANNEL_FAILED = "channel_failed"
    RETENTION_OVER = "resolved_long_enough"
    SILENCED = "silenced"
    INHIBITED = "inhibited"
    MUTED_BY_TIME = "muted_by_time_interval"
    OUTSIDE_ACTIVE_TIME = "outside_active_time_interval"
    IN_MAINTENANCE = "in_maintenance"
    NEW_ALERTS = "new_alerts"
    RESOLVES = "alerts_resolved"
    MUTED_AFTER_TELLING = "muted_after_it_was_told"
    NO_LONGER_MUTED = "no_longer_muted"
    REPEATED = "repeat_interval_over"
    NOTHING_NEW = "nothing_new"
    NO_RESOLVES_WANTED = "receiver_wants_no_resolves"
    RATE_LIMITED = "rate_limited"
    CIRCUIT_OPEN = "circuit_open"
    FALLBACK_TOLD = "fallback_was_told"
    ROUTE_GONE = "no_route_leads_there_any_more"
    RULE_REMOVED = "rule_removed"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert: the labels of the rule's result plus those of the rule (`alertname`, `severity`), at one moment.

    value: the expression's value at the last evaluation in which it was true, NaN where it never was.
    active_at, changed_at: ms; when the condition became true and when the state last changed.
    reason: why it moved to this state or stayed in it, as of
    the last evaluation. ended_at: ms, when the condition was first found false while the rule keeps the alert firing; None
    otherwise.
    """

    tenant: Tenant
    rule: str
    labels: Labels
    annotations: Labels
    state: AlertState
    value: float
    active_at: int
    changed_at: int
    reason: Reason
    ended_at: int | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """An alert's change that is worth telling, at `at` (ms)."""

    alert: Alert
    previous: AlertState
    at: int
