"""Stage: a channel is told what it does not know yet, and reminded now and then.

Source: https://prometheus.io/docs/alerting/latest/configuration/#route (repeat_interval).
"""

from dataclasses import replace

from sightline.domain.alerts.notice import Reason
from sightline.domain.alerts.pipeline.batch import Batch, sooner


def deduplicate(batch: Batch) -> Batch:
    """Decide whether there is anything to tell, and why."""
    news = _news(batch)
    if news is not None:
        return replace(batch, tell=news is not Reason.NO_RESOLVES_WANTED, reason=news)
    if not batch.firing:
        why = next((hold.reason for hold in batch.held.values()), Reason.NOTHING_NEW)
        return replace(batch, tell=False, reason=why)
    # A wall clock that was set back must not silence a channel.
    if not 0 <= batch.now - batch.sent.at < batch.route.repeat_interval:
        return replace(batch, tell=True, reason=Reason.REPEATED)
    again_at = sooner(batch.again_at, batch.sent.at + batch.route.repeat_interval)
    return replace(batch, tell=False, reason=Reason.NOTHING_NEW, again_at=again_at)


def _news(batch: Batch) -> Reason | None:
    """What happened of which the channel has not heard."""
    if any(one.id not in batch.sent.firing for one in batch.firing):
        return Reason.NEW_ALERTS
    if batch.resolved:
        return Reason.RESOLVES if batch.manners.sends_resolved else Reason.NO_RESOLVES_WANTED
    return Reason.MUTED_AFTER_TELLING if batch.known else None
