"""Remote write 1.0: what decodes, to what, and what is refused with which words."""

import random
import struct
from collections.abc import Callable, Mapping

import cramjam
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.wire.messages import exemplar, field, label, sample, series, varint
from tests.oracles import histogram_message
from tests.oracles import remote_write as oracle
from tests.oracles.native_histogram import natives

from sightline.adapters.wire import remote_write_exemplars as exemplar_pass
from sightline.adapters.wire import remote_write_scan as layout
from sightline.adapters.wire.remote_write import RemoteWriteDecoder, decode, encode
from sightline.adapters.wire.remote_write_batch import Decoded
from sightline.adapters.wire.remote_write_metadata import TYPES
from sightline.adapters.wire.snappy import compress, decompress
from sightline.domain.errors import BodyTooLarge, InvalidLabel, MalformedBody
from sightline.domain.labels import Labels
from sightline.domain.metrics.exemplars import NO_EXEMPLARS, ExemplarBatch
from sightline.domain.metrics.native_histograms import MARK_BITS
from sightline.domain.metrics.roster import Named, Roster
from sightline.domain.metrics.samples import STALE_BITS, WriteBatch
from sightline.domain.scrape.scraped import Metadata

LIMIT = 1 << 20
UP = label("__name__", "up")
Content = dict[tuple[tuple[str, str], ...], list[tuple[int, object]]]


def content(batch: WriteBatch) -> Content:
    """What a batch says, series by series, values as bits, histograms as their twin tells them."""
    found: Content = {tuple(labels): [] for labels in batch.labels}
    bits = batch.values.view(np.uint64).tolist()
    histograms = map(histogram_message.told, natives(batch.histograms))
    for owner, time, value in zip(batch.series.tolist(), batch.times.tolist(), bits, strict=True):
        found[tuple(batch.labels[owner])].append((time, next(histograms) if value == MARK_BITS else value))
    assert next(histograms, None) is None
    return found


def expected_content(message: bytes) -> tuple[Content, int]:
    """What the twin makes of a request, and how many of its histograms have a fault."""
    found: Content = {}
    faults = 0
    for one in oracle.histograms(message):
        histogram_message.decode(one)
    for labels, samples in oracle.decode(message):
        told = [
            histogram_message.stored(value) if isinstance(value, bytes) else (time, value) for time, value in samples
        ]
        found[labels] = [one for one in told if one is not None]
        faults += told.count(None)
    return {labels: samples for labels, samples in found.items() if samples}, faults


def told(batch: ExemplarBatch) -> list[tuple[str, str, int, int, bool]]:
    """What exemplars say: series, own labels, time, value as bits, and whether the time is their own."""
    series = [str(one) for one in batch.series]
    return [
        (series[owner], str(Labels.from_canonical(labels)), time, value, timed)
        for owner, labels, time, value, timed in zip(
            batch.owners.tolist(),
            batch.labels,
            batch.times.tolist(),
            batch.values.view(np.uint64).tolist(),
            batch.timed.tolist(),
            strict=True,
        )
    ]


def decoded(message: bytes) -> Decoded:
    """Decode an uncompressed request with a new decoder."""
    return RemoteWriteDecoder().decode_message(message, Roster())


def read(message: bytes) -> Content:
    """What an uncompressed request says."""
    return content(decoded(message).batch)


def bits(value: float) -> int:
    """The 64 bits of a double."""
    return int(struct.unpack("<Q", struct.pack("<d", value))[0])


def test_a_request_becomes_columns() -> None:
    """Series, times and values come out in the order they came, with label sets sorted."""
    message = series(label("job", "a"), UP, sample(1_000, 1.5), sample(2_000, -2.0)) + series(UP, sample(3_000, 0.0))
    batch = decode(compress(message), max_decompressed=LIMIT)
    assert tuple(batch.labels) == (Labels.of(__name__="up", job="a"), Labels.of(__name__="up"))
    assert [column.dtype for column in (batch.series, batch.times, batch.values)] == [np.uint32, np.int64, np.float64]
    assert batch.series.tolist() == [0, 0, 1]
    assert batch.times.tolist() == [1_000, 2_000, 3_000]
    assert batch.values.tolist() == [1.5, -2.0, 0.0]


