"""Stage: what a channel hears of alerts that are muted.

Of those of which it knows nothing it hears nothing. Of those that it takes to fire it hears what its manners say, and what it is
not told now it will be told when they end.
"""

from dataclasses import replace

from sightline.domain.alerts.pipeline.batch import Batch, WhenMuted
from sightline.domain.alerts.pipeline.sent import Member


def mute(batch: Batch) -> Batch:
    """Take muted alerts out of those that fire."""
    held = {one.id: batch.muted[one.id] for one in batch.firing if one.id in batch.muted}
    if not held:
        return batch
    told = tuple(one for one in batch.firing if one.id in held and one.id in batch.sent.firing)
    batch = replace(batch, firing=tuple(one for one in batch.firing if one.id not in held)).holding(held)
    if batch.manners.when_muted is WhenMuted.RESOLVE:
        ended = tuple(Member(one.id, replace(one.alert, ends_at=batch.now)) for one in told)
        return replace(batch, resolved=batch.resolved + ended)
    if batch.manners.when_muted is WhenMuted.ACKNOWLEDGE:
        fresh = tuple(one for one in told if one.id not in batch.sent.acknowledged)
        return replace(batch, known=fresh, silently=tuple(one for one in told if one.id in batch.sent.acknowledged))
    return replace(batch, silently=told)
