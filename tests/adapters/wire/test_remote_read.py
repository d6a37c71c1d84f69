"""Remote read: what is asked, what is refused with which words, and both kinds of answer as an independent reader has them."""

import random
from collections.abc import Sequence
from typing import Any

import cramjam
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.wire.messages import field, varint
from tests.oracles import histogram_message
from tests.oracles import remote_read as oracle
from tests.oracles.native_histogram import NATIVES, Native
from tests.oracles.native_histogram import columns as native_columns
from tests.oracles.write_messages import V1

from sightline.adapters.wire import remote_read as wire
from sightline.adapters.wire import remote_read_chunks, remote_read_histograms, remote_read_samples
from sightline.adapters.wire.remote_read import ReadRequest, ResponseType
from sightline.adapters.wire.snappy import Piece, compress, header
from sightline.domain.errors import BadData, BodyTooLarge, MalformedBody, SightlineError
from sightline.domain.labels import Labels, Matcher, MatchOp
from sightline.domain.metrics.native_histograms import MARK
from sightline.domain.metrics.samples import STALE, STALE_BITS, SeriesColumns
from sightline.domain.metrics.selection import Selection
from sightline.domain.timerange import TimeRange

LIMIT = 1 << 20
UP = Matcher("__name__", MatchOp.EQUAL, "up")
Samples = Sequence[tuple[int, int]]


def number(key: int, value: int) -> bytes:
    """A varint field."""
    return varint(key << 3) + varint(value)


def matcher(kind: int, name: str, value: str) -> bytes:
    """The matcher field of a query."""
    return field(3, number(1, kind) + field(2, name.encode()) + field(3, value.encode()))


def query(start: int, end: int, *fields: bytes) -> bytes:
    """The query field of a request."""
    return field(1, number(1, start) + number(2, end) + b"".join(fields))


def hints(start: int, end: int, function: str = "") -> bytes:
    """The hints field of a query."""
    return field(
        4, number(1, 15_000) + field(2, function.encode()) + number(3, start) + number(4, end) + field(5, b"job")
    )


def decode(message: bytes, *, max_queries: int = 10) -> ReadRequest:
    """Decode an uncompressed request."""
    return wire.decode(compress(message), max_decompressed=LIMIT, max_queries=max_queries)


def columns(series: Sequence[tuple[Labels, Samples]]) -> SeriesColumns:
    """Series with the bits of their values."""
    offsets = np.cumsum([0, *(len(samples) for _, samples in series)])
    times = np.array([time for _, samples in series for time, _ in samples], np.int64)
    bits = np.array([value for _, samples in series for _, value in samples], np.uint64)
    ids = np.arange(len(series), dtype=np.uint64)
    return SeriesColumns(tuple(labels for labels, _ in series), ids, offsets, times, bits.view(np.float64))


def told(series: Sequence[tuple[Labels, Samples]]) -> list[oracle.Series]:
    """The same as the oracle has it."""
    return [(tuple(labels), list(samples)) for labels, samples in series]


def test_a_request_becomes_selections() -> None:
    """Every query gives a selection: its range, and a matcher of each kind."""
    all_kinds = [matcher(kind, "job", "a") for kind in range(4)]
    asked = decode(query(1_000, 2_000, *all_kinds) + query(-5, 7, matcher(0, "__name__", "up")))
    operators = (MatchOp.EQUAL, MatchOp.NOT_EQUAL, MatchOp.MATCHES, MatchOp.NOT_MATCHES)
    first = Selection(tuple(Matcher("job", one, "a") for one in operators), TimeRange(1_000, 2_000))
    assert asked == ReadRequest((first, Selection((UP,), TimeRange(-5, 7))), ResponseType.SAMPLES)


