"""The body of a scrape: what decodes, to what, and what is refused with which words."""

import math
import random
import struct
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import prometheus_client
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client.openmetrics import exposition as openmetrics_exposition
from prometheus_client.openmetrics import parser as openmetrics_parser
from prometheus_client.parser import text_string_to_metric_families

from sightline.adapters.wire.exposition import encode
from sightline.adapters.wire.exposition_decoder import OPENMETRICS, TEXT, ExpositionDecoder
from sightline.domain.errors import BodyTooLarge, MalformedBody, SightlineError, UnsupportedMediaType
from sightline.domain.labels import METRIC_NAME, Labels
from sightline.domain.metrics.exemplars import NO_EXEMPLARS
from sightline.domain.metrics.samples import STALE_BITS
from sightline.domain.scrape.scraped import NO_TIME, Metadata, Scraped
from sightline.ports.telemetry import Family, Instrument, Kind, Point

Sample = tuple[str, int | None, str]
"""Series, time and the digits of the value, for comparing."""

# Of Prometheus' own client, which has no types for them.
written: Callable[[prometheus_client.CollectorRegistry], bytes] = openmetrics_exposition.generate_latest
parsed: Callable[[str], Iterable[prometheus_client.Metric]] = openmetrics_parser.text_string_to_metric_families

PAGE = rb"""# HELP a_total Help \\ and \n.
# TYPE a_total counter
a_total{x="1",y="\"q\" \\ \n"} 1027 1395066363000
a_total{x="2"} 3

# just a comment
{"my.metric","a.b"="c"} 1.5e-3
b +Inf
c{le="+Inf",} NaN 5
  d   7
"""
ODD_PAGE = b'foo {a="b c 5"} 3\nfoo 3\nfoo{} 4 5\nfoo\t5 6\n'
OM_PAGE = rb"""# TYPE r counter
# UNIT r seconds
# HELP r A \"quoted\" help.
r_total{a="b"} 5 1605301325.491 # {trace="x # {y"} 0.5 1.5
r_created{a="b"} 1605301325
# TYPE s stateset
s{s="on"} 1
# TYPE i info
i_info{v="1"} 1
# TYPE g gaugehistogram
g_bucket{le="+Inf"} 2
g_gcount 2
g_gsum 3.5
# EOF
"""
PAGES = ((PAGE, TEXT), (ODD_PAGE, TEXT), (OM_PAGE, OPENMETRICS))


def decode(body: bytes, media_type: str | None = TEXT) -> Scraped:
    """What a body says to a decoder that knows nothing."""
    return ExpositionDecoder().decode(body, media_type)


def content(scraped: Scraped) -> list[Sample]:
    """The samples, one by one."""
    columns = zip(scraped.series.tolist(), scraped.times.tolist(), scraped.values.tolist(), strict=True)
    return [(str(scraped.labels[one]), None if time == NO_TIME else time, repr(value)) for one, time, value in columns]


def told(scraped: Scraped) -> list[tuple[str, str, float, int, bool]]:
    """Series, own labels, value, time, and whether that is its own."""
    found = scraped.exemplars
    assert found.series == (scraped.labels if len(found) else ())
    columns = zip(found.owners.tolist(), found.values.tolist(), found.times.tolist(), found.timed.tolist(), strict=True)
    return [
        (str(scraped.labels[owner]), str(Labels.from_canonical(labels)), value, time, timed)
        for labels, (owner, value, time, timed) in zip(found.labels, columns, strict=True)
    ]


def escaped(text: str) -> str:
    """A text as it stands between quotation marks."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def outcome(decoder: ExpositionDecoder, body: bytes, media_type: str) -> object:
    """Everything that decoding a body says, be it an error."""
    try:
        scraped = decoder.decode(body, media_type)
    except SightlineError as error:
        return type(error), error.message
    return content(scraped), scraped.labels, dict(scraped.metadata), scraped.duplicates, told(scraped)


def theirs(families: Iterable[prometheus_client.Metric]) -> list[Sample]:
    """The same from the parsers of Prometheus' own client; their times are in seconds."""
    return [
        (
            str(Labels.of({**sample.labels, METRIC_NAME: sample.name})),
            None if sample.timestamp is None else round(float(sample.timestamp) * 1000),
            repr(float(sample.value)),
        )
        for family in families
        for sample in family.samples
    ]


