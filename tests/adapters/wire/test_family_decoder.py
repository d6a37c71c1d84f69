"""Pages of protobuf: what decodes, to what, and what is refused."""

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.wire.test_remote_write import spoiled
from tests.oracles import client_messages as client
from tests.oracles.native_histogram import EXPONENTIAL, Native, natives

from sightline.adapters.wire import family_scan as layout
from sightline.adapters.wire.exposition_decoder import ExpositionDecoder
from sightline.adapters.wire.family_decoder import MetricFamilyDecoder, bound_text
from sightline.domain.errors import BodyTooLarge, InvalidHistogram, MalformedBody
from sightline.domain.labels import Labels
from sightline.domain.metrics.native_histograms import MARK, ResetHint, mark_mask
from sightline.domain.scrape.scraped import NO_TIME, Metadata, Scraped

LATENCY = Native(schema=2, count=9.0, sum=1.5, zero_count=1.0, zero_threshold=0.5, positive={1: 2.0, 5: 6.0})
BUCKETS = [{"cumulative_count": 2, "upper_bound": 0.5}, {"cumulative_count": 9, "upper_bound": 2.0}]
QUANTILES = [{"quantile": 0.5, "value": 1.0}]
AT = {"seconds": 1_763_700_000, "nanos": 123_456_789}


def family(name: str, kind: int, *metrics: dict[str, Any], about: str = "", unit: str = "") -> dict[str, Any]:
    """A family of a page."""
    return {"name": name, "type": kind, "help": about, "unit": unit, "metric": list(metrics)}


def decoded(page: bytes, *, native: bool = True, classic: bool = False) -> Scraped:
    """What a page says."""
    return MetricFamilyDecoder().decode(page, native=native, classic=classic)


def told(found: Scraped) -> dict[str, float]:
    """The values by their series; marks are left out."""
    names = [str(found.labels[owner]) for owner in found.series.tolist()]
    marks = mark_mask(found.values).tolist()
    return {name: value for name, value, mark in zip(names, found.values.tolist(), marks, strict=True) if not mark}


def test_every_kind_of_metric_is_read() -> None:
    """Counters, gauges, untyped values, summaries and classic histograms have the series that the text formats name."""
    page = client.page(
        family(
            "a_total", client.COUNTER, {"counter": {"value": 7.0}, "label": client.pairs(b="é", a="1")}, about="Things."
        ),
        family("g", client.GAUGE, {"gauge": {"value": -1.5}, "timestamp_ms": 123}, unit="s"),
        family("u", client.UNTYPED, {"untyped": {"value": float("inf")}}),
        family(
            "s",
            client.SUMMARY,
            {"summary": {"sample_count": 3, "sample_sum": 4.5, "quantile": [{"quantile": 0.5, "value": 1.0}]}},
        ),
        family("h", client.HISTOGRAM, {"histogram": {"sample_count": 10, "sample_sum": 2.5, "bucket": BUCKETS}}),
    )
    found = decoded(page)
    assert told(found) == {
        'a_total{a="1",b="é"}': 7.0,
        "g": -1.5,
        "u": float("inf"),
        "s_count": 3.0,
        "s_sum": 4.5,
        's{quantile="0.5"}': 1.0,
        "h_count": 10.0,
        "h_sum": 2.5,
        'h_bucket{le="0.5"}': 2.0,
        'h_bucket{le="2.0"}': 9.0,
        'h_bucket{le="+Inf"}': 10.0,
    }
    assert found.times.tolist() == [NO_TIME, 123, *9 * [NO_TIME]]
    assert found.metadata == {
        "a_total": Metadata("counter", "Things."),
        "g": Metadata("gauge", "", "s"),
        "u": Metadata("unknown"),
        "s": Metadata("summary"),
        "h": Metadata("histogram"),
    }


