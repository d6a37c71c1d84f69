"""The table of native histograms, beside the samples that mark them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.contracts.ranges import Ledger, Write
from tests.oracles.native_histogram import Native, Value, numbered, told

from sightline.adapters.outbound.clickhouse import histogram_rows
from sightline.adapters.outbound.clickhouse.embedded import Embedded
from sightline.adapters.outbound.clickhouse.series import ClickHouseSeries
from sightline.adapters.outbound.clickhouse.statements import statement
from sightline.domain.labels import Labels, Matcher, MatchOp
from sightline.domain.metrics.journal import SealedRange
from sightline.domain.tenancy import DEFAULT_TENANT as TENANT
from sightline.domain.tenancy import Tenant
from sightline.domain.timerange import ALL_TIME, DAY, HOUR, MINUTE, TimeRange

NOW = 1_790_000_000_000
UP, LOAD = Labels.of(__name__="up"), Labels.of(__name__="load")


def a_range(*samples: tuple[int, Value], labels: Labels = UP, number: int = 1) -> SealedRange:
    """A sealed range with samples of one series."""
    return replace(Ledger().sealed([Write(TENANT, labels, samples)]), range_id=number)


async def opened(engine: Embedded) -> ClickHouseSeries:
    """A store that has looked at its tables, as after a start."""
    store = ClickHouseSeries(engine)
    await store._histograms.load()
    await store._deletes.load()
    return store


async def values(store: ClickHouseSeries, within: TimeRange = ALL_TIME) -> list[Value]:
    """All samples of a tenant."""
    found = await store.select(TENANT, (), within, 10**6)
    return told(found.values, found.histograms)


async def count(engine: Embedded) -> int:
    """How many histograms are stored, without what is there twice."""
    found = await engine.read("SELECT toInt64(sum(length(times))) AS stored FROM histograms FINAL")
    return int(found["stored"][0].as_py())


async def test_histograms_survive_a_restart(engine: Embedded) -> None:
    """A store that is opened again finds them, by a read and for memory."""
    batch = a_range((NOW, 1.0), (NOW + 1, numbered(3)), (NOW + 40 * DAY, numbered(6)))
    await (await opened(engine)).write(batch)
    again = await opened(engine)
    assert await values(again) == [1.0, numbered(3), numbered(6)]
    run = (await again.runs(ALL_TIME))[TENANT]
    assert told(run.values, run.histograms) == [1.0, numbered(3), numbered(6)]


async def test_floats_do_not_ask_for_histograms(engine: Embedded) -> None:
    """As long as there are none, reads, refills, digests and cleaning never touch their table."""
    await engine.command("DROP TABLE histograms")
    store = ClickHouseSeries(engine)
    await store.write(a_range((NOW, 1.0), (NOW + 1, 2.0)))
    assert await values(store) == [1.0, 2.0]
    assert (await store.runs(ALL_TIME))[TENANT].samples == 2
    assert sum(await store.density(NOW, HOUR, 2)) == 2
    await store.delete(TENANT, ((),), TimeRange(NOW, NOW))
    assert not await store.clean()
    assert await values(store) == [2.0]


async def test_a_mark_without_its_histogram_is_no_sample(engine: Embedded) -> None:
    """When retention took the histograms first, the samples that marked them are gone as well, and series that had no others."""
    store = await opened(engine)
    await store.write(a_range((NOW, 1.0), (NOW + 1, numbered(3)), (NOW + 2 * HOUR, numbered(6))))
    await store.write(a_range((NOW, numbered(9)), labels=LOAD, number=2))
    old = "DELETE FROM histograms WHERE toUnixTimestamp64Milli(first) < {before:Int64}"
    await engine.command(old, {"before": NOW + HOUR})
    assert await values(store) == [1.0, numbered(6)]
    assert (await store.select(TENANT, (), ALL_TIME, 9)).labels == (UP,)
    run = (await store.runs(ALL_TIME))[TENANT]
    assert told(run.values, run.histograms) == [1.0, numbered(6)]


async def test_a_range_of_several_inserts_is_stored_once(engine: Embedded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inserts are bounded by the weight of histograms, over months too, and a replay adds nothing."""
    monkeypatch.setattr(histogram_rows, "MAX_WEIGHT", 1_000)
    samples = [(NOW + at * 5 * HOUR, numbered(3 * at)) for at in range(200)]
    batch, store = a_range(*samples), await opened(engine)
    for _ in range(3):
        await store.write(batch)
        assert await values(store) == [value for _, value in samples]
        assert await count(engine) == 200


