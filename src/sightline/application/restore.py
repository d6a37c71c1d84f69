"""Restore since when alerts are active, from what was written of them before the program started."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from sightline.domain.alerts.outage import Outages
from sightline.domain.alerts.rule import ALERT_NAME, AlertingRule
from sightline.domain.alerts.series import ACTIVE, FOR_STATE, for_state_of
from sightline.domain.alerts.step import Alerts, Watched
from sightline.domain.errors import TooManySamples
from sightline.domain.labels import METRIC_NAME, Labels, Matcher, MatchOp
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import SECOND, TimeRange, format_duration
from sightline.ports.series import SeriesReader

MAX_SAMPLES: Final = 5_000_000
"""What is read for one rule at most: 80 MB, ten thousand alerts that were evaluated every seven seconds for an hour."""


class Restore:
    """The use case."""

    def __init__(self, series: SeriesReader, outages: Outages) -> None:
        self._series = series
        self._outages = outages

    def concerns(self, rule: AlertingRule) -> bool:
        """Whether alerts of a rule may go on where they were before the start."""
        return self._outages.tolerance > 0 and self._outages.restores(rule.for_ms)

    async def __call__(self, watched: Watched[AlertingRule], alerts: Alerts, now: int, offset: int) -> Alerts:
        """The alerts of a rule, those that were active before the start active since then.

        now: the evaluation's time; offset: how much earlier the samples of an evaluation are; both in ms.

        Raises:
            TooManySamples: there are more than `MAX_SAMPLES`; the message says what to do.
            Unavailable: the store is away.
        """
        if not self.concerns(watched.rule) or not any(alert.state in ACTIVE for alert in alerts.values()):
            return alerts
        known = await self._known(watched.tenant, watched.rule.name, now)
        if not known:
            return alerts
        found = dict(alerts)
        for labels, alert in alerts.items():
            seen, since = known.get(for_state_of(alert), (0, 0))
            if alert.state in ACTIVE and 0 < since <= seen + offset:
                active_at = self._outages.active_at(watched.rule.for_ms, since, seen + offset, now)
                found[labels] = replace(alert, active_at=active_at)
        return found

    async def _known(self, tenant: Tenant, rule: str, now: int) -> Mapping[Labels, tuple[int, int]]:
        """By series that did not end: the time of the last sample, and since when the alert was active then; ms."""
        matchers = (Matcher(METRIC_NAME, MatchOp.EQUAL, FOR_STATE), Matcher(ALERT_NAME, MatchOp.EQUAL, rule))
        tolerance = self._outages.tolerance
        try:
            found = await self._series.select(tenant, matchers, TimeRange(now - tolerance, now), MAX_SAMPLES)
        except TooManySamples:
            message = (
                f"its alerts begin anew: {FOR_STATE} has more than {MAX_SAMPLES:,} samples of it within"
                f" {format_duration(tolerance)}; set rules.for_outage_tolerance to less"
            )
            raise TooManySamples(message, limit=MAX_SAMPLES) from None
        last = found.offsets[1:] - 1
        # A marker is no number, and whatever else is no time of before is none of ours.
        since = np.nan_to_num(found.values[last], nan=-1.0)
        usable = np.flatnonzero((since >= 0) & (since <= now / SECOND))
        times = found.times[last]
        return {found.labels[row]: (int(times[row]), int(since[row]) * SECOND) for row in usable.tolist()}
