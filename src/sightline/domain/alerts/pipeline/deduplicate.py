"""Stage: a channel is told what it does not know yet, and reminded now and then.

Source: https://prometheus.io/docs/alerting/latest/configuration/#route (repeat_interval).
"""

from dataclasses import replace

from sightline.domain.alerts.notice import Reason
from sightline.domain.alerts.pipeline.batch import Batch, sooner
from sightline.domain.timerange import SECOND


def deduplicate(batch: Batch) -> Batch:
    """Decide whether there is anything to tell, and why."""
    news = _news(batch)
    if news is not None:
        return replace(batch, tell=True, reason=news)
    # A look that came a little late must not put off a reminder by a whole interval of its group.
    repeat = batch.route.repeat_interval
    repeat -= min(SECOND, repeat // 10)
    # A wall clock that was set back must not silence a channel.
    if batch.firing and not 0 <= batch.now - batch.sent.at < repeat:
        return replace(batch, tell=True, reason=Reason.REPEATED)
    if batch.firing:
        batch = replace(batch, again_at=sooner(batch.again_at, batch.sent.at + repeat))
    if batch.resolved:
        return replace(batch, reason=Reason.NO_RESOLVES_WANTED)
    held = () if batch.firing else batch.held.values()
    return replace(batch, reason=next((hold.reason for hold in held), Reason.NOTHING_NEW))


def _news(batch: Batch) -> Reason | None:
    """What happened of which the channel has not heard."""
    if any(one.id not in batch.sent.firing for one in batch.firing):
        return Reason.NEW_ALERTS
    if any(one.id in batch.sent.acknowledged for one in batch.firing):
        return Reason.NO_LONGER_MUTED
    if batch.resolved and batch.manners.sends_resolved:
        return Reason.RESOLVES
    return Reason.MUTED_AFTER_TELLING if batch.known else None
