"""Remote write 2.0: what decodes, to what, and which rules are kept."""

import random
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.wire.test_remote_write import as_oracle, content, spoiled
from tests.oracles import histogram_message
from tests.oracles import remote_write2 as oracle
from tests.oracles.native_histogram import NATIVES, Native
from tests.oracles.remote_write import RefusedError
from tests.oracles.write_messages import V2, Symbols, histogram

from sightline.adapters.wire import remote_write2_scan as layout
from sightline.adapters.wire import remote_write2_symbols as symbols_pass
from sightline.adapters.wire.remote_write2 import RemoteWrite2Decoder
from sightline.adapters.wire.remote_write_batch import Decoded
from sightline.adapters.wire.snappy import compress
from sightline.domain.errors import BodyTooLarge, InvalidHistogram, InvalidLabel, MalformedBody
from sightline.domain.labels import Labels
from sightline.domain.metrics.native_histograms import MARK
from sightline.domain.metrics.roster import Roster
from sightline.domain.metrics.samples import STALE_BITS
from sightline.domain.scrape.scraped import Metadata

UP = [("__name__", "up")]
Series = dict[str, Any]


def bits(value: float) -> int:
    """The 64 bits of a double."""
    return int(struct.unpack("<Q", struct.pack("<d", value))[0])


def request(*series: Series, symbols: Symbols | None = None) -> bytes:
    """A request; where a series has `labels`, they become references."""
    table = symbols or Symbols()
    made = []
    for one in series:
        said = dict(one)
        if "labels" in said:
            said["labels_refs"] = table.refs(said.pop("labels"))
        if "metadata" in said:
            kind, about, unit = said["metadata"]
            said["metadata"] = {"type": kind, "help_ref": table.ref(about), "unit_ref": table.ref(unit)}
        if "exemplars" in said:
            said["exemplars"] = [
                {"labels_refs": table.refs(labels), "timestamp": time, "value": value}
                for labels, time, value in said["exemplars"]
            ]
        made.append(said)
    return bytes(V2["Request"](symbols=table.all, timeseries=made).SerializeToString())


def point(time: int, value: float, start: int = 0) -> dict[str, Any]:
    """A sample."""
    return {"timestamp": time, "value": value, "start_timestamp": start}


def decoded(message: bytes) -> Decoded:
    """Decode an uncompressed request with a new decoder."""
    return RemoteWrite2Decoder().decode_message(message, Roster())


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
label_sets = st.dictionaries(names, st.text(st.characters(exclude_categories=["Cs"]), max_size=200), max_size=5)
times = st.integers(-(2**63), 2**63 - 1)
doubles = st.floats(allow_nan=True).filter(lambda value: bits(value) != bits(float(MARK)))
floats = st.lists(st.tuples(times, doubles), max_size=5)
histograms = st.lists(st.tuples(times, NATIVES, st.booleans()), max_size=3)


@given(st.lists(st.tuples(label_sets, st.one_of(floats, histograms), st.integers(0, 5)), max_size=5))
def test_what_another_encoder_writes_is_read(said: list[tuple[dict[str, str], list[Any], int]]) -> None:
    """Series, samples and native histograms that the protobuf library encodes come out as they went in."""
    table = Symbols()
    for number in range(200):  # so that references of two bytes are met
        table.ref(f"symbol {number}")
    series: list[Series] = []
    expected: dict[tuple[tuple[str, str], ...], list[tuple[int, object]]] = {}
    for pairs, values, start in said:
        one: Series = {"labels": sorted(pairs.items())}
        told: list[tuple[int, object]]
        if values and len(values[0]) == 2:
            one["samples"] = [point(time, value, start) for time, value in values]
            told = [(time, bits(value)) for time, value in values]
        else:
            one["histograms"] = [histogram(native, time, whole=whole, start=start) for time, native, whole in values]
            told = [(time, histogram_message.told(native)) for time, native, _ in values]
        if values:
            series.append(one)
            expected.setdefault(tuple(Labels.of(pairs)), []).extend(told)
    found = decoded(request(*series, symbols=table))
    assert found.left_out == ()
    assert content(found.batch) == expected


