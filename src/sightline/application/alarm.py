"""Alarm people about checks: their states become alerts, which go the way of all alerts."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from sightline.application.enroll import Enrolled
from sightline.domain.alerts.notice import Alert, AlertState, Notice
from sightline.domain.alerts.posted import PostedAlert, firing_again
from sightline.domain.alerts.rule import ALERT_NAME
from sightline.domain.alerts.state import RESOLVED_SHOWN
from sightline.domain.events import AlertChanged
from sightline.domain.probes.alert import ALERT_NAMES, alert_labels, alert_notice, rule_name, stale_notice
from sightline.domain.probes.check import Check
from sightline.domain.probes.state import CheckState, Transition
from sightline.domain.tenancy import Tenant
from sightline.ports.bus import Bus

_KEEP: Final = frozenset({CheckState.UNKNOWN, CheckState.MAINTENANCE, CheckState.UNREACHABLE})
"""States in which an alert that fires goes on, and none begins."""


class TakeNotices(Protocol):
    """The part of the pipeline that checks need."""

    def tell(self, notices: Iterable[Notice], rule: str, /) -> None:
        """What became of alerts of one origin; it is theirs to be told. rule: names the origin for good."""
        ...

    def claim(self, tenant: Tenant, rule: str, /) -> Iterable[PostedAlert]:
        """Alerts of an origin that fired before the program started, which the origin goes on with from now on."""
        ...


@dataclass(frozen=True, slots=True)
class _Firing:
    """An alert that was told. check: as it was then, which its labels come from."""

    name: str
    check: Check
    alert: Alert


@dataclass(frozen=True, slots=True)
class _Held:
    """An alert that waits until it is known whether something else is behind it. until: ms on the clock that never goes back."""

    enrolled: Enrolled
    transition: Transition
    until: int


class Alarm:
    """The use case. A check has at most one alert: CheckDown or CheckDegraded."""

    def __init__(self, pipeline: TakeNotices, bus: Bus) -> None:
        self._pipeline = pipeline
        self._bus = bus
        self._firing: dict[int, _Firing] = {}
        self._held: dict[int, _Held] = {}
        self._ended: deque[Alert] = deque()

    @property
    def held(self) -> Mapping[int, int]:
        """Checks whose alert waits, with the moment until when, ms on the clock that never goes back."""
        return {check: one.until for check, one in self._held.items()}

    def active(self) -> list[Alert]:
        """The alerts of all tenants that fire, or wait to."""
        waiting = [one for one in self._held.values() if one.enrolled.check.definition.notify]
        return [*(one.alert for one in self._firing.values()), *map(_pending, waiting)]

    def alerts(self, tenant: Tenant, now: int) -> list[Alert]:
        """A tenant's alerts at `now` (ms): those that fire, that wait to, and that ended lately, as rules show theirs; by check."""
        self._forget(now)
        found = {one.labels: one for one in self._ended if one.tenant == tenant}
        for held in self._held.values():
            if held.enrolled.tenant == tenant and held.enrolled.check.definition.notify:
                waits = _pending(held)
                found[waits.labels] = waits
        found |= {one.alert.labels: one.alert for one in self._firing.values() if one.alert.tenant == tenant}
        return sorted(found.values(), key=lambda one: (one.rule, one.labels))

    def claim(self, enrolled: Enrolled, latest: Transition, at: int) -> None:
        """Go on with the alert that a check had before the program started.

        One that does not fit what the check says of itself now, or that nobody is to hear of any more, ends at `at` (ms). Where
        the check still is as it was then, or nobody can tell, it goes on as another.
        """
        check, known = enrolled.check, list(self._pipeline.claim(enrolled.tenant, rule_name(enrolled.check.id)))
        wanted = set(ALERT_NAMES.values()) if check.definition.notify else set[str]()
        fitting = [one for one in known if _name(one) in wanted and one.labels == alert_labels(check, _name(one))]
        fitting.sort(key=lambda one: _name(one) != ALERT_NAMES.get(latest.state))
        for alert in fitting[:1]:
            self._firing[check.id] = _Firing(_name(alert), check, firing_again(alert, check.name))
        stale = [one for one in known if one not in fitting[:1]]
        for alert in stale:
            self._tell(stale_notice(alert, check.name, at), check.id)
        again = [_name(one) for one in stale if _name(one) in wanted]
        if again and not fitting and latest.state in _KEEP:
            self._begin(enrolled, again[0], replace(latest, at=at))

    def moved(self, enrolled: Enrolled, transition: Transition, hold_until: int | None = None) -> None:
        """Tell what a transition means. hold_until: do not begin an alert before that, ms on the clock that never goes back."""
        wanted = ALERT_NAMES.get(transition.state, "") if enrolled.check.definition.notify else ""
        held, firing = self._held.pop(transition.check, None), self._firing.get(transition.check)
        if transition.state in _KEEP or (firing is not None and firing.name == wanted):
            return
        if hold_until is not None and wanted:
            # One that waits already waits no longer for being down from elsewhere too.
            until = hold_until if held is None else min(held.until, hold_until)
            self._held[transition.check] = _Held(enrolled, transition, until)
            return
        self._end(enrolled.tenant, transition)
        if wanted:
            self._begin(enrolled, wanted, transition)

    def release(self, check: int) -> None:
        """Tell what was held."""
        held = self._held.pop(check, None)
        if held is not None:
            self.moved(held.enrolled, held.transition)

    def redefined(self, enrolled: Enrolled, latest: Transition, at: int) -> None:
        """A check says something else of itself now: its alert, if it has one, goes on under the new labels.

        Where it should have one by now, it begins; one that waits does so for what the check says now.
        """
        firing, held = self._firing.get(enrolled.check.id), self._held.get(enrolled.check.id)
        if held is not None:
            self._held[enrolled.check.id] = replace(held, enrolled=enrolled)
        if firing is None:
            if held is None:
                self.moved(enrolled, latest)
            return
        now = Transition(
            latest.check, at, latest.previous, latest.state, latest.reason, latest.probe_reason, latest.message
        )
        is_same = alert_labels(firing.check, firing.name) == alert_labels(enrolled.check, firing.name)
        if is_same and enrolled.check.definition.notify:
            return
        self._end(enrolled.tenant, now)
        if enrolled.check.definition.notify:
            self._begin(enrolled, firing.name, now)

    def end(self, tenant: Tenant, transition: Transition) -> None:
        """A check is gone."""
        self._held.pop(transition.check, None)
        self._end(tenant, transition)

    def _begin(self, enrolled: Enrolled, name: str, transition: Transition) -> None:
        notice = alert_notice(enrolled.tenant, enrolled.check, name, transition, since=transition.at, ended=False)
        self._firing[transition.check] = _Firing(name, enrolled.check, notice.alert)
        self._tell(notice, transition.check)

    def _end(self, tenant: Tenant, transition: Transition) -> None:
        firing = self._firing.pop(transition.check, None)
        if firing is not None:
            since = firing.alert.active_at
            self._tell(
                alert_notice(tenant, firing.check, firing.name, transition, since=since, ended=True), transition.check
            )

    def _tell(self, notice: Notice, check: int) -> None:
        """Have whoever is to hear of it hear what became of an alert of a check."""
        if notice.alert.state is AlertState.RESOLVED:
            self._forget(notice.at)
            self._ended.append(notice.alert)
        self._pipeline.tell((notice,), rule_name(check))
        self._bus.publish(AlertChanged(notice.alert.tenant, notice))

    def _forget(self, now: int) -> None:
        """Let go of alerts that ended long enough ago."""
        while self._ended and now - self._ended[0].changed_at > RESOLVED_SHOWN:
            self._ended.popleft()


def _name(alert: PostedAlert) -> str:
    return alert.labels.get(ALERT_NAME)


def _pending(held: _Held) -> Alert:
    enrolled, moved = held.enrolled, held.transition
    name = ALERT_NAMES[moved.state]
    alert = alert_notice(enrolled.tenant, enrolled.check, name, moved, since=moved.at, ended=False).alert
    return replace(alert, state=AlertState.PENDING)
