"""What every archive of series promises (ports/archive.py)."""

import math
from dataclasses import replace

import numpy as np
import pytest
from tests.contracts.ranges import Ledger, Write
from tests.oracles.native_histogram import Native, Value, numbered
from tests.oracles.native_histogram import told as values_told

from sightline.domain.errors import TooManySamples
from sightline.domain.labels import Labels, Matcher, MatchOp, series_id
from sightline.domain.metrics.digest import Windows
from sightline.domain.metrics.known import NO_SERIES, KnownSeries
from sightline.domain.metrics.runs import Run
from sightline.domain.metrics.samples import STALE, SeriesColumns, stale_mask
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import ALL_TIME, DAY, HOUR, TimeRange
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


def told(found: SeriesColumns | Run) -> list[Value]:
    """What the samples of an answer or of a run hold."""
    return values_told(found.values, found.histograms)


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


HOURS = 1_789_999_200_000  # a multiple of an hour
RUNS: dict[str, list[tuple[int, Value]]] = {
    "counter": [(HOURS + at * 600_000, float(at * at)) for at in range(1, 40)],
    "decimals": [(HOURS + at * 600_000, (at * 7 % 11) / 100 - 0.05) for at in range(1, 40)],
    "floats": [(HOURS + at * 600_000, 1 / (at - 20.5)) for at in range(1, 40)],
    "infinite": [(HOURS + 600_000, 1.0), (HOURS + 1_200_000, math.inf), (HOURS + 7_200_000, -math.inf)],
    "zeros": [(HOURS + 1, -0.0), (HOURS + 2, 0.0), (HOURS + 2 * HOUR, 0.0), (HOURS + 2 * HOUR + 1, -0.0)],
    "nan": [(HOURS + 1, math.nan), (HOURS + HOUR + 1, math.nan), (HOURS + HOUR + 2, 3.0)],
    "histograms": [(HOURS + at * 600_000, numbered(at)) for at in range(3, 40)],
    "stale": [(HOURS + 1, 5.0), (HOURS + 2, float(STALE)), (HOURS + HOUR + 1, float(STALE))],
}


@pytest.mark.parametrize("hours", [1, 3])
async def test_a_digest_says_what_the_samples_say(archive: SeriesArchive, hours: int) -> None:
    """Counts and bounds of every window are those of its samples, whatever they are and however often they were written."""
    ledger = Ledger()
    series = {name: Labels.of(__name__="m", kind=name) for name in RUNS}
    await archive.write(ledger.sealed([Write(A, series[name], run) for name, run in RUNS.items()]))
    again: list[tuple[int, Value]] = [(HOURS + at * 600_000, at * at + 1.0) for at in range(1, 6)]
    await archive.write(
        ledger.sealed([Write(A, series["counter"], again), Write(B, series["floats"], [(HOURS + 1, 9e9)])])
    )
    sought, windows = known(*series.values(), GONE), Windows(HOURS, hours * HOUR, 9 // hours)
    found = await archive.digest(A, sought, windows, 1_000)
    assert found.counts.shape == (len(sought), windows.count)
    wanted = {**RUNS, "counter": [*again, *RUNS["counter"][5:]]}
    for row, labels in enumerate(sought.labels):
        for window in range(windows.count):
            start = HOURS + window * windows.width
            own = [value for time, value in wanted.get(labels.get("kind"), []) if start < time <= start + windows.width]
            own = [one for one in own if isinstance(one, Native) or not stale_mask(np.array([one]))[0]]
            numbers = [value for value in own if not isinstance(value, Native) and not math.isnan(value)]
            assert found.counts[row, window] == len(own)
            assert found.marked[row] == (labels.get("kind") == "histograms")
            if own and not found.marked[row]:
                bounds = [min(numbers, default=math.nan), max(numbers, default=math.nan)]
                same = np.array([found.least[row, window], found.greatest[row, window]])
                assert same.tobytes() == np.array(bounds).tobytes()


async def test_a_digest_of_nothing_is_empty(archive: SeriesArchive) -> None:
    """No series have no rows, and series without samples count none."""
    assert (await archive.digest(A, NO_SERIES, Windows(HOURS, HOUR, 2), 9)).counts.shape == (0, 2)
    assert (await archive.digest(A, known(UP), Windows(HOURS, HOUR, 2), 9)).counts.tolist() == [[0, 0]]


async def test_a_digest_keeps_the_limit_of_what_it_has_to_read(archive: SeriesArchive) -> None:
    """Samples that must be read one by one are limited."""
    await archive.write(Ledger().sealed([Write(A, UP, [(HOURS + at, math.nan) for at in range(1, 9)])]))
    with pytest.raises(TooManySamples):
        await archive.digest(A, known(UP), Windows(HOURS, HOUR, 1), 7)
    assert (await archive.digest(A, known(UP), Windows(HOURS, HOUR, 1), 8)).counts.tolist() == [[8]]


async def test_cleaning_changes_no_answer(archive: SeriesArchive) -> None:
    """Before, after and in between deletes are cleaned up, samples, digests, runs and what is empty are the same."""
    await fill(archive)
    ledger, hour = Ledger(), HOUR * (NOW // HOUR)
    samples = [(hour + 9_000 * at, numbered(at)) for at in range(1_000)]
    later = ledger.sealed([Write(A, LOAD, samples), Write(B, LOAD, samples)])
    await archive.write(replace(later, range_id=100))
    load = ((Matcher("__name__", MatchOp.EQUAL, "load"),),)
    await archive.delete(A, load, TimeRange(hour + 5, hour + HOUR + 5))
    await archive.delete(A, load, TimeRange(hour + HOUR // 2, hour + 2 * HOUR))
    await archive.delete(A, ((Matcher("__name__", MatchOp.EQUAL, "up"),),), ALL_TIME)
    await archive.write(replace(ledger.sealed([Write(A, LOAD, [(hour + HOUR, -1.0)])]), range_id=200))

    async def answers_of() -> list[object]:
        windows = Windows(hour, HOUR, 3)
        digest = await archive.digest(A, known(LOAD), windows, 10_000)
        answers = [await archive.select(tenant, (), ALL_TIME, 10_000) for tenant in (A, B)]
        held = await archive.runs(ALL_TIME)
        return [
            *((one.labels, one.offsets.tolist(), one.times.tolist(), told(one)) for one in answers),
            (digest.counts.tolist(), digest.least.tolist(), digest.greatest.tolist()),
            {tenant: sorted(zip(run.times.tolist(), map(str, told(run)), strict=True)) for tenant, run in held.items()},
            {tenant: ids.tolist() for tenant, ids in archive.emptied().items()},
            await archive.series(A, (), ALL_TIME, 9),
        ]

    before = await answers_of()
    assert len(before[0][2]) == 201  # type: ignore[index]  # the times of A
    assert before[4] == {A: [series_id(UP)]}
    while await archive.clean():
        assert await answers_of() == before
    assert await answers_of() == before
    assert not await archive.clean()