def test_native_histograms_are_samples_where_they_are_wanted() -> None:
    """One that has native buckets is one sample, or its classic series, or both, as the job says."""
    said = client.native(LATENCY, bucket=BUCKETS)
    page = client.page(
        family("h", client.HISTOGRAM, {"histogram": said}), family("up", client.GAUGE, {"gauge": {"value": 1.0}})
    )
    alone = decoded(page)
    assert [str(one) for one in alone.labels] == ["h", "up"]
    assert mark_mask(alone.values).tolist() == [True, False]
    assert natives(alone.histograms) == [LATENCY]
    classic = {
        "h_count": 9.0,
        "h_sum": 1.5,
        'h_bucket{le="0.5"}': 2.0,
        'h_bucket{le="2.0"}': 9.0,
        'h_bucket{le="+Inf"}': 9.0,
    }
    assert told(decoded(page, native=False)) == {**classic, "up": 1.0}
    both = decoded(page, classic=True)
    assert told(both) == {**classic, "up": 1.0}
    assert natives(both.histograms) == [LATENCY]


def test_a_number_is_no_histogram_whatever_its_bits() -> None:
    """NaN has many bit patterns, and the one that stands for a native histogram comes as another one; histograms keep theirs."""
    page = client.page(
        family("a", client.GAUGE, {"gauge": {"value": float(MARK)}}),
        family("h", client.HISTOGRAM, {"histogram": client.native(LATENCY)}),
        family("z_total", client.COUNTER, {"counter": {"value": float(MARK)}}),
    )
    found = decoded(page)
    assert mark_mask(found.values).tolist() == [False, True, False]
    assert natives(found.histograms) == [LATENCY]
    assert np.isnan(found.values).all()


def test_a_native_histogram_that_is_none_is_left_out_alone() -> None:
    """Spans that differ from the counts cost this histogram and its exemplars; the message names the series and the reason."""
    one = {"label": client.pairs(trace_id="a"), "value": 0.25, "timestamp": AT}
    broken = {**client.native(LATENCY, bucket=BUCKETS, exemplars=[one]), "positive_span": [{"offset": 1, "length": 9}]}
    good = client.native(LATENCY, exemplars=[one])
    page = client.page(
        family(
            "h",
            client.HISTOGRAM,
            {"histogram": broken, "label": client.pairs(code="500")},
            {"histogram": good, "label": client.pairs(code="200")},
        ),
        family("up", client.GAUGE, {"gauge": {"value": 1.0}}),
    )
    found = decoded(page)
    assert [str(one) for one in found.labels] == ['h{code="200"}', "up"]
    assert mark_mask(found.values).tolist() == [True, False]
    assert natives(found.histograms) == [LATENCY]
    assert [str(found.exemplars.series[owner]) for owner in found.exemplars.owners] == ['h{code="200"}']
    [left_out] = found.left_out
    assert (type(left_out.error), left_out.samples) == (InvalidHistogram, 1)
    said = 'series h{code="500"}: a native histogram cannot be stored: its spans cover'
    assert left_out.error.message.startswith(said)
    assert told(decoded(page, classic=True))["up"] == 1.0
    alone = decoded(client.page(family("h", client.HISTOGRAM, {"histogram": broken})))
    assert (alone.labels, len(alone.values), len(alone.histograms)) == ((), 0, 0)


def test_a_gauge_of_a_histogram_says_so() -> None:
    """The native histograms of such a family carry the hint."""
    page = client.page(family("h", client.GAUGE_HISTOGRAM, {"histogram": client.native(LATENCY)}))
    assert natives(decoded(page).histograms)[0].reset is ResetHint.GAUGE


def test_exemplars_stand_with_their_samples() -> None:
    """Those of counters and buckets, with times of their own or none; of a native histogram all are its own."""
    one = {"label": client.pairs(trace_id="a"), "value": 0.25, "timestamp": AT}
    two = {"label": client.pairs(trace_id="b"), "value": 1.5}
    buckets = [{**BUCKETS[0], "exemplar": one}, {**BUCKETS[1], "exemplar": two}]
    metric = {"histogram": client.native(LATENCY, bucket=buckets, exemplars=[one])}
    page = client.page(
        family("c", client.COUNTER, {"counter": {"value": 1.0, "exemplar": two}, "timestamp_ms": 77}),
        family("h", client.HISTOGRAM, metric),
    )

    def shown(found: Scraped) -> list[tuple[str, str, float, int, bool]]:
        batch = found.exemplars
        return [
            (str(batch.series[owner]), str(Labels.from_canonical(labels)), value, time, timed)
            for owner, labels, value, time, timed in zip(
                batch.owners.tolist(),
                batch.labels,
                batch.values.tolist(),
                batch.times.tolist(),
                batch.timed.tolist(),
                strict=True,
            )
        ]

    first = ("c", '{trace_id="b"}', 1.5, 77, False)
    at = 1_763_700_000_123
    classic = [
        first,
        ('h_bucket{le="0.5"}', '{trace_id="a"}', 0.25, at, True),
        ('h_bucket{le="2.0"}', '{trace_id="b"}', 1.5, NO_TIME, False),
    ]
    own = ("h", '{trace_id="a"}', 0.25, at, True)
    assert sorted(shown(decoded(page))) == sorted([first, own, own, ("h", '{trace_id="b"}', 1.5, NO_TIME, False)])
    assert sorted(shown(decoded(page, native=False))) == sorted([*classic, ("h_count", *own[1:])])