def test_a_page_becomes_columns() -> None:
    """Series, times and values come out in the order they stood, and what the page says of its metrics beside them."""
    found = decode(PAGE)
    assert content(found) == [
        ('a_total{x="1",y="\\"q\\" \\\\ \\n"}', 1395066363000, "1027.0"),
        ('a_total{x="2"}', None, "3.0"),
        ('my.metric{a.b="c"}', None, "0.0015"),
        ("b", None, "inf"),
        ('c{le="+Inf"}', 5, "nan"),
        ("d", None, "7.0"),
    ]
    assert [column.dtype for column in (found.series, found.times, found.values)] == [np.uint32, np.int64, np.float64]
    assert found.metadata == {"a_total": Metadata("counter", "Help \\ and \n.")}


def test_openmetrics_becomes_columns() -> None:
    """Times are seconds there, and every type of metric is known."""
    found = decode(OM_PAGE, OPENMETRICS)
    assert content(found) == [
        ('r_total{a="b"}', 1605301325491, "5.0"),
        ('r_created{a="b"}', None, "1605301325.0"),
        ('s{s="on"}', None, "1.0"),
        ('i_info{v="1"}', None, "1.0"),
        ('g_bucket{le="+Inf"}', None, "2.0"),
        ("g_gcount", None, "2.0"),
        ("g_gsum", None, "3.5"),
    ]
    assert found.metadata == {
        "r": Metadata("counter", 'A "quoted" help.', "seconds"),
        "s": Metadata("stateset"),
        "i": Metadata("info"),
        "g": Metadata("gaugehistogram"),
    }


def test_a_real_node_exporter_reads_as_its_own_client_reads_it(recorded_data: Path) -> None:
    """Every series, value and type of the recorded page equals what prometheus_client's parser makes of it, cold and warm."""
    body = (recorded_data / "exposition" / "node_exporter_e2e-output.txt").read_bytes()
    families = list(text_string_to_metric_families(body.decode()))
    decoder = ExpositionDecoder()
    first = decoder.decode(body, TEXT)
    again = decoder.decode(body, TEXT, last=first)
    assert sorted(content(first)) == sorted(theirs(families))
    assert content(again) == content(first)
    assert again.labels is first.labels
    assert again.metadata is first.metadata
    types = {family.name: family.type for family in families}
    same = {name: one.type for name, one in first.metadata.items() if name in types and not name.endswith("_bytes")}
    assert same == {name: types[name] for name in same}
    assert len(same) > 500


@given(st.data())
def test_openmetrics_reads_as_its_own_client_reads_it(data: st.DataObject) -> None:
    """What prometheus_client writes as OpenMetrics, exemplars and all, equals what its own strict parser reads from it."""
    registry = prometheus_client.CollectorRegistry()
    value = st.text(max_size=8).filter(lambda text: text.isprintable() or "\n" in text)
    counter = prometheus_client.Counter("requests", "How many.", ["path"], registry=registry)
    for path in data.draw(st.lists(value, max_size=4)):
        counter.labels(path).inc(data.draw(st.floats(0, 1e9)), exemplar={"trace": "a # {b} 5"})
    histogram = prometheus_client.Histogram("took_seconds", "How long.", unit="seconds", registry=registry)
    histogram.observe(data.draw(st.floats(0, 20)), exemplar={"trace": "x"})
    prometheus_client.Info("build", "What.", registry=registry).info({"version": data.draw(value)})
    prometheus_client.Enum("door", "How.", states=["open", "shut"], registry=registry).state("shut")
    prometheus_client.Gauge("depth", 'With "quotes" and \\.', registry=registry).set(data.draw(st.floats()))
    page = written(registry)
    families = list(parsed(page.decode()))
    found = decode(page, OPENMETRICS)
    assert content(found) == theirs(families)
    assert {name: (one.type, one.help, one.unit) for name, one in found.metadata.items()} == {
        family.name: (family.type, family.documentation, family.unit) for family in families
    }


