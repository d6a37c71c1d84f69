"""An alert as the pipeline has it, whoever made it: a rule of ours, or a program outside that posts it.

Source: https://prometheus.io/docs/alerting/latest/clients/.
"""

import math
from dataclasses import dataclass, replace

from sightline.domain.alerts.notice import Alert, AlertState, Notice, Reason
from sightline.domain.labels import Labels
from sightline.domain.tenancy import Tenant


@dataclass(frozen=True, slots=True)
class PostedAlert:
    """An alert that fires or did; its labels are its identity within a tenant. All times are wall time in ms.

    ends_at: when it ended, or will be taken to have ended unless it is posted again; None where only its rule ends it. timed:
    whether nobody gave `ends_at`, so that it is a time-out. generator_url: where people see what made it. rule: which rule of ours
    did, empty for what came from outside. value: its expression's, where one is known. reason: why it fires or ended, likewise.
    """

    tenant: Tenant
    labels: Labels
    annotations: Labels
    starts_at: int
    ends_at: int | None
    updated_at: int
    timed: bool = False
    generator_url: str = ""
    rule: str = ""
    value: float | None = None
    reason: Reason | None = None

    @property
    def fired_at(self) -> int:
        """When it began to fire: those of our rules start with their condition, and fire only after the rule's `for`."""
        return self.updated_at if self.rule else self.starts_at

    def has_ended(self, now: int) -> bool:
        """Whether it fires no longer."""
        return self.ends_at is not None and self.ends_at <= now

    def after(self, before: "PostedAlert") -> "PostedAlert":
        """This one, taken in after another of the same labels: what both tell of one stretch of firing is put together.

        As Alertmanager does: the earlier start counts, an end that was given outlives one that is merely a time-out, and an alert
        that begins after the other ended is a new one.
        """
        if not self._overlaps(before):
            return self
        starts_at, ends_at, timed = min(self.starts_at, before.starts_at), self.ends_at, self.timed
        if ends_at is None or before.ends_at is None:
            return replace(self, starts_at=starts_at)
        was_over, is_over = before.has_ended(self.updated_at), self.has_ended(self.updated_at)
        if before.ends_at > ends_at and (was_over if is_over else not before.timed):
            ends_at, timed = before.ends_at, before.timed
        return replace(self, starts_at=starts_at, ends_at=ends_at, timed=timed)

    def _overlaps(self, before: "PostedAlert") -> bool:
        if before.ends_at is None:
            return True
        ends_within = self.ends_at is not None and before.starts_at < self.ends_at < before.ends_at
        return ends_within or before.starts_at < self.starts_at < before.ends_at or self.starts_at == before.starts_at


def posted(notice: Notice, rule: str = "", generator_url: str = "") -> PostedAlert:
    """What an alert of a rule of ours is to the pipeline, from its change to firing or resolved. rule: what names it for good."""
    alert = notice.alert
    ends_at = _ended(alert, notice.at) if alert.state is AlertState.RESOLVED else None
    return PostedAlert(
        alert.tenant,
        alert.labels,
        alert.annotations,
        alert.active_at,
        ends_at,
        notice.at,
        generator_url=generator_url,
        rule=rule or alert.rule,
        value=alert.value,
        reason=alert.reason,
    )


def firing_again(alert: PostedAlert, rule: str) -> Alert:
    """The alert of a rule of ours that fired before the program started, for its rule to go on with. rule: as people call it."""
    return Alert(
        alert.tenant,
        rule,
        alert.labels,
        alert.annotations,
        AlertState.FIRING,
        math.nan if alert.value is None else alert.value,
        alert.starts_at,
        alert.updated_at,
        alert.reason or Reason.CONDITION_HELD,
    )


def _ended(alert: Alert, at: int) -> int:
    return alert.changed_at if alert.changed_at > alert.active_at else at
