"""Taking native histograms in."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.application.intake import House
from tests.oracles.native_histogram import Native, Value, columns, marked, natives, numbered, told

from sightline.application import ingest
from sightline.domain.metrics.journal import Appended
from sightline.domain.metrics.native_histograms import MARK
from sightline.domain.metrics.samples import STALE, stale_mask
from sightline.domain.tenancy import LOCAL
from sightline.domain.timerange import ALL_TIME

pytestmark = pytest.mark.anyio


@pytest.fixture
def house() -> House:
    return House()


async def answered(house: House) -> list[Value]:
    """The samples of the one metric."""
    found = await house.reader.select(LOCAL.tenant, (), ALL_TIME, 10**6)
    return told(found.values, found.histograms)


async def test_native_histograms_come_back(house: House) -> None:
    """Histograms among floats, in small batches and after a restart, from the tail and from the store."""
    for values in ([1.0, numbered(3), numbered(6)], [numbered(9)]):
        batch = house.batch(*np.zeros(len(values)))
        await house.ingest(LOCAL, replace(batch, **columns_of(values)))
        await house.clock.advance(60)
    wanted = [1.0, numbered(3), numbered(6), numbered(9)]
    assert await answered(house) == wanted
    house.start()
    assert await answered(house) == wanted
    await house.flush.drain()
    assert await answered(house) == wanted


async def test_histograms_that_do_not_agree_with_themselves_are_left_out(house: House) -> None:
    """The rest is stored, and each rule that was broken is named with the first sample that breaks it."""
    values = [numbered(3), Native(count=-1.0), 2.0, Native(schema=9), Native(count=-2.0), numbered(6)]
    taken = await house.ingest.partly(LOCAL, replace(house.batch(*np.zeros(6)), **columns_of(values)))
    assert [(each.error.code, each.samples) for each in taken.left_out] == [
        ("histogram_invalid", 1),
        ("histogram_invalid", 2),
    ]
    assert "series m: the native histogram of" in taken.left_out[0].error.message
    assert (taken.samples, taken.histograms) == (3, 2)
    assert await answered(house) == [numbered(3), 2.0, numbered(6)]


async def test_a_mark_without_a_histogram_is_no_sample(house: House) -> None:
    """A float with the bits of the mark is left out, alone or beside others, and where histograms are too few."""
    for values, left in (([MARK], 0), ([1.0, MARK], 1), ([1.0, MARK, MARK], 1)):
        batch = house.batch(*values)
        if len(values) == 3:
            batch = replace(batch, histograms=columns([Native()]))
        taken = await house.ingest.partly(LOCAL, batch)
        assert [each.error.code for each in taken.left_out] == ["histogram_invalid"]
        assert (taken.samples, taken.histograms) == (left, 0)
        await house.clock.advance(60)
    assert await answered(house) == [1.0, 1.0]


async def test_a_histogram_whose_sum_is_the_stale_marker_is_one(house: House) -> None:
    """That is how remote write says that a series of histograms has ended."""
    values = [numbered(3), Native(sum=float(STALE))]
    await house.ingest(LOCAL, replace(house.batch(0.0, 0.0), **columns_of(values)))
    found = await house.reader.select(LOCAL.tenant, (), ALL_TIME, 9)
    assert (stale_mask(found.values).tolist(), len(found.histograms)) == ([False, True], 1)


async def test_entries_are_bounded_by_the_weight_of_histograms(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Histograms of many buckets are cut into entries of a few each, which hold what the batch held."""
    monkeypatch.setattr(ingest, "ENTRY_BYTES", 16 << 10)
    wide = Native(count=1e9, positive=dict.fromkeys(range(100), 1.0))
    values: list[Value] = [*(replace(wide, sum=float(number)) for number in range(40)), 1.0]
    await house.ingest(LOCAL, replace(house.batch(*np.zeros(41)), **columns_of(values)))
    entries = [one for one in house.journal.replay() if isinstance(one, Appended)]
    assert [len(one.times) for one in entries] == [13, 13, 13, 2]
    assert all(one.histograms.weight <= 16 << 10 for one in entries)
    sums = [native.sum for one in entries for native in natives(one.histograms)]
    assert sums == [float(number) for number in range(40)]


def columns_of(values: Sequence[Value]) -> dict[str, Any]:
    """Values as columns of a batch."""
    return dict(zip(("values", "histograms"), marked(values), strict=True))