def test_our_own_page_comes_back() -> None:
    """What our encoder writes decodes to what it was given, odd names and values included."""
    awkward = 'back\\slash "quoted"\nline # {x="y"} 5 6'
    instrument = Instrument("http.server.duration", awkward, Kind.HISTOGRAM)
    points = (
        Point("http.server.duration", (("service.name", awkward), ("plain", "ü 5")), math.pi),
        Point("plain_name", (("le", "+Inf"),), -0.0),
        Point("plain_name", (), 5e-324),
    )
    found = decode(encode([Family(instrument, points)]))
    assert found.labels == tuple(Labels.of({**dict(point.labels), METRIC_NAME: point.name}) for point in points)
    assert [struct.pack("<d", value) for value in found.values] == [struct.pack("<d", point.value) for point in points]
    assert found.metadata == {"http.server.duration": Metadata("histogram", awkward)}


WORD = st.text(st.characters(exclude_characters="\x00", codec="utf-8"), min_size=1, max_size=6)


@given(
    st.dictionaries(
        st.tuples(
            WORD, st.dictionaries(WORD.filter(lambda name: name != METRIC_NAME), WORD, max_size=3).map(Labels.of)
        ),
        st.floats(),
        max_size=6,
    )
)
def test_every_name_and_value_comes_back(series: dict[tuple[str, Labels], float]) -> None:
    """Any UTF-8 in names and values, and every double, survive encoding and decoding bit for bit, but for the payload of a NaN."""
    points = tuple(Point(name, labels, value) for (name, labels), value in series.items())
    decoder = ExpositionDecoder()
    page = encode([Family(Instrument("x", "", Kind.GAUGE), points)])
    for found in (decoder.decode(page, TEXT), decoder.decode(page, TEXT)):
        assert found.labels == tuple(Labels.of({**dict(labels), METRIC_NAME: name}) for name, labels in series)
        assert [repr(value) for value in found.values.tolist()] == [repr(value) for value in series.values()]
        assert not (found.values.view(np.uint64) == STALE_BITS).any()


@given(
    st.one_of(
        st.from_regex(r"[+-]?[0-9]{0,25}\.?[0-9]{0,25}([eE][+-]?[0-9]{1,3})?", fullmatch=True), st.floats().map(repr)
    )
)
@example("+Inf")
@example("-inf")
@example("Infinity")
@example("nan")
@example(".")
@example("1e")
def test_a_decimal_is_the_double_that_float_makes_of_it(text: str) -> None:
    """Plain numbers are read to the last bit as Python's float() reads them, and refused where it refuses them."""
    try:
        wanted = struct.pack("<d", float(text))
    except ValueError:
        with pytest.raises(MalformedBody, match="line 1: expected a"):
            decode(f"a {text}\n".encode())
    else:
        assert decode(f"a {text}\n".encode()).values.tobytes() == wanted


@pytest.mark.parametrize(
    ("text", "value"), [("0x1p3", 8.0), ("-0X1.8p-1", -0.75), ("0x.8P1", 1.0), ("+0x1.p0", 1.0), ("1E3", 1000.0)]
)
def test_hexadecimal_numbers_are_read_as_go_reads_them(text: str, value: float) -> None:
    """A hexadecimal mantissa with a binary exponent is a number."""
    assert decode(f"a {text}\n".encode()).values.tolist() == [value]


