"""Take up where the last run ended: read the log back into the tail, and find the sealed ranges that still wait."""

from collections import defaultdict, deque
from dataclasses import dataclass

import numpy as np

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
    waiting: deque[Appended] = deque()
    described: defaultdict[Tenant, dict[int, int]] = defaultdict(dict)
    sealed: dict[int, Sealed] = {}
    stored_end = 0
    for entry in journal.replay():
        if isinstance(entry, Appended):
            waiting.append(entry)
            numbers = tail.roster(entry.tenant).numbers(entry.seen.labels)
            described[entry.tenant].update(zip(entry.seen.ids.tolist(), numbers.tolist(), strict=True))
        elif isinstance(entry, Sealed):
            # A range is sealed when all before it are in the store, even where their notes were lost.
            sealed[entry.range_id] = entry
            stored_end = max(stored_end, entry.first_seq)
        elif entry.range_id in sealed:
            stored_end = max(stored_end, sealed.pop(entry.range_id).end_seq)
        while waiting and waiting[0].first_seq < stored_end:
            waiting.popleft()
    for entry in waiting:
        numbers = np.array([described[entry.tenant].get(one, -1) for one in entry.ids.tolist()], np.int64)
        known = numbers >= 0
        labels = tail.roster(entry.tenant).named(numbers[known].astype(np.uint32))
        tail.add(entry, labels, np.where(known, np.cumsum(known) - 1, -1))
    # A range of which no sample is left in the log was released, and therefore is in the store.
    pending = [one for one in sealed.values() if one.end_seq > stored_end and tail.entries(one.first_seq, one.end_seq)]
    return Recovered(journal.position(), tuple(sorted(pending, key=lambda one: one.first_seq)), tail.rows)
