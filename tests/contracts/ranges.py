"""Sealed ranges for the series contract, made the way the log makes them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from tests.oracles.native_histogram import Value, marked

from sightline.domain.labels import Labels, metric_id, series_id
from sightline.domain.metrics.journal import Appended, SealedRange, SeriesSeen, seal
from sightline.domain.tenancy import Tenant


@dataclass(frozen=True)
class Write:
    """Samples of one series, acknowledged together, as (time, value); `fresh` is false when the store has the series row."""

    tenant: Tenant
    labels: Labels
    samples: Sequence[tuple[int, Value]]
    fresh: bool = True

    def entry(self, first_seq: int) -> Appended:
        """The log entry that begins at a position."""
        times = [time for time, _ in self.samples]
        seen = SeriesSeen.of((series_id(self.labels), self.labels, min(times), max(times), self.fresh))
        return Appended(
            self.tenant,
            first_seq,
            seen,
            seen.ids,
            np.array([metric_id(self.labels.name)], np.uint64),
            np.zeros(len(times), np.uint32),
            np.array(times, np.int64),
            *marked([value for _, value in self.samples]),
        )


class Ledger:
    """Hands out what is used once in the life of a data folder: range ids, positions, and tenant names for tests."""

    def __init__(self) -> None:
        self._ranges = count(1)
        self._tenants = count(1)
        self._next = 0

    def tenant(self) -> Tenant:
        """A tenant that nothing was written to."""
        return Tenant(f"test-{next(self._tenants)}")

    def sealed(self, writes: Iterable[Write]) -> SealedRange:
        """The next range of the log, with these writes in this order."""
        entries = []
        for write in writes:
            entries.append(write.entry(self._next))
            self._next = entries[-1].end_seq
        return seal(next(self._ranges), entries)