@pytest.mark.parametrize("text", ["1_000", "0x10", "0x", "0x1p", "1,5", "0b1", "٣", "one", "0x1p99999", "1__0", "--1"])
def test_what_is_no_number_is_refused(text: str) -> None:
    """Underscores and everything else that Prometheus does not take is no number, known series or not."""
    decoder = ExpositionDecoder()
    for _ in ("cold", "warm"):
        with pytest.raises(MalformedBody, match="line 2: expected a number, found"):
            decoder.decode(f"# c\na {text}\n".encode(), TEXT)
        decoder.decode(b"a 1\n", TEXT)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"foo", "line 1: expected a value, found the end of the line"),
        (b"a 1\nfoo ", "line 2: expected a value, found the end of the line"),
        (b'a 1\nfoo{a="b', "line 2: expected } at the end of the labels, found '{a=\"b'"),
        (b'foo {a="b', "line 1: expected } at the end of the labels"),
        (b'foo{a="b"', "line 1: expected } at the end of the labels"),
        (b"\n\n# c\nfoo{a=b} 5", "line 4: expected a value in quotation marks for label 'a', found 'b}'"),
        (b'foo{a"b"} 5', "line 1: expected = after label 'a'"),
        (b"foo{,} 5", "line 1: expected a label name, found ',}'"),
        (b'foo{a="b"c="d"} 5', "line 1: expected , or } after a label"),
        (b'foo{a="1",a="2"} 5', "line 1: label 'a' of .* is given twice"),
        (b'{"foo","bar"} 5', "line 1: label '__name__' of .* is given twice"),
        (b'foo{"bar"} 5', "line 1: label '__name__' of .* is given twice"),
        (b'{a="b"} 5', "line 1: .* has no metric name"),
        (b"{} 5", "line 1: .* has no metric name"),
        (b'{"foo",""="x"} 5', "line 1: a label name of .* is empty"),
        (b'foo{a="\xff"} 5', "line 1: .* is not UTF-8"),
        (b"1foo 5", "line 1: expected a metric name or {, found '1foo 5'"),
        (b"foo-bar 5", "line 1: expected a blank or { after the metric name, found '-bar 5'"),
        (b"foo 5 6 7", "line 1: expected the end of the line after value and time, found '7'"),
        (b"foo 5 12.5", "line 1: expected a time in milliseconds, found '12.5': not an integer"),
        (b"a 1 2\nfoo 5 99999999999999999", "line 2: expected a time in milliseconds, .* out of range"),
        (b"# TYPE foo blah", "line 1: expected a type of metric .*, found 'blah'"),
        (b'a 1\n# HELP "foo bar', "line 2: expected # HELP, # TYPE or # UNIT and a metric name"),
        (b"a 1\n# HELP foo \xff", "line 2: .* is not UTF-8"),
        (b"<html>\n", "line 1: expected a metric name or {"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_nothing_is_kept(body: bytes, said: str) -> None:
    """A page with a mistake is refused as a whole, with the line and what was expected, by a decoder new or not."""
    decoder = ExpositionDecoder()
    for _ in ("cold", "warm"):
        with pytest.raises(MalformedBody, match=said):
            decoder.decode(body, TEXT)
        decoder.decode(b'foo 1\nfoo{a="b"} 1\na 1\n', TEXT)


EXEMPLARS = b"""\
h_bucket{le="1"} 1 # {trace_id="abc"} 0.67 1520879607.789
h_bucket{le="2"} 2 1520879600.5 # {trace_id="d\\"e",span_id="\xc3\xa9"} -0.5
h_bucket{le="+Inf"} 3 # {} +Inf
c_total{a="x # {y"} 4 # {trace_id="{ # }"} 1e3 -7
c_total 4
c_total{a="b"} 4 # {a="1",a="2"} 1
# EOF
"""


def test_exemplars_come_with_their_series() -> None:
    """Each with its series, own labels, value and time; the same whether the series were known before or not."""
    decoder = ExpositionDecoder()
    expected = [
        ('h_bucket{le="1"}', '{trace_id="abc"}', 0.67, 1520879607789, True),
        ('h_bucket{le="2"}', '{span_id="é",trace_id="d\\"e"}', -0.5, 1520879600500, False),
        ('h_bucket{le="+Inf"}', "{}", math.inf, NO_TIME, False),
        ('c_total{a="x # {y"}', '{trace_id="{ # }"}', 1000.0, -7000, True),
    ]
    last = None
    for _ in range(3):
        last = decoder.decode(EXEMPLARS, OPENMETRICS, last=last)
        assert told(last) == expected
        assert last.exemplars.unreadable == 1
        assert len(last.series) == 6


def test_a_page_without_exemplars_has_none() -> None:
    """In the text format what follows a sample is no exemplar, and a page of OpenMetrics need not have any."""
    assert decode(b"a 1\n# EOF\n", OPENMETRICS).exemplars is NO_EXEMPLARS
    with pytest.raises(MalformedBody, match="line 1: expected the end of the line"):
        decode(b'a 1 # {t="x"} 1\n', TEXT)


def test_a_damaged_exemplar_is_named_by_its_line() -> None:
    """However well its series is known."""
    decoder = ExpositionDecoder()
    decoder.decode(b'a 1\nb 1 # {t="x"} 1\n# EOF\n', OPENMETRICS)
    for text in (b'{t="x"} y', b't="x" 1', b'{t="x"} 1 x', b"{} 1 1e300"):
        with pytest.raises(MalformedBody, match=r"line 2: expected .* exemplar"):
            decoder.decode(b"a 1\nb 1 # " + text + b"\n# EOF\n", OPENMETRICS)


@given(
    st.dictionaries(st.text(min_size=1), st.text(), max_size=3), st.floats(), st.none() | st.integers(-(10**9), 10**9)
)
def test_any_exemplar_is_read_as_it_is_written(labels: dict[str, str], value: float, time: int | None) -> None:
    """Label names and values of any characters, any number, with a time and without."""
    named = ",".join(f'"{escaped(name)}"="{escaped(text)}"' for name, text in labels.items())
    line = f"a 1 # {{{named}}} {value!r}{'' if time is None else f' {time}'}\n# EOF\n"
    (found,) = told(decode(line.encode(), OPENMETRICS))
    assert found[1] == str(Labels.of(labels))
    assert found[2] == value or math.isnan(value)
    assert found[3:] == ((NO_TIME, False) if time is None else (1000 * time, True))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "line 1: expected # EOF, found the end of the body"),
        (b"a 1\n", "line 2: expected # EOF, found the end of the body"),
        (b"a 1\n# EO", "line 3: expected # EOF"),
        (b"a 1\n# EOF\nb 2\n", "line 3: expected nothing after # EOF, found 'b 2'"),
        (b"a 1\n\n# EOF\n", "line 2: expected a sample or a comment, found a blank line"),
        (b"# words\n# EOF\n", "line 1: expected # HELP, # TYPE or # UNIT"),
        (b"a 1 x\n# EOF\n", "line 1: expected a time in seconds"),
        (b"a 1 1e300\n# EOF\n", "line 1: expected a time in seconds, .* out of range"),
        (b"a 1 NaN\n# EOF\n", "line 1: expected a time in seconds, .* out of range"),
        (b'a 1 # {t="x"\n# EOF\n', "line 1: expected the labels of an exemplar"),
        (b'a 1 # {t="x"}\n# EOF\n', "line 1: expected value and time of an exemplar"),
        (b'a 1 # {t="x"} y\n# EOF\n', "line 1: expected a number in an exemplar"),
        (b'a 1 # {t="x"}5\n# EOF\n', "line 1: expected value and time of an exemplar"),
        (b'a 1 # {t="x"} 1 2 3\n# EOF\n', "line 1: expected value and time of an exemplar"),
        (b'a 1\na{b="c"} 1 # {t="x"} 1 NaN\n# EOF\n', "line 2: expected a time in seconds in an exemplar"),
        (b"a 1 # {t=x} 1\n# EOF\n", "line 1: expected a value in quotation marks for label 't'"),
    ],
)
def test_openmetrics_has_mistakes_of_its_own(body: bytes, said: str) -> None:
    """A page that does not end with # EOF is half a page, and OpenMetrics knows no blank lines and no idle comments."""
    with pytest.raises(MalformedBody, match=said):
        decode(body, OPENMETRICS)