@pytest.mark.parametrize("pattern", [STALE_BITS, 0x7FF8000000000001, 0xFFF0000000000003, 0x8000000000000000, 1])
def test_values_survive_bit_for_bit(pattern: int) -> None:
    """The stale marker, every other NaN, negative zero and the smallest double keep their bits in both directions."""
    batch = decoded(series(UP, sample(1, pattern))).batch
    assert content(batch) == {(("__name__", "up"),): [(1, pattern)]}
    assert content(decode(encode(batch), max_decompressed=LIMIT)) == content(batch)


@pytest.mark.parametrize("time", [0, 1, -1, 127, 128, 2**42, 2**62, 2**63 - 1, -(2**63)])
def test_every_time_is_read(time: int) -> None:
    """Times are 64-bit integers of either sign."""
    assert read(series(UP, sample(time, 1.0))) == {(("__name__", "up"),): [(time, bits(1.0))]}


def test_what_a_sample_leaves_out_is_zero() -> None:
    """A sample without value or time has zero there, and the last of a repeated field counts."""
    twice = b"\x09" + struct.pack("<d", 1.0) + b"\x10\x05" + b"\x10\x07" + b"\x09" + struct.pack("<d", 2.0)
    message = series(
        UP, field(2, b""), field(2, b"\x10\x05"), field(2, b"\x09" + struct.pack("<d", 4.0)), field(2, twice)
    )
    assert read(message) == {(("__name__", "up"),): [(0, 0), (5, 0), (0, bits(4.0)), (7, bits(2.0))]}
    assert read(series(field(2, b""))) == {(): [(0, 0)]}


def test_one_label_set_is_one_series() -> None:
    """Timeseries of a request with the same labels, in whatever order, share one index."""
    message = (
        series(UP, label("a", "1"), sample(1, 1.0))
        + series(UP, sample(2, 2.0))
        + series(label("a", "1"), UP, sample(3, 3.0))
        + series(UP, label("a", "1"), label("b", ""), sample(4, 4.0))
    )
    batch = decoded(message).batch
    assert len(batch.labels) == 2
    assert batch.series.tolist() == [0, 1, 0, 0]


def test_labels_may_stand_anywhere_in_a_series() -> None:
    """Labels before, between and after samples belong to the same series."""
    message = series(label("b", "2"), sample(1, 1.0), UP, sample(2, 2.0), label("a", "1"))
    assert read(message) == {(("__name__", "up"), ("a", "1"), ("b", "2")): [(1, bits(1.0)), (2, bits(2.0))]}


def test_empty_values_are_no_labels() -> None:
    """A label with an empty value is dropped."""
    assert list(read(series(UP, label("gone", ""), sample(1, 1.0)))) == [(("__name__", "up"),)]


def test_a_series_without_samples_leaves_nothing() -> None:
    """Only series with samples are in the batch, and without exemplars there are none."""
    result = decoded(series(UP) + series(label("__name__", "b"), sample(1, 1.0)))
    assert tuple(result.batch.labels) == (Labels.of(__name__="b"),)
    assert result.exemplars is NO_EXEMPLARS


def test_descriptions_are_read() -> None:
    """Type, help and unit of each metric family come out by its name; what has no name, or no text, does not."""
    message = (
        field(3, b"\x08\x01" + field(2, b"a_total") + field(4, "Things, é.".encode()) + field(5, b"s"))
        + field(3, field(2, b"b") + b"\x08\x07" + field(9, b"unknown") + b"\x10"[:0])
        + field(3, field(2, b"c") + b"\x08\x63")
        + field(3, field(4, b"of nothing"))
        + field(3, field(2, b"bad") + field(4, b"\xff"))
        + series(UP, sample(1, 1.0))
    )
    assert decoded(message).metadata == {
        "a_total": Metadata("counter", "Things, é.", "s"),
        "b": Metadata("stateset"),
        "c": Metadata(),
    }


@pytest.mark.parametrize("fields", [b"abc", b"\x0a\x01x", b"\x10\x01", b"\x12\x05a", b"\x08", b"\x0b"])
def test_what_is_no_description_is_refused(fields: bytes) -> None:
    """Bytes that are cut, or fields of a wrong wire type, make the request malformed."""
    with pytest.raises(MalformedBody, match="at byte"):
        decoded(field(3, fields))


