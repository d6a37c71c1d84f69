import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.domain.kernels.conftest import Bodies
from tests.oracles import chunks as oracle

from sightline.domain.kernels.chunk import LONGEST, RAW, arrange, cut, room
from sightline.domain.kernels.chunk_decode import clip, decode
from sightline.domain.kernels.chunk_encode import encode
from sightline.domain.metrics.samples import STALE_BITS

Body = Callable[..., Any]
NOW = 1_790_000_000_000
STALE = np.uint64(STALE_BITS).view(np.float64).item()

BITS = st.integers(0, 2**64 - 1).map(lambda bits: np.uint64(bits).view(np.float64).item())
DECIMALS = st.tuples(st.integers(-(10**7), 10**7), st.integers(0, 5)).map(lambda pair: pair[0] / 10 ** pair[1])
ODD = st.sampled_from([STALE, math.nan, math.inf, -math.inf, -0.0, 0.0, 1e300, 2.0**53, 2.0**53 + 2, 1 / 3, 5e-324])
VALUES = st.one_of(
    st.lists(DECIMALS, min_size=1, max_size=40),
    st.lists(BITS, min_size=1, max_size=12),
    st.lists(st.one_of(DECIMALS, ODD), min_size=1, max_size=40),
    st.tuples(st.lists(DECIMALS, min_size=9, max_size=40), ODD).map(lambda pair: [*pair[0], pair[1]]),
)
GAPS = st.one_of(st.just(15_000), st.integers(14_990, 15_010), st.integers(1, 2 * oracle.HOUR))
STARTS = st.one_of(
    st.integers(NOW, NOW + oracle.HOUR), st.integers(-(2**53), 2**53), st.sampled_from([-(2**61), -1, 0, 1, 2**61])
)


@dataclass
class Encoded:
    """Chunks of series, and how they were cut."""

    offsets: Any
    begins: Any
    ends: Any
    firsts: Any
    spans: Any
    samples: Any
    scales: Any
    bounded: Any
    lowest: Any
    highest: Any
    time_bytes: Any
    time_offsets: Any
    value_bytes: Any
    value_offsets: Any

    @classmethod
    def of(cls, split: Body, enter: Body, series: list[tuple[list[int], list[float]]]) -> "Encoded":
        """Encoded by two bodies."""
        offsets = np.cumsum([0, *(len(times) for times, _ in series)])
        times = np.array([time for own, _ in series for time in own], np.int64)
        values = np.array([value for _, own in series for value in own], np.float64)
        count = split(offsets, times, np.empty(0, np.int64))
        begins = np.empty(count, np.int64)
        assert split(offsets, times, begins) == count
        ends = np.append(begins, len(times))[1:]
        size = room(len(times), count)
        made = (
            np.empty(count, np.uint8),
            np.empty(count, np.bool_),
            np.empty(count, np.int64),
            np.empty(count, np.int64),
            np.empty(size, np.uint8),
            np.empty(count + 1, np.int64),
            np.empty(size, np.uint8),
            np.empty(count + 1, np.int64),
        )
        with np.errstate(all="ignore"):  # Python tells of an infinity that is multiplied, machine code does not
            enter(begins, ends, times, values, *made)
        firsts = times[begins]
        return cls(offsets, begins, ends, firsts, times[ends - 1] - firsts, ends - begins, *made)

    def decoded(self, read: Body, skip: Any = None, take: Any = None) -> tuple[Any, Any]:
        """Times and values by one body, of each chunk those that are not skipped."""
        skip = np.zeros_like(self.samples) if skip is None else skip
        take = self.samples if take is None else take
        at = np.cumsum(take) - take
        times, values = np.empty(take.sum(), np.int64), np.empty(take.sum(), np.float64)
        heads = self.firsts, self.spans, self.samples, self.scales, self.lowest
        tails = self.time_offsets, self.time_bytes, self.value_offsets, self.value_bytes
        assert read(*heads, *tails, skip, take, at, times, values) == -1
        return times, values