def test_comments_say_what_a_family_is() -> None:
    """Help, type and unit may stand anywhere, the later of two counts, and what says nothing is a comment like any other."""
    found = decode(
        b'# TYPE "my metric" gauge\n# HELP "my metric"  Two words. \na 1\n#HELP a old\n # HELP a new \\" one\n'
        b"# TYPE a untyped\n# UNIT a seconds\n# HELP\n# HELP \n#\n# TYPED b\n# HELP c\n"
    )
    assert found.metadata == {
        "my metric": Metadata("gauge", "Two words."),
        "a": Metadata("unknown", 'new \\" one', "seconds"),
        "c": Metadata(),
    }


def test_what_prometheus_takes_is_taken() -> None:
    """CRLF, blanks around everything, a last comma, no blank after a brace, no line feed at the end: all are one and the same."""
    wanted = [("a", None, "1.0"), ('b{x="y"}', 5, "2.0")]
    assert content(decode(b'a 1\nb{x="y"} 2 5\n')) == wanted
    assert content(decode(b'a 1\r\nb{x="y"} 2 5\r\n')) == wanted
    assert content(decode(b'  a   1\t\n\n\tb { x = "y" , }2 5')) == wanted


def test_a_label_without_a_value_is_none() -> None:
    """Empty values are dropped, so that a series with one is the series without."""
    found = decode(b'a{x=""} 1\na{y="1",x=""} 2\n')
    assert found.labels == (Labels.of(__name__="a"), Labels.of(__name__="a", y="1"))