def test_exemplars_come_with_their_series() -> None:
    """They keep their order, whether their series has samples or not, in one timeseries of the request or in several."""
    message = (
        series(UP, sample(1, 1.0), exemplar(5, 0.5, label("trace_id", "abc")))
        + series(label("__name__", "b"), exemplar(-6, -0.0, label("b", "é"), label("a", "1"), label("c", "")))
        + series(UP, exemplar(0, float("inf")), exemplar(7, 0.7, label("trace_id", "d")))
    )
    result = decoded(message)
    assert [str(one) for one in result.batch.labels] == ["up"]
    assert told(result.exemplars) == [
        ("up", '{trace_id="abc"}', 5, bits(0.5), True),
        ("b", '{a="1",b="é"}', -6, bits(-0.0), True),
        ("up", "{}", 0, bits(float("inf")), False),
        ("up", '{trace_id="d"}', 7, bits(0.7), True),
    ]


def test_exemplars_whose_labels_are_no_labels_are_left_out() -> None:
    """A name twice or empty, or text that is not UTF-8, costs the request nothing but that exemplar."""
    bad = [(label("a", "1"), label("a", "2")), (label("", "1"),), (label("a", b"\xff"),)]
    message = series(UP, *(exemplar(1, 1.0, *labels) for labels in bad), exemplar(2, 2.0, label("a", "1")))
    result = decoded(message).exemplars
    assert (told(result), result.unreadable) == ([("up", '{a="1"}', 2, bits(2.0), True)], 3)


def test_fields_of_an_exemplar_may_stand_in_any_order() -> None:
    """Labels around the value are one label set, of a value given twice the last counts, and unknown fields are skipped."""
    value = b"\x11" + struct.pack("<d", 1.0)
    fields = label("b", "2") + value + label("a", "1") + field(9, b"x") + b"\x11" + struct.pack("<d", 2.0)
    assert told(decoded(series(UP, field(3, fields))).exemplars) == [("up", '{a="1",b="2"}', 0, bits(2.0), False)]


@pytest.mark.parametrize(
    "fields", [b"abc", b"\x08\x01", b"\x12\x00", b"\x1a\x00", b"\x18", b"\x11\x00", b"\x0b", field(1, b"\x08\x01")]
)
def test_what_is_no_exemplar_message_is_refused(fields: bytes) -> None:
    """Bytes that are cut, or fields of a wrong wire type, make the request malformed."""
    with pytest.raises(MalformedBody, match="at byte"):
        decoded(series(UP, field(3, fields)))


def test_exemplars_are_bounded() -> None:
    """As many as samples may be there, and no more."""
    decoder = RemoteWriteDecoder(max_samples=1000)
    assert len(decoder.decode_message(series(UP, b"\x1a\x00" * 1000), Roster()).exemplars) == 1000
    with pytest.raises(BodyTooLarge, match="more than 1000"):
        decoder.decode_message(series(UP, b"\x1a\x00" * 1001), Roster())


@pytest.mark.parametrize("message", [b"", field(3, field(2, b"up")), series(UP)])
def test_a_request_without_samples_is_an_empty_batch(message: bytes) -> None:
    """Nothing, metadata alone, or a series without samples gives no labels and no samples."""
    batch = decode(compress(message), max_decompressed=LIMIT)
    assert (list(batch.labels), len(batch)) == ([], 0)


def test_unknown_fields_are_skipped() -> None:
    """Fields of numbers that nobody has defined yet are skipped on every level, whatever their wire type."""
    unknown = b"\xf8\x01\x96\x01" + b"\xf9\x01" + b"\xff" * 8 + field(31, b"text") + b"\xfd\x01" + b"\xff" * 4
    message = unknown + series(unknown, label("a", "1"), field(1, unknown + field(1, b"__name__") + field(2, b"x")))
    message += series(UP, unknown, field(2, unknown + b"\x10\x05" + unknown))
    assert read(message) == {(("__name__", "up"),): [(5, 0)]}


