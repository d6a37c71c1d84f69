"""Where metrics live: sealed batches in, columns out."""

from collections.abc import Sequence
from typing import Protocol

from sightline.domain.labels import Labels, Matchers
from sightline.domain.metrics.digest import Statistic, Windows
from sightline.domain.metrics.journal import SealedRange
from sightline.domain.metrics.known import KnownSeries
from sightline.domain.metrics.samples import SeriesColumns
from sightline.domain.metrics.tombstones import Deleted
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import TimeRange


class SeriesReader(Protocol):
    """Reads of one tenant's series.

    What another tenant wrote is never part of an answer. Ranges include both ends. Matchers must all hold; a missing label has the
    empty value; no matchers select everything. Returned objects belong to the caller. An empty answer is empty, not an error.

    `series`, `label_names` and `label_values` take several matcher sets and answer for the union; no sets means all series. They
    count a series as present in a range when it was seen within it, give or take an hour, because `last_seen` is written hourly.
    They return at most `limit` items, in ascending order.

    Errors: Unavailable when the store cannot be reached; cancellation leaves nothing running.
    """

    async def select(self, tenant: Tenant, matchers: Matchers, within: TimeRange, limit: int) -> SeriesColumns:
        """The samples of all matching series within the range, series in ascending order of labels.

        Series without a sample in the range are left out. Of several writes of one timestamp the last (by seq) is returned. Stale
        markers are samples, and so are native histograms.

        Raises:
            TooManySamples: more than `limit` samples match, histograms counted by their weight (`SeriesColumns.cost`); nothing is
                returned.
        """
        ...

    async def find(self, tenant: Tenant, matchers: Matchers) -> KnownSeries | None:
        """The matching series, whenever they were seen; None where they cannot be named beforehand, but only by `select`."""
        ...

    async def select_known(self, tenant: Tenant, known: KnownSeries, within: TimeRange, limit: int) -> SeriesColumns:
        """As `select`, of series that were found already, into which nobody writes."""
        ...

    async def digested(
        self, tenant: Tenant, matchers: Matchers, windows: Windows, statistic: Statistic, limit: int
    ) -> SeriesColumns:
        """As `select` over all the windows, but of a window perhaps one sample only, at its end, whose value is the statistic.

        Over any windows one after the other these samples have the least, or the greatest, or the sum, that the samples themselves
        have as their least, greatest or number: where COUNT is asked for, what comes as a sample counts one. Native histograms are
        counted; where the least or greatest is asked for they come as they are. The bounds of windows are multiples of an hour.

        Raises:
            TooManySamples: more than `limit` would be returned, or have to be read.
        """
        ...

    async def series(
        self, tenant: Tenant, matcher_sets: Sequence[Matchers], within: TimeRange, limit: int
    ) -> list[Labels]:
        """The matching label sets, distinct, in ascending order."""
        ...

    async def label_names(
        self, tenant: Tenant, matcher_sets: Sequence[Matchers], within: TimeRange, limit: int
    ) -> list[str]:
        """The names of all labels that matching series carry."""
        ...

    async def label_values(
        self, tenant: Tenant, name: str, matcher_sets: Sequence[Matchers], within: TimeRange, limit: int
    ) -> list[str]:
        """The values that label `name` has on matching series; the empty value is not one."""
        ...


class SeriesStore(SeriesReader, Protocol):
    """A reader that also takes sealed ranges, and forgets what it is told to.

    No range is written while something is deleted.
    """

    async def write(self, batch: SealedRange) -> None:
        """Store a sealed range; when this returns, the rows are durable and visible to every later read.

        Writing the same range again, also after a crash in the middle of the first time, changes nothing. Series rows become
        visible no later than their samples.

        Raises:
            Unavailable: the store is away; the caller keeps the range and tries again.
            StorageFull: no room; likewise.
        """
        ...

    async def delete(self, tenant: Tenant, matcher_sets: Sequence[Matchers], within: TimeRange) -> Deleted:
        """Forget the samples that were written before the call, of series that match any of the sets, within the range.

        When this returns, that is durable and no later read sees them. What is written afterwards is seen, at the same times too. A
        series of which no sample is left is in no list of series and labels until one is written.

        Raises:
            Unavailable, StorageFull: it is not sure what was deleted; the caller may do it again.
        """
        ...