def test_a_series_twice_counts_once() -> None:
    """Of samples of one series at one time the first counts and the others are counted; other times are other samples."""
    decoder = ExpositionDecoder()
    for _ in ("cold", "warm"):
        found = decoder.decode(
            b'a{x="1",y="2"} 1\nb 5\na{y="2",x="1"} 2\na{x="1",y="2"} 3 7\na{x="1",y="2"} 4 7\n', TEXT
        )
        assert content(found) == [('a{x="1",y="2"}', None, "1.0"), ("b", None, "5.0"), ('a{x="1",y="2"}', 7, "3.0")]
        assert (found.duplicates, len(found.labels)) == (2, 2)


@pytest.mark.parametrize(
    "media_type",
    [
        "text/plain",
        "text/plain; version=0.0.4; charset=utf-8",
        "TEXT/PLAIN;version=1.0.0;escaping=allow-utf-8",
        "text/plain;x",
    ],
)
def test_the_content_type_says_which_format(media_type: str) -> None:
    """Parameters do not matter: text is text, OpenMetrics is OpenMetrics in each of its versions."""
    assert content(decode(b"a 1", media_type)) == [("a", None, "1.0")]
    with pytest.raises(MalformedBody, match="# EOF"):
        decode(b"a 1", "application/openmetrics-text; version=0.0.1; charset=utf-8")


@pytest.mark.parametrize("media_type", [None, "", "text/html; charset=utf-8", "application/json", "text/plainer"])
def test_another_type_is_refused_unless_there_is_a_fallback(media_type: str | None) -> None:
    """What does not say that it is an exposition is not read as one, and the message names what it said."""
    decoder = ExpositionDecoder()
    with pytest.raises(UnsupportedMediaType, match=media_type or "no Content-Type"):
        decoder.decode(b"a 1", media_type)
    assert content(decoder.decode(b"a 1", media_type, fallback=TEXT)) == [("a", None, "1.0")]


def test_more_samples_than_allowed_are_refused() -> None:
    """The bound holds for new series and for known ones, and for a page of nothing but lines."""
    decoder = ExpositionDecoder(max_samples=3)
    page = b"a 1\nb 2\nc 3\n"
    assert len(decoder.decode(page, TEXT).values) == 3
    for body in (page + b"d 4\n", page + b"a 4\n", b"\n" * 13):
        with pytest.raises(BodyTooLarge, match=r"more than .* intake\.request_samples"):
            decoder.decode(body, TEXT)