MALFORMED = {
    "truncated key": (b"\x80", "ends in the middle of a value, at byte 0"),
    "truncated length": (b"\x0a", "ends in the middle of a value, at byte 0"),
    "length past the end": (b"\x0a\x05\x00", "past the end of its message, at byte 0"),
    "negative length": (b"\x0a" + varint(-1), "past the end of its message, at byte 0"),
    "varint of 11 bytes": (b"\x10" + b"\x80" * 10 + b"\x01", "longer than 64 bits, at byte 0"),
    "varint of 65 bits": (b"\x10" + b"\xff" * 9 + b"\x02", "longer than 64 bits, at byte 0"),
    "field 0": (b"\x02\x00", "field number is 0"),
    "field too large": (varint(1 << 32 | 2) + b"\x00", "over 536870911"),
    "timeseries as varint": (b"\x08\x01", "wrong wire type, at byte 0"),
    "metadata as varint": (b"\x18\x01", "wrong wire type, at byte 0"),
    "group": (series(UP) + b"\x13\x14", "a group, which this message does not use, at byte 18"),
    "wire type 7": (b"\x17", "does not exist"),
    "label as varint": (series(b"\x08\x01"), "wrong wire type, at byte 2"),
    "label past its series": (series(b"\x0a\x05\x00") + UP, "past the end of its message, at byte 2"),
    "label name as varint": (series(field(1, b"\x08\x01")), "wrong wire type, at byte 4"),
    "label name past its label": (series(field(1, b"\x0a\x05a"), UP), "past the end of its message, at byte 4"),
    "label ends early": (series(field(1, b"\x10")), "at byte 4"),
    "sample as double": (series(b"\x11" + b"\x00" * 8), "wrong wire type, at byte 2"),
    "exemplar as varint": (series(b"\x18\x01"), "wrong wire type, at byte 2"),
    "histogram as varint": (series(b"\x20\x01"), "wrong wire type, at byte 2"),
    "value as varint": (series(UP, field(2, b"\x08\x01")), "wrong wire type, at byte 20"),
    "value truncated": (series(UP, field(2, b"\x09\x00\x00")), "ends in the middle of a value, at byte 20"),
    "time as double": (series(UP, field(2, b"\x11" + b"\x00" * 8)), "wrong wire type, at byte 20"),
    "time truncated": (series(UP, field(2, sample(1, 1.0)[2:-1] + b"\x80")) + b"\x01", "at byte 29"),
    "fixed32 truncated": (b"\x15\x00", "ends in the middle of a value, at byte 0"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_messages_are_refused_with_their_place(name: str) -> None:
    """What is no WriteRequest is refused with the reason and the offset of the field."""
    message, words = MALFORMED[name]
    with pytest.raises(oracle.RefusedError):
        oracle.decode(message)
    with pytest.raises(MalformedBody, match=r"at byte \d+$") as caught:
        decoded(message)
    assert words in caught.value.message
    assert f"at byte {caught.value.detail['offset']}" in caught.value.message


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ((UP, label("a", "1"), label("a", "2")), 'series up{a="1",a="2"}: label \'a\' is given twice'),
        ((UP, label("a", ""), label("a", "2")), "label 'a' is given twice"),
        ((UP, label("", "x")), 'series up{="x"}: a label name is empty'),
        ((UP, label("a", b"\xff\xfe")), "series up{a=\"\ufffd\ufffd\"}: b'\\xff\\xfe' is not UTF-8"),
        ((UP, label(b"\xff", "1")), "b'\\xff' is not UTF-8"),
        ((UP, label("a", b"\xed\xa0\x80")), "is not UTF-8"),
    ],
)
def test_bad_labels_are_refused_with_their_series(labels: tuple[bytes, ...], words: str) -> None:
    """A label that is given twice, empty or no text costs its series its samples, and the reason names the series."""
    decoder, roster = RemoteWriteDecoder(), Roster()
    message = (
        series(*labels, sample(1, 1.0), sample(2, 1.0), exemplar(1, 1.0))
        + series(UP, sample(1, 1.0))
        + series(*labels, label("z", "1"), sample(3, 1.0))
    )
    for _ in range(2):  # the second time what was right about it is remembered
        found = decoder.decode_message(message, roster)
        assert content(found.batch) == {(("__name__", "up"),): [(1, bits(1.0))]}
        [left_out] = found.left_out
        assert (type(left_out.error), left_out.samples) == (InvalidLabel, 3)
        assert words in left_out.error.message
        assert (len(found.exemplars), found.exemplars.unreadable) == (0, 1)