def test_exemplars_and_descriptions_come_with_their_series() -> None:
    """Exemplars may stand in series of their own, and each metric is described, unless its metadata is empty."""
    decoder, roster = RemoteWrite2Decoder(), Roster()
    message = request(
        {
            "labels": [("__name__", "h_bucket"), ("le", "1")],
            "samples": [point(1, 1.0)],
            "metadata": (3, "Héight.", "m"),
        },
        {"labels": [("__name__", "h_bucket"), ("le", "1")], "exemplars": [([("trace_id", "ab"), ("a", "1")], 5, 0.5)]},
        {"labels": UP, "samples": [point(1, 1.0)], "metadata": (2, "Whether.", "")},
        {"labels": [*UP, ("z", "1")], "samples": [point(1, 1.0)], "metadata": (2, "Whether.", "")},
        {"labels": [("__name__", "odd")], "samples": [point(1, 1.0)], "metadata": (77, "", "")},
    )
    found = decoder.decode(compress(message), roster, max_decompressed=1 << 20)
    assert found.metadata == {
        "h": Metadata("histogram", "Héight.", "m"),
        "up": Metadata("gauge", "Whether."),
        "odd": Metadata(),
    }
    assert as_oracle(found.exemplars) == [
        ((("__name__", "h_bucket"), ("le", "1")), (("a", "1"), ("trace_id", "ab")), 5, bits(0.5))
    ]
    assert decoder.decode_message(message, roster).metadata == found.metadata
    empty = request({"labels": UP, "samples": [point(1, 1.0)], "metadata": (0, "", "")})
    assert decoder.decode_message(empty, roster).metadata == {}
    changed = request({"labels": UP, "samples": [point(1, 1.0)], "metadata": (2, "Whether it runs.", "")})
    assert decoder.decode_message(changed, roster).metadata == {"up": Metadata("gauge", "Whether it runs.")}