async def test_cleaning_takes_the_deleted_histograms(engine: Embedded) -> None:
    """Of an hour that was deleted in part, what is left stays, and stays readable once the tombstone is gone."""
    store = await opened(engine)
    samples = [(NOW + at * MINUTE, numbered(3 * at)) for at in range(60)]
    await store.write(a_range(*samples))
    await store.write(a_range(*samples, labels=LOAD, number=2))
    within = TimeRange(NOW + 20 * MINUTE, NOW + 39 * MINUTE)
    await store.delete(TENANT, ((Matcher("__name__", MatchOp.EQUAL, "up"),),), within)
    left = [value for time, value in samples if not within.start <= time <= within.end]
    wanted = [*(value for _, value in samples), *left]
    assert await values(store) == wanted
    assert await count(engine) == 120
    while await store.clean():
        pass
    assert await count(engine) == 100
    for one in (store, await opened(engine)):
        assert await values(one) == wanted
        assert await values(one, TimeRange(NOW + 15 * MINUTE, NOW + 45 * MINUTE)) == [
            value for time, value in samples if 15 * MINUTE <= time - NOW <= 45 * MINUTE
        ] + [value for time, value in samples if 15 * MINUTE <= time - NOW <= 45 * MINUTE and value in left]


async def test_density_counts_what_histograms_weigh(engine: Embedded) -> None:
    """Memory is filled by weight: a histogram of a hundred buckets counts as many samples."""
    store = await opened(engine)
    wide = Native(count=1e6, positive=dict.fromkeys(range(100), 1.0))
    await store.write(a_range((NOW - 1, 1.0), (NOW - 2, wide), (NOW - HOUR - 1, 2.0)))
    newest, older, _ = await store.density(NOW, HOUR, 2)
    assert (newest - 2, older) == ((58 + 1_200) // 16, 1)


async def test_a_snapshot_has_the_histograms(engine: Embedded, tmp_path: Path) -> None:
    """What a copy of the folder holds of them is what there was."""
    store = await opened(engine)
    await store.write(a_range((NOW, numbered(3)), (NOW + 1, 1.0)))
    await store.copy_to(tmp_path / "copy")
    await engine.close()
    copy = await ClickHouseSeries.open(tmp_path / "copy", retention=None)
    try:
        assert await values(copy) == [numbered(3), 1.0]
    finally:
        await copy.close()


async def test_tenants_have_their_own(engine: Embedded) -> None:
    """The same series and time of two tenants, in one range, are two histograms, in reads and in memory."""
    store, other = await opened(engine), Tenant("other")
    await store.write(
        Ledger().sealed(
            [Write(TENANT, UP, [(NOW, numbered(3))]), Write(other, UP, [(NOW, numbered(6)), (NOW + 1, 1.0)])]
        )
    )
    wanted: dict[Tenant, Sequence[Value]] = {TENANT: [numbered(3)], other: [numbered(6), 1.0]}
    runs = await store.runs(ALL_TIME)
    for tenant, its in wanted.items():
        found = await store.select(tenant, (), ALL_TIME, 9)
        assert told(found.values, found.histograms) == its
        assert told(runs[tenant].values, runs[tenant].histograms) == its


def test_statements_name_every_column() -> None:
    """What is inserted is what is read, in the same order."""
    inserted = statement("histograms_insert").split("whole, ", 1)[1].split("\n)", 1)[0]
    for name in ("histograms_select", "histograms_within", "histograms_holed"):
        assert inserted in statement(name)