def test_a_header_over_the_limit_is_refused_before_anything_is_decompressed() -> None:
    """A body that declares more than the limit names the setting, whether it is as large as it says or not."""
    for body in (compress(b"a" * 1001), varint(1001) + b"a" * 100):
        with pytest.raises(BodyTooLarge, match=r"1001 bytes .*http\.max_decompressed_bytes allows 1000"):
            decode(body, max_decompressed=1000)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff" * 9,
        b"\x05",
        b"\x80\x08abc",
        b"\x05\x10hello world",
        compress(b"hello")[:-1],
        compress(b"abcd" * 100) + b"x",
        bytes(cramjam.snappy.compress(b"hello")),
        bytes(cramjam.gzip.compress(b"hello" * 20)),
    ],
)
def test_what_is_not_snappy_is_refused(body: bytes) -> None:
    """Empty, truncated, overlong, framed and other compressed bodies are refused as no snappy block."""
    with pytest.raises((MalformedBody, BodyTooLarge), match=r"snappy's block format|once decompressed"):
        decompress(body, max_decompressed=LIMIT)


def test_a_body_of_empty_samples_is_bounded() -> None:
    """As many samples or series as bytes allow are refused by count, since an empty one takes two bytes only."""
    decoder = RemoteWriteDecoder(max_samples=1000)
    assert len(decoder.decode_message(series(UP, b"\x12\x00" * 1000), Roster()).batch) == 1000
    for message in (series(UP, b"\x12\x00" * 1001), b"\x0a\x00" * 1001):
        with pytest.raises(BodyTooLarge, match=r"more than 1000 .*intake\.request_samples"):
            decoder.decode_message(message, Roster())


def numbered(decoder: RemoteWriteDecoder, roster: Roster, messages: list[bytes]) -> list[int]:
    """The numbers of the only series of each request."""
    found = []
    for message in messages:
        labels = decoder.decode_message(message, roster).batch.labels
        assert isinstance(labels, Named)
        assert labels.roster is roster
        found += labels.numbers.tolist()
    return found


def test_a_series_keeps_its_number() -> None:
    """The same labels have one number in a roster, whether their bytes are remembered or not, and whoever else names them."""
    roster = Roster()
    messages = [series(UP, label("n", str(number)), sample(1, 1.0)) for number in range(1_000)]
    remembering, forgetting = RemoteWriteDecoder(), RemoteWriteDecoder(max_cached_bytes=100)
    assert numbered(remembering, roster, messages * 2) == [*range(1_000)] * 2
    assert numbered(forgetting, roster, messages * 2) == [*range(1_000)] * 2
    assert numbered(remembering, Roster(), messages[:0:-1]) == [*range(999)]
    assert roster.numbers([Labels.of(__name__="up", n="7"), Labels.of(__name__="down")]).tolist() == [7, 1_000]


def test_labels_in_pieces_are_remembered_too() -> None:
    """A series whose labels stand in several pieces is the one whose labels stand in one."""
    roster, decoder = Roster(), RemoteWriteDecoder()
    whole = series(UP, label("a", "1"), sample(1, 1.0))
    pieces = series(UP, sample(1, 1.0), label("a", "1")) + series(label("a", "1"), sample(2, 1.0), UP)
    assert numbered(decoder, roster, [whole, pieces, pieces]) == [0, 0, 0]


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
label_sets = st.dictionaries(names, st.text(st.characters(exclude_categories=["Cs"]), max_size=200), max_size=5)
int64 = st.integers(-(2**63), 2**63 - 1)
rows = st.lists(st.tuples(st.integers(0, 4), int64, st.integers(0, 2**64 - 1)), max_size=30)


