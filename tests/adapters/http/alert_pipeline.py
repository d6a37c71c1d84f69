"""A stand-in for the pipeline of alerts: it routes by a real configuration and tells nobody; it is in memory alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sightline.adapters.wire.alertmanager_file import read_alertmanager
from sightline.application.silence import Silences
from sightline.domain.alerts.inhibition import Inhibition
from sightline.domain.alerts.notification import fingerprint, in_order
from sightline.domain.alerts.pipeline.why import Why
from sightline.domain.alerts.posted import PostedAlert
from sightline.domain.alerts.shown import ShownAlert, ShownGroup
from sightline.domain.errors import NotFound, TooManyAlerts
from sightline.domain.labels import Labels
from sightline.domain.tenancy import Principal, Tenant
from sightline.ports.clock import Clock

CONFIG = """\
route:
  receiver: default
  group_by: [alertname, team]
  group_wait: 1s
  group_interval: 4s
  repeat_interval: 1h
  routes:
  - matchers: [severity="critical"]
    receiver: pager
  - matchers: [team=~"web|db"]
    receiver: hook
    group_by: ['...']
receivers:
- name: default
- name: pager
- name: hook
inhibit_rules:
- source_matchers: [severity="critical"]
  target_matchers: [severity="warning"]
  equal: [instance]
"""


@dataclass
class StandInPipeline:
    """Not the real one: what it takes in does not survive anything. most: alerts of one tenant. shown: what is shown instead."""

    silences: Silences
    clock: Clock
    most: int = 100_000
    resolve_timeout: int = 300_000
    config_text: str = CONFIG
    fails: Exception | None = None
    shown: list[ShownAlert] = field(default_factory=list)
    known: dict[Tenant, dict[Labels, PostedAlert]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        config = read_alertmanager(self.config_text.encode()).config
        assert config is not None
        self.config = config

    @property
    def receivers(self) -> Sequence[str]:
        """Those of the configuration."""
        return tuple(self.config.receivers)

    async def post(self, principal: Principal, alerts: Sequence[PostedAlert]) -> None:
        """Remember them."""
        if self.fails is not None:
            raise self.fails
        known = self.known.setdefault(principal.tenant, {})
        refused = 0
        for alert in alerts:
            before = known.get(alert.labels)
            if before is None and len(known) >= self.most:
                refused += 1
            else:
                known[alert.labels] = alert if before is None else alert.after(before)
        if refused:
            raise TooManyAlerts(f"{refused} alerts are too many: alerts.max_outside = {self.most}")

    def alerts(self, principal: Principal) -> list[ShownAlert]:
        """All of them."""
        if self.shown:
            return self.shown
        now, known = self.clock.now(), self.known.get(principal.tenant, {})
        firing = [one.labels for one in known.values() if not one.has_ended(now)]
        inhibition = Inhibition(self.config.inhibit_rules, firing)
        silencing = self.silences.silencing(principal.tenant)
        return [
            ShownAlert(
                one,
                tuple(route.receiver for route in self.config.route.taken(one.labels)),
                silencing.ids(one.labels),
                tuple(fingerprint(why.source) for why in inhibition.reasons(one.labels)),
            )
            for one in known.values()
        ]

    def groups(self, principal: Principal) -> list[ShownGroup]:
        """By route and what it groups by."""
        found: dict[tuple[str, Labels, str], dict[Labels, ShownAlert]] = {}
        for shown in self.alerts(principal):
            labels = shown.alert.labels
            for route in self.config.route.taken(labels):
                key = route.key, route.group_labels(labels), route.receiver
                found.setdefault(key, {})[labels] = shown
        return [
            ShownGroup(
                key, labels, receiver, tuple(all_of[one.labels] for one in in_order(s.alert for s in all_of.values()))
            )
            for (key, labels, receiver), all_of in found.items()
        ]

    def why(self, principal: Principal, name: str) -> Why:
        """Of none: it tells nobody."""
        raise NotFound(f"{principal.tenant} has no alert {name}, of which anybody is told")
