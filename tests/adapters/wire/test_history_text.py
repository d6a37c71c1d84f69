"""Lines of history, beside a plain reading of the same lines."""

import math
import re

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sightline.adapters.wire.exposition_numbers import number
from sightline.adapters.wire.exposition_series import label_set
from sightline.adapters.wire.history_excerpt import Excerpt
from sightline.adapters.wire.history_numbers import times_of, values_of
from sightline.adapters.wire.history_text import Lines, TextReader, dumped_labels
from sightline.domain.labels import Labels
from sightline.domain.metrics.samples import STALE_BITS

Sample = tuple[Labels, int, int]

_VALUE = st.floats(allow_nan=False).map(lambda value: {math.inf: "+Inf", -math.inf: "-Inf"}.get(value, repr(value)))
_NAMES = st.sampled_from(["up", "http_requests_total", "a:b", "up_more"])
_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6)


def quoted(text: str) -> str:
    """A label value as the exposition formats write it."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


@st.composite
def pages(draw: st.DrawFn) -> list[tuple[str, str, int]]:
    """Lines: series, value, time in ms; series come again, one after another and later."""
    series = draw(
        st.lists(
            st.builds(
                lambda name, labels: (
                    name + ("{" + ",".join(f'{k}="{quoted(v)}"' for k, v in labels) + "}" if labels else "")
                ),
                _NAMES,
                st.lists(st.tuples(st.sampled_from(["a", "b"]), _TEXTS), max_size=2, unique_by=lambda pair: pair[0]),
            ),
            min_size=1,
            max_size=4,
        )
    )
    rows = st.tuples(st.sampled_from(series), _VALUE, st.integers(-(10**12), 10**13))
    return draw(st.lists(rows, max_size=20))


def samples(found: Excerpt) -> list[Sample]:
    """What was read, in order; values by their bits."""
    batch = found.batch
    bits = batch.values.view(np.uint64).tolist()
    return [(batch.labels[s], t, b) for s, t, b in zip(batch.series.tolist(), batch.times.tolist(), bits, strict=True)]


def plainly(rows: list[tuple[str, str, int]]) -> list[Sample]:
    """The same, line by line."""
    return [
        (label_set(series.encode()), time, int(np.float64(number(value.encode())).view(np.uint64)))
        for series, value, time in rows
    ]


@given(pages())
def test_lines_mean_what_they_say(rows: list[tuple[str, str, int]]) -> None:
    """Every sample of a page is there, in order, with its series, its time and its value to the last bit."""
    page = "".join(f"{series} {value} {time}\n" for series, value, time in rows)
    found = TextReader(Lines.TEXT).read(page.encode(), 1)
    assert samples(found) == plainly(rows)
    assert not found.wrong
    assert len(set(found.batch.labels)) == len(found.batch.labels)


@pytest.mark.usefixtures("compiled_decoders")
@given(pages())
def test_machine_code_reads_the_same(rows: list[tuple[str, str, int]]) -> None:
    """Compiled, the readers give the same."""
    page = "".join(f"{series}\t{value}  {time} \r\n" for series, value, time in rows)
    assert samples(TextReader(Lines.TEXT).read(page.encode(), 1)) == plainly(rows)


@pytest.mark.usefixtures("compiled_decoders")
@example(texts=["9300000000000000000", "-9300000000000000000", "18446744073709551616"])
@given(
    st.lists(st.one_of(_VALUE, st.from_regex(r"[-+]?[0-9]{0,19}\.?[0-9]{0,19}([eE][-+]?[0-9]{1,3})?", fullmatch=True)))
)
def test_numbers_are_read_to_the_last_bit(texts: list[str]) -> None:
    """A number has the double nearest to it, as Python reads it; what is none is told."""
    data = "".join(texts).encode()
    ends = np.cumsum([0, *map(len, texts)])
    values, bad = values_of(data, ends[:-1].copy(), ends[1:].copy())
    for text, value, is_bad in zip(texts, values.tolist(), bad.tolist(), strict=True):
        try:
            wanted = number(text.encode())
        except ValueError:
            assert is_bad
        else:
            assert not is_bad
            assert math.copysign(1, value) == math.copysign(1, wanted)
            assert value == wanted


@pytest.mark.usefixtures("compiled_decoders")
@pytest.mark.parametrize(
    ("text", "time"),
    [("1605301325.491", 1605301325491), ("1605301325", 1605301325000), ("1.6053e9", 1605300000000), ("-0.0019", -1),
     ("1605301325.4919999", 1605301325491), ("0", 0)],
)  # fmt: skip
def test_seconds_are_exact(text: str, time: int) -> None:
    """A time in seconds is cut to milliseconds without passing through a double."""
    times, bad = times_of(text.encode(), np.array([0]), np.array([len(text)]), in_seconds=True)
    assert times.tolist() == [time]
    assert not bad.any()


def test_a_dump_of_promtool_is_read() -> None:
    """Labels with Go's escapes, every kind of number, NaN as the end of a series, native histograms counted and left out."""
    page = (
        b'{__name__="up", job="a\\"b\\\\c\\nd\\t\\x07\\u200b\\U0001f600"} 1 1000\n'
        b'{__name__="up", job="a\\"b\\\\c\\nd\\t\\x07\\u200b\\U0001f600"} NaN 2000\n'
        b'{__name__="sizes"} {count:5, sum:18.4, (0.5,1]:2} 3000\n'
        b'{__name__="sizes"} +Inf 3000\n'
    )
    found = TextReader(Lines.DUMP).read(page, 1)
    assert [dict(labels) for labels in found.batch.labels] == [
        {"__name__": "up", "job": 'a"b\\c\nd\t\x07\u200b\U0001f600'},
        {"__name__": "sizes"},
    ]
    assert found.batch.series.tolist() == [0, 0, 1]
    assert found.batch.values.view(np.uint64).tolist()[1] == STALE_BITS
    assert found.histograms == 1
    kept = TextReader(Lines.DUMP, keep_nan=True).read(page, 1)
    assert np.isnan(kept.batch.values[1])
    assert kept.batch.values.view(np.uint64).tolist()[1] != STALE_BITS


