"""Take up where the last run ended: read the log back into the tail, and find the sealed ranges that still wait."""

from dataclasses import dataclass

from sightline.domain.labels import Labels
from sightline.domain.metrics.journal import Appended, Sealed
from sightline.domain.metrics.tail import Tail
from sightline.domain.tenancy import Tenant
from sightline.ports.journal import Journal


@dataclass(frozen=True, slots=True)
class Recovered:
    """What the log held.

    position: the first free position. pending: sealed ranges not known to be in the store, oldest first. samples: how many samples
    came back into the tail.
    """

    position: int
    pending: tuple[Sealed, ...]
    samples: int


def recover(journal: Journal, tail: Tail) -> Recovered:
    """Replay the journal into an empty tail. Blocks; run it before anything else uses either."""
    appended: list[Appended] = []
    sealed: dict[int, Sealed] = {}
    flushed_end = 0
    for entry in journal.replay():
        if isinstance(entry, Appended):
            appended.append(entry)
        elif isinstance(entry, Sealed):
            sealed[entry.range_id] = entry
        elif entry.range_id in sealed:
            flushed_end = max(flushed_end, sealed.pop(entry.range_id).end_seq)
    described: dict[tuple[Tenant, int], Labels] = {}
    for entry in appended:
        for seen in entry.seen:
            described[entry.tenant, seen.id] = seen.labels
        if entry.first_seq >= flushed_end:
            tail.add(entry, [described.get((entry.tenant, one)) for one in entry.ids.tolist()])
    # A range of which no sample is left in the log was released, and therefore is in the store.
    pending = [one for one in sealed.values() if one.end_seq > flushed_end and tail.entries(one.first_seq, one.end_seq)]
    return Recovered(journal.position(), tuple(sorted(pending, key=lambda one: one.first_seq)), tail.rows)
