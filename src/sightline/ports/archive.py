"""What a store of series offers to the memory before it: reads of series found already, and everything again at a start."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sightline.domain.labels import Labels
from sightline.domain.metrics.digest import Digest, Windows
from sightline.domain.metrics.known import KnownSeries
from sightline.domain.metrics.runs import Run
from sightline.domain.metrics.samples import Ids, Times
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import TimeRange
from sightline.ports.series import SeriesStore


@dataclass(frozen=True, slots=True, eq=False)
class Described:
    """s series of any tenants. ids: uint64 (s,). first_seen, last_seen: int64 (s,), ms."""

    tenants: Sequence[Tenant]
    ids: Ids
    labels: Sequence[Labels]
    first_seen: Times
    last_seen: Times


class SeriesArchive(SeriesStore, Protocol):
    """A store whose series and samples can be read without naming labels.

    Errors: those of the series port. Returned objects belong to the caller, who does not write into `known`.
    """

    @property
    def weight(self) -> int:
        """About how many bytes of this process's memory it keeps samples in, for reads to come."""
        ...

    def described(self) -> AsyncIterator[Described]:
        """Every series of every tenant that was stored before the call, in any order, a series perhaps more than once."""
        ...

    def emptied(self) -> Mapping[Tenant, Ids]:
        """The series, by their ids, of which deletes left no sample, and none was written since. Nobody writes into it."""
        ...

    async def digest(self, tenant: Tenant, known: KnownSeries, windows: Windows, limit: int) -> Digest:
        """What the series hold in each of the windows, whose bounds are multiples of an hour; rows stand in the order of `known`.

        The same as `select_known` and counting would give. Few samples need to be read for it, mostly none.

        Raises:
            TooManySamples: more than `limit` samples would have to be read, or what tells of them takes much more memory than they.
        """
        ...

    async def density(self, newest: int, width: int, count: int) -> Sequence[int]:
        """About how many samples, of all tenants, lie in each of `count` spans of `width` ms before `newest` (ms), newest first.

        The first span takes in everything newer. One number more tells how many lie before all spans. Overwritten samples may
        count, native histograms count by their weight, and what is stored together may be taken as evenly spread.
        """
        ...

    async def clean(self) -> bool:
        """Give up the room that some of what was deleted still takes; whether there is more of it. No answer changes.

        Raises:
            Unavailable, StorageFull: to be called again.
        """
        ...

    async def chunks(self, tenant: Tenant) -> int:
        """Of how many pieces the samples of a tenant are stored; 0 for a store that has no such pieces."""
        ...

    async def runs(self, within: TimeRange) -> Mapping[Tenant, Run]:
        """All samples within a range, of each tenant that has some, the last write of a timestamp alone."""
        ...