GOOD = {"labels": UP, "samples": [point(1, 1.0)]}
ONE = [point(1, 1.0), point(2, 1.0)]
BROKEN: dict[str, tuple[Series, type[Exception], str]] = {
    "odd": ({"labels_refs": [1, 2, 1], "samples": ONE}, InvalidLabel, "an odd number of references"),
    "past": ({"labels_refs": [1, 99], "samples": ONE}, InvalidLabel, "past the symbols"),
    "nameless": ({"labels_refs": [0, 2], "samples": ONE}, InvalidLabel, "a label name is empty"),
    "twice": ({"labels": [*UP, *UP], "samples": ONE}, InvalidLabel, "given twice"),
    "unsorted": ({"labels": [("b", "1"), ("a", "2")], "samples": ONE}, InvalidLabel, "not sorted by name"),
    "both": (
        {"labels": UP, "samples": ONE[:1], "histograms": [histogram(Native(), 1, whole=True)]},
        MalformedBody,
        "up: a series has samples and histograms",
    ),
    "neither": ({"labels": UP}, MalformedBody, "up: a series has neither"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_series_that_breaks_a_rule_is_left_out(name: str) -> None:
    """The others are kept, and the reason names the series, the rule and how many samples it cost."""
    broken, kind, words = BROKEN[name]
    found = decoded(request(GOOD, broken, broken, {**GOOD, "labels": [("__name__", "b")]}))
    assert sorted(str(one) for one in found.batch.labels) == ["b", "up"]
    [left_out] = found.left_out
    assert isinstance(left_out.error, kind)
    assert left_out.error.message.startswith("series ")
    assert words in left_out.error.message
    assert left_out.samples == (0 if name == "neither" else 4)


def test_text_that_is_none_is_left_out() -> None:
    """A symbol that is not UTF-8 costs the series that use it; others may stand in the table."""
    message = request(GOOD, {"labels": [*UP, ("a", "~~")], "samples": ONE}).replace(b"~~", b"\xff\xfe")
    found = decoded(message)
    assert [str(one) for one in found.batch.labels] == ["up"]
    assert "not UTF-8" in found.left_out[0].error.message


@pytest.mark.parametrize("symbols", [["a"], []])
def test_the_first_symbol_is_the_empty_one(symbols: list[str]) -> None:
    """A request that does not begin its table so is no request."""
    series = [{"labels_refs": [], "samples": ONE}]
    with pytest.raises(MalformedBody, match="first symbol"):
        decoded(V2["Request"](symbols=symbols, timeseries=series).SerializeToString())


def test_faults_of_histograms_are_left_out() -> None:
    """A histogram that cannot be stored costs itself alone, and one that ends its series is a stale marker."""
    good = histogram(Native(count=1.0, positive={3: 1.0}), 1, whole=True)
    broken = {**good, "positive_spans": [{"offset": 3, "length": 2}], "timestamp": 2}
    stale = {"sum": struct.unpack("<d", struct.pack("<Q", STALE_BITS))[0], "count_int": 0, "timestamp": 3}
    found = decoded(request({"labels": UP, "histograms": [good, broken, stale]}))
    assert found.batch.times.tolist() == [1, 3]
    assert found.batch.values.view(np.uint64).tolist()[1] == STALE_BITS
    assert (len(found.batch.histograms), found.stale.tolist()) == (1, [1])
    [left_out] = found.left_out
    assert isinstance(left_out.error, InvalidHistogram)
    assert left_out.error.message.startswith("series up at 2 ms: a native histogram cannot be stored: its spans")


def test_no_float_stands_for_a_histogram() -> None:
    """The value that is kept for histograms is no value of a sample."""
    found = decoded(request({"labels": UP, "samples": [point(1, float(MARK)), point(2, 1.0)]}))
    assert found.batch.times.tolist() == [2]
    assert [(type(one.error), one.samples) for one in found.left_out] == [(InvalidHistogram, 1)]


def test_counts_and_labels_are_bounded() -> None:
    """Samples, series and exemplars are refused by number, and labels that are much longer than the request by size."""
    decoder = RemoteWrite2Decoder(max_samples=100)
    for broken in (
        {"labels": UP, "samples": 101 * [point(1, 1.0)]},
        {"labels": UP, "exemplars": 101 * [([], 1, 1.0)]},
    ):
        with pytest.raises(BodyTooLarge, match=r"intake\.request_samples"):
            decoder.decode_message(request(broken), Roster())
    with pytest.raises(BodyTooLarge, match=r"intake\.request_samples"):
        decoder.decode_message(request(*101 * [GOOD]), Roster())
    long = {"labels": [("__name__", "x" * 100_000)], "samples": ONE}
    with pytest.raises(BodyTooLarge, match="16 times as long"):
        RemoteWrite2Decoder().decode_message(request(*180 * [long]), Roster())


def test_series_are_remembered() -> None:
    """The same labels have one number, by whatever references and whether they are remembered or not."""
    roster = Roster()
    first = request(GOOD, {**GOOD, "labels": [*UP, ("a", "1")]})
    other = Symbols()
    other.refs([("x", "y"), ("a", "1")])
    second = request({**GOOD, "labels": [*UP, ("a", "1")]}, GOOD, symbols=other)
    for decoder in (RemoteWrite2Decoder(), RemoteWrite2Decoder(max_cached_bytes=1)):
        for message in (first, second, first):
            assert len(content(decoder.decode_message(message, roster).batch)) == 2
    assert len(roster) == 2


def bodies() -> list[bytes]:
    """Good requests of several shapes, to be spoiled."""
    plain = [
        {"labels": [*UP, ("n", str(n))], "samples": [point(1_700_000_000_000 + t, n * 1.5, t) for t in range(3)]}
        for n in range(6)
    ]
    native = Native(schema=1, count=8.0, sum=1.5, zero_count=1.0, positive={1: 2.0, 5: 3.0}, negative={-2: 2.0})
    distributed = [
        {"labels": [("__name__", "h"), ("n", str(n))], "histograms": [histogram(native, n, whole=n % 2 == 0)]}
        for n in range(4)
    ]
    traced = [
        {"labels": UP, "exemplars": [([("trace_id", f"{n:032x}"), ("a", "é")], n, 0.5)], "samples": [point(n, 1.0)]}
        for n in range(4)
    ]
    described = [{"labels": [*UP, ("é", "✓")], "samples": [point(1, 1.0)], "metadata": (1, "About.", "s")}]
    long = Symbols()
    for number in range(150):
        long.ref(f"{number}")
    return [
        request(*plain),
        request(*distributed),
        request(*traced, *described),
        request(*plain[:2], *described, symbols=long) + b"\xf8\x01\x96\x01" + b"\xf9\x01" + b"\xff" * 8,
    ]


def test_spoiled_requests_decode_as_the_twin_says() -> None:
    """2,000 damaged requests each decode to what the twin makes of them, or both refuse."""
    chance = random.Random(20_261_122)
    originals = bodies()
    decoder, roster = RemoteWrite2Decoder(), Roster()
    refused = 0
    for _ in range(2_000):
        message = spoiled(chance, originals)
        expected: object
        actual: object
        try:
            told = oracle.decode(message)
            expected = told.series, told.exemplars, told.left_out, told.unreadable
        except RefusedError:
            expected = "refused"
        try:
            found = decoder.decode_message(message, roster)
            left_out = sum(each.samples for each in found.left_out)
            actual = content(found.batch), as_oracle(found.exemplars), left_out, found.exemplars.unreadable
        except MalformedBody:
            actual = "refused"
            refused += 1
        assert actual == expected, message.hex()
    assert 500 < refused < 1_900


SCAN_COLUMNS: tuple[Any, ...] = (
    *2 * [np.int64],
    np.uint32,
    np.int64,
    np.uint8,
    np.int64,
    np.uint32,
    np.int64,
    np.uint32,
    *3 * [np.int64],
)


def scanned(scan: Any, message: bytes, capacity: int) -> tuple[int, list[list[int]]]:
    """Status and outputs of a scan, with a known byte pattern where it wrote nothing."""
    sizes = {3: capacity + 1, 5: 3 * capacity, 8: 2 * capacity}
    columns = [np.full(sizes.get(at, capacity), 77, kind) for at, kind in enumerate(SCAN_COLUMNS)]
    found = np.zeros(layout.FOUND, np.int64)
    status = scan(message, *columns, found)
    return status, [column.tolist() for column in (*columns, found)]


def read_exemplars(scan: Any, message: bytes, count: int) -> tuple[int, list[list[int]]]:
    """Status and outputs of the pass over exemplars."""
    kinds = (np.uint32, np.int64, np.uint32, np.uint32, np.int64)
    sizes = (count, count, 2 * count, len(message), count + 1)
    columns = [np.full(size, 77, kind) for size, kind in zip(sizes, kinds, strict=True)]
    found = np.zeros(1, np.int64)
    status: int = scan(message, *columns, found)
    return status, [column.tolist() for column in (*columns, found)]


def test_machine_code_scans_like_python(compiled_decoders: None) -> None:
    """Compiled and interpreted, both passes give the same status, columns and counts, with room and without."""
    assert layout.scan.is_compiled
    chance = random.Random(12)
    originals = bodies()
    for message in (*originals, *(spoiled(chance, originals) for _ in range(600))):
        capacity = chance.choice([0, 1, 5, 200])
        expected = scanned(layout.scan_in_python, message, capacity)
        assert scanned(layout.scan, message, capacity) == expected
        if capacity == 200 and expected[0] == 0:
            count = expected[1][-1][layout.EXEMPLARS]
            ours = read_exemplars(layout.scan_exemplars, message, count)
            assert ours == read_exemplars(layout.scan_exemplars_in_python, message, count)


def written(message: bytes, *, compiled: bool) -> list[Any]:
    """The outputs of all kernels over the symbols of a request that can be scanned."""
    room = len(message)
    _, found = scanned(layout.scan, message, room)
    s, k, m = (found[-1][at] for at in (layout.SYMBOLS, layout.SERIES, layout.REFS))
    starts, ends = np.array(found[0][:s], np.int64), np.array(found[1][:s], np.int64)
    refs, offsets = np.array(found[2][:m], np.uint32), np.array(found[3][: k + 1], np.int64)
    said = np.array(found[5][: 3 * k], np.int64)
    kernels: list[Any] = [symbols_pass.judge_symbols, symbols_pass.label_room, symbols_pass.write_labels]
    kernels += [symbols_pass.metric_names, symbols_pass.write_descriptions]
    judge, measure, write, name, describe = kernels if compiled else [one.twin for one in kernels]
    kinds, faults, sets = np.zeros(s, np.uint8), np.zeros(k, np.uint8), np.zeros(k, np.int64)
    judge(message, starts, ends, kinds)
    labels = np.zeros(measure(starts, ends, refs, 1 << 20), np.uint8)
    bounds, told = np.zeros(k + 1, np.int64), np.zeros(k + 1, np.int64)
    write(message, starts, ends, kinds, refs, offsets, labels, bounds, faults)
    name(refs, offsets, kinds, sets)
    texts, rows, latest = np.zeros(room, np.uint8), np.zeros(k, np.int64), np.full(s, layout.NONE, np.int64)
    count = describe(message, starts, ends, sets, said, latest, texts, told, rows)
    return [count, *(one.tolist() for one in (kinds, labels, bounds, faults, sets, texts, told, rows, latest))]


@given(st.lists(st.integers(0, 9)), st.lists(st.integers(0, 2**31 - 1), max_size=9))
def test_machine_code_numbers_references_like_numpy(
    compiled_decoders: None, refs: list[int], numbers: list[int]
) -> None:
    """Compiled and in NumPy, references have the same numbers, and those past the symbols none."""
    found = []
    for one in (symbols_pass.number_refs, symbols_pass.number_refs.twin, symbols_pass.number_refs_in_python):
        out = np.zeros(len(refs), np.int32)
        one(np.array(refs, np.uint32), np.array(numbers, np.int64), out)
        found.append(out.tolist())
    assert found == 3 * [[numbers[ref] if ref < len(numbers) else layout.NONE for ref in refs]]


def test_machine_code_writes_labels_like_python(compiled_decoders: None) -> None:
    """Compiled and interpreted, symbols, labels and descriptions come out the same."""
    assert symbols_pass.write_labels.is_compiled
    chance = random.Random(13)
    originals = bodies()
    for message in (*originals, *(spoiled(chance, originals) for _ in range(300))):
        if scanned(layout.scan, message, len(message))[0] == 0:
            assert written(message, compiled=True) == written(message, compiled=False)
