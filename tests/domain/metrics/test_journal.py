"""How a range of the log becomes rows."""

from collections.abc import Iterator
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles.native_histogram import Value, marked, natives, numbered, told

from sightline.domain.labels import Labels, metric_id, series_id
from sightline.domain.metrics import journal
from sightline.domain.metrics.journal import NOTHING_SEEN, Appended, SealedRange, SeriesSeen, joined, seal
from sightline.domain.tenancy import Tenant

Row = tuple[str, int, int, Value]  # tenant, series, time, value


def entries_of(rows: list[list[Row]]) -> list[Appended]:
    """One entry per tenant and list, in order of position."""
    made, seq = [], 0
    for group in rows:
        for tenant in sorted({row[0] for row in group}):
            mine = [row for row in group if row[0] == tenant]
            series = sorted({row[1] for row in mine})
            labels = [Labels.of(__name__=f"m{one % 2}", n=str(one)) for one in series]
            made.append(
                Appended(
                    Tenant(tenant),
                    seq,
                    SeriesSeen.of(*((series_id(label), label, 1, 2) for label in labels)),
                    np.array([series_id(label) for label in labels], np.uint64),
                    np.array([metric_id(label.name) for label in labels], np.uint64),
                    np.array([series.index(row[1]) for row in mine], np.uint32),
                    np.array([row[2] for row in mine], np.int64),
                    *marked([row[3] for row in mine]),
                )
            )
            seq += len(mine)
    return made


rows = st.lists(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(0, 3), st.integers(0, 4), st.integers(0, 99).map(numbered)),
        min_size=1,
        max_size=8,
    ),
    max_size=4,
)


@given(rows)
def test_a_range_holds_the_last_write_of_each_timestamp_in_key_order(groups: list[list[Row]]) -> None:
    """Samples are those of a dictionary written in order of position, sorted by tenant, metric, id and time."""
    entries = entries_of(groups)
    expected = {}
    for entry in entries:
        for i in range(len(entry.times)):
            series = int(entry.index[i])
            key = (entry.tenant, int(entry.metrics[series]), int(entry.ids[series]), int(entry.times[i]))
            expected[key] = told(entry.values, entry.histograms)[i]
    batch = seal(7, entries)
    assert list(samples_of(batch)) == [(*key, expected[key]) for key in sorted(expected)]
    assert (batch.range_id, len(batch)) == (7, len(expected))


@given(rows)
def test_entries_that_were_joined_seal_alike(groups: list[list[Row]]) -> None:
    """Whether a series stands in an entry twice, and how many series are numbered together, makes no difference."""
    entries = entries_of([[("a", *row[1:]) for row in group] for group in groups])
    whole = [joined(entries)] if entries else []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal, "_KEYS_AT_ONCE", 2)
        found = seal(7, entries)
    assert list(samples_of(seal(7, whole))) == list(samples_of(found)) == list(samples_of(seal(7, entries)))


def samples_of(batch: SealedRange) -> Iterator[tuple[str, int, int, int, Value]]:
    """Tenant, metric, id, time and value of each sample."""
    runs = zip(batch.run_tenant.tolist(), batch.run_metric.tolist(), batch.run_id.tolist(), strict=True)
    values = told(batch.value, batch.histograms)
    for (tenant, metric, one), (start, end) in zip(runs, pairwise(batch.offsets.tolist()), strict=True):
        assert start < end
        for time, value in zip(batch.time[start:end].tolist(), values[start:end], strict=True):
            yield batch.tenants[tenant], metric, one, time, value


@given(rows, st.randoms(use_true_random=False))
def test_a_range_is_the_same_however_its_entries_are_found(groups: list[list[Row]], random: Random) -> None:
    """Sealing is a function of the entries alone: replay gives the same rows in the same order."""
    entries = entries_of(groups)
    shuffled = list(entries)
    random.shuffle(shuffled)

    def columns(batch: SealedRange) -> list[object]:
        return [batch.tenants, list(batch.labels), natives(batch.histograms)] + [
            getattr(batch, name).tobytes()
            for name in ("series_id", "first_seen", "run_tenant", "run_metric", "run_id", "offsets", "time", "value")
        ]

    assert columns(seal(7, entries)) == columns(seal(7, shuffled))


def test_a_series_described_twice_is_one_row_with_the_widest_span() -> None:
    """First and last sight are the minimum and maximum; what the store knows already is left out."""
    labels, known = Labels.of(__name__="m"), Labels.of(__name__="m", a="b")
    ids = np.array([series_id(labels), series_id(known)], np.uint64)
    metrics = np.full(2, metric_id("m"), np.uint64)

    def entry(seq: int, first: int, last: int) -> Appended:
        seen = SeriesSeen.of((series_id(labels), labels, first, last), (series_id(known), known, first, last, False))
        index = np.array([0, 1], np.uint32)
        return Appended(Tenant("t"), seq, seen, ids, metrics, index, np.array([1, 1]), np.array([1.0, 1.0]))

    batch = seal(0, [entry(0, 5, 6), entry(2, 3, 4)])
    assert list(batch.labels) == [labels]
    assert (batch.first_seen.tolist(), batch.last_seen.tolist()) == ([3], [6])


def test_an_entry_tells_the_span_of_each_series() -> None:
    """The first and last time per series, whatever order the samples come in."""
    (entry,) = entries_of([[("a", 0, 9, 1.0), ("a", 1, 4, 1.0), ("a", 0, 2, 1.0), ("a", 0, 5, 1.0)]])
    firsts, lasts = entry.spans()
    assert (firsts.tolist(), lasts.tolist()) == ([2, 4], [9, 4])


def test_many_series_stand_in_the_order_of_their_keys() -> None:
    """More series than 16 bits number, in any order and in several entries, with times that fall: as sorted rows would."""
    random = np.random.default_rng(1)
    ids = random.permutation(np.arange(66_000, dtype=np.uint64))
    metrics = ids % np.uint64(3)
    entries = [
        Appended(
            Tenant("t"),
            seq,
            NOTHING_SEEN,
            ids[: len(times)],
            metrics[: len(times)],
            np.arange(len(times), dtype=np.uint32),
            times,
            times.astype(np.float64),
        )
        for seq, times in ((0, np.full(66_000, 5)), (66_000, ids[:2_000].astype(np.int64) % 10))
    ]
    batch = seal(0, entries)
    rows = np.concatenate(
        [np.column_stack([entry.metrics, entry.ids, entry.times.astype(np.uint64)]) for entry in entries]
    )
    rows = rows[np.lexsort(rows.T[::-1])]
    expected = rows[np.append([True], (rows[1:] != rows[:-1]).any(axis=1))]
    runs = np.repeat(np.column_stack([batch.run_metric, batch.run_id]), np.diff(batch.offsets), axis=0)
    np.testing.assert_array_equal(np.column_stack([runs, batch.time.astype(np.uint64)]), expected)
    np.testing.assert_array_equal(batch.value, batch.time)
    assert not batch.run_tenant.any()
