"""Several runs read as one answer like dictionaries laid over one another."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles.native_histogram import Value, marked, numbered, told

from sightline.domain.labels import Labels
from sightline.domain.metrics.known import KnownSeries
from sightline.domain.metrics.runs import GatheredColumns, Gathering, Run, Scratch, columns, merged
from sightline.domain.metrics.samples import STALE_BITS, SeriesColumns
from sightline.domain.timerange import ALL_TIME, TimeRange

NAMES = "abcde"
NUMBERS = {name: number for number, name in enumerate("cadbe")}  # ids in another order than labels
CONTENT = st.dictionaries(
    st.sampled_from(NAMES),
    st.dictionaries(st.integers(0, 9), st.integers(0, 99).map(numbered), min_size=1, max_size=6),
    min_size=1,
    max_size=5,
)
RANGES = st.tuples(st.integers(0, 9), st.integers(0, 9)).map(lambda ends: TimeRange(*sorted(ends)))
Content = dict[str, dict[int, Value]]


def run_of(content: Content) -> Run:
    """A run whose series stand in order of names, not of ids."""
    rows = [(NUMBERS[name], time, own[time]) for name, own in sorted(content.items()) for time in sorted(own)]
    ids, times, values = zip(*rows, strict=True)
    return Run.of_rows(np.array(ids, np.uint64), np.array(times, np.int64), *marked(values))


def known(names: str) -> KnownSeries:
    """Series by name."""
    return KnownSeries.of([Labels.of(n=name) for name in names], [NUMBERS[name] for name in names])


def content_of(found: SeriesColumns) -> list[tuple[str, list[tuple[int, Value]]]]:
    """Names and samples in the order in which they stand."""
    ranges = zip(found.labels, found.offsets[:-1].tolist(), found.offsets[1:].tolist(), strict=True)
    pairs = list(zip(found.times.tolist(), told(found.values, found.histograms), strict=True))
    return [(labels.get("n"), pairs[a:b]) for labels, a, b in ranges]


@given(parts=st.lists(st.tuples(CONTENT, RANGES), max_size=4), names=st.sets(st.sampled_from(NAMES)))
def test_gathering_lays_later_parts_over_earlier_ones(parts: list[tuple[Content, TimeRange]], names: set[str]) -> None:
    """Of the wanted series come the samples of each part's range, the later part on top, in order of labels and time."""
    wanted: Content = {}
    for content, within in parts:
        for name in names & content.keys():
            own = {time: value for time, value in content[name].items() if within.start <= time <= within.end}
            wanted.setdefault(name, {}).update(own)
    series = known("".join(sorted(names)))
    gathering = Gathering([(run_of(content), within) for content, within in parts], series)
    found = columns(series, gathering)
    assert content_of(found) == [(name, sorted(own.items())) for name, own in sorted(wanted.items()) if own]
    assert found.ids.tolist() == [NUMBERS[labels.get("n")] for labels in found.labels]
    assert gathering.samples >= found.samples


@given(
    parts=st.lists(st.tuples(CONTENT, RANGES), max_size=4),
    within=RANGES,
    rows=st.tuples(st.integers(0, 5), st.integers(0, 5)),
)
def test_an_answer_can_be_read_part_by_part(
    parts: list[tuple[Content, TimeRange]], within: TimeRange, rows: tuple[int, int]
) -> None:
    """Some series of an answer, or what of it lies in a narrower range, are the same as in the whole."""
    found = columns(known(NAMES), Gathering([(run_of(content), span) for content, span in parts], known(NAMES)))
    if not isinstance(found, GatheredColumns):
        assert found.samples == 0
        return
    first, after = sorted(min(row, len(found)) for row in rows)
    for slices, low, high in ((found.slices, 0, 9), (found.slices.within(within), within.start, within.end)):
        offsets, times, values = slices.part(first, after, Scratch())
        whole = [[pair for pair in own if low <= pair[0] <= high] for _, own in content_of(found)]
        histograms = slices.of(np.arange(first, after)).histograms
        pairs = list(zip(times.tolist(), told(values, histograms), strict=True))
        assert [pairs[a:b] for a, b in pairwise(offsets.tolist())] == whole[first:after]
    assert found.samples == len(found.times)


@given(contents=st.lists(CONTENT, min_size=1, max_size=4), within=RANGES)
def test_a_merged_run_answers_like_its_parts(contents: list[Content], within: TimeRange) -> None:
    """One run of several holds what they held together within a range, or there is none."""
    runs = [run_of(content) for content in contents]
    apart = columns(known(NAMES), Gathering([(run, within) for run in runs], known(NAMES)))
    made = merged(runs, within)
    if made is None:
        assert apart.samples == 0
        return
    assert content_of(columns(known(NAMES), Gathering([(made, ALL_TIME)], known(NAMES)))) == content_of(apart)
    assert (made.first, made.last, made.samples) == (apart.times.min(), apart.times.max(), apart.samples)


def test_an_answer_becomes_a_run_and_keeps_its_bits() -> None:
    """Columns of an answer, taken as a run, give the same answer, stale markers bit for bit, in arrays of its own."""
    stale = np.array([STALE_BITS], np.uint64).view(np.float64)
    series = known("ab")
    answer = SeriesColumns(series.labels, series.ids, np.array([0, 1, 2]), np.array([5, 3]), np.append(stale, 1.0))
    found = columns(series, Gathering([(Run.of_columns(answer), ALL_TIME)], series))
    assert found.values.tobytes() == answer.values.tobytes()
    assert found.times.tolist() == [5, 3]
    assert not np.shares_memory(found.values, answer.values)
    assert not np.shares_memory(found.ids, series.ids)