def test_known_series_are_the_same_objects() -> None:
    """A series of an earlier page is the same label set, whatever stands beside it; an unchanged page is the same tuple."""
    decoder = ExpositionDecoder()
    first = decoder.decode(b'a{x="1"} 1\nb 2\n', TEXT)
    second = decoder.decode(b'c 1\na{x="1"} 2\n', TEXT, last=first)
    assert second.labels[1] is first.labels[0]
    assert second.labels is not first.labels
    third = decoder.decode(b'c 7\na{x="1"} 8 1000\n', TEXT, last=second)
    assert third.labels is second.labels
    assert content(third) == [("c", None, "7.0"), ('a{x="1"}', 1000, "8.0")]


def test_series_that_nobody_exposes_any_more_are_forgotten() -> None:
    """Targets that come and go leave nothing behind, and those that stay keep their objects."""
    decoder = ExpositionDecoder(max_cached_bytes=100_000)
    first = decoder.decode(b'stays{x="1"} 1\n', TEXT)
    for number in range(2_000):
        again = decoder.decode(b'stays{x="1"} 1\ncomes_and_goes{number="%d"} 1\n' % number, TEXT)
        assert again.labels[0] is first.labels[0]
    assert len(decoder._series) < 300


PIECES = (
    b" ",
    b"\t",
    b"\n",
    b"{",
    b"}",
    b'"',
    b"\\",
    b",",
    b"=",
    b"#",
    b" # ",
    b"5",
    b"\xff",
    b"e",
    b"\r\n",
    b"foo",
    b"# EOF\n",
)


def damaged(body: bytes, seed: int) -> bytes:
    """A body with a few pieces cut out, doubled or put in."""
    choose = random.Random(seed)
    for _ in range(choose.randint(1, 4)):
        start = choose.randrange(len(body) + 1)
        end = min(len(body), start + choose.choice((0, 0, 1, 1, 2, 10)))
        body = body[:start] + choose.choice((b"", body[start:end] * 2, choose.choice(PIECES))) + body[end:]
    return body


@given(st.sampled_from(PAGES), st.integers(0, 2**32))
def test_a_damaged_page_is_refused_or_read_and_never_differently_for_what_came_before(
    page: tuple[bytes, str], seed: int
) -> None:
    """Whatever a page says, a decoder that knows its series answers as one that knows nothing, and nothing but these errors."""
    whole, media_type = page
    body = damaged(whole, seed)
    knowing = ExpositionDecoder()
    for known, kind in PAGES:
        knowing.decode(known, kind)
    fresh = outcome(ExpositionDecoder(), body, media_type)
    assert outcome(knowing, body, media_type) == fresh
    assert outcome(knowing, body, media_type) == fresh
    assert isinstance(fresh, tuple)
    if isinstance(fresh[0], list):
        samples, labels = fresh[0], fresh[1]
        assert len(set(labels)) == len(labels)
        assert len({sample[:2] for sample in samples}) == len(samples)
        assert {sample[0] for sample in samples} == {str(one) for one in labels}
    else:
        assert fresh[0] is MalformedBody


LONG = 2_000_000


@pytest.mark.parametrize(
    "body",
    [
        b'a{x="' + b"\\" * LONG + b"\\",
        b"a{" + b'x="y",' * (LONG // 6),
        b"a{" + b'{"' * LONG,
        b"a" * LONG + b"{" * LONG,
        b"a" + b" " * LONG + b"\t1 2 3",
        b"# TYPE a" + b" " * LONG + b"b" + b" " * LONG + b"c",
        b'# TYPE "' + b"a\\" * LONG,
        b"a 0x" + b"1" * LONG,
        b"a 5 " + b"1" * LONG,
    ],
    ids=lambda body: repr(body[:12]),
)
@pytest.mark.timeout(20)
def test_a_damaged_line_of_megabytes_is_refused_at_once(body: bytes) -> None:
    """A line that never ends what it began is not searched again and again, which would take minutes."""
    with pytest.raises(MalformedBody, match="line 1"):
        decode(body)
