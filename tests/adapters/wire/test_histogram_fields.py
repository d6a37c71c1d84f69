"""Native histograms in protobuf: what decodes, to what, and what has a fault."""

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.wire.test_remote_write import spoiled
from tests.oracles import histogram_message as oracle
from tests.oracles.native_histogram import NATIVES, Native, columns, natives
from tests.oracles.remote_write import RefusedError
from tests.oracles.write_messages import V1, histogram

from sightline.adapters.wire import histogram_encode
from sightline.adapters.wire import histogram_scan as layout
from sightline.adapters.wire.histogram_encode import encoded
from sightline.adapters.wire.histogram_fields import SAID, WRITTEN, HistogramFields, NoHistogram, histogram_fields
from sightline.domain.errors import BodyTooLarge

SOME = Native(schema=1, count=9.0, sum=1.5, zero_count=1.0, positive={-3: 2.0, 5: 3.0, 6: 1.0}, negative={-2: 2.0})


def read(*messages: bytes, most: int = 1_000) -> HistogramFields:
    """The columns of messages that stand one behind the other."""
    ends = np.cumsum([0, *map(len, messages)]).astype(np.int64)
    return histogram_fields(b"".join(messages), ends[:-1], ends[1:], WRITTEN, most, "some.limit")


def message(**said: Any) -> bytes:
    """A message of the protobuf library."""
    return bytes(V1["Histogram"](**said).SerializeToString())


@given(st.lists(st.tuples(NATIVES, st.integers(-(2**63), 2**63 - 1), st.booleans()), max_size=6))
def test_what_another_encoder_writes_is_read(said: list[tuple[Native, int, bool]]) -> None:
    """Histograms of every schema, in whole counts and in floats, come out as they went in, empty buckets left out."""
    found = read(*[message(**histogram(native, time, whole=whole)) for native, time, whole in said])
    assert list(map(oracle.told, natives(found.histograms))) == [oracle.told(native) for native, _, _ in said]
    assert found.times.tolist() == [time for _, time, _ in said]
    assert not found.faults.any()


@given(st.lists(st.tuples(NATIVES, st.integers(-(2**63), 2**63 - 1)), max_size=6))
def test_what_we_write_another_decoder_reads(said: list[tuple[Native, int]]) -> None:
    """Histograms of every schema are written as messages of floats that the protobuf library reads."""
    given_times = np.array([time for _, time in said], np.int64)
    data, bounds = encoded(columns([native for native, _ in said]), given_times, 4)
    for row, (native, time) in enumerate(said):
        series = V1["TimeSeries"].FromString(data[bounds[row] : bounds[row + 1]].tobytes())
        [found] = series.histograms
        assert oracle.decode(found.SerializeToString()) == (time, native)
        assert found == V1["Histogram"](**merged(histogram(native, time, whole=False)))


def merged(said: dict[str, Any]) -> dict[str, Any]:
    """The fields of a message without the empty buckets that fill small gaps."""
    found = dict(said)
    for sign in ("positive", "negative"):
        indexes: list[int] = []
        counts = said[f"{sign}_counts"]
        after = 0
        for span in said[f"{sign}_spans"]:
            after += span["offset"]
            indexes += range(after, after + span["length"])
            after += span["length"]
        kept = [(index, count) for index, count in zip(indexes, counts, strict=True) if count]
        spans: list[dict[str, int]] = []
        after = 0
        for index, _ in kept:
            if spans and index == after:
                spans[-1]["length"] += 1
            else:
                spans.append({"offset": index - after, "length": 1})
            after = index + 1
        found |= {f"{sign}_spans": spans, f"{sign}_counts": [count for _, count in kept]}
    return found


