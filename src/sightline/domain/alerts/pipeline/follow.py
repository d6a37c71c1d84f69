"""Stage: a resolve follows a firing that was sent, and nothing else."""

from dataclasses import replace

from sightline.domain.alerts.notice import Reason
from sightline.domain.alerts.pipeline.batch import Batch, Hold


def follow(batch: Batch) -> Batch:
    """Take out alerts that ended and of which the channel does not think that they fire."""
    unheard = {one.id: Hold(Reason.FIRING_NOT_SENT) for one in batch.resolved if one.id not in batch.sent.firing}
    if not unheard:
        return batch
    return replace(batch, resolved=tuple(one for one in batch.resolved if one.id not in unheard)).holding(unheard)
