"""What every archive of series promises (ports/archive.py)."""

import numpy as np
import pytest
from tests.contracts.ranges import Ledger, Write

from sightline.domain.errors import TooManySamples
from sightline.domain.labels import Labels, series_id
from sightline.domain.metrics.known import NO_SERIES, KnownSeries
from sightline.domain.metrics.samples import STALE
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import ALL_TIME, DAY, TimeRange
from sightline.ports.archive import SeriesArchive

NOW = 1_790_000_000_000
A, B = Tenant("a"), Tenant("b")
UP, LOAD, GONE = (Labels.of(__name__=name, job="x") for name in ("up", "load", "gone"))


async def fill(archive: SeriesArchive) -> None:
    """Two ranges: two tenants, an overwritten sample, a sample of the month before."""
    ledger = Ledger()
    first = [Write(A, UP, [(NOW, 1.0), (NOW + 10, 2.0)]), Write(A, LOAD, [(NOW + 5, 7.0)]), Write(B, UP, [(NOW, 9.0)])]
    await archive.write(ledger.sealed(first))
    second = [Write(A, UP, [(NOW + 10, float(STALE))]), Write(A, UP, [(NOW - 40 * DAY, 0.5)])]
    await archive.write(ledger.sealed(second))


def known(*labels: Labels) -> KnownSeries:
    """Series that were found."""
    return KnownSeries.of(labels, [series_id(one) for one in labels])


async def test_known_series_are_read_like_found_ones(archive: SeriesArchive) -> None:
    """By ids the same columns come as by matchers: in order of labels, the last write alone, without series that have no sample."""
    await fill(archive)
    found = await archive.select_known(A, known(UP, GONE, LOAD), TimeRange(NOW, NOW + 10), 10)
    same = await archive.select(A, (), TimeRange(NOW, NOW + 10), 10)
    assert found.labels == same.labels == (LOAD, UP)
    assert found.ids.tolist() == same.ids.tolist()
    assert found.offsets.tolist() == same.offsets.tolist() == [0, 1, 3]
    assert found.times.tolist() == same.times.tolist() == [NOW + 5, NOW, NOW + 10]
    assert found.values.tobytes() == same.values.tobytes() == np.array([7.0, 1.0, STALE]).tobytes()


async def test_known_series_of_another_tenant_are_not_read(archive: SeriesArchive) -> None:
    """An id says nothing without its tenant; no series read nothing."""
    await fill(archive)
    assert (await archive.select_known(B, known(UP, LOAD), ALL_TIME, 10)).values.tolist() == [9.0]
    assert len(await archive.select_known(A, NO_SERIES, ALL_TIME, 10)) == 0


async def test_the_sample_limit_holds_for_known_series(archive: SeriesArchive) -> None:
    """Exactly `limit` samples are returned, overwritten ones not counted; one more is refused."""
    await fill(archive)
    assert (await archive.select_known(A, known(UP), ALL_TIME, 3)).samples == 3
    with pytest.raises(TooManySamples, match="2"):
        await archive.select_known(A, known(UP), ALL_TIME, 2)


async def test_every_series_is_described(archive: SeriesArchive) -> None:
    """All series of all tenants come with ids, labels and when they were seen."""
    assert [one async for some in archive.described() for one in some.tenants] == []
    await fill(archive)
    spans: dict[tuple[Tenant, int, Labels], list[int]] = {}
    async for some in archive.described():
        for tenant, number, labels, first, last in zip(
            some.tenants, some.ids.tolist(), some.labels, some.first_seen, some.last_seen, strict=True
        ):
            spans.setdefault((tenant, number, labels), []).extend((int(first), int(last)))
    assert {key: (min(times), max(times)) for key, times in spans.items()} == {
        (A, series_id(UP), UP): (NOW - 40 * DAY, NOW + 10),
        (A, series_id(LOAD), LOAD): (NOW + 5, NOW + 5),
        (B, series_id(UP), UP): (NOW, NOW),
    }


async def test_density_counts_rows_by_age(archive: SeriesArchive) -> None:
    """Rows are counted by spans before an instant, what is newer with the first span, the rest behind the last one."""
    assert list(await archive.density(NOW, 5, 2)) == [0, 0, 0]
    await fill(archive)
    counts = list(await archive.density(NOW + 9, 5, 2))
    assert counts[0] in {2, 3}  # an overwritten row may count
    assert counts[1:] == [2, 1]


async def test_runs_hold_everything_within_a_range(archive: SeriesArchive) -> None:
    """Each tenant's samples come as one run, the last write of each alone; tenants without any are left out."""
    await fill(archive)
    found = await archive.runs(TimeRange(NOW + 1, NOW + 10))
    assert list(found) == [A]
    run = found[A]
    assert run.ids.tolist() == sorted([series_id(UP), series_id(LOAD)])
    assert (run.first, run.last, run.samples) == (NOW + 5, NOW + 10, 2)
    everything = await archive.runs(ALL_TIME)
    assert {tenant: run.samples for tenant, run in everything.items()} == {A: 4, B: 1}