def series_of(start: int, gaps: list[int], values: list[float]) -> tuple[list[int], list[float]]:
    """Times and values of one series, of equal length."""
    times = list(itertools.accumulate(gaps[: len(values) - 1], initial=start))
    return times, values[: len(times)]


SERIES = st.builds(series_of, STARTS, st.lists(GAPS, max_size=39), VALUES)


@settings(max_examples=4 * settings().max_examples)  # a chunk has many forms
@given(series=st.lists(SERIES, max_size=3))
@example(series=[series_of(NOW, [15_000] * 19, [*map(float, range(19)), 1 / 3])])  # one number that is no decimal
@example(
    series=[series_of(NOW, [15_000] * 19, [-1e4 * step for step in range(20)])]
)  # the first is far from the lowest
def test_all_bodies_bring_back_every_sample_bit_for_bit(
    bodies: Bodies, series: list[tuple[list[int], list[float]]]
) -> None:
    """Whichever body encodes, each decodes it, and the bytes mean what the description says."""
    times = [time for own, _ in series for time in own]
    bits = np.array([value for _, own in series for value in own], np.float64).tobytes()
    for split, enter in zip(bodies(cut), bodies(encode), strict=True):
        made = Encoded.of(split, enter, series)
        for read in bodies(decode):
            found, values = made.decoded(read)
            assert found.tolist() == times
            assert values.tobytes() == bits
        for chunk in range(len(made.begins)):
            count = int(made.samples[chunk])
            own = made.time_bytes[made.time_offsets[chunk] : made.time_offsets[chunk + 1]].tobytes()
            read_times = oracle.times_of(int(made.firsts[chunk]), int(made.spans[chunk]), count, own)
            assert read_times == times[made.begins[chunk] : made.ends[chunk]]
            own = made.value_bytes[made.value_offsets[chunk] : made.value_offsets[chunk + 1]].tobytes()
            read_values = oracle.values_of(int(made.scales[chunk]), int(made.lowest[chunk]), count, own)
            assert b"".join(read_values) == bits[8 * made.begins[chunk] : 8 * made.ends[chunk]]


@given(series=st.lists(SERIES, max_size=3))
def test_chunks_end_with_their_hour_and_their_series(
    bodies: Bodies, series: list[tuple[list[int], list[float]]]
) -> None:
    """No chunk reaches across the end of an hour, which belongs to it, and none is cut without need."""
    lengths = [len(piece) for times, _ in series for piece in oracle.pieces(times, LONGEST)]
    for split, enter in zip(bodies(cut), bodies(encode), strict=True):
        assert Encoded.of(split, enter, series).samples.tolist() == lengths


@pytest.mark.parametrize("count", [LONGEST, LONGEST + 1, 2 * LONGEST + 1])
def test_no_chunk_is_longer_than_it_may_be(bodies: Bodies, count: int) -> None:
    """An hour with more samples than a chunk may have makes several, and all come back."""
    start = oracle.hour(NOW) * oracle.HOUR + 1
    series = [(list(range(start, start + count)), [1.0, *map(float, range(count - 1))])] * 2
    lengths = [len(own) for own in oracle.pieces(series[0][0], LONGEST)] * 2
    for split, enter, read in zip(bodies(cut)[::2], bodies(encode)[::2], bodies(decode)[::2], strict=True):
        made = Encoded.of(split, enter, series)
        assert made.samples.tolist() == lengths
        times, values = made.decoded(read)
        assert times.tolist() == series[0][0] * 2
        assert values.tolist() == series[0][1] * 2