def test_openmetrics_with_exemplars_is_read() -> None:
    """Times are seconds; comments, blank lines and exemplars are passed over."""
    page = b'# TYPE a counter\na_total 1 1.5 # {trace="x y"} 0.5 1.4\n\na_total{b="}{ #"} 2e0 2\n# EOF\n'
    found = TextReader(Lines.OPENMETRICS).read(page, 1)
    assert samples(found) == [
        (Labels.of(__name__="a_total"), 1500, 0x3FF0000000000000),
        (Labels.of(__name__="a_total", b="}{ #"), 2000, 0x4000000000000000),
    ]
    assert not found.wrong


@pytest.mark.parametrize(("lines", "time"), [(Lines.OPENMETRICS, "1"), (Lines.TEXT, "1000")])
def test_nan_is_a_value_where_it_was_exposed(lines: Lines, time: str) -> None:
    """Only a dump holds ends of series; a summary without observations says NaN and goes on."""
    found = TextReader(lines).read(f"a NaN {time}\n".encode(), 1)
    assert np.isnan(found.batch.values[0])
    assert found.batch.values.view(np.uint64)[0] != STALE_BITS


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"up", "expected a value"),
        (b"up 1", "no history"),
        (b"up 1 1000 2", "nothing after the time"),
        (b"up one 1000", "expected a number, found 'one'"),
        (b"up 1 soon", "expected a time, found 'soon'"),
        (b'up{a="b 1 1000', "expected } at the end of the labels"),
        (b'up{a="b",a="c"} 1 1000', "given twice"),
        (b'{a="b"} 1 1000', "has no metric name"),
        (b'up{a="\xff"} 1 1000', "is not UTF-8"),
        (b"up 1 99999999999999999999", "expected a time"),
    ],
)
def test_a_bad_line_is_left_out_and_named(line: bytes, said: str) -> None:
    """The samples around it are read; the number of the line and what was expected are told."""
    found = TextReader(Lines.TEXT).read(b"good 1 1\n" + line + b"\ngood 2 2\n", 7)
    assert found.batch.values.tolist() == [1, 2]
    assert found.wrong == 1
    assert [one.line for one in found.unread] == [8]
    assert said in found.unread[0].message


@pytest.mark.usefixtures("compiled_decoders")
@given(st.data())
def test_damaged_pages_are_read_as_far_as_they_go(data: st.DataObject) -> None:
    """Whatever bytes are changed, every line is a sample, a comment, blank, or told as unread; nothing fails."""
    page = bytearray(
        b'# HELP a b\na{b="c\\"d"} 1.5 1000\n{__name__="up", x="\\u00e9"} NaN 2000\na 3 4 # {x="y"} 1\nup 1e3 5\n'
    )
    for _ in range(data.draw(st.integers(1, 6))):
        page[data.draw(st.integers(0, len(page) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(page[: data.draw(st.integers(0, len(page)))])
    lines = data.draw(st.sampled_from(list(Lines)))
    found = TextReader(lines).read(cut, 1)
    whole = [line for line in cut.split(b"\n") if line.strip(b" \t\r") and not re.match(rb"[ \t\r]*#", line)]
    assert len(found.batch) + found.wrong + found.histograms == len(whole)


def test_what_escapes_no_character_is_told() -> None:
    """A surrogate cannot stand in a label."""
    with pytest.raises(ValueError, match="no character"):
        dumped_labels(b'{__name__="a", b="\\ud800"}')