def test_hints_narrow_the_range() -> None:
    """What of its range a selector needs is read and no more; hints without times change nothing; `series` wants labels alone."""
    asked = decode(
        query(1_000, 9_000, hints(2_000, 8_000))
        + query(1_000, 9_000, hints(0, 0, "rate"))
        + query(1_000, 9_000, hints(500, 9_500, "series"))
    )
    assert [(one.within, one.bare) for one in asked.selections] == [
        (TimeRange(2_000, 8_000), False),
        (TimeRange(1_000, 9_000), False),
        (TimeRange(1_000, 9_000), True),
    ]


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        (b"", ResponseType.SAMPLES),
        (number(2, 0), ResponseType.SAMPLES),
        (number(2, 1), ResponseType.STREAMED_XOR_CHUNKS),
        (number(2, 1) + number(2, 0), ResponseType.STREAMED_XOR_CHUNKS),
        (number(2, 0) + number(2, 1), ResponseType.SAMPLES),
        (number(2, 7) + number(2, 1), ResponseType.STREAMED_XOR_CHUNKS),
        (field(2, varint(9) + varint(1) + varint(0)), ResponseType.STREAMED_XOR_CHUNKS),
        (field(2, b""), ResponseType.SAMPLES),
    ],
)
def test_the_first_known_way_of_answering_is_chosen(accepted: bytes, chosen: ResponseType) -> None:
    """In the reader's order, packed or not; without any it is samples."""
    assert decode(query(0, 1) + accepted).answer is chosen


@pytest.mark.parametrize(
    ("message", "kind", "words"),
    [
        (number(2, 5) + number(2, 6), BadData, "none of the accepted response types 5, 6 is known"),
        (query(0, 1, matcher(4, "a", "b")), BadData, "a matcher has type 4"),
        (query(0, 1, matcher(-1, "a", "b")), BadData, "a matcher has type -1"),
        (query(0, 1, matcher(2, "a", "(")), BadData, "missing closing )"),
        (query(0, 1) * 11, BadData, "more than 10 queries, which is what read.max_queries allows"),
        (query(0, 1, field(3, field(2, b"\xff"))), MalformedBody, "not UTF-8"),
        (number(1, 3), MalformedBody, "wrong wire type"),
        (b"\x0a\x05\x08", MalformedBody, "past the end"),
        (b"\x0a", MalformedBody, "in the middle"),
        (field(2, b"\xff"), MalformedBody, "in the middle"),
        (b"\x1b", MalformedBody, "a group"),
    ],
)
def test_what_cannot_be_understood_is_refused(message: bytes, kind: type[SightlineError], words: str) -> None:
    """Each with its error, and words that say what is wrong."""
    with pytest.raises(kind, match=words.replace("(", r"\(").replace(")", r"\)")):
        decode(message)


def test_a_body_beyond_the_limit_is_refused() -> None:
    """By what its header declares, and by the setting's name."""
    with pytest.raises(BodyTooLarge, match=r"http\.max_form_bytes allows 10"):
        wire.decode(compress(bytes(100)), max_decompressed=10, max_queries=1)