@given(sets=st.lists(label_sets.map(Labels.of), min_size=5, max_size=5, unique=True), rows=rows)
def test_batches_survive_the_wire(sets: list[Labels], rows: list[tuple[int, int, int]]) -> None:
    """Whatever a batch holds, encoding and decoding it gives the same samples under the same label sets."""
    owners, times, values = zip(*rows, strict=True) if rows else ((), (), ())
    batch = WriteBatch(
        tuple(sets),
        np.array(owners, np.uint32),
        np.array(times, np.int64),
        np.array(values, np.uint64).view(np.float64),
    )
    body = encode(batch)
    expected = {labels: samples for labels, samples in content(batch).items() if samples}
    assert content(decode(body, max_decompressed=1 << 24)) == expected
    assert dict(oracle.decode(decompress(body, max_decompressed=1 << 24))) == expected


def as_oracle(batch: ExemplarBatch) -> list[oracle.Exemplar]:
    """Exemplars as the twin tells them."""
    rows = zip(batch.owners.tolist(), batch.times.tolist(), batch.values.view(np.uint64).tolist(), strict=True)
    return [
        (tuple(batch.series[owner]), tuple(Labels.from_canonical(labels)), time, value)
        for (owner, time, value), labels in zip(rows, batch.labels, strict=True)
    ]


def as_told(metadata: Mapping[str, Metadata]) -> dict[str, tuple[int, str, str]]:
    """Descriptions as the twin tells them."""
    return {name: (TYPES.index(said.type), said.help, said.unit) for name, said in metadata.items()}


def histogram(number: int) -> bytes:
    """A native histogram message: whole counts, or floats where the number is negative."""
    head = b"\x19" + struct.pack("<d", number * 1.5) + b"\x20" + varint(6) + b"\x29" + struct.pack("<d", 1e-9)
    spans = field(11, b"\x08\x03\x10\x02") + field(11, b"\x08\x04\x10\x01") + field(8, b"\x10\x01")
    if number < 0:
        counts = struct.pack("<3d", 1.5, 0.0, 2.0)
        values = b"\x11" + struct.pack("<d", 5.0) + field(10, counts[:8]) + field(13, counts)
    else:
        values = b"\x08" + varint(number + 5) + field(9, b"\x04") + field(12, b"\x02\x01\x06") + b"\x70\x02"
    return head + spans + values + b"\x78" + varint(1_700_000_000_000 + number)


def bodies() -> list[bytes]:
    """Good requests of several shapes, to be spoiled."""
    plain = b"".join(
        series(UP, label("n", str(n)), *(sample(1_700_000_000_000 + n * t, n * 1.5) for t in range(4)))
        for n in range(6)
    )
    mixed = series(sample(-5, 1.0), label("é", "✓" * 60), field(3, b""), UP, field(2, b""), field(4, b""))
    unknown = b"\xf8\x01\x96\x01" + b"\xf9\x01" + b"\xff" * 8 + field(31, b"text") + b"\xfd\x01" + b"\xff" * 4
    traced = b"".join(
        series(UP, label("le", str(n)), exemplar(1_700_000_000_000 + n, n * 1.5, label("trace_id", f"{n:032x}")))
        for n in range(6)
    )
    distributed = b"".join(
        series(
            label("__name__", "h"), label("n", str(n)), sample(1, 1.0), field(4, histogram(n)), field(4, histogram(-n))
        )
        for n in range(1, 4)
    )
    return [
        plain,
        traced,
        distributed,
        mixed + field(3, field(2, b"up")),
        unknown + series(unknown, UP, field(2, unknown)),
        series(UP),
    ]


def spoiled(chance: random.Random, originals: list[bytes]) -> bytes:
    """A request with flipped bits, cut, spliced with another, or with bytes put in."""
    body = bytearray(chance.choice(originals))
    for _ in range(chance.choice([1, 1, 2, 5])):
        at = chance.randrange(len(body) + 1)
        match chance.choice(["flip", "flip", "cut", "splice", "insert", "length"]):
            case "flip" if at < len(body):
                body[at] ^= 1 << chance.randrange(8)
            case "cut":
                del body[at:]
            case "splice":
                other = chance.choice(originals)
                body[at:] = other[chance.randrange(len(other)) :]
            case "insert":
                body[at:at] = chance.choice([b"\x80" * 10, varint(-1), b"\x0b", b"\x12\x00", b"\xff" * 12, b"\x00"])
            case _ if at < len(body):
                body[at] = chance.choice([0, 1, 127, 128, 255])
    return bytes(body)