@given(series=st.lists(SERIES, min_size=1, max_size=3))
def test_bounds_are_those_of_the_values(bodies: Bodies, series: list[tuple[list[int], list[float]]]) -> None:
    """Where a chunk says that its bounds hold, they are its least and its greatest value, bit for bit; and it says so if it can."""
    values = np.array([value for _, own in series for value in own], np.float64)
    for split, enter in zip(bodies(cut), bodies(encode), strict=True):
        made = Encoded.of(split, enter, series)
        for chunk in range(len(made.begins)):
            own = values[made.begins[chunk] : made.ends[chunk]]
            odd = np.isnan(own) | (np.signbit(own) & (own == 0))
            assert not (made.bounded[chunk] and odd.any())
            if made.scales[chunk] == RAW:
                assert made.bounded[chunk] == (not odd.any())
                bounds = np.array([made.lowest[chunk], made.highest[chunk]]).view(np.float64)
            else:
                bounds = np.array([made.lowest[chunk], made.highest[chunk]]) / 10.0 ** made.scales[chunk]
            if made.bounded[chunk]:
                assert bounds.tobytes() == np.array([own.min(), own.max()]).tobytes()


@given(series=SERIES, ends=st.tuples(st.integers(-10, 50), st.integers(-10, 50)))
def test_a_range_cuts_chunks(bodies: Bodies, series: tuple[list[int], list[float]], ends: tuple[int, int]) -> None:
    """Of each chunk the samples within the range are found, both ends included, and only these are decoded."""
    start, end = (series[0][max(0, min(at, len(series[0]) - 1))] + (at < 0) for at in ends)
    wanted = [pair for pair in zip(*series, strict=True) if start <= pair[0] <= end]
    for split, enter, narrow, read in zip(bodies(cut), bodies(encode), bodies(clip), bodies(decode), strict=True):
        made = Encoded.of(split, enter, [series])
        skip, take = np.empty_like(made.samples), np.empty_like(made.samples)
        heads = made.firsts, made.spans, made.samples
        assert narrow(*heads, made.time_offsets, made.time_bytes, start, end, skip, take) == -1
        times, values = made.decoded(read, skip, take)
        assert times.tolist() == [time for time, _ in wanted]
        assert values.tobytes() == np.array([value for _, value in wanted], np.float64).tobytes()


@given(data=st.binary(max_size=30), count=st.integers(1, 9), scale=st.sampled_from([0, 2, 13, 254, RAW]))
def test_bytes_of_the_wrong_length_are_told(bodies: Bodies, data: bytes, count: int, scale: int) -> None:
    """Whatever bytes stand for a chunk, nothing beyond them is read: either they decode, or the chunk is named."""
    packed, numbers = np.frombuffer(data, np.uint8), np.array([0, len(data)])
    one, zero = np.array([count]), np.zeros(1, np.int64)
    scales = np.array([scale], np.uint8)
    found = set()
    for read, narrow in zip(bodies(decode), bodies(clip), strict=True):
        times, values = np.empty(count, np.int64), np.empty(count, np.float64)
        none = np.zeros(2, np.int64), np.empty(0, np.uint8)
        found.add(read(zero, zero, one, scales, zero, *none, numbers, packed, zero, one, zero, times, values))
        assert narrow(zero, one, one, numbers, packed, 1, 1, zero.copy(), zero.copy()) in {-1, 0}
    assert len(found) == 1
    assert found <= {-1, 0}


@given(
    rows=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 20), st.integers(0, 4), st.integers(1, 5)), max_size=12)
)
def test_all_bodies_arrange_alike(bodies: Bodies, rows: list[tuple[int, int, int, int]]) -> None:
    """Chunks stand by series and time; those of a series in which some overlap stand by seq, and the series is marked."""
    rows = list({(place, first): row for row in rows for place, first in [row[:2]]}.values())
    places, firsts, spans, seqs = (np.array([row[at] for row in rows], np.int64) for at in range(4))
    wanted, marked = [], []
    for place in range(3):
        own = sorted((row for row in rows if row[0] == place), key=lambda row: row[1])
        overlaps = any(b[1] <= a[1] + a[2] for a, b in itertools.pairwise(own))
        marked.append(overlaps)
        wanted += sorted(own, key=lambda row: row[3]) if overlaps else own
    for body in bodies(arrange):
        order, disordered = np.empty(len(rows), np.int64), np.zeros(3, np.bool_)
        body(places, firsts, spans, seqs.astype(np.uint64), order, disordered)
        assert [rows[at] for at in order.tolist()] == wanted
        assert disordered.tolist() == marked
