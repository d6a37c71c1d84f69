"""Stage: a channel does not hear again and again that the same alert fires."""

from dataclasses import replace

from sightline.domain.alerts.notice import Reason
from sightline.domain.alerts.pipeline.batch import Batch, Hold, sooner


def cool_down(batch: Batch) -> Batch:
    """Hold alerts that fire again, resolved since, until the cooldown after the last firing notice is over."""
    resolved, cooldown = batch.sent.resolved, batch.manners.cooldown
    if not cooldown or not resolved:
        return batch
    early = {
        one.id: resolved[one.id] + cooldown
        for one in batch.firing
        if one.id in resolved and one.id not in batch.sent.firing and 0 <= batch.now - resolved[one.id] < cooldown
    }
    if not early:
        return batch
    again_at = min(early.values())
    batch = batch.holding(dict.fromkeys(early, Hold(Reason.COOLDOWN)))
    return replace(
        batch,
        firing=tuple(one for one in batch.firing if one.id not in early),
        again_at=sooner(batch.again_at, again_at),
    )