def test_the_same_series_are_the_same_objects() -> None:
    """What a page shows again costs its target nothing: the tuple of label sets and the metadata are those of before."""
    decoder = MetricFamilyDecoder()
    page = client.page(
        family("g", client.GAUGE, {"gauge": {"value": 1.0}}, {"gauge": {"value": 2.0}, "label": client.pairs(a="1")})
    )
    first = decoder.decode(page, native=True, classic=False)
    second = decoder.decode(page, native=True, classic=False, last=first)
    assert second.labels is first.labels
    assert second.metadata is first.metadata


def test_of_samples_of_one_series_the_first_counts() -> None:
    """Others are left out and counted, histograms too."""
    metrics = [{"histogram": client.native(Native(count=n, positive={1: n}))} for n in (1.0, 2.0)]
    page = client.page(family("h", client.HISTOGRAM, *metrics), family("g", client.GAUGE, {"gauge": {"value": 1.0}}))
    found = decoded(page)
    assert (len(found.values), found.duplicates) == (2, 1)
    assert [one.count for one in natives(found.histograms)] == [1.0]


@given(st.lists(EXPONENTIAL, max_size=4))
def test_native_histograms_of_another_encoder_are_read(said: list[Native]) -> None:
    """Every one that shows that it is native comes out as it went in; a span without buckets shows that."""
    metrics = []
    for number, one in enumerate(said):
        fields = client.native(one)
        fields["positive_span"] = fields["positive_span"] or [{"offset": 0, "length": 0}]
        metrics.append({"histogram": fields, "label": client.pairs(n=str(number))})
    found = decoded(client.page(family("h", client.HISTOGRAM, *metrics)))
    without_hints = [{**vars(one), "reset": ResetHint.UNKNOWN} for one in said]
    assert [vars(one) for one in natives(found.histograms)] == without_hints


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (1.0, "1.0"),
        (0.005, "0.005"),
        (2.5, "2.5"),
        (100000.0, "100000.0"),
        (1e6, "1e+06"),
        (2.5e7, "2.5e+07"),
        (0.0001, "0.0001"),
        (1e-5, "1e-05"),
        (1e100, "1e+100"),
        (-2.5, "-2.5"),
        (float("inf"), "+Inf"),
        (float("-inf"), "-Inf"),
        (float("nan"), "NaN"),
    ],
)
def test_bounds_are_written_as_prometheus_writes_them(value: float, text: str) -> None:
    """The label of a bucket is the shortest number that is the bound, in OpenMetrics' form."""
    assert bound_text(value) == text


@given(st.floats(allow_nan=False))
def test_a_bound_is_read_as_itself(value: float) -> None:
    """No bound loses anything by being written."""
    assert float(bound_text(value)) == value