@given(st.lists(NATIVES, max_size=4))
def test_machine_code_writes_like_python(compiled_decoders: None, said: list[Native]) -> None:
    """Compiled and interpreted, the same bytes come out."""
    assert histogram_encode.write.is_compiled
    times = np.arange(len(said), dtype=np.int64) - 1
    ours = encoded(columns(said), times, 4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(histogram_encode, "write", histogram_encode.write_in_python)
        theirs = encoded(columns(said), times, 4)
    assert [one.tolist() for one in ours] == [one.tolist() for one in theirs]


@pytest.mark.parametrize("count", [0, 1, 2**53 + 1, 2**63, 2**64 - 1])
def test_counts_are_unsigned(count: int) -> None:
    """Counts of 64 bits become the nearest double."""
    found = read(message(count_int=count, zero_count_int=count)).histograms
    assert (found.count.tolist(), found.zero_count.tolist()) == ([float(count)], [float(count)])


FAULTS: dict[int, list[dict[str, Any]]] = {
    layout.SPANS_DIFFER: [
        {"positive_spans": [{"length": 2}], "positive_deltas": [1]},
        {"positive_deltas": [1]},
        {"negative_spans": [{"length": 1}]},
        {"negative_spans": [{"length": 2**32 - 1}], "negative_counts": [1.0]},
    ],
    layout.SPAN_BACKWARDS: [
        {"positive_spans": [{"length": 1}, {"offset": -1, "length": 1}], "positive_deltas": [1, 0]}
    ],
    layout.INDEX_TOO_LARGE: [
        {"positive_spans": [{"offset": 2**31 - 1, "length": 1}], "positive_deltas": [1]},
        {
            "positive_spans": [{"offset": 2**31 - 3, "length": 1}, {"offset": 2**31 - 3, "length": 1}],
            "positive_deltas": [1, 0],
        },
    ],
    layout.COUNT_NEGATIVE: [
        {"positive_spans": [{"length": 2}], "positive_deltas": [1, -2]},
        {"negative_spans": [{"length": 1}], "negative_deltas": [2**62]},
        {"negative_spans": [{"length": 1}], "negative_deltas": [-(2**63)]},
        {"negative_spans": [{"length": 2}], "negative_deltas": [2**62 - 1, 2**62 - 1]},
    ],
    layout.BOTH_KINDS: [{"positive_spans": [{"length": 2}], "positive_deltas": [1], "positive_counts": [1.0]}],
    layout.SCHEMA_UNKNOWN: [{"schema": -5}, {"schema": 9}, {"schema": -52}, {"schema": -(2**31)}],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_told_apart(fault: int) -> None:
    """What a histogram cannot be is said of it alone, and its neighbours are whole."""
    good = message(**histogram(SOME, 1, whole=True))
    for said in FAULTS[fault]:
        found = read(good, message(**said), good)
        assert found.faults.tolist() == [0, fault, 0]
        assert oracle.decode(message(**said))[1] in {"spans", "backwards", "index", "count", "both", "schema"}
        first, broken, last = natives(found.histograms)
        assert first == last == SOME
        assert (broken.positive, broken.negative, broken.schema) == ({}, {}, 0)
    assert SAID[fault]


def test_buckets_are_bounded() -> None:
    """More buckets than the limit allows are refused before there is room for them."""
    many = {"positive_spans": [{"length": 500}], "positive_deltas": [1] * 500, "count_int": 1}
    assert len(read(message(**many), most=100).histograms.positive.index) == 500
    with pytest.raises(BodyTooLarge, match=r"more buckets than some\.limit = 10 allows"):
        read(message(**many), most=10)


def _messages() -> list[bytes]:
    whole, floats = (message(**histogram(SOME, 1_700_000_000_000, whole=one)) for one in (True, False))
    custom = Native(schema=-53, count=3.0, positive={0: 1.0, 2: 2.0}, custom=(0.5, 1.0))
    unpacked = b"\x60\x02\x60\x02" + b"\x69" + bytes(8) + b"\x5a\x02\x10\x02"
    return [whole, floats, message(**histogram(custom, 5, whole=True)), unpacked, whole + floats]


def test_spoiled_messages_decode_as_the_twin_says() -> None:
    """2,000 damaged messages each decode to what the twin makes of them, or both refuse."""
    chance = random.Random(5)
    refused = faulty = 0
    for _ in range(2_000):
        one = spoiled(chance, _messages())
        try:
            time, expected = oracle.decode(one)
        except RefusedError:
            refused += 1
            with pytest.raises(NoHistogram):
                read(one)
            continue
        found = read(one)
        assert found.times.tolist() == [time], one.hex()
        if isinstance(expected, str):
            faulty += 1
            assert found.faults.any(), one.hex()
        else:
            assert not found.faults.any(), one.hex()
            assert oracle.told(natives(found.histograms)[0]) == oracle.told(expected), one.hex()
    assert 300 < refused < 1_500
    assert faulty > 100


def scanned(scan: Any, parts: list[bytes], room: int) -> tuple[int, list[list[Any]]]:
    """Status and outputs of a scan, with known numbers where it wrote nothing."""
    ends = np.cumsum([0, *map(len, parts)]).astype(np.int64)
    h, size = len(parts), int(ends[-1])
    doubles, counts, others = np.zeros(4 * h), np.full(room, 7.0), np.full(room, 7.0)
    outputs = (
        np.full(h, 77, np.int8),
        np.full(h, 77, np.uint8),
        np.full(h, 77, np.int64),
        doubles,
        doubles.view(np.uint32),
        np.full(h + 1, 77, np.int64),
        np.full(room, 77, np.int32),
        counts,
        counts.view(np.uint32),
        np.full(h + 1, 77, np.int64),
        np.full(room, 77, np.int32),
        others,
        others.view(np.uint32),
        np.full(h + 1, 77, np.int64),
        np.full(size // 4 + 2, 77, np.uint32),
        np.full(h, 77, np.uint8),
    )
    found = np.zeros(1, np.int64)
    status = scan(b"".join(parts), ends[:-1].copy(), ends[1:].copy(), WRITTEN, *outputs, found)
    told = [one.view(np.uint64).tolist() if one.dtype == np.float64 else one.tolist() for one in outputs]
    return status, [*told, found.tolist()]


def test_machine_code_scans_like_python(compiled_decoders: None) -> None:
    """Compiled and interpreted, the scan gives the same status and columns, with room and without."""
    assert layout.scan_histograms.is_compiled
    chance = random.Random(6)
    for _ in range(500):
        parts = [spoiled(chance, _messages()) for _ in range(chance.choice([1, 2, 4]))]
        room = chance.choice([0, 3, 500])
        expected = scanned(layout.scan_histograms_in_python, parts, room)
        assert scanned(layout.scan_histograms, parts, room) == expected
