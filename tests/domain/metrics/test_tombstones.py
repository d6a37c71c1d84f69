import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.metrics.runs import Run
from sightline.domain.metrics.tombstones import Tombstone, visible
from sightline.domain.timerange import TimeRange

ranges = st.tuples(st.integers(0, 20), st.integers(0, 20)).map(lambda ends: TimeRange(min(ends), max(ends)))
ids = st.sets(st.integers(1, 4), min_size=1)
tombstones = st.builds(
    lambda some, within, before: Tombstone(
        0, np.array(sorted(some), np.uint64), np.zeros(len(some), np.uint64), within, before
    ),
    ids,
    ranges,
    st.integers(0, 5),
)
chunks = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 5), ranges), max_size=6)


@given(deleted=st.lists(tombstones, max_size=4), held=chunks, within=ranges)
def test_each_instant_of_a_chunk_is_left_or_not(
    deleted: list[Tombstone], held: list[tuple[int, int, TimeRange]], within: TimeRange
) -> None:
    """What is left of a chunk, once, are the instants of the range that no tombstone of its series and age covers."""
    seen = visible(
        deleted,
        np.array([one for one, _, _ in held], np.uint64),
        np.array([seq for _, seq, _ in held], np.uint64),
        np.array([span.start for _, _, span in held], np.int64),
        np.array([span.end for _, _, span in held], np.int64),
        within,
    )
    found = [
        (row, instant)
        for row, low, high in zip(seen.rows.tolist(), seen.lows.tolist(), seen.highs.tolist(), strict=True)
        for instant in range(max(low, held[row][2].start), min(high, held[row][2].end) + 1)
    ]
    wanted = [
        (row, instant)
        for row, (number, seq, span) in enumerate(held)
        for instant in range(max(span.start, within.start), min(span.end, within.end) + 1)
        if not any(
            number in one.ids and seq < one.before and one.within.start <= instant <= one.within.end for one in deleted
        )
    ]
    assert sorted(found) == wanted


@given(
    held=st.dictionaries(st.integers(1, 5), st.sets(st.integers(0, 20), min_size=1), min_size=1),
    deleted=st.lists(st.tuples(ids, ranges), max_size=4),
)
def test_a_run_without_some_samples(held: dict[int, set[int]], deleted: list[tuple[set[int], TimeRange]]) -> None:
    """Runs that follow one another hold what was not taken out, of each series in order of time, and never change."""
    order = sorted(held, reverse=True)
    times = np.array([time for number in order for time in sorted(held[number])], np.int64)
    owners = np.array([number for number in order for _ in held[number]], np.uint64)
    runs, wanted = (
        [Run.of_rows(owners, times, times.astype(np.float64))],
        {number: sorted(its) for number, its in held.items()},
    )
    for some, within in deleted:
        runs = [left for run in runs for left in run.without(np.array(sorted(some), np.uint64), within)]
        for number in some & wanted.keys():
            wanted[number] = [time for time in wanted[number] if not within.start <= time <= within.end]
    found: dict[int, list[int]] = {}
    for run in runs:
        assert run.ids.tolist() == sorted(run.ids.tolist())
        for number, start, end in zip(run.ids.tolist(), run.starts, run.ends, strict=True):
            found.setdefault(number, []).extend(run.times[start:end].tolist())
            assert (run.values[start:end] == run.times[start:end]).all()
            assert start < end
    assert {number: sorted(its) for number, its in found.items()} == {
        number: its for number, its in wanted.items() if its
    }