BROKEN: dict[str, bytes] = {
    "no name": client.page(family("", client.GAUGE, {"gauge": {"value": 1.0}})),
    "a label twice": client.page(
        family("g", client.GAUGE, {"gauge": {}, "label": client.pairs(a="1") + client.pairs(a="2")})
    ),
    "an empty label name": client.page(family("g", client.GAUGE, {"gauge": {}, "label": [{"name": "", "value": "1"}]})),
    "a name that is no text": client.page(family("gg", client.GAUGE, {"gauge": {}})).replace(b"gg", b"\xff\xfe"),
    "cut": client.page(family("g", client.GAUGE, {"gauge": {"value": 1.0}}))[:-1],
    "text": b"# TYPE a counter\na 1\n",
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_page_is_refused(name: str) -> None:
    """Nothing of it is told, and the message says what is wrong."""
    with pytest.raises(MalformedBody, match="no page of protobuf"):
        decoded(BROKEN[name])


def test_samples_are_bounded() -> None:
    """More than the limit are refused, however short they are."""
    metric: dict[str, Any] = {"histogram": {}}
    decoder = MetricFamilyDecoder(max_samples=30)
    assert len(decoder.decode(client.page(family("h", 4, *10 * [metric])), native=True, classic=True).labels) == 3
    with pytest.raises(BodyTooLarge, match=r"intake\.request_samples"):
        decoder.decode(client.page(family("h", 4, *11 * [metric])), native=True, classic=True)


def pages() -> list[bytes]:
    """Good pages, to be spoiled."""
    exemplar = {"label": client.pairs(trace_id="a"), "value": 0.25, "timestamp": AT}
    histogram = client.native(LATENCY, bucket=[{**BUCKETS[0], "exemplar": exemplar}], exemplars=[exemplar])
    return [
        client.page(
            family("h", client.HISTOGRAM, {"histogram": histogram, "label": client.pairs(a="1")}, about="Help."),
            family("c", client.COUNTER, {"counter": {"value": 1.0, "exemplar": exemplar}, "timestamp_ms": 5}),
        ),
        client.page(
            family(
                "s", client.SUMMARY, {"summary": {"sample_count": 3, "quantile": [{"quantile": 0.5, "value": 1.0}]}}
            ),
            family(
                "u",
                client.UNTYPED,
                {"untyped": {"value": 1.0}},
                {"untyped": {"value": 2.0}, "label": client.pairs(b="é")},
            ),
        ),
    ]


def test_spoiled_pages_are_read_or_refused() -> None:
    """2,000 damaged pages give columns that agree with one another, or are refused with words."""
    chance = random.Random(8)
    decoder = MetricFamilyDecoder()
    refused = 0
    for _ in range(2_000):
        try:
            found = decoder.decode(
                spoiled(chance, pages()), native=chance.random() < 0.8, classic=chance.random() < 0.3
            )
        except MalformedBody:
            refused += 1
            continue
        assert len(found.series) == len(found.times) == len(found.values)
        assert int(mark_mask(found.values).sum()) == len(found.histograms)
        assert len(set(found.labels)) == len(found.labels)
    assert 500 < refused < 1_900


def scanned(scan: Any, page: bytes, room: int, wanted: int) -> tuple[int, list[list[Any]]]:
    """Status and outputs of a scan, with known numbers where it wrote nothing."""
    values, bounds = np.full(room, 7.0), np.full(room, 7.0)
    rows, kinds = np.full(room, 77, np.int64), np.full(room, 77, np.uint8)
    families, metrics, exemplars, places = (np.full(each * room, 77, np.int64) for each in (7, 5, 3, 2))
    found = np.zeros(layout.FOUND, np.int64)
    words = values.view(np.uint32), bounds.view(np.uint32)
    status = scan(page, wanted, families, metrics, rows, kinds, values, *words, exemplars, places, found)
    outputs = (families, metrics, rows, kinds, values.view(np.uint64), bounds.view(np.uint64), exemplars, places, found)
    return status, [one.tolist() for one in outputs]


def test_machine_code_scans_like_python(compiled_decoders: None) -> None:
    """Compiled and interpreted, the scan gives the same status and columns, with room and without."""
    assert layout.scan.is_compiled
    chance = random.Random(9)
    for _ in range(400):
        page, room, wanted = spoiled(chance, pages()), chance.choice([0, 1, 3, 100]), chance.randrange(4)
        assert scanned(layout.scan, page, room, wanted) == scanned(layout.scan_in_python, page, room, wanted)


def test_pages_say_what_text_says() -> None:
    """A page of protobuf and the same page of text have the same series and values."""
    text = b'# TYPE h histogram\nh_bucket{le="0.5"} 2\nh_bucket{le="2.0"} 9\nh_bucket{le="+Inf"} 10\nh_sum 2.5\nh_count 10\n'
    page = client.page(
        family("h", client.HISTOGRAM, {"histogram": {"sample_count": 10, "sample_sum": 2.5, "bucket": BUCKETS}})
    )
    assert told(decoded(page)) == told(ExpositionDecoder().decode(text, "text/plain"))