def test_damaged_requests_are_refused_and_nothing_worse() -> None:
    """Two thousand requests with bytes changed, cut out and put in decode or are refused, compressed and not."""
    chance = random.Random(5)
    good = query(1_000, 2_000, matcher(2, "job", "a.*"), hints(1, 2, "rate")) * 3 + field(2, varint(1) + varint(0))
    outcomes = set()
    for turn in range(2_000):
        compressed = turn % 4 == 0
        body = bytearray(compress(good) if compressed else good)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(body))
            body[at : at + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
        try:
            whole = bytes(body) if compressed else compress(bytes(body))
            wire.decode(whole, max_decompressed=LIMIT, max_queries=10)
            outcomes.add("decoded")
        except (BadData, BodyTooLarge) as error:
            outcomes.add(error.code)
    assert {"decoded", "body_malformed", "bad_data"} <= outcomes


times = st.one_of(st.integers(-(2**53), 2**53), st.integers(1_700_000_000_000, 1_700_000_900_000))
bits = st.one_of(
    st.integers(0, 2**64 - 1),
    st.sampled_from([0, 1 << 63, STALE_BITS, 0x7FF8000000000001, 0x7FF0000000000000, 1, 2**64 - 1]),
    st.integers(0, 1_000).map(lambda one: int(np.float64(one).view(np.uint64))),
)
JITTERS = [0, 0, 1, -1, 8_191, 8_192, 8_193, -8_191, -8_192, 65_536, 65_537, -65_536, 524_288, 524_289, -524_288, 2**40]
texts = st.text(min_size=1, max_size=5)
label_sets = st.dictionaries(texts, texts, max_size=3).map(Labels.of)


@st.composite
def even_times(draw: st.DrawFn) -> list[int]:
    """Times at a step that changes by little or by much, so that all widths of second differences come."""
    found = [draw(times)]
    for jitter in draw(st.lists(st.sampled_from(JITTERS), max_size=260)):
        found.append(found[-1] + max(1, 15_000 + jitter))
    return found


@st.composite
def series(draw: st.DrawFn) -> list[tuple[Labels, Samples]]:
    """Series in order of labels, with any bits at any times."""
    found: list[tuple[Labels, Samples]] = []
    for labels in sorted(draw(st.sets(label_sets, max_size=4))):
        moments = draw(st.one_of(even_times(), st.lists(times, max_size=5, unique=True).map(sorted)))
        found.append((labels, [(time, draw(bits)) for time in moments]))
    return found


@given(series())
def test_samples_are_what_an_independent_reader_reads(given_series: list[tuple[Labels, Samples]]) -> None:
    """A response of two results holds every series and sample, value bits and all, in order."""
    piece = wire.samples(columns(given_series))
    parts = wire.response([[piece], [], [piece, piece]])
    message = bytes(cramjam.snappy.decompress_raw(b"".join(parts)))
    assert oracle.response(message) == [told(given_series), [], told(given_series) * 2]


@given(series(), st.integers(0, 300), st.sampled_from([100, 400, 1 << 20]))
def test_frames_are_what_an_independent_reader_reads(
    given_series: list[tuple[Labels, Samples]], number: int, frame_bytes: int
) -> None:
    """Frames of one series each hold every sample, value bits and all; small frames are many, and belong to their query."""
    found = oracle.frames(wire.frames(columns(given_series), number, frame_bytes))
    assert oracle.merged(found) == ({number: told(given_series)} if given_series else {})
    assert all(len(one) <= 120 for frame in found for one in frame.chunks)
    assert all(frame.size <= frame_bytes or len(frame.chunks) <= 1 for frame in found)


@given(series=series())
def test_machine_code_writes_the_same_bytes(compiled_decoders: None, series: list[tuple[Labels, Samples]]) -> None:
    """Both kernels write what their Python does."""
    made = columns(series)
    compiled = wire.samples(made), wire.frames(made, 1, 300)
    kernels: list[Any] = [remote_read_samples.write, remote_read_chunks.write]
    bodies = [one._body for one in kernels]
    try:
        for one in kernels:
            one.use(one.twin)
        assert (wire.samples(made), wire.frames(made, 1, 300)) == compiled
    finally:
        for one, body in zip(kernels, bodies, strict=True):
            one.use(body)


def test_frames_are_bounded(compiled_decoders: None) -> None:
    """A series of 200,000 samples that do not shrink takes several frames, none above 1 MiB, in order of time."""
    random_bits = np.random.default_rng(2).integers(0, 2**63, 200_000).tolist()
    given_series = [(Labels.of(__name__="up"), [(1_000 * at, one) for at, one in enumerate(random_bits)])]
    stream = wire.frames(columns(given_series), 0)
    sizes, at = [], 0
    while at < len(stream):
        size, start = oracle._varint(stream, at)
        sizes.append(size)
        at = start + 4 + size
    assert len(sizes) == 2
    assert max(sizes) <= 1 << 20
    assert at == len(stream)


def test_pieces_of_snappy_are_one_block() -> None:
    """Parts that were compressed alone decompress as one, empty ones and such of several blocks among them."""
    parts = [b"", b"abc" * 50_000, b"x", np.random.default_rng(1).bytes(70_000), b""]
    pieces = [Piece.of(part) for part in parts]
    body = b"".join([header(pieces), *(piece.data for piece in pieces)])
    assert bytes(cramjam.snappy.decompress_raw(body)) == b"".join(parts)


def test_native_histograms_come_with_their_series() -> None:
    """They stand in their series, beside floats and stale markers; in a stream in order of time, in chunks of their own."""
    first, second = (
        Native(count=3.0, positive={1: 3.0}),
        Native(schema=-53, count=1.0, positive={0: 1.0}, custom=(2.0,)),
    )
    found = SeriesColumns(
        (Labels.of(__name__="a"), Labels.of(__name__="b"), Labels.of(__name__="c")),
        np.arange(3, dtype=np.uint64),
        np.array([0, 1, 4, 4]),
        np.array([7, 1, 2, 3]),
        np.array([1.5, MARK, STALE, MARK]),
        native_columns([first, second]),
    )
    piece = wire.samples(found)
    message = cramjam.snappy.decompress_raw(header([piece]) + piece.data)
    one, two, three = V1["WriteRequest"].FromString(bytes(message)).timeseries
    assert [(sample.timestamp, sample.value) for sample in one.samples] == [(7, 1.5)]
    assert [sample.timestamp for sample in two.samples] == [2]
    read = [histogram_message.decode(one.SerializeToString()) for one in two.histograms]
    assert read == [(1, first), (3, second)]
    assert not one.histograms
    assert not three.samples
    assert two.labels[0].value == "b"
    streamed = [
        (labels[0][1], first, last, kind) for labels, first, last, kind, _ in oracle.raw_chunks(wire.frames(found, 0))
    ]
    assert streamed == [("a", 7, 7, 1), ("b", 1, 1, 3), ("b", 2, 2, 1), ("b", 3, 3, 3)]


@given(st.lists(NATIVES, min_size=1, max_size=9), st.sampled_from([1, 300, 1 << 20]), st.integers(0, 300))
def test_frames_of_histograms_are_bounded(said: list[Native], frame_bytes: int, number: int) -> None:
    """None is longer than it may be but for one of a single chunk, and all histograms are there, in order."""
    times = np.arange(len(said), dtype=np.int64)
    values = np.full(len(said), MARK)
    offsets = np.array([0, len(said)])
    found = SeriesColumns(
        (Labels.of(__name__="a"),), np.zeros(1, np.uint64), offsets, times, values, native_columns(said)
    )
    stream = wire.frames(found, number, frame_bytes)
    assert [first for _, first, _, _, _ in oracle.raw_chunks(stream)] == times.tolist()
    at = 0
    while at < len(stream):
        size, start = oracle._varint(stream, at)
        frame = stream[at : start + 4 + size]
        assert size <= frame_bytes or len(list(oracle.raw_chunks(frame))) == 1
        at = start + 4 + size


@given(said=st.lists(NATIVES, max_size=5))
def test_machine_code_writes_the_same_chunks(compiled_decoders: None, said: list[Native]) -> None:
    """Compiled and interpreted, chunks of histograms have the same bytes."""
    times = np.array([-5, 0, 1_763_700_000_000, 2**62, -(2**62)], np.int64)[: len(said)]
    compiled = remote_read_histograms.chunks(native_columns(said), times)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(remote_read_histograms, "write", remote_read_histograms.write_in_python)
        ours = remote_read_histograms.chunks(native_columns(said), times)
    assert (ours[0], ours[1].tolist()) == (compiled[0], compiled[1].tolist())