def test_spoiled_requests_decode_as_the_twin_says() -> None:
    """2,000 damaged requests each decode to what the twin makes of them, or both refuse."""
    chance = random.Random(20_261_121)
    originals = bodies()
    decoder, roster = RemoteWriteDecoder(), Roster()
    refused = 0
    for _ in range(2_000):
        message = spoiled(chance, originals)
        expected: object
        actual: object
        try:
            exemplars, metadata = oracle.exemplars(message), oracle.metadata(message)
            found, faults = expected_content(message)
            bad = oracle.bad_series(message)
            expected = found, faults + max(bad, 0), exemplars, metadata
        except oracle.RefusedError:
            expected = "refused"
        try:
            result = decoder.decode_message(message, roster)
            left_out = sum(each.samples for each in result.left_out)
            traced = as_oracle(result.exemplars), result.exemplars.unreadable
            actual = content(result.batch), left_out, traced, as_told(result.metadata)
        except MalformedBody:
            actual = "refused"
            refused += 1
        assert actual == expected, message.hex()
    assert 500 < refused < 1_900


def test_spoiled_compressed_bodies_never_get_past_the_limit() -> None:
    """2,000 damaged compressed bodies give bytes within the limit or a clear refusal, and never more memory than that."""
    chance = random.Random(7)
    originals = [compress(body * 5) for body in bodies()]
    refused = 0
    for _ in range(2_000):
        try:
            size = len(decompress(spoiled(chance, originals), max_decompressed=4096))
        except (MalformedBody, BodyTooLarge):
            refused += 1
        else:
            assert size <= 4096
    assert 500 < refused < 1_900


Scan = Callable[..., int]


def scanned(scan: Scan, message: bytes, capacity: int) -> tuple[int, list[list[int]]]:
    """Status and outputs of a scan, with a known byte pattern where it wrote nothing."""
    kinds = (np.uint32, np.int64, np.uint32, np.uint32, *5 * (np.int64,))
    columns = [np.full(2 * capacity if at == 2 else capacity, 77, kind) for at, kind in enumerate(kinds)]
    found = np.zeros(layout.FOUND, np.int64)
    status = scan(message, *columns, found)
    return status, [column.tolist() for column in (*columns, found)]


def test_machine_code_scans_like_python(compiled_decoders: None) -> None:
    """Compiled and interpreted, the scan gives the same status, columns and counts, with room and without."""
    assert layout.scan.is_compiled
    chance = random.Random(11)
    originals = bodies()
    for message in (*originals, *(spoiled(chance, originals) for _ in range(600))):
        capacity = chance.choice([0, 1, 5, 200])
        assert scanned(layout.scan, message, capacity) == scanned(layout.scan_in_python, message, capacity)


EXEMPLAR_COLUMNS = (np.uint32, np.int64, np.uint32, np.int64)


def test_machine_code_reads_exemplars_like_python(compiled_decoders: None) -> None:
    """Compiled and interpreted, the pass over exemplars gives the same status, columns and offset."""
    assert exemplar_pass.scan_exemplars.is_compiled
    chance = random.Random(12)
    originals = bodies()
    some = 0
    for message in (*originals, *(spoiled(chance, originals) for _ in range(600))):
        status, columns = scanned(layout.scan_in_python, message, 200)
        if status != layout.DONE or not (count := columns[-1][layout.EXEMPLARS]):
            continue
        some += 1
        ours, twins = (exemplar_columns(scan, message, count) for scan in EXEMPLAR_SCANS)
        assert ours == twins, message.hex()
    assert some > 50


EXEMPLAR_SCANS: tuple[Scan, Scan] = (exemplar_pass.scan_exemplars, exemplar_pass.scan_exemplars_in_python)


def exemplar_columns(scan: Scan, message: bytes, count: int) -> tuple[int, list[list[int]]]:
    """Status and outputs of the pass over exemplars, with a known pattern where it wrote nothing."""
    columns = [np.full(2 * count if at > 1 else count, 77, kind) for at, kind in enumerate(EXEMPLAR_COLUMNS)]
    offset = np.zeros(1, np.int64)
    status = scan(message, *columns, offset)
    return status, [column.tolist() for column in (*columns, offset)]
